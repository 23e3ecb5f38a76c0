"""Designs: from the factors of a sweep to its points.

Listed factors are compared in full. Ranged ones are a grid, a Latin hypercube, a Saltelli sample (Saltelli et al. 2010,
on Sobol' sequences) or elementary-effects trajectories (Morris 1991). A sample is drawn once and played under every
combination of the listed factors, so they are compared on the same numbers.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import floor, prod
from typing import Any, Protocol

import numpy as np
from scipy.stats import qmc

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError

Point = Mapping[str, Any]  # values by dotted path

MOST_POINTS = 1_000_000
DIGITS = 12  # significant ones of a value between levels: 0.15 and not 0.15000000000000002


@dataclass(frozen=True)
class Listed:
    """Values that are all compared: of one field, or of several in step."""

    paths: tuple[str, ...]
    levels: tuple[tuple[Any, ...], ...]  # each a value per path


class Sampled(Protocol):
    """A field whose values are sampled."""

    @property
    def path(self) -> str:
        """Which field."""

    def at(self, unit: float) -> Any:
        """The value at a place in the unit interval, ends included."""

    def grid(self) -> list[Any]:
        """The values in a grid, lowest first."""


@dataclass(frozen=True)
class Range:
    """A number between two bounds, both included; whole numbers are all equally likely."""

    path: str
    low: float
    high: float
    log: bool = False  # even in the logarithm
    whole: bool = False
    levels: int | None = None  # of a grid

    def at(self, unit: float) -> float:
        """The value at ``unit`` in [0, 1]."""
        high = self.high + 1 if self.whole else self.high
        value = self.low * (high / self.low) ** unit if self.log else self.low + unit * (high - self.low)
        return self._clean(floor(value) if self.whole else value)

    def grid(self) -> list[float]:
        """The values of ``levels`` steps, both bounds included."""
        if self.levels is None:
            raise InputError(f"range {self.path}: a grid needs levels, the number of values")
        spaced = (np.geomspace if self.log else np.linspace)(self.low, self.high, self.levels).tolist()
        values = [self._clean(round(value) if self.whole else value) for value in spaced]
        if len(set(values)) < len(values):
            raise InputError(f"range {self.path}: levels = {self.levels}: the range has fewer whole numbers")
        return values

    def _clean(self, value: float) -> float:
        rounded = value if self.whole else float(f"{value:.{DIGITS}g}")
        held = min(max(rounded, self.low), self.high)  # last, since bounds may have more digits
        return int(held) if self.whole else float(held)


@dataclass(frozen=True)
class Choice:
    """One of some values, each equally likely."""

    path: str
    values: tuple[Any, ...]

    def at(self, unit: float) -> Any:
        """The value at ``unit`` in [0, 1]."""
        return self.values[min(floor(unit * len(self.values)), len(self.values) - 1)]

    def grid(self) -> list[Any]:
        """All of them."""
        return list(self.values)


@dataclass(frozen=True)
class Sample:
    """How the ranged factors are sampled."""

    kind: str  # sobol, latin or morris
    size: int  # points (latin), base samples (sobol) or trajectories (morris)
    seed: int = 0
    second_order: bool = False  # sobol: points for interactions of two factors too
    levels: int = 4  # morris: places of a factor in the unit interval


@dataclass(frozen=True)
class Drawn:
    """The points of a design."""

    points: tuple[Point, ...]  # all different
    rows: tuple[tuple[int, ...], ...] = ()  # per combination of listed values, the point of each row of the sample
    units: Floats | None = None  # (rows, D) the sample in the unit cube


def grid(listed: Sequence[Listed], ranged: Sequence[Sampled], exclude: Sequence[Point] = ()) -> Drawn:
    """Every combination of all levels, the last factor varying fastest.

    Raises:
        InputError: if there are too many, or none is left.
    """
    levels = [Listed((factor.path,), tuple((value,) for value in factor.grid())) for factor in ranged]
    return Drawn(tuple(_combinations([*listed, *levels], exclude)))


def sampled(
    listed: Sequence[Listed], ranged: Sequence[Sampled], sample: Sample, exclude: Sequence[Point] = ()
) -> Drawn:
    """The same sample of the ranged factors under every combination of the listed ones.

    Rows that come to the same values are one point, played once.

    Raises:
        InputError: if there are too many points or none, or the sample cannot be drawn.
    """
    units = draw(sample, len(ranged))
    _demand_few(len(units))
    values = [{f.path: f.at(float(unit)) for f, unit in zip(ranged, row, strict=True)} for row in units]
    keys = [level_key(row) for row in values]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    distinct = list(dict(zip(keys, values, strict=True)).values())
    blocks = list(_combinations(listed, exclude))
    _demand_few(len(blocks) * len(distinct))
    points = tuple({**block, **row} for block in blocks for row in distinct)
    rows = tuple(tuple(numbers[key] + b * len(distinct) for key in keys) for b in range(len(blocks)))
    return Drawn(points, rows, units)


def draw(sample: Sample, factors: int) -> Floats:
    """A sample of the unit cube.

    Args:
        sample: which.
        factors: D.

    Returns:
        (rows, D) in [0, 1]: ``size`` rows (latin), size·(D + 2) or, with second order, size·(2 D + 2) (sobol), in the
        order that SALib analyses, or size·(D + 1) (morris).
    """
    generator = np.random.default_rng(sample.seed)
    if sample.kind == "latin":
        return np.asarray(qmc.LatinHypercube(factors, rng=generator).random(sample.size))
    if sample.kind == "sobol":
        base = qmc.Sobol(2 * factors, rng=generator).random_base2(sample.size.bit_length() - 1)
        return saltelli(base[:, :factors], base[:, factors:], sample.second_order)
    return np.concatenate([trajectory(factors, sample.levels, generator) for _ in range(sample.size)])


def saltelli(first: Floats, second: Floats, second_order: bool = False) -> Floats:
    """Rows A, AB_1 … AB_D, then BA_1 … BA_D with second order, then B, for each base sample (Saltelli et al. 2010).

    Args:
        first: (n, D) the matrix A.
        second: (n, D) the matrix B.
        second_order: also the rows of B with one column of A.

    Returns:
        (n·(D + 2), D), or (n·(2 D + 2), D).
    """
    own = np.eye(first.shape[1], dtype=bool)  # AB_j is A with column j of B
    mixed = [np.where(column, second, first) for column in own]
    if second_order:
        mixed += [np.where(column, first, second) for column in own]
    return np.stack([first, *mixed, second], axis=1).reshape(-1, first.shape[1])


def trajectory(factors: int, levels: int, generator: np.random.Generator) -> Floats:
    """A walk that moves each factor once, in random order, by Δ = p / (2 (p − 1)) up or down (Morris 1991, eq. 1–3).

    Args:
        factors: D.
        levels: p, even: places 0, 1 / (p − 1), …, 1 of a factor.
        generator: where randomness comes from.

    Returns:
        (D + 1, D).
    """
    lowest = generator.integers(levels // 2, size=factors) / (levels - 1)
    upward = generator.random(factors) < 0.5
    moment = generator.permutation(factors)  # when each factor moves
    moved = np.arange(factors + 1)[:, None] > moment
    high = moved == upward
    # A place k / (p − 1) is computed as such, so that the same level has the same bits whatever led there.
    steps = np.rint(lowest * (levels - 1)) + high * (levels // 2)
    return np.asarray(steps / (levels - 1))


def _combinations(factors: Sequence[Listed], exclude: Sequence[Point]) -> Iterator[Point]:
    """Every combination of the listed levels that is not excluded."""
    _demand_few(prod(len(factor.levels) for factor in factors))
    for levels in product(*(factor.levels for factor in factors)):
        pairs = (zip(factor.paths, level, strict=True) for factor, level in zip(factors, levels, strict=True))
        point = {path: value for pair in pairs for path, value in pair}
        if not any(all(same(point[path], value) for path, value in table.items()) for table in exclude):
            yield point


def same(one: Any, other: Any) -> bool:
    """Whether two values of a field are the same: 1 is 1.0, but not true."""
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def level_key(value: Any) -> Hashable:
    """The same for values that are the same, by ``same`` in all their parts: 1, 1.0 and a one of an array library."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return frozenset((name, level_key(part)) for name, part in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(level_key, value))
    return isinstance(value, bool), value


def _demand_few(points: int) -> None:
    if points > MOST_POINTS:
        raise InputError(f"the design has {points:_} points; {MOST_POINTS:_} is the most: sample instead of a grid")
