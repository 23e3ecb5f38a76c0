"""Second step of a round, learn: traverse, admit, step, credit. A lesson grows by one record at each.

In: the moment in which everybody acts. Out: the moment with what mechanisms did meanwhile, and the lesson. Changes: the
ledger and limits, where tolerance is sold; ``remember`` takes the network from the lesson. Scenario sections:
``actions``, ``learning``, ``screening``, ``credit``, ``values``, ``tolerance``, ``mechanisms``; field: ``menu.offer``.
"""

from dataclasses import replace
from functools import partial

import numpy as np
import torch

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Floats, ratio
from commonweal.agents.errors import InputError
from commonweal.agents.streams import Stream, Streams
from commonweal.economy.credit import CREDITS, Credit, CreditRule, Marginal, RoundGame, admissible_step
from commonweal.economy.credit.discounts import discounted
from commonweal.economy.credit.game import LinearMarginal
from commonweal.economy.learning.network import (
    Parameters,
    Passage,
    descend,
    inner,
    scaled,
    to_numpy,
    to_tensor,
)
from commonweal.economy.round.absent import noted, reached
from commonweal.economy.round.mechanism import run_hooks
from commonweal.economy.round.record import Admitted, Drawn, Exam, Lesson, Moment, Stepped, Traversed
from commonweal.economy.round.sift import sample_products, sift, without
from commonweal.economy.round.trust import chances, must_trust, verified
from commonweal.economy.round.visits import recent_samples, samples, sent_back, visit
from commonweal.economy.screening.admissible import Screened, screen
from commonweal.economy.screening.votes import room_left
from commonweal.economy.tasks import put_in, without_classes
from commonweal.economy.wire.nodes import LostNodesError
from commonweal.economy.world.claims import claimed_limits
from commonweal.economy.world.world import State, World

HALVINGS = 6  # of a step that overshoots a limit, before it is left out
ROUNDING = 1e-6  # of a probe level between two evaluations of the same parameters in single precision


def learn(moment: Moment, world: World, streams: Streams) -> tuple[Moment, Lesson]:
    """From actions to a better network.

    Args:
        moment: in which everybody acts.
        world: what does not change.
        streams: what is put in is drawn from the batch stream, coalitions from the credit stream.

    Returns:
        The moment with what mechanisms did while updates were screened, and the lesson.

    Raises:
        InputError: if a run's network diverges.
    """
    drawn = whole = draw(moment, world, streams)
    if world.nodes is not None:
        world.nodes.begin()
    while True:
        try:
            if world.nodes is not None:
                drawn = reached(whole, world)
                moment = noted(moment, world)
            return teach(moment, drawn, world, streams)
        except LostNodesError:
            pass  # a node fell silent: the same round again, without those who are on it


def teach(moment: Moment, drawn: Drawn, world: World, streams: Streams) -> tuple[Moment, Lesson]:
    """From what everybody puts in to a better network."""
    traversed = traverse(moment, drawn, world, streams)
    if traversed.checked is not None:
        moment = replace(moment, notes={**moment.notes, "trust": traversed.checked})
    moment, admitted = admit(moment, traversed, world)
    stepped = step(moment, admitted, world)
    return moment, credit(moment, stepped, world, streams.credit)


def draw(moment: Moment, world: World, streams: Streams) -> Drawn:
    """Plan which samples everybody puts in."""
    state, terms = moment.state, world.terms
    batch, supply, put = put_in(
        moment.actions,
        world.planned,
        state.supply,
        terms,
        streams.batch,
        world.conduct,
        asked_amounts(state, world),
    )
    if moment.left_out is not None:
        batch, put = without_classes(batch, put, moment.left_out)
    return Drawn(batch=batch, put=put, supply=supply, luck=chances(moment, world, streams))


def traverse(moment: Moment, drawn: Drawn, world: World, streams: Streams) -> Traversed:
    """Visit the samples that everybody puts in, and multiply every update with the exam's gradients."""
    state, batch = moment.state, drawn.batch
    taken = None if world.nodes is not None else samples(batch, world)
    passage = visit(batch, state.parameters, world, taken, state.round)
    passage = sent_back(passage, drawn.put, state, streams.batch)
    exam = examine(passage, state.parameters, world)
    _demand_finite("validation loss", exam.loss, state.round)
    recent = () if taken is None else recent_samples(batch, taken[0], passage, state, world)
    traversed = Traversed(**vars(drawn), before=state.parameters, passage=passage, exam=exam, recent=recent)
    return verified(traversed, world) if must_trust(world) else traversed


def admit(moment: Moment, traversed: Traversed, world: World) -> tuple[Moment, Admitted]:
    """Drop harmful updates, and screen the rest by everybody's limits for this round.

    Limits are those that principals claim. Where a mechanism changes them, updates are screened a second time; the
    first time says what looser limits are worth.
    """
    admitted = admitted_under(claimed_limits(moment.people, world, moment.declared), moment, traversed, world)
    moment = run_hooks(moment, world, lambda each, own, now: each.admit(own, now, admitted, world))
    if moment.limits is None:
        return moment, admitted
    return moment, admitted_under(moment.limits, moment, traversed, world)


def admitted_under(limits: Floats, moment: Moment, traversed: Traversed, world: World) -> Admitted:
    """Which part of every update is admissible under limits (R, N, K)."""
    exam, terms = traversed.exam, world.terms.screening
    active = traversed.active
    gated = active & (exam.slopes < 0) if terms.gate else np.zeros_like(active)
    voting, weights = moment.people.action != Action.ABSTAIN, voting_weights(moment, world)
    room = room_left(exam.levels, limits, voting, world.senses, terms, weights)
    offered = active & ~gated
    sifted = sift(traversed, allowed(room, world), offered, world)
    if sifted is None:
        screened = screen_updates(exam, room, offered, world)
        return Admitted(**vars(traversed), sifted=None, gated=gated, room=room, screened=screened)
    left = without(sifted)
    screened = screen_updates(left.exam, room, offered & (sifted.left_out < 1), world)
    return Admitted(**vars(left), sifted=sifted, gated=gated, room=room, screened=screened)


def voting_weights(moment: Moment, world: World) -> Floats | None:
    """(R, N) weight of each vote on limits: samples held, or money at stake before the round; None: all alike."""
    weight = world.terms.screening.weight
    if weight == "equal":
        return None
    held = world.holdings.count if weight == "data" else moment.state.ledger.escrows
    return held.astype(np.float64)


def step(moment: Moment, admitted: Admitted, world: World) -> Stepped:
    """Descend by the admissible step. It is halved while a probe overshoots its limit, and finally left out."""
    exam, screened = admitted.exam, admitted.screened
    whole = admissible_step(admitted.passage, exam.probes, screened.weights, screened.multipliers)
    factor = np.ones(len(exam.loss))
    room, lowest = admitted.room[:, 0], _lowest_room(exam, admitted.room, world)
    for attempt in range(HALVINGS + 1):
        rate = to_tensor(world.terms.learning.rate[:, 0] * factor, whole[0])
        moved = descend(moment.state.parameters, scaled(whole, rate))
        if world.probes is None:
            return Stepped(**vars(admitted), step=whole, factor=factor, parameters=moved, levels=exam.levels)
        levels = to_numpy(world.probes.levels(world.network.logits(moved, world.probes.features)))
        left = (levels - exam.levels) * world.senses + room
        overshoots = (left < lowest).any(axis=1) & (factor > 0)
        if not overshoots.any():
            break
        factor = np.where(overshoots, factor / 2 if attempt < HALVINGS - 1 else 0.0, factor)
    return Stepped(**vars(admitted), step=whole, factor=factor, parameters=moved, levels=levels)


def credit(moment: Moment, stepped: Stepped, world: World, stream: Stream) -> Lesson:
    """Credit every update; a gated one is charged for the harm that it would have done."""
    game, rule = game_of(stepped, world, stream), CREDITS[world.terms.credit.kind]
    with np.errstate(over="ignore", invalid="ignore"):  # a run that has diverged is told of below, in a line
        found = rule(game)
        appraisal = discounted(charged(found, game, rule, stepped.gated), game)
        appraisal = replace(appraisal, marginal=found.marginal or _usual(found, game))
    _demand_finite("credit", appraisal.values, moment.state.round)
    return Lesson(**vars(stepped), appraisal=appraisal)


def charged(found: Credit, game: RoundGame, rule: CreditRule, gated: Bools) -> Credit:
    """The credit of a round with that of gated updates: what they would have earned, where that is below zero.

    The rule says so itself, in its own unit: of one more small update, or in the round that gated updates join.

    Args:
        found: what the rule says of the round, in which gated updates have no part.
        game: the round.
        rule: that found it.
        gated: (R, N) whose update was dropped.
    """
    if not gated.any():
        return found
    if found.marginal is not None:
        would = found.marginal(game.passage, np.ones(gated.shape))
        return replace(found, values=np.where(gated, np.minimum(would, 0.0), found.values))
    joined = rule(game.joined_by(gated))
    values = np.where(gated, np.minimum(joined.values, 0.0), found.values)
    evaluations, error = found.evaluations + joined.evaluations, found.standard_error
    budget = None if found.budget is None else 2 * found.budget  # of two rounds
    if joined.standard_error is not None:
        error = np.where(gated, joined.standard_error, 0.0 if error is None else error)
    told = replace(found, values=values, evaluations=evaluations, budget=budget)
    return replace(told, estimated=found.estimated or joined.estimated, standard_error=error)


def _usual(found: Credit, game: RoundGame) -> Marginal:
    """What one more small update would earn to first order, in the unit of a rule that only the game can ask.

    A nat is worth what nats earned in this round, by least squares.
    """
    nat = game.rate * game.slope
    earned, squares = (found.values * nat).sum(axis=1), (nat**2).sum(axis=1)
    unit = np.where(squares > 0, ratio(earned, squares), 1.0)[:, None]
    return LinearMarginal(game.rate * unit, game.gradient, game.passage, game.slopes)


def game_of(stepped: Stepped, world: World, stream: Stream) -> RoundGame:
    """The coalitional game of the round, which credit rules play.

    Args:
        stepped: the lesson so far.
        world: what does not change.
        stream: coalitions are drawn from it.
    """
    exam, screened = stepped.exam, stepped.screened
    validation = world.exam.sizes[0]
    return RoundGame(
        network=world.network,
        parameters=stepped.before,
        passage=stepped.passage,
        weights=screened.weights,
        multipliers=screened.multipliers,
        probes=exam.probes,
        curvature=exam.curvature,
        samples=partial(samples, stepped.batch, world),
        gradient=tuple(v[:, 0] for v in exam.directions),
        level=exam.loss,
        slopes=exam.slopes,
        whole=stepped.step,
        rate=world.terms.learning.rate * stepped.factor[:, None],
        features=world.exam.features[:, :validation],
        labels=world.exam.labels[:, :validation],
        terms=world.terms.credit,
        stream=stream,
        seen=stepped.recent,
        taken=None if stepped.sifted is None else stepped.sifted.kept,
        likeness=world.likeness if world.terms.credit.memory else None,
        criterion=world.exam.loss,
        shares=None if world.even else world.exam.weights[:, :validation],
    )


def asked_amounts(state: State, world: World) -> Floats | None:
    """(R, N) samples that each puts in if it delegates; None where all put in the same fixed number."""
    return state.membership.amount if world.terms.menu.offer != "fixed" else None


def _demand_finite(what: str, values: Floats, number: int) -> None:
    """Raise InputError where a run's network has diverged, before anybody is paid for it."""
    if not np.isfinite(values).all():
        run, *place = np.argwhere(~np.isfinite(values))[0].tolist()
        raise InputError(f"run {run} diverged: {what} {values[run, *place]} in round {number}; lower learning.rate")


def examine(passage: Passage, parameters: Parameters, world: World) -> Exam:
    """Probe levels, and the products of all updates with the validation and probe gradients."""
    examined = world.network.examine(parameters, world.exam)
    directions = examined.directions
    by_sample = sample_products(passage, directions, world)
    by_owner = passage.products(directions) if by_sample is None else passage.owners.total(by_sample)
    products, measured = to_numpy(by_owner), to_numpy(examined.levels)
    return Exam(
        levels=measured[:, 1:],
        loss=measured[:, 0],
        directions=directions,
        curvature=examined.curvature,
        slopes=products[..., 0],
        alignments=products[..., 1:],
        gram=to_numpy(inner(directions, directions)),
        by_sample=by_sample,
    )


def screen_updates(exam: Exam, room: Floats, active: Bools, world: World) -> Screened:
    """The admissible part of every update under the scenario's mode, scope and budget."""
    terms = world.terms.screening
    if terms.mode == "off" or not len(world.senses):
        return Screened(active.astype(np.float64), np.zeros_like(exam.alignments), np.zeros_like(exam.levels))
    harms = np.zeros(exam.alignments.shape)
    harms[active] = exam.alignments[active] * world.senses
    rounding = torch.finfo(world.terms.dtype).eps
    return screen(harms, exam.gram[:, 1:, 1:], allowed(room, world), active, world.senses, terms, rounding)


def allowed(room: Floats, world: World) -> Floats:
    """(R, 1 or N, K) harm allowed to the step as a whole, per unit of learning rate, from room of the same shape."""
    terms, rate = world.terms.screening, world.terms.learning.rate[:, :, None]
    harm = room if terms.budget == "level" else np.broadcast_to(terms.step_tolerance[:, :, None], room.shape)
    budget: Floats = harm / rate
    return budget


def _lowest_room(exam: Exam, room: Floats, world: World) -> Floats:
    """(R, K) room below which a step overshoots: a share of the limit, or what is broken already; −∞ unguarded."""
    terms = world.terms.screening
    if terms.mode == "off" or terms.budget == "step" or terms.scope == "own":
        return np.full_like(exam.levels, -np.inf)
    limits = exam.levels - np.where(np.isfinite(room[:, 0]), room[:, 0], 0.0) * world.senses
    lowest: Floats = np.minimum(room[:, 0], -terms.safeguard * np.abs(limits)) - ROUNDING
    return lowest
