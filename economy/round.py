"""One round of the economy as one pure function: state in, state and record out.

Actions → samples → passage → screening → step → credit → revenue → payments → payoffs → memory and values.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from agents.actions import Action
from agents.policies import remember
from agents.population import Floats, Ints, Population
from agents.streams import Streams
from agents.values import move_limits
from economy.contracts.stakes import caught, slash_transfer, stake_transfers
from economy.counterfactual import foregone_payoffs
from economy.credit import CREDITS, Credit, RoundGame, admissible_step
from economy.credit.history import CreditHistory, book, cumulated
from economy.learning.network import Directions, Owners, Parameters, Passage, descend, inner
from economy.ledger import MICRO, Ledger, Transfer, post
from economy.market import revenue, rival_after
from economy.screening import Screened, acceptable, screen, slack
from economy.settlement import SETTLEMENTS, Standing, pay, settlement_transfers
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


@dataclass(frozen=True)
class Payday:
    """Who got what in a round."""

    quality: Floats  # (R,) test accuracy after the step, what customers paid for
    revenue: Ints  # (R,) micro-units
    payments: Ints  # (R, N) micro-units
    slashed: Ints  # (R, N) micro-units
    cumulated: Floats  # (R, N) credit over the horizon
    transfers: tuple[Transfer, ...]
    payoffs: Floats  # (R, N) money


@dataclass(frozen=True)
class Record:
    """Everything that happened in a round."""

    round: int  # rounds played before
    actions: Ints  # (R, N)
    lesson: Lesson
    payday: Payday


@torch.inference_mode()  # gradients are pulled back by hand or by torch.func, which works in this mode
def play_round(state: State, actions: Ints, world: World, streams: Streams) -> tuple[State, Record]:
    """Play one round.

    Args:
        state: the economy before the round.
        actions: (R, N) what every principal does.
        world: what does not move.
        streams: the runs' random streams.

    Returns:
        The economy after the round and the record of what happened.
    """
    state = _drifted(replace(state, population=replace(state.population, action=actions)), world)
    lesson, supply = learn(state, world, streams)
    quality = accuracy(lesson.parameters, world)
    payday, history, ledger = settle(state, lesson, quality, world, streams)
    counterfactual = foregone_payoffs(state, lesson, payday, world, streams)
    population = adapt(state, lesson, payday, counterfactual, world)
    leaking = (actions == Action.DEFECT).mean(axis=1) * (world.terms.supply.actions.defect == "leak")
    after = State(
        round=state.round + 1,
        parameters=lesson.parameters,
        population=population,
        supply=supply,
        history=history,
        ledger=ledger,
        rival=rival_after(state.rival, quality, leaking, world.terms.market),
        quality=quality,
    )
    return after, Record(state.round, actions, lesson, payday)


def learn(state: State, world: World, streams: Streams) -> tuple[Lesson, Supply]:
    """From actions to a better network: traverse, screen, step, credit."""
    terms = world.terms
    batch, supply, put = put_in(state.population.action, world.holdings, state.supply, terms.supply, streams.batch)
    passage = traverse(batch, state.parameters, world)
    exam = examine(passage, state.parameters, world)
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


def settle(
    state: State, lesson: Lesson, quality: Floats, world: World, streams: Streams
) -> tuple[Payday, CreditHistory, Ledger]:
    """Revenue, payments, stakes and slashing; every transfer goes through the ledger."""
    terms, actions = world.terms, state.population.action
    member = actions != Action.ABSTAIN
    history = book(state.history, lesson.credit)
    discount, clip = terms.settlement.discount, terms.settlement.clip
    netted = cumulated(history, discount, "net")
    standing = Standing(
        credit=netted if clip == "net" else cumulated(history, discount, clip),
        claims=np.where(member, world.holdings.count, 0),
        member=member,
        reputation=state.population.reputation,
    )
    earned = revenue(quality, state.rival, actions.shape[1], terms.market)
    payments = pay(earned, SETTLEMENTS[terms.settlement.kind](standing, terms.settlement), member, terms.settlement)
    ledger, staked, slashed = _hold_to_contract(state.ledger, actions, netted, world, streams)
    paid = settlement_transfers(earned, payments)
    gain = (actions == Action.DEFECT) * terms.outside.defect_gain + ~member * terms.outside.outside_option
    use = member * terms.market.model_value * quality[:, None]
    cost = state.population.cost * lesson.put.delegated
    payoffs = (payments - slashed) / MICRO + gain + use - cost
    payday = Payday(quality, earned, payments, slashed, standing.credit, (*staked, *paid), payoffs)
    return payday, history, post(ledger, paid)


def _hold_to_contract(
    ledger: Ledger, actions: Ints, netted: Floats, world: World, streams: Streams
) -> tuple[Ledger, tuple[Transfer, ...], Ints]:
    """Post stakes, audit, slash who is caught: by netted credit (R, N) below zero, or by what an audit reveals."""
    contract = world.terms.contract
    if not contract.stake.any():
        return ledger, (), np.zeros_like(actions)
    staked = stake_transfers(ledger, actions != Action.ABSTAIN, contract)
    ledger = post(ledger, staked)
    guilty = caught(actions, netted, streams.shock.uniform(2, actions.shape[1]), contract)
    slash = slash_transfer(ledger, guilty, contract)
    return post(ledger, (slash,)), (*staked, slash), slash.amount


def adapt(
    state: State, lesson: Lesson, payday: Payday, foregone: Floats | None, world: World
) -> Population:
    """Principals remember what they got, and their values move."""
    population = state.population
    first = state.round == 0
    gain = np.zeros_like(payday.payoffs) if first else payday.payoffs - population.payoff
    harm = np.maximum(-(lesson.levels - lesson.exam.levels) * world.senses, 0.0)
    limits = move_limits(population.limits, population.anchor, world.graph, harm, gain, world.terms.values)
    remembered = remember(population, payday.payoffs, lesson.credit, foregone, world.terms.policy, first=first)
    return replace(remembered, limits=limits)


def _drifted(state: State, world: World) -> State:
    """Features turn a little every round. In their frame it is the network's first layer that turns back."""
    if world.drift is None:
        return state
    return replace(state, parameters=world.network.turn(state.parameters, world.drift))


def to_numpy(tensor: Tensor) -> Floats:
    """A tensor where the decisions are made: on the host, in double precision."""
    return tensor.numpy(force=True).astype(np.float64, copy=False)


def to_tensor(array: Floats, like: Tensor) -> Tensor:
    """An array where the network is computed, in its precision."""
    return torch.as_tensor(array, dtype=like.dtype, device=like.device)
