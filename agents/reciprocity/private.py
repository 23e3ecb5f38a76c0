"""Private images: everybody has an opinion of its own of everybody, and sees only some of what others do.

Opinions that once differ make people judge the same act differently, which breaks norms that hold where images are
public (Hilbe, Schmid, Tkadlec, Chatterjee and Nowak 2018). Kernels change images by the encounters of one moment;
``play`` lets one donor act after another, as the paper does.
"""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import AnyArray, Bools, Floats, Ints
from commonweal.agents.reciprocity.norms import judged
from commonweal.agents.streams import Stream

_BLOCK = 4_000_000  # uniform numbers that are held at once


@dataclass(frozen=True)
class Encounters:
    """Who meets whom at one moment: D donors in each run, no two the same, nobody itself."""

    donor: Ints  # (R, D)
    recipient: Ints  # (R, D)


@dataclass(frozen=True)
class Verdicts:
    """Who saw each encounter, and what they now think of its donor."""

    seen: Bools  # (R, N, D) by viewer and encounter
    good: Bools  # (R, N, D) False where not seen


@dataclass(frozen=True)
class Society:
    """R populations whose N members hold private images of each other."""

    act: Floats  # (R, N, 2, 2) probability of a gift, after errors
    assess: Floats  # (R, N, 2, 2, 2) probability of thinking well of a donor, after errors of the viewer
    observed: Floats  # (R, 1) q, probability that one who is not part of an encounter sees it


@dataclass(frozen=True)
class Course:
    """What happened over a number of encounters, one after the other."""

    encounters: int  # T
    gave: Ints  # (R, N) gifts made by each
    received: Ints  # (R, N) gifts received by each
    images: AnyArray  # (R, N, N) int8 at the end

    @property
    def cooperation(self) -> Floats:
        """(R,) share of encounters in which a gift was made."""
        share: Floats = self.gave.sum(axis=1) / self.encounters
        return share

    def payoff(self, benefit: float, cost: float) -> Floats:
        """(R, N) per N encounters, in which each is donor once on average."""
        per: Floats = (benefit * self.received - cost * self.gave) * (self.gave.shape[1] / self.encounters)
        return per


def privately_judged(assess: Floats, perception: Floats | float, assignment: Floats | float = 0.0) -> Floats:
    """Probability of thinking well of a donor after errors of a viewer, who takes either act for the other.

    Args:
        assess: (..., 2) by act, refused then gave.
        perception: probability that an act is mistaken; broadcasts with ``assess`` without its last axis, (R, 1, 1, 1)
            with (R, N, 2, 2, 2).
        assignment: probability that the verdict turns into its opposite; broadcasts likewise.
    """
    mistaken = np.asarray(perception)[..., None]
    return judged((1 - mistaken) * assess + mistaken * assess[..., ::-1], 0.0, assignment)


def all_good(runs: int, count: int) -> AnyArray:
    """(R, N, N) int8: everybody thinks well of everybody."""
    return _of(np.ones((runs, count, count), dtype=np.int8))  # what is thought of one lies together in memory


def gifts(images: AnyArray, met: Encounters, act: Floats, uniform: Floats) -> Bools:
    """Whether donors give, by what they think of themselves and of their recipients.

    Args:
        images: (R, N, N) int8, 1 where the viewer (axis 1) thinks well of the subject (axis 2).
        met: the encounters.
        act: (R, N, 2, 2) probability of a gift by donor and both images, after errors.
        uniform: (R, D) random numbers.
    """
    run = np.arange(len(images))[:, None]
    own, other = images[run, met.donor, met.donor], images[run, met.donor, met.recipient]
    given: Bools = uniform < act[run, met.donor, own, other]
    return given


def verdicts(images: AnyArray, met: Encounters, gave: Bools, society: Society, uniform: Floats) -> Verdicts:
    """What viewers think of donors after their encounters, all judged by the images of now.

    A viewer sees an encounter that it is part of, and any other with probability q. Where it does, it thinks well of
    the donor with the probability p of its own rule, given its own images of donor and recipient. One random number u
    per viewer and encounter decides both: seen if u < q, good if u < q p.

    Args:
        images: (R, N, N) int8 by viewer and subject.
        met: the encounters.
        gave: (R, D) whether the donor gave.
        society: rules of all viewers.
        uniform: (R, N, D) random numbers.
    """
    donor, recipient = met.donor[:, None, :], met.recipient[:, None, :]
    own, other = opinions(images, met.donor), opinions(images, met.recipient)
    runs, count, _ = images.shape
    run, viewer = np.arange(runs)[:, None, None], np.arange(count)[:, None]
    good = society.assess[run, viewer, own, other, gave.view(np.int8)[:, None, :]]
    sees = np.where((viewer == donor) | (viewer == recipient), 1.0, society.observed[:, :, None])
    return Verdicts(uniform < sees, uniform < sees * good)


def opinions(images: AnyArray, subject: Ints) -> AnyArray:
    """(R, N, D) int8 what each thinks of each of D subjects (R, D)."""
    found: AnyArray = _of(images)[np.arange(len(images))[:, None], subject].swapaxes(1, 2)
    return found


def reassessed(images: AnyArray, met: Encounters, after: Verdicts) -> AnyArray:
    """(R, N, N) int8 images after verdicts; what was not seen is as it was."""
    changed = images.copy(order="K")
    _reassess(changed, met, after)
    return changed


def _reassess(images: AnyArray, met: Encounters, after: Verdicts) -> None:
    now = np.where(after.seen, after.good, opinions(images, met.donor))
    _of(images)[np.arange(len(images))[:, None], met.donor] = now.swapaxes(1, 2)


def _of(images: AnyArray) -> AnyArray:
    """The same images, by subject and viewer."""
    return images.swapaxes(1, 2)


def drawn_pairs(uniform: Floats, count: int) -> Encounters:
    """Donors, and for each another member as its recipient, from random numbers (2, R, D)."""
    donor = (uniform[0] * count).astype(np.int64)
    return Encounters(donor, (donor + 1 + (uniform[1] * (count - 1)).astype(np.int64)) % count)


def play(society: Society, images: AnyArray, encounters: int, stream: Stream) -> Course:
    """Let one donor of each run act after another: a random member, who meets a random other one.

    Args:
        society: rules of everybody.
        images: (R, N, N) int8 to begin with.
        encounters: T of each run.
        stream: of R generators; N + 3 numbers of each for an encounter.
    """
    runs, count, _ = images.shape
    gave, received = np.zeros((2, runs, count), dtype=np.int64)
    course = Course(encounters, gave, received, images.copy(order="K"))
    block = max(1, _BLOCK // (runs * (count + 3)))
    for first in range(0, encounters, block):
        for drawn in stream.uniform(min(block, encounters - first), count + 3).swapaxes(0, 1):
            _meet(society, course, drawn)
    return course


def _meet(society: Society, course: Course, drawn: Floats) -> None:
    """One encounter of each run, which changes counts and images of the course; drawn: (R, N + 3)."""
    run = np.arange(len(drawn))[:, None]
    met = drawn_pairs(drawn[:, :2].T[:, :, None], course.images.shape[1])
    gave = gifts(course.images, met, society.act, drawn[:, 2:3])
    course.gave[run, met.donor] += gave
    course.received[run, met.recipient] += gave
    _reassess(course.images, met, verdicts(course.images, met, gave, society, drawn[:, 3:, None]))
