"""The donation market under norms: names, gifts and payoffs are those of the exact theory of public assessment."""

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pytest

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.money.ledger import MICRO
from commonweal.economy.round.play import play_round
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.world.replicas import pick_streams
from commonweal.scenarios.schema.loading import load

SEEDS, COUNT, ROUNDS, SETTLED = 40, 60, 160, 80  # runs, principals, rounds, and how many of them are left out
BENEFIT, COST = 3.0, 1.0
# Share of good names and of gifts at (execution, perception, assignment) = .02 each, by the quadratic of Glynatsi,
# Hilbe and Murase (2025) for an endless population, to five digits.
EXACT = {
    "L1": (0.96187, 0.94406), "L3": (0.96190, 0.94266), "L6": (0.96117, 0.94195), "L8": (0.95964, 0.94044),
    "image-scoring": (0.50246, 0.49241), "shunning": (0.34004, 0.33324),
}  # fmt: skip
# One mutant among residents of L6 at the same errors: its payoff, and how often its name is good.
MUTANTS = {Action.FREE_RIDE: (0.22046, 0.07499), Action.DELEGATE: (1.74058, 0.92537)}
GIVES = Action.DELEGATE


@dataclass(frozen=True)
class Played:
    """Means over the rounds that count."""

    good: Floats  # (R, N) share of rounds with a good name
    gave: Floats  # (R, N)
    payoff: Floats  # (R, N) money per round


def played(changes: dict[str, Any], forced: tuple[int, Action] | None = None, settled: int = SETTLED) -> Played:
    """Runs in the donation market; ``forced`` says what one principal always means to do."""
    ensemble = Ensemble(load("leading-eight", {"population.count": COUNT} | changes), range(SEEDS))
    kept = []
    for number in range(ROUNDS):
        actions = ensemble.decide()
        if forced is not None:
            actions[:, forced[0]] = forced[1]
        record = ensemble.act(actions)
        if number >= settled:
            told = record.notes["reciprocity"]
            kept.append((told.image, told.gave, record.payday.payoffs))
    return Played(*(np.mean(each, axis=0) for each in zip(*kept, strict=True)))


def demand_mean(found: Floats, expected: float, off: float = 0.0) -> None:
    """Runs (R,) have a mean within three standard errors of what is expected, give or take ``off``."""
    error = found.std(ddof=1) / np.sqrt(len(found))
    assert 0 < error < 0.05
    assert abs(found.mean() - expected) < 3 * error + off


@pytest.mark.parametrize("norm", sorted(EXACT))
def test_good_names_gifts_and_payoffs_are_those_of_the_theory(norm: str) -> None:
    good, cooperation = EXACT[norm]
    found = played({"policy.mix": {f"norm:{norm}": 1.0}, "reciprocity.norm": norm})
    demand_mean(found.good.mean(axis=1), good)
    demand_mean(found.gave.mean(axis=1), cooperation)
    demand_mean(found.payoff.mean(axis=1), (BENEFIT - COST) * cooperation)


@pytest.mark.parametrize("action", list(MUTANTS), ids=lambda action: action.name.lower())
def test_a_lone_mutant_among_stern_judges_earns_what_the_theory_says(action: Action) -> None:
    payoff, good = MUTANTS[action]
    found = played({"policy.mix": {"norm:L6": 1.0}}, (0, action))
    demand_mean(found.payoff[:, 0], payoff)
    demand_mean(found.good[:, 0], good)


def test_without_errors_everybody_gives_and_is_good() -> None:
    errors = dict.fromkeys(("reciprocity.execution", "reciprocity.perception", "reciprocity.assignment"), 0.0)
    found = played(errors | {"policy.mix": {"norm:L6": 1.0}}, settled=0)
    assert (found.good == 1).all() and (found.gave == 1).all() and (found.payoff == BENEFIT - COST).all()


def test_gifts_fail_at_their_rate_and_nobody_gives_by_mistake() -> None:
    changes = {"policy.mix": {"fixed": 1.0}, "reciprocity.execution": 0.3}
    ensemble = Ensemble(load("leading-eight", {"population.count": COUNT} | changes), range(SEEDS))
    meant = np.full((SEEDS, COUNT), int(Action.FREE_RIDE))
    meant[:, ::2] = GIVES
    gave = np.array([ensemble.act(meant).actions == GIVES for _ in range(50)])
    assert not gave[:, :, 1::2].any()
    demand_mean(gave[:, :, ::2].mean(axis=(0, 2)), 0.7)


def test_what_gifts_come_to_is_their_surplus() -> None:
    changes = {"market.benefit": 5.0, "market.cost": 2.0, "population.count": 9}
    ensemble = Ensemble(load("leading-eight", changes), [0, 1])
    for _ in range(6):
        record = ensemble.step()
        gave = record.notes["reciprocity"].gave
        np.testing.assert_allclose(record.payday.payoffs.sum(axis=1), 3.0 * gave.sum(axis=1))
        np.testing.assert_allclose(record.produce.quality, gave.mean(axis=1))
        counterpart = record.notes["reciprocity"].counterpart
        received = np.zeros(gave.shape, dtype=bool)
        np.put_along_axis(received, counterpart, gave, axis=1)
        np.testing.assert_array_equal(record.payday.payoffs, 5.0 * received - 2.0 * gave)


def again(ensemble: Ensemble, actions: Ints) -> Floats:
    """(R, N) payoffs of the coming round if everybody means to do as told; the ensemble stays where it is."""
    streams = pick_streams(ensemble.streams, np.arange(len(actions)))
    return play_round(ensemble.state, ensemble.people, actions, ensemble.world, streams)[2].payday.payoffs


@pytest.mark.parametrize("kind", ["requests", "pool"])
def test_what_else_would_have_paid_is_what_it_pays_where_the_round_is_played_again(kind: str) -> None:
    """For members and for those who stay away, with and without a request; a share of a pool is rounded down."""
    mix = {"policy.mix": {"best_response": 1.0}, "actions.available": ["abstain", "delegate", "free_ride"]}
    changes = mix | {"population.count": 9, "reciprocity.kind": kind, "reciprocity.execution": 0.0}
    ensemble = Ensemble(load("leading-eight", changes), range(6))
    random, met = np.random.default_rng(0), set()
    for _ in range(4):
        actions = random.choice([Action.ABSTAIN, GIVES, GIVES, Action.FREE_RIDE], (6, 9))
        found = np.full((6, 9, 4), np.nan)
        for i, action in product(range(9), ensemble.world.terms.available):
            others = actions.copy()
            others[:, i] = action
            found[:, i, action] = again(ensemble, others)[:, i]
        requested = ensemble.state.mechanisms["reciprocity"].encounters.meets
        record = ensemble.act(actions)
        np.testing.assert_allclose(ensemble.people.foregone, found, rtol=0, atol=1.01 / MICRO)
        told = record.notes["reciprocity"]
        met |= set(zip((actions == Action.ABSTAIN).flat, requested.flat, told.meets.flat, strict=True))
    assert len(met) == 5  # of the eight: who abstains or has no request meets nobody


def test_a_member_whose_name_is_bad_is_not_paid_whatever_it_does_unless_its_judges_let_it_in() -> None:
    changes = {"policy.mix": {"best_response": 1.0}, "reciprocity.kind": "admission", "market.kind": "curve"}
    ensemble = Ensemble(load("leading-eight", changes | {"rounds": 3, "population.start_delegate": 0.5,
                                                         "population.start_free_ride": 0.5}), range(3))  # fmt: skip
    shut = 0
    for _ in range(3):
        told = ensemble.step().notes["reciprocity"]
        gain = np.diff(ensemble.people.foregone[..., [Action.FREE_RIDE, GIVES]], axis=2)[..., 0]
        shut += told.passes.sum()
        assert (gain[told.passes] < 0).all()  # giving costs, and brings nothing
    assert shut > 0


def test_among_requests_giving_is_a_cost_and_best_responders_refuse() -> None:
    mix = {"policy.mix": {"best_response": 1.0}, "policy.best_response.inertia": 0.0, "reciprocity.execution": 0.0}
    half = {"population.start_delegate": 0.5, "population.start_free_ride": 0.5}
    ensemble = Ensemble(load("leading-eight", mix | half), [0, 1])
    record = ensemble.step()
    gain = ensemble.people.foregone[..., GIVES] - ensemble.people.foregone[..., Action.FREE_RIDE]
    np.testing.assert_allclose(gain[record.notes["reciprocity"].meets], -COST)
    assert (record.actions == GIVES).any()
    assert not (ensemble.step().actions == GIVES).any()
