"""Figures in every style: they fit, their type can be read, and the data beside them are what they draw."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers.explained import estimated, explained, paired
from helpers.looked_at import faults, texts, unlike_its_data
from helpers.made_results import KIND, sweep
from matplotlib.figure import Figure

from commonweal.agents.errors import InputError
from commonweal.figures.concern import draw_concern
from commonweal.figures.data import data_of
from commonweal.figures.effects import draw_main_effects
from commonweal.figures.explained import beeswarm, dividend_graph, profile_map, shaded_course, waterfall
from commonweal.figures.heat_maps import draw_heat_maps
from commonweal.figures.looks import STYLES, Look, look, printed_as, read_look
from commonweal.figures.names import draw_names
from commonweal.figures.norms import draw_norms
from commonweal.figures.plots import (
    draw_accuracy,
    draw_actions,
    draw_credit_quality,
    draw_overview,
    draw_probe_levels,
    draw_value_map,
    draw_wealth,
)
from commonweal.figures.printing import keep
from commonweal.figures.responses import draw_responses
from commonweal.figures.sweep_table import SweepTable, sweep_table

ROUNDS, PRINCIPALS, PROFILES = sweep(seeds=3, rounds=12, count=8)
VALUES = ROUNDS.assign(violated=0.3, net_welfare=ROUNDS["welfare"] - 0.1)
NAMED = ROUNDS.assign(cooperation=0.4, good_names=0.6, gift_worth=2.0, gift_cost=1.0)
NORMS = pd.DataFrame({"norm": ["stern judging", "image scoring"], "low": [1.1, np.nan], "high": [np.inf, np.nan],
                      "cooperation": [0.9, 0.2], "private": [0.7, 0.1]})  # fmt: skip


def swept() -> SweepTable:
    """A sweep over a rule and two numbers."""
    cells = [(rule, leak, count) for rule in ("equal", "credit") for leak in (0.1, 0.9) for count in (10, 40)]
    rows = [{"point": place, "seed": seed, "status": "ok", "settlement.kind": rule, "market.leak": leak,
             "population.count": count, "share_delegate": 0.1 + 0.3 * (rule == "credit") + 0.1 * leak + 0.01 * seed,
             "welfare": 1.0 - leak + 0.02 * seed}
            for place, (rule, leak, count) in enumerate(cells) for seed in range(3)]  # fmt: skip
    paths = ("settlement.kind", "market.leak", "population.count")
    return sweep_table(pd.DataFrame(rows), paths, ("share_delegate", "welfare"))


WHY = estimated(explained([0.3, -0.1, 0.05, 0.02], ["last payoff", "neighbours", "its own limit", "luck"]), [0.01] * 4)
MANY = explained(np.random.default_rng(1).normal(0, 0.1, (12, 3)), ["last payoff", "neighbours", "luck"])
DRAWINGS: dict[str, Callable[[], Figure]] = {
    "actions": lambda: draw_actions(ROUNDS, [KIND]),
    "accuracy": lambda: draw_accuracy(ROUNDS, [KIND]),
    "accuracy of many": lambda: draw_accuracy(ROUNDS, ["run"]),
    "wealth": lambda: draw_wealth(PRINCIPALS, [KIND]),
    "value plane": lambda: draw_value_map(PROFILES, [KIND]),
    "probe levels": lambda: draw_probe_levels(ROUNDS, [KIND]),
    "overview": lambda: draw_overview(ROUNDS, PRINCIPALS, [KIND]),
    "overview of one": lambda: draw_overview(ROUNDS[ROUNDS["run"] < 3], PRINCIPALS[PRINCIPALS["run"] < 3]),
    "concern": lambda: draw_concern(VALUES, [KIND]),
    "names": lambda: draw_names(NAMED, [KIND]),
    "norms": lambda: draw_norms(NORMS, "No errors."),
    "main effects": lambda: draw_main_effects(swept()),
    "heat maps": lambda: draw_heat_maps(swept()),
    "responses": lambda: draw_responses(swept()),
    "waterfall": lambda: waterfall(WHY),
    "dividends": lambda: dividend_graph(paired(WHY, np.full((4, 4), 0.1))),
    "beeswarm": lambda: beeswarm(MANY),
    "profile map": lambda: profile_map(MANY),
    "shaded course": lambda: shaded_course(np.linspace(0, 1, 12), [range(0, 4), range(4, 8), range(8, 12)],
                                           explained([0.1, -0.2, 0.3])),
}  # fmt: skip


@cache
def drawn(name: str, style: str) -> Figure:
    """One of them in one style, drawn once for all who look at it."""
    with printed_as(Look(style)):
        figure = DRAWINGS[name]()
    figure.set_dpi(100)
    return figure


@pytest.mark.parametrize(
    "style", [pytest.param(name, marks=[pytest.mark.slow] * (name != "column")) for name in STYLES]
)
@pytest.mark.parametrize("name", DRAWINGS)
def test_in_every_style_all_text_is_on_the_paper_upon_no_other_and_large_enough(name: str, style: str) -> None:
    assert not list(faults(drawn(name, style)))


@pytest.mark.slow
@pytest.mark.parametrize("name", DRAWINGS)
def test_a_column_and_a_slide_are_filled_and_a_slide_has_large_type(name: str) -> None:
    assert drawn(name, "column").get_size_inches()[0] == pytest.approx(3.5)
    assert drawn(name, "slide").get_size_inches()[0] == pytest.approx(10.0)
    assert min(text.get_fontsize() for text, _ in texts(drawn(name, "slide"))) >= 10


@pytest.mark.parametrize("name", DRAWINGS)
def test_what_is_drawn_is_in_the_data_and_the_other_way_round(name: str) -> None:
    assert not list(unlike_its_data(drawn(name, "page")))
    pd.testing.assert_frame_equal(data_of(drawn(name, "column")), data_of(drawn(name, "page")))


def test_principals_are_noted_where_they_are_though_drawn_apart() -> None:
    data = data_of(draw_credit_quality(PRINCIPALS, [KIND]))
    marks = data[data["series"] != "mean by quality"]
    known = PRINCIPALS[PRINCIPALS["data_quality"].notna()]
    assert sorted(marks.iloc[:, 2]) == sorted(known["data_quality"])
    assert sorted(marks.iloc[:, 3]) == sorted(known["credit"])


def test_a_figure_s_data_say_panels_series_units_and_intervals() -> None:
    data = data_of(drawn("actions", "page"))
    assert list(data) == ["panel", "series", "round", "share of principals", "share of principals_low",
                          "share of principals_high"]  # fmt: skip
    assert set(data["panel"]) == {f"settlement rule: {words}" for words in ("equally", "by samples", "by credit")}
    assert set(data["series"]) == {"delegate", "free-ride", "defect"}
    many = data_of(drawn("overview", "page"))
    assert list(many) == ["panel", "series", "x_axis", "x", "y_axis", "y", "y_low", "y_high"]
    assert "welfare (money per round)" in set(many["y_axis"])


def test_a_figure_is_the_same_bytes_in_every_format_whenever_it_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with printed_as(read_look("png, pdf,svg")):
        first = keep(DRAWINGS["waterfall"](), tmp_path / "one")
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")  # another day, as far as matplotlib is told of days
        second = keep(DRAWINGS["waterfall"](), tmp_path / "two")
    assert [file.suffix for file in first] == [".png", ".pdf", ".svg", ".csv"]
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.suffix
    assert b"/FontFile2" in first[1].read_bytes()  # TrueType, embedded
    assert b"CreationDate" not in first[1].read_bytes()
    assert "last payoff" in first[2].read_text(encoding="utf-8")  # text, not outlines


def test_the_width_can_be_said_and_the_type_stays_that_of_the_style() -> None:
    with printed_as(Look("column", 5.5)):
        figure = draw_overview(ROUNDS, PRINCIPALS, [KIND])
    assert figure.get_size_inches()[0] == pytest.approx(5.5)
    assert figure.axes[0].xaxis.label.get_fontsize() == pytest.approx(7.0)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("gif",), "figures 'gif': must be of png, pdf, svg, separated by commas"),
        ((" ,",), "figures '': must be of png, pdf, svg, separated by commas"),
        (("png", "poster"), "figures-style 'poster': must be one of column, page, slide"),
        (("png", "page", 0.5), "figures-width 0.5: must be 2.5 to 40 inches"),
        (("png", "page", float("nan")), "figures-width nan: must be 2.5 to 40 inches"),
    ],
)
def test_a_look_that_does_not_exist_is_refused_in_one_line(given: tuple[str, str, float], said: str) -> None:
    with pytest.raises(InputError) as caught:
        read_look(*given)
    assert str(caught.value) == said


def test_the_look_ends_with_its_block_whatever_happens_in_it() -> None:
    with pytest.raises(ZeroDivisionError), printed_as(Look("slide")):
        assert look().style == "slide"
        1 / 0  # noqa: B018
    assert look() == Look()
