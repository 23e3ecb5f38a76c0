"""Passages of which products are claims: as they would be where all is in one place, with lies, and corrected.

A node claims products and norms of its principals in the modes ``secure`` and ``two-servers``. What is played in one
place under these modes sees the same numbers, so that a lie changes screening and credit there as it does on a node.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.arrays import Bools, Floats
from commonweal.economy.learning.network import Directions, Owners, Parameters, Passage, to_numpy
from commonweal.economy.learning.traversal import PathPassage
from commonweal.economy.wire.modes import layers


class Secret(Passage, Protocol):
    """A passage of which sums are known, and what is claimed of each principal."""

    @property
    def depth(self) -> int:
        """How many layers, the first ones, have sums that are hidden and products that are claims."""

    def unclaimed(self, directions: Directions) -> Tensor:
        """(R, N, D) the part of products that nobody claims: that of the other layers."""

    def hidden_sum(self, weights: Tensor) -> Parameters:
        """Σ_i w_i u_i in these layers."""

    def opened(self, asked: Bools) -> Tensor:
        """(M, P) updates in all layers of the M principals who are asked (R, N), run after run."""


@dataclass(frozen=True)
class _Over:
    """A passage that answers in part as another does."""

    under: Passage

    @property
    def owners(self) -> Owners:
        """Whose samples the batch is made of."""
        return self.under.owners

    @property
    def loss(self) -> Tensor:
        """(R,) mean loss."""
        return self.under.loss

    def products(self, directions: Directions) -> Tensor:
        """(R, N, D) inner products ⟨u_i, v_d⟩."""
        return self.under.products(directions)

    def squared_norms(self) -> Tensor:
        """(R, N) squared norms ‖u_i‖²."""
        return self.under.squared_norms()

    def weighted_sum(self, weights: Tensor) -> Parameters:
        """Σ_i w_i u_i."""
        return self.under.weighted_sum(weights)

    def updates(self) -> Directions:
        """Every u_i."""
        return self.under.updates()


@dataclass(frozen=True)
class OnePlace(_Over):
    """What would be secret, where all is in one place; paths are needed where some layers are not."""

    under: Passage
    depth: int

    def unclaimed(self, directions: Directions) -> Tensor:
        """(R, N, D) the part of products that nobody would claim."""
        if self.depth == len(directions):
            return self.loss.new_zeros(len(self.loss), self.owners.principals, directions[0].shape[1])
        assert isinstance(self.under, PathPassage)
        return layers(self.under, slice(self.depth, None)).products(directions[self.depth :])

    def hidden_sum(self, weights: Tensor) -> Parameters:
        """Σ_i w_i u_i in these layers."""
        return self.under.weighted_sum(weights)[: self.depth]

    def opened(self, asked: Bools) -> Tensor:
        """(M, P) updates of those who are asked: one after another in every run."""
        place = np.where(asked, np.cumsum(asked, axis=1), 0)
        found = flat_of(self.under.weighted_sum(self.loss.new_zeros(asked.shape)))
        rows = found.new_empty(int(asked.sum()), found.shape[1])
        order = np.cumsum(asked).reshape(asked.shape) - 1
        for number in range(1, int(place.max(initial=0)) + 1):
            chosen = place == number
            own = flat_of(self.under.weighted_sum(torch.as_tensor(chosen).to(self.loss)))
            rows[torch.as_tensor(order[chosen])] = own[torch.as_tensor(np.nonzero(chosen)[0])]
        return rows


@dataclass(frozen=True)
class Lies:
    """What principals claim beyond what is so."""

    exaggerates: Tensor  # (R, N) share by which claimed products and norms are larger
    pads: Tensor  # (R, N) claimed on top: so many N-ths of an update along a gradient, below 0 on the other side
    along: Parameters  # that gradient, (R, *shape)

    def of(self, true: Tensor, directions: Directions, depth: int) -> Tensor:
        """(R, N, D) claimed products from the true ones, of the first ``depth`` layers."""
        toward = self.along[:depth]
        pull = sum(
            (torch.bmm(v.flatten(2), g.flatten(1).unsqueeze(2)) for v, g in zip(directions, toward, strict=False)),
            start=true.new_zeros(len(true), directions[0].shape[1], 1),
        )
        padding = self.pads / self.pads.shape[1]
        return true * (1 + self.exaggerates.unsqueeze(2)) + padding.unsqueeze(2) * pull.mT


@dataclass(frozen=True)
class LyingPassage(_Over):
    """A secret passage some of whose claims are lies. Its sums are true: only what they add up to is not."""

    under: Secret
    lies: Lies

    @property
    def depth(self) -> int:
        """How many layers have claims."""
        return self.under.depth

    def products(self, directions: Directions) -> Tensor:
        """(R, N, D) products as claimed; what two servers share cannot be lied about."""
        rest = self.under.unclaimed(directions)
        return self.lies.of(self.under.products(directions) - rest, directions, self.depth) + rest

    def squared_norms(self) -> Tensor:
        """(R, N) squared norms as claimed."""
        return self.under.squared_norms() * (1 + self.lies.exaggerates) ** 2

    def unclaimed(self, directions: Directions) -> Tensor:
        """(R, N, D) the part of products that nobody claims."""
        return self.under.unclaimed(directions)

    def hidden_sum(self, weights: Tensor) -> Parameters:
        """Σ_i w_i u_i in the hidden layers."""
        return self.under.hidden_sum(weights)

    def opened(self, asked: Bools) -> Tensor:
        """(M, P) updates of those who are asked."""
        return self.under.opened(asked)


@dataclass(frozen=True)
class CorrectedPassage(_Over):
    """A passage in which those caught lying have the products and norms of the updates that they opened."""

    caught: Bools  # (R, N)
    rows: Tensor  # (M, P) their updates

    def products(self, directions: Directions) -> Tensor:
        """(R, N, D) inner products ⟨u_i, v_d⟩."""
        flat = torch.cat([v.flatten(2) for v in directions], dim=2)
        found, (run, _) = self.under.products(directions).clone(), np.nonzero(self.caught)
        found[torch.as_tensor(self.caught)] = torch.einsum("mp,mdp->md", self.rows, flat[torch.as_tensor(run)])
        return found

    def squared_norms(self) -> Tensor:
        """(R, N) squared norms ‖u_i‖²."""
        found = self.under.squared_norms().clone()
        found[torch.as_tensor(self.caught)] = self.rows.square().sum(1)
        return found


def flat_of(parameters: Parameters) -> Tensor:
    """(R, P) layers one after another."""
    return torch.cat([part.flatten(1) for part in parameters], dim=1)


def flat_directions(directions: Directions, depth: int) -> Floats:
    """(R, D, P) directions in the first ``depth`` layers, one after another, in double precision."""
    runs, count = directions[0].shape[:2]
    parts = [to_numpy(v.flatten(2)) for v in directions[:depth]]
    return np.concatenate([np.zeros((runs, count, 0)), *parts], axis=2)
