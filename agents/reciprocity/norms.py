"""Norms: whom to give to, and how to judge who gives or refuses (Ohtsuki and Iwasa 2004, 2006).

An image is the public name of a principal: 1 good, 0 bad. A norm holds two tables of probabilities. ``act[x, y]`` is
that of giving, for a donor of image x whose recipient has image y; ``assess[x, y, a]`` that of calling the donor good
after it gave (a = 1) or refused (a = 0). Register your own with ``@norm("name")`` over a function that returns it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.agents.registry import Registry

BAD, GOOD = 0, 1
CONTEXTS = ("BB", "BG", "GB", "GG")  # images of donor and recipient, in the order of flat tables


@dataclass(frozen=True)
class Norm:
    """A rule of action and a rule of assessment.

    Raises:
        InputError: if a table has another shape, or holds what is no probability.
    """

    act: Floats  # (2, 2) probability of giving, by image of donor and recipient
    assess: Floats  # (2, 2, 2) probability of being called good, by image of donor and recipient, and by act

    def __post_init__(self) -> None:
        for name, shape in (("act", (2, 2)), ("assess", (2, 2, 2))):
            table = np.asarray(getattr(self, name), dtype=np.float64)
            if table.shape != shape or not ((table >= 0) & (table <= 1)).all():
                raise InputError(f"norm: {name} must hold probabilities in [0, 1], in shape {shape}")
            object.__setattr__(self, name, table)


@dataclass(frozen=True)
class Errors:
    """What goes wrong between a meaning and a name."""

    execution: Floats  # () or (R, 1) probability that a gift fails; nobody gives by mistake
    perception: Floats  # () or (R, 1) probability that a judge takes a refusal for a gift; a gift is always seen
    assignment: Floats  # () or (R, 1) probability that a verdict turns into its opposite


def executed(act: Floats, execution: Floats | float) -> Floats:
    """Probability that a gift is made, where one is meant with probability ``act``; the two broadcast."""
    made: Floats = (1 - np.asarray(execution)) * act
    return made


def judged(assess: Floats, perception: Floats | float, assignment: Floats | float) -> Floats:
    """Probability of a good name after errors of the judge.

    Args:
        assess: (..., 2) by act, refused then gave.
        perception: broadcasts with ``assess`` without its last axis.
        assignment: broadcasts with ``assess`` without its last axis.
    """
    refused, gave = assess[..., 0], assess[..., 1]
    seen = np.stack([(1 - np.asarray(perception)) * refused + perception * gave, gave + 0 * np.asarray(perception)], -1)
    good: Floats = (1 - 2 * np.asarray(assignment))[..., None] * seen + np.asarray(assignment)[..., None]
    return good


NORMS: Registry[Callable[[], Norm], None] = Registry("norm", "commonweal.norms", "reciprocity.norm", None)
norm = NORMS.register


def norm_of(name: str) -> Norm:
    """The norm that is registered under a name.

    Raises:
        InputError: if there is none, or its function answers something else.
    """
    found = NORMS[name]()
    if not isinstance(found, Norm):
        raise InputError(f"norm {name!r} gave {type(found).__name__}: must answer a Norm")
    return found


def _leading(both_bad_refused: int, both_bad_gave: int, good_gave_bad: int) -> Norm:
    """One of the leading eight, by the three verdicts in which they differ.

    All call good who gives to the good and who, being good, refuses the bad; and call bad who refuses the good. They
    give to the good, and to the bad only where a bad donor gains its name by giving and not by refusing.
    """
    assess = np.zeros((2, 2, 2))
    assess[:, GOOD, 1] = 1
    assess[GOOD, BAD] = (1, good_gave_bad)
    assess[BAD, BAD] = (both_bad_refused, both_bad_gave)
    act = np.zeros((2, 2))
    act[:, GOOD] = 1
    act[BAD, BAD] = both_bad_gave and not both_bad_refused
    return Norm(act, assess)


@norm("L1")
def l1() -> Norm:
    """L1, the first of the leading eight."""
    return _leading(0, 1, 1)


@norm("L2")
def l2() -> Norm:
    """L2, consistent standing."""
    return _leading(0, 1, 0)


@norm("L3")
def l3() -> Norm:
    """L3, simple standing."""
    return _leading(1, 1, 1)


@norm("L4")
def l4() -> Norm:
    """L4."""
    return _leading(1, 0, 1)


@norm("L5")
def l5() -> Norm:
    """L5."""
    return _leading(1, 1, 0)


@norm("L6")
def l6() -> Norm:
    """L6, stern judging."""
    return _leading(1, 0, 0)


@norm("L7")
def l7() -> Norm:
    """L7, staying."""
    return _leading(0, 0, 1)


@norm("L8")
def l8() -> Norm:
    """L8, judging."""
    return _leading(0, 0, 0)


@norm("image-scoring")
def image_scoring() -> Norm:
    """Who gives is good, who refuses is bad (Nowak and Sigmund 1998)."""
    return Norm(np.array([[0.0, 1.0], [0.0, 1.0]]), np.broadcast_to(np.array([0.0, 1.0]), (2, 2, 2)))


@norm("shunning")
def shunning() -> Norm:
    """Only who gives to the good is good."""
    assess = np.zeros((2, 2, 2))
    assess[:, GOOD, 1] = 1
    return Norm(np.array([[0.0, 1.0], [0.0, 1.0]]), assess)
