"""What the orchestrator makes of the answers of nodes: a passage like any other, whose first layer it may not see."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.arrays import Bools
from commonweal.economy.learning.module import unflatten
from commonweal.economy.learning.network import Directions, Owners, Parameters
from commonweal.economy.learning.traversal import PathPassage
from commonweal.economy.wire.masks import demand_in_range, from_fixed
from commonweal.economy.wire.message import numbered
from commonweal.economy.wire.nodes import Nodes
from commonweal.economy.wire.plans import Answers, Plan, by_principal
from commonweal.economy.wire.shares import SharedLayer


@dataclass(frozen=True)
class CutPassage:
    """A passage whose first layer stays at the nodes: the paths above it are here, of the first layer sums alone."""

    upper: PathPassage  # the layers above the first; none where the network has one layer
    first: Tensor  # (R, h₁, d + 1) Σ_i u_i of the first layer
    norms: Tensor  # (R, N) squared norms of the first layer's part
    plan: Plan
    nodes: Nodes

    @property
    def owners(self) -> Owners:
        """Whose samples the batch is made of."""
        return self.plan.owners

    @property
    def loss(self) -> Tensor:
        """(R,) mean loss over the samples that arrived."""
        return self.upper.loss

    def products(self, directions: Directions) -> Tensor:
        """(R, N, D) inner products ⟨u_i, v_d⟩; the nodes multiply the first layer's part."""
        first = numbered("direction", (directions[0].numpy(),))
        answers = self.nodes.ask({node: self.plan.about("products", first) for node in self.plan.places})
        parts = {node: answer.arrays["products"] for node, answer in answers.items()}
        weight = self.plan.weights(self.first)[:, None, None]
        return _above(self.upper, directions) + weight * by_principal(parts, self.nodes, self.first)

    def squared_norms(self) -> Tensor:
        """(R, N) squared norms ‖u_i‖²."""
        return self.norms + (self.upper.squared_norms() if self.upper.inputs else 0.0)

    def weighted_sum(self, weights: Tensor) -> Parameters:
        """Σ_i w_i u_i; the nodes are asked only where some weight is not 1."""
        first = self.first if _all_count(weights, self.owners) else self._asked(weights)
        return (first, *self.upper.weighted_sum(weights))

    def updates(self) -> Directions:
        """Not here: nobody but the nodes knows them."""
        raise ValueError("updates of single principals do not leave the nodes: must be learning.wire = 'cut-gradients'")

    def _asked(self, weights: Tensor) -> Tensor:
        roster = self.nodes.roster
        questions = {
            node: self.plan.about("sum", {"weights": weights[:, roster.principals(node)].numpy()})
            for node in self.plan.places
        }
        parts = [answer.arrays["sum"] for answer in self.nodes.ask(questions).values()]
        return self.plan.weights(self.first)[:, None, None] * torch.from_numpy(np.sum(parts, axis=0))


@dataclass(frozen=True)
class SecretPassage:
    """A passage of which only sums are here, and what nodes claim of each principal.

    Between two servers the last layer is here as well, in two shares; else ``last`` is None.
    """

    total: Parameters  # Σ_i u_i of the layers whose sums are secret
    claimed_norms: Tensor  # (R, N) squared norms
    loss: Tensor  # (R,) mean loss over the samples that arrived
    last: SharedLayer | None
    shapes: tuple[torch.Size, ...]  # of the layers whose sums are secret, without the run axis
    plan: Plan
    nodes: Nodes

    @property
    def owners(self) -> Owners:
        """Whose samples the batch is made of."""
        return self.plan.owners

    @property
    def depth(self) -> int:
        """How many layers, the first ones, have sums that are secret and products that are claims."""
        return len(self.shapes)

    def products(self, directions: Directions) -> Tensor:
        """(R, N, D) inner products ⟨u_i, v_d⟩, as nodes claim; those of a shared last layer are worked out."""
        told = numbered("direction", tuple(v.numpy() for v in directions[: self.depth]))
        about = self.plan.about("products", told)
        about = replace(about, words={**about.words, "directions": directions[0].shape[1]})
        answers = self.nodes.ask(dict.fromkeys(self.plan.places, about))
        parts = {node: answer.arrays["products"] for node, answer in answers.items()}
        claimed = by_principal(parts, self.nodes, self.loss) * self.plan.weights(self.loss)[:, None, None]
        return claimed if self.last is None else claimed + self.unclaimed(directions)

    def unclaimed(self, directions: Directions) -> Tensor:
        """(R, N, D) the part of products that nobody claims: that of a shared last layer."""
        if self.last is None:
            return self.loss.new_zeros(len(self.loss), self.owners.principals, directions[0].shape[1])
        return self.last.products(directions[-1])

    def squared_norms(self) -> Tensor:
        """(R, N) squared norms ‖u_i‖², as nodes claim."""
        return self.claimed_norms

    def weighted_sum(self, weights: Tensor) -> Parameters:
        """Σ_i w_i u_i; nodes are asked only where some weight is not 1."""
        total = self.hidden_sum(weights)
        return total if self.last is None else (*total, self.last.weighted_sum(weights))

    def hidden_sum(self, weights: Tensor) -> Parameters:
        """Σ_i w_i u_i of the layers whose sums are secret."""
        return self.total if _all_count(weights, self.owners) else self._asked(weights)

    def opened(self, asked: Bools) -> Tensor:
        """(M, P) updates, all layers, of the principals who are asked (R, N): only their nodes hear the question."""
        roster, place = self.nodes.roster, np.cumsum(asked).reshape(asked.shape) - 1
        parts = {node: asked[:, roster.principals(node)] for node in self.plan.places}
        questions = {node: self.plan.about("open", {"open": part}) for node, part in parts.items() if part.any()}
        rows = self.loss.new_empty(int(asked.sum()), sum(shape.numel() for shape in self._all_shapes))
        for node, answer in self.nodes.ask(questions).items():
            own = place[:, roster.principals(node)][parts[node]]
            rows[torch.as_tensor(own)] = torch.as_tensor(np.array(answer.arrays["updates"])).to(rows)
        return rows * self.plan.weights(self.loss)[torch.as_tensor(np.nonzero(asked)[0])][:, None]

    def updates(self) -> Directions:
        """Not here: nobody but the nodes knows them."""
        raise ValueError("updates of single principals do not leave the nodes: must be learning.wire = 'cut-gradients'")

    @property
    def _all_shapes(self) -> tuple[torch.Size, ...]:
        widths = self.nodes.network.widths
        return tuple(torch.Size((out, into + 1)) for into, out in pairwise(widths))

    def _asked(self, weights: Tensor) -> Parameters:
        roster, among = self.nodes.roster, self.plan.among(self.nodes)
        questions = {
            node: self.plan.about("sum", {"weights": weights[:, roster.principals(node)].numpy(), **among})
            for node in self.plan.places
        }
        return revealed(self.nodes.ask(questions), self.shapes, self.plan, self.loss)[0]


@dataclass(frozen=True)
class GradientPassage:
    """A passage above the cut, with each principal's own gradient of the first layer."""

    upper: PathPassage
    first: Tensor  # (R, N, h₁, d + 1) u_i of the first layer

    @property
    def owners(self) -> Owners:
        """Whose samples the batch is made of."""
        return self.upper.owners

    @property
    def loss(self) -> Tensor:
        """(R,) mean loss over the samples that arrived."""
        return self.upper.loss

    def products(self, directions: Directions) -> Tensor:
        """(R, N, D) inner products ⟨u_i, v_d⟩."""
        return _above(self.upper, directions) + torch.bmm(self.first.flatten(2), directions[0].flatten(2).mT)

    def squared_norms(self) -> Tensor:
        """(R, N) squared norms ‖u_i‖²."""
        first = self.first.square().sum((2, 3))
        return first + self.upper.squared_norms() if self.upper.inputs else first

    def weighted_sum(self, weights: Tensor) -> Parameters:
        """Σ_i w_i u_i."""
        first = (weights[..., None, None] * self.first).sum(1)
        return (first, *self.upper.weighted_sum(weights))

    def updates(self) -> Directions:
        """Every u_i, each entry (R, N, d_out, d_in + 1)."""
        return (self.first, *(self.upper.updates() if self.upper.inputs else ()))


def revealed(
    answers: Answers, shapes: tuple[torch.Size, ...], plan: Plan, like: Tensor
) -> tuple[Parameters, Tensor]:
    """The sum of what nodes hide, as mean over the samples that arrived: layers, and the loss (R,).

    Raises:
        InputError: if masks do not cancel.
    """
    hidden = np.stack([answer.arrays["hidden"] for answer in answers.values()])
    flat = from_fixed(hidden.sum(axis=0, dtype=np.uint64)).reshape(len(plan.owners.owner), -1)
    demand_in_range(flat)
    weighted = torch.as_tensor(flat).to(like) * plan.weights(like)[:, None]
    return unflatten(weighted[:, :-1], shapes), weighted[:, -1]


def _above(upper: PathPassage, directions: Directions) -> Tensor:
    """(R, N, D) products of the layers above the cut; 0 where there are none."""
    if upper.inputs:
        return upper.products(directions[1:])
    runs, count = directions[0].shape[:2]
    return directions[0].new_zeros(runs, upper.owners.principals, count)


def _all_count(weights: Tensor, owners: Owners) -> bool:
    """Whether everybody who put in something has weight 1."""
    real = owners.owner >= 0
    return bool((weights.gather(1, owners.owner.clamp(min=0))[real] == 1).all())
