"""What the network learns in a round: traverse, screen, step, credit."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.actions import ABSTAIN
from commonweal.agents.arrays import Bools, Floats
from commonweal.agents.errors import InputError
from commonweal.agents.streams import Stream, Streams
from commonweal.economy.credit import CREDITS, Credit, RoundGame, admissible_step
from commonweal.economy.credit.discounts import discounted
from commonweal.economy.credit.novelty import Seen, remembered, seen_by_owner
from commonweal.economy.learning.federated import DeltaPassage, train_locally
from commonweal.economy.learning.forged import forge
from commonweal.economy.learning.network import (
    Directions,
    Owners,
    Parameters,
    Passage,
    descend,
    inner,
    scaled,
    to_numpy,
    to_tensor,
)
from commonweal.economy.round.sell_tolerance import claimed_limits, sell_tolerance
from commonweal.economy.screening.admissible import Screened, acceptable, screen, slack
from commonweal.economy.screening.tolerance import ToleranceSale
from commonweal.economy.tasks import Batch, Form, PutIn, Supply, put_in
from commonweal.economy.world.world import State, World

HALVINGS = 6  # of a step that overshoots a limit, before it is left out
ROUNDING = 1e-6  # of a probe level between two evaluations of the same parameters in single precision


@dataclass(frozen=True)
class Exam:
    """What the network and the updates look like in the K + 1 directions that matter, before the step."""

    levels: Floats  # (R, K) probe losses
    loss: Floats  # (R,) validation loss
    directions: Directions  # gradients of the validation loss and of the K probes, each entry (R, 1 + K, *shape)
    curvature: Callable[[Parameters], Parameters]  # v ↦ H v of the validation loss
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
    appraisal: Credit  # what every update was worth, and how that was found
    offers: tuple[Seen, ...] = ()  # samples by owner, this round's last, of the rounds that discounts look at
    sale: ToleranceSale | None = None  # of looser limits for this round; None where none is bought

    @property
    def credit(self) -> Floats:
        """(R, N) what every update was worth, nat."""
        return self.appraisal.values


def learn(state: State, world: World, streams: Streams) -> tuple[Lesson, Supply]:
    """From actions to a better network: traverse, screen, step, credit."""
    terms = world.terms
    population = state.population
    batch, supply, put = put_in(
        population.action,
        world.holdings,
        state.supply,
        terms.supply,
        streams.batch,
        world.conduct,
        asked_amounts(state, world),
    )
    passage = sent_back(traverse(batch, state.parameters, world), put, state, streams.batch)
    exam = examine(passage, state.parameters, world)
    _demand_finite("validation loss", exam.loss, state.round)
    active = put.total > 0
    gated = active & (exam.slopes < 0) if terms.screening.gate else np.zeros_like(active)
    room, screened, sale = admit_updates(state, exam, active & ~gated, world)
    factor, parameters, levels = step(state.parameters, passage, exam, screened, room, world)
    seen = witnessed(batch, passage, state, world)
    appraisal = credit_updates(
        batch, passage, exam, screened, gated, factor, state.parameters, world, streams.credit, seen
    )
    _demand_finite("credit", appraisal.values, state.round)
    screening = terms.screening.mode != "off" and len(world.senses) > 0
    norms = np.sqrt(np.maximum(to_numpy(passage.squared_norms()), 0.0)) if screening else None
    tightest = room.min(axis=1)
    lesson = Lesson(
        batch, put, exam, active, gated, tightest, screened, norms, factor, parameters, levels, appraisal, seen, sale
    )
    return lesson, supply


def asked_amounts(state: State, world: World) -> Floats | None:
    """(R, N) samples that each would put in; None where that is the same fixed number for all."""
    return state.membership.amount if world.terms.rewards.offer != "fixed" else None


def _demand_finite(what: str, values: Floats, number: int) -> None:
    """Raise InputError where a run's network has diverged, before nonsense is paid for."""
    if not np.isfinite(values).all():
        run, *place = np.argwhere(~np.isfinite(values))[0].tolist()
        raise InputError(f"run {run} diverged: {what} {values[run, *place]} in round {number}; lower learning.rate")


def traverse(batch: Batch, parameters: Parameters, world: World) -> Passage:
    """The passage over a virtual batch: of traversal learning, or of the FedAvg baseline."""
    device = world.terms.device
    owners = Owners(torch.as_tensor(batch.owner, device=device), world.graph.principals, batch.visit)
    learning = world.terms.learning
    if learning.method == "traversal":
        return world.network.traverse(parameters, *samples(batch, world), owners)
    rate = to_tensor(learning.rate[:, 0], parameters[0])
    return train_locally(world.network, parameters, *samples(batch, world), owners, rate, learning.local_epochs)


def sent_back(passage: Passage, put: PutIn, state: State, stream: Stream) -> Passage:
    """The passage as principals send it back: under FedAvg some may not have trained at all."""
    if not isinstance(passage, DeltaPassage) or put.form is None:
        return passage
    return forge(passage, put.form == Form.DISGUISED, put.form == Form.REPLAY, state.change, stream)


def samples(batch: Batch, world: World) -> tuple[Tensor, Tensor]:
    """Features (R, S, d) and claimed labels (R, S) of a virtual batch."""
    features = world.features.gather(batch.sample, batch.junk, batch.noise, batch.added)
    return features, torch.as_tensor(batch.label, device=world.terms.device)


def witnessed(batch: Batch, passage: Passage, state: State, world: World) -> tuple[Seen, ...]:
    """The samples of this round and of those remembered by owner, where credit is discounted by them."""
    if not (memory := world.terms.credit.memory):
        return ()
    return remembered(state.offers, seen_by_owner(samples(batch, world)[0], passage.owners), memory)


def examine(passage: Passage, parameters: Parameters, world: World) -> Exam:
    """Probe levels, and the products of all updates with the validation and probe gradients."""
    examined = world.network.examine(parameters, world.exam)
    directions = examined.directions
    products, measured = to_numpy(passage.products(directions)), to_numpy(examined.levels)
    return Exam(
        levels=measured[:, 1:],
        loss=measured[:, 0],
        directions=directions,
        curvature=examined.curvature,
        slopes=products[..., 0],
        alignments=products[..., 1:],
        gram=to_numpy(inner(directions, directions)),
    )


def admit_updates(
    state: State, exam: Exam, active: Bools, world: World
) -> tuple[Floats, Screened, ToleranceSale | None]:
    """The room left by everybody's limits and what is admissible in it, once those are looser that were sold."""
    limits, senses, terms = claimed_limits(state, world), world.senses, world.terms.screening
    member = state.population.action != ABSTAIN
    room = acceptable(slack(exam.levels, limits, senses), member, terms)
    screened = screen_updates(exam, room, active, world)
    sale = sell_tolerance(state, exam.levels, exam.alignments * senses, active, screened.shadow_prices, world)
    if sale is None:
        return room, screened, None
    room = acceptable(slack(exam.levels, sale.limits(limits, senses), senses), member, terms)
    return room, screen_updates(exam, room, active, world), sale


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
        moved = descend(parameters, scaled(whole, rate))
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
    batch: Batch,
    passage: Passage,
    exam: Exam,
    screened: Screened,
    gated: Bools,
    factor: Floats,
    parameters: Parameters,
    world: World,
    stream: Stream,
    seen: tuple[Seen, ...],
) -> Credit:
    """Credit of the round; an update that the gate dropped is booked at what it would have done, first order."""
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
        curvature=exam.curvature,
        samples=partial(samples, batch, world),
        slope=screened.weights * exam.slopes - offsets,
        rate=rate,
        features=world.exam.features[:, :validation],
        labels=world.exam.labels[:, :validation],
        terms=world.terms.credit,
        stream=stream,
        seen=seen,
    )
    appraisal = discounted(CREDITS[world.terms.credit.kind](game), game)
    if not gated.any():
        return appraisal
    return replace(appraisal, values=np.where(gated, world.terms.learning.rate * exam.slopes, appraisal.values))


def accuracy(parameters: Parameters, world: World) -> Floats:
    """(R,) share of the test set classified right."""
    features, labels = world.test
    scores = world.network.logits(parameters, features)
    right = scores.gather(2, labels.unsqueeze(2)).squeeze(2) == scores.amax(2)
    return to_numpy(right.sum(1)) / labels.shape[1]
