"""The palette: what must be told apart can be, by all eyes and on both papers."""

import re
from importlib.resources import files

import numpy as np
import pytest

from commonweal.figures.ink import ACTIONS, DARK, LIGHT, THEMES, Theme, ThemeName, contrast, ink, upon
from tests.helpers.colours import ciede2000, least_difference

SHARMA = (  # CIELAB pairs and their difference (Sharma, Wu and Dalal 2005, table 1)
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, -1.3802, -84.2814), (50.0, 0.0, -82.7485), 1.0000),
    ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
    ((50.0, 2.4900, -0.0010), (50.0, -2.4900, 0.0009), 7.1792),
    ((50.0, 2.4900, -0.0010), (50.0, -2.4900, 0.0011), 7.2195),
    ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((50.0, 2.5, 0.0), (58.0, 24.0, 15.0), 19.4535),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
    ((90.8027, -2.0831, 1.4410), (91.1528, -1.6435, 0.0447), 1.4441),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
)


@pytest.mark.parametrize(("one", "other", "difference"), SHARMA)
def test_colour_differences_are_those_of_the_paper(
    one: tuple[float, ...], other: tuple[float, ...], difference: float
) -> None:
    assert ciede2000(np.array(one), np.array(other)) == pytest.approx(difference, abs=5e-5)
    assert ciede2000(np.array(other), np.array(one)) == pytest.approx(difference, abs=5e-5)


@pytest.mark.parametrize(
    ("theme", "actions", "three", "four"), [(LIGHT, 18.8, 22.1, 16.4), (DARK, 17.9, 21.7, 16.4)], ids=THEMES
)
def test_actions_and_rules_stay_apart_for_every_eye(theme: Theme, actions: float, three: float, four: float) -> None:
    assert round(least_difference(list(theme.actions.values())), 1) >= actions
    assert round(least_difference(list(theme.rules[:3])), 1) >= three
    assert round(least_difference(list(theme.rules)), 1) >= four


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_texts_can_be_read_and_marks_seen(theme: Theme) -> None:
    for text in (*theme.texts.values(), theme.ink, theme.quiet):
        assert contrast(text, theme.paper) >= 4.5
        assert contrast(text, theme.panel) >= 4.5
    for mark in (*(set(theme.actions.values()) - {theme.actions["free_ride"]}), *theme.rules, theme.edge):
        assert contrast(mark, theme.paper) >= 3
    assert contrast(theme.ink, theme.chosen) >= 4.5


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_no_rule_wears_an_actions_colour(theme: Theme) -> None:
    assert not set(theme.rules) & set(theme.actions.values())
    assert not {ink(place).colour for place in range(28)} & {pen.colour for pen in ACTIONS.values()}


def test_inks_differ_and_neighbours_differ_in_colour_and_dashes() -> None:
    assert len({(pen.colour, pen.marker) for pen in map(ink, range(28))}) == 28
    for place in range(40):
        one, next_one = ink(place), ink(place + 1)
        assert one.colour != next_one.colour
        assert one.dashes != next_one.dashes


def test_numbers_in_cells_are_written_in_the_colour_that_is_read_better() -> None:
    low, high = LIGHT.map
    assert (upon(low), upon(high)) == (LIGHT.ink, "#FFFFFF")
    assert contrast("#FFFFFF", "#000000") == pytest.approx(21)


def css(theme: ThemeName) -> dict[str, str]:
    """A theme as the custom properties of the page's style sheet."""
    one = THEMES[theme]
    names = {action: action.replace("_", "-") for action in one.actions}
    return {
        **{f"--{names[action]}": colour for action, colour in one.actions.items()},
        **{f"--{names[action]}-text": colour for action, colour in one.texts.items()},
        "--free-ride-field": one.field,
        "--free-ride-edge": one.edge,
        **{f"--rule-{place}": colour for place, colour in enumerate(one.rules)},
        **{f"--{name}": getattr(one, name) for name in ("paper", "ink", "quiet", "faint", "line", "panel", "chosen")},
        "--map-low": one.map[0],
        "--map-high": one.map[1],
        "--less": one.differences[0],
        "--more": one.differences[1],
    }


@pytest.mark.parametrize("theme", THEMES)
def test_the_pages_style_sheet_has_the_colours_of_the_palette(theme: ThemeName) -> None:
    sheet = (files("commonweal.figures.browser.drawing") / "style.css").read_text(encoding="utf-8")
    light, dark = (re.search(rf"^\.cw{part} {{(.*?)^}}", sheet, re.M | re.S) for part in ("", r'\[data-theme="dark"\]'))
    assert light and dark
    written = dict(re.findall(r"(--[\w-]+): (#\w+);", light[1]))
    if theme == "dark":
        written |= dict(re.findall(r"(--[\w-]+): (#\w+);", dark[1]))
    assert css(theme).items() <= written.items()
