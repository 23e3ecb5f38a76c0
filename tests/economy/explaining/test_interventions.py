"""Interventions: the whole is the run with all of them, placebos count exactly nothing, names do not matter."""

from dataclasses import replace

import numpy as np
import pytest

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.economy.explaining.interventions import Intervention, explain_interventions
from commonweal.economy.explaining.tree import Outcome, taken
from commonweal.economy.explaining.values import Effort
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import play_futures
from commonweal.economy.round.play import play_round
from commonweal.economy.runs.ensemble import Ensemble, next_actions
from commonweal.scenarios.schema.loading import load, revise

CURVE = revise(
    load("commons"),
    {"market.kind": "curve", "learning.samples": 32, "population.count": 12, "market.price": 0.05,
     "policy.imitation.intensity": 1000.0, "policy.revision": 0.2, "policy.mutation": 0.01,
     "population.start_delegate": 0.5, "population.start_free_ride": 0.3, "population.start_defect": 0.2,
     "policy.mix": {"imitation": 0.5, "fixed": 0.5}},
)  # fmt: skip
ROUNDS, OUTCOME = 24, Outcome(("share_delegate", "welfare"), 12)
RAID = Intervention("raid", 4, 8, members=(0, 1, 2, 3), action=Action.DEFECT)
DRIVE = Intervention("drive", 10, 13, members=(4, 5, 6), action=Action.DELEGATE)
CRISIS = Intervention("crisis", 6, 16, changes={"market.price": 0.01})
STUBBORN = Intervention("stubborn", 2, 20, members=(7, 8), policy="fixed")
ALL = (RAID, DRIVE, CRISIS, STUBBORN)


def economy(seeds=(0, 1), scenario=CURVE):
    return Ensemble(scenario, seeds).snapshot


def explained(interventions, start=None, **options):
    return explain_interventions(start or economy(), interventions, ROUNDS, OUTCOME, **options)


def test_with_all_of_them_it_is_the_run_and_with_none_the_run_left_alone():
    """Played round by round by hand, the terms, policies and actions set as the interventions say."""
    start = economy()
    found = explained(ALL, start)
    for done, expected in ((True, found.value), (False, found.base)):
        now, shares, welfare = taken(start, np.arange(2)), [], []
        state, people, streams = now.state, now.people, now.streams
        for t in range(ROUNDS):
            terms, policy = now.world.terms, people.policy.copy()
            if done and 6 <= t < 16:
                terms = replace(terms, market=replace(terms.market, price=np.full((2, 1), 0.01)))
            if done and 2 <= t < 20:
                policy[:, [7, 8]] = terms.policy.names.index("fixed")
            world, known = replace(now.world, terms=terms), replace(people, policy=policy)
            actions = next_actions(state, known, world, streams)
            if done and 4 <= t < 8:
                actions[:, :4] = Action.DEFECT
            if done and 10 <= t < 13:
                actions[:, 4:7] = Action.DELEGATE
            before = state.ledger.treasury
            state, after, record = play_round(state, known, actions, world, streams)
            people = replace(after, policy=people.policy)
            shares.append((record.actions == Action.DELEGATE).mean(axis=1))
            welfare.append(record.payday.payoffs.sum(axis=1) + (state.ledger.treasury - before) / 1e6)
        np.testing.assert_array_equal(expected[:, 0], np.mean(shares[-12:], axis=0))
        np.testing.assert_allclose(expected[:, 1], np.mean(welfare[-12:], axis=0), rtol=1e-12)


def test_the_parts_sum_to_the_difference_that_they_made_together():
    found = explained(ALL)
    assert found.exact and found.standard_error is None and found.evaluations == 16
    np.testing.assert_allclose(found.values.sum(axis=1), found.value - found.base, atol=1e-9)
    assert (np.abs(found.values).max(axis=(0, 2)) > 0).all()


def test_placebos_count_exactly_nothing():
    """Who is told to do what it does anyway, a price that is what it was, and a policy of one's own."""
    start = economy(scenario=revise(CURVE, {"policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0}))
    delegating = tuple(np.flatnonzero((start.people.action == Action.DELEGATE).all(axis=0)).tolist())
    others = tuple(i for i in range(12) if i not in delegating)
    same_price = Intervention("same price", 3, 9, changes={"market.price": 0.05})
    own_policy = Intervention("own policy", 3, 9, members=(0, 1), policy="fixed")
    placebos = [same_price, own_policy, Intervention("own action", 8, members=delegating, action=Action.DELEGATE)]
    found = explained((replace(RAID, members=others, action=Action.DELEGATE), *placebos), start)
    assert found.values[:, 0].any()
    assert (found.values[:, 1:] == 0).all()


def test_naming_them_in_another_order_moves_their_values_along():
    found, turned = explained(ALL), explained((CRISIS, STUBBORN, RAID, DRIVE))
    np.testing.assert_allclose(turned.values, found.values[:, [2, 3, 0, 1]], atol=1e-12)
    assert turned.names == ("crisis", "stubborn", "raid", "drive")


def test_permuting_principals_permutes_what_each_of_them_adds():
    """Where nobody draws anything, principals differ in cost and first action alone."""
    start = economy(scenario=revise(CURVE, {"policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0}))
    turn = np.array([5, 0, 2, 1, 4, 3, *range(6, 12)])
    people = replace(start.people, cost=start.people.cost[:, turn], action=start.people.action[:, turn])
    alone = [Intervention(f"{at}", at, members=(i,), action=Action.FREE_RIDE) for at, i in enumerate(turn[:5].tolist())]
    turned = [replace(each, members=(at,)) for at, each in enumerate(alone)]
    found, other = explained(alone, start), explained(turned, replace(start, people=people))
    assert len(np.unique(found.values[0, :, 1].round(9))) > 2
    np.testing.assert_allclose(other.values, found.values, atol=1e-9)


def test_one_alone_is_the_difference_that_a_deviation_in_its_rounds_makes():
    start = economy()
    found = explain_interventions(start, (RAID,), ROUNDS, Outcome(last=6))
    raid = Deviation("raid", (0, 1, 2, 3), Action.DEFECT, from_round=4, until=8)
    actions = play_futures(start, [raid], ROUNDS).actions
    shares = (actions[:, :, -6:] == Action.DELEGATE).mean(axis=(2, 3))
    np.testing.assert_allclose(found.values[:, 0, 0], shares[:, 1] - shares[:, 0], atol=1e-12)


def test_runs_alone_or_beside_others_are_explained_the_same():
    both, second = explained(ALL), explained(ALL, economy((1,)))
    np.testing.assert_allclose(both.values[1], second.values[0], atol=1e-15)
    np.testing.assert_array_equal(both.value[1], second.value[0])


def test_the_economy_stays_where_it_was():
    start, untouched = economy(), economy()
    explained(ALL, start)
    np.testing.assert_array_equal(start.streams.choice.uniform(3), untouched.streams.choice.uniform(3))
    np.testing.assert_array_equal(start.people.policy, untouched.people.policy)


def test_many_are_estimated():
    many = [replace(RAID, name=f"raid {i}", members=(i,), from_round=2 * i, until=2 * i + 2) for i in range(7)]
    exact, found = explained(many), explained(many, effort=Effort(budget=64))
    assert not found.exact and found.evaluations <= 64 and found.standard_error is not None
    np.testing.assert_allclose(found.values.sum(axis=1), found.value - found.base, atol=1e-9)
    assert ((found.values - exact.values) ** 2).sum() < 0.2 * (exact.values**2).sum()


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"from_round": 4, "until": 4}, "until above"), ({"members": ()}, "need members"), ({"action": None}, "need"),
     ({"members": (), "action": None}, "nothing is done")],
)  # fmt: skip
def test_an_intervention_that_cannot_be_is_refused(fields, words):
    with pytest.raises(InputError, match=words):
        replace(RAID, **fields)


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"members": (12,)}, "numbered 0 to 11"), ({"policy": "learning"}, "imitation"),
     ({"from_round": 30, "until": None}, "below rounds = 24"),
     ({"changes": {"market.kind": 1.0}}, "market.kind must be a field")],
)  # fmt: skip
def test_what_does_not_exist_is_named(fields, words):
    with pytest.raises(InputError, match=words):
        explained((replace(RAID, **fields),))


def test_without_any_there_is_nothing_to_explain():
    with pytest.raises(InputError, match="one or more"):
        explained(())
