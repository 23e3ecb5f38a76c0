"""How training samples are spread over principals.

``power`` and ``class`` follow the POW and CLA splits of Xu et al., "Gradient-Driven Rewards to Guarantee Fairness in
Collaborative Machine Learning" (NeurIPS 2021), ``cgsv_power`` the sizes of POW in their public code; ``dirichlet``
follows Hsu, Qi and Brown (arXiv 1909.06335), with each class spread over the principals.
"""

from collections.abc import Callable

import numpy as np
from scipy.stats import powerlaw

from commonweal.agents.arrays import Floats, Ints, Labels
from commonweal.agents.errors import InputError

OWNER = "owner"  # as the data say: every sample has an owner, who is a principal
QUANTILES = 10  # groups of equal size that numbers are spread in, as classes are
POWER_EXPONENT = 1.65911332899  # of the power law whose quantiles are the sizes; from CGSV's public code


def spread(kind: str, labels: Ints, principals: int, concentration: float, generator: np.random.Generator) -> Ints:
    """Give every sample to one principal, and at least one sample to every principal.

    Args:
        kind: equal, dirichlet, power or class.
        labels: (T,) classes of the training samples.
        principals: N.
        concentration: Dirichlet concentration (kind = dirichlet).
        generator: the run's task generator.

    Returns:
        (T,) owner of each sample.

    Raises:
        InputError: if there is no such kind, or there are fewer samples than principals.
    """
    if kind not in PARTITIONS:
        raise InputError(f"task.partition = {kind!r}: must be one of {', '.join(PARTITIONS)}")
    if principals > len(labels):
        raise InputError(
            f"population.count = {principals} principals but {len(labels)} training samples: each needs at least one"
        )
    return nobody_empty(PARTITIONS[kind](labels, principals, concentration, generator), principals)


def groups_of(labels: Labels) -> Ints:
    """(T,) what is spread as one class is: the class of a sample, or the tenth of the numbers that its own is in.

    Numbers that are the same are in the same group, so that there may be fewer than ten.
    """
    if labels.dtype.kind != "f":
        return labels.astype(np.int64, copy=False)
    ends = np.quantile(labels, np.arange(1, QUANTILES) / QUANTILES)
    return np.searchsorted(ends, labels, side="right").astype(np.int64)


def equal(labels: Ints, principals: int, concentration: float, generator: np.random.Generator) -> Ints:
    """Sizes that differ by one at most, whatever the class."""
    owner = np.empty(len(labels), np.int64)
    owner[generator.permutation(len(labels))] = np.arange(len(labels)) % principals
    return owner


def dirichlet(labels: Ints, principals: int, concentration: float, generator: np.random.Generator) -> Ints:
    """Each class is cut into shares drawn from a Dirichlet distribution over the principals."""
    owner = np.empty(len(labels), np.int64)
    for label in np.unique(labels):
        members = np.nonzero(labels == label)[0]
        shares = generator.dirichlet(np.full(principals, concentration))
        owner[generator.permutation(members)] = _cut(shares, len(members))
    return owner


def power(labels: Ints, principals: int, concentration: float, generator: np.random.Generator) -> Ints:
    """Sizes grow with the principal's number as evenly spaced values of a power law's range (CGSV's POW)."""
    owner = np.empty(len(labels), np.int64)
    owner[generator.permutation(len(labels))] = _cut(_power_shares(principals), len(labels))
    return owner


def cgsv_power(labels: Ints, principals: int, concentration: float, generator: np.random.Generator) -> Ints:
    """POW in the sizes of CGSV's public code: every part of ⌊T / N⌋ N samples rounded up, and the last gets the rest.

    Where N does not divide T, CGSV leaves some samples out; here the last principal has them.
    """
    parts = _power_shares(principals) * (len(labels) // principals * principals)
    ends = np.ceil(np.round(parts, 9)).cumsum().astype(np.int64)  # a whole part stays so, however a processor rounds
    owner = np.empty(len(labels), np.int64)
    owner[generator.permutation(len(labels))] = np.searchsorted(ends[:-1], np.arange(len(labels)), side="right")
    return owner


def _power_shares(principals: int) -> Floats:
    """(N,) evenly spaced values of the power law's range, as shares."""
    law = powerlaw(POWER_EXPONENT)
    sizes = np.linspace(law.ppf(0.01), law.ppf(0.99), principals)
    shares: Floats = sizes / sizes.sum()
    return shares


def by_class(labels: Ints, principals: int, concentration: float, generator: np.random.Generator) -> Ints:
    """Principal i holds the first int(linspace(1, C, N))[i] classes (CGSV's CLA), each dealt evenly to its holders.

    CGSV leaves out samples to make sizes equal; here every sample is dealt, so principals with more classes hold more.
    """
    present = np.unique(labels)
    held = np.linspace(1, len(present), principals).astype(np.int64)
    held[-1] = len(present)  # a single principal holds everything
    owner = np.empty(len(labels), np.int64)
    for position, label in enumerate(present):
        members = np.nonzero(labels == label)[0]
        holders = generator.permutation(np.nonzero(held > position)[0])
        owner[generator.permutation(members)] = holders[np.arange(len(members)) % len(holders)]
    return owner


Partition = Callable[[Ints, int, float, np.random.Generator], Ints]
PARTITIONS: dict[str, Partition] = {
    "equal": equal,
    "dirichlet": dirichlet,
    "power": power,
    "cgsv_power": cgsv_power,
    "class": by_class,
}


def _cut(shares: Floats, samples: int) -> Ints:
    """(samples,) owners in order: a row of samples cut at the cumulated shares."""
    middles = (np.arange(samples) + 0.5) / samples
    return np.minimum(np.searchsorted(np.cumsum(shares), middles, side="right"), len(shares) - 1)


def nobody_empty(owner: Ints, principals: int) -> Ints:
    """Move one sample to each principal without any, always from the principal that then holds the most.

    Args:
        owner: (T,) with T ≥ N.
        principals: N.

    Returns:
        (T,) owner of each sample.
    """
    count = np.bincount(owner, minlength=principals)
    empty = np.nonzero(count == 0)[0]
    if not len(empty):
        return owner
    # Counting each owner's samples 0, 1, 2, …: the highest numbers are what levelling from the top takes away.
    order = np.argsort(owner, kind="stable")
    number = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    moved = owner.copy()
    moved[order[np.argsort(-number, kind="stable")[: len(empty)]]] = empty
    return moved
