"""The figure of values: whose limits are broken, who stays away, and welfare with and without values."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from commonweal.agents.errors import InputError
from commonweal.figures.concern import draw_concern
from commonweal.figures.plots import draw_all
from commonweal.scenarios.runs.store import save
from commonweal.scenarios.sweeps.sweep import sweep
from tests.helpers.minded import CAMPS, minding

MODE = "screening.mode"


@pytest.fixture(scope="module")
def rounds() -> pd.DataFrame:
    return sweep(minding(values__camps=CAMPS), {MODE: ["off", "project"]}, seeds=2).rounds


def drawn(ax: Axes) -> list[np.ndarray]:
    return [np.asarray(line.get_ydata(), dtype=np.float64) for line in ax.get_lines()]


def test_every_point_has_a_line_in_each_panel(rounds: pd.DataFrame) -> None:
    violated, away, welfare = draw_concern(rounds, [MODE]).axes
    means = rounds.groupby([MODE, "round"]).mean(numeric_only=True)
    columns = ((violated, ["violated"]), (away, ["share_abstain"]), (welfare, ["net_welfare", "welfare"]))
    for ax, names in columns:
        wanted = [means.loc[mode, name] for name in names for mode in ("off", "project")]
        for line, mean in zip(drawn(ax), wanted, strict=True):
            np.testing.assert_allclose(line, mean)


def test_one_point_is_drawn_by_camp_with_both_kinds_of_welfare(rounds: pd.DataFrame) -> None:
    own = rounds[rounds[MODE] == "off"]
    violated, away, welfare = draw_concern(own).axes
    means = own.groupby("round").mean(numeric_only=True)
    columns = ((violated, ["violated_camp_0", "violated_camp_1"]), (away, ["abstain_camp_0", "abstain_camp_1"]),
               (welfare, ["welfare", "net_welfare"]))  # fmt: skip
    for ax, names in columns:
        for line, name in zip(drawn(ax), names, strict=True):
            np.testing.assert_allclose(line, means[name])
    assert {text.get_text() for text in welfare.texts} == {"money", "net"}
    low, high = welfare.get_ylim()
    assert low < means[["welfare", "net_welfare"]].to_numpy().min() < means["welfare"].max() < high


def test_rounds_without_values_are_refused(rounds: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="no column 'net_welfare'"):
        draw_concern(rounds.drop(columns="net_welfare"))


@pytest.mark.usefixtures("pictures_unseen")
@pytest.mark.parametrize("concern", ["none", "member"])
def test_it_is_drawn_where_somebody_minds(concern: str, tmp_path: Path) -> None:
    results = sweep(minding(values__concern=concern, rounds=2), {}, seeds=1)
    save(results, tmp_path, {})
    assert (tmp_path / "figures" / "concern.png" in draw_all(tmp_path)) == (concern != "none")
