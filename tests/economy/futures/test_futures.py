"""Futures: what becomes of runs when some principals deviate."""

import numpy as np
import pytest

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import branch, play_futures
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.world.replicas import pick_runs, pick_streams, pick_world
from commonweal.scenarios.schema.loading import load, revise

PRINCIPALS = 8
SMALL = revise(load("commons"), {"population.count": PRINCIPALS, "precision": "float64", "task.validation": 60})
VALUED = revise(
    load("value-conflict"),
    {"population.count": PRINCIPALS, "precision": "float64", "screening.scope": "own", "screening.mode": "reject"},
)


def played(scenario=SMALL, seeds=(0, 1), rounds=3) -> Ensemble:
    ensemble = Ensemble(scenario, seeds)
    for _ in range(rounds):
        ensemble.step()
    return ensemble


def futures_of(ensemble: Ensemble, *deviations: Deviation, rounds: int = 4, others: str = "adapt"):
    return play_futures(ensemble.snapshot, deviations, rounds, others=others)


def free_rider(*members: int, **otherwise) -> Deviation:
    return Deviation("free-ride", members, Action.FREE_RIDE, **otherwise)


class TestReplicas:
    @pytest.mark.parametrize("graph", ["complete", "watts_strogatz", "ring"])
    def test_a_replica_plays_on_as_the_run_it_was_taken_from(self, graph):
        scenario = revise(SMALL, {"population.graph": graph, "policy.imitation.reach": "neighbours"})
        ensemble = played(scenario)
        runs = np.array([1, 0, 1])
        world, state = pick_world(ensemble.world, runs), pick_runs(ensemble.state, runs)
        copied = Ensemble(scenario, (1, 0, 1))
        copied.world, copied.state, copied.streams = world, state, pick_streams(ensemble.streams, runs)
        copied.people = pick_runs(ensemble.people, runs)
        for _ in range(3):
            expected, got = ensemble.step(), copied.step()
            np.testing.assert_array_equal(got.actions, expected.actions[runs])
            np.testing.assert_allclose(got.payday.payoffs, expected.payday.payoffs[runs], rtol=1e-9)

    def test_taking_a_replica_moves_neither_state_nor_streams(self):
        ensemble, untouched = played(), played()
        futures_of(ensemble, free_rider(0))
        np.testing.assert_array_equal(ensemble.step().payday.payoffs, untouched.step().payday.payoffs)

    @pytest.mark.parametrize("kind", ["synthetic", "digits"])
    def test_tasks_that_share_their_data_and_tasks_that_do_not_can_be_replicated(self, kind):
        ensemble = played(revise(SMALL, {"task.kind": kind, "learning.sampling": "pool"}))
        without = futures_of(ensemble, rounds=2).payoffs[:, 0]
        expected = np.stack([ensemble.step().payday.payoffs for _ in range(2)], axis=1)
        np.testing.assert_allclose(without, expected, rtol=1e-9)


class TestDeviations:
    def test_the_first_future_is_the_run_itself(self):
        ensemble = played()
        futures = futures_of(ensemble, free_rider(0))
        expected = np.stack([ensemble.step().payday.payoffs for _ in range(4)], axis=1)
        np.testing.assert_allclose(futures.payoffs[:, 0], expected, rtol=1e-9)

    def test_doing_nothing_otherwise_gains_exactly_nothing(self):
        futures = futures_of(played(), Deviation("nothing", (2,)), Deviation("own data", (3,), form=None))
        assert (futures.gains == 0).all() and (futures.losses == 0).all()

    def test_frozen_others_do_what_they_do_without_the_deviation(self):
        futures = futures_of(played(), free_rider(2), rounds=12, others="freeze")
        others = [i for i in range(PRINCIPALS) if i != 2]
        np.testing.assert_array_equal(futures.actions[:, 1][..., others], futures.actions[:, 0][..., others])
        assert (futures.actions[:, 1, :, 2] == Action.FREE_RIDE).all()

    def test_adapting_others_may_answer_a_deviation(self):
        eager = revise(SMALL, {"policy.revision": 1.0})
        futures = futures_of(played(eager), *(free_rider(i) for i in range(4)), rounds=20)
        assert (futures.actions[:, 1:, :, 4:] != futures.actions[:, :1, :, 4:]).any()

    def test_gains_are_per_round_and_member(self):
        futures = futures_of(played(), free_rider(1, 4))
        change = (futures.payoffs[:, 1] - futures.payoffs[:, 0])[..., [1, 4]]
        np.testing.assert_allclose(futures.gains[:, 0], change.mean(axis=(1, 2)), rtol=1e-12)

    def test_a_deviation_alone_or_beside_others_gains_the_same(self):
        ensemble = played()
        alone, beside = futures_of(ensemble, free_rider(1)), futures_of(ensemble, free_rider(0), free_rider(1))
        np.testing.assert_allclose(alone.gains[:, 0], beside.gains[:, 1], rtol=1e-9)

    def test_under_equal_pay_free_riding_saves_at_least_its_cost_less_a_share_of_the_loss(self):
        """Payments are equal, so a free-rider's gain is its saved cost plus its N-th part of the change in revenue."""
        equal = revise(SMALL, {"settlement.kind": "equal", "policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0})
        ensemble = played(equal)
        futures = futures_of(ensemble, Deviation("delegate", (0,), Action.DELEGATE), free_rider(0), others="freeze")
        cost = ensemble.people.cost[:, 0] * equal.learning.samples
        saved = futures.payoffs[:, 2, :, 0] - futures.payoffs[:, 1, :, 0]
        customers = equal.market.price * PRINCIPALS
        revenue = customers * np.maximum(futures.quality - equal.market.baseline, 0)
        np.testing.assert_allclose(saved, cost[:, None] + (revenue[:, 2] - revenue[:, 1]) / PRINCIPALS, atol=2e-6)

    def test_who_puts_in_less_pays_less_and_is_counted_with_less(self):
        free = {"policy.mix": {"fixed": 1.0}, "settlement.kind": "equal", "actions.defect_gain": 0.0}
        ensemble = played(revise(SMALL, free))
        whole, half = Deviation("all", (0,), Action.DELEGATE), Deviation("half", (0,), Action.DELEGATE, share=0.5)
        none = Deviation("none", (0,), Action.DELEGATE, share=0.0)
        futures = futures_of(ensemble, whole, half, none, rounds=1, others="freeze")
        cost = ensemble.people.cost[:, 0] * SMALL.learning.samples
        pay = futures.payoffs[:, 1:, 0, 0] + cost[:, None] * np.array([1.0, 0.5, 0.0])
        others = futures.payoffs[:, 1:, 0, 1:].max(axis=2)  # equal pay; who free-rides has no cost
        np.testing.assert_allclose(pay, others, atol=2e-6)

    @pytest.mark.parametrize("form", ["wrong", "junk", "stale"])
    def test_bad_data_costs_nothing_and_moves_the_model_otherwise_than_good_data(self, form):
        ensemble = played(revise(SMALL, {"screening.gate": False, "settlement.kind": "equal"}))
        honest = Deviation("honest", (0,), Action.DELEGATE)
        bad = Deviation(form, (0,), Action.DELEGATE, form=form)
        futures = futures_of(ensemble, honest, bad, rounds=3, others="freeze")
        assert (futures.payoffs[:, 2, 0, 0] != futures.payoffs[:, 1, 0, 0]).all()
        assert (futures.payoffs[:, 1:, 1:] != futures.payoffs[:, :1, 1:]).any()

    def test_who_joins_later_gets_the_outside_option_until_then(self):
        ensemble = played(revise(SMALL, {"population.outside_option": 0.125, "policy.revision": 0.0}))
        futures = futures_of(ensemble, Deviation("late", (1,), joins=2))
        assert (futures.payoffs[:, 1, :2, 1] == 0.125).all()
        assert (futures.payoffs[:, 1, 2:, 1] != 0.125).all()
        assert (futures.actions[:, 1, 2:, 1] == futures.actions[:, 0, 2:, 1]).all()  # it does what it would have done

    def test_who_leaves_gets_the_outside_option_from_then_on(self):
        ensemble = played(revise(SMALL, {"population.outside_option": 0.125}))
        futures = futures_of(ensemble, Deviation("leaves", (1,), leaves=2))
        assert (futures.payoffs[:, 1, 2:, 1] == 0.125).all()
        np.testing.assert_allclose(futures.payoffs[:, 1, :2], futures.payoffs[:, 0, :2], rtol=1e-9)

    def test_claiming_to_be_stricter_takes_more_off_ones_own_update(self):
        ensemble = played(VALUED, seeds=(0, 1, 2), rounds=30)
        strict, loose = Deviation("strict", (0,), looser=-1.0), Deviation("loose", (0,), looser=1e6)
        futures = futures_of(ensemble, strict, loose, rounds=8, others="freeze")
        assert (futures.gains[:, 0] != 0).any() or (futures.gains[:, 1] != 0).any()


class TestNames:
    """A Sybil attack: one principal under several names."""

    def test_spare_names_that_nobody_bears_change_nobodys_payoff_under_equal_pay(self):
        scenario = revise(SMALL, {"settlement.kind": "equal", "policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0})
        ensemble = played(scenario)
        plain = futures_of(ensemble, free_rider(0), others="freeze")
        sybil = Deviation("sybil", (1,), identities=3)
        named = futures_of(ensemble, free_rider(0), sybil, others="freeze")
        np.testing.assert_allclose(
            named.payoffs[:, :2, :, :PRINCIPALS], plain.payoffs[:, :, :, :PRINCIPALS], rtol=1e-9, atol=1e-12
        )
        assert (named.payoffs[:, :2, :, PRINCIPALS:] == 0).all()

    def test_under_equal_pay_k_names_get_k_shares_of_the_same_revenue(self):
        scenario = revise(SMALL, {"settlement.kind": "equal", "policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0})
        ensemble = played(scenario)
        idle = free_rider(0)
        sybil = Deviation("sybil", (0,), Action.FREE_RIDE, identities=4)
        futures = futures_of(ensemble, idle, sybil, rounds=1, others="freeze")
        one = futures.payoffs[:, 1, 0, 0]
        many = futures.payoffs[:, 2, 0][:, [0, 8, 9, 10]].sum(axis=1)
        np.testing.assert_allclose(many, one * 4 * PRINCIPALS / (PRINCIPALS + 3), atol=1e-5)

    def test_private_gains_are_a_persons_not_a_names(self):
        scenario = revise(SMALL, {"actions.defect_gain": 1.0, "market.price": 0.0, "policy.mix": {"fixed": 1.0}})
        futures = futures_of(played(scenario), Deviation("sybil", (0,), Action.DEFECT, identities=3), others="freeze")
        assert (futures.payoffs[:, 1][..., [0, 8, 9]].sum(axis=2) == 1.0).all()

    def test_the_names_of_a_member_divide_its_samples(self):
        ensemble = played(revise(SMALL, {"learning.sampling": "pool"}), rounds=1)
        sybil = Deviation("sybil", (2,), Action.DELEGATE, identities=3)
        from commonweal.economy.futures.deviations import conducted, lay_names

        names = lay_names([sybil], PRINCIPALS)
        runs = np.array([0, 0])
        world, people = pick_world(ensemble.world, runs, 2), pick_runs(ensemble.people, runs, 2)
        holdings = conducted(world, people, [sybil], names).holdings
        held = ensemble.world.holdings.count[0, 2]
        assert holdings.count[1, [2, 8, 9]].sum() == held
        ends = holdings.start[1, [2, 8, 9]] + holdings.count[1, [2, 8, 9]]
        np.testing.assert_array_equal(holdings.start[1, [8, 9]], ends[:2])

    def test_spare_names_do_not_change_what_principals_draw(self):
        ensemble = played()
        futures = futures_of(ensemble, Deviation("sybil", (1,), identities=3), rounds=8)
        expected = [ensemble.step() for _ in range(8)]
        actions = np.stack([record.actions for record in expected], axis=1)
        np.testing.assert_array_equal(futures.actions[:, 0, :, :PRINCIPALS], actions)
        payoffs = np.stack([record.payday.payoffs for record in expected], axis=1)
        np.testing.assert_allclose(futures.payoffs[:, 0, :, :PRINCIPALS], payoffs, atol=2e-6)

    def test_nobody_envies_a_name_that_nobody_bears(self):
        eager = revise(SMALL, {"policy.revision": 1.0, "policy.mutation": 0.0, "population.start_delegate": 1.0,
                               "population.start_free_ride": 0.0, "population.start_defect": 0.0})
        futures = futures_of(played(eager), Deviation("sybil", (0,), identities=5), rounds=10)
        assert (futures.actions[:, 0, :, :PRINCIPALS] == Action.DELEGATE).all()


class TestDepartures:
    """Who leaves keeps its copy of the model."""

    def test_a_copy_is_worth_its_accuracy_at_departure_while_nothing_drifts(self):
        worth = {"market.model_value": 0.5, "task.drift": 0.0, "population.outside_option": 0.125}
        futures = futures_of(played(revise(SMALL, worth)), Deviation("leaves", (1,), leaves=2), rounds=5)
        taken = futures.quality[:, 1, 1]
        np.testing.assert_allclose(futures.payoffs[:, 1, 2:, 1], 0.125 + 0.5 * taken[:, None].repeat(3, 1), rtol=1e-12)

    def test_a_copy_ages_as_features_drift(self):
        delegating = {"start_delegate": 1.0, "start_free_ride": 0.0, "start_defect": 0.0}
        population = SMALL.population.model_dump(exclude_none=True) | delegating
        fixed = {"policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0, "population": population}
        worth = revise(SMALL, fixed | {"market.model_value": 1.0, "task.drift": 0.02})
        futures = futures_of(played(worth, rounds=30), Deviation("leaves", (1,), leaves=1), rounds=60)
        kept, shared = futures.payoffs[:, 1, 1:, 1], futures.quality[:, 1, 1:]
        np.testing.assert_allclose(kept[:, 0], shared[:, 0], atol=0.1)
        assert (kept[:, -10:].mean(axis=1) < shared[:, -10:].mean(axis=1) - 0.2).all()

    def test_where_models_are_worth_nothing_copies_are_too(self):
        futures = futures_of(played(), Deviation("leaves", (1,), leaves=1))
        assert (futures.payoffs[:, 1, 1:, 1] == 0).all()


class TestBranches:
    def test_branches_stand_alike_and_go_their_own_ways_but_for_the_first(self):
        ensemble = played(seeds=(5,))
        futures = play_futures(branch(ensemble.snapshot, 3, seed=9), [], 12)
        expected = np.stack([ensemble.step().payday.payoffs for _ in range(12)], axis=1)
        np.testing.assert_allclose(futures.payoffs[:1, 0], expected, rtol=1e-9)
        assert not np.allclose(futures.payoffs[1, 0], futures.payoffs[2, 0])

    def test_every_branch_compares_on_its_own_luck(self):
        ensemble = played(seeds=(5,))
        assert (play_futures(branch(ensemble.snapshot, 3, seed=9), [Deviation("same", (0,))], 6).gains == 0).all()


@pytest.mark.parametrize(
    ("members", "otherwise", "complaint"),
    [
        ((), {}, "one or more"),
        ((1, 1), {}, "different principals"),
        ((1,), {"form": "gold"}, "must be one of own, wrong, junk, stale"),
        ((1,), {"share": 1.5}, "share in [0, 1]"),
        ((1,), {"identities": 0}, "identities >= 1"),
        ((1,), {"leaves": -1}, "leaves and earlier >= 0"),
    ],
)
def test_a_deviation_that_makes_no_sense_is_refused_in_one_line(members, otherwise, complaint):
    with pytest.raises(InputError) as refusal:
        Deviation("odd", members, **otherwise)
    assert complaint in str(refusal.value) and "\n" not in str(refusal.value)


def test_a_deviation_of_a_principal_that_does_not_exist_is_refused():
    with pytest.raises(InputError, match=f"no principal {PRINCIPALS}; they are numbered 0 to {PRINCIPALS - 1}"):
        futures_of(played(rounds=1), free_rider(PRINCIPALS))


class TestWindows:
    """Deviations from a round on, and until one."""

    def test_outside_its_rounds_nothing_is_forced_and_before_them_nothing_differs(self):
        futures = futures_of(played(), free_rider(2, from_round=3, until=5), rounds=9)
        assert (futures.actions[:, 1, 3:5, 2] == Action.FREE_RIDE).all()
        np.testing.assert_array_equal(futures.payoffs[:, 1, :3], futures.payoffs[:, 0, :3])
        assert (futures.payoffs[:, 1, 3] != futures.payoffs[:, 0, 3]).any()

    def test_afterwards_principals_follow_their_policies_again(self):
        eager = revise(SMALL, {"policy.revision": 1.0, "policy.imitation.intensity": 0.0})  # copies anybody
        ensemble = played(eager)
        (always, passing) = (futures_of(ensemble, free_rider(2, **w), rounds=12) for w in ({}, {"until": 2}))
        assert (always.actions[:, 1, :, 2] == Action.FREE_RIDE).all()
        assert (passing.actions[:, 1, :2, 2] == Action.FREE_RIDE).all()
        assert (passing.actions[:, 1, 2:, 2] != Action.FREE_RIDE).any()

    def test_a_window_of_all_rounds_is_no_window(self):
        ensemble = played()
        junk = {"form": "junk", "share": 0.5}
        whole = futures_of(ensemble, free_rider(1), Deviation("junk", (3,), Action.DELEGATE, **junk))
        window = {"from_round": 0, "until": 4}
        same = futures_of(ensemble, free_rider(1, **window), Deviation("junk", (3,), Action.DELEGATE, **junk, **window))
        np.testing.assert_array_equal(same.payoffs, whole.payoffs)
        np.testing.assert_array_equal(same.balances, whole.balances)

    def test_what_is_put_in_is_bad_in_the_window_alone(self):
        still = revise(SMALL, {"policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0, "population.start_delegate": 1.0,
                               "population.start_free_ride": 0.0, "population.start_defect": 0.0})  # fmt: skip
        ensemble = played(still)
        junk = {"form": "junk", "from_round": 1}
        once, on = (futures_of(ensemble, Deviation("junk", (0,), until=until, **junk)) for until in (2, None))
        np.testing.assert_array_equal(once.quality[:, 1, 0], once.quality[:, 0, 0])
        np.testing.assert_array_equal(once.payoffs[:, 1, :2], on.payoffs[:, 1, :2])
        assert (once.payoffs[:, 1, 1] != once.payoffs[:, 0, 1]).any()
        assert (once.payoffs[:, 1, 2, 0] != on.payoffs[:, 1, 2, 0]).all()

    def test_beside_a_deviation_with_names_it_gains_what_it_gains_alone(self):
        ensemble = played()
        own, sybil = free_rider(1, from_round=1, until=3), Deviation("sybil", (0,), identities=3)
        alone, beside = futures_of(ensemble, own), futures_of(ensemble, sybil, own)
        np.testing.assert_allclose(beside.gains[:, 1], alone.gains[:, 0], rtol=1e-9)

    @pytest.mark.parametrize(
        "fields", [{"from_round": -1}, {"from_round": 3, "until": 3}, {"until": 4, "identities": 2},
                   {"from_round": 2, "joins": 1}, {"until": 4, "leaves": 2}, {"until": 4, "copies": True}]
    )  # fmt: skip
    def test_what_cannot_pass_is_refused(self, fields):
        with pytest.raises(InputError, match=r"deviation free-ride: .*from_round"):
            free_rider(1, **fields)
