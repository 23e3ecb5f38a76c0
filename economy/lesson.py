"""What the network learns in a round: traverse, screen, step, credit."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from agents.actions import Action
from agents.errors import InputError
from agents.population import Floats
from agents.streams import Streams
from economy.credit import CREDITS, Credit, RoundGame, admissible_step
from economy.learning.network import (
    Directions,
    Owners,
    Parameters,
    Passage,
    descend,
    inner,
    to_numpy,
    to_tensor,
)
from economy.screening import Screened, acceptable, screen, slack
from economy.tasks import Batch, PutIn, Supply, put_in
from economy.world import State, World

Bools = NDArray[np.bool_]

HALVINGS = 6  # of a step that overshoots a limit, before it is left out
ROUNDING = 1e-6  # of a probe level between two evaluations of the same parameters in single precision


@dataclass(frozen=True)
class Exam:
    """What the network and the updates look like in the K + 1 directions that matter, before the step."""

    levels: Floats  # (R, K) probe losses
    loss: Floats  # (R,) validation loss
    directions: Directions  # gradients of the validation loss and of the K probes, each entry (R, 1 + K, *shape)
    slopes: Floats  # (R, N) ⟨∇L, u_i⟩
    alignments: Floats  # (R, N, K) ⟨p_k, u_i⟩
    gram: Floats  # (R, 1 + K, 1 + K) inner products of the directions

    @property
    def probes(self) -> Directions:
        """Gradients p_k of the probes, each entry (R, K, *shape)."""
        return tuple(v[:, 1:] for v in self.directions)


@dataclass(frozen=True)
class Lesson:
    """What the network learned from a round's virtual batch, and from whom."""

    batch: Batch
    put: PutIn
    exam: Exam
    active: Bools  # (R, N) who put samples in
    gated: Bools  # (R, N) whose update the quality gate dropped
    room: Floats  # (R, K) how far each probe may move as the scope's principals see it; ∞ where nobody limits it
    screened: Screened  # what was left of every update
    norms: Floats | None  # (R, N) ‖u_i‖; None while screening is off
    factor: Floats  # (R,) part of the step that the safeguard let through
    parameters: Parameters
    levels: Floats  # (R, K) probe losses after the step
    credit: Floats  # (R, N)


def learn(state: State, world: World, streams: Streams) -> tuple[Lesson, Supply]:
    """From actions to a better network: traverse, screen, step, credit."""
    terms = world.terms
    batch, supply, put = put_in(state.population.action, world.holdings, state.supply, terms.supply, streams.batch)
    passage = traverse(batch, state.parameters, world)
    exam = examine(passage, state.parameters, world)
    _demand_finite(exam.loss, state.round)
    active = put.total > 0
    gated = active & (exam.slopes < 0) if terms.screening.gate else np.zeros_like(active)
    member = state.population.action != Action.ABSTAIN
    room = acceptable(slack(exam.levels, state.population.limits, world.senses), member, terms.screening)
    screened = screen_updates(exam, room, active & ~gated, world)
    factor, parameters, levels = step(state.parameters, passage, exam, screened, room, world)
    credit = credit_updates(passage, exam, screened, gated, factor, state.parameters, world)
    screening = terms.screening.mode != "off" and len(world.senses) > 0
    norms = np.sqrt(np.maximum(to_numpy(passage.squared_norms()), 0.0)) if screening else None
    tightest = room.min(axis=1)
    lesson = Lesson(
        batch, put, exam, active, gated, tightest, screened, norms, factor, parameters, levels, credit
    )
    return lesson, supply


def _demand_finite(loss: Floats, number: int) -> None:
    """Raise InputError where a network has diverged, before nonsense is paid for."""
    if not np.isfinite(loss).all():
        run = int(np.argmin(np.isfinite(loss)))
        raise InputError(f"run {run} diverged: validation loss {loss[run]} in round {number}; lower learning.rate")


def traverse(batch: Batch, parameters: Parameters, world: World) -> Passage:
    """The traversal pass over a virtual batch."""
    device = world.terms.device
    features = world.features.gather(batch.sample, batch.junk, batch.noise)
    visit = world.terms.supply.learning.samples if world.terms.supply.learning.sampling == "each" else 0
    owners = Owners(torch.as_tensor(batch.owner, device=device), world.terms.graph.count, visit)
    return world.network.traverse(parameters, features, torch.as_tensor(batch.label, device=device), owners)


def examine(passage: Passage, parameters: Parameters, world: World) -> Exam:
    """Probe levels, and the products of all updates with the validation and probe gradients."""
    levels, directions = world.network.examine(parameters, world.exam)
    products = to_numpy(passage.products(directions))
    measured = to_numpy(levels)
    gram = to_numpy(inner(directions, directions))
    return Exam(measured[:, 1:], measured[:, 0], directions, products[..., 0], products[..., 1:], gram)


def screen_updates(exam: Exam, room: Floats, active: Bools, world: World) -> Screened:
    """The admissible part of every update under the scenario's mode, scope and budget."""
    terms = world.terms.screening
    if terms.mode == "off" or not len(world.senses):
        return Screened(active.astype(np.float64), np.zeros_like(exam.alignments), np.zeros_like(exam.levels))
    rate = world.terms.learning.rate[:, :, None]
    allowed = room if terms.budget == "level" else np.broadcast_to(terms.step_tolerance[:, :, None], room.shape)
    harms = exam.alignments * world.senses
    return screen(harms, exam.gram[:, 1:, 1:], allowed / rate, active, world.senses, terms)


def step(
    parameters: Parameters, passage: Passage, exam: Exam, screened: Screened, room: Floats, world: World
) -> tuple[Floats, Parameters, Floats]:
    """Descend by the admissible step; halve it while a probe overshoots its limit, and at last leave it.

    Returns:
        Part of the step taken (R,), parameters, probe levels after it (R, K).
    """
    whole = admissible_step(passage, exam.probes, screened.weights, screened.multipliers)
    factor = np.ones(len(exam.loss))
    lowest = _lowest_room(exam, room, world)
    for attempt in range(HALVINGS + 1):
        rate = to_tensor(world.terms.learning.rate[:, 0] * factor, whole[0])
        moved = descend(parameters, tuple(rate.view(-1, *[1] * (s.dim() - 1)) * s for s in whole))
        if world.probes is None:
            return factor, moved, exam.levels
        levels = to_numpy(world.probes.levels(world.network.logits(moved, world.probes.features)))
        left = (levels - exam.levels) * world.senses + room[:, 0]
        overshoots = (left < lowest).any(axis=1) & (factor > 0)
        if not overshoots.any():
            break
        factor = np.where(overshoots, factor / 2 if attempt < HALVINGS - 1 else 0.0, factor)
    return factor, moved, levels


def _lowest_room(exam: Exam, room: Floats, world: World) -> Floats:
    """(R, K) room below which a step overshoots: a share of the limit, or what is broken already; −∞ unguarded."""
    terms = world.terms.screening
    if terms.mode == "off" or terms.budget == "step" or terms.scope == "own":
        return np.full_like(exam.levels, -np.inf)
    limits = exam.levels - np.where(np.isfinite(room[:, 0]), room[:, 0], 0.0) * world.senses
    lowest: Floats = np.minimum(room[:, 0], -terms.safeguard * np.abs(limits)) - ROUNDING
    return lowest


def credit_updates(
    passage: Passage, exam: Exam, screened: Screened, gated: Bools, factor: Floats, parameters: Parameters, world: World
) -> Floats:
    """(R, N) credit of the round; an update that the gate dropped is booked at what it would have done, first order."""
    rate = world.terms.learning.rate * factor[:, None]
    offsets = (screened.multipliers @ exam.gram[:, 1:, :1])[..., 0]
    validation = world.exam.sizes[0]
    game = RoundGame(
        network=world.network,
        parameters=parameters,
        passage=passage,
        weights=screened.weights,
        multipliers=screened.multipliers,
        probes=exam.probes,
        slope=screened.weights * exam.slopes - offsets,
        rate=rate,
        features=world.exam.features[:, :validation],
        labels=world.exam.labels[:, :validation],
    )
    credit: Credit = CREDITS[world.terms.credit.kind](game)
    return np.where(gated, world.terms.learning.rate * exam.slopes, credit.values)


def accuracy(parameters: Parameters, world: World) -> Floats:
    """(R,) share of the test set classified right."""
    features, labels = world.test
    scores = world.network.logits(parameters, features)
    right = scores.gather(2, labels.unsqueeze(2)).squeeze(2) == scores.amax(2)
    return to_numpy(right.sum(1)) / labels.shape[1]
