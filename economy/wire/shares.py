"""The last layer between two servers that do not collude: each holds one of two numbers that add up to an activity.

Everything asked of the last layer is linear in what enters it, so that each server works on its own share and only
results are added: gradients Σ δ_s a_sᵀ and products Σ δ_s · V a_s. After TL++ (arXiv 2606.25627).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.arrays import Ints
from commonweal.economy.learning.network import Owners
from commonweal.economy.wire.masks import Words, from_fixed, to_fixed

ACTIVITY_BITS, FACTOR_BITS = 26, 24  # behind the binary point; with the range of a sum they share 62


@dataclass(frozen=True)
class Share:
    """What one server holds of a round: nothing that can be told from random numbers."""

    words: Words  # (R, S, h) modulo 2⁶⁴

    def gradient(self, deltas: Words) -> Words:
        """(R, C, h) its part of Σ_s δ_s a_sᵀ, for deltas (R, S, C) in fixed point."""
        return np.stack([d.T @ a for d, a in zip(deltas, self.words, strict=True)])

    def products(self, pulled: Words, owner: Ints, principals: int) -> Words:
        """(R, N, D) its part of Σ_{s∈i} q_sd · a_s, for q (R, S, D, h) in fixed point.

        Args:
            pulled: q_sd = V_dᵀ δ_s.
            owner: (R, S) principal of each sample, −1 where padded.
            principals: N.
        """
        found = np.zeros((len(pulled), principals, pulled.shape[2]), dtype=np.uint64)
        for run, (factors, activity) in enumerate(zip(pulled, self.words, strict=True)):
            by_sample = (factors * activity[:, None]).sum(axis=2, dtype=np.uint64)
            real = owner[run] >= 0
            np.add.at(found[run], owner[run][real], by_sample[real])
        return found


@dataclass(frozen=True)
class SharedLayer:
    """The last layer's paths: deltas in the open, what enters it in two shares."""

    shares: tuple[Share, Share]
    deltas: Tensor  # (R, S, C) of the mean loss
    owners: Owners

    @cached_property
    def _owner(self) -> Ints:
        owner: Ints = self.owners.owner.numpy()
        return owner

    def weighted_sum(self, weights: Tensor) -> Tensor:
        """(R, C, h + 1) Σ_i w_i u_i."""
        deltas = self.deltas * self.owners.spread(weights)
        scale = _scales(deltas, (1, 2))
        fixed = to_fixed((deltas / scale).numpy().astype(np.float64), bits=FACTOR_BITS)
        total = self.shares[0].gradient(fixed) + self.shares[1].gradient(fixed)
        inner = torch.as_tensor(from_fixed(total, ACTIVITY_BITS + FACTOR_BITS)).to(deltas) * scale
        return torch.cat([inner, deltas.sum(1).unsqueeze(2)], dim=2)

    def products(self, directions: Tensor) -> Tensor:
        """(R, N, D) products with directions (R, D, C, h + 1)."""
        pulled = torch.einsum("rsc,rdch->rsdh", self.deltas, directions[..., :-1])
        scale = _scales(pulled, (1, 3))
        fixed = to_fixed((pulled / scale).numpy().astype(np.float64), bits=FACTOR_BITS)
        one, other = (share.products(fixed, self._owner, self.owners.principals) for share in self.shares)
        inner = torch.as_tensor(from_fixed(one + other, ACTIVITY_BITS + FACTOR_BITS)).to(pulled)
        bias = torch.einsum("rsc,rdc->rsd", self.deltas, directions[..., -1])
        return inner * scale.squeeze(3) + self.owners.total(bias)


def _scales(values: Tensor, axes: tuple[int, ...]) -> Tensor:
    """Largest size along axes, which numbers are divided by before they are rounded; 1 where all are 0."""
    largest = values.abs().amax(axes, keepdim=True) if values.numel() else values.new_ones(
        [1 if axis in axes else side for axis, side in enumerate(values.shape)]
    )
    return torch.where(largest > 0, largest, 1.0)


def joined(shares: Mapping[int, Words], places: Mapping[int, Ints], shape: tuple[int, int]) -> Words:
    """(R, S, h) words of a batch from those of nodes (R, S_j, h); 0 where nothing arrives."""
    some = next(iter(shares.values()))
    whole = np.zeros((*shape, some.shape[2]), dtype=np.uint64)
    for node, words in shares.items():
        run, column = np.nonzero(places[node] >= 0)
        whole[run, places[node][run, column]] = words[run, column]
    return whole
