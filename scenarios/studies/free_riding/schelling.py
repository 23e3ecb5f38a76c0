"""Schelling's diagram: what delegating and free-riding pay one principal, against how many others delegate.

Schelling (1973), "Hockey helmets, concealed weapons, and daylight saving". Where the two curves cross, the choice that
pays changes; where free-riding always pays more although everybody delegating pays best, there is a social dilemma.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Ints
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import play_futures
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.runs.intervals import mean_interval
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.scenario import Scenario

_CHOICES = (Action.DELEGATE, Action.FREE_RIDE)


def schelling(
    scenario: Scenario, seeds: tuple[int, ...], cuts: int, focal: int, rounds: int, tell: Callable[[int, int], None]
) -> pd.DataFrame:
    """Payoffs of both choices of a focal principal, with everybody else's choices fixed.

    Args:
        scenario: the economy; its policies do not matter here.
        seeds: S of them.
        cuts: numbers of delegating others to look at, from none to all, less one.
        focal: principals asked in turn; while one is asked the other focal ones free-ride.
        rounds: T of a run; payoffs are means over its last half.
        tell: told the rounds done, of how many.

    Returns:
        A row per number of others who delegate: others, payoff of each choice, gain from delegating, with intervals.
    """
    count = scenario.population.count
    focal = min(focal, max(1, count // 10))
    others = np.unique(np.linspace(0, count - focal, min(cuts, count - focal) + 1).round().astype(np.int64))
    still = revise(scenario, {"policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0})
    asked = [Deviation(choice.name.lower(), (i,), choice) for i in range(focal) for choice in _CHOICES]
    payoffs = np.empty((len(seeds), len(others), len(_CHOICES)))
    done = iter(range(1, rounds * len(seeds) + 1))
    for row, seed in enumerate(seeds):
        ensemble = Ensemble([still] * len(others), [seed] * len(others))
        people = replace(ensemble.people, action=_actions(others, count, focal, seed))
        futures = play_futures(
            replace(ensemble.snapshot, people=people), asked, rounds, others="freeze",
            on_round=lambda: tell(next(done), rounds * len(seeds)),
        )  # fmt: skip
        late = futures.payoffs[:, 1:, rounds // 2 :].mean(axis=2)  # (L, F · 2, N)
        own = np.stack([late[:, k, deviation.members[0]] for k, deviation in enumerate(asked)], axis=1)
        payoffs[row] = own.reshape(len(others), focal, len(_CHOICES)).mean(axis=1)
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
