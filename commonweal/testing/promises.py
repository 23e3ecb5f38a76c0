"""How a broken promise is told, and what all checks share."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np

from commonweal.agents.arrays import AnyArray, Floats
from commonweal.economy.world.terms import Terms
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.scenario import Scenario

Record = TypeVar("Record")


@dataclass(frozen=True)
class Promises:
    """The promises of one rule."""

    of: str  # "credit rule 'mine'"

    def demand(self, kept: bool | np.bool_, promise: str, case: str = "") -> None:
        """Say which promise is broken, and in which case.

        Raises:
            AssertionError: unless it is kept.
        """
        if not kept:
            raise AssertionError(f"{self.of} breaks a promise: {promise}" + (f" ({case})" if case else ""))

    def unchanged(self, record: object, before: Mapping[str, AnyArray], case: str = "") -> None:
        """Demand that the arrays of a record are what they were.

        Raises:
            AssertionError: if one is not.
        """
        for name, old in before.items():
            kept = np.array_equal(getattr(record, name), old, equal_nan=True)
            self.demand(kept, f"it leaves what it is given as it was, and {name} changed", case)


def terms_of(changes: Mapping[str, Any], runs: int) -> Terms:
    """The terms of R equal runs of the default scenario with some fields changed."""
    return Terms.of([revise(Scenario(), dict(changes))] * runs)


def close(one: Floats, other: Floats, relative: float = 1e-9, absolute: float = 1e-15) -> bool:
    """Whether two arrays have one shape and are equal to rounding."""
    return one.shape == other.shape and np.allclose(one, other, rtol=relative, atol=absolute, equal_nan=True)


def arrays_of(record: object) -> dict[str, AnyArray]:
    """Copies of the arrays of a dataclass, by field."""
    return {name: array.copy() for name, array in _arrays(record)}


def picked(record: Record, where: Any) -> Record:
    """A dataclass with every array indexed alike: some of its runs, or of its principals."""
    return replace(record, **{name: array[where] for name, array in _arrays(record)})  # type: ignore[type-var]


def _arrays(record: object) -> Iterator[tuple[str, AnyArray]]:
    for field in fields(record):  # type: ignore[arg-type]
        if isinstance(value := getattr(record, field.name), np.ndarray):
            yield field.name, value
