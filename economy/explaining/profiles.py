"""Profiles: what runs come to if everybody keeps to one action, for many action profiles on the same random numbers.

The estimand is "if everybody kept to it": policies do not react. Runs that differ in nothing but the profile draw the
same random numbers.
"""

from collections.abc import Callable, Sequence

import numpy as np

from commonweal.agents.actions import CODES
from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.economy.round.play import play_round
from commonweal.economy.round.record import Record
from commonweal.economy.round.set_up import Economy
from commonweal.economy.runs.metrics import round_metrics
from commonweal.economy.world.replicas import pick_runs, pick_streams, pick_world

CHUNK = 512  # runs that are played at a time
PAYOFFS = "payoffs"  # the outcome that stands for the payoff of each principal


def play_profiles(
    economy: Economy,
    profiles: Ints,
    outcomes: Sequence[str],
    rounds: int,
    on_round: Callable[[], None] | None = None,
) -> Floats:
    """Outcomes of action profiles that everybody keeps to.

    Args:
        economy: R runs between two rounds; unchanged.
        profiles: (M, N) codes of actions, each played in every run.
        outcomes: metrics of a round (``round_metrics``); ``payoffs`` stands for that of every principal, N columns.
        rounds: that are played.
        on_round: called after every round of every chunk of runs.

    Returns:
        (R, M, T, A) outcomes of every round, in their own units; average over rounds what is to be explained.

    Raises:
        InputError: if an outcome, a profile or the number of rounds is not allowed.
    """
    _demand_profiles(profiles, economy.people.shape[1])
    if rounds < 1:
        raise InputError(f"rounds = {rounds}: must be at least 1")
    runs = len(economy.state.quality)
    branch = np.repeat(np.arange(runs), len(profiles))
    forced = np.tile(profiles, (runs, 1))
    parts = [
        _play(economy, branch[at : at + CHUNK], forced[at : at + CHUNK], outcomes, rounds, on_round)
        for at in range(0, len(branch), CHUNK)
    ]
    return np.concatenate(parts).reshape(runs, len(profiles), rounds, -1)


def names_of(outcomes: Sequence[str], principals: int) -> tuple[str, ...]:
    """(A,) names of the columns of ``play_profiles``."""
    each = tuple(f"payoff of {principal}" for principal in range(principals))
    return tuple(name for outcome in outcomes for name in (each if outcome == PAYOFFS else (outcome,)))


def _play(
    economy: Economy,
    branch: Ints,
    actions: Ints,
    outcomes: Sequence[str],
    rounds: int,
    on_round: Callable[[], None] | None,
) -> Floats:
    """(B, T, A) outcomes of B runs, each with its own actions (B, N)."""
    world, streams = pick_world(economy.world, branch), pick_streams(economy.streams, branch)
    state, people = pick_runs(economy.state, branch), pick_runs(economy.people, branch)
    noted = []
    for _ in range(rounds):
        before = state
        state, people, record = play_round(before, people, actions, world, streams)
        metrics = round_metrics(record, before, state, people, world)
        noted.append(np.stack([column for name in outcomes for column in _columns(name, metrics, record)], axis=1))
        if on_round is not None:
            on_round()
    return np.stack(noted, axis=1)


def _columns(name: str, metrics: dict[str, Floats], record: Record) -> list[Floats]:
    if name == PAYOFFS:
        return list(record.payday.payoffs.T)
    if name not in metrics:
        raise InputError(f"outcome {name!r}: must be {PAYOFFS} or a metric: {', '.join(metrics)}")
    return [metrics[name]]


def _demand_profiles(profiles: Ints, principals: int) -> None:
    if profiles.ndim != 2 or profiles.shape[1] != principals or not len(profiles):
        raise InputError(f"profiles of shape {profiles.shape}: must be one or more rows of {principals} actions")
    if (wrong := profiles[~np.isin(profiles, CODES)]).size:
        raise InputError(f"profiles: {wrong[0]} is no action: must be one of {', '.join(map(str, CODES))}")
