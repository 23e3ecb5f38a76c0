"""Sweeps: which points they have, what they share, and what their tables say."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from commonweal.agents.errors import InputError
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.runs.benchmark import benchmark
from commonweal.scenarios.runs.summary import notes, summary_cells
from commonweal.scenarios.runs.tables import price_of_anarchy, summarise
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.notation import read_seeds
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.sweeps.sweep import comparison, sweep

TINY = revise(
    load("commons"),
    {"rounds": 4, "task.kind": "wine", "task.validation": 30, "task.test": 30, "population.count": 5},
)


def test_a_sweep_plays_every_combination_the_last_field_varying_fastest() -> None:
    plan = comparison(TINY, {"settlement.kind": ["equal", "data"], "market.leak": [0.1, 0.2, 0.3]})
    points = [plan.scenario(number) for number in range(len(plan.points))]
    kinds = [(point.settlement.kind, point.market.leak) for point in points]
    assert kinds == [(kind, leak) for kind in ("equal", "data") for leak in (0.1, 0.2, 0.3)]


def test_every_row_of_every_table_carries_run_seed_and_varied_values() -> None:
    results = sweep(TINY, {"settlement.kind": ["equal", "credit"], "settlement.alpha": [1, 2]}, seeds=[3, 5])
    assert len(results.runs) == 2 * 2 * 2
    assert list(results.runs["seed"]) == [3, 5] * 4
    labels = ["run", "seed", "settlement.kind", "settlement.alpha"]
    for name in ("rounds", "principals"):
        table = results.tables()[name]
        assert list(table.columns[:4]) == labels
        pd.testing.assert_frame_equal(
            table[labels].drop_duplicates().reset_index(drop=True), results.runs[labels], check_dtype=False
        )
    assert len(results.rounds) == 8 * TINY.rounds
    assert len(results.principals) == 8 * TINY.population.count


def test_a_point_of_a_sweep_is_the_same_as_played_alone() -> None:
    both = sweep(TINY, {"settlement.kind": ["equal", "credit"]}, seeds=2)
    alone = sweep(revise(TINY, {"settlement.kind": "credit"}), seeds=[1])
    inside = both.rounds[both.rounds["run"] == 3].drop(columns=["run", "settlement.kind"]).reset_index(drop=True)
    pd.testing.assert_frame_equal(inside, alone.rounds.drop(columns="run"))


def test_points_that_differ_only_in_rewards_and_policies_share_their_benchmark(monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[Scenario] = []
    real = Ensemble.run

    def watched(ensemble: Ensemble, *options: Any, **more: Any) -> Any:
        played.append(ensemble.scenarios[0])
        return real(ensemble, *options, **more)

    monkeypatch.setattr(Ensemble, "run", watched)
    sweep(TINY, {"settlement.kind": ["equal", "credit"], "settlement.reserve": [0, 0.5]}, seeds=1)
    assert len(played) == 4 + 1
    played.clear()
    sweep(TINY, {"market.leak": [0.1, 0.2]}, seeds=1)
    assert len(played) == 2 + 2


def test_in_the_benchmark_everybody_delegates_in_every_round() -> None:
    starts = {"population.start_delegate": 0.0, "population.start_free_ride": 0.8}
    selfish = starts | {"actions.available": ["free_ride", "defect"]}
    results = sweep(benchmark(revise(TINY, selfish)), seeds=2)
    assert (results.rounds["share_delegate"] == 1).all()
    np.testing.assert_allclose(results.runs["price_of_anarchy"].dropna(), 1)


def test_progress_counts_every_round_of_points_and_benchmarks() -> None:
    told: list[tuple[int, int]] = []
    sweep(TINY, {"settlement.kind": ["equal", "credit"]}, seeds=2, tell=lambda what, *steps: told.append(steps))
    total = 3 * TINY.rounds  # two points and the benchmark they share
    assert told == [(done, total) for done in range(1, total + 1)]


def test_the_price_of_anarchy_divides_mean_welfare_and_is_undefined_without_welfare() -> None:
    run = [0, 0, 1, 1, 2, 2]
    own = pd.DataFrame({"run": run, "welfare": [1.0, 3.0, 1.0, -1.0, 2.0, 2.0]})
    ideal = pd.DataFrame({"run": run, "welfare": [3.0, 3.0, 5.0, 5.0, -1.0, 0.0]})
    price = price_of_anarchy(own, ideal)
    assert price["price_of_anarchy"][0] == 1.5  # mean welfare 3 over mean welfare 2
    assert np.isnan(price["price_of_anarchy"][1:]).all()  # nothing to divide by; a loss to divide
    reason = "undefined: total welfare, of the run or with everybody delegating, is not positive"
    assert list(price["price_of_anarchy_note"]) == ["", reason, reason]


@pytest.mark.parametrize(("rounds", "kept"), [(1, 1), (4, 1), (5, 2), (200, 50)])
def test_the_summary_is_the_mean_over_the_last_quarter_of_rounds(rounds: int, kept: int) -> None:
    frame = pd.DataFrame({"run": 0, "seed": 7, "round": range(rounds), "welfare": np.arange(rounds) ** 2.0})
    summary = summarise(frame)
    assert summary["welfare"][0] == pytest.approx(np.mean(np.arange(rounds)[-kept:] ** 2.0))
    assert summary["total_welfare"][0] == pytest.approx(np.sum(np.arange(rounds) ** 2.0))


def test_one_seed_has_no_interval_and_no_welfare_no_price() -> None:
    results = sweep(revise(TINY, {"market.price": 0.0, "actions.defect_gain": 0.0}), seeds=1)
    names, cells = summary_cells(results)
    assert names == ["commons"]
    assert "[" not in cells["delegating"][0]
    assert cells["price of anarchy"] == ["–"]
    assert "abstaining" not in cells
    reason = "undefined: total welfare, of the run or with everybody delegating, is not positive"
    few, undefined = notes(results)
    assert few.startswith("one seed has no interval")
    assert undefined == f"price of anarchy {reason} in 1 of 1 runs"


def test_solvency_is_mentioned_only_where_it_is_missing() -> None:
    results = sweep(TINY, seeds=1)
    assert not any("solven" in note.lower() for note in notes(results))
    for column, amount in (("least_balance", -0.5), ("treasury", -0.5), ("unfunded", 0.25)):
        broken = replace(results, rounds=results.rounds.assign(**{column: amount}))
        assert any("INSOLVENT" in note and f"{amount:.6f}" in note for note in notes(broken))


def test_seeds_are_a_count_or_a_list() -> None:
    assert read_seeds("3") == read_seeds(3) == (0, 1, 2)
    assert read_seeds("3,7") == read_seeds([3, 7]) == (3, 7)
    assert read_seeds("3,") == (3,)
    assert read_seeds(np.arange(2)) == read_seeds(np.int64(2)) == (0, 1)  # type: ignore[arg-type]
    wrong: Any
    for wrong in ("0", "-1", "x", "1.5", "3,3", ",", "", 0, -2, [], [1, 1], [-1], 2.5, [0.5], None, [True], ["1"]):
        with pytest.raises(InputError, match="must be a count of at least 1, or different whole numbers from 0"):
            read_seeds(wrong)


def test_a_value_listed_twice_or_none_at_all_is_refused() -> None:
    with pytest.raises(InputError, match="market.leak varies over 0.1 twice"):
        comparison(TINY, {"market.leak": [0.1, 0.2, 0.1]})
    with pytest.raises(InputError, match="market.leak has no values to vary over"):
        comparison(TINY, {"market.leak": []})


@pytest.mark.parametrize(
    ("path", "values", "said"),
    [
        ("market.leak", [1, 1.0], "varies over 1 and 1.0, which are equal: list different values"),
        ("market.leak", [0.0, 0.5, -0.0], "varies over 0.0 and -0.0, which are equal"),
        ("market.leak", np.array([1.0, 0.5, 1.0]), "varies over 1.0 twice"),
        ("market.leak", [np.float64(1), np.int64(1)], "varies over 1.0 and 1, which are equal"),
        ("policy.mix", [{"fixed": 1}, {"fixed": 1.0}], "which are equal"),
        ("policy.mix", [{"fixed": 0.5, "imitation": 0.5}, {"imitation": 0.5, "fixed": 0.5}], "which are equal"),
        ("population.cost_types", [[1, 2], [1.0, 2.0]], "which are equal"),
    ],
)
def test_equal_values_of_a_field_are_not_two_points(path: str, values: Any, said: str) -> None:
    with pytest.raises(InputError, match=f"^vary: {path} varies over ") as told:
        sweep(TINY, vary={path: values}, seeds=1)
    assert said in str(told.value)


def test_values_that_are_no_single_numbers_or_names_become_columns_as_they_are_written() -> None:
    results = sweep(TINY, {"learning.hidden": [[8], [4, 4]]}, seeds=1)
    assert list(results.runs["learning.hidden"]) == ["[8]", "[4, 4]"]
