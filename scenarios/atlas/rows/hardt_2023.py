"""Algorithmic collective action: how many must plant a signal together before a firm learns it."""

from collections.abc import Iterator

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.scenarios.atlas.base import Seeds, result
from commonweal.scenarios.atlas.check import Check
from commonweal.scenarios.atlas.nudge import Nudge

FIRMS = 2000
POINTS, LABELS = 8, 3
STEPS = {
    (0.01, 1.0): 0.009901,
    (0.05, 0.5): 0.024390,
    (0.1, 1.0): 0.090909,
}  # α by how common the signal is, and the gap


@result(
    "hardt-2023",
    paper="Hardt, Mazumdar, Mendler-Dünner and Zrnic, ICML 2023",
    table="Theorem 2.3 (a Bayes-optimal firm)",
    shows="a collective of a small share α succeeds where its signal is rare: S(α) ≥ 1 − (1 − α)/α · Δ ξ",
    learns="Rare signals need few: the share that it takes goes with how common the signal is.",
    link="https://arxiv.org/abs/2302.04262",
    seconds=1,
)
def collective_action(seeds: Seeds, nudge: Nudge) -> Iterator[Check]:
    """2000 discrete distributions of data drawn at random, with a firm that labels every point best.

    Where all samples of a share α lie on one point and bear one label, the firm turns at α = Δ ξ / (1 + Δ ξ).
    """
    generator = np.random.default_rng(seeds)
    planted = nudge("label", 0, instead=1)
    short = sum(misses(generator, planted) for _ in range(FIRMS))
    yield Check(
        f"firms of {FIRMS} that keep success below the bound", theirs=0, ours=short, source="derived",
        found_by="function", breaks="label",
    )  # fmt: skip
    for (common, gap), theirs in STEPS.items():
        ours = turning(nudge("common", common), gap)
        yield Check(
            f"share that it takes, ξ {common:g}, Δ {gap:g}", theirs=theirs, ours=ours, source="derived",
            found_by="function", digits=6, breaks="common",
        )  # fmt: skip


def misses(generator: np.random.Generator, planted: int) -> bool:
    """Whether a collective that plants a label has less success with label 0 than the bound says of that label."""
    data = generator.dirichlet(np.full(POINTS * LABELS, 0.3)).reshape(POINTS, LABELS)  # P(x, y)
    marked = generator.integers(POINTS, size=POINTS)  # g: where each point is moved to
    share = generator.uniform(0.02, 0.98)
    points = data.sum(axis=1)  # P(x)
    mass = np.bincount(marked, weights=points, minlength=POINTS)  # of g(x)
    mixed = (1 - share) * data
    mixed[:, planted] += share * mass
    success = points[mixed.argmax(axis=1)[marked] == 0].sum()
    signal = np.unique(marked)
    return bool(success < bound(data[signal], share) - 1e-12)


def bound(signal: Floats, share: float) -> float:
    """1 − (1 − α)/α · Δ ξ of label 0: ξ how much of the data lies on the signal, Δ how much better another label is.

    Args:
        signal: (X, Y) P(x, y) at the points of the signal.
        share: α.
    """
    points = np.maximum(signal.sum(axis=1), 1e-300)
    gap = ((signal.max(axis=1) - signal[:, 0]) / points).max()
    return float(1 - (1 - share) / share * gap * points.sum())


def turning(common: float, gap: float) -> float:
    """Share from which the firm labels one point as the collective wants, by bisection.

    Args:
        common: ξ, how much of the data lies on that point.
        gap: Δ, how much more of it bears another label than the planted one.
    """
    other, own = common * (1 + gap) / 2, common * (1 - gap) / 2  # P(x, y)
    low, high = 0.0, 1.0
    for _ in range(60):
        share = (low + high) / 2
        learned = share + (1 - share) * own > (1 - share) * other
        low, high = (low, share) if learned else (share, high)
    return high
