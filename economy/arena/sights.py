"""Sights: what a principal sees before it chooses, as numbers with names, the same for tactics and for learners."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from commonweal.agents.actions import CODES, Action
from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.agents.policies import Observation
from commonweal.agents.policies.seeing import seen_by_all
from commonweal.agents.population import Population
from commonweal.economy.world.world import World

_OWN_PAST = ("payoff", "utility", "action")  # what an action that no policy may propose does not show in
NAMED = ("own name", "name of who asks", "is asked")  # where names, good or bad, count
_PAST = tuple(f"last did {action.name.lower()}" for action in Action)
_SEEN = ("own payoff", "reputation", "neighbours delegating", "accuracy", "own cost", "neighbours' payoff", "revenue")


def sight_names(world: World) -> tuple[str, ...]:
    """(F,) names of what a principal sees in a world, in the order of ``sights_of``."""
    terms = world.terms
    limits = tuple(f"own limit {place}" for place in range(len(world.senses)))
    names = NAMED if terms.reciprocity.kind != "none" else ()
    minds = ("own value cost",) if terms.values.concern != "none" else ()
    return ("time", "last payoff", "balance", *_PAST, *_SEEN, *names, *minds, *limits)


def seen_columns(observation: Observation, time: float, paid: Floats, balance: Floats) -> dict[str, Floats]:
    """What every principal sees, by name, each (R, N).

    Args:
        observation: what policies see.
        time: share of all rounds that are played, 0 to 1.
        paid: (R, N) what the last round was worth to each; what it remembers before the first.
        balance: (R, N) money that each holds.
    """
    people = observation.population
    seen = seen_by_all(observation)
    action = people.action
    mine = {"time": np.broadcast_to(np.float64(time), people.shape), "last payoff": paid, "balance": balance}
    mine |= {name: (action == code).astype(np.float64) for name, code in zip(_PAST, CODES, strict=True)}
    limits = {f"own limit {place}": people.limits[..., place] for place in range(people.limits.shape[2])}
    return mine | {name: seen[name] for name in (*_SEEN, *NAMED, "own value cost") if name in seen} | limits


def sights_of(observation: Observation, time: float, paid: Floats, balance: Floats) -> Floats:
    """(R, N, F) what every principal sees; arguments as in ``seen_columns``."""
    return np.stack(list(seen_columns(observation, time, paid, balance).values()), axis=-1)


def picked(columns: Mapping[str, Floats], names: Sequence[str], rows: Ints, members: Sequence[int]) -> Floats:
    """(B, M, F) some sights of some principals in B runs.

    Args:
        columns: what ``seen_columns`` answers.
        names: F of its names.
        rows: (B,) which runs.
        members: M principals.

    Raises:
        InputError: if there is no such sight.
    """
    place = np.ix_(rows, np.asarray(members, dtype=np.int64))
    if unknown := [name for name in names if name not in columns]:
        raise InputError(f"tactic: nobody sees {unknown[0]!r} here: must be one of {', '.join(columns)}")
    if not names:
        return np.zeros((len(rows), len(members), 0))
    return np.stack([columns[name][place] for name in names], axis=-1)


def as_seen(before: Population, after: Population, unseen: Bools) -> Population:
    """The population as policies see it: a principal whose action no policy may propose appears unchanged."""
    if not unseen.any():
        return after
    seen = {name: np.where(unseen, getattr(before, name), getattr(after, name)) for name in _OWN_PAST}
    action_values = np.where(unseen[..., None], before.action_values, after.action_values)
    return replace(after, **seen, action_values=action_values)
