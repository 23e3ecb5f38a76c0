"""Sensitivity of a metric to sampled factors: Sobol indices, elementary effects; by SALib (extra ``sensitivity``)."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.scenarios.runs.intervals import POSITIVE, SHARE, Interval, around

_KINDS = {"sobol": ("S1", "ST"), "morris": ("mu_star", "sigma")}


@dataclass(frozen=True)
class Sampled:
    """How the points of a sobol or morris design were drawn."""

    kind: str  # () sobol or morris
    factors: tuple[str, ...]  # (D,) dotted paths of the factors that were sampled
    units: Floats | None  # morris: (rows, D) the sample in the unit cube
    rows: tuple[tuple[int, ...], ...]  # per combination of the other factors, the point of each row
    second_order: bool  # () sobol: whether there are rows for interactions of two
    levels: int  # () morris: places of a factor


@dataclass(frozen=True)
class Indices:
    """What an analysis found in one metric."""

    names: tuple[str, str]  # what the two columns are
    found: Interval  # (2, D) with 95 % bootstrap intervals, inside their range; the ends are nan where there is none
    signed: Floats  # (D,) morris: mean elementary effect; nan for sobol

    @property
    def values(self) -> Floats:
        """(2, D) without intervals."""
        return self.found.value


def analysis(kind: str) -> ModuleType:
    """SALib's analysis of a kind of design.

    Raises:
        InputError: if SALib is not installed.
    """
    try:
        return import_module(f"SALib.analyze.{kind}")
    except ImportError:
        raise InputError("needs SALib: pip install 'commonweal[sensitivity]'") from None


def analyse(sampled: Sampled, means: Floats) -> Indices | None:
    """Sensitivity of a metric to every sampled factor.

    Args:
        sampled: the design.
        means: (P,) the metric at every point.

    Returns:
        First-order and total Sobol indices (Saltelli et al. 2010), or the mean size and the standard deviation of
        elementary effects (Morris 1991, Campolongo et al. 2007); None where a point is missing or nothing varies.

    Raises:
        InputError: if SALib is not installed.
    """
    method = analysis(sampled.kind)
    y = np.mean([means[list(block)] for block in sampled.rows], axis=0)
    if not np.isfinite(y).all() or np.ptp(y) == 0:
        return None
    count = len(sampled.factors)
    problem = {"num_vars": count, "names": list(sampled.factors), "bounds": [[0.0, 1.0]] * count}
    names = _KINDS[sampled.kind]
    if sampled.kind == "sobol":
        found = method.analyze(problem, y, calc_second_order=sampled.second_order, seed=0)
        half = np.array([found["S1_conf"], found["ST_conf"]])
    else:
        found = method.analyze(problem, sampled.units, y, num_levels=sampled.levels, seed=0)
        half = np.array([found["mu_star_conf"], np.full(count, np.nan)])
    values = np.array([found[name] for name in names], dtype=np.float64)
    signed = np.asarray(found["mu"] if sampled.kind == "morris" else np.full(count, np.nan), dtype=np.float64)
    within = POSITIVE if sampled.kind == "morris" else SHARE
    return Indices(names, around(values, half.astype(np.float64), within), signed)


def sampled_of(design: Mapping[str, Any]) -> Sampled | None:
    """The sample that a plan's document tells of; None where its design is no sobol or morris sample."""
    if design.get("kind") not in _KINDS:
        return None
    return Sampled(
        kind=design["kind"],
        factors=tuple(design["sampled"]),
        units=np.asarray(design["units"], dtype=np.float64) if "units" in design else None,
        rows=tuple(map(tuple, design["rows"])),
        second_order=bool(design.get("second_order", False)),
        levels=int(design.get("levels", 4)),
    )
