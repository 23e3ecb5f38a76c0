"""Departures: principals that leave keep the copy of the model they were given, which ages as features drift."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from commonweal.agents.arrays import Bools, Floats, Ints, ratio
from commonweal.agents.settings import own_settings
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.learning.network import Parameters
from commonweal.economy.round.quality import quality_of
from commonweal.economy.world.replicas import pick_world
from commonweal.economy.world.world import State, World


@dataclass(frozen=True)
class Copies:
    """The models of L runs in which somebody leaves: the shared model before it leaves, its copy afterwards."""

    world: World  # of the L runs
    runs: Ints  # (L,) their numbers in the ensemble
    leaves: Ints  # (L,) rounds after which somebody leaves
    leavers: Bools  # (L, N) who leaves
    parameters: Parameters  # each (L, *shape)
    given: Floats  # (L, N) accuracy of the copy that each had when it left
    quality: Floats  # (L,) accuracy of the shared model then


def first_copies(world: World, state: State, deviations: Sequence[Deviation]) -> Copies | None:
    """The models before the first round.

    Args:
        world: of B (1 + D) runs, those without a deviation first among each 1 + D.
        state: where they stand.
        deviations: D of them.

    Returns:
        None where nobody leaves, or a model has no value to its user.
    """
    branches = 1 + len(deviations)
    leaving = [k for k, deviation in enumerate(deviations, start=1) if deviation.leaves is not None]
    if not leaving or not world.terms.market.model_value.any():
        return None
    total, principals = world.shape
    runs = (np.arange(0, total, branches)[:, None] + leaving).ravel()
    leavers = np.zeros((len(runs), principals), dtype=np.bool_)
    for row, run in enumerate(runs.tolist()):
        leavers[row, list(deviations[run % branches - 1].members)] = True
    leaves = np.tile([deviations[k - 1].leaves or 0 for k in leaving], total // branches)
    given, quality = np.zeros(leavers.shape), np.zeros(len(runs))
    return Copies(pick_world(world, runs), runs, leaves, leavers, _shared(state, runs), given, quality)


def _shared(state: State, runs: Ints) -> Parameters:
    return tuple(p[torch.as_tensor(runs, device=p.device)] for p in state.parameters)


@own_settings()
@torch.inference_mode()
def carry_on(copies: Copies, state: State, rewards: Floats, played: int) -> tuple[Copies, Floats]:
    """The models after a round, and the value of copies in it.

    Args:
        copies: before the round.
        state: of the whole ensemble after the round.
        rewards: (R, N) accuracy of the model that each was given in it.
        played: rounds before this one.

    Returns:
        The copies, and (R, N) money in the whole ensemble.
    """
    gone = copies.leaves <= played
    drift, network = copies.world.drift, copies.world.network
    aged = copies.parameters if drift is None else network.turn(copies.parameters, drift)
    parameters = tuple(
        torch.where(torch.as_tensor(gone, device=new.device).view(-1, *[1] * (new.dim() - 1)), old, new)
        for old, new in zip(aged, _shared(state, copies.runs), strict=True)
    )
    worth = np.zeros((len(state.quality), copies.leavers.shape[1]))
    given = np.where(gone[:, None], copies.given, rewards[copies.runs])
    quality = np.where(gone, copies.quality, state.quality[copies.runs])
    aged_quality = quality_of(parameters, copies.world) if copies.world.market.learns else quality
    part = np.minimum(ratio(aged_quality, quality), 1.0)[:, None]
    value = copies.world.terms.market.model_value
    menu = state.mechanisms.get("menu")
    # A principal that stays away may train alone, or have a model anyway; the copy is worth what it adds to that.
    alone = 0.0 if menu is None else menu.alone[copies.runs]
    adds = given * part * value - alone - rewards[copies.runs] * value
    worth[copies.runs] = gone[:, None] * copies.leavers * np.maximum(adds, 0.0)
    return replace(copies, parameters=parameters, given=given, quality=quality), worth
