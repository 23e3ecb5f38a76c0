"""What query rules promise, held to agents with random beliefs."""

from dataclasses import replace

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.agents.beliefs import QUERIES, Belief, Inquiry, answers, first_belief, heard
from commonweal.testing.promises import Promises, arrays_of, close, picked

R, N, POINTS = 3, 7, 64
SENSES, CEILING = np.array([-1.0, 1.0]), np.array([np.inf, 1.0])


def inquiry_with(answered: int = 4, seed: int = 0) -> Inquiry:
    """What agents of 3 runs of 7 principals with 2 dimensions know after some answers about random levels.

    Args:
        answered: how many questions each principal answered about each dimension.
        seed: of everything random.
    """
    random = np.random.default_rng(seed)
    mean, sd = random.uniform([1.0, 0.3], [2.5, 0.9], (R, 2)), random.uniform(0.1, 0.4, (R, 2))
    sharpness = random.uniform(5.0, 40.0, (R, 1))
    belief = first_belief(mean, sd, CEILING, N, POINTS)
    limits = np.clip(mean[:, None] + sd[:, None] * random.normal(size=(R, N, 2)), 0.0, CEILING)
    for _ in range(answered):
        levels = np.clip(limits + 0.2 * random.normal(size=limits.shape), belief.lowest, belief.highest)
        objects = answers(limits, levels, SENSES, sharpness, random.random(limits.shape))
        belief = heard(belief, levels, objects, SENSES, sharpness)
    return Inquiry(belief, SENSES, sharpness, np.full((R, N), answered), random.random((R, N, 2)))


def check_query(name: str) -> None:
    """Hold a registered query rule to what every query rule promises.

    It asks about a finite level for each principal and dimension; the same inquiry gives the same levels; it leaves
    what it is given as it was; a run asks alike alone and in an ensemble; and levels follow principals who change
    places.

    Args:
        name: as a scenario file says it.

    Raises:
        AssertionError: which promise is broken, and in which case.
        InputError: if there is no such rule.
    """
    says = Promises(f"query rule {name!r}")
    for answered in (0, 1, 6):
        _held(name, inquiry_with(answered, seed=answered), says, f"after {answered} answers")


def _held(name: str, inquiry: Inquiry, says: Promises, case: str) -> None:
    before, known = arrays_of(inquiry), arrays_of(inquiry.belief)
    levels = np.asarray(QUERIES[name](inquiry))
    says.unchanged(inquiry, before, case)
    says.unchanged(inquiry.belief, known, case)
    says.demand(levels.shape == (R, N, 2), f"it asks about (R, N, K) levels, and gave {levels.shape}", case)
    says.demand(bool(np.isfinite(levels).all()), "the levels that it asks about are finite", case)
    says.demand(np.array_equal(levels, _fresh(name, inquiry)), "the same inquiry gives the same levels", case)
    for run in range(R):
        alone = _fresh(name, _run(inquiry, run))
        says.demand(np.array_equal(alone[0], levels[run]), "a run asks alike alone and in an ensemble", case)
    order = np.random.default_rng(1).permutation(N)
    moved = _fresh(name, _reordered(inquiry, order))
    says.demand(close(moved, levels[:, order]), "levels follow principals who change places", case)


def _fresh(name: str, inquiry: Inquiry) -> Floats:
    """The levels of an inquiry that nothing was worked out of before."""
    belief = inquiry.belief
    return np.asarray(QUERIES[name](replace(inquiry, belief=Belief(belief.levels, belief.prior, belief.chances))))


def _run(inquiry: Inquiry, run: int) -> Inquiry:
    """An inquiry of one run alone."""
    one = slice(run, run + 1)
    parts = {part: getattr(inquiry, part)[one] for part in ("sharpness", "asked", "luck")}
    return replace(inquiry, belief=picked(inquiry.belief, one), **parts)


def _reordered(inquiry: Inquiry, order: np.ndarray) -> Inquiry:
    """An inquiry of principals who have changed places."""
    belief = replace(inquiry.belief, chances=inquiry.belief.chances[:, order])
    return replace(inquiry, belief=belief, asked=inquiry.asked[:, order], luck=inquiry.luck[:, order])
