"""What parts of the model are worth: Shapley values of its parameters, and of blocks of them, by the loss without them.

The players are parameters of a game in which those that stay away are 0. To second order in θ a player is worth
−g θ + ½ θ (H θ), exactly so for a quadratic loss; integrated on the way from 0 to θ it is worth its Aumann–Shapley
value (Aumann and Shapley 1974). A block is worth the sum of its parameters: one Hessian-vector product serves all.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.arrays import Floats
from commonweal.economy.credit.game import RoundGame
from commonweal.economy.learning.network import (
    Examination,
    Network,
    Objectives,
    Parameters,
    inner,
    to_numpy,
    to_tensor,
)
from commonweal.economy.rewards.copies import ranked

Scope = Literal["layer", "global"]

HELD = 1 << 24  # numbers of a direction cut into blocks, held at a time


@dataclass(frozen=True)
class Blocks:
    """A partition of the network's trained parameters."""

    member: tuple[Tensor, ...]  # per parameter (*shape) int64 block of each entry, −1 where in none
    count: int  # B


def layer_blocks(parameters: Parameters) -> Blocks:
    """Every parameter tensor is a block: a layer of a perceptron with its biases."""
    member = tuple(torch.full(p.shape[1:], block, device=p.device) for block, p in enumerate(parameters))
    return Blocks(member, len(parameters))


def unit_blocks(parameters: Parameters) -> Blocks:
    """Every hidden unit of a perceptron is a block: its weights and bias, and of the last layer those that leave it.

    The biases of the last layer are in no block.
    """
    member, first = [], 0
    for weight in parameters[:-1]:
        units = torch.arange(first, first + weight.shape[1], device=weight.device)
        member.append(units.unsqueeze(1).expand(weight.shape[1:]))
        first += weight.shape[1]
    last = parameters[-1]
    leaving = torch.arange(first - last.shape[2] + 1, first + 1, device=last.device)
    leaving[-1] = -1
    return Blocks((*member, leaving.expand(last.shape[1:])), first)


def second_order(examined: Examination, parameters: Parameters, blocks: Blocks | None = None) -> Parameters:
    """Value −g θ + ½ θ (H θ) of every parameter, by one Hessian-vector product on the paths of the examination.

    Args:
        examined: the examination of ``parameters``; its first objective is the loss L.
        parameters: θ.
        blocks: the players; parameters in no block always stay. None: every parameter is a player.

    Returns:
        For each trained parameter (R, *shape), loss units; positive = without it the loss would be higher.
    """
    players = _players(examined, parameters, blocks)
    bent = examined.curvature(players)
    gradients = (v[:, 0] for v in examined.directions)
    return tuple(p * (h / 2 - g) for p, g, h in zip(players, gradients, bent, strict=True))


def along_path(
    network: Network, parameters: Parameters, objectives: Objectives, blocks: Blocks | None = None, nodes: int = 5
) -> Parameters:
    """Aumann–Shapley value −θ ∫₀¹ ∇L dt of every parameter while all players grow from 0 to θ, by Gauss–Legendre nodes.

    Args:
        network: the network.
        parameters: θ.
        objectives: the first is the loss L.
        blocks: as in ``second_order``.
        nodes: gradients taken on the way.

    Returns:
        As ``second_order``; they sum to the loss without the players less L(θ), up to the error of the quadrature.
    """
    players = _players(network.examine(parameters, objectives), parameters, blocks)
    places, weights = np.polynomial.legendre.leggauss(nodes)
    values = tuple(torch.zeros_like(p) for p in players)
    for left, weight in zip(((1 - places) / 2).tolist(), (weights / 2).tolist(), strict=True):
        grown = tuple(p - left * q for p, q in zip(parameters, players, strict=False))
        gradients = network.examine((*grown, *parameters[len(grown) :]), objectives).directions
        values = tuple(v - weight * q * g[:, 0] for v, q, g in zip(values, players, gradients, strict=True))
    return values


def block_values(values: Parameters, blocks: Blocks) -> Floats:
    """(R, B) sums of parameters' values, each entry (R, *shape), over blocks."""
    total = values[0].new_zeros(len(values[0]), blocks.count + 1)
    for value, member in zip(values, blocks.member, strict=True):
        total.index_add_(1, member.flatten() + 1, value.flatten(1))
    return to_numpy(total[:, 1:])


def spread(values: Floats, blocks: Blocks) -> Parameters:
    """Every parameter worth what its block is, each entry (R, *shape); infinitely much in no block.

    Args:
        values: (R, B) values of blocks.
        blocks: the blocks.
    """
    with_none = torch.as_tensor(np.pad(values, ((0, 0), (0, 1)), constant_values=np.inf))
    return tuple(with_none.to(member.device)[:, member] for member in blocks.member)


def built_by(game: RoundGame, direction: Parameters, blocks: Blocks) -> Floats:
    """What each principal's admissible update did to each block: η⟨ũ_i, v⟩ over the block's parameters alone.

    With the validation gradient as the direction it is first-order credit, told apart by where in the model it was
    earned. Costs no gradient per principal, but one direction per block.

    Args:
        game: the round.
        direction: v, each entry (R, *shape).
        blocks: B parts of the model.

    Returns:
        (R, N, B); for blocks that cover the model they sum to η⟨ũ_i, v⟩.
    """
    size = max(1, HELD // sum(v.numel() for v in direction))
    parts = []
    for numbers in torch.arange(blocks.count, device=direction[0].device).split(size):
        cut = tuple(
            v.unsqueeze(1) * (member == numbers.view(-1, *[1] * member.dim()))
            for v, member in zip(direction, blocks.member, strict=True)
        )
        taken = game.multipliers @ to_numpy(inner(game.probes, cut))
        parts.append(game.weights[..., None] * to_numpy(game.passage.products(cut)) - taken)
    matrix: Floats = game.rate[..., None] * np.concatenate(parts, axis=2)
    return matrix


def ranking(values: Parameters, scope: Scope = "layer") -> Parameters:
    """Where every entry stands by its value: the share of entries that are worth more, 0 for the best.

    Args:
        values: of parameters, each entry (R, *shape). Magnitudes |θ| make magnitude pruning, and what ``spread`` gives
            drops whole blocks.
        scope: ranked among their own ``layer`` (parameter tensor) or among all (``global``).

    Returns:
        Each entry (R, *shape), at least 0 and below 1.
    """
    if scope == "layer":
        return tuple(ranked(v.flatten(1)).view(v.shape) for v in values)
    among_all = ranked(torch.cat([v.flatten(1) for v in values], dim=1)).split([v[0].numel() for v in values], dim=1)
    return tuple(place.view(v.shape) for place, v in zip(among_all, values, strict=True))


def sparsified(parameters: Parameters, places: Parameters, share: Floats) -> Parameters:
    """The network with only its most valuable entries, the others 0: what a model reward of this share holds.

    Args:
        parameters: θ.
        places: their ``ranking``; computed once, it serves every share.
        share: (R,) of entries kept, 0 to 1, rounded up.
    """
    kept = (
        p * (place < to_tensor(share, place).view(-1, *[1] * (place.dim() - 1)))
        for p, place in zip(parameters, places, strict=False)
    )
    return (*kept, *parameters[len(places) :])


def _players(examined: Examination, parameters: Parameters, blocks: Blocks | None) -> Parameters:
    """θ where a parameter is a player, else 0."""
    trained = parameters[: len(examined.directions)]
    return trained if blocks is None else tuple(p * (m >= 0) for p, m in zip(trained, blocks.member, strict=True))
