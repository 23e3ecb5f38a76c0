"""Norms under private images as Hilbe, Schmid, Tkadlec, Chatterjee and Nowak (2018) simulate them: 50 members.

Runs of all norms are played side by side, so that a step of all of them takes one call of each kernel.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.agents.reciprocity.norms import Norm, norm_of
from commonweal.agents.reciprocity.private import Course, Society, all_good, play, privately_judged
from commonweal.agents.streams import Stream

MEMBERS, FIRST, COUNTED = 50, 20_000, 40_000  # encounters that are left out, and that count
RULES = {"AllD": np.zeros((2, 2)), "AllC": np.ones((2, 2))}


@dataclass(frozen=True)
class Case:
    """What is played, in a number of runs."""

    norm: str  # of everybody
    perception: float  # probability that a viewer takes an act for the other
    observed: float  # probability that one who is not part of an encounter sees it
    runs: int
    mutant: str = ""  # AllD or AllC: how the first member acts; the norm if ""


def courses(cases: Sequence[Case], seed: int = 0, first: int = FIRST, counted: int = COUNTED) -> list[Course]:
    """Play all cases from images that are all good.

    Args:
        cases: to play side by side.
        seed: of the first run; the others have those that follow.
        first: encounters of each run that are left out.
        counted: encounters after them.

    Returns:
        What happened in the runs of each case.
    """
    runs = [case for case in cases for _ in range(case.runs)]
    society = _society(runs)
    stream = Stream(tuple(np.random.default_rng(seed + run) for run in range(len(runs))))
    settled = play(society, all_good(len(runs), MEMBERS), first, stream)
    found = play(society, settled.images, counted, stream)
    ends = np.cumsum([0, *(case.runs for case in cases)])
    return [Course(counted, *(each[a:b] for each in (found.gave, found.received, found.images)))
            for a, b in pairwise(ends)]  # fmt: skip


def _society(runs: Sequence[Case]) -> Society:
    norms = [norm_of(case.norm) for case in runs]
    act = np.stack([_acts(norm, case.mutant) for norm, case in zip(norms, runs, strict=True)])
    meant = np.stack([np.broadcast_to(norm.assess, (MEMBERS, 2, 2, 2)) for norm in norms])
    perception, observed = (np.array([getattr(case, name) for case in runs]) for name in ("perception", "observed"))
    return Society(act, privately_judged(meant, perception[:, None, None, None]), observed[:, None])


def _acts(norm: Norm, mutant: str) -> Floats:
    """(N, 2, 2) how each member acts."""
    acts = np.repeat(norm.act[None], MEMBERS, axis=0)
    if mutant:
        acts[0] = RULES[mutant]
    return acts


def payoffs(course: Course, benefit: float = 5.0, cost: float = 1.0) -> tuple[Floats, Floats]:
    """(R,) mean payoff of residents and that of the first member, the mutant, per N encounters."""
    each = course.payoff(benefit, cost)
    return each[:, 1:].mean(axis=1), each[:, 0]
