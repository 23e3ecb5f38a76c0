"""Figures plot the right numbers, say what they are, and fail in one line.

Frames here are made up in the form of stored results; numbers that figures must show are computed from them by hand.
"""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest
from helpers.made_results import KIND, RULES, sweep
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import imread
from numpy.typing import NDArray

from commonweal.agents.errors import InputError
from commonweal.figures.plots import (
    draw_accuracy,
    draw_actions,
    draw_all,
    draw_credit_quality,
    draw_overview,
    draw_probe_levels,
    draw_value_map,
    draw_wealth,
)
from commonweal.figures.points import points_of
from commonweal.figures.printing import save
from commonweal.figures.wealth import gini_of_run, lorenz
from commonweal.scenarios.runs.intervals import SHARE, mean_interval

IN_WORDS = {"equal": "equally", "data": "by samples", "credit": "by credit"}


ROUNDS, PRINCIPALS, PROFILES = sweep()
DRAWINGS: dict[str, Callable[[], Figure]] = {
    "actions": lambda: draw_actions(ROUNDS, [KIND]),
    "accuracy": lambda: draw_accuracy(ROUNDS, [KIND]),
    "accuracy of many": lambda: draw_accuracy(ROUNDS, ["run"]),
    "wealth": lambda: draw_wealth(PRINCIPALS, [KIND]),
    "wealth of one point": lambda: draw_wealth(PRINCIPALS),
    "credit by action": lambda: draw_credit_quality(PRINCIPALS, [KIND]),
    "credit by policy": lambda: draw_credit_quality(PRINCIPALS, [KIND], colour="policy"),
    "value plane": lambda: draw_value_map(PROFILES, [KIND]),
    "value course": lambda: draw_value_map(PROFILES, [KIND], dimensions=[1]),
    "probe levels": lambda: draw_probe_levels(ROUNDS, [KIND], senses=["protect", "withhold"]),
    "overview": lambda: draw_overview(ROUNDS, PRINCIPALS, [KIND]),
}


@cache
def drawn(name: str) -> Figure:
    """One of them, drawn once for all who only look at it; coarse, since no pixel is looked at."""
    figure = DRAWINGS[name]()
    figure.set_dpi(72)
    return figure


def line(ax: Axes, label: str) -> NDArray[np.float64]:
    """(T, 2) data of the one line with a label."""
    (found,) = (drawn for drawn in ax.get_lines() if drawn.get_label() == label)
    return np.asarray(found.get_xydata(), dtype=np.float64)


def mean_course(rule: str, column: str) -> NDArray[np.float64]:
    """(T,) mean over seeds, by pandas."""
    return ROUNDS[ROUNDS[KIND] == rule].groupby("round")[column].mean().to_numpy()


def words(figure: Figure) -> str:
    """Title and caption in one line."""
    return " ".join(text.get_text().replace("\n", " ") for text in figure.texts)


@pytest.mark.parametrize("name", DRAWINGS)
def test_every_axis_that_shows_numbers_says_what_they_are(name: str) -> None:
    figure = drawn(name)
    for ax in figure.axes:
        place = ax.get_subplotspec()
        assert place is not None
        assert ax.get_xlabel() or not ax.xaxis.get_tick_params()["labelbottom"]
        assert ax.get_ylabel() or not place.is_first_col()


@pytest.mark.parametrize("name", DRAWINGS)
def test_legend_title_and_caption_cover_no_panel_and_stay_on_the_paper(name: str) -> None:
    figure = drawn(name)
    figure.canvas.draw()
    boxes = [ax.get_tightbbox() for ax in figure.axes]
    for artist in [*figure.texts, *figure.legends]:
        own = artist.get_window_extent()
        assert not any(box is not None and own.overlaps(box) for box in boxes)
        assert figure.bbox.x0 <= own.x0 < own.x1 <= figure.bbox.x1
        assert figure.bbox.y0 <= own.y0 < own.y1 <= figure.bbox.y1


@pytest.mark.parametrize("name", DRAWINGS)
def test_drawing_leaves_the_settings_of_the_caller_alone(name: str) -> None:
    before = dict(matplotlib.rcParams)
    DRAWINGS[name]()
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize("action", ["delegate", "free_ride", "defect"])
def test_each_panel_of_actions_shows_the_mean_share_of_its_rule(action: str) -> None:
    figure = draw_actions(ROUNDS, [KIND])
    assert [ax.get_title(loc="left") for ax in figure.axes] == [f"settlement rule: {IN_WORDS[rule]}" for rule in RULES]
    for ax, rule in zip(figure.axes, RULES, strict=True):
        np.testing.assert_allclose(line(ax, action)[:, 1], mean_course(rule, f"share_{action}"))


def test_an_action_that_nobody_took_is_named_and_not_drawn() -> None:
    figure = draw_actions(ROUNDS, [KIND])
    assert "abstain" not in [drawn.get_label() for drawn in figure.axes[0].get_lines()]
    assert "Never chosen: abstain." in words(figure)
    taken = draw_actions(ROUNDS.assign(share_abstain=0.1), [KIND])
    np.testing.assert_allclose(line(taken.axes[0], "abstain")[:, 1], 0.1)


def test_accuracy_of_each_rule_is_a_line_named_at_its_end() -> None:
    figure = draw_accuracy(ROUNDS, [KIND])
    for rule in RULES:
        np.testing.assert_allclose(line(figure.axes[0], IN_WORDS[rule])[:, 1], mean_course(rule, "accuracy"))
    assert [text.get_text() for text in figure.axes[0].texts] == list(IN_WORDS.values())
    assert "Mean and 95 % interval over 8 seeds. Lines: settlement rule." in words(figure)


def test_a_band_is_the_interval_of_the_seeds() -> None:
    values = ROUNDS[(ROUNDS[KIND] == "data") & (ROUNDS["round"] == 60)]["accuracy"].to_numpy()
    found = mean_interval(values, within=SHARE)
    band = draw_accuracy(ROUNDS, [KIND]).axes[0].collections[1].get_paths()[0].vertices
    at = np.asarray(band)[np.asarray(band)[:, 0] == 60][:, 1]
    assert (at.min(), at.max()) == pytest.approx((float(found.low), float(found.high)))


def test_one_seed_has_no_band_and_says_so() -> None:
    rounds, _, _ = sweep(seeds=1)
    figure = draw_accuracy(rounds, [KIND])
    assert not figure.axes[0].collections
    assert "One seed: no interval." in words(figure)


def test_a_sweep_of_fourteen_points_shows_twelve_and_says_so() -> None:
    rounds, principals, profiles = sweep(tuple(f"rule{i}" for i in range(14)), seeds=2, rounds=20)
    for figure in (draw_actions(rounds, [KIND]), draw_accuracy(rounds, [KIND]), draw_value_map(profiles, [KIND]),
                   draw_credit_quality(principals, [KIND])):
        assert len(figure.axes) == 12
        assert "the first 12 of 14 points" in words(figure)
    assert "the first 6 of 14 points" in words(draw_overview(rounds, principals, [KIND]))


def test_values_that_differ_in_the_ninth_digit_are_two_points() -> None:
    frame = pd.DataFrame({"run": [0, 1, 2], "stakes.stake": [0.1, 0.1 + 1e-9, 0.1]})
    points = points_of(frame, ["stakes.stake"]).shown
    assert [list(point.runs) for point in points] == [[0, 2], [1]]
    assert points[0].title == "stake: 0.1"


def test_points_are_called_by_the_words_of_their_fields_and_values() -> None:
    frame = pd.DataFrame({"run": [0], "credit.kind": ["shapley"], "settlement.kind": ["equal"]})
    assert points_of(frame, list(frame.columns[1:])).shown[0].title == "credit rule: Shapley, settlement rule: equally"


def test_list_and_switch_fields_can_be_varied() -> None:
    frame = pd.DataFrame({"run": [0, 1], "learning.hidden": [[32, 16], [8]], "screening.gate": [True, False]})
    titles = [point.title for point in points_of(frame, list(frame.columns[1:])).shown]
    assert titles == ["hidden units: [32 16], gate of screening: on", "hidden units: [8], gate of screening: off"]


def test_rounds_without_a_value_are_a_gap_and_not_a_zero() -> None:
    holed = ROUNDS.assign(accuracy=ROUNDS["accuracy"].where(ROUNDS["round"] != 5))
    drawn = line(draw_accuracy(holed, [KIND]).axes[0], "by credit")[:, 1]
    assert list(np.flatnonzero(np.isnan(drawn))) == [5]


def test_gini_of_textbook_wealths() -> None:
    # (1, 2, 3, 4): 2 (1 + 4 + 9 + 16) / (4 * 10) - 5 / 4 = 0.25; one of ten owning all: 1 - 1/10.
    assert gini_of_run(np.array([4.0, 2.0, 3.0, 1.0])) == pytest.approx(0.25)
    assert gini_of_run(np.array([0.0] * 9 + [7.0])) == pytest.approx(0.9)
    assert gini_of_run(np.full(5, 2.0)) == pytest.approx(0)
    assert np.isnan(gini_of_run(np.zeros(5)))


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=4).filter(lambda wealth: sum(wealth) > 1e-3))
def test_lorenz_curve_lies_under_equality_and_gini_is_twice_the_area_between(wealth: list[float]) -> None:
    # 100 is a multiple of 1, 2 and 4 principals, so that the curve's corners fall on its grid; three are repeated.
    held = np.array(wealth if len(wealth) != 3 else [*wealth, wealth[0]])
    curve, at = lorenz(held), np.linspace(0, 1, 101)
    assert (curve <= at + 1e-9).all()
    assert (curve[0], curve[-1]) == (0, pytest.approx(1))
    assert gini_of_run(held) == pytest.approx(1 - 2 * np.trapezoid(curve, at), abs=1e-9)


def test_wealth_counts_what_is_in_escrow() -> None:
    # All of the balance with one of two principals, but as much in escrow with the other: equal.
    frame = pd.DataFrame({"run": 0, "balance": [3.0, 0.0], "escrow": [0.0, 3.0]})
    figure = draw_wealth(frame)
    np.testing.assert_allclose(line(figure.axes[0], "point 0")[:, 1], np.linspace(0, 1, 101))
    assert any("0.00" in text.get_text() for text in figure.axes[0].texts)


def test_a_cooperative_without_money_has_no_gini_and_says_so() -> None:
    figure = draw_wealth(PRINCIPALS.assign(balance=0.0), [KIND])
    assert [text.get_text() for text in figure.axes[1].texts] == ["no wealth"] * 3


def test_every_principal_is_at_its_credit_and_within_a_hundredth_of_its_quality() -> None:
    figure = draw_credit_quality(PRINCIPALS, [KIND])
    own = PRINCIPALS[(PRINCIPALS[KIND] == "data") & (PRINCIPALS["action"] == "defect")].dropna(subset="data_quality")
    drawn = line(figure.axes[1], "defect")
    np.testing.assert_allclose(drawn[:, 1], own["credit"])
    assert 0 < np.abs(drawn[:, 0] - own["data_quality"]).max() <= 0.01 + 1e-12
    assert f"Not shown: {PRINCIPALS['data_quality'].isna().sum()} principals" in words(figure)


def test_credit_panels_share_an_axis_only_within_one_credit_rule() -> None:
    other = PRINCIPALS.rename(columns={KIND: "credit.kind"})
    for frame, path, shared in ((PRINCIPALS, KIND, True), (other, "credit.kind", False)):
        axes = draw_credit_quality(frame, [path]).axes
        assert axes[0].get_shared_y_axes().joined(axes[0], axes[1]) == shared


def test_a_run_in_which_nobody_put_data_in_still_draws() -> None:
    figure = draw_credit_quality(PRINCIPALS.assign(data_quality=np.nan), [KIND])
    assert figure.axes[0].texts[0].get_text() == "nobody put data in"


def test_the_map_of_values_shows_the_mean_of_the_first_run() -> None:
    own = PROFILES[PROFILES["run"] == 8].groupby(["dimension", "round"])["limit"].mean()
    drawn = line(draw_value_map(PROFILES, [KIND]).axes[1], "mean")
    np.testing.assert_allclose(drawn.T, [own[0], own[1]])
    course = line(draw_value_map(PROFILES, [KIND], dimensions=[1]).axes[1], "mean")
    np.testing.assert_allclose(course.T, [own[1].index, own[1]])


@pytest.mark.parametrize(("column", "label", "row"), [
    ("level_0", "level", 0), ("limit_1", "limit", 1), ("mean_limit_1", "mean_limit", 1),
    ("screened_share", "screened_share", 2)])
def test_probe_panels_show_levels_limits_and_screening_of_their_dimension(column: str, label: str, row: int) -> None:
    figure = draw_probe_levels(ROUNDS, [KIND])
    ax = figure.axes[row * 3 + 2]
    np.testing.assert_allclose(line(ax, label)[:, 1], mean_course("credit", column))


def test_a_protecting_limit_is_grey_above_and_a_withholding_one_below() -> None:
    figure = draw_probe_levels(ROUNDS[ROUNDS["run"] == 0], senses=["protect", "withhold"])
    for ax, edge in zip(figure.axes[:2], (max, min), strict=True):
        heights = np.asarray(ax.collections[-1].get_paths()[0].vertices)[:, 1]
        assert edge(heights) == pytest.approx(edge(ax.get_ylim()))


def test_no_probe_axis_goes_far_below_zero_though_an_interval_may() -> None:
    wild = ROUNDS.assign(level_0=ROUNDS["level_0"] * np.where(ROUNDS["run"] % 8 == 0, 20, 0.01))
    for ax in draw_probe_levels(wild, [KIND]).axes:
        low, high = ax.get_ylim()
        assert low >= -0.03 * high - 1e-9


def test_names_of_lines_that_end_together_do_not_overlap() -> None:
    together = ROUNDS[ROUNDS["run"] < 6].assign(accuracy=0.5)
    figure = draw_accuracy(together.assign(rule=together["run"]), ["rule"])
    figure.canvas.draw()
    (ax,) = figure.axes
    heights = np.array([float(text.get_position()[1]) for text in ax.texts]) * ax.get_window_extent().height
    assert heights.size == 6
    assert np.diff(np.sort(heights)).min() > 8 / 72 * figure.dpi  # the height of the letters


def test_a_line_without_any_value_gets_no_name() -> None:
    figure = draw_accuracy(ROUNDS.assign(accuracy=ROUNDS["accuracy"].where(ROUNDS[KIND] != "data")), [KIND])
    assert [text.get_text() for text in figure.axes[0].texts] == ["equally", "by credit"]


@pytest.mark.parametrize(("draw", "column"), [
    (lambda: draw_actions(ROUNDS.drop(columns="share_defect")), "share_defect"),
    (lambda: draw_accuracy(ROUNDS.drop(columns="accuracy")), "accuracy"),
    (lambda: draw_wealth(PRINCIPALS.drop(columns="escrow")), "escrow"),
    (lambda: draw_credit_quality(PRINCIPALS.drop(columns="credit")), "credit"),
    (lambda: draw_value_map(PROFILES.drop(columns="limit")), "limit"),
    (lambda: draw_probe_levels(ROUNDS.drop(columns="limit_1")), "limit_1"),
    (lambda: draw_overview(ROUNDS.drop(columns="welfare"), PRINCIPALS), "welfare"),
    (lambda: draw_accuracy(ROUNDS, ["market.price"]), "market.price")])
def test_a_missing_column_is_named_in_one_line(draw: Callable[[], Figure], column: str) -> None:
    with pytest.raises(InputError, match=f"no column '{column}'") as caught:
        draw()
    assert "\n" not in str(caught.value)


def test_results_without_rows_values_or_dimensions_are_refused_in_one_line() -> None:
    with pytest.raises(InputError, match="rounds: no rows"):
        draw_accuracy(ROUNDS.iloc[:0])
    with pytest.raises(InputError, match="no value dimensions"):
        draw_probe_levels(sweep(dimensions=0, rounds=5)[0])
    with pytest.raises(InputError, match=r"\[7\] cannot be drawn; give one or two of \[0, 1\]"):
        draw_value_map(PROFILES, dimensions=[7])


def test_two_runs_under_one_number_are_refused() -> None:
    with pytest.raises(InputError, match="every run needs a number of its own"):
        draw_accuracy(ROUNDS.assign(run=0))


def store(folder: Path, dimensions: int) -> None:
    """A folder as the store leaves it, as far as figures read it."""
    for name, frame in zip(("rounds", "principals", "profiles"), sweep(seeds=2, rounds=20, dimensions=dimensions),
                           strict=True):
        frame.to_parquet(folder / f"{name}.parquet")
    (folder / "about.json").write_text(json.dumps({"varied": [KIND], "commonweal": "1.2.3", "command": "commonweal x"}))
    (folder / "scenario.toml").write_text(
        '[[values.dimensions]]\nsense = "protect"\nlabel = 3\n[[values.dimensions]]\nsense = "withhold"\nlabel = 7\n'
        if dimensions else "")


@pytest.mark.slow
def test_a_stored_sweep_becomes_seven_picture_files_and_nothing_else(tmp_path: Path) -> None:
    store(tmp_path, dimensions=2)
    told: list[str] = []
    paths = draw_all(tmp_path, told.append)
    assert sorted(tmp_path.joinpath("figures").iterdir()) == sorted(paths)
    assert {path.suffix for path in paths} == {".png", ".csv"}
    assert {path.stem for path in paths} == {
        "overview", "actions", "accuracy", "wealth", "credit_quality", "probe_levels", "value_map"}
    assert told == []
    # 7.2 inches at 200 dots per inch.
    assert all(imread(path).shape[1] == 1440 for path in paths if path.suffix == ".png" and path.stem != "accuracy")
    assert b"commonweal 1.2.3" in paths[0].read_bytes()


@pytest.mark.usefixtures("pictures_unseen")
def test_without_value_dimensions_two_figures_are_skipped_and_the_reason_told(tmp_path: Path) -> None:
    store(tmp_path, dimensions=0)
    told: list[str] = []
    assert len({path.stem for path in draw_all(tmp_path, told.append)}) == 5
    assert told == [f"{name}: skipped, the scenario has no value dimensions" for name in ("probe_levels", "value_map")]


def test_a_folder_without_results_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no about\.json; give the folder of a finished run"):
        draw_all(tmp_path)
    store(tmp_path, dimensions=0)
    (tmp_path / "principals.parquet").unlink()
    with pytest.raises(InputError, match=r"no principals\.parquet"):
        draw_all(tmp_path)
    (tmp_path / "principals.parquet").write_bytes(b"half a file")
    with pytest.raises(InputError, match="not readable") as caught:
        draw_all(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_figure_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    figure = draw_accuracy(ROUNDS, [KIND])
    path = save(figure, tmp_path / "kept.png")
    before = path.read_bytes()
    with pytest.raises(ValueError, match="not supported"):
        save(figure, tmp_path / "kept.nonsense")
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == before


OF_A_READER = {  # as in a matplotlibrc for slides
    "font.size": 20.0, "axes.facecolor": "black", "savefig.facecolor": "0.1", "text.color": "white", "axes.grid": True,
    "savefig.bbox": "tight", "lines.marker": "o", "legend.frameon": True, "axes.formatter.limits": (0, 0),
    "axes.xmargin": 0.4, "figure.constrained_layout.h_pad": 0.5, "xtick.direction": "in",
}  # fmt: skip


@pytest.mark.parametrize("name", ["actions", "credit by action", "value course"])
def test_settings_of_a_reader_change_no_figure(name: str, tmp_path: Path) -> None:
    plain = save(DRAWINGS[name](), tmp_path / "plain.png").read_bytes()
    with matplotlib.rc_context(OF_A_READER):
        assert save(DRAWINGS[name](), tmp_path / "figure.png").read_bytes() == plain
