"""Who might come: outcomes n ~ Multi(N, p), enumerated while there are few and sampled otherwise."""

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from scipy.special import gammaln

from commonweal.agents.arrays import Floats

MOST_ENUMERATED = 20_000


@dataclass(frozen=True)
class Outcomes:
    """K possible outcomes of N parties of I types."""

    counts: Floats  # (K, I) parties of each type
    chances: Floats  # (K,) probability of the outcome
    expected: Floats  # (I, K) probability that a party of type i gives it
    sampled: bool


def outcomes(shares: Floats, parties: int, reading: str, samples: int, rng: np.random.Generator) -> Outcomes:
    """All outcomes if they are few, else ``samples`` of them, equally likely.

    Args:
        shares: (I,) probability of each type.
        parties: N.
        reading: "party": a party of type i expects itself and N − 1 others, P(n) n_i / E[n_i]; "published": that some
            party is of type i, P(n | n_i ≥ 1).
        samples: outcomes to draw.
        rng: for the draws.
    """
    sampled = comb(parties + len(shares) - 1, len(shares) - 1) > MOST_ENUMERATED
    if sampled:
        counts = rng.multinomial(parties, shares, size=samples).astype(np.float64)
        counts, repeats = np.unique(counts, axis=0, return_counts=True)
        chances = repeats / samples
    else:
        counts = _all_counts(parties, len(shares))
        chances = _chances(counts, shares)
    weights = chances[:, None] * (counts if reading == "party" else counts >= 1)
    totals = weights.sum(axis=0)
    unseen = totals == 0  # a type too rare for the draws: as if it met what all expect
    expected = np.where(unseen, chances[:, None], weights) / np.where(unseen, 1.0, totals)
    return Outcomes(counts, chances, expected.T, sampled)


def _all_counts(parties: int, types: int) -> Floats:
    """Stars and bars: every way (K, I) to divide the parties among the types."""
    places = parties + types - 1
    bars = np.array(list(combinations(range(places), types - 1)), dtype=np.int64)  # (K, I − 1)
    fences = np.pad(bars, ((0, 0), (1, 1)), constant_values=(-1, places))
    return (np.diff(fences, axis=1) - 1).astype(np.float64)


def _chances(counts: Floats, shares: Floats) -> Floats:
    """Multinomial probabilities (K,)."""
    logs = gammaln(counts.sum(axis=1) + 1) - gammaln(counts + 1).sum(axis=1) + counts @ np.log(shares)
    chances: Floats = np.exp(logs) / np.exp(logs).sum()
    return chances
