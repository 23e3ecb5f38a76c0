"""What closed forms of accuracy promise, held in drawn pools."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.economy.rewards.forms import CLOSED_FORMS, AccuracyTerms, Pool, accuracies, alone, curve_of
from commonweal.testing.promises import Promises, arrays_of, close, terms_of

ROWS, PRINCIPALS = 3, 4
STEP = 1e-5  # of samples, for a slope
FEW = 3.5  # samples beside those drawn, where slopes are looked at: some curves have a corner before


def pool_with(name: str, samples: Any, member: Any = True, held: Any = None, **options: Any) -> Pool:
    """A pool of real samples, for tests of one's own: who is not said to stay away takes part.

    Args:
        name: of the closed form, as a scenario file says it.
        samples: (R, N) real samples put in by who takes part.
        member: (R, N) who does.
        held: (R, N) that each would put in; as many as given as ``samples``, if not given.
        options: ``rewards.accuracy.options``.

    Raises:
        InputError: if there is no such form, or an option is none of its.
    """
    given = np.asarray(samples, dtype=float)
    part = np.broadcast_to(np.asarray(member, dtype=bool), given.shape)
    terms = _terms(name, options, *given.shape)
    return Pool(np.where(part, given, 0.0), part, given if held is None else np.asarray(held, dtype=float), terms)


def check_closed_form(name: str, options: Mapping[str, Any] | None = None) -> None:
    """Hold a registered closed form to what every closed form promises.

    Accuracies are of the pool's shape and in the range that its registration says; they are the same each time, and of
    a row alone as among others; the pool stays as it was; who takes part without real samples changes nothing for
    others; nobody's data are worth nothing. Where the registration says so, everybody has the model's accuracy
    (``pooled``), only the total counts (``total``), more samples never make the model worse (``monotone``), and a curve
    says the same, with its slope (``curve``). Where no option differs between principals, accuracies follow them when
    they change places.

    Args:
        name: as a scenario file says it.
        options: ``rewards.accuracy.options`` that it is to be held under; lists are of 4 principals.

    Raises:
        AssertionError: which promise is broken, and in which case.
        InputError: if there is no such form, or it answers something else than accuracies in its range.
    """
    facts, says, given = CLOSED_FORMS.facts(name), Promises(f"closed form {name!r}"), dict(options or {})
    for number, pool in enumerate(_drawn(name, given)):
        where = f"case {number}: samples {pool.samples.tolist()}, members {pool.member.tolist()}"
        _hold(says, pool, where)
        model = accuracies(pool).quality
        says.demand(facts.pooled == (accuracies(pool).each is None), "what each has is said, or all have it", where)
        says.demand(close(_nobody(pool), np.zeros(ROWS)), "nobody's data are worth nothing", where)
        if all(np.ndim(value) == 0 for value in given.values()):
            _hold_places(says, pool, where)
        if facts.total:
            moved = replace(pool, samples=np.flip(pool.samples, axis=1))
            says.demand(close(accuracies(moved).quality, model, 1e-9), "only the total counts", where)
        if facts.monotone:
            more = accuracies(replace(pool, samples=pool.samples + np.eye(PRINCIPALS)[number % PRINCIPALS])).quality
            says.demand((more >= model - 1e-12).all(), "more samples make no model worse", where)
        if facts.curve is not None:
            _hold_curve(says, pool, where)


def _hold(says: Promises, pool: Pool, where: str) -> None:
    """Hold a form to what is asked of all, whatever they say of themselves."""
    before = arrays_of(pool)
    found, by_itself = accuracies(pool), alone(pool)
    says.unchanged(pool, before, where)
    says.demand(np.array_equal(found.quality, accuracies(pool).quality), "it answers the same each time", where)
    says.demand(np.isfinite(by_itself).all(), "what each would have by itself is a number", where)
    for row in range(ROWS):
        single = pool.pick(np.array([row]))
        own = accuracies(single)
        same = close(own.quality, found.quality[[row]], 1e-12) and close(alone(single), by_itself[[row]], 1e-12)
        if own.each is not None and found.each is not None:
            same = same and close(own.each, found.each[[row]], 1e-12)
        says.demand(same, "a row alone is what it is among others", f"row {row}, {where}")
    idle = pool.samples == 0
    joined = accuracies(replace(pool, member=pool.member ^ idle))
    kept = close(joined.quality, found.quality, 1e-12)
    says.demand(kept, "who puts nothing real in teaches the model nothing", where)
    if found.each is not None and joined.each is not None:
        others = close(np.where(idle, 0.0, joined.each), np.where(idle, 0.0, found.each), 1e-12)
        says.demand(others, "who puts nothing real in changes nothing for others", where)


def _hold_places(says: Promises, pool: Pool, where: str) -> None:
    """Hold a form without options of single principals to treating all alike."""
    found, order = accuracies(pool), np.arange(PRINCIPALS)[::-1]
    moved = accuracies(Pool(pool.samples[:, order], pool.member[:, order], pool.held[:, order], pool.terms))
    same = close(moved.quality, found.quality, 1e-9)
    if found.each is not None and moved.each is not None:
        same = same and close(moved.each, found.each[:, order], 1e-9)
    says.demand(same, "what each has does not depend on its place", where)


def _hold_curve(says: Promises, pool: Pool, where: str) -> None:
    """Hold a curve to the form that it stands for, and its slope to the curve."""
    curve, total = curve_of(pool.terms), pool.total[:, None]
    assert curve is not None
    says.demand(close(curve(total)[:, 0], accuracies(pool).quality), "the curve says what the form says", where)
    low, high = curve(total + FEW - STEP), curve(total + FEW + STEP)
    steep = (high - low) / (2 * STEP)
    says.demand(np.allclose(curve.slope(total + FEW), steep, rtol=1e-4, atol=1e-6), "the slope is the curve's", where)


def _nobody(pool: Pool) -> Floats:
    """(R,) worth of a pool in which nobody puts anything in."""
    return accuracies(replace(pool, samples=np.zeros_like(pool.samples), member=pool.member & False)).worth


def _terms(name: str, options: Mapping[str, Any], rows: int, principals: int) -> AccuracyTerms:
    """The terms of R equal rows."""
    changes = {"market.kind": "curve", "population.count": principals}
    if name == "fitted":  # which no market plays that has no network
        return replace(terms_of(changes, rows).rewards.accuracy, kind=name)
    said = {"rewards.accuracy.kind": name, "rewards.accuracy.options": dict(options)}
    return terms_of(changes | said, rows).rewards.accuracy


def _drawn(name: str, options: Mapping[str, Any], count: int = 30) -> Iterator[Pool]:
    """Pools of who puts in much, little and nothing, of members, idle members and those who stay away."""
    random, terms = np.random.default_rng(0), _terms(name, options, ROWS, PRINCIPALS)
    for _ in range(count):
        shape = (ROWS, PRINCIPALS)
        held = random.choice([1.0, 5.0, 40.0], shape) + random.choice([0.0, 0.5], shape)
        member = random.random(shape) < random.choice([0.3, 0.8, 1.0])
        share = random.choice([0.0, 0.5, 1.0], shape, p=[0.3, 0.2, 0.5])
        yield Pool(held * share * member, member, held, terms)
