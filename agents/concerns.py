"""Concerns: what it costs a principal, in its own eyes, that the shared model breaks its limits.

The outcome concern is borne by everybody who holds the value, the complicity concern only by who takes part: leaving
(exit) sheds the second, tightening a claimed limit (voice) works on the first (Hirschman 1970).
"""

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Floats, Ints

ROUNDING = 1e-6  # of a probe level in single precision: a limit is not broken by less


def violations(limits: Floats, levels: Floats, senses: Floats) -> Floats:
    """By how much every limit is broken: v = max(0, s (ℓ − L)).

    Args:
        limits: (R, N, K) what principals really want.
        levels: (R, K) probe losses of the shared model.
        senses: (K,) +1 withhold, −1 protect.

    Returns:
        (R, N, K) in units of the probe loss, 0 where a limit is kept.
    """
    broken: Floats = np.maximum((limits - levels[:, None]) * senses, 0.0)
    return np.where(broken > ROUNDING, broken, 0.0)


def value_costs(violation: Floats, outcome: Floats, complicity: Floats, part: Floats) -> Floats:
    """What violations cost each principal under each of its actions: κ = Σ_k v_k (ω°_k + ω^c_k part_k).

    Args:
        violation: (R, N, K) by how much its limits are broken.
        outcome: (R, N, K) concern about the outcome ω°, money per unit of probe loss and round.
        complicity: (R, N, K) concern about its own part ω^c, money per unit of probe loss and round.
        part: (R, N, 4, K or 1) its part in the harm, by action: 0 to 1.

    Returns:
        (R, N, 4) money per round, at least 0.
    """
    whatever = (outcome * violation).sum(axis=2)
    costs: Floats = whatever[..., None] + ((complicity * violation)[:, :, None] * part).sum(axis=3)
    return costs


def parts_of_harm(harms: Floats, actions: Ints, member: Bools) -> Floats:
    """Everybody's part in the harm that a step does, by action.

    Of the action taken it is max(0, h_i) / Σ_j max(0, h_j); of another one what those who took it did on average.

    Args:
        harms: (R, N, K) harm of each admitted update.
        actions: (R, N) taken.
        member: (R, N, 4) whether each counts as taking part, by action.

    Returns:
        (R, N, 4, K) from 0 to 1; 0 where nobody did any harm.
    """
    harmful = np.maximum(harms, 0.0)
    total = harmful.sum(axis=1, keepdims=True)
    share = np.divide(harmful, total, out=np.zeros_like(harmful), where=total > 0)
    taken = actions[..., None] == np.arange(len(Action))  # (R, N, 4)
    number = np.maximum(taken.sum(axis=1), 1)[..., None]  # (R, 4, 1)
    usual = np.einsum("rna,rnk->rak", taken.astype(np.float64), share) / number
    parts: Floats = np.where(taken[..., None], share[:, :, None], usual[:, None]) * member[..., None]
    return parts
