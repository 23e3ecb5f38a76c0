"""Norms under public assessment, exactly: everybody agrees on who is good (Ohtsuki and Iwasa 2004, 2006).

A large population follows one norm. The share of good names, what a good name is worth, and the ratios of benefit to
cost at which nobody gains by another rule of action have closed forms (Glynatsi, Hilbe and Murase 2025).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from commonweal.agents.arrays import Bools, Floats
from commonweal.agents.reciprocity.norms import BAD, GOOD, Errors, Norm, executed, judged

_ROUNDING = 1e-12

ACTS: Floats = (np.arange(16)[:, None] >> np.arange(4) & 1).reshape(16, 2, 2).astype(np.float64)
"""(16, 2, 2) every deterministic rule of action."""

ASSESSMENTS: Floats = (np.arange(256)[:, None] >> np.arange(8) & 1).reshape(256, 2, 2, 2).astype(np.float64)
"""(256, 2, 2, 2) every deterministic rule of assessment."""


@dataclass(frozen=True)
class Residents:
    """Large populations, side by side along the leading axes, in each of which everybody follows one norm.

    Where a donor is good (h of names are) and where bad, and its recipient likewise, it gives by ``act``, and its name
    is then good by ``assess``.
    """

    meant: Floats  # (..., 2, 2) probability of giving by the norm
    assess: Floats  # (..., 2, 2, 2) probability of a good name, after errors of the judge
    execution: Floats  # (...) probability that a gift fails

    @property
    def act(self) -> Floats:
        """(..., 2, 2) probability that a gift is made."""
        return executed(self.meant, self.execution[..., None, None])

    @property
    def renamed(self) -> Floats:
        """(..., 2, 2) AS, probability that a donor has a good name after its encounter, by both images before it."""
        return _renamed(self.act, self.assess)


@dataclass(frozen=True)
class EssInterval:
    """Benefits per cost, strictly between two ends, at which a norm is evolutionarily stable; nan where at none."""

    low: Floats  # (...) from 0
    high: Floats  # (...) up to inf

    @property
    def exists(self) -> Bools:
        """(...) whether there is such a ratio."""
        return ~np.isnan(self.low)

    def contains(self, ratio: Floats | float) -> Bools:
        """Whether the norm is stable at a benefit per cost; the two broadcast."""
        inside: Bools = (self.low < ratio) & (ratio < self.high)
        return inside


@dataclass(frozen=True)
class Lone:
    """What becomes of single mutants among residents."""

    good: Floats  # (..., M) share of time with a good name
    gives: Floats  # (..., M) gifts made per encounter as donor
    receives: Floats  # (..., M) gifts received per encounter as recipient

    def payoff(self, benefit: Floats | float, cost: Floats | float) -> Floats:
        """(..., M) what a mutant has per encounter as donor and one as recipient."""
        return benefit * self.receives - cost * self.gives


def residents(norms: Norm | Sequence[Norm], errors: Errors) -> Residents:
    """Populations that follow norms.

    Args:
        norms: one, or K side by side.
        errors: arrays of any shape, (R, 1) beside several norms.

    Returns:
        Populations along the axes of errors, broadcast with (K,) where there are several norms.
    """
    if isinstance(norms, Norm):
        return populations(norms.act, norms.assess, errors)
    act, assess = (np.stack([getattr(each, name) for each in norms]) for name in ("act", "assess"))
    return populations(act, assess, errors)


def populations(act: Floats, assess: Floats, errors: Errors) -> Residents:
    """Populations that follow rules given as tables; leading axes and those of errors broadcast.

    Args:
        act: (..., 2, 2) probability of giving, as meant.
        assess: (..., 2, 2, 2) probability of a good name, without errors.
        errors: arrays (...).
    """
    perception, assignment = (np.asarray(each)[..., None, None] for each in (errors.perception, errors.assignment))
    seen = judged(assess, perception, assignment)
    return Residents(np.asarray(act), seen, np.asarray(errors.execution, dtype=np.float64))


def slandered(among: Residents, share: Floats | float) -> Residents:
    """The same populations where a share (...) of judges calls everybody bad, whatever they see."""
    return replace(among, assess=(1 - np.asarray(share))[..., None, None, None] * among.assess)


def share_good(among: Residents) -> Floats:
    """Share of good names h, to which names come in the long run.

    It solves h = Σ w(x, y) AS(x, y) with w the product of shares of both images: c2 h² + c1 h + c0 = 0, of which
    (−c1 − √(c1² − 4 c2 c0)) / (2 c2) lies in [0, 1]. Names come to it where one donor acts after the other; where all
    act at once the shares of some norms swing for ever. A share that lasts only while nobody errs is none.

    Returns:
        (...); 1, where names begin, if every share stays as it is, which takes that nobody errs.
    """
    renamed = among.renamed
    gg, bb, mixed = renamed[..., GOOD, GOOD], renamed[..., BAD, BAD], renamed[..., GOOD, BAD] + renamed[..., BAD, GOOD]
    c2, c1, c0 = gg - mixed + bb, mixed - 2 * bb - 1, bb
    root = np.sqrt(np.maximum(c1**2 - 4 * c2 * c0, 0.0))
    falls = c1 <= 0  # the same root, written so that nothing cancels and c2 may be 0
    above, below = np.where(falls, 2 * c0, -c1 - root), np.where(falls, root - c1, 2 * c2)
    fixed = (c2 == 0) & (c1 == 0) & (c0 == 0)
    share: Floats = np.where(fixed, 1.0, above / np.where(below == 0, 1.0, below))
    return np.clip(share, 0.0, 1.0)


def cooperation(among: Residents) -> Floats:
    """(...) share of encounters in which a gift is made, in the long run."""
    share = _images(share_good(among))
    made: Floats = (share[..., :, None] * share[..., None, :] * among.act).sum(axis=(-2, -1))
    return made


def worth(among: Residents, benefit: Floats | float, cost: Floats | float) -> Floats:
    """What a good name is worth to a single resident above a bad one, Δv, over all encounters to come.

    Args:
        among: the population.
        benefit: (...) of a gift to who receives it.
        cost: (...) of a gift to who makes it.

    Returns:
        (...) Δv in the unit of benefits, an encounter as donor and one as recipient at a time.
    """
    gained, paid, lasting = _worth(among)
    with np.errstate(divide="ignore", invalid="ignore"):  # a name may last for ever where nobody errs
        value: Floats = (benefit * gained - cost * paid) / lasting
    return value


def ess_interval(among: Residents) -> EssInterval:
    """At which benefits per cost a norm is an evolutionarily stable strategy: no other rule of action does as well.

    It is where in every context (A(x, y, 1) − A(x, y, 0)) Δv lies above the cost if the norm gives, below if not. Δv is
    linear in the benefit, so that each context bounds the ratio once. A rule of action that mixes is never stable.

    Returns:
        Ends (...); nan where no ratio will do, or only one to within rounding.
    """
    gained, paid, lasting = (each[..., None, None] for each in _worth(among))
    earned = among.assess[..., 1] - among.assess[..., 0]
    sign = np.where(among.meant > 0.5, 1.0, -1.0)  # stable where sign × (slope × ratio − level) > 0
    slope, level = sign * earned * gained, sign * (earned * paid + lasting)
    flat = np.abs(slope) < _ROUNDING
    bound = level / np.where(flat, 1.0, slope)
    low = np.where(~flat & (slope > 0), bound, 0.0).max(axis=(-2, -1)).clip(min=0.0)
    high = np.where(~flat & (slope < 0), bound, np.inf).min(axis=(-2, -1))
    broken = (flat & (level >= 0)).any(axis=(-2, -1)) | ~np.isin(among.meant, (0.0, 1.0)).all(axis=(-2, -1))
    none = broken | (high <= low * (1 + _ROUNDING))
    return EssInterval(np.where(none, np.nan, low), np.where(none, np.nan, high))


def lone(among: Residents, acts: Floats) -> Lone:
    """What single mutants come to that act by rules of their own and are judged by the residents' norm.

    Args:
        among: populations (...).
        acts: (M, 2, 2) the mutants' probabilities of giving, as meant; their gifts fail as the residents' do.

    Returns:
        Shares (..., M); a mutant whose name never changes keeps the good name it begins with.
    """
    made = executed(acts, among.execution[..., None, None, None])
    others = _images(share_good(among))[..., None, :]  # (..., 1, 2) of whom it meets
    to_good = (_renamed(made, among.assess[..., None, :, :, :]) * others[..., None, :]).sum(axis=-1)
    leaves = 1 - to_good[..., GOOD] + to_good[..., BAD]
    good = np.where(leaves == 0, 1.0, to_good[..., BAD] / np.where(leaves == 0, 1.0, leaves))
    own = _images(good)
    gives = (own[..., :, None] * others[..., None, :] * made).sum(axis=(-2, -1))
    receives = (others[..., :, None] * own[..., None, :] * among.act[..., None, :, :]).sum(axis=(-2, -1))
    return Lone(good, gives, receives)


def scan(errors: Errors, ratio: float, cooperate: float = 0.95) -> Bools:
    """Which deterministic norms are evolutionarily stable and cooperate.

    Args:
        errors: a number each.
        ratio: benefit per cost.
        cooperate: share of encounters in which a gift is made, at least.

    Returns:
        (256, 16) by the rules of ASSESSMENTS and ACTS.
    """
    every = populations(ACTS, ASSESSMENTS[:, None], errors)
    return ess_interval(every).contains(ratio) & (cooperation(every) > cooperate)


def _images(good: Floats) -> Floats:
    """(..., 2) shares of bad and good names from that of good ones."""
    return np.stack([1 - good, good], axis=-1)


def _renamed(act: Floats, assess: Floats) -> Floats:
    good: Floats = act * assess[..., 1] + (1 - act) * assess[..., 0]
    return good


def _worth(among: Residents) -> tuple[Floats, Floats, Floats]:
    """Gifts received and made that a good name brings, per encounter, and 1 − how much of a name is left after one."""
    share, act, renamed = share_good(among), among.act, among.renamed
    gained = _met(share, act[..., GOOD, GOOD] - act[..., GOOD, BAD], act[..., BAD, GOOD] - act[..., BAD, BAD])
    paid, left = (_met(share, *(t[..., GOOD, y] - t[..., BAD, y] for y in (GOOD, BAD))) for t in (act, renamed))
    return gained, paid, 1 - left


def _met(share: Floats, good: Floats, bad: Floats) -> Floats:
    """Mean over a partner's image."""
    mean: Floats = share * good + (1 - share) * bad
    return mean
