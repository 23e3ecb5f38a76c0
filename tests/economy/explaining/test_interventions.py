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


LEARNED = revise(
    load("commons"), {"population.count": 6, "precision": "float64", "task.validation": 60, "policy.mutation": 0.1}
)
NAMES = load("slander", {"population.count": 10})
OF_THREE = Outcome(("payoff of 3",), 8)
OF_SIX = Outcome(tuple(f"payoff of {number}" for number in range(6)), 8)


def told(deviation, **window):
    return Intervention(deviation.name, deviation=deviation, **window)


@pytest.mark.parametrize(
    ("scenario", "deviation"),
    [
        (LEARNED, Deviation("stale", (3,), Action.DELEGATE, form="stale")),
        (LEARNED, Deviation("junk", (3,), form="junk")),
        (LEARNED, Deviation("less", (3,), share=0.25)),
        (LEARNED, Deviation("two names", (3,), identities=2)),
        (LEARNED, Deviation("stale under three names", (3,), Action.DELEGATE, "stale", identities=3)),
        (LEARNED, Deviation("copied", (3, 5), Action.DELEGATE, copies=True)),
        (load("value-conflict", {"population.count": 6}), Deviation("stricter", (3,), looser=-0.5)),
        (NAMES, Deviation("slander", (3,), slanders=True)),
        (NAMES, Deviation("praise", (3, 4), praises=True)),
        (load("commons", {"population.count": 6, "identity.cost": 0.001, "population.endowment": 0.004}),
         Deviation("paid names", (3,), identities=2)),
    ],
    ids=lambda given: getattr(given, "name", ""),
)  # fmt: skip
def test_conduct_in_all_rounds_is_the_deviation_played_by_futures(scenario, deviation):
    """With and without it, what everybody earns under all its names."""
    start = economy((4, 5), scenario)
    found = explain_interventions(start, [told(deviation)], 8, OF_SIX)
    futures = play_futures(start, [deviation], 8)
    earned = futures.payoffs[..., :6].mean(axis=2)
    earned[..., 3] += futures.payoffs[..., futures.principals :].sum(axis=3).mean(axis=2)
    np.testing.assert_allclose(found.base, earned[:, 0], rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(found.value, earned[:, 1], rtol=1e-12, atol=1e-15)
    assert (found.value != found.base).any()


@pytest.mark.parametrize("form", ["stale", "junk"])
def test_conduct_in_a_window_is_the_deviation_in_that_window(form):
    start = economy((4,), LEARNED)
    passing = Deviation("passing", (3,), Action.DELEGATE, form, from_round=2, until=5)
    always = replace(passing, from_round=0, until=None)
    found = explain_interventions(start, [told(always, from_round=2, until=5)], 8, OF_THREE)
    paid = play_futures(start, [passing], 8).payoffs[0, :, :, 3].mean(axis=1)
    np.testing.assert_allclose([found.base[0, 0], found.value[0, 0]], paid, rtol=1e-12)


def test_names_that_are_not_used_leave_everybody_what_they_are():
    """Nothing is drawn for names where samples walk: neither before nor after the window do they count."""
    start = economy((4,), LEARNED)
    names = told(Deviation("names", (3,), Action.DELEGATE, identities=3), from_round=2, until=4)
    found = explain_interventions(start, [names], 8, Outcome(("share_delegate", "accuracy", "payoff of 3"), 2))
    alone = explain_interventions(
        start, [Intervention("placebo", changes={"market.price": 0.01})], 8,
        Outcome(("share_delegate", "accuracy", "payoff of 3"), 2),
    )  # fmt: skip
    np.testing.assert_allclose(found.base, alone.base, rtol=1e-12)
    early = explain_interventions(start, [names], 8, Outcome(("share_delegate",), 8))
    assert 0 < early.value[0, 0] <= 1


def test_two_deviations_of_one_principal_hold_both():
    """Several names and stale data, apart and together, are the deviations that say so at once."""
    start = economy((4, 5), LEARNED)
    stale = told(Deviation("stale", (3,), Action.DELEGATE, "stale"))
    names = told(Deviation("names", (3,), Action.DELEGATE, identities=3))
    both = Deviation("both", (3,), Action.DELEGATE, "stale", identities=3)
    found = explain_interventions(start, [stale, names], 8, OF_THREE)
    paid = play_futures(start, [both], 8).payoffs[:, 1, :, [3, 6, 7]].sum(axis=0).mean(axis=1)
    np.testing.assert_allclose(found.value[:, 0], paid, rtol=1e-12)
    assert (found.values != 0).all()


def test_a_deviation_that_does_what_is_done_anyway_counts_exactly_nothing():
    start = economy(scenario=revise(LEARNED, {"policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0,
                                              "population.start_delegate": 1.0, "population.start_free_ride": 0.0,
                                              "population.start_defect": 0.0}))  # fmt: skip
    placebo = told(Deviation("own data", (2,), Action.DELEGATE, form="own"))
    junk = told(Deviation("junk", (3,), form="junk"))
    found = explain_interventions(start, [placebo, junk], 8, Outcome(("welfare",)))
    assert (found.values[:, 0] == 0).all() and found.values[:, 1].any()


def test_interactions_are_what_two_do_together_beyond_what_each_does_alone():
    start, (first, second) = economy(), (RAID, CRISIS)
    found = explained((first, second, DRIVE), start)
    alone = [explained((each,), start) for each in (first, second)]
    together = explained((first, second), start)
    expected = together.value - alone[0].value - alone[1].value + together.base
    np.testing.assert_allclose(found.interactions[:, 0, 1], expected, atol=1e-12)
    np.testing.assert_array_equal(found.interactions, found.interactions.swapaxes(1, 2))
    assert (found.interactions[:, [0, 1, 2], [0, 1, 2]] == 0).all()


def test_what_principals_earn_are_outcomes_that_sum_to_what_all_earn():
    each = tuple(f"payoff of {number}" for number in range(12))
    found = explain_interventions(economy(), ALL, ROUNDS, Outcome((*each, "payment of 3", "credit of 3")))
    assert found.values.shape == (2, 4, 14)
    alone = explain_interventions(economy(), ALL, ROUNDS, Outcome(("payment of 3", "credit of 3")))
    np.testing.assert_array_equal(found.value[:, 12:], alone.value)
    futures = play_futures(economy(), [], ROUNDS)
    np.testing.assert_allclose(found.base[:, :12], futures.payoffs[:, 0, -10:].mean(axis=1), rtol=1e-12)


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"joins": 2}, "no joins"), ({"leaves": 2}, "no leaves"), ({"policy": "fixed"}, "no policy"),
     ({"until": 5}, "no until"), ({"sheds": True, "identities": 2}, "no sheds")],
)  # fmt: skip
def test_what_lasts_cannot_be_in_a_window(fields, words):
    with pytest.raises(InputError, match=words):
        told(Deviation("lasting", (0,), **fields))


@pytest.mark.parametrize(
    ("deviations", "words"),
    [([Deviation("far", (12,), form="junk")], "numbered 0 to 11"),
     ([Deviation("names", (1, 2), identities=2), Deviation("more", (2,), identities=3)], "further names"),
     ([Deviation("slander", (1,), slanders=True)], "names must count")],
)  # fmt: skip
def test_deviations_that_make_no_sense_are_named(deviations, words):
    with pytest.raises(InputError, match=words):
        explained([told(each) for each in deviations])


@pytest.mark.parametrize("metric", ["payoff of 12", "payoff of", "payoff of -1", "luck of 1"])
def test_outcomes_of_nobody_are_refused(metric):
    with pytest.raises(InputError, match="unknown metric"):
        explain_interventions(economy(), ALL, ROUNDS, Outcome((metric,)))


def test_metrics_that_would_count_spare_names_are_refused():
    names = told(Deviation("names", (3,), identities=2))
    with pytest.raises(InputError, match="unknown metric 'gini'"):
        explain_interventions(economy(), [names], ROUNDS, Outcome(("gini",)))
