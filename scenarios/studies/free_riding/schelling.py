"""Schelling's diagram: what delegating and free-riding pay one principal, against how many others delegate.

Schelling (1973), "Hockey helmets, concealed weapons, and daylight saving". Where the two curves cross, the choice that
pays changes; where free-riding always pays more although everybody delegating pays best, there is a social dilemma.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import play_futures
from commonweal.economy.round.worth import Judge
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.runs.intervals import mean_interval
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.pieces import Piece, Pieces, Tick

_CHOICES = (Action.DELEGATE, Action.FREE_RIDE)


@dataclass(frozen=True)
class Diagram:
    """What Schelling's diagram asks of an economy, with one seed."""

    scenario: Scenario  # in which everybody keeps its action
    seed: int
    others: Ints  # (L,) how many of the others delegate
    focal: int  # F principals are asked in turn; while one is asked the other focal ones free-ride
    rounds: int  # T of a run; payoffs are means over its last half
    judge: Judge = "utility"  # what payoffs are counted in

    @property
    def asked(self) -> list[Deviation]:
        """Both choices of each focal principal."""
        return [Deviation(choice.name.lower(), (i,), choice) for i in range(self.focal) for choice in _CHOICES]


def diagrams(
    scenario: Scenario, seeds: tuple[int, ...], cuts: int, focal: int, rounds: int, judge: Judge = "utility"
) -> list[Piece]:
    """The pieces of the diagram.

    Args:
        scenario: the economy; its policies do not matter here.
        seeds: S of them, a piece each.
        cuts: numbers of delegating others to look at, from none to all, less one.
        focal: principals asked in turn.
        rounds: of a run.
        judge: what payoffs are counted in.

    Raises:
        InputError: if the economy cannot be played so.
    """
    count = scenario.population.count
    focal = min(focal, max(1, count // 10))
    others = np.unique(np.linspace(0, count - focal, min(cuts, count - focal) + 1).round().astype(np.int64))
    still = revise(scenario, {"policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0})
    runs = len(others) * (1 + 2 * focal)
    return [Piece(_payoffs, Diagram(still, seed, others, focal, rounds, judge), rounds * runs) for seed in seeds]


def _payoffs(asked: Diagram, tick: Tick) -> Floats:
    """(L, 2) mean payoffs of both choices, by how many of the others delegate."""
    runs, deviations = len(asked.others), asked.asked
    ensemble = Ensemble([asked.scenario] * runs, [asked.seed] * runs)
    people = replace(ensemble.people, action=_actions(asked.others, ensemble.people.shape[1], asked.focal, asked.seed))
    futures = play_futures(
        replace(ensemble.snapshot, people=people), deviations, asked.rounds, others="freeze", judge=asked.judge,
        on_round=lambda: tick(runs * (1 + len(deviations))),
    )  # fmt: skip
    late = futures.worth[:, 1:, asked.rounds // 2 :].mean(axis=2)  # (L, F · 2, N)
    own = np.stack([late[:, k, deviation.members[0]] for k, deviation in enumerate(deviations)], axis=1)
    payoffs: Floats = own.reshape(runs, asked.focal, len(_CHOICES)).mean(axis=1)
    return payoffs


def schelling(asked: Sequence[Piece], pieces: Pieces) -> pd.DataFrame:
    """Payoffs of both choices of a focal principal, with everybody else's choices fixed.

    Args:
        asked: the pieces of the diagram.
        pieces: plays and keeps them.

    Returns:
        A row per number of others who delegate: others, payoff of each choice, gain from delegating, with intervals.
    """
    payoffs = np.stack(pieces.play("Schelling's diagram", asked))
    diagram: Diagram = asked[0].asked
    others, count = diagram.others, diagram.scenario.population.count
    names = [f"payoff_{choice.name.lower()}" for choice in _CHOICES]
    columns = {"others_delegating": others, "share_of_others": others / max(1, count - 1)}
    for k, name in enumerate(names):
        columns |= mean_interval(payoffs[:, :, k]).columns(name)
    gains = mean_interval(payoffs[:, :, 0] - payoffs[:, :, 1])
    return pd.DataFrame(columns | gains.columns("gain_from_delegating"))


def _actions(others: Ints, count: int, focal: int, seed: int) -> Ints:
    """(L, N) the focal principals free-ride, and of the others as many as wanted delegate, always the same first."""
    order = focal + np.random.default_rng([seed, count]).permutation(count - focal)
    actions = np.full((len(others), count), np.int64(Action.FREE_RIDE))
    for row, delegating in zip(actions, others.tolist(), strict=True):
        row[order[:delegating]] = Action.DELEGATE
    return actions
