"""Traversal learning on a multilayer perceptron: forward on each node, backward at the orchestrator.

Batbaatar, Kim, Kim and Yoon, "Traversal Learning" (arXiv 2504.07471). For every layer the passage keeps the inputs a
and the output deltas δ of all samples with their owners, so that ∇W = Σ_i u_i with u_i = Σ_{s∈i} δ_s a_sᵀ exactly, and
⟨u_i, V⟩ = Σ_{s∈i} δ_s · (V a_s): products with any direction need no gradient per principal (the "ghost dot product"
of In-Run Data Shapley, arXiv 2406.11011).
"""

from dataclasses import dataclass, replace
from functools import reduce

import torch
from torch import Tensor

from commonweal.economy.learning.network import Directions, Owners, Parameters

CACHE_BYTES = 1 << 20  # intermediate of a stacked product that stays in a core's second-level cache


@dataclass(frozen=True)
class PathPassage:
    """Gradient paths through the layers of a perceptron. Every layer has one more input that is always 1, its bias."""

    inputs: tuple[Tensor, ...]  # per layer (R, S, d_in), without the 1
    deltas: tuple[Tensor, ...]  # per layer (R, S, d_out), of the mean loss; 0 where padded
    owners: Owners
    loss: Tensor  # (R,)

    def products(self, directions: Directions) -> Tensor:
        """(R, N, D) inner products ⟨u_i, v_d⟩ of every principal's update with every direction.

        Where principals put in several samples each, cache-sized blocks of their gradients take S·P + N·P·D
        multiplications instead of S·P·D; worth their overhead once the intermediate of the latter outgrows the cache.
        """
        widest = max(v[0, :, :, 0].numel() for v in directions)
        intermediate = self.owners.owner.numel() * widest * self.loss.element_size()
        if self.owners.visit > 1 and directions[0].shape[1] > 1 and intermediate > CACHE_BYTES:
            visitors, layers = self._by_visitor()
            by_layer = [_visit_products(d, a, v) for (a, d), v in zip(layers, directions, strict=True)]
            return visitors.total(reduce(torch.add, by_layer))
        by_layer = [_sample_products(d, a, v) for a, d, v in zip(self.inputs, self.deltas, directions, strict=True)]
        return self.owners.total(reduce(torch.add, by_layer))

    def sample_products(self, directions: Directions) -> Tensor:
        """(R, S, D) inner products ⟨u_s, v_d⟩ of every sample's part δ_s [a_s, 1]ᵀ of its owner's update."""
        by_layer = [_narrow_products(d, a, v) for a, d, v in zip(self.inputs, self.deltas, directions, strict=True)]
        return reduce(torch.add, by_layer)

    def reweighted(self, weights: Tensor) -> "PathPassage":
        """The passage of updates Σ_s w_s u_s: the same inputs, deltas times w_s, for weights (R, S)."""
        return replace(self, deltas=tuple(d * weights.unsqueeze(2) for d in self.deltas))

    def squared_norms(self) -> Tensor:
        """(R, N) squared norms ‖u_i‖² = Σ_{s,s'∈i} (δ_s·δ_s')(a_s·a_s')."""
        visitors, layers = self._by_visitor()
        grams = ((torch.bmm(a, a.transpose(1, 2)) + 1) * torch.bmm(d, d.transpose(1, 2)) for a, d in layers)
        norms = reduce(torch.add, (gram.sum((1, 2)) for gram in grams))
        return visitors.total(norms.view(*visitors.owner.shape, 1)).squeeze(-1)

    def weighted_sum(self, weights: Tensor) -> Parameters:
        """Σ_i w_i u_i: one backward product with every sample scaled by its owner's weight."""
        scale = self.owners.spread(weights)
        return tuple(
            outer(deltas * scale, inputs)
            for inputs, deltas in zip(self.inputs, self.deltas, strict=True)
        )

    def updates(self) -> Directions:
        """Every u_i, each entry (R, N, d_out, d_in + 1)."""
        visitors, layers = self._by_visitor()
        own = (outer(d, a) for a, d in layers)
        return tuple(
            visitors.total(u.view(*visitors.owner.shape, u.shape[1:].numel())).unflatten(-1, u.shape[1:]) for u in own
        )

    def _by_visitor(self) -> tuple[Owners, list[tuple[Tensor, Tensor]]]:
        """Every visited principal once, and per layer its inputs and deltas as (R·V, M, width)."""
        owner, visit = self.owners.owner, self.owners.visit
        if visit:
            first, places = owner[:, ::visit], None
        else:
            places = places_by_owner(owner)
            first = owner.gather(1, places[..., 0].clamp(min=0)).where(places[..., 0] >= 0, -1)
        paths = zip(self.inputs, self.deltas, strict=True)
        layers = [(_seated(a, visit, places), _seated(d, visit, places)) for a, d in paths]
        return Owners(first, self.owners.principals), layers


def affine(inputs: Tensor, weight: Tensor) -> Tensor:
    """(R, S, d_out) outputs of a layer from inputs (R, S, d_in) and its matrix (R, d_out, d_in + 1)."""
    return torch.baddbmm(weight[..., -1].unsqueeze(1), inputs, weight[..., :-1].transpose(1, 2))


def outer(deltas: Tensor, inputs: Tensor) -> Tensor:
    """(R, d_out, d_in + 1) gradient Σ_s δ_s [a_s, 1]ᵀ of a layer."""
    return torch.cat([torch.bmm(deltas.transpose(1, 2), inputs), deltas.sum(1).unsqueeze(2)], dim=2)


def _visit_products(deltas: Tensor, inputs: Tensor, directions: Tensor) -> Tensor:
    """(R, V, D) products of directions (R, D, d_out, d_in + 1) with Σ_s δ_s [a_s, 1]ᵀ over the M samples of a visit.

    Args:
        deltas: (R·V, M, d_out).
        inputs: (R·V, M, d_in).
        directions: of one layer.
    """
    runs, visits = len(directions), len(deltas) // len(directions)
    deltas, inputs = (values.view(runs, visits, *values.shape[1:]) for values in (deltas, inputs))
    weight = directions[..., :-1].flatten(2)
    total = torch.bmm(deltas.sum(2), directions[..., -1].transpose(1, 2))
    size = weight.shape[2] * weight.element_size()
    some_runs, some_visits = max(1, CACHE_BYTES // max(1, size * visits)), max(1, CACHE_BYTES // size)
    for run in range(0, runs, some_runs):
        for visit in range(0, visits, some_visits):
            part = slice(run, run + some_runs), slice(visit, visit + some_visits)
            gradients = torch.matmul(deltas[part].transpose(2, 3), inputs[part]).flatten(2)
            # The skinny product is four times faster with the directions in front
            total[part] += torch.bmm(weight[part[0]], gradients.transpose(1, 2)).transpose(1, 2)
    return total


def _sample_products(deltas: Tensor, inputs: Tensor, directions: Tensor) -> Tensor:
    """(R, S, D) products of directions (R, D, d_out, d_in + 1) with δ_s [a_s, 1]ᵀ: all stacked into one matrix product.

    Args:
        deltas: (R, S, d_out).
        inputs: (R, S, d_in).
        directions: of one layer.
    """
    runs, count, outputs, _ = directions.shape
    stacked = directions.reshape(runs, count * outputs, -1)
    block = max(1, CACHE_BYTES // (runs * count * outputs * deltas.element_size()))
    parts = []
    for start in range(0, max(1, deltas.shape[1]), block):
        part = slice(start, start + block)
        moved = affine(inputs[:, part], stacked).view(runs, -1, count, outputs)
        parts.append(moved.mul_(deltas[:, part].unsqueeze(2)).sum(-1))
    return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)


def _narrow_products(deltas: Tensor, inputs: Tensor, directions: Tensor) -> Tensor:
    """As ``_sample_products``, through the narrower side of the layer: V a where that has fewer entries than Vᵀ δ."""
    runs, count, outputs, width = directions.shape
    if outputs < width:
        return _sample_products(deltas, inputs, directions)
    stacked = directions[..., :-1].transpose(1, 2).reshape(runs, outputs, -1)  # (R, d_out, D·d_in)
    products = torch.bmm(deltas, directions[..., -1].transpose(1, 2))
    block = max(1, CACHE_BYTES // max(1, 2 * runs * stacked.shape[2] * deltas.element_size()))  # deltas need room too
    for start in range(0, deltas.shape[1], block):
        part = slice(start, start + block)
        moved = torch.bmm(deltas[:, part], stacked).view(runs, -1, count, width - 1)
        products[:, part] += moved.mul_(inputs[:, part].unsqueeze(2)).sum(-1)
    return products


def places_by_owner(owner: Tensor) -> Tensor:
    """Seat every owner's samples in a row of its own.

    Args:
        owner: (R, S) principal of each sample, −1 where padded.

    Returns:
        (R, V, M) positions in the batch: V rows, one per visited principal, M the most samples of one; −1 where empty.
    """
    runs, samples = owner.shape
    if samples == 0:
        return owner.new_full((runs, 0, 1), -1)
    ordered, order = owner.sort(dim=1, stable=True)
    new = torch.ones_like(ordered, dtype=torch.bool)
    new[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    row = new.cumsum(1) - 1
    position = torch.arange(samples, device=owner.device).expand(runs, -1)
    column = position - torch.where(new, position, 0).cummax(1).values
    rows, columns = int(row.max()) + 1, int(column.masked_fill(ordered < 0, 0).max()) + 1
    places = owner.new_full((runs, rows * columns), -1)
    real = ordered >= 0
    flat = (row * columns + column.clamp(max=columns - 1)).masked_fill(~real, 0)
    run = torch.arange(runs, device=owner.device).unsqueeze(1).expand(-1, samples)
    places[run[real], flat[real]] = order[real]
    return places.view(runs, rows, columns)


def _seated(values: Tensor, visit: int, places: Tensor | None) -> Tensor:
    """Values (R, S, d) by visited principal, as (R·V, M, d); where seats are empty the values are 0."""
    return values.reshape(-1, visit, values.shape[2]) if places is None else seated(values, places)


def seated(values: Tensor, places: Tensor) -> Tensor:
    """Values (R, S, d) by owner, as (R·V, M, d), seated as ``places_by_owner`` says; 0 where seats are empty."""
    runs, _, depth = places.shape
    index = places.clamp(min=0).view(runs, -1, 1).expand(-1, -1, values.shape[2])
    taken = values.gather(1, index) * (places.view(runs, -1, 1) >= 0)
    return taken.view(-1, depth, values.shape[2])


def unseated(values: Tensor, places: Tensor, samples: int) -> Tensor:
    """Values (R, V, M, d) of seats, back at their places in a batch of S samples: (R, S, d)."""
    runs, _, _, width = values.shape
    back = values.new_zeros(runs, samples, width)
    index = places.clamp(min=0).view(runs, -1, 1).expand(-1, -1, width)
    return back.scatter_add_(1, index, (values * (places >= 0)[..., None]).reshape(runs, -1, width))
