"""CGSV: credit by direction, and models as pay (Xu et al., "Gradient Driven Rewards …", NeurIPS 2021).

A principal's update is worth the cosine of its angle with the aggregate, an approximation of its Shapley value for
ν(S) = cos(u_S, u_N). Worth moves a reputation, and the reputation sets a quota: the part of the aggregate handed back.
The rule ``cosine`` takes from this the credit alone. It does not look at the validation set: who agrees with the others
earns, right or wrong, and whether the step helps or not.
"""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Floats, ratio
from commonweal.economy.credit.game import Credit, RoundGame, along_updates, credit_rule
from commonweal.economy.learning.network import Parameters, Passage, inner, to_numpy

LEAST = 1e-3  # reputation, before all are divided by their sum


@credit_rule("cosine")
def cosine(game: RoundGame) -> Credit:
    """cos(ũ_i, Σ_j ũ_j): CGSV's credit of a round (eq. 2), from products alone, times the part that screening left.

    A cosine alone does not see how much of an update was admitted.
    """
    step = game.step()
    marginal = CosineMarginal(step, _norm(step)[:, None])
    values = game.kept * _cosine(game.along(step), _squared_norms(game), marginal.length)
    return Credit(values, "cosine", marginal=marginal)


@dataclass(frozen=True)
class CosineMarginal:
    """What one more small update would earn: its cosine with the aggregate, however small it is."""

    step: Parameters  # Σ_j ũ_j
    length: Floats  # (R, 1) its Euclidean length

    def __call__(self, passage: Passage, factor: Floats) -> Floats:
        """(R, N) of updates times factors (R, N)."""
        cosines = _cosine(along_updates(passage, self.step), to_numpy(passage.squared_norms()), self.length)
        return np.sign(factor) * cosines


def _cosine(product: Floats, squared_norm: Floats, length: Floats) -> Floats:
    """(R, N) cosines from products, squared norms of updates and (R, 1) the length of the aggregate; 0 of nothing."""
    lengths = np.sqrt(np.maximum(squared_norm, 0.0)) * length
    return np.where(lengths > 0, ratio(product, lengths), 0.0)


def _squared_norms(game: RoundGame) -> Floats:
    """(R, N) ‖w_i u_i − Σ_k μ_ik p_k‖²."""
    own = game.weights**2 * to_numpy(game.passage.squared_norms())
    if not game.multipliers.any():
        return own
    crossed = (game.multipliers * to_numpy(game.passage.products(game.probes))).sum(axis=2)
    charged = ((game.multipliers @ to_numpy(inner(game.probes, game.probes))) * game.multipliers).sum(axis=2)
    total: Floats = own - 2 * game.weights * crossed + charged
    return total


def _norm(step: Parameters) -> Floats:
    """(R,) Euclidean length of a direction."""
    return np.sqrt(sum(to_numpy(s.flatten(1).square().sum(1)) for s in step))


def quotas(reputation: Floats, altruism: float | Floats) -> Floats:
    """(R, N) share of the aggregate that each is due: tanh(β r_i) / max_j tanh(β r_j)."""
    earned = np.tanh(altruism * reputation)
    due: Floats = earned / earned.max(axis=1, keepdims=True)
    return due
