"""The study ``evolution``: known games through its tables, live economies through its runs, what it refuses."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from papers.games import linear_public_goods, matrix_game, optional_public_goods, volunteers_dilemma

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.figures.studies.evolution import draw
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.base import Answer, Question
from commonweal.scenarios.studies.evolution import EvolutionOptions, evolution
from commonweal.scenarios.studies.evolution.analysis import Selection, expanded_percentiles
from commonweal.scenarios.studies.evolution.games import SymmetricGame, compositions
from commonweal.scenarios.studies.evolution.meta_game import (
    MetaGame,
    demand_strategies,
    others_grid,
    play_meta_game,
    table_players,
)
from commonweal.scenarios.studies.evolution.study import answer
from commonweal.scenarios.studies.pieces import Pieces

WEAK = Selection("fermi", 0.5, 0.01, 20)


def played(game: SymmetricGame, divisions: int, principals: int, noise: float = 0.0, seeds: int = 8) -> MetaGame:
    """A meta-game whose payoffs, but for noise, are those of a large population of the known game."""
    others = others_grid(principals, len(game.strategies), divisions)
    payoffs = game.expected(others / others.sum(axis=1, keepdims=True))
    disturbed = payoffs + noise * np.random.default_rng(5).standard_normal((seeds, *payoffs.shape))
    return MetaGame(game.strategies, others, disturbed)


def small(**changes: object) -> Scenario:
    """A cooperative of six that is quick to play."""
    few = {"population.count": 6, "rounds": 8, "task.kind": "wine", "task.validation": 30, "task.test": 30}
    return load("commons", few | {"learning.samples": 4, **changes})


def ask(scenario: Scenario, seeds: tuple[int, ...] = (0, 1, 2), **options: object) -> Answer:
    return evolution(Question(scenario, seeds, EvolutionOptions(**{"resamples": 60, **options})))


def rest_points(table: pd.DataFrame, flow: str = "replicator") -> pd.DataFrame:
    """One row per rest point: its shares, one column per strategy."""
    return table[table["flow"] == flow].pivot_table(index="point", columns="strategy", values="share")


# Known games through the study


def test_a_dilemma_is_answered_with_defection_alone() -> None:
    out = answer(played(linear_public_goods(5, 3.0), 4, 20, noise=0.05), WEAK, 100, 0)
    assert "Evolutionarily stable: withhold (in 100% of resamples)" in out.headline
    ess = out.tables["ess"].set_index("strategy")
    assert ess["ess_probability"].to_dict() == {"contribute": 0.0, "withhold": 1.0}
    assert ess.loc["withhold", "margin_low"] <= 1 - 3 / 5 <= ess.loc["withhold", "margin_high"]
    assert out.tables["alpha_rank"]["strategy"].tolist() == ["withhold", "contribute"]


def test_fixation_in_a_linear_meta_game_has_the_closed_form_of_a_constant_lead() -> None:
    # the lead of contributors is Δ = (r/N)(Z − N)/(Z − 1) − 1 in every composition, so ρ = (e^−βΔ − 1) / (e^−ZβΔ − 1)
    out = answer(played(linear_public_goods(5, 3.0), 2, 20), WEAK, 60, 0)
    rho = out.tables["invasion"].set_index(["resident", "mutant"])["fixation"]
    constant = 3 / 5 * 15 / 19 - 1
    for pair, lead in ((("withhold", "contribute"), constant), (("contribute", "withhold"), -constant)):
        u = WEAK.intensity * lead
        assert rho[pair] == pytest.approx(np.expm1(-u) / np.expm1(-20 * u), abs=1e-9)
    rare = out.tables["stationary"].query("mutations == 'rare'").set_index("strategy")["share"]
    assert rare["contribute"] / rare["withhold"] == pytest.approx(np.exp(19 * constant * WEAK.intensity), rel=1e-9)


def test_hawks_and_doves_are_answered_with_their_mixture_and_its_interval() -> None:
    game = matrix_game(("hawk", "dove"), [[-1.5, 2.0], [0.0, 1.0]])  # V = 2, C = 5: 2/5 hawks
    out = answer(played(game, 4, 20, noise=0.05), WEAK, 100, 0)
    points = out.tables["rest_points"].query("flow == 'replicator' and strategy == 'hawk'")
    inside = points[points["share"].between(0.01, 0.99)].iloc[0]
    assert inside["share_low"] < 0.4 < inside["share_high"]
    assert inside["stability"] == "stable" and inside["ess_probability"] == 1.0 and inside["basin"] == 1.0
    assert not out.tables["ess"]["ess"].any()
    assert "hawk with" in out.headline


def test_optional_public_goods_keep_their_rest_point_when_everything_was_played(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("commonweal.scenarios.studies.evolution.rest_points._LONG", 1.0)  # basins of a cycle: not asked
    game = optional_public_goods(5, 3.0, 1.0)
    whole = MetaGame(game.strategies, game.others, np.stack([game.payoffs] * 2))
    points = rest_points(answer(whole, replace(WEAK, population=5), 60, 0).tables["rest_points"])
    inside = points[(points > 0.01).all(axis=1)].iloc[0]
    published = [0.2693, 0.2693, 0.4613]  # Hauert et al. (2002)
    np.testing.assert_allclose(inside[list(game.strategies)], published, atol=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lonely", "shares"),
    [
        # Hauert, De Monte, Hofbauer and Sigmund (2002): N = 5, r = 3, σ = 1, loners first; .4613, .2693, .2693 there
        ("outside", [0.461340, 0.269330, 0.269330]),
        # who is alone plays on and earns r − 1: the root of 1 − (r/N)(1 − z^N)/(1 − z), without their (r − 1) z^(N−1)
        ("play", [0.406674, 0.296663, 0.296663]),
    ],
)
def test_optional_public_goods_rest_where_published_only_if_the_lonely_are_loners(
    lonely: str, shares: list[float], evaluated: list[int]
) -> None:
    changes = {"population.count": 5, "market.groups": "all", "market.multiplication": 3.0, "rounds": 1,
               "population.outside_option": 1.0, "actions.available": ["abstain", "delegate", "free_ride"],
               "market.lonely": lonely}  # fmt: skip
    out = ask(load("public-goods", changes), divisions=4, resamples=50)
    points = rest_points(out.tables["rest_points"])
    inside = points[(points > 0.01).all(axis=1)].iloc[0]
    np.testing.assert_allclose(inside[["abstain", "delegate", "free_ride"]], shares, atol=1e-6)
    (sharp,) = rest_points(out.tables["rest_points"], "logit").to_numpy()  # intensity 2000: choices are nearly best
    np.testing.assert_allclose(sharp, inside, atol=2e-3)
    assert len(evaluated) < 20_000  # cycles are not followed round and round


def test_the_volunteers_dilemma_keeps_its_mixture_when_everything_was_played() -> None:
    game = volunteers_dilemma(4, 2.0, 1.0)
    whole = MetaGame(game.strategies, game.others, np.stack([game.payoffs] * 2))
    points = rest_points(answer(whole, replace(WEAK, population=4), 60, 0).tables["rest_points"])
    assert points["wait"].round(4).tolist() == [0.0, 1.0, 0.7937]  # Diekmann (1985)


def test_an_equal_game_is_refused_because_nothing_is_selected() -> None:
    game = matrix_game("ab", [[1, 1], [1, 1]])
    with pytest.raises(InputError, match="all earn the same"):
        answer(played(game, 2, 10), WEAK, 60, 0)


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each time that expected payoffs are worked out: at how many points."""
    counted: list[int] = []
    expected = SymmetricGame.expected

    def counting(game: SymmetricGame, shares: Floats) -> Floats:
        counted.append(shares[..., 0].size)
        return expected(game, shares)

    monkeypatch.setattr(SymmetricGame, "expected", counting)
    return counted


def flat(shift: float = 0.0, principals: int = 20) -> MetaGame:
    """Who delegates alone earns what abstaining does, and the more delegate the more; free riders get a bonus."""
    others = others_grid(principals, 3, 4)
    more = others[:, 1] / (principals - 1)
    payoffs = np.stack([np.full(len(more), 0.3), 0.3 + 0.5 * more, 0.3 + 0.5 * more + 0.1 * (more > 0)], axis=1)
    return MetaGame(("abstain", "delegate", "free_ride"), others, np.tile(payoffs + shift, (3, 1, 1)))


def test_a_game_that_is_flat_in_a_corner_takes_no_more_evaluations_than_others(evaluated: list[int]) -> None:
    """Payoffs in units of their small differences made the flow stiff: 24,000 evaluations in place of 1,800."""
    out = answer(flat(), WEAK, 60, 0)
    assert len(evaluated) < 3000
    points = out.tables["rest_points"].query("flow == 'replicator'")
    assert points.groupby("point")["basin"].first().sum() <= 1


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1000.0])
def test_a_corner_where_nothing_differs_is_neutral_in_every_unit_of_money(unit: float) -> None:
    """Rounding was taken for a sign: the corner was stable in one unit, and unstable in another."""
    game = flat()
    table = answer(replace(game, payoffs=unit * game.payoffs), WEAK, 60, 0).tables["rest_points"]
    abstaining = table.query("flow == 'replicator' and strategy == 'abstain' and share == 1")
    assert abstaining["stability"].tolist() == ["neutral"]


@pytest.mark.parametrize("shift", [-10.0, 10.0])
def test_what_all_earn_alike_moves_no_flow(shift: float) -> None:
    one, other = (answer(flat(by), WEAK, 60, 0).tables["rest_points"] for by in (0.0, shift))
    for column in ("share", "basin"):
        np.testing.assert_allclose(one[column].astype(float), other[column].astype(float), atol=1e-6)


@pytest.mark.parametrize("intensity", [1e2, 1e4, 1e9])
def test_choices_with_hardly_any_noise_are_solved_in_few_steps(intensity: float, evaluated: list[int]) -> None:
    """An explicit solver took 894,000 evaluations at an intensity of 10,000."""
    others = others_grid(20, 2, 8)
    payoffs = np.stack([np.full(len(others), 0.3), 0.6 - others[:, 1] / 19], axis=1)  # alike where 30 % delegate
    meta = MetaGame(("abstain", "delegate"), others, np.tile(payoffs, (3, 1, 1)))
    out = answer(meta, replace(WEAK, intensity=intensity), 60, 0)
    assert len(evaluated) < 12_000
    logit = rest_points(out.tables["rest_points"], "logit")
    assert len(logit) == 1 and logit["delegate"].iloc[0] == pytest.approx(0.3, abs=0.03 if intensity < 1e3 else 1e-3)


@pytest.mark.slow
@settings(max_examples=6)
@given(st.integers(0, 2**32 - 1), st.integers(2, 3))
def test_long_run_shares_sum_to_one_and_lie_in_their_intervals(seed: int, M: int) -> None:
    game = matrix_game("abcd"[:M], np.random.default_rng(seed).standard_normal((M, M)))
    out = answer(played(game, 2, 8, noise=0.02), Selection("moran", 1.0, 0.02, 8), 60, 0)
    for _, rows in out.tables["stationary"].groupby("mutations"):
        assert rows["share"].sum() == pytest.approx(1)
    rows = out.tables["invasion"]
    assert ((rows["fixation_low"] <= rows["fixation_high"]) & rows["fixation_high"].le(1)).all()
    assert (out.tables["rest_points"].groupby(["flow", "point"])["share"].sum() - 1).abs().max() < 1e-9


def test_bootstrap_intervals_over_eight_seeds_cover_a_known_margin_as_often_as_they_say() -> None:
    generator, truth, hits = np.random.default_rng(8), 0.4, 0
    game, others = linear_public_goods(5, 3.0), others_grid(10, 2, 1)
    exact = game.expected(others / 9)
    for _ in range(300):
        meta = MetaGame(game.strategies, others, exact + generator.standard_normal((8, 2, 2)))
        corner = meta.table(meta.resampled(1000, generator)).payoffs[:, 0]  # all others withhold
        low, high = expanded_percentiles(corner[:, 1] - corner[:, 0], 8)
        hits += low <= truth <= high
    assert 0.92 <= hits / 300 <= 0.98


# The grid and the table


@given(st.integers(2, 60), st.integers(2, 4), st.integers(1, 5))
def test_a_grid_of_compositions_has_all_corners_and_counts_the_others(principals: int, M: int, divisions: int) -> None:
    others = others_grid(principals, M, divisions)
    assert (others.sum(axis=1) == principals - 1).all() and (others >= 0).all()
    assert len(np.unique(others, axis=0)) == len(others)
    assert ((others == principals - 1).any(axis=0)).all()


@given(st.integers(3, 30), st.integers(2, 4), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_interpolation_is_exact_for_payoffs_that_are_linear_in_the_others(
    N: int, M: int, divisions: int, seed: int
) -> None:
    slopes = np.random.default_rng(seed).standard_normal((M, M))

    def linear(others: Floats) -> Floats:
        return others / others.sum(axis=1, keepdims=True) @ slopes

    others = others_grid(N, M, divisions)
    table = MetaGame(tuple("abcd"[:M]), others, linear(others)[None]).table(linear(others))
    np.testing.assert_allclose(table.payoffs, linear(table.others), atol=1e-7)


def test_large_economies_are_reduced_to_tables_that_fit() -> None:
    assert [table_players(40, M) for M in (2, 3, 4)] == [40, 40, 25]
    assert table_players(10_000, 2) == 200
    assert len(compositions(table_players(10_000, 6) - 1, 6)) <= 3000


def test_the_interpolation_error_is_that_of_a_grid_of_half_the_cuts() -> None:
    others = others_grid(41, 2, 4)
    curved = (others[:, :1] / 40) ** 2 * np.ones(2)
    meta = MetaGame(("a", "b"), others, curved[None])
    assert meta.interpolation_error() == pytest.approx(1 / 16)  # of x² between 0, 1/2 and 1, at 1/4
    assert replace(meta, others=others_grid(41, 2, 3), payoffs=curved[None, :4]).interpolation_error() is None


# Live economies


def test_a_strategy_earns_what_its_principals_are_paid_in_a_run_of_that_composition() -> None:
    from commonweal.economy.runs.ensemble import Ensemble

    scenario, names = small(), ("delegate", "free_ride")
    meta = play_meta_game(scenario, names, np.array([[0, 5], [3, 2], [5, 0]]), (4, 7), 3)
    start = {"policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0, "population.start_defect": 0.0}
    mixed = revise(scenario, start | {"population.start_delegate": 4 / 6, "population.start_free_ride": 2 / 6})
    ensemble = Ensemble(mixed, [7])
    paid = np.mean([ensemble.step().payday.payoffs[0] for _ in range(8)][-3:], axis=0)
    delegates = ensemble.people.action[0] == 1
    assert delegates.sum() == 4
    assert meta.payoffs[1, 1, 0] == pytest.approx(paid[delegates].mean(), abs=1e-12)  # three others and oneself
    assert meta.payoffs.shape == (2, 3, 2) and np.isfinite(meta.payoffs).all()


def test_policies_are_dealt_out_in_the_numbers_of_the_composition() -> None:
    from commonweal.economy.runs.ensemble import Ensemble

    scenario, names = small(), ("imitation", "fixed")
    meta = play_meta_game(scenario, names, np.array([[0, 5], [2, 3], [5, 0]]), (1,), 4)
    ensemble = Ensemble(revise(scenario, {"policy.mix": {"imitation": 3 / 6, "fixed": 3 / 6}}), [1])
    paid = np.mean([ensemble.step().payday.payoffs[0] for _ in range(8)][-4:], axis=0)
    follows = ensemble.people.policy[0] == ensemble.world.terms.policy.names.index("imitation")
    assert follows.sum() == 3
    assert meta.payoffs[0, 1, 0] == pytest.approx(paid[follows].mean(), abs=1e-12)


def test_whoever_free_rides_under_equal_shares_earns_more_and_takes_over() -> None:
    out = ask(small(**{"settlement.kind": "equal", "population.cost_low": 0.002, "population.cost_high": 0.003}),
              strategies=("delegate", "free_ride"), divisions=2)  # fmt: skip
    ess = out.tables["ess"].set_index("strategy")
    assert not ess.loc["delegate", "ess"]
    assert out.tables["alpha_rank"]["strategy"].iloc[0] == "free_ride"
    assert "payoff_low" in out.tables["payoffs"] and out.notes[0].startswith("Payoffs are means over the last 4 of 8")


@pytest.mark.parametrize(("factor", "stable"), [(1.6, "free_ride"), (3.9, "free_ride"), (4.1, "delegate")])
def test_a_live_public_goods_economy_has_the_margin_of_theory_and_switches_at_r_equal_to_n(
    factor: float, stable: str
) -> None:
    scenario = load("public-goods", {"population.count": 8, "rounds": 4, "market.multiplication": factor})
    ess = ask(scenario, seeds=(0, 1), divisions=2).tables["ess"].set_index("strategy")
    assert ess.index[ess["ess"]].tolist() == [stable]
    np.testing.assert_allclose(ess["margin"], [factor / 4 - 1, 1 - factor / 4], atol=1e-6)  # money is micro-units


def test_the_same_question_has_the_same_answer_and_tells_how_far_it_is() -> None:
    told: list[tuple[str, int, int]] = []
    options = EvolutionOptions(strategies=("delegate", "free_ride"), divisions=1, resamples=60)
    once, again = (
        evolution(Question(small(), (0, 1), options, pieces=Pieces("it", None, lambda *step: told.append(step))))
        for _ in range(2)
    )
    for name, table in once.tables.items():
        pd.testing.assert_frame_equal(table, again.tables[name])
    assert told[-1] == ("rounds of it", 64, 64, "meta-game: 1 of 1")


@pytest.mark.parametrize("M", [2, 3, 4])
def test_figures_are_drawn_for_two_three_and_more_strategies(M: int) -> None:
    game = matrix_game(("delegate", "free_ride", "defect", "d")[:M], np.random.default_rng(1).standard_normal((M, M)))
    figures = draw(answer(played(game, 2, 8, noise=0.02), Selection("fermi", 1.0, 0.02, 8), 60, 0))
    assert set(figures) == {"long_run", "invasion"} | ({"flow"} if M < 4 else set())
    for figure in figures.values():
        figure.canvas.draw()


# What it refuses


@pytest.mark.parametrize(
    ("strategies", "words"),
    [
        (("delegate",), "2 to 6 different"),
        (("delegate", "delegate"), "2 to 6 different"),
        (("delegate", "imitation"), "must be all actions, or all policies"),
        (("delegate", "abstain"), "'abstain' must be among actions.available = delegate, free_ride, defect"),
        (("imitation", "imitaton"), "'imitaton' must be an action .* or a policy"),
    ],
)
def test_strategies_that_cannot_be_compared_are_refused_in_one_line(strategies: tuple[str, ...], words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        demand_strategies(small(), strategies)
    assert "\n" not in str(caught.value)


def test_a_single_action_a_single_principal_and_a_single_seed_are_refused() -> None:
    only = {"population.start_delegate": 1.0, "population.start_free_ride": 0.0, "population.start_defect": 0.0}
    with pytest.raises(InputError, match="2 to 6 different"):
        ask(small(**only, **{"actions.available": ["delegate"]}))
    with pytest.raises(InputError, match=r"population\.count = 1"):
        demand_strategies(small(**{"population.count": 1}), ())
    with pytest.raises(InputError, match="at least 2"):
        ask(small(), seeds=(0,))
