"""Courses of runs, what is learned from other runs, and the registry of explainers that see nothing else."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np

from commonweal.agents.arrays import Bools, Floats
from commonweal.agents.errors import InputError
from commonweal.economy.explaining.post_hoc.classifier import Classifier, fit_classifier
from commonweal.economy.explaining.post_hoc.transitions import Transitions, fit_transitions


@dataclass(frozen=True, eq=False)
class Courses:
    """What was noted of R runs.

    Raises:
        InputError: if shapes do not fit each other.
    """

    series: Floats  # (R, T, C) of C channels; the first is that in which changes are looked for
    outcome: Floats  # (R,)
    channels: tuple[str, ...] = ()  # (C,)

    def __post_init__(self) -> None:
        if self.series.ndim != 3 or self.outcome.shape != self.series.shape[:1]:
            shapes = f"{self.series.shape} and {self.outcome.shape}"
            raise InputError(f"courses: series and outcomes of shapes {shapes}: must be (R, T, C) and (R,)")

    def until(self, rounds: int) -> "Courses":
        """The first rounds of them, with the outcome that they had in the end."""
        return Courses(self.series[:, :rounds], self.outcome, self.channels)


@dataclass(frozen=True, eq=False)
class Training:
    """Other runs, from which explainers learn."""

    courses: Courses
    high: float  # outcome from which a run counts as a good one, for classifiers
    seed: int = 0

    @property
    def good(self) -> Bools:
        """(R,) which runs ended well."""
        return self.courses.outcome >= self.high

    @cached_property
    def classifier(self) -> Classifier:
        """Of good runs, by their courses."""
        return fit_classifier(self.courses.series, self.good, self.seed)

    @cached_property
    def transitions(self) -> Transitions:
        """How channels move from round to round."""
        return fit_transitions(self.courses.series, self.seed)

    @cached_property
    def usual(self) -> Floats:
        """(T, C) mean course."""
        mean: Floats = self.courses.series.mean(axis=0)
        return mean


# (R, T, C) series as long as those learned from, E episodes, training → (R, E) what each did to the outcome; the sign
# is that of the effect where the explainer is signed, and units are its own
Explainer: TypeAlias = Callable[[Floats, Sequence[range], Training], Floats]


@dataclass(frozen=True)
class Facts:
    """What is true of an explainer."""

    words: str  # what it is called in tables
    source: str = ""  # the paper it follows
    signed: bool = True
    classifies: bool = False  # whether it explains a classifier


EXPLAINERS: dict[str, Explainer] = {}
FACTS: dict[str, Facts] = {}


def explainer(name: str, facts: Facts) -> Callable[[Explainer], Explainer]:
    """Decorator that lists an explainer under a name.

    Args:
        name: by which it is asked for.
        facts: what is true of it.
    """

    def add(plug: Explainer) -> Explainer:
        if EXPLAINERS.get(name, plug) is not plug:
            raise InputError(f"explainer {name!r} is already registered")
        EXPLAINERS[name], FACTS[name] = plug, facts
        return plug

    return add


def explain_courses(name: str, series: Floats, episodes: Sequence[range], training: Training) -> Floats:
    """What an explainer says of some runs.

    Args:
        name: one of EXPLAINERS.
        series: (R, T, C), as long as those of the training runs.
        episodes: E, within T.
        training: other runs.

    Returns:
        (R, E).

    Raises:
        InputError: if there is no such explainer, or series differ in shape from those learned from.
    """
    if name not in EXPLAINERS:
        raise InputError(f"explainer {name!r}: must be one of {', '.join(EXPLAINERS)}")
    if series.shape[1:] != training.courses.series.shape[1:]:
        shapes = f"{series.shape[1:]}, training runs of {training.courses.series.shape[1:]}"
        raise InputError(f"series of shape {shapes}: must be the same")
    return EXPLAINERS[name](series, episodes, training)


def by_episode(rounds: Floats, episodes: Sequence[range]) -> Floats:
    """(R, E) sums of what rounds (R, T) are given."""
    return np.stack([rounds[:, part.start : part.stop].sum(axis=1) for part in episodes], axis=1)
