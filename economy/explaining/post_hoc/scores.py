"""How well an explainer's values agree with the causal ones, with intervals over runs."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata
from sklearn.metrics import average_precision_score

from commonweal.agents.arrays import Bools, Floats
from commonweal.agents.errors import InputError

DECISIVE, SHARE = 0.15, 0.5  # an episode decided: size of its value, and its part of the run's largest
_DRAWS, _LEVEL = 1000, (2.5, 97.5)


@dataclass(frozen=True)
class Score:
    """A mean over runs with a 95 % interval by the bootstrap over runs."""

    mean: float
    low: float
    high: float

    def text(self, digits: int = 2) -> str:
        """As tables show it."""
        return f"{self.mean:.{digits}f} [{self.low:.{digits}f}, {self.high:.{digits}f}]"


@dataclass(frozen=True)
class Scores:
    """How well values agree with the truth."""

    top1: Score  # how often the episode with the largest value decided, in runs in which one did
    auprc: Score  # area under precision and recall over episodes by size of value, in the same runs
    rank: Score  # Spearman's correlation over the episodes of a run, with signs; 0 where all are the same
    error: Score  # Σ(scale · value − truth)² / Σ truth², with the best scale above 0; 1 is as bad as no answer
    runs: int  # in which an episode decided, of those scored


def decisive(truth: Floats, least: float = DECISIVE, share: float = SHARE) -> Bools:
    """(R, E) which episodes decided a run.

    Args:
        truth: (R, E) causal values.
        least: size of the value.
        share: of the run's largest.
    """
    sizes = np.abs(truth)
    found: Bools = (sizes >= least) & (sizes >= share * sizes.max(axis=1, keepdims=True))
    return found


def score(truth: Floats, values: Floats, least: float = DECISIVE, seed: int = 0) -> Scores:
    """Score an explainer.

    Args:
        truth: (R, E) causal values.
        values: (R, E) of the explainer, in any unit; signs count for ``rank`` and ``error`` alone.
        least: size from which an episode may have decided.
        seed: of the bootstrap.

    Returns:
        Scores; where episodes are named first together, each counts in part.

    Raises:
        InputError: if shapes differ, a value is not finite, or no episode decided any run.
    """
    if truth.ndim != 2 or values.shape != truth.shape:
        raise InputError(f"values of shape {values.shape}: must be that of the truth, {truth.shape}")
    if not np.isfinite(values).all():
        raise InputError("values: must be finite")
    decided = decisive(truth, least)
    some = decided.any(axis=1)
    if not some.any():
        raise InputError(f"truth: no episode has a value of {least} or more")
    sizes, stream = np.abs(values), np.random.default_rng(seed)
    first = _first(sizes[some], decided[some])
    area = np.array([average_precision_score(*pair) for pair in zip(decided[some], sizes[some], strict=True)])
    return Scores(
        _bootstrapped(first, stream),
        _bootstrapped(area, stream),
        _bootstrapped(_correlations(truth, values), stream),
        _error(truth, values, stream),
        int(some.sum()),
    )


def _first(sizes: Floats, decided: Bools) -> Floats:
    """(R,) share of the episodes named first that decided."""
    named = sizes == sizes.max(axis=1, keepdims=True)
    shares: Floats = (named & decided).sum(axis=1) / named.sum(axis=1)
    return shares


def _correlations(truth: Floats, values: Floats) -> Floats:
    """(R,) Spearman's."""
    ranks = [rankdata(each, axis=1) for each in (truth, values)]
    a, b = (rank - rank.mean(axis=1, keepdims=True) for rank in ranks)
    spread = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    found: Floats = (a * b).sum(axis=1) / np.where(spread > 0, spread, 1.0)
    return found


def _error(truth: Floats, values: Floats, stream: np.random.Generator) -> Score:
    products = np.stack([(values * truth).sum(axis=1), (values**2).sum(axis=1), (truth**2).sum(axis=1)])  # (3, R)
    rows = stream.integers(products.shape[1], size=(_DRAWS, products.shape[1]))
    low, high = np.percentile(_left(products[:, rows].sum(axis=2)), _LEVEL)
    return Score(float(_left(products.sum(axis=1))), float(low), float(high))


def _left(products: Floats) -> Floats:
    """What the best scale above 0 leaves, from Σ value · truth, Σ value² and Σ truth²."""
    both, own, true = products
    gained = np.maximum(both, 0) ** 2 / np.where(own > 0, own, 1.0)
    left: Floats = 1 - gained / true
    return left


def _bootstrapped(each: Floats, stream: np.random.Generator) -> Score:
    draws = each[stream.integers(len(each), size=(_DRAWS, len(each)))].mean(axis=1)
    low, high = np.percentile(draws, _LEVEL)
    return Score(float(each.mean()), float(low), float(high))
