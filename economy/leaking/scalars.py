"""An attacker that knows numbers alone: products of one principal's updates over rounds.

Products ⟨u_i(θ_t), V_td⟩ are what even secret sums give away of a principal. With θ_t, V_td and the labels known they
are equations in its samples, which Levenberg's and Marquardt's method solves for the most likely ones under a normal
prior. There are several minima, so that what is found is a lower bound of what can be known.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.leaking.inversion import Prior
from commonweal.economy.learning.losses import log_probabilities, sample_losses
from commonweal.economy.learning.network import Directions, Network, Parameters


@dataclass(frozen=True)
class Course:
    """What an attacker knows of T rounds."""

    network: Network
    parameters: Parameters  # θ_t, each (T, *shape)
    directions: Directions  # V_td, each (T, D, *shape)

    @property
    def rounds(self) -> int:
        """T."""
        return len(self.parameters[0])

    def products(self, samples: Tensor, labels: Tensor) -> Tensor:
        """(B, T, D) products of the mean gradient of each of B holdings with every direction.

        Args:
            samples: (B, m, d).
            labels: (B, m).
        """
        return self._slopes(self._copied(samples), self._copied(labels)).view(len(samples), self.rounds, -1)

    def slopes_of(self, samples: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Products (B, T, D), and their derivatives (B, T, D, m, d) in the samples.

        Every product has a copy of the samples of its own, so that one backward pass gives all derivatives.
        """
        with torch.inference_mode(False), torch.enable_grad():
            copies = self._copied(samples.clone()).requires_grad_()
            found = self._slopes(copies, self._copied(labels.clone()))
            (slopes,) = torch.autograd.grad(found.sum(), copies)
        shape = (len(samples), self.rounds, self.count)
        return found.detach().view(shape), slopes.view(*shape, *samples.shape[1:])

    @property
    def count(self) -> int:
        """D."""
        return self.directions[0].shape[1]

    def _copied(self, values: Tensor) -> Tensor:
        """Values (B, …) for every product: holding by holding, round by round, direction by direction."""
        return values.repeat_interleave(self.rounds * self.count, dim=0)

    def _slopes(self, features: Tensor, labels: Tensor) -> Tensor:
        """(B·T·D,) derivative of the loss on features (B·T·D, m, d) along each direction; no gradient is formed."""
        holdings = len(features) // (self.rounds * self.count)

        def spread(values: Tensor) -> Tensor:
            return values.clone().repeat(holdings, *[1] * (values.dim() - 1))

        where = tuple(spread(p.repeat_interleave(self.count, dim=0)) for p in self.parameters)
        along = tuple(spread(v.flatten(0, 1)) for v in self.directions)

        def loss(*parameters: Tensor) -> Tensor:
            scores = log_probabilities(self.network.logits(parameters, features))
            return sample_losses(scores, labels).mean(1)

        slopes: Tensor = torch.func.jvp(loss, where, along)[1]
        return slopes


@dataclass(frozen=True)
class Effort:
    """How hard an attacker tries."""

    noises: tuple[float, ...] = (0.3, 0.05, 0.01)  # assumed of standardised products, one after another
    steps: int = 12  # of Levenberg and Marquardt under each
    starts: int = 2  # from which the most likely end is kept


def fitted(
    course: Course, told: Floats, labels: Ints, prior: Prior, effort: Effort, *, every: int = 1
) -> Floats:
    """(B, m, d) the most likely samples of B holdings, given products over rounds.

    Args:
        course: what is known of the rounds.
        told: (B, T', D) products, those of ``every`` rounds summed.
        labels: (B, m) of the samples, known.
        prior: of a sample; its mean may be (B, m, d), by label.
        effort: how hard to try.
        every: rounds whose products are told as one sum; a rest at the end is not told.
    """
    problem = _Problem.of(course, told, labels, prior, every)
    ends = [problem.solved(start, effort) for start in range(effort.starts)]
    costs = torch.stack([cost for _, cost in ends])
    best = torch.stack([own for own, _ in ends])[costs.argmin(0), torch.arange(len(labels))]
    found: Floats = (problem.mean + best @ problem.scale.T).numpy().astype(np.float64)
    return found


@dataclass(frozen=True)
class _Problem:
    """Samples are sought in standard deviations along the prior's axes, so that the prior's term is their square."""

    course: Course
    seen: Tensor  # (B, T', D)
    labels: Tensor  # (B, m)
    mean: Tensor  # (d,), or (B, m, d) of samples whose labels say more
    scale: Tensor  # (d, d)
    every: int

    @classmethod
    def of(cls, course: Course, told: Floats, labels: Ints, prior: Prior, every: int) -> "_Problem":
        like = course.parameters[0]
        arrays = told, prior.mean, prior.axes * np.sqrt(prior.variances)
        seen, mean, scale = (torch.as_tensor(values).to(like) for values in arrays)
        return cls(course, seen, torch.as_tensor(labels), mean, scale, every)

    def missed(self, own: Tensor) -> tuple[Tensor, Tensor]:
        """What samples do not explain of standardised products (B, E), and how that would fall (B, E, m·d)."""
        products, slopes = self.course.slopes_of(self.mean + own @ self.scale.T, self.labels)
        unit = self.seen.square().mean(dim=(1, 2)).sqrt().clamp(min=1e-30)[:, None]
        left = (self.seen - summed(products, self.every)).flatten(1) / unit
        inner = summed(slopes, self.every).flatten(1, 2) @ self.scale
        return left, inner.flatten(2) / unit[..., None]

    def solved(self, start: int, effort: Effort) -> tuple[Tensor, Tensor]:
        """The samples (B, m, d) that one start ends at, and their cost (B,), by steps that are taken back if worse."""
        shape = (*self.labels.shape, len(self.scale))
        drawn = np.random.default_rng(start).standard_normal(shape) * (0.1 if start == 0 else 0.7)
        own = torch.as_tensor(drawn).to(self.mean)
        damping = own.new_ones(len(own))
        left, inner = self.missed(own)
        cost = own.new_zeros(len(own))
        for noise in effort.noises:
            cost = left.square().sum(1) / noise**2 + own.square().sum((1, 2))
            for _ in range(effort.steps):
                tried = own + _step(own.flatten(1), left, inner, noise, damping).view(shape)
                new_left, new_inner = self.missed(tried)
                new_cost = new_left.square().sum(1) / noise**2 + tried.square().sum((1, 2))
                better = new_cost < cost
                own, inner = (torch.where(better[:, None, None], *pair) for pair in ((tried, own), (new_inner, inner)))
                left, cost = torch.where(better[:, None], new_left, left), torch.where(better, new_cost, cost)
                damping = torch.where(better, damping / 3, damping * 4).clamp(1e-3, 1e6)
        return own, cost


def _step(own: Tensor, left: Tensor, inner: Tensor, noise: float, damping: Tensor) -> Tensor:
    """(B, m·d) a damped step of Gauss and Newton towards the most likely samples, solved in the E equations."""
    precision = (1 + damping)[:, None]
    downhill = (inner.mT @ left.unsqueeze(2)).squeeze(2) / noise**2 - own
    spread = inner @ inner.mT + torch.diag_embed((precision * noise**2).expand_as(left))
    taken = torch.linalg.solve(spread, inner @ downhill.unsqueeze(2))
    step: Tensor = (downhill - (inner.mT @ taken).squeeze(2)) / precision
    return step


def summed(products: Tensor, every: int) -> Tensor:
    """(B, T', …) sums of the products (B, T, …) of so many rounds each; a rest at the end is left out."""
    if every == 1:
        return products
    whole = products.shape[1] // every * every
    whole_sums: Tensor = products[:, :whole].unflatten(1, (-1, every)).sum(2)
    return whole_sums
