"""A public good without a task: the game of the textbooks, played by the same principals through the same round."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.agents.policies.memory import _felt
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import Others, play_futures
from commonweal.economy.money.ledger import MICRO, reconcile
from commonweal.economy.round.agree import agree
from commonweal.economy.round.record import Record
from commonweal.economy.runs.cooperative import Cooperative
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.scenario import Scenario

SIZE = 5
FIXED = {"policy.mix": {"fixed": 1.0}, "rounds": 4}
GAME = load("public-goods", {"population.count": SIZE, "market.groups": "all", **FIXED})


def game(**changes: Any) -> Scenario:
    return revise(GAME, {path.replace("__", "."): value for path, value in changes.items()})


def one_round(scenario: Scenario, seeds: tuple[int, ...] = (0,)) -> Record:
    return Ensemble(scenario, seeds).step()


def gain_of_contributing(scenario: Scenario, member: int = 0, others: Others = "freeze") -> float:
    """Money per round by which a principal does better if it contributes than if it does not."""
    ensemble = Ensemble(scenario, (0,))
    choices = [Deviation("give", (member,), Action.DELEGATE), Deviation("keep", (member,), Action.FREE_RIDE)]
    give, keep = play_futures(ensemble.snapshot, choices, 3, others=others).gains[0]
    return float(give - keep)


class TestLinearGame:
    @pytest.mark.parametrize("multiplication", [0.5, 1.6, 3.0, 4.9, 5.0, 5.1, 7.5])
    def test_the_gain_from_contributing_is_r_over_n_less_one(self, multiplication: float) -> None:
        # Linear public goods: cooperating dominates iff r > N; the marginal return is r/N per unit paid in.
        gain = gain_of_contributing(game(market__multiplication=multiplication))
        assert gain == pytest.approx(multiplication / SIZE - 1, abs=1e-9)

    @pytest.mark.parametrize("start", [0.0, 0.4, 1.0])
    def test_that_gain_does_not_depend_on_how_many_others_contribute(self, start: float) -> None:
        starts = {"population__start_delegate": start, "population__start_free_ride": 1 - start}
        assert gain_of_contributing(game(**starts), 3) == pytest.approx(1.6 / SIZE - 1, abs=1e-9)

    def test_the_dilemma_switches_where_the_multiplication_is_the_number_of_players(self) -> None:
        gains = [gain_of_contributing(game(market__multiplication=r)) for r in (SIZE - 0.001, SIZE, SIZE + 0.001)]
        np.testing.assert_array_equal(np.sign(np.round(gains, 9)), [-1, 0, 1])

    def test_best_responders_give_just_above_that_point_and_keep_just_below(self) -> None:
        eager = {"policy__mix": {"best_response": 1.0}, "policy__revision": 1.0, "population__count": SIZE}
        for multiplication, share in ((SIZE - 0.01, 0.0), (SIZE + 0.01, 1.0)):
            ensemble = Ensemble(game(market__multiplication=multiplication, **eager), (0,))
            ensemble.step()
            ensemble.step()
            assert ensemble.state.quality == share

    def test_who_contributes_is_paid_as_much_as_who_does_not_and_bears_the_cost(self) -> None:
        record = one_round(game())
        gives = record.actions == Action.DELEGATE
        assert record.payday.revenue == 1.6 * gives.sum() * MICRO
        np.testing.assert_allclose(record.payday.payoffs, 1.6 * gives.sum() / SIZE - gives, atol=1e-12)

    def test_quality_is_the_share_contributed_and_credit_what_was_paid_in(self) -> None:
        record = one_round(game(market__contribution=2.0))
        assert record.payday.quality == pytest.approx((record.actions == Action.DELEGATE).mean())
        np.testing.assert_array_equal(record.produce.credit, 2.0 * (record.actions == Action.DELEGATE))

    def test_who_contributes_half_gains_half_as_much(self) -> None:
        ensemble = Ensemble(game(), (0,))
        keep, half = Deviation("keep", (1,), Action.FREE_RIDE), Deviation("half", (1,), Action.DELEGATE, share=0.5)
        gains = play_futures(ensemble.snapshot, [keep, half], 2, others="freeze").gains
        assert gains[0, 1] - gains[0, 0] == pytest.approx(0.5 * (1.6 / SIZE - 1), abs=1e-9)

    def test_loners_neither_pay_nor_share_and_get_their_outside_option(self) -> None:
        """The optional public good of Hauert, De Monte, Hofbauer and Sigmund (2002)."""
        starts = {"start_delegate": 0.4, "start_free_ride": 0.2, "start_abstain": 0.4}
        loners = revise(GAME, {
            **{f"population.{name}": share for name, share in starts.items()}, "population.outside_option": 1.0,
            "actions.available": ["abstain", "delegate", "free_ride"], "market.multiplication": 3.0})  # fmt: skip
        record = one_round(loners)
        stays = record.actions == Action.ABSTAIN
        assert (record.payday.payoffs[stays] == 1.0).all() and stays.sum() == 2
        share = 3.0 * 2 / 3  # two of the three who take part contribute
        np.testing.assert_allclose(np.sort(record.payday.payoffs[~stays]), [share - 1, share - 1, share], atol=1e-12)

    @pytest.mark.parametrize(("lonely", "alone"), [("play", {2.0, 0.0}), ("outside", {1.0})])
    def test_who_is_alone_plays_on_or_is_a_loner_too(self, lonely: str, alone: set[float]) -> None:
        for gives in (0.2, 0.0):
            starts = {"start_delegate": gives, "start_free_ride": 0.2 - gives, "start_abstain": 0.8}
            record = one_round(revise(GAME, {
                **{f"population.{name}": share for name, share in starts.items()}, "population.outside_option": 1.0,
                "actions.available": ["abstain", "delegate", "free_ride"], "market.multiplication": 3.0,
                "market.lonely": lonely,
            }))  # fmt: skip
            stays = record.actions == Action.ABSTAIN
            assert set(record.payday.payoffs[~stays]) <= alone and (record.payday.payoffs[stays] == 1.0).all()
            assert (record.payday.revenue == (3 * MICRO if gives and lonely == "play" else 0)).all()

    @pytest.mark.parametrize("groups", ["all", "neighbourhoods"])
    def test_it_makes_no_difference_where_nobody_is_alone(self, groups: str) -> None:
        three = {"actions.available": ["abstain", "delegate", "free_ride"], "population.graph": "ring",
                 "population.degree": 2, "population.count": 9, "market.groups": groups, "rounds": 3}  # fmt: skip
        play, outside = (
            Ensemble(revise(GAME, {**three, "market.lonely": lonely}), (0, 1)).run() for lonely in ("play", "outside")
        )
        pd.testing.assert_frame_equal(play.rounds, outside.rounds)


class TestGroups:
    @staticmethod
    def payoffs(**changes: Any) -> tuple[np.ndarray, np.ndarray]:
        record = one_round(game(population__count=12, market__group_size=4, **changes))
        return (record.actions == Action.DELEGATE)[0].astype(float), record.payday.payoffs[0]

    def test_blocks_share_among_themselves_alone(self) -> None:
        gives, payoffs = self.payoffs(market__groups="blocks")
        expected = 1.6 * np.repeat(gives.reshape(3, 4).mean(axis=1), 4) - gives
        np.testing.assert_allclose(payoffs, expected, atol=1e-12)

    def test_random_groups_are_dealt_anew_every_round_and_hold_four_each(self) -> None:
        ensemble = Ensemble(game(population__count=12, market__groups="random"), (0,))
        first, second = ensemble.step().payday.payments, ensemble.step().payday.payments
        assert (first != second).any()
        for payments in (first, second):
            counts = np.unique(payments, return_counts=True)[1]
            assert (counts % 4 == 0).all()

    def test_neighbourhoods_overlap_and_a_contributor_pays_into_each(self) -> None:
        gives, payoffs = self.payoffs(market__groups="neighbourhoods", population__graph="lattice")
        graph = Ensemble(game(population__count=12, population__graph="lattice"), (0,)).world.graph.networkx(0)
        expected = np.zeros(12)
        for centre in range(12):
            group = [centre, *graph.neighbors(centre)]
            expected[group] += 1.6 * gives[group].sum() / len(group) - gives[group]
        np.testing.assert_allclose(payoffs, expected, atol=1e-5)  # whole micro-units in each of five groups

    def test_neighbourhoods_of_everybody_are_as_many_times_the_whole_group(self) -> None:
        gives, payoffs = self.payoffs(market__groups="neighbourhoods")
        np.testing.assert_allclose(payoffs, 12 * (1.6 * gives.mean() - gives), atol=1e-4)

    def test_in_random_groups_the_gain_is_that_of_the_group(self) -> None:
        scenario = game(population__count=12, market__groups="random", market__group_size=4)
        assert gain_of_contributing(scenario) == pytest.approx(1.6 / 4 - 1, abs=1e-9)

    def test_in_a_finite_population_contributors_do_better_above_r_star(self) -> None:
        """(r/N) (Z − N) / (Z − 1) − 1 decides, so that r* = N (Z − 1) / (Z − N): 7 for N = 4, Z = 8."""
        Z, N, runs = 8, 4, 1000
        halves = {"population__start_delegate": 0.5, "population__start_free_ride": 0.5}
        base = game(population__count=Z, market__groups="random", market__group_size=N, **halves)
        for multiplication in (5.0, N * (Z - 1) / (Z - N), 9.0):
            record = one_round(revise(base, {"market.multiplication": multiplication}), tuple(range(runs)))
            gives = record.actions == Action.DELEGATE
            giving, keeping = ((record.payday.payoffs * who).sum(axis=1) / (Z / 2) for who in (gives, ~gives))
            lead = giving - keeping
            expected = multiplication / N * (Z - N) / (Z - 1) - 1
            assert abs(lead.mean() - expected) < 4 * lead.std() / np.sqrt(runs) + 1e-6


HARSH = {"market__punishment__probability": 1.0, "market__punishment__cost": 0.1, "market__punishment__fine": 0.3}


class TestPunishment:
    def test_each_contributor_pays_for_and_fines_every_free_rider(self) -> None:
        record = one_round(game(**HARSH))
        gives = (record.actions == Action.DELEGATE)[0]
        givers, keepers = gives.sum(), (~gives).sum()
        before = 1.6 * givers / SIZE - gives
        np.testing.assert_allclose(
            record.payday.payoffs[0], before - np.where(gives, 0.1 * keepers, 0.3 * givers), atol=1e-12
        )

    def test_a_fine_by_all_four_others_makes_contributing_pay(self) -> None:
        # four contributors, a fine of .3 each: keeping loses 1.2 and gains 1 − r/N = .68
        everybody = {"population__start_delegate": 1.0, "population__start_free_ride": 0.0}
        gain = gain_of_contributing(game(**everybody, **HARSH))
        assert gain == pytest.approx(1.6 / SIZE - 1 + 4 * 0.3, abs=1e-9)

    def test_a_punishment_that_never_happens_changes_nothing(self) -> None:
        never = HARSH | {"market__punishment__probability": 0.0}
        np.testing.assert_array_equal(one_round(game(**never)).payday.payoffs, one_round(game()).payday.payoffs)

    def test_who_punishes_at_times_punishes_that_often(self) -> None:
        seeds = tuple(range(1000))
        at_times = HARSH | {"market__punishment__probability": 0.25}
        lost = one_round(game(), seeds).payday.payoffs - one_round(game(**at_times), seeds).payday.payoffs
        total = lost.sum(axis=1)
        expected = 0.25 * 2 * 3 * (0.1 + 0.3)  # two contributors, three who keep
        assert abs(total.mean() - expected) < 4 * total.std() / np.sqrt(len(seeds))


@given(
    groups=st.sampled_from(["all", "blocks", "neighbourhoods"]),
    graph=st.sampled_from(["complete", "lattice", "ring", "cliques"]),
    starts=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    multiplication=st.floats(0, 20),
    reserve=st.floats(0, 1),
    punishing=st.sampled_from([0.0, 1.0]),
)
@settings(max_examples=40)
def test_what_best_responders_expect_of_what_they_did_is_what_they_got(
    groups: str, graph: str, starts: tuple[float, float], multiplication: float, reserve: float, punishing: float
) -> None:
    delegate, of_rest = starts
    abstain = (1 - delegate) * of_rest
    scenario = game(
        population__count=12, population__graph=graph, population__degree=2 if graph != "cliques" else 3,
        population__start_delegate=delegate, population__start_abstain=abstain,
        population__start_free_ride=max(1 - delegate - abstain, 0.0), population__outside_option=0.5,
        actions__available=["abstain", "delegate", "free_ride"], market__groups=groups, settlement__reserve=reserve,
        market__multiplication=multiplication, market__punishment__probability=punishing)  # fmt: skip
    ensemble = Ensemble(scenario, (3,))
    world, streams = ensemble.world, ensemble.streams
    moment = agree(ensemble.state, ensemble.people, ensemble.decide(), world, streams)
    _, produce = world.market.produce(moment, world, streams)
    expected = world.market.foregone(moment, produce, None, world, streams).payoffs
    record = ensemble.step()
    got = np.take_along_axis(expected, record.actions[..., None], axis=2)[..., 0]
    np.testing.assert_allclose(got, record.payday.payoffs, atol=2e-5)  # payments are whole micro-units in each group


@given(
    count=st.integers(2, 24), start=st.floats(0, 1), multiplication=st.floats(0, 50), contribution=st.floats(0, 1000),
    reserve=st.floats(0, 1), groups=st.sampled_from(["all", "neighbourhoods"]),
)  # fmt: skip
@settings(max_examples=40)
def test_every_micro_unit_that_comes_in_is_paid_or_kept(
    count: int, start: float, multiplication: float, contribution: float, reserve: float, groups: str
) -> None:
    scenario = game(
        population__count=count, population__start_delegate=start, population__start_free_ride=1 - start,
        market__multiplication=multiplication, market__contribution=contribution, market__groups=groups,
        settlement__reserve=reserve)  # fmt: skip
    ensemble = Ensemble(scenario, (1, 2), keep_ledger=True)
    record = ensemble.step()
    ledger, payday = ensemble.state.ledger, record.payday
    np.testing.assert_array_equal(ledger.treasury + payday.payments.sum(axis=1), payday.revenue)
    assert (ledger.balances.sum(axis=1) == 0).all()
    results = ensemble.run(2)
    assert results.ledger is not None
    first = np.zeros_like(ledger.balances)
    assert (reconcile(results.ledger, ensemble.state.ledger.balances - ledger.balances) == first).all()


class TestSameRound:
    LIVELY = revise(GAME, {
        "population.count": 16, "market.groups": "random", "rounds": 6, "market.punishment.probability": 0.5,
        "policy.mix": dict.fromkeys(("conditional", "imitation", "learning", "best_response"), 0.25),
        "policy.mutation": 0.1})  # fmt: skip

    def test_a_run_is_the_same_alone_in_an_ensemble_and_in_mesa(self) -> None:
        together = Ensemble(self.LIVELY, (4, 9)).run().rounds
        alone = Ensemble(self.LIVELY, (9,)).run().rounds
        mesa = Cooperative(self.LIVELY, rng=9).play().rounds
        for column in ("share_delegate", "welfare", "paid", "accuracy", "gini"):
            mine = together.loc[together["run"] == 1, column].to_numpy()
            np.testing.assert_array_equal(mine, alone[column])
            np.testing.assert_array_equal(mine, mesa[column])

    def test_shares_of_policies_may_differ_between_the_runs_of_an_ensemble(self) -> None:
        mixes = [{"conditional": 0.25, "learning": 0.75}, {"conditional": 0.75, "learning": 0.25}]
        scenarios = [revise(self.LIVELY, {"policy.mix": mix}) for mix in mixes]
        together = Ensemble(scenarios, (4, 4))
        counts = (together.people.policy == 1).sum(axis=1)  # learning
        np.testing.assert_array_equal(counts, [12, 4])
        for scenario, run in zip(scenarios, (0, 1), strict=True):
            alone = Ensemble(scenario, (4,))
            np.testing.assert_array_equal(alone.people.policy[0], together.people.policy[run])

    def test_different_policies_may_not(self) -> None:
        scenarios = [revise(self.LIVELY, {"policy.mix": {name: 1.0}}) for name in ("fixed", "learning")]
        with pytest.raises(InputError, match=r"policy.mix must have the same names .*, not fixed, learning"):
            Ensemble(scenarios, (0, 1))


def test_a_loss_counts_more_to_a_loss_averse_learner_and_a_gain_does_not() -> None:
    payoffs = np.array([[-2.0, 0.0, 3.0]])
    np.testing.assert_array_equal(_felt(payoffs, np.array([[2.25]])), [[-4.5, 0.0, 3.0]])


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"settlement.kind": "credit"}, "settlement.kind must be equal"),
        ({"screening.mode": "project"}, "screening.mode must be off"),
        ({"values.dimensions": [{"sense": "protect", "label": 1}]}, "values.dimensions must be empty"),
        ({"actions.available": ["delegate", "defect"]}, "actions.available must be without defect"),
        ({"population.start_defect": 0.6, "population.start_free_ride": 0.0}, "population.start_defect must be 0"),
        ({"market.model_value": 1.0}, "market.model_value must be 0"),
        ({"market.groups": "blocks", "population.count": 10}, "must be a multiple of market.group_size = 4"),
        ({"population.graph": "cliques", "population.degree": 3, "population.count": 10}, "multiple of degree + 1 = 4"),
    ],
)
def test_what_makes_no_sense_of_a_public_good_is_refused_in_one_line(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InputError) as refusal:
        revise(GAME, changes)
    assert complaint in str(refusal.value) and "\n" not in str(refusal.value)


def test_a_second_name_needs_one_group_of_all() -> None:
    ensemble = Ensemble(game(population__count=12, market__groups="blocks"), (0,))
    with pytest.raises(InputError, match="a second name belongs to no group"):
        play_futures(ensemble.snapshot, [Deviation("sybil", (0,), identities=2)], 1)


def test_revenue_that_cannot_be_divided_exactly_is_refused() -> None:
    with pytest.raises(InputError, match=r"market.contribution: up to .* money in a round; at most 1e\+09 is allowed"):
        one_round(game(market__contribution=1e6, market__multiplication=1e6))
