"""Defences: each changes what leaves a node, so that the economy and an attacker see the same.

Noise at the cut and clipped updates with noise (Dwork and Roth 2014, Gaussian mechanism), rounded products, and a
U-shaped split that keeps the last layer and the labels (Vepakomma et al. 2018).
"""

from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from commonweal.agents.streams import Stream
from commonweal.economy.learning.federated import DeltaPassage
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.learning.network import Directions, Owners, Parameters, Passage
from commonweal.economy.learning.traversal import PathPassage


@dataclass(frozen=True)
class Defence:
    """What is changed before it leaves a node. As it stands, nothing is."""

    noise: float = 0.0  # ν: standard deviation of the noise at the cut, in that of what leaves the first layer
    clip: bool = False  # whether updates are clipped at their median norm C
    clip_noise: float = 0.0  # z: standard deviation zC of the noise on every entry of a clipped update
    rounding: float = 0.0  # grid of products, in their root mean square over principals
    every: int = 1  # rounds whose products are told as one sum
    smallest: int = 0  # samples below which a principal does not take part
    u_shaped: bool = False  # whether the last layer and the labels stay


def noisy_cut(
    network: MLP, parameters: Parameters, features: Tensor, labels: Tensor, owners: Owners, noise: Tensor
) -> PathPassage:
    """The passage over what leaves the first layer with noise; gradients pass the noise as they pass a constant.

    Args:
        network: of two layers at least.
        parameters: θ.
        features: (R, S, d).
        labels: (R, S).
        owners: whose samples they are.
        noise: (R, S, h₁) that is added.
    """
    clean = network.traverse(parameters, features, labels, owners).inputs[1]
    above = replace(network, widths=network.widths[1:]).traverse(parameters[1:], clean + noise, labels, owners)
    back = torch.bmm(above.deltas[0], parameters[1][..., :-1])
    slope = (clean > 0).to(back.dtype) if network.activation == "relu" else 1 - clean.square()
    return PathPassage((features, *above.inputs), (back * slope, *above.deltas), owners, above.loss)


def spread_of(activity: Tensor, owners: Owners) -> Tensor:
    """(R,) standard deviation of what leaves the first layer (R, S, h₁), over all real samples and units."""
    real = (owners.owner >= 0).to(activity.dtype)[..., None]
    count = real.sum((1, 2)).clamp(min=1) * activity.shape[2]
    mean = (activity * real).sum((1, 2)) / count
    return (((activity - mean[:, None, None]) * real).square().sum((1, 2)) / count).sqrt()


def median_norm(passage: Passage) -> Tensor:
    """(R,) C, the median norm of all updates that are not 0; 1 where all are.

    It is taken from the updates, which formally is a release too; who must keep a promise agrees on C before.
    """
    norms = passage.squared_norms().clamp(min=0).sqrt()
    return torch.where(norms > 0, norms, torch.nan).nanquantile(0.5, dim=1).nan_to_num(1.0)


def clipped(passage: Passage, limit: Tensor, noise: float, drawn: Tensor | None = None) -> DeltaPassage:
    """Updates of at most a norm C, each with noise of its own of standard deviation zC.

    Args:
        passage: of honest updates.
        limit: (R,) C.
        noise: z.
        drawn: (R, N, P) standard normal numbers; needed where z is above 0.
    """
    parts = passage.updates()
    flat = torch.cat([part.flatten(2) for part in parts], dim=2)
    norms, middle = flat.norm(dim=2), limit[:, None]
    there = norms > 0
    sent = flat * (middle / norms.clamp(min=1e-30)).clamp(max=1.0)[..., None]
    if noise and drawn is not None:
        sent = sent + noise * middle[..., None] * drawn.to(flat) * there[..., None]
    shapes = tuple(part.shape[2:] for part in parts)
    return DeltaPassage(sent, shapes, passage.owners, passage.loss)


def rounded(products: Tensor, grid: float) -> Tensor:
    """Products (R, N, D) on a grid, in units of their root mean square over principals."""
    if not grid:
        return products
    unit = grid * products.square().mean(dim=1, keepdim=True).sqrt().clamp(min=1e-30)
    return (products / unit).round() * unit


def returned_by_head(output: Tensor, head: Tensor) -> Tensor:
    """(s, h) what comes back through a last layer (C, h + 1) that stays: W_Lᵀ δ_L, in place of δ_L (s, C)."""
    return output @ head[:, :-1]


@dataclass(frozen=True)
class Told:
    """A passage whose products are told rounded; it keeps what was asked."""

    passage: Passage
    rounding: float = 0.0
    limit: Tensor | None = None  # (R,) norm that updates were clipped at
    asked: list[Directions] = field(default_factory=list, compare=False)

    @property
    def owners(self) -> Owners:
        """Whose samples the batch is made of."""
        return self.passage.owners

    @property
    def loss(self) -> Tensor:
        """(R,) mean loss over the virtual batch."""
        return self.passage.loss

    def products(self, directions: Directions) -> Tensor:
        """(R, N, D) inner products ⟨u_i, v_d⟩ as they are told."""
        self.asked.append(directions)
        return rounded(self.passage.products(directions), self.rounding)

    def squared_norms(self) -> Tensor:
        """(R, N) squared norms ‖u_i‖²."""
        return self.passage.squared_norms()

    def weighted_sum(self, weights: Tensor) -> Parameters:
        """Σ_i w_i u_i."""
        return self.passage.weighted_sum(weights)

    def updates(self) -> Directions:
        """Every u_i."""
        return self.passage.updates()


@dataclass(frozen=True)
class GuardedMLP(MLP):
    """A perceptron whose passages are what a defence lets out of the nodes."""

    defence: Defence = Defence()
    stream: Stream | None = None  # of R runs, where the defence adds noise

    @classmethod
    def of(cls, network: MLP, defence: Defence, stream: Stream) -> "GuardedMLP":
        """The same network behind a defence."""
        return cls(network.widths, network.activation, network.dtype, network.device, defence, stream)

    @property
    def plain(self) -> MLP:
        """The network without the defence."""
        return MLP(self.widths, self.activation, self.dtype, self.device)

    def traverse(  # type: ignore[override]
        self, parameters: Parameters, features: Tensor, labels: Tensor, owners: Owners
    ) -> Told:
        """What leaves the nodes of one traversal pass."""
        plain, defence = self.plain, self.defence
        passage: Passage = plain.traverse(parameters, features, labels, owners)
        if defence.noise:
            assert isinstance(passage, PathPassage)
            assert self.stream is not None
            activity = passage.inputs[1]
            scale = defence.noise * spread_of(activity, owners)[:, None, None]
            drawn = torch.as_tensor(self.stream.normal(*activity.shape[1:])).to(activity)
            passage = noisy_cut(plain, parameters, features, labels, owners, scale * drawn)
        limit = median_norm(passage) if defence.clip else None
        if limit is not None:
            passage = clipped(passage, limit, defence.clip_noise, self._drawn(parameters, owners))
        return Told(passage, defence.rounding, limit)

    def _drawn(self, parameters: Parameters, owners: Owners) -> Tensor | None:
        """(R, N, P) standard normal numbers, where clipped updates get noise."""
        if not self.defence.clip_noise or self.stream is None:
            return None
        count = sum(p[0].numel() for p in parameters)
        return torch.as_tensor(self.stream.normal(owners.principals, count))
