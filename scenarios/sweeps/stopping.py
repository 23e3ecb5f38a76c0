"""When a run of a sweep may stop before its last round: conditions on its metrics, composed with ``&`` and ``|``.

A condition looks at one run at a time, whatever runs it is played with. Composition as in pyDVL's stopping criteria.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from commonweal.agents.arrays import Bools, Floats
from commonweal.agents.errors import InputError

Courses = Mapping[str, Floats]  # metric → (T, R) its values in the T rounds so far; at least one metric


class Stop(ABC):
    """A stop condition. Its text, ``str(stop)``, is what ``read_stop`` reads."""

    @abstractmethod
    def reached(self, courses: Courses) -> Bools:
        """Which runs may stop now.

        Args:
            courses: (T, R) the T rounds so far by metric, at least those of ``metrics``, and at least one.

        Returns:
            (R,).
        """

    @property
    def metrics(self) -> frozenset[str]:
        """The metrics it looks at."""
        return frozenset(leaf.metric for leaf in self.leaves() if isinstance(leaf, Converged | Collapsed))

    def reasons(self, courses: Courses) -> list[str]:
        """Why each run may stop: the simple conditions that hold, joined by ``&``; empty where it may not stop.

        Args:
            courses: as for ``reached``.

        Returns:
            R texts.
        """
        simple = [(str(leaf), leaf.reached(courses)) for leaf in self.leaves()]
        return [
            " & ".join(text for text, holds in simple if holds[run]) if stops else ""
            for run, stops in enumerate(self.reached(courses))
        ]

    def leaves(self) -> "list[Stop]":
        """The simple conditions, each once, in the order of the text."""
        if isinstance(self, AllOf | AnyOf):
            return list(dict.fromkeys(leaf for part in self.parts for leaf in part.leaves()))
        return [self]

    def __and__(self, other: "Stop") -> "Stop":
        return AllOf(_flat(AllOf, (self, other)))

    def __or__(self, other: "Stop") -> "Stop":
        return AnyOf(_flat(AnyOf, (self, other)))


@final
@dataclass(frozen=True)
class Converged(Stop):
    """``converged(metric, window, tolerance)``: over the last rounds the metric stayed within a range."""

    metric: str
    window: int  # rounds, at least 2
    tolerance: float  # largest less smallest value over the window, in the metric's unit

    def __post_init__(self) -> None:
        _demand(self.window >= 2, self, "window", self.window, "must be at least 2 rounds")
        _demand(0 <= self.tolerance < np.inf, self, "tolerance", self.tolerance, "must be a number from 0")

    def reached(self, courses: Courses) -> Bools:
        """(R,) See ``Stop.reached``; never where the metric is undefined."""
        course = courses[self.metric]
        if len(course) < self.window:
            return np.zeros(course.shape[1], dtype=bool)
        recent = course[-self.window :]
        # The range, and not two means: it has the same bits for one run as for a thousand.
        return np.asarray(recent.max(axis=0) - recent.min(axis=0) <= self.tolerance)

    def __str__(self) -> str:
        return f"converged({self.metric}, {self.window}, {_number(self.tolerance)})"


@final
@dataclass(frozen=True)
class Collapsed(Stop):
    """``collapsed(metric, below, window)``: in each of the last rounds the metric was below a level."""

    metric: str
    below: float  # in the metric's unit
    window: int  # rounds, at least 1

    def __post_init__(self) -> None:
        _demand(bool(np.isfinite(self.below)), self, "below", self.below, "must be a finite number")
        _demand(self.window >= 1, self, "window", self.window, "must be at least 1 round")

    def reached(self, courses: Courses) -> Bools:
        """(R,) See ``Stop.reached``."""
        course = courses[self.metric]
        if len(course) < self.window:
            return np.zeros(course.shape[1], dtype=bool)
        return np.asarray((course[-self.window :] < self.below).all(axis=0))

    def __str__(self) -> str:
        return f"collapsed({self.metric}, {_number(self.below)}, {self.window})"


@final
@dataclass(frozen=True)
class Budget(Stop):
    """``budget(rounds)``: so many rounds were played. Alone it shortens a run; joined by ``&`` it delays a stop."""

    rounds: int  # at least 1

    def __post_init__(self) -> None:
        _demand(self.rounds >= 1, self, "rounds", self.rounds, "must be at least 1")

    def reached(self, courses: Courses) -> Bools:
        """(R,) See ``Stop.reached``."""
        rounds, runs = next(iter(courses.values())).shape
        return np.full(runs, rounds >= self.rounds)

    def __str__(self) -> str:
        return f"budget({self.rounds})"


@final
@dataclass(frozen=True)
class AllOf(Stop):
    """``a & b``: where all parts are reached in the same round."""

    parts: tuple[Stop, ...]

    def reached(self, courses: Courses) -> Bools:
        """(R,) See ``Stop.reached``."""
        reached: Bools = np.logical_and.reduce([part.reached(courses) for part in self.parts])
        return reached

    def __str__(self) -> str:
        return " & ".join(f"({part})" if isinstance(part, AnyOf) else str(part) for part in self.parts)


@final
@dataclass(frozen=True)
class AnyOf(Stop):
    """``a | b``: where one part is reached."""

    parts: tuple[Stop, ...]

    def reached(self, courses: Courses) -> Bools:
        """(R,) See ``Stop.reached``."""
        reached: Bools = np.logical_or.reduce([part.reached(courses) for part in self.parts])
        return reached

    def __str__(self) -> str:
        return " | ".join(map(str, self.parts))


def _flat(kind: type[AllOf] | type[AnyOf], stops: Sequence[Stop]) -> tuple[Stop, ...]:
    """The parts of ``kind(stops)`` without brackets in brackets: (a & b) & c is a & b & c."""
    return tuple(part for stop in stops for part in (stop.parts if isinstance(stop, kind) else (stop,)))


def _demand(fine: bool, stop: Stop, name: str, value: Any, what: str) -> None:
    if not fine:
        raise InputError(f"{stop}: {name} = {value}: {what}")


def _number(value: float) -> str:
    """The shortest text that reads back as the same number; there is one zero."""
    return repr(value + 0.0).removesuffix(".0")
