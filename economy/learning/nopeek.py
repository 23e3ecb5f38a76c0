"""NoPeek: distance correlation between samples and what leaves the first layer, and its gradient.

Vepakomma, Singh, Gupta and Raskar, "NoPeek: Information leakage reduction to share activations in distributed deep
learning" (2020, arXiv 2008.09161); distance correlation after Székely, Rizzo and Bakirov (2007), as a V-statistic:
dCor² = V_xz / √(V_xx V_zz) with V_xz = n⁻² Σ A_ij B_ij of doubly centred matrices of distances. It is biased upwards
where there are few samples, and not 0 for independent ones.
"""

import torch
from torch import Tensor

_LEAST = 1e-12  # of a distance variance, relative to the mean squared distance: below it there is nothing to correlate


def distance_correlation(first: Tensor, second: Tensor, real: Tensor) -> Tensor:
    """(B,) distance correlations of samples in B groups; 0 where either side is constant.

    Args:
        first: (B, M, d).
        second: (B, M, h).
        real: (B, M) bool, which are samples.
    """
    return _parts(first, second, real)[0]


def correlation_gradient(first: Tensor, second: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
    """Distance correlations (B,) and their gradient (B, M, h) in the second side.

    Args:
        first: (B, M, d).
        second: (B, M, h).
        real: (B, M) bool, which are samples.
    """
    found, (between, own), (centred, other), distances = _parts(first, second, real)
    count = real.sum(1).clamp(min=1).to(second)
    there = (found > 0) & (between > 0)

    def over(variance: Tensor) -> Tensor:
        return torch.where(there, found / (2 * count.square() * variance.clamp(min=1e-300)), 0.0)[:, None, None]

    pull = over(between) * centred - over(own) * other  # ∂dCor / ∂distance
    pull = torch.where(distances > 0, 2 * pull / distances.clamp(min=1e-300), 0.0)
    return found, pull.sum(2, keepdim=True) * second - torch.bmm(pull, second)


def _parts(
    first: Tensor, second: Tensor, real: Tensor
) -> tuple[Tensor, tuple[Tensor, Tensor], tuple[Tensor, Tensor], Tensor]:
    """DCor (B,); V_xz and V_zz (B,); centred distances of both sides (B, M, M); distances of the second side."""
    both = (real[:, :, None] & real[:, None, :]).to(second)
    count = real.sum(1).clamp(min=1).to(second)
    apart = [_distances(values) * both for values in (first, second)]
    one, other = (_centred(each, both, count) for each in apart)
    between, of_first, of_second = (
        (a * b).sum((1, 2)) / count.square() for a, b in ((one, other), (one, one), (other, other))
    )
    least = [_LEAST * each.square().sum((1, 2)) / count.square() for each in apart]
    there = (of_first > least[0]) & (of_second > least[1]) & (between > 0)
    scale = (of_first.clamp(min=0) * of_second.clamp(min=0)).sqrt()
    found = torch.where(there, between.clamp(min=0) / scale.clamp(min=1e-300), 0.0).sqrt()
    return found, (between, of_second), (one, other), apart[1]


def _distances(values: Tensor) -> Tensor:
    return torch.cdist(values, values, compute_mode="donot_use_mm_for_euclid_dist")


def _centred(distances: Tensor, both: Tensor, count: Tensor) -> Tensor:
    """Distances less their means by row and by column, plus the mean of all."""
    rows = distances.sum(2) / count[:, None]
    whole = rows.sum(1) / count
    return (distances - rows[:, :, None] - rows[:, None, :] + whole[:, None, None]) * both
