"""Time-aware rewards of small games from the values of all coalitions (Chen et al., NeurIPS 2025, arXiv 2510.09240)."""

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.economy.credit.exact import all_coalitions


def dividends(values: Floats) -> Floats:
    """(R, 2^n) Harsanyi dividends of games given by all their values (R, 2^n), numbered as ``all_coalitions`` are."""
    found = np.array(values, dtype=float)
    players = values.shape[1].bit_length() - 1
    for player in range(players):
        pairs = found.reshape(len(found), -1, 2, 2**player)
        pairs[:, :, 1] -= pairs[:, :, 0]
    return found


def time_aware_value(values: Floats, kept: Floats) -> Floats:
    """Time-aware rewards of small games: the Shapley values of v_t(C) = Σ_{T⊆C} d(T) min_{j∈T} g(t_j), |T| ≥ 2.

    Args:
        values: (R, 2^n) v of every coalition, numbered as in ``credit.exact.all_coalitions``; v(∅) = 0.
        kept: (R, n) g of each player, by ``money.time_aware.kept_by_cumulation`` or ``kept_by_valuation``.

    Returns:
        (R, n); Shapley values where all joined at time 0.
    """
    member = all_coalitions(kept.shape[1])  # (2^n, n)
    size = member.sum(axis=1)
    least = np.where(member, kept[:, None], np.inf).min(axis=2)  # (R, 2^n)
    share = dividends(values) * np.where(size > 1, least, 1.0) / np.maximum(size, 1)
    rewards: Floats = share @ member
    return rewards
