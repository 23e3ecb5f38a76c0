"""Principals who learn from what they see: what they come to, and that a run is the same however it is played."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats
from commonweal.agents.policies.q_learner import QLearner, Weights
from commonweal.agents.terms import PerRun, term
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import play_futures
from commonweal.economy.round.mechanism import MECHANISMS, Mechanism, mechanism
from commonweal.economy.round.record import Effects
from commonweal.economy.runs.checkpoint import restore, save
from commonweal.economy.runs.cooperative import Cooperative
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.scenario import Scenario

OWN = {"memory": 4, "batch": 12, "steps": 2, "hidden": 6, "anneal": 3.0}
SMALL = {
    "market.kind": "curve", "population.count": 8, "population.graph": "ring", "policy.revision": 0.6,
    "policy.mix": {"q_network": 0.5, "imitation": 0.5}, "policy.q_network": OWN,
}  # fmt: skip


def scenario_of(**changes: Any) -> Scenario:
    return revise(load("commons"), {**SMALL, **changes})


def learner_of(played: Any) -> QLearner:
    found: QLearner = played.state.mechanisms["q_network"].learner
    return found


def weights_in(played: Any, run: int = 0) -> Floats:
    weights = learner_of(played).weights
    return np.concatenate([getattr(weights, part.name)[run].ravel() for part in fields(Weights)])


def played_on(ensemble: Ensemble, rounds: int = 9) -> Ensemble:
    for _ in range(rounds):
        ensemble.step()
    return ensemble


def test_it_learns_something_in_every_round_but_the_first() -> None:
    ensemble, before = Ensemble(scenario_of(), [0, 1]), None
    for number in range(4):
        before = weights_in(ensemble)
        ensemble.step()
        assert np.array_equal(weights_in(ensemble), before) == (number == 0)
    assert learner_of(ensemble).updates.tolist() == [6, 6]


def test_a_run_is_the_same_alone_among_others_and_as_mesa_model() -> None:
    together = played_on(Ensemble(scenario_of(), [3, 5, 9]))
    alone, model = played_on(Ensemble(scenario_of(), [5])), Cooperative(scenario_of(), rng=5)
    for _ in range(9):
        model.step()
    for other, run in ((alone, 0), (model, 0)):
        np.testing.assert_array_equal(weights_in(together, 1), weights_in(other, run))
        np.testing.assert_array_equal(together.people.payoff[1], other.people.payoff[0])


def test_runs_may_differ_in_how_they_learn() -> None:
    scenarios = [scenario_of(**{"policy.q_network": OWN | own}) for own in ({"rate": 0.1}, {"until": 4.0}, {})]
    together = played_on(Ensemble(scenarios, [1, 1, 1]))
    for run, scenario in enumerate(scenarios):
        np.testing.assert_array_equal(weights_in(together, run), weights_in(played_on(Ensemble(scenario, [1]))))


def test_a_future_without_deviation_is_the_run_itself() -> None:
    ensemble = played_on(Ensemble(scenario_of(), [0, 1]), 5)
    futures = play_futures(ensemble.snapshot, [Deviation("poison", (0,), Action.DEFECT)], rounds=6)
    own = np.stack([ensemble.step().payday.payoffs for _ in range(6)], axis=1)
    np.testing.assert_array_equal(futures.payoffs[:, 0], own)


def test_with_second_names_only_persons_learn() -> None:
    ensemble = played_on(Ensemble(scenario_of(), [0, 1]), 5)
    futures = play_futures(ensemble.snapshot, [Deviation("split", (0,), Action.DELEGATE, identities=3)], rounds=6)
    assert np.isfinite(futures.payoffs).all()
    own = np.stack([ensemble.step().payday.payoffs for _ in range(6)], axis=1)
    np.testing.assert_array_equal(futures.payoffs[:, 0, :, :8], own)


def test_a_checkpoint_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    ensemble, file = played_on(Ensemble(scenario_of(), [0, 1]), 5), tmp_path / "run.npz"
    save(file, ensemble)
    other = Ensemble(scenario_of(), [0, 1])
    restore(file, other)
    np.testing.assert_array_equal(weights_in(played_on(ensemble), 1), weights_in(played_on(other), 1))


def test_who_has_stopped_learning_draws_as_many_numbers_and_keeps_all_it_learned() -> None:
    goes_on, stops = (
        Ensemble(scenario_of(**{"policy.q_network": OWN | {"until": until}}), [2]) for until in (0.0, 3.0)
    )
    played_on(stops, 3)
    before = weights_in(stops)
    played_on(stops, 4)
    np.testing.assert_array_equal(weights_in(stops), before)
    assert learner_of(stops).gained.count == 2 * 4  # two rounds of four followers
    played_on(goes_on, 7)
    np.testing.assert_array_equal(stops.streams.rehearsal.uniform(3), goes_on.streams.rehearsal.uniform(3))


def test_only_those_who_follow_the_policy_are_learned_from() -> None:
    ensemble = Ensemble(scenario_of(**{"population.cost_low": 0.0, "population.cost_high": 1e-3}), [0])
    follows = ensemble.people.policy[0] == ensemble.world.terms.policy.names.index("q_network")
    played_on(ensemble, 6)
    cost = ensemble.people.cost[0]
    known = learner_of(ensemble).memory.sights[0, : 4 * 12, 3 + 4]  # three actions, four things, then the cost
    assert set(known) <= set(cost[follows]) and follows.sum() == 4


def test_revenue_is_seen_a_round_later() -> None:
    ensemble = played_on(Ensemble(scenario_of(), [0, 1]), 2)
    record = ensemble.step()
    np.testing.assert_array_equal(ensemble.state.revenue, record.payday.revenue / 1e6)


# --- what is learned -------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class BonusTerms:
    size: PerRun = term(0.0, "money for who does what its neighbours do not", ge=0)


class Bonus(Mechanism):
    """Free-riding is worth a bonus to whom at least half of the neighbours delegated, delegating to the others."""

    def before(self, own: None, moment: Any, world: Any, streams: Any) -> tuple[None, Effects]:
        share = world.graph.neighbour_mean((moment.people.action == Action.DELEGATE).astype(np.float64))
        wanted = np.where(share >= 0.5, int(Action.FREE_RIDE), int(Action.DELEGATE))
        return own, Effects(private=world.terms.mechanisms["bonus"].size * (moment.actions == wanted))


@pytest.fixture
def bonus(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The mechanism, for as long as a test runs."""
    monkeypatch.setattr(MECHANISMS, "_plugs", dict(MECHANISMS._plugs))
    mechanism("bonus", BonusTerms)(Bonus)
    return


def earned(scenario: Scenario, name: str, rounds: int, last: int, seeds: range) -> Floats:
    """(R,) mean utility of the followers of a policy in the last rounds."""
    ensemble = Ensemble(scenario, seeds)
    follows = ensemble.people.policy == ensemble.world.terms.policy.names.index(name)
    utility = np.stack([ensemble.step().payday.utility for _ in range(rounds)])[-last:].mean(axis=0)
    mean: Floats = (utility * follows).sum(axis=1) / follows.sum(axis=1)
    return mean


def planted(name: str) -> Scenario:
    """Half follow the policy, half act at random; nothing is worth anything but the bonus, which is 1."""
    aimless = {"cooperators": 0.0, "free_riders": 0.0, "hump_shaped": 0.0}
    return scenario_of(**{
        "market.price": 0.0, "population.count": 24, "policy.revision": 1.0, "policy.mutation": 0.0,
        "policy.mix": {name: 0.5, "conditional": 0.5}, "policy.conditional": aimless, "policy.q_network": {},
        "mechanisms.bonus.size": 1.0, "actions.defect_gain": 0.0, "population.cost_low": 0.0,
        "population.cost_high": 0.0})  # fmt: skip


@pytest.mark.usefixtures("bonus")
def test_where_the_best_action_depends_on_the_neighbours_it_gets_nine_tenths_of_the_best_return() -> None:
    # The best return is 1 a round; exploring one time in twenty among three actions leaves 1 − .05 · 2 / 3 = .967.
    seen, blind = (earned(planted(name), name, 90, 30, range(5)) for name in ("q_network", "learning"))
    assert seen.min() >= 0.9
    assert blind.mean() < 0.8


@pytest.mark.slow
def test_among_those_who_give_by_names_it_learns_to_keep_a_good_one() -> None:
    # Benefit 3, cost 1: all give for 2 a round, none for 0. Followers of L6 give to the good, and refuse the bad.
    changes = {"policy.mix": {"q_network": 0.5, "norm:L6": 0.5}}
    seen = earned(revise(load("leading-eight"), changes), "q_network", 200, 50, range(8))
    blind = earned(
        revise(load("leading-eight"), {"policy.mix": {"learning": 0.5, "norm:L6": 0.5}}), "learning", 200, 50, range(8)
    )
    assert seen.min() > 1.6 and blind.max() < 0.8


@pytest.mark.slow
def test_in_the_commons_it_earns_no_less_than_who_learns_without_seeing() -> None:
    # Paired by seed: the lower end of a 95 % interval of the difference of means over the last 50 of 150 rounds.
    pair = [
        earned(
            scenario_of(**{"population.count": 24, "policy.mix": {name: 1.0}, "policy.q_network": {}}),
            name, 150, 50, range(16),
        )
        for name in ("q_network", "learning")
    ]  # fmt: skip
    gained = pair[0] - pair[1]
    assert gained.mean() - 2.131 * gained.std(ddof=1) / 4 > 0
