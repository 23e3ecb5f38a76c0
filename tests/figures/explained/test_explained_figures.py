"""All figures of explanations survive what names, numbers and scales there may be, and one is picked by its kind."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure

from commonweal.economy.explaining.explanation import Explanation
from commonweal.economy.explaining.tree import stretches
from commonweal.figures.explained import (
    beeswarm,
    dividend_graph,
    draw,
    draw_each,
    profile_map,
    shaded_course,
    waterfall,
)
from commonweal.figures.explained.marks import name_of, number
from tests.helpers.explained import estimated, explained, paired

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=200)
AWKWARD = ("$x$ costs $5", "a_b^c{", "x" * 300, "Grüße 北京 ∑ é", "%s {0} \\frac", "   ", "two\nlines")


def every(why: Explanation) -> list[Figure]:
    """Each kind of figure of an explanation with dividends."""
    parts = len(why.names)
    seen = pd.DataFrame(np.arange(why.values[..., 0].size).reshape(why.values.shape[:2]), columns=list(why.names))
    return [
        waterfall(why, seen=dict.fromkeys(why.names, "much " * 30)),
        beeswarm(why, seen=seen.loc[:, ~seen.columns.duplicated()]),
        profile_map(why),
        dividend_graph(why),
        shaded_course(np.linspace(0, 1, parts), stretches(parts, parts), why),
    ]


def drawn(why: Explanation) -> None:
    """Draw all, where only a letter that the font lacks may be warned of, and nothing leaves the paper."""
    for figure in every(why):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.filterwarnings("ignore", message="Glyph|Matplotlib currently does not support")
            figure.draw_without_rendering()
        demand_inside(figure)


def demand_inside(figure: Figure) -> None:
    """All that is drawn lies on the paper."""
    paper = figure.bbox
    for ax in figure.axes:
        box = ax.get_tightbbox()
        assert box is not None
        assert box.x0 >= -2 and box.y0 >= -2 and box.x1 <= paper.x1 + 2 and box.y1 <= paper.y1 + 2, (box, paper)


SLOW = [(7, 1.0), (17, 1.0), (2, 1e-12), (40, 1e12), (40, 0.0), (40, 1e-12)]


@pytest.mark.parametrize(
    ("reasons", "scale"),
    [(1, 0.0), (2, 1e12), *(pytest.param(*each, marks=pytest.mark.slow) for each in SLOW)],
)
def test_few_and_many_reasons_of_any_scale_are_drawn(reasons: int, scale: float) -> None:
    rng = np.random.default_rng(reasons)
    upper = np.triu(rng.normal(size=(reasons, reasons)), 1) * scale
    why = explained(scale * rng.normal(size=(3, reasons)), base=0.5 * scale)
    drawn(paired(estimated(why, np.full(reasons, 0.5 * scale)), upper + upper.T))


@pytest.mark.slow
@pytest.mark.parametrize("runs", [1, 400])
def test_one_and_many_runs_are_drawn(runs: int) -> None:
    why = explained(np.random.default_rng(0).normal(size=(runs, 5)))
    drawn(paired(why, np.ones((5, 5))))


def test_awkward_names_are_drawn_as_they_are() -> None:
    why = explained([0.5, -0.4, 0.3, 0.2, 0.1, 0.05, 0.04], AWKWARD, base=0.0)
    drawn(paired(replace(why, target="what $ buys, $$", answers=("a_$_b",)), np.ones((7, 7))))
    assert name_of("a $5 note") == r"a \$5 note"


@pytest.mark.slow
@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(names=st.lists(NAMES, min_size=1, max_size=12), seed=st.integers(0, 1000))
def test_any_names_are_drawn(names: list[str], seed: int) -> None:
    rng = np.random.default_rng(seed)
    drawn(paired(explained(rng.normal(size=(2, len(names))), names), np.ones((len(names), len(names)))))


def test_a_name_that_is_too_long_ends_in_dots() -> None:
    cut = name_of("word " * 40, 20)
    assert cut.count("\n") == 1
    assert cut.endswith("…")
    assert max(map(len, cut.split("\n"))) <= 22
    assert name_of("short") == "short"


def test_numbers_have_three_digits_of_the_largest_beside_them() -> None:
    assert number(0.1234, 0.5) == "0.123"
    assert number(-0.1234, 20) == "−0.1"
    assert number(0.0004, 0.5, sign=True) == "+0.0004"
    assert number(0, 5) == "0"
    assert number(-1.5e-9, 1.5e-9) == "−1.50e−09"
    assert number(2.5e8, 2.5e8, sign=True) == "+2.50e+08"
    assert number(123456, 123456) == "123456"


def title(figure: Figure) -> str:
    return figure.texts[0].get_text()


def test_the_figure_is_picked_by_kind_runs_and_what_was_done() -> None:
    answers = ("abstain", "delegate")
    one = explained([0.1, 0.2])
    twice = {part: np.repeat(getattr(one, part), 2, axis=-1) for part in ("base", "value", "values")}
    both = replace(one, kind="behaviour", answers=answers, provenance={"taken": "delegate"}, **twice)
    assert title(draw(both)).endswith(": delegate")
    assert draw(both).axes[0].get_xlabel() == "chance that it delegates"
    several = explained(np.ones((4, 2)))
    assert draw(several).axes[0].images
    assert draw(replace(several, kind="behaviour")).axes[0].collections
    assert draw(one).axes[0].patches
    assert set(draw_each(one)) == {"reasons"}
    assert set(draw_each(paired(one, np.ones((2, 2))))) == {"reasons", "dividends"}
