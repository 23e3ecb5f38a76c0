"""What the public record tells of others: how each gives, and how each judges, by the names of donor and recipient.

The record holds acts after errors of execution, and verdicts after errors of perception and assignment, so that the
estimates are of rules after all errors. The ratio of counts maximises their likelihood; that of each principal is
shrunk to the ratio of all others, or to a belief.
"""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import AnyArray, Bools, Floats, Ints, per_principal
from commonweal.agents.reciprocity.chain import Rules


@dataclass(frozen=True)
class Counts:
    """How often each donor gave, and each judge called good; older rounds count less."""

    acts: Floats = per_principal()  # (R, N, 2, 2, 2) by images of donor and recipient, then refused or gave
    verdicts: Floats = per_principal()  # (R, N, 2, 2, 2, 2) of judges, by images, act, then bad or good


@dataclass(frozen=True)
class Record:
    """What everybody sees of a round."""

    image: Ints  # (R, N) before the round
    recipient: Ints  # (R, N) of each donor
    gave: Ints  # (R, N) 1 gave, 0 refused
    met: Bools  # (R, N) which donors met their recipient
    judges: Ints  # (R, N, J) who judged each donor
    verdicts: Ints  # (R, N, J) 1 good, 0 bad


@dataclass(frozen=True)
class Belief:
    """What an estimate is shrunk to, and how much; a table that is None is the ratio of all others."""

    weight: Floats  # (L, 1) rounds that it counts for
    act: Floats | None = None  # (L, 2, 2) probability of giving, after errors
    assess: Floats | None = None  # (L, 2, 2, 2) probability of calling good, after errors


@dataclass(frozen=True)
class Estimate:
    """Rules of everybody in the eyes of L learners, and which cells anybody but the learner was ever seen in."""

    rules: Rules
    acts_known: Bools  # (L, 2, 2)
    verdicts_known: Bools  # (L, 2, 2, 2)


def first_counts(runs: int, size: int) -> Counts:
    """Counts of R runs of N principals before anybody met."""
    return Counts(np.zeros((runs, size, 2, 2, 2)), np.zeros((runs, size, 2, 2, 2, 2)))


def counted(counts: Counts, record: Record, memory: Floats | float) -> Counts:
    """Counts after a round.

    Args:
        counts: before it.
        record: what was seen.
        memory: () or (R, 1) weight of a round's counts one round later.
    """
    context = _contexts(record)
    runs, size = context.shape
    kept = np.broadcast_to(memory, (runs, 1)).reshape(runs)
    donor = np.arange(size) + size * np.arange(runs)[:, None]
    acts = (donor * 4 + context) * 2 + record.gave
    judge = record.judges + size * np.arange(runs)[:, None, None]
    heard = ((judge * 4 + context[..., None]) * 2 + record.gave[..., None]) * 2 + record.verdicts
    return Counts(
        counts.acts * aligned(kept, counts.acts) + _tally(acts[record.met], counts.acts.shape),
        counts.verdicts * aligned(kept, counts.verdicts) + _tally(heard[record.met].ravel(), counts.verdicts.shape),
    )


def _contexts(record: Record) -> Ints:
    context: Ints = 2 * record.image + np.take_along_axis(record.image, record.recipient, 1)
    return context


def aligned(per_run: AnyArray, like: AnyArray) -> Floats:
    """(R, 1, ...) numbers of each, to be multiplied with an array (R, ...) of as many axes as ``like``."""
    return per_run.reshape(-1, *(1,) * (like.ndim - 1))


def _tally(places: Ints, shape: tuple[int, ...]) -> Floats:
    size = int(np.prod(shape))
    return np.bincount(places, minlength=size).reshape(shape).astype(np.float64)


def estimated(counts: Counts, run: Ints, learner: Ints, belief: Belief, *, each_judge: bool = False) -> Estimate:
    """Rules of everybody, as each of L learners estimates them without what it did or said itself.

    The learner's own rows are estimates too: put the known ones in their place with :func:`with_own`.

    Args:
        counts: of the public record.
        run: (L,) run of each learner.
        learner: (L,) its index.
        belief: what estimates are shrunk to.
        each_judge: whether every judge is estimated, or all others as one.
    """
    act, acts_known = _rates(counts.acts[run], _others(counts.acts, run, learner), belief.act, belief.weight)
    others = _others(counts.verdicts, run, learner)
    seen = counts.verdicts[run] if each_judge else np.zeros((len(run), 1, 2, 2, 2, 2))
    pooled = belief.assess if each_judge else _shrunk(others, belief.assess, belief.weight)
    assess, verdicts_known = _rates(seen, others, pooled, belief.weight)
    size = counts.acts.shape[1]
    rules = Rules(act, np.broadcast_to(assess, (len(run), size, 2, 2, 2)))
    return Estimate(rules, acts_known, verdicts_known)


def _others(counts: Floats, run: Ints, learner: Ints) -> Floats:
    """(L, ...) counts of everybody but the learner."""
    others: Floats = np.maximum(counts.sum(1)[run] - counts[run, learner], 0)
    return others


def _shrunk(counts: Floats, belief: Floats | None, weight: Floats) -> Floats:
    """(L, ...) ratio of (L, ..., 2) counts: half a count is added to each side, or ``weight`` counts of the belief."""
    if belief is None:
        belief, weight = np.full(counts.shape[:-1], 0.5), np.ones_like(weight)
    extra = aligned(weight[:, 0], belief)
    total = counts.sum(-1) + extra
    rate: Floats = np.where(total > 0, counts[..., 1] + extra * belief, belief) / np.where(total > 0, total, 1.0)
    return rate


def _rates(each: Floats, others: Floats, belief: Floats | None, weight: Floats) -> tuple[Floats, Bools]:
    """(L, N, ...) rates of each, shrunk to the belief or to the ratio of all others, and (L, ...) which were seen."""
    known = others.sum(-1) > 0
    target = _shrunk(others, None, weight) if belief is None else belief
    return _shrunk(each, np.broadcast_to(target[:, None], each.shape[:-1]), weight), known


def with_own(rules: Rules, learner: Ints, act: Floats, assess: Floats) -> Rules:
    """Rules in which each learner's own rows are as it knows them, after errors.

    Args:
        rules: of everybody, in the eyes of L learners.
        learner: (L,) index of each.
        act: (L, 2, 2) its probability of giving.
        assess: (L, 2, 2, 2) its probability of calling good.
    """
    acts, verdicts, rows = rules.act.copy(), rules.assess.copy(), np.arange(len(learner))
    acts[rows, learner], verdicts[rows, learner] = act, assess
    return Rules(acts, verdicts)
