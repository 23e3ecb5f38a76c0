"""The reciprocity gradient: what a learner's acts and verdicts are worth to it, through the chain of judgements ahead.

In each round of a schedule everybody gives to one other, or refuses, and is named good or bad by a majority of judges.
The chance that a name is good is followed forward in mean field (names of two principals are taken as independent), and
the derivative of the learner's payoff is followed backward by the adjoint of the same equations. The construction is
ours; the idea is that of Lin et al. (2026, arXiv 2605.08323), who publish no equations.
"""

from dataclasses import dataclass
from functools import reduce
from typing import TypeAlias

import numpy as np

from commonweal.agents.arrays import AnyArray, Floats, Ints
from commonweal.agents.errors import InputError

TINY = 1e-12  # least chance that a judge keeps its name
Polynomial: TypeAlias = tuple[Floats, Floats, Floats, Floats]  # factors of 1, x, y and x y


@dataclass(frozen=True)
class Schedule:
    """Who meets and who judges whom, T rounds ahead, in E schedules of each of B learners.

    Raises:
        InputError: if the judges of a donor are of even number.
    """

    recipient: Ints  # (T, B, E, N) whom each donor meets: a permutation without fixed points
    judges: Ints  # (T, B, E, N, J) who judges each donor: different third parties, J odd

    def __post_init__(self) -> None:
        if self.judges.shape[-1] % 2 == 0:
            raise InputError(f"reciprocity.judges is {self.judges.shape[-1]}: a majority needs an odd number")


@dataclass(frozen=True)
class Rules:
    """What everybody does, and how everybody judges, in the eyes of B learners and after all errors."""

    act: Floats  # (B, N, 2, 2) probability of giving, by image of donor and recipient
    assess: Floats  # (B, N, 2, 2, 2) probability of calling a donor good, by images and act


@dataclass(frozen=True)
class Stakes:
    """Who the learners are, and what a gift is to them."""

    learner: Ints  # (B,) whose payoff is counted
    benefit: Floats  # (B,) of a gift received
    cost: Floats  # (B,) of a gift made
    dissent: Floats | float = 0.0  # (B,) or () probability that a verdict against the majority gives a judge a bad name


@dataclass(frozen=True)
class Slopes:
    """A learner's payoff and its derivatives by the learner's own rules."""

    value: Floats  # (B,) payoff: sum over rounds, mean over schedules
    act: Floats  # (B, 2, 2) derivative by its probabilities of giving
    assess: Floats  # (B, 2, 2, 2) derivative by its probabilities of calling good


def drawn_schedule(uniform: Floats, judges: int) -> Schedule:
    """Draw schedules: principals in random order around a circle give to the next, and the ``judges`` after judge.

    Donor, recipient and judges are then different, any triple of them is as likely as any other, and everybody gives,
    receives and judges equally often.

    Args:
        uniform: (T, B, E, N) uniform numbers.
        judges: J, odd.

    Raises:
        InputError: if there are fewer than J + 2 principals.
    """
    size = uniform.shape[-1]
    if size < judges + 2:
        raise InputError(f"reciprocity.judges is {judges}: {size} principals leave {size - 2} third parties")
    order = uniform.argsort(-1).reshape(-1, size)
    flat = order + size * np.arange(len(order))[:, None]
    met = np.empty((1 + judges, order.size), dtype=np.int64)
    for step in range(1 + judges):
        met[step, flat.ravel()] = np.roll(order, -1 - step, axis=1).ravel()
    return Schedule(met[0].reshape(uniform.shape), met[1:].T.reshape(*uniform.shape, judges))


def value(first: Floats, rules: Rules, schedule: Schedule, stakes: Stakes) -> Floats:
    """(B,) payoff of each learner in the rounds ahead: sum over rounds, mean over schedules.

    Args:
        first: (B, N) probability that an image is good now.
        rules: of everybody, the learners' own in their rows.
        schedule: who meets and judges whom.
        stakes: whose payoff, from what.
    """
    return _forward(first, rules, schedule, stakes).value


def value_among_all(first: Floats, rules: Rules, schedule: Schedule, stakes: Stakes) -> Floats:
    """(B,) payoff as in :func:`value`, but in each round the learner meets and is met by anybody, equally likely.

    Names still come about by the schedule. The mean over schedules is the same, and few of them come much closer to it.

    Args:
        first: (B, N) probability that an image is good now.
        rules: of everybody, the learners' own in their rows.
        schedule: who judges whom, and whose names decide.
        stakes: whose payoff, from what.
    """
    path = _forward(first, rules, schedule, stakes)
    rounds, learners, schedules, size = path.places.shape
    rows, good = np.arange(learners), path.good.reshape(rounds, learners, schedules, size)
    own = good[:, rows, :, stakes.learner].transpose(1, 0, 2)  # (T, B, E)
    others = np.full((learners, size), 1 / (size - 1))
    others[rows, stakes.learner] = 0
    one, x, y, xy = _polynomial(path.tables)
    met = _mean(np.zeros_like(others), np.ones_like(others), good, others)
    received = _mean(one, x, good, others) + own * _mean(y, xy, good, others)
    mine = [factor[rows, stakes.learner][:, None] for factor in (one, x, y, xy)]
    made = mine[0] + mine[1] * own + (mine[2] + mine[3] * own) * met
    paid: Floats = (stakes.benefit[:, None] * received - stakes.cost[:, None] * made).sum(0).mean(1)
    return paid


def _mean(one: Floats, slope: Floats, good: Floats, weights: Floats) -> Floats:
    """(T, B, E) weighted mean over principals of one + slope × good; tables and weights are (B, N)."""
    swapped = good.transpose(1, 0, 2, 3).reshape(len(one), -1, one.shape[1])  # (B, T E, N)
    means = (swapped @ (slope * weights)[..., None])[..., 0] + (one * weights).sum(1)[:, None]
    result: Floats = means.reshape(len(one), len(good), -1).swapaxes(0, 1)
    return result


def gradient(first: Floats, rules: Rules, schedule: Schedule, stakes: Stakes) -> Slopes:
    """Payoff of each learner in the rounds ahead, and its derivatives by the learner's own rows of ``rules``.

    Args:
        first: (B, N) probability that an image is good now.
        rules: of everybody, the learners' own in their rows.
        schedule: who meets and judges whom.
        stakes: whose payoff, from what.
    """
    path = _forward(first, rules, schedule, stakes)
    worth = _backward(path, stakes)
    return Slopes(path.value, _slope_of_acts(path, worth, stakes), _slope_of_verdicts(path, worth, rules, stakes))


@dataclass(frozen=True)
class _Path:
    """What the way forward leaves for the way back; a flat place is one principal in one schedule of one learner."""

    places: "_Places"
    tables: Floats  # (4, B, N) probability of giving, by context
    named: Floats  # (2, 4, T B E N) probability of a good name by act and context
    good: Floats  # (T, B E N) of donors, before the round
    met: Floats  # (T, B E N) of their recipients
    down: Floats  # (T, B E N) derivative of the donor's next name by its name
    across: Floats  # (T, B E N) and by its recipient's
    value: Floats  # (B,)
    blamed: "_Blamed | None"  # None without dissent


@dataclass(frozen=True)
class _Blamed:
    """How judges lose their names by verdicts against the majority."""

    seat: Ints  # (J, T, B E N) place of each judge
    outvoted: Floats  # (J, 2, 4, T B E N) probability that a judge is outvoted, by act and context of the donor
    chance: tuple[Floats, Floats, Floats, Floats]  # (J, T, B E N) the same whatever the donor does, as a polynomial
    kept: Floats  # (T, B E N) probability that a judge keeps its name
    hurt: Floats  # (J, T, B E N) derivative of its logarithm by the chance of each judge to be outvoted
    after: Floats  # (T, B E N) probability of a good name after the round
    dissent: Floats  # (B E N) probability that a judge who is outvoted gets a bad name

    def step(self, t: int, good: Floats, met: Floats, named: Floats) -> Floats:
        """(B E N) chance of good names after round t, from those before it and those that donors were given in it."""
        one, x, y, xy = (factor[:, t] for factor in self.chance)
        stays = np.maximum(1 - self.dissent * (one + x * good + y * met + xy * good * met), TINY)
        lost = np.bincount(self.seat[:, t].ravel(), np.log(stays).ravel(), minlength=good.size)
        self.hurt[:, t], self.kept[t] = -self.dissent / stays, np.exp(lost)
        after: Floats = named * self.kept[t]
        self.after[t] = after
        return after

    def by_chance(self, t: int, worth: Floats) -> Floats:
        """(J, B E N) derivative of the payoff by the chance of each judge to be outvoted, from that by names after."""
        slope: Floats = self.hurt[:, t] * np.take(worth * self.after[t], self.seat[:, t])
        return slope


@dataclass(frozen=True)
class _Places:
    """Flat places of a schedule."""

    schedule: Schedule
    recipient: Ints  # (T, B E N) place of each donor's recipient in the same round
    donor: Ints  # (T, B E N) place of each recipient's donor
    own: Ints  # (B E,) places of the learners
    giver: Ints  # (T, B E) places of those who meet them

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """T, B, E, N."""
        rounds, learners, schedules, size = self.schedule.recipient.shape
        return rounds, learners, schedules, size


def _places(schedule: Schedule, learner: Ints) -> _Places:
    rounds, learners, schedules, size = schedule.recipient.shape
    start = size * np.arange(learners * schedules)
    recipient = (schedule.recipient.reshape(rounds, -1, size) + start[:, None]).reshape(rounds, -1)
    donor = np.empty_like(recipient)
    span = recipient.shape[1]
    offset = span * np.arange(rounds)[:, None]
    donor.reshape(-1)[recipient + offset] = np.arange(span)
    own = start + np.repeat(learner, schedules)
    return _Places(schedule, recipient, donor, own, donor[:, own])


def _forward(first: Floats, rules: Rules, schedule: Schedule, stakes: Stakes) -> _Path:
    places = _places(schedule, stakes.learner)
    rounds, learners, schedules, size = places.shape
    tables = np.ascontiguousarray(rules.act.reshape(learners, size, 4).transpose(2, 0, 1))
    named = _named(rules.assess, schedule)
    name = _polynomial(_expected(named, tables, places))
    good = np.empty((rounds, learners * schedules * size))
    met, down, across = np.empty_like(good), np.empty_like(good), np.empty_like(good)
    now = np.repeat(first, schedules, axis=0).ravel()
    blamed = _blamed(rules.assess, tables, places, stakes.dissent) if np.any(stakes.dissent) else None
    for t in range(rounds):
        one, x, y, xy = (factor[t] for factor in name)
        good[t] = now
        np.take(now, places.recipient[t], out=met[t])
        down[t] = x + xy * met[t]
        across[t] = y + xy * now
        now = one + y * met[t] + now * down[t]
        if blamed:
            now = blamed.step(t, good[t], met[t], now)
    path = _Path(places, tables, named, good, met, down, across, np.zeros(learners), blamed)
    path.value[:] = _payoff(path, stakes)
    return path


def _blamed(assess: Floats, tables: Floats, places: _Places, dissent: Floats | float) -> _Blamed:
    rounds, learners, schedules, size = places.shape
    judges = places.schedule.judges
    start = (size * np.arange(learners * schedules)).reshape(learners, schedules, 1, 1)
    seat = np.moveaxis(judges + start, -1, 0).reshape(judges.shape[-1], rounds, -1)
    table, rows = _tables(assess), np.moveaxis(_judge_rows(places.schedule), -1, 0).reshape(seat.shape)
    against: Floats = np.empty((len(seat), 2, 4, *seat.shape[1:]))
    for t in range(rounds):  # round by round, so that what is worked on stays in the cache
        against[..., t, :] = outvoted([table[:, judge].reshape(2, 4, -1) for judge in rows[:, t]])
    against = against.reshape(len(seat), 2, 4, -1)
    chance = [_polynomial(_expected(each, tables, places)) for each in against]
    one, x, y, xy = (np.stack(factor) for factor in zip(*chance, strict=True))
    empty = np.empty((len(seat), rounds, seat.shape[-1]))
    each = np.repeat(np.broadcast_to(np.asarray(dissent, dtype=np.float64), learners), schedules * size)
    return _Blamed(seat, against, (one, x, y, xy), np.empty_like(empty[0]), empty, np.empty_like(empty[0]), each)


def outvoted(votes: list[Floats]) -> Floats:
    """(J, ...) probability that each of J independent judges says what fewer than half of them say.

    Args:
        votes: of J judges, J odd, the probability of saying good, in equal shapes.
    """
    need = len(votes) // 2 + 1
    result = np.zeros((len(votes), *votes[0].shape))
    for judge, vote in enumerate(votes):
        others = [other for seat, other in enumerate(votes) if seat != judge]
        if others:
            good, bad = _at_least(need, others), _at_least(need, [1 - other for other in others])
            result[judge] = vote * bad + (1 - vote) * good
    return result


def _named(assess: Floats, schedule: Schedule) -> Floats:
    """(2, 4, T B E N) probability that a majority of each donor's judges calls it good, by act and context."""
    tables, rows = _tables(assess), _judge_rows(schedule)
    named = np.empty((2, 4, len(rows), rows[0, ..., 0].size))
    for t, round_rows in enumerate(rows):  # round by round, so that what is worked on stays in the cache
        judges = np.moveaxis(round_rows, -1, 0).reshape(rows.shape[-1], -1)
        named[:, :, t] = majority([np.take(tables, judge, axis=1) for judge in judges]).reshape(2, 4, -1)
    return named.reshape(2, 4, -1)


def _tables(assess: Floats) -> Floats:
    """(8, B N) probability of calling good, by act and context."""
    tables: Floats = np.ascontiguousarray(assess.reshape(-1, 4, 2).transpose(2, 1, 0)).reshape(8, -1)
    return tables


def _judge_rows(schedule: Schedule) -> Ints:
    """(T, B, E, N, J) row of each judge in tables of B N rows."""
    learners, size = schedule.judges.shape[1], schedule.judges.shape[3]
    rows: Ints = schedule.judges + size * np.arange(learners)[:, None, None, None]
    return rows


def majority(votes: list[Floats]) -> Floats:
    """Probability that more than half of independent judges say good.

    Args:
        votes: of J judges, J odd, the probability of saying good, in equal shapes.
    """
    if len(votes) == 1:
        return votes[0]
    if len(votes) == 3:
        both = votes[0] * votes[1]
        return both + votes[2] * (votes[0] + votes[1] - 2 * both)
    return _at_least(len(votes) // 2 + 1, votes)


def _at_least(needed: int, votes: list[Floats]) -> Floats:
    """Probability that so many of independent judges say good."""
    if needed == len(votes):
        return reduce(np.multiply, votes)
    reached = [np.ones_like(votes[0])] + [np.zeros_like(votes[0]) for _ in range(needed)]  # at least 0, 1, … say good
    for vote in votes:
        for count in range(needed, 0, -1):
            reached[count] += vote * (reached[count - 1] - reached[count])
    return reached[needed]


def split(votes: list[Floats]) -> Floats:
    """Probability that exactly half of independent judges say good, so that one more decides.

    Args:
        votes: of an even number of judges the probability of saying good, in equal shapes.
    """
    half = len(votes) // 2
    counted = [np.ones_like(votes[0])] + [np.zeros_like(votes[0]) for _ in range(half)]  # exactly 0, 1, … say good
    for vote in votes:
        for count in range(half, 0, -1):
            counted[count] += vote * (counted[count - 1] - counted[count])
        counted[0] *= 1 - vote
    return counted[half]


def _expected(named: Floats, tables: Floats, places: _Places) -> Floats:
    """(4, T, B E N) probability of a good name by context, whatever the donor does."""
    rounds, learners, schedules, size = places.shape
    acts = tables[:, None, :, None, :]
    by_act = named.reshape(2, 4, rounds, learners, schedules, size)
    result: Floats = by_act[1] - by_act[0]
    result *= acts
    result += by_act[0]
    return result.reshape(4, rounds, -1)


def _polynomial(cells: AnyArray) -> Polynomial:
    """A table by context, first axis BB, BG, GB, GG, as a polynomial in the chances that both are good."""
    bb, bg, gb, gg = cells
    x, y = gb - bb, bg - bb
    return bb, x, y, gg - gb - y


def _given(path: _Path, place: Ints) -> tuple[Floats, Floats, Floats]:
    """(T, B E) probability that donors give, and its derivatives by their names and their recipients'.

    Args:
        path: the way forward.
        place: (T, B E) of the donors.
    """
    _, learners, schedules, size = path.places.shape
    row = place % size + size * np.repeat(np.arange(learners), schedules)
    one, x, y, xy = _polynomial(path.tables.reshape(4, -1)[:, row])
    good, met = np.take_along_axis(path.good, place, 1), np.take_along_axis(path.met, place, 1)
    return one + x * good + y * met + xy * good * met, x + xy * met, y + xy * good


def _payoff(path: _Path, stakes: Stakes) -> Floats:
    _, learners, schedules, _ = path.places.shape
    own = np.broadcast_to(path.places.own, path.places.giver.shape)
    received, made = _given(path, path.places.giver)[0], _given(path, own)[0]
    gifts = np.stack([received, made]).sum(1).reshape(2, learners, schedules).mean(2)
    paid: Floats = stakes.benefit * gifts[0] - stakes.cost * gifts[1]
    return paid


def _backward(path: _Path, stakes: Stakes) -> tuple[Floats, Floats | None]:
    """Derivatives of the mean payoff by what is decided in each round.

    Returns:
        (T, B E N) by the chance that a donor is called good, and (J, T, B E N) that a judge is outvoted, or None.
    """
    now = _direct(path, stakes)
    worth, blame = np.empty_like(now), None if path.blamed is None else np.empty_like(path.blamed.hurt)
    after = np.zeros(now.shape[1])
    for t in range(len(now) - 1, -1, -1):
        down, across = now[t], np.zeros(0)
        if path.blamed is not None and blame is not None:
            blame[:, t] = path.blamed.by_chance(t, after)
            _, x, y, xy = (factor[:, t] for factor in path.blamed.chance)
            after = after * path.blamed.kept[t]
            down = down + (blame[:, t] * (x + xy * path.met[t])).sum(0)
            across = (blame[:, t] * (y + xy * path.good[t])).sum(0)
        worth[t] = after
        through = after * path.across[t]
        through = through + across if across.size else through
        after = down + after * path.down[t] + np.take(through, path.places.donor[t])
    return worth, blame


def _direct(path: _Path, stakes: Stakes) -> Floats:
    """(T, B E N) derivative of each round's payoff by the names before the round."""
    rounds, _, schedules, _ = path.places.shape
    giver, own = path.places.giver, np.broadcast_to(path.places.own, path.places.giver.shape)
    met = np.take_along_axis(path.places.recipient, own, 1)
    benefit, cost = np.repeat(stakes.benefit, schedules), np.repeat(stakes.cost, schedules)
    _, by_giver, by_own = _given(path, giver)
    _, by_donor, by_met = _given(path, own)
    weights = np.stack([benefit * by_giver, benefit * by_own, -cost * by_donor, -cost * by_met]) / schedules
    span = path.good.shape[1]
    where = np.stack([giver, own, own, met]) + span * np.arange(rounds)[:, None]
    direct = np.bincount(where.ravel(), weights.ravel(), minlength=rounds * span).reshape(rounds, span)
    return direct.astype(np.float64, copy=False)


def _contexts(good: Floats, met: Floats) -> Floats:
    """(4, ...) probability of each context."""
    chances: Floats = np.stack([(1 - good) * (1 - met), (1 - good) * met, good * (1 - met), good * met])
    return chances


def _slope_of_acts(path: _Path, worths: tuple[Floats, Floats | None], stakes: Stakes) -> Floats:
    worth, blame = worths
    rounds, learners, schedules, _ = path.places.shape
    own = path.places.own
    named = path.named.reshape(2, 4, rounds, -1)[..., own]
    cost = np.repeat(stakes.cost, schedules) / schedules
    gained = worth[:, own] * (named[1] - named[0]) - cost
    if path.blamed is not None and blame is not None:
        against = path.blamed.outvoted.reshape(len(blame), 2, 4, rounds, -1)[..., own]
        gained = gained + (blame[:, None, :, own] * (against[:, 1] - against[:, 0])).sum(0)
    slope = _contexts(path.good[:, own], path.met[:, own]) * gained
    summed: Floats = slope.sum(1).reshape(4, learners, schedules).sum(2).T.reshape(learners, 2, 2)
    return summed


def _slope_of_verdicts(
    path: _Path, worths: tuple[Floats, Floats | None], rules: Rules, stakes: Stakes
) -> Floats:
    worth, blame = worths
    _, learners, schedules, size = path.places.shape
    judges = path.places.schedule.judges
    place, seat = np.nonzero((judges == stakes.learner[:, None, None, None]).reshape(-1, judges.shape[-1]))
    learner = place // (schedules * size) % learners
    acts = path.tables[:, learner, place % size]
    chance = _contexts(path.good.ravel()[place], path.met.ravel()[place])
    by_act = np.stack([chance * (1 - acts), chance * acts])
    by_verdict = worth.ravel()[place]
    if judges.shape[-1] > 1:
        others = _others(_judge_rows(path.places.schedule), place, seat)
        votes = [_tables(rules.assess)[:, row].reshape(2, 4, -1) for row in others]
        by_verdict = by_verdict * split(votes)
        if blame is not None:
            by_verdict = by_verdict + _blame_of_verdict(votes, blame.reshape(len(blame), -1)[:, place], seat)
    by_act = by_act * by_verdict
    index = np.arange(8)[:, None] * learners + learner
    slope = np.bincount(index.ravel(), by_act.ravel(), minlength=8 * learners)
    return np.ascontiguousarray(slope.reshape(2, 2, 2, learners).transpose(3, 1, 2, 0))


def _others(rows: Ints, place: Ints, seat: Ints) -> Ints:
    """(J - 1, K) rows of those who judge at a place beside the judge in one seat."""
    count = rows.shape[-1]
    beside = (seat + np.arange(1, count)[:, None]) % count
    others: Ints = rows.reshape(-1, count)[place, beside]
    return others


def _blame_of_verdict(votes: list[Floats], blame: Floats, seat: Ints) -> Floats:
    """(2, 4, K) derivative of the payoff by a verdict through who is outvoted.

    Args:
        votes: of the other judges, in the order of seats that follow, the probability (2, 4, K) of saying good.
        blame: (J, K) derivative of the payoff by the chance that the judge in each seat is outvoted.
        seat: (K,) of the judge whose verdict it is.
    """
    said, refused = (outvoted([np.full_like(votes[0], verdict), *votes]) for verdict in (1.0, 0.0))
    following = (seat + np.arange(len(blame))[:, None]) % len(blame)
    weights = np.take_along_axis(blame, following, 0)
    slope: Floats = (weights[:, None, None] * (said - refused)).sum(0)
    return slope
