"""What names put in, and the worth of coalitions of them: a pool knows principals, and a principal may have many names.

Samples of one principal's names are parts of what it holds, and add up. A copy holds what its original does: with the
original, or beside another copy, it adds nothing; without them it is as good.
"""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints, ratio
from commonweal.agents.terms import pick
from commonweal.economy.rewards.forms.form import Accuracies, AccuracyTerms, Pool, accuracies

CELLS = 1 << 22  # numbers of pools of coalitions held at a time
NODES = 24  # of the quadrature along the diagonal, most of them where little is put in
STEP = 1e-4  # of the difference there, as a share of what each puts in


@dataclass(frozen=True)
class Contributions:
    """What M names put in, in R rows; N principals bear them, or where it does not matter who is who, M."""

    real: Floats  # (R, M) samples of their own
    copied: Floats  # (R, M) samples that another puts in, or would
    member: Bools  # (R, M) who takes part
    held: Floats  # (R, N) samples that each principal would put in if it delegated
    terms: AccuracyTerms  # of the rows
    bearer: Ints | None = None  # (R, M) whose name each is; None: every name is its own
    source: Ints | None = None  # (R, M) whose samples a copy is of, a principal; None: nobody copies

    @property
    def contributes(self) -> Bools:
        """(R, M) whose samples might teach anything."""
        contributes: Bools = (self.real > 0) | (self.copied > 0)
        return contributes

    def pick(self, rows: Ints) -> "Contributions":
        """Some of the rows, in any order; a row may occur several times."""
        bearer, source = (None if each is None else each[rows] for each in (self.bearer, self.source))
        parts = (self.real[rows], self.copied[rows], self.member[rows], self.held[rows])
        return Contributions(*parts, pick(self.terms, rows), bearer, source)

    def pool(self, among: Bools | None = None) -> Pool:
        """What principals put in together, or those names that are in coalitions (R, M) alone."""
        real, copied, member = self.real, self.copied, self.member
        if among is not None:
            real, copied, member = np.where(among, real, 0.0), np.where(among, copied, 0.0), member & among
        if self.bearer is not None:
            real, member = _summed(real, self.bearer, self.held), _summed(member, self.bearer, self.held) > 0
        if self.source is not None:
            real = _with_copies(real, copied, self.source)
        return Pool(real, member, self.held, self.terms)

    def of_names(self, values: Floats) -> Floats:
        """(R, M) what principals have, values (R, N), under each of their names."""
        return values if self.bearer is None else np.take_along_axis(values, self.bearer, axis=1)

    def accuracies(self) -> Accuracies:
        """What the form says of all together; ``each`` (R, M) of each name."""
        found = accuracies(self.pool())
        return found if found.each is None else replace(found, each=self.of_names(found.each))


def _summed(values: Floats | Bools, bearer: Ints, like: Floats) -> Floats:
    """(R, N) sums of values (R, M) of names."""
    total, rows = np.zeros(like.shape), np.arange(len(like))
    for name in range(values.shape[1]):
        total[rows, bearer[:, name]] += values[:, name]
    return total


def _with_copies(real: Floats, copied: Floats, source: Ints) -> Floats:
    """(R, N) samples real (R, N) of principals, or where a copy (R, M) holds more of them, as many."""
    most, rows = real.copy(), np.arange(len(real))
    for name in range(copied.shape[1]):
        whose = source[:, name]
        most[rows, whose] = np.maximum(most[rows, whose], copied[:, name])
    return most


def coalition_values(put: Contributions, coalitions: Bools) -> Floats:
    """Worth of coalitions of names: the accuracy of the model that each would have without all others.

    Args:
        put: of R rows.
        coalitions: (C, M), the same for every row, or (R, C, M).

    Returns:
        (R, C).
    """
    rows, names = put.real.shape
    chosen = np.broadcast_to(coalitions, (rows, *coalitions.shape[-2:]))
    count, found = chosen.shape[1], [np.zeros(0)]
    part = max(1, CELLS // max(count * names, 1))
    for first in range(0, rows, part):
        some = np.repeat(np.arange(first, min(first + part, rows)), count)
        among = put.pick(some).pool(chosen[first : first + part].reshape(-1, names))
        found.append(accuracies(among).worth)
    return np.concatenate(found).reshape(rows, count)


def path_prices(put: Contributions) -> Floats:
    """(R, M) Aumann–Shapley prices, ∫₀¹ n_i ∂v/∂n_i (t n) dt, of names' own samples; copies are worth nothing here.

    Along the diagonal every name's sample earns what its principal's do. By Gauss–Legendre quadrature over √t of
    central differences: exact to about 1e-8 where the form is smooth.
    """
    pool = replace(put, source=None).pool()
    rows, names = pool.samples.shape
    root, weight = (each[:, None] for each in _nodes())
    around = 1 + STEP * np.array([1.0, -1.0])[:, None, None, None] * np.eye(names)  # (2, 1, N, N): one a little more
    shares = (root[:, None] ** 2 * around).reshape(-1, names)  # (2 T N, N) of what each puts in
    worths = np.zeros((rows, len(shares)))
    part = max(1, CELLS // (len(shares) * names))
    for first in range(0, rows, part):
        some = np.arange(first, min(first + part, rows))
        along = pool.pick(np.repeat(some, len(shares)))
        along = replace(along, samples=along.samples * np.tile(shares, (len(some), 1)))
        worths[some] = accuracies(along).worth.reshape(len(some), -1)
    up, down = worths.reshape(rows, 2, len(root), names).swapaxes(0, 1)
    prices: Floats = (weight / root * (up - down)).sum(axis=1) / (2 * STEP)  # dt = 2 √t d√t
    if put.bearer is None:
        return prices
    price, samples = (np.take_along_axis(each, put.bearer, axis=1) for each in (prices, pool.samples))
    return price * ratio(put.real, samples)


@cache
def _nodes() -> tuple[Floats, Floats]:
    """(T,) places √t and (T,) weights of the quadrature over [0, 1], for dt = 2 √t d√t the weights doubled."""
    place, weight = np.polynomial.legendre.leggauss(NODES)
    return (1 + place) / 2, weight
