"""Learners that climb the reciprocity gradient: how they give, and how they judge if they choose that too.

A learner keeps logits of its tables. Each round it estimates everybody's rules from the public record, plans some
rounds ahead from the names of now, and takes one step of Adam (Kingma and Ba 2015) uphill. As that is local, it looks
now and then at all 16 deterministic tables in its model, and crosses over to one that is clearly better.
"""

from dataclasses import dataclass, fields, replace

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints, per_principal
from commonweal.agents.reciprocity.chain import Rules, Schedule, Stakes, drawn_schedule, gradient, value_among_all
from commonweal.agents.reciprocity.estimates import Belief, Counts, aligned, estimated, with_own
from commonweal.agents.reciprocity.norms import Errors, Norm, executed, judged
from commonweal.agents.reciprocity.public import ACTS, Residents, cooperation, ess_interval, share_good
from commonweal.agents.reciprocity.terms import LearnerTerms

MARGIN = 0.01  # of the larger of benefit and cost in every round planned, that a jump must gain
CROSSED = 2.0  # logit of a cell after a jump
FARTHEST = 12.0  # largest logit
DECAYS = (0.9, 0.999)  # of Adam's moments
ALIKE = 0.95  # of the best payoff: rules that pay as much are alike
TINY = 1e-12  # where Adam divides; slopes are in units of the larger of benefit and cost


@dataclass(frozen=True)
class Logits:
    """A table of logits and Adam's moments of it, cells on the last axes."""

    at: Floats = per_principal()  # (R, N, ...)
    slope: Floats = per_principal()  # (R, N, ...) decaying mean of slopes
    square: Floats = per_principal()  # (R, N, ...) and of their squares


@dataclass(frozen=True)
class Learners:
    """What learners are; everybody has a place, those who do not learn keep its first content."""

    act: Logits  # (R, N, 2, 2) of giving
    assess: Logits  # (R, N, 2, 2, 2) of calling good
    updates: Ints = per_principal()  # (R, N) how often they learned


@dataclass(frozen=True)
class Situation:
    """What learners know when they plan."""

    image: Ints  # (R, N) 1 good
    counts: Counts
    benefit: Floats  # (R, N) of a gift received
    cost: Floats  # (R, N) of a gift made
    errors: Errors
    norm: Norm  # by which they judge unless they learn to, and which they believe in if they have such a belief
    judges: int  # J of each donor
    dissent: Floats | float = 0.0  # () or (R, 1) probability that a verdict against the majority costs a good name


def first_learners(runs: int, size: int) -> Learners:
    """Who does everything with probability ½, in R runs of N principals."""
    act, assess = (Logits(*(np.zeros((runs, size, *cells)) for _ in range(3))) for cells in ((2, 2), (2, 2, 2)))
    return Learners(act, assess, np.zeros((runs, size), dtype=np.int64))


def giving(learners: Learners) -> Floats:
    """(R, N, 2, 2) probability that learners mean to give."""
    return _sigmoid(learners.act.at)


def judging(learners: Learners) -> Floats:
    """(R, N, 2, 2, 2) probability that learners call good, before errors."""
    return _sigmoid(learners.assess.at)


def _sigmoid(logits: Floats) -> Floats:
    result: Floats = 1 / (1 + np.exp(-logits))
    return result


def updated(learners: Learners, who: Bools, situation: Situation, terms: LearnerTerms, uniform: Floats) -> Learners:
    """Learners after they learned from a round.

    Args:
        learners: before.
        who: (R, N) who learns.
        situation: what they know.
        terms: how they learn.
        uniform: (R, T, E, N) uniform numbers, from which the schedules of each run are drawn.
    """
    run, learner = np.nonzero(who)
    if not len(run):
        return learners
    plan = _plan((run, learner), situation, terms, uniform)
    stepped = _stepped(learners, plan, terms)
    return _searched(stepped, plan, terms) if terms.search else stepped


@dataclass(frozen=True)
class _Plan:
    """The world as L learners see it; stakes in units of the larger of benefit and cost."""

    place: tuple[Ints, Ints]  # (L,) run and index of each
    first: Floats  # (L, N)
    rules: Rules  # of everybody, of the learners themselves by estimate
    schedule: Schedule
    stakes: Stakes
    errors: Errors  # (L, 1) each
    norm: Norm
    learns_to_judge: bool

    def own(self, act: Floats, assess: Floats) -> Rules:
        """Rules in which the learners give and judge by tables (L, 2, 2) and (L, 2, 2, 2), before errors."""
        made = executed(act, self.errors.execution[..., None])
        return with_own(self.rules, self.stakes.learner, made, _judged(assess, self.errors))

    def worth(self, act: Floats, assess: Floats) -> Floats:
        """(L,) payoff by such tables."""
        return value_among_all(self.first, self.own(act, assess), self.schedule, self.stakes)

    def tables(self, learners: Learners) -> tuple[Floats, Floats]:
        """(L, 2, 2) and (L, 2, 2, 2) by which the learners give and judge, before errors."""
        act = _sigmoid(learners.act.at[self.place])
        if self.learns_to_judge:
            return act, _sigmoid(learners.assess.at[self.place])
        return act, np.broadcast_to(self.norm.assess, (len(act), 2, 2, 2))


def _judged(assess: Floats, errors: Errors) -> Floats:
    return judged(assess, errors.perception[..., None], errors.assignment[..., None])


def _plan(place: tuple[Ints, Ints], situation: Situation, terms: LearnerTerms, uniform: Floats) -> _Plan:
    run, learner = place
    drawn = drawn_schedule(np.moveaxis(uniform, 1, 0), situation.judges)
    schedule = Schedule(drawn.recipient[:, run], drawn.judges[:, run])
    unit = _unit(situation, place)
    runs = len(uniform)
    dissent = np.broadcast_to(situation.dissent, (runs, 1))[run, 0]
    stakes = Stakes(learner, situation.benefit[place] / unit, situation.cost[place] / unit, dissent)
    each = (situation.errors.execution, situation.errors.perception, situation.errors.assignment)
    errors = Errors(*(np.broadcast_to(np.asarray(error), (runs, 1))[run] for error in each))
    belief = Belief(np.broadcast_to(terms.weight, (runs, 1))[run])
    each_judge = terms.signals == "learned"
    if terms.belief == "norm":
        act, assess = executed(situation.norm.act, errors.execution[..., None]), _judged(situation.norm.assess, errors)
        belief = replace(belief, act=act, assess=assess)
    elif terms.belief == "equilibrium":
        assess = estimated(situation.counts, run, learner, belief).rules.assess.mean(1)
        belief = replace(belief, act=equilibrium(assess, stakes, errors.execution[:, 0]))
    rules = estimated(situation.counts, run, learner, belief, each_judge=each_judge).rules
    first = situation.image[run].astype(np.float64)
    return _Plan(place, first, rules, schedule, stakes, errors, situation.norm, each_judge)


def _unit(situation: Situation, place: tuple[Ints, Ints]) -> Floats:
    """(L,) the larger of benefit and cost, in which a plan counts."""
    unit = np.maximum(np.abs(situation.benefit[place]), np.abs(situation.cost[place]))
    return np.where(unit > 0, unit, 1.0)


def equilibrium(assess: Floats, stakes: Stakes, execution: Floats) -> Floats:
    """The best rule that is a best response to itself, by which L learners expect others to give who reason as they do.

    Of the 16 deterministic rules of action it takes those that are evolutionarily stable where donors are judged by
    ``assess``, and of these the one that pays most in the long run. A norm has a mirror image that gives to the bad and
    pays as much or nearly so, so that of rules that pay about the same the one is taken under which most names are
    good: all come to the same one. Never to give is always stable.

    Args:
        assess: (L, 2, 2, 2) probability of a good name after all errors, as estimated.
        stakes: benefit and cost of each learner.
        execution: (L,) probability that a gift fails.

    Returns:
        (L, 2, 2) probability that a gift is made.
    """
    every = Residents(ACTS[None], assess[:, None], np.repeat(execution[:, None], len(ACTS), axis=1))
    interval = ess_interval(every)
    cost = np.maximum(stakes.cost, TINY)
    stable = interval.contains((stakes.benefit / cost)[:, None])
    payoff = (stakes.benefit - stakes.cost)[:, None] * cooperation(every)
    payoff = np.where(stable, payoff, -np.inf)
    alike = payoff >= ALIKE * payoff.max(1, keepdims=True)
    best = np.where(alike, share_good(every), -1.0).argmax(1)
    return executed(ACTS[best], execution[:, None, None])


def _stepped(learners: Learners, plan: _Plan, terms: LearnerTerms) -> Learners:
    act, assess = plan.tables(learners)
    slopes = gradient(plan.first, plan.own(act, assess), plan.schedule, plan.stakes)
    updates = learners.updates.copy()
    updates[plan.place] += 1
    rate, explore = (_of_learners(each, plan, learners) for each in (terms.rate, terms.explore))
    step = _Step(plan.place, updates[plan.place], rate, explore)
    by_act = (1 - plan.errors.execution[..., None]) * slopes.act * act * (1 - act)
    after = replace(learners, act=_climbed(learners.act, by_act, step), updates=updates)
    if not plan.learns_to_judge:
        return after
    by_assess = _before_errors(slopes.assess, plan.errors) * assess * (1 - assess)
    return replace(after, assess=_climbed(learners.assess, by_assess, step))


def _of_learners(per_run: Floats, plan: _Plan, learners: Learners) -> Floats:
    """(L,) of an array (R, 1) or ()."""
    each: Floats = np.broadcast_to(per_run, learners.updates.shape)[plan.place]
    return each


def _before_errors(slope: Floats, errors: Errors) -> Floats:
    """Derivative by verdicts as meant from that by verdicts after errors, both (L, 2, 2, 2)."""
    refused, gave = slope[..., 0], slope[..., 1]
    perception, assignment = errors.perception[..., None], errors.assignment[..., None]
    meant: Floats = np.stack([(1 - perception) * refused, gave + perception * refused], -1)
    return (1 - 2 * assignment)[..., None] * meant


@dataclass(frozen=True)
class Outlook:
    """What L learners plan by."""

    good_name: Floats  # (L,) what a good name instead of a bad one is worth to each over the rounds ahead
    called_good: Floats  # (L, 2, 2, 2) probability that a judge calls a donor good, as estimated, after errors


def outlook(learners: Learners, who: Bools, situation: Situation, terms: LearnerTerms, uniform: Floats) -> Outlook:
    """How learners see the rounds ahead, if they keep to what they do.

    Args:
        learners: as they are.
        who: (R, N) whose outlook.
        situation: what they know.
        terms: how they learn.
        uniform: (R, T, E, N) uniform numbers, from which the schedules of each run are drawn.
    """
    run, learner = np.nonzero(who)
    place = (run, learner)
    plan = _plan(place, situation, terms, uniform)
    own, rows = plan.own(*plan.tables(learners)), np.arange(len(run))
    worth = []
    for image in (0.0, 1.0):
        first = plan.first.copy()
        first[rows, learner] = image
        worth.append(value_among_all(first, own, plan.schedule, plan.stakes))
    others = plan.rules.assess.sum(1) - plan.rules.assess[rows, learner]
    return Outlook((worth[1] - worth[0]) * _unit(situation, place), others / (plan.rules.assess.shape[1] - 1))


@dataclass(frozen=True)
class _Step:
    """How far L learners go."""

    place: tuple[Ints, Ints]
    number: Ints  # (L,) of updates, with this one
    rate: Floats  # (L,)
    explore: Floats  # (L,) probability of either act that remains


def _climbed(logits: Logits, slope: Floats, step: _Step) -> Logits:
    """A step of Adam uphill by slopes (L, ...); no logit leaves what the step leaves to explore."""
    kept = [each.copy() for each in (logits.at, logits.slope, logits.square)]
    first, second = (decay * old[step.place] + (1 - decay) * new for decay, old, new in
                     zip(DECAYS, kept[1:], (slope, slope**2), strict=True))  # fmt: skip
    mean, square = (x / aligned(1 - d**step.number, slope) for x, d in zip((first, second), DECAYS, strict=True))
    moved = kept[0][step.place] + aligned(step.rate, slope) * mean / (np.sqrt(square) + TINY)
    bound = aligned(_bound(step.explore), slope)
    for array, new in zip(kept, (np.clip(moved, -bound, bound), first, second), strict=True):
        array[step.place] = new
    return Logits(*kept)


def _bound(explore: Floats) -> Floats:
    """Logit at which the rarer act is left with probability ``explore``."""
    with np.errstate(divide="ignore"):
        bound: Floats = np.minimum(np.log((1 - explore) / explore), FARTHEST)
    return bound


def _searched(learners: Learners, plan: _Plan, terms: LearnerTerms) -> Learners:
    """Learners of whom those jump whose turn it is; turns come every ``search`` rounds, not to all at once."""
    turn = (learners.updates[plan.place] + plan.place[1]) % terms.search == 0
    if not turn.any():
        return learners
    plan = _part(plan, np.nonzero(turn)[0])
    act, assess = plan.tables(learners)
    explore = _of_learners(terms.explore, plan, learners)
    best = best_acts(plan, act, assess, explore)
    after = replace(learners, act=_crossed(learners.act, best, plan.place, _bound(explore)))
    if not plan.learns_to_judge:
        return after
    signals = best_signals(plan, plan.tables(after)[0], assess, explore)
    return replace(after, assess=_crossed(learners.assess, signals, plan.place, _bound(explore)))


def _part(plan: _Plan, chosen: Ints) -> _Plan:
    """The plans of the learners at these places."""
    each = {f.name: np.broadcast_to(getattr(plan.stakes, f.name), len(plan.first)) for f in fields(plan.stakes)}
    errors = Errors(*(x[chosen] for x in (plan.errors.execution, plan.errors.perception, plan.errors.assignment)))
    return replace(
        plan,
        place=(plan.place[0][chosen], plan.place[1][chosen]),
        first=plan.first[chosen],
        rules=Rules(plan.rules.act[chosen], plan.rules.assess[chosen]),
        schedule=Schedule(plan.schedule.recipient[:, chosen], plan.schedule.judges[:, chosen]),
        stakes=Stakes(**{name: values[chosen] for name, values in each.items()}),
        errors=errors,
    )


def _corner(bits: Floats, explore: Floats) -> Floats:
    """Tables (L, ...) of bits, as far as exploring lets them go."""
    left = aligned(explore, bits)
    tables: Floats = left + (1 - 2 * left) * bits
    return tables


def best_acts(plan: _Plan, act: Floats, assess: Floats, explore: Floats) -> Floats:
    """(L, 2, 2) the best of the 16 deterministic tables where it clearly beats the present one, else that one rounded.

    Args:
        plan: the world as learners see it.
        act: (L, 2, 2) how they give.
        assess: (L, 2, 2, 2) how they judge.
        explore: (L,) probability of either act that remains.
    """
    bits, size = np.repeat(ACTS, len(act), axis=0), len(ACTS)
    every = _part(plan, np.tile(np.arange(len(act)), size))
    corners = _corner(bits, np.tile(explore, size))
    worth = every.worth(corners, np.tile(assess, (size, 1, 1, 1))).reshape(size, -1)
    clearly = worth.max(0) - plan.worth(act, assess) > MARGIN * len(plan.schedule.recipient)
    return np.where(clearly[:, None, None], ACTS[worth.argmax(0)], act > 0.5)


def best_signals(plan: _Plan, act: Floats, assess: Floats, explore: Floats) -> Floats:
    """(L, 2, 2, 2) verdicts from which no single bit can be turned with profit, from the present ones.

    Args:
        plan: the world as learners see it.
        act: (L, 2, 2) how they give.
        assess: (L, 2, 2, 2) how they judge.
        explore: (L,) probability of either verdict that remains.
    """
    bits = (assess > 0.5).astype(np.float64)
    worth = plan.worth(act, _corner(bits, explore))
    for cell in np.ndindex(2, 2, 2):
        turned = bits.copy()
        turned[(slice(None), *cell)] = 1 - bits[(slice(None), *cell)]
        other = plan.worth(act, _corner(turned, explore))
        better = other > worth + TINY
        bits, worth = np.where(better[:, None, None, None], turned, bits), np.maximum(worth, other)
    return bits


def _crossed(logits: Logits, bits: Floats, place: tuple[Ints, Ints], bound: Floats) -> Logits:
    """Logits of which those cells change sides that are on the other side of ``bits`` (L, ...)."""
    at, slope, square = logits.at.copy(), logits.slope.copy(), logits.square
    crosses = (at[place] > 0) != (bits > 0.5)
    far = aligned(np.minimum(CROSSED, bound), bits)
    at[place] = np.where(crosses, far * (2 * bits - 1), at[place])
    slope[place] = np.where(crosses, 0.0, slope[place])
    return Logits(at, slope, square)
