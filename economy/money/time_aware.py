"""Time-aware fairness: the joint value of a coalition counts less, the later its last member joined.

Chen et al., "Incentivizing Time-Aware Fairness in Data Sharing" (NeurIPS 2025, arXiv 2510.09240). With Harsanyi
dividends d both of their methods are one formula, r_i = d({i}) + Σ_{T∋i, |T|≥2} d(T)/|T| · min_{j∈T} g(t_j), where
g(t) is the part of joint value that is kept by a principal that joins at time t: e^(−γt) under time-aware data
valuation, and the weights of all rounds from t on under time-aware reward cumulation. The value of data alone is
never discounted.
"""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Floats, Ints, ratio
from commonweal.agents.terms import PerRun


@dataclass(frozen=True)
class TimeTerms:
    """How the time of joining counts."""

    beta: PerRun  # (R, 1) β of cumulation: weight of a round against the one before it
    decay: PerRun  # (R, 1) γ of valuation, per round


def kept_by_cumulation(joined: Ints, beta: Floats, last: int | Ints) -> Floats:
    """The part of joint value kept under time-aware reward cumulation, g(t) = Σ_{τ=t}^{last} β^τ / Σ_{τ=0}^{last} β^τ.

    The paper weights the Shapley values among those who had joined by τ, alone before joining, by β^τ / Σ β^s. A
    coalition's dividend is in them from the time its last member joins, hence the sum from there on. β → ∞ is the
    plain Shapley value.

    Args:
        joined: (R, N) times of joining, 0 to ``last``.
        beta: (R, 1) β > 0.
        last: () or (R, 1) the last time that counts; the paper's example ends when the last party joins.

    Returns:
        (R, N) in (0, 1]; 1 for joining at time 0.
    """
    left, growth = np.asarray(last) + 1 - joined, np.log(beta)
    steps = np.where(growth > 0, -growth, growth)  # no power overflows
    with np.errstate(invalid="ignore", divide="ignore"):
        kept = np.expm1(steps * left) / np.expm1(steps * (np.asarray(last) + 1))
    kept = np.where(growth == 0, left / (np.asarray(last) + 1), kept)
    part: Floats = np.where(growth < 0, beta**joined, 1.0) * kept
    return part


def kept_by_valuation(joined: Ints | Floats, decay: Floats) -> Floats:
    """The part of joint value kept under time-aware data valuation, g(t) = e^(−γt): t (R, N), γ ≥ 0 (R, 1)."""
    kept: Floats = np.exp(-decay * joined)
    return kept


def time_aware_credit(credit: Floats, kept: Floats) -> Floats:
    """Time-aware rewards of N principals whose credit is known, but not their coalitions' worth.

    Ours, not the paper's: credit s is taken to be Shapley values of v(C) = (Σ_C s)² / Σ s, by which half of the credit
    makes a quarter of the model. That is the game of pairs with d({i}) = s_i² / S and d({i, j}) = 2 s_i s_j / S: it is
    superadditive, so that whoever joins earlier is never worse off, and where all join at once its rewards are the
    credit itself. As shares of a sum of money they rise with earlier joining only up to one half: what one gains by
    joining earlier, all who were there before gain too, together.

    Args:
        credit: (R, N) s, at least 0.
        kept: (R, N) g of each principal.

    Returns:
        (R, N) s_i / S · (s_i + Σ_{j≠i} s_j min(g_i, g_j)), at most s_i; the same to the last bit for the same s and g.
    """
    order = np.argsort(-kept, axis=1, kind="stable")
    amount, part = (np.take_along_axis(each, order, axis=1) for each in (credit, kept))
    last = _last_alike(part)
    earlier = np.take_along_axis(np.cumsum(amount, axis=1), last, axis=1)  # and those at the same time
    later = np.cumsum((amount * part)[:, ::-1], axis=1)[:, ::-1]
    later = np.take_along_axis(np.pad(later, ((0, 0), (0, 1))), last + 1, axis=1)
    total = credit.sum(axis=1, keepdims=True)
    counted = amount * (1 - part) + part * earlier + later
    found = np.empty_like(credit)
    np.put_along_axis(found, order, ratio(amount * counted, total), axis=1)
    return found


def cumulated_value(credit: Floats, joined: Ints, now: int, beta: Floats) -> Floats:
    """Time-aware reward cumulation of a live economy, from the first join of who has credit to this round.

    Args:
        credit: (R, N) at least 0.
        joined: (R, N) round of joining; −1 for who has not joined before.
        now: this round.
        beta: (R, 1) β > 0.

    Returns:
        (R, N) in units of credit.
    """
    time, first = _since_first(credit, joined, now)
    return time_aware_credit(credit, kept_by_cumulation(time, beta, now - first))


def valued_by_time(credit: Floats, joined: Ints, now: int, decay: Floats) -> Floats:
    """Time-aware data valuation of a live economy, from the first join of who has credit; as ``cumulated_value``.

    Args:
        credit: (R, N) at least 0.
        joined: (R, N) round of joining; −1 for who has not joined before.
        now: this round.
        decay: (R, 1) γ ≥ 0, per round.
    """
    return time_aware_credit(credit, kept_by_valuation(_since_first(credit, joined, now)[0], decay))


def _since_first(credit: Floats, joined: Ints, now: int) -> tuple[Ints, Ints]:
    """(R, N) rounds from the first join of who has credit, and that round (R, 1)."""
    joined = np.where(joined < 0, now, joined)
    first = np.where(credit > 0, joined, now).min(axis=1, keepdims=True)
    return np.maximum(joined - first, 0), first


def _last_alike(descending: Floats) -> Ints:
    """(R, N) place of the last of those equal to each, in rows that descend."""
    count = descending.shape[1]
    ends = np.ones(descending.shape, dtype=bool)
    ends[:, :-1] = descending[:, 1:] != descending[:, :-1]
    places = np.where(ends, np.arange(count), count)
    last: Ints = np.minimum.accumulate(places[:, ::-1], axis=1)[:, ::-1]
    return last
