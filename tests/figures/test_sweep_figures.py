"""Figures of sweeps show the numbers of the table, say what was averaged, and skip in one line what cannot be drawn."""

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps
from matplotlib.figure import Figure
from matplotlib.image import imread
from numpy.typing import NDArray
from scipy import stats

from commonweal.agents.errors import InputError
from commonweal.commands.cli import main
from commonweal.figures.effects import draw_main_effects, explained, importance, top_two
from commonweal.figures.heat_maps import draw_heat_maps, grid_of
from commonweal.figures.indices import draw_indices
from commonweal.figures.plots import draw_all
from commonweal.figures.responses import curve, draw_responses
from commonweal.figures.sweep_table import SweepTable, sweep_table
from commonweal.figures.sweeps import draw_sweep
from commonweal.scenarios.runs.intervals import mean_interval
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.sweeps.designs import Sample, draw
from commonweal.scenarios.sweeps.engine import run_sweep
from commonweal.scenarios.sweeps.indices import Sampled, analyse
from commonweal.scenarios.sweeps.plan import plan_of, read_plan

METRICS = ("share_delegate", "accuracy", "welfare")
LEVELS = {"settlement.kind": ["equal", "credit"], "market.leak": [0.1, 0.5, 0.9], "population.count": [10, 40]}
SMALL = {"rounds": 6, "task.kind": "wine", "task.validation": 30, "task.test": 30, "population.count": 6}


def made_runs(levels: Mapping[str, Sequence[Any]] = LEVELS, seeds: int = 4) -> pd.DataFrame:
    """Runs of a crossed design: pay by credit helps delegating, leaks harm welfare."""
    noise, rows = np.random.default_rng(11), []
    for point, values in enumerate(product(*levels.values())):
        place = dict(zip(levels, values, strict=True))
        good = 0.7 if place.get("settlement.kind") == "credit" else 0.2
        for seed in range(seeds):
            share = good + noise.normal(0, 0.02)
            numbers = (share, 0.5 + 0.4 * share, 0.3 * share - 0.2 * place.get("market.leak", 0.0))
            measured = dict(zip(METRICS, numbers, strict=True))
            rows.append({"point": point, "seed": seed, "status": "ok", **place, **measured})
    return pd.DataFrame(rows)


def made(levels: Mapping[str, Sequence[Any]] = LEVELS, seeds: int = 4) -> SweepTable:
    return sweep_table(made_runs(levels, seeds), list(levels), METRICS)


def caption(figure: Figure) -> str:
    """Title, caption and everything else written beside the panels, on one line."""
    return " ".join(" ".join(text.get_text() for text in figure.texts).split())


# The table behind the figures


def test_every_run_is_at_its_place() -> None:
    runs = made_runs()
    table = sweep_table(runs.sample(frac=1, random_state=3), list(LEVELS), METRICS)
    assert table.values.shape == (4, 12, 3)
    for _, row in runs.iterrows():
        np.testing.assert_array_equal(table.values[row["seed"], row["point"]], row[list(METRICS)].to_numpy(float))


def test_numbers_are_in_order_and_names_as_they_come() -> None:
    levels = {"settlement.kind": ["zz", "a"], "market.leak": [0.5, 0.1], "population.count": [9, 10]}
    kind, leak, count = made(levels).axes
    assert (kind.texts, kind.numeric) == (("zz", "a"), False)
    assert (leak.texts, leak.numeric) == (("0.1", "0.5"), True)
    assert count.texts == ("9", "10")


def test_what_always_varies_together_is_one_axis_and_what_never_varies_none() -> None:
    runs = made_runs()
    runs["population.cost_low"] = runs["market.leak"] / 2
    runs["policy.memory"] = 0.8
    table = sweep_table(runs, [*LEVELS, "population.cost_low", "policy.memory"], METRICS)
    names = [axis.name for axis in table.axes]
    assert names == ["settlement rule", "speed of leaks, lowest cost", "number of principals"]


def test_many_numbers_are_put_into_bins_of_equal_count() -> None:
    table = made({"market.leak": list(np.linspace(0, 1, 80))})
    (axis,) = table.axes
    assert axis.binned
    assert table.sampled
    assert np.bincount(axis.level).tolist() == [10] * 8
    assert axis.places[0] == pytest.approx(np.linspace(0, 1, 80)[:10].mean())


@pytest.mark.parametrize(
    ("values", "logarithmic"),
    [
        ([1, 5, 20, 50, 100], True),
        ([0.001, 0.01, 0.1], True),
        ([0, 1, 100], False),
        ([1, 50, 100], False),
        ([1, 2], False),
    ],
)
def test_levels_over_decades_get_a_logarithmic_axis(values: list[float], logarithmic: bool) -> None:
    assert made({"settlement.horizon": values}).axes[0].logarithmic is logarithmic


def test_failed_runs_are_left_out_and_said_so() -> None:
    runs = made_runs()
    runs.loc[3, "status"], runs.loc[3, "accuracy"] = "failed", np.nan
    table = sweep_table(runs, list(LEVELS), METRICS)
    own = runs[(runs["point"] == 0) & (runs["status"] == "ok")]
    assert table.means[0, 1] == pytest.approx(own["accuracy"].mean())
    for drawn in (draw_main_effects(table), draw_heat_maps(table), draw_responses(table)):
        assert "1 failed run is left out." in caption(drawn)


@pytest.mark.parametrize("change", ["a column", "every run"])
def test_a_table_without_numbers_is_refused_in_one_line(change: str) -> None:
    runs = made_runs().assign(status="failed") if change == "every run" else made_runs().drop(columns="accuracy")
    with pytest.raises(InputError, match=r"^runs: (every run failed|no column 'accuracy')[^\n]*$"):
        sweep_table(runs, list(LEVELS), METRICS)


# Which factors matter


@given(values=nps.arrays(np.float64, (2, 3), elements=st.floats(-100, 100)))
def test_in_a_crossed_design_first_order_shares_and_interaction_add_up(values: NDArray[np.float64]) -> None:
    runs = made_runs({"a": [1, 2], "b": [1, 2, 3]}, seeds=1).assign(m=values.ravel())
    table = sweep_table(runs, ["a", "b"], ["m"])
    shares = importance(table)[:, 0]
    additive = values.mean(1, keepdims=True) + values.mean(0) - values.mean()
    total = ((values - values.mean()) ** 2).sum()
    if total < 1e-6:
        return
    np.testing.assert_allclose(1 - shares.sum(), ((values - additive) ** 2).sum() / total, atol=1e-6)


def test_shares_of_variance_are_those_of_an_analysis_of_variance() -> None:
    table = made()
    means = table.means[:, 0]
    groups = [means[table.axes[1].level == level] for level in range(3)]
    f, between, within = stats.f_oneway(*groups).statistic, 2, len(means) - 3
    assert explained(table.axes[1], means) == pytest.approx(f * between / (f * between + within))


def test_pure_chance_explains_nothing_of_a_sample() -> None:
    noise = np.random.default_rng(5)
    runs = made_runs({"market.leak": list(noise.random(400))}, seeds=1).assign(m=noise.normal(size=400))
    assert importance(sweep_table(runs, ["market.leak"], ["m"]))[0, 0] < 0.02


def test_a_metric_that_does_not_vary_is_said_to(tmp_path: Path) -> None:
    table = sweep_table(made_runs().assign(accuracy=0.5), list(LEVELS), METRICS)
    assert np.isnan(importance(table)[:, 1]).all()
    texts = [text.get_text() for text in draw_main_effects(table).axes[1].texts]
    assert texts == ["does not vary"]


def test_bars_are_the_shares_the_most_important_first() -> None:
    table = made()
    figure = draw_main_effects(table)
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels[0] == "settlement rule"
    assert labels[-1] == "together only"
    heights = [bar.get_width() for bar in figure.axes[2].patches]  # type: ignore[attr-defined]
    by_name = {axis.name: explained(axis, table.means[:, 2]) for axis in table.axes}
    assert heights[:-1] == pytest.approx([by_name[label] for label in labels[:-1]])
    assert sum(heights) == pytest.approx(1.0)


# Heat maps


def test_a_cell_is_the_mean_of_all_points_with_its_levels() -> None:
    runs, table = made_runs(), made()
    kind, leak, _ = table.axes
    expected = runs.groupby(["settlement.kind", "market.leak"])["welfare"].mean().unstack().loc[["equal", "credit"]]
    np.testing.assert_allclose(grid_of(leak, kind, table.means[:, 2]), expected)


def test_each_map_shows_the_two_factors_that_matter_most_for_its_metric() -> None:
    table = made()
    figure = draw_heat_maps(table)
    welfare = next(ax for ax in figure.axes if ax.get_title(loc="left").startswith("welfare"))
    assert {welfare.get_xlabel(), welfare.get_ylabel()} == {"speed of leaks", "settlement rule"}
    assert {axis.name for axis in top_two(table, importance(table)[:, 2]) or ()} == {welfare.get_xlabel(),
                                                                                    welfare.get_ylabel()}  # fmt: skip
    assert "over all other factors" in caption(figure)
    cells = {text.get_text() for text in welfare.texts}
    kind, leak, _ = table.axes
    assert cells == {f"{v:.2f}".replace("-", "−") for v in grid_of(leak, kind, table.means[:, 2]).ravel()}


def test_nothing_is_averaged_where_two_factors_are_all() -> None:
    levels = {"settlement.kind": ["equal", "credit"], "market.leak": [0.1, 0.9]}
    assert "other factors" not in caption(draw_heat_maps(made(levels)))


def test_a_cell_without_a_run_is_grey_and_said_so() -> None:
    runs = made_runs()
    gone = (runs["settlement.kind"] == "credit") & (runs["market.leak"] == 0.5)
    figure = draw_heat_maps(sweep_table(runs[~gone], list(LEVELS), METRICS))
    assert "Grey: no run." in caption(figure)


def test_large_maps_have_no_numbers_in_their_cells() -> None:
    figure = draw_heat_maps(made({"a": list(range(12)), "b": list(range(12))}))
    assert not any(ax.texts for ax in figure.axes)


# Response curves


def test_a_curve_is_the_mean_over_seeds_of_means_over_the_other_factors() -> None:
    table, runs = made(), made_runs()
    leak = table.axes[1]
    found = curve(table, 2, leak, table.axes[0].level == 1)
    own = runs[runs["settlement.kind"] == "credit"]
    per_seed = own.groupby(["market.leak", "seed"])["welfare"].mean().unstack()
    expected = mean_interval(per_seed.to_numpy().T)
    np.testing.assert_allclose(found.at(...), expected.at(...))


def test_lines_are_the_levels_of_the_name_that_matters_most() -> None:
    figure = draw_responses(made())
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["equally", "by credit"]
    assert len(figure.axes) == 3 * 2  # metrics × numbers
    assert "95 % interval over 4 seeds" in caption(figure)
    assert "Lines: settlement rule." in caption(figure)


def test_one_seed_has_no_interval_and_says_so() -> None:
    assert "one seed: no interval" in caption(draw_responses(made(seeds=1)))


def test_of_many_numbers_the_four_most_important_are_shown_and_the_rest_counted() -> None:
    figure = draw_responses(made({name: [1, 2] for name in "abcdef"}))
    assert len(figure.axes) == 3 * 4
    assert "The 4 most important of 6 numbers that vary." in caption(figure)


# Indices


def ishigami(units: NDArray[np.float64]) -> NDArray[np.float64]:
    x = np.pi * (2 * units - 1)
    return np.asarray(np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0]))


def sample_of(kind: str, size: int, factors: int, **options: Any) -> tuple[Sampled, NDArray[np.float64]]:
    units = draw(Sample(kind, size, seed=3, **options), factors)
    rows = (tuple(range(len(units))),)
    names = tuple(f"x{k}" for k in range(factors))
    return Sampled(kind, names, units, rows, options.get("second_order", False), options.get("levels", 4)), units


@pytest.mark.parametrize("second_order", [False, True])
def test_sobol_indices_of_the_ishigami_function_are_the_known_ones(second_order: bool) -> None:
    pytest.importorskip("SALib")
    sampled, units = sample_of("sobol", 1024, 3, second_order=second_order)
    found = analyse(sampled, ishigami(units))
    assert found is not None
    # Ishigami and Homma 1990, a = 7 and b = 0.1
    np.testing.assert_allclose(found.values[0], [0.3139, 0.4424, 0.0], atol=0.03)
    np.testing.assert_allclose(found.values[1], [0.5576, 0.4424, 0.2437], atol=0.03)
    assert (found.found.reach < 0.15).all()


def test_elementary_effects_of_a_linear_function_are_its_slopes() -> None:
    pytest.importorskip("SALib")
    sampled, units = sample_of("morris", 10, 3)
    found = analyse(sampled, units @ np.array([3.0, -2.0, 0.0]))
    assert found is not None
    np.testing.assert_allclose(found.values, [[3, 2, 0], [0, 0, 0]], atol=1e-9)


def test_a_sample_with_a_missing_point_is_not_analysed() -> None:
    pytest.importorskip("SALib")
    sampled, units = sample_of("sobol", 8, 2)
    assert analyse(sampled, np.append(units[:-1, 0], np.nan)) is None
    assert analyse(sampled, np.ones(len(units))) is None


# Folders


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("figures") / "sweep"
    factors = {"settlement.kind": ["equal", "credit"], "market.leak": [0.1, 0.9]}
    run_sweep(plan_of(load("commons", SMALL), factors, 3), place, engine="serial")
    return place


def test_the_command_draws_a_sweep(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["figures", str(folder)]) == 0
    drawn = sorted(path.name for path in (folder / "figures").iterdir())
    names = ("heat_maps", "main_effects", "responses")
    assert drawn == [f"{name}.{suffix}" for name in names for suffix in ("csv", "png")]
    drawn = [name for name in drawn if name.endswith(".png")]
    printed = capsys.readouterr().out
    assert printed.startswith(f"figures  {folder / 'figures'}/ (")
    assert all(name in printed for name in drawn)
    assert "skipped" not in printed
    for name in drawn:
        assert imread(folder / "figures" / name).shape[1] >= 0.9 * 3.5 * 200  # a column of a journal at 200 dpi


def test_other_metrics_can_be_asked_for(folder: Path) -> None:
    assert len({path.stem for path in draw_sweep(folder, metrics=["gini"])}) == 3
    with pytest.raises(InputError, match="metrics: no 'gin'; there are"):
        draw_sweep(folder, metrics=["gin"])


def test_what_cannot_be_drawn_is_skipped_in_a_line(tmp_path: Path) -> None:
    sweep = plan_of(load("commons", SMALL), {"settlement.kind": ["equal", "credit"]}, 2)
    run_sweep(sweep, tmp_path / "s", engine="serial")
    said: list[str] = []
    assert [path.name for path in draw_all(tmp_path / "s", said.append)] == ["main_effects.png", "main_effects.csv"]
    assert said == ["heat_maps: skipped, fewer than two factors vary", "responses: skipped, no number varies"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sobol", "morris"])
def test_a_sampled_sweep_gets_its_indices(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("SALib")
    file = tmp_path / "s.toml"
    settings = "".join(f"{path} = {value!r}\n" for path, value in SMALL.items())
    file.write_text(
        f"scenario = 'commons'\nreplications = 2\n[set]\n{settings}[vary]\nsettlement.kind = ['equal', 'credit']\n"
        f"[range]\nmarket.leak = {{low = 0.0, high = 1.0}}\npolicy.mutation = {{low = 0.0, high = 0.5}}\n"
        f"[design]\nkind = '{kind}'\nsize = 4\n"
    )
    run_sweep(read_plan(file), tmp_path / "sweep", engine="serial")
    names = [path.name for path in draw_sweep(tmp_path / "sweep") if path.suffix == ".png"]
    assert names == ["main_effects.png", "heat_maps.png", "responses.png", "indices.png"]


def test_indices_say_whose_they_are() -> None:
    pytest.importorskip("SALib")
    sampled, units = sample_of("sobol", 16, 2)
    rows = [{"point": p, "seed": 0, "status": "ok", "x0": a, "x1": b, "m": a + b * b} for p, (a, b) in enumerate(units)]
    figure = draw_indices(sweep_table(pd.DataFrame(rows), ["x0", "x1"], ["m"]), sampled)
    assert f"Sobol indices of the mean over one seed, last quarter of rounds; {len(units)} rows" in caption(figure)
