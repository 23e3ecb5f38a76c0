"""Futures in which some go by another policy than their own, which may be new in the mix."""

from dataclasses import replace

import numpy as np
import pytest

from commonweal.agents.errors import InputError
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import Futures, play_futures
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.scenario import Scenario

SCORING = "norm:image-scoring"
SMALL = revise(load("leading-eight"), {"population.count": 10, "policy.mix": {"norm:L6": 1.0}})


def futures_of(scenario: Scenario, *deviations: Deviation, before: int = 3, rounds: int = 20) -> Futures:
    ensemble = Ensemble(scenario, (0, 1))
    for _ in range(before):
        ensemble.step()
    return play_futures(ensemble.snapshot, deviations, rounds)


def test_who_follows_its_own_policy_gains_nothing() -> None:
    futures = futures_of(SMALL, Deviation("the same", (2,), policy="norm:L6"))
    np.testing.assert_array_equal(futures.payoffs[:, 0], futures.payoffs[:, 1])


def test_a_policy_that_is_new_in_the_mix_changes_nothing_where_nobody_follows_it() -> None:
    with_it = revise(SMALL, {"policy.mix": {"norm:L6": 0.5, SCORING: 0.5}})
    ensemble = Ensemble(with_it, (0, 1))
    stern = np.full(ensemble.people.shape, ensemble.world.terms.policy.names.index("norm:L6"))
    ensemble.people = replace(ensemble.people, policy=stern)
    expected = np.stack([ensemble.step().payday.payoffs for _ in range(20)], axis=1)
    found = futures_of(SMALL, Deviation("scorer", (2,), policy=SCORING), before=0)
    np.testing.assert_array_equal(found.payoffs[:, 0], expected)


def test_all_who_change_over_to_a_policy_play_as_those_who_always_followed_it() -> None:
    with_it = revise(SMALL, {"policy.mix": {"norm:L6": 0.5, SCORING: 0.5}})
    ensemble = Ensemble(with_it, (0, 1))
    scoring = np.full(ensemble.people.shape, ensemble.world.terms.policy.names.index(SCORING))
    ensemble.people = replace(ensemble.people, policy=scoring)
    expected = np.stack([ensemble.step().payday.payoffs for _ in range(20)], axis=1)
    found = futures_of(SMALL, Deviation("all score", tuple(range(10)), policy=SCORING), before=0)
    np.testing.assert_array_equal(found.payoffs[:, 1], expected)
    assert (found.payoffs[:, 0] != expected).any()


def test_policies_that_were_in_the_mix_keep_their_followers_when_others_come_between() -> None:
    mixed = revise(SMALL, {"policy.mix": {"fixed": 0.5, "norm:L6": 0.5}})
    never = futures_of(mixed, Deviation("scorer", (2,), policy="norm:L1"), rounds=5)
    ensemble = Ensemble(mixed, (0, 1))
    fixed = ensemble.people.policy == ensemble.world.terms.policy.names.index("fixed")
    refused = (never.actions[:, 0] == never.actions[:, 0, :1]).all(axis=1)
    assert refused[fixed].all() and not refused[~fixed].all()


@pytest.mark.parametrize(
    ("scenario", "policy", "complaint"),
    [
        (SMALL, "norm:L9", "norm:L9"),
        (SMALL, "reciprocity", "must be in policy.mix"),
        (SMALL, "q_network", "must be in policy.mix"),
        (revise(load("commons"), {"population.count": 4}), "norm:L3", "reciprocity.kind must be other than none"),
    ],
)
def test_a_policy_that_cannot_be_followed_is_refused_in_one_line(
    scenario: Scenario, policy: str, complaint: str
) -> None:
    with pytest.raises(InputError, match=complaint) as refused:
        futures_of(scenario, Deviation("one", (0,), policy=policy), before=0, rounds=1)
    assert "\n" not in str(refused.value)


def test_another_policy_is_followed_in_all_rounds_or_not_at_all() -> None:
    for window in ({"until": 2}, {"from_round": 1}):
        with pytest.raises(InputError, match="copies and policy are for all rounds"):
            Deviation("imitating", (0,), policy="imitation", **window)
