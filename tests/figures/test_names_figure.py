"""The figure of names: requests fulfilled, good names, and what gifts are worth per cost."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from commonweal.agents.errors import InputError
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.figures.names import draw_names
from commonweal.figures.plots import draw_all
from commonweal.scenarios.runs.store import save
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.sweeps.sweep import sweep

NORM = "reciprocity.norm"


@pytest.fixture(scope="module")
def rounds() -> pd.DataFrame:
    small = load("leading-eight", {"rounds": 6})
    return sweep(small, {NORM: ["L3", "L6"]}, seeds=2).rounds


def test_every_point_has_a_line_in_each_panel(rounds: pd.DataFrame) -> None:
    given, named, worth = draw_names(rounds, [NORM]).axes
    means = rounds.assign(ratio=rounds["gift_worth"] / rounds["gift_cost"]).groupby([NORM, "round"])
    for ax, column in ((given, "cooperation"), (named, "good_names"), (worth, "ratio")):
        lines = [np.asarray(line.get_ydata(), dtype=np.float64) for line in ax.get_lines()]
        for line, norm in zip(lines, ("L3", "L6"), strict=False):
            np.testing.assert_allclose(line, means.mean(numeric_only=True).loc[norm, column])


def test_a_gift_that_costs_nothing_has_no_ratio(rounds: pd.DataFrame) -> None:
    worth = draw_names(rounds.assign(gift_cost=0.0), [NORM]).axes[2]
    assert np.isnan(np.asarray(worth.get_lines()[0].get_ydata(), dtype=np.float64)).all()


def test_rounds_without_names_are_refused() -> None:
    usual = Ensemble(load("public-goods", {"rounds": 1, "population.count": 8}), [0]).run()
    with pytest.raises(InputError, match="no column 'cooperation'"):
        draw_names(usual.rounds)


@pytest.mark.usefixtures("pictures_unseen")
@pytest.mark.parametrize(("name", "named"), [("leading-eight", True), ("public-goods", False)])
def test_it_is_drawn_where_names_count(name: str, named: bool, tmp_path: Path) -> None:
    small = load(name, {"rounds": 2, "population.count": 40})
    save(sweep(small, {}, seeds=2), tmp_path, {})
    assert (tmp_path / "figures" / "names.png" in draw_all(tmp_path)) == named
