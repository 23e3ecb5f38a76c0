"""The game of a round: v(S) = L(θ) − L(θ − η Σ_{i∈S} ũ_i) on the validation set, over screened updates."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol, TypeAlias

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.arrays import Bools, Floats, Ints, ratio
from commonweal.agents.registry import Registry
from commonweal.agents.streams import Stream
from commonweal.economy.credit.alike import Likeness, Seen
from commonweal.economy.credit.terms import CreditTerms
from commonweal.economy.learning.losses import CROSS_ENTROPY, Loss
from commonweal.economy.learning.network import (
    Directions,
    Network,
    Objectives,
    Parameters,
    Passage,
    combine,
    descend,
    inner,
    to_numpy,
    to_tensor,
)

CHUNK = 1 << 24  # numbers of coalition networks and their activations held at a time


Marginal: TypeAlias = Callable[[Passage, Floats], Floats]  # updates, factors (R, N) on them → (R, N) credit of each


@dataclass(frozen=True)
class Credit:
    """What a rule says of a round, and how it came to say so."""

    values: Floats  # (R, N) marginal contribution, loss units; positive = helpful
    rule: str
    evaluations: int = 0  # networks evaluated per run, the most of any
    estimated: bool = False  # False where the rule's own definition is computed exactly
    standard_error: Floats | None = None  # (R, N) of estimates
    budget: int | None = None  # networks that an estimate was allowed per run
    residual: Floats | None = None  # (R,) what an estimate missed of v(N); most estimators share it out equally
    marginal: Marginal | None = None  # what one more small update would earn; None: only the game says that


@dataclass(frozen=True)
class RoundGame:
    """Everything a credit rule may look at. Updates are the screened ones, ũ_i = w_i u_i − Σ_k μ_ik p_k."""

    network: Network
    parameters: Parameters  # θ before the step
    passage: Passage
    weights: Floats  # (R, N) w_i
    multipliers: Floats  # (R, N, K) μ_ik
    probes: Directions  # gradients p_k of the K probes, each entry (R, K, *shape)
    curvature: Callable[[Parameters], Parameters]  # v ↦ H v of the validation loss at θ
    samples: Callable[[], tuple[Tensor, Tensor]]  # features (R, S, d) and claimed labels (R, S) of the passage's batch
    gradient: Parameters  # ∇L of the validation loss at θ
    level: Floats  # (R,) L(θ)
    slopes: Floats  # (R, N) ⟨∇L, u_i⟩ of updates as they were put in
    whole: Parameters  # Σ_i ũ_i
    rate: Floats  # (R, 1) η of the step
    features: Tensor  # (R, V, d) validation samples
    labels: Tensor  # (R, V)
    terms: CreditTerms
    stream: Stream  # R generators for rules that draw coalitions
    seen: tuple[Seen, ...] = ()  # samples by owner, this round's last, of the rounds that discounts look at
    taken: Bools | None = None  # (R, S) samples of the batch that are in the updates; None: all
    likeness: Likeness | None = None  # what makes samples alike; None: found anew from the validation samples
    criterion: Loss = CROSS_ENTROPY  # whose mean over the validation samples is L
    shares: Tensor | None = None  # (R, V) weights of validation samples in that mean; None: all alike

    @property
    def shape(self) -> tuple[int, int]:
        """(R, N)."""
        runs, principals = self.weights.shape
        return runs, principals

    def along(self, direction: Parameters) -> Floats:
        """(R, N) inner products ⟨ũ_i, v⟩ with one direction v of every run."""
        return self._screened(along_updates(self.passage, direction), direction)

    @cached_property
    def slope(self) -> Floats:
        """(R, N) ⟨∇L, ũ_i⟩."""
        return self._screened(self.slopes, self.gradient)

    def linear(self, rule: str, direction: Parameters, slopes: Floats | None = None) -> Credit:
        """Credit η⟨g, ũ_i⟩ along one direction g of every run.

        Args:
            rule: that credits so.
            direction: g.
            slopes: (R, N) ⟨g, u_i⟩ where they are known.
        """
        own = along_updates(self.passage, direction) if slopes is None else slopes
        marginal = LinearMarginal(self.rate, direction, self.passage, own)
        return Credit(self.rate * self._screened(own, direction), rule, marginal=marginal)

    def step(self) -> Parameters:
        """Σ_i ũ_i."""
        return self.whole

    def _screened(self, raw: Floats, direction: Parameters) -> Floats:
        """(R, N) ⟨ũ_i, v⟩ from ⟨u_i, v⟩."""
        if not self.multipliers.any():
            return self.weights * raw
        offsets = to_numpy(inner(self.probes, tuple(v.unsqueeze(1) for v in direction)))
        return self.weights * raw - (self.multipliers @ offsets)[..., 0]

    def contributors(self) -> list[Ints]:
        """For each run, who has an update left; the others add nothing to any coalition."""
        has_update = (self.weights != 0) | (self.multipliers != 0).any(axis=2)
        return [np.flatnonzero(run) for run in has_update]

    @cached_property
    def kept(self) -> Floats:
        """(R, N) part of each update that screening left, 0 to 1: ⟨ũ_i, u_i⟩ / ‖u_i‖²."""
        if not self.multipliers.any():
            return np.clip(self.weights, 0.0, 1.0)
        crossed = (self.multipliers * to_numpy(self.passage.products(self.probes))).sum(axis=2)
        kept: Floats = np.clip(self.weights - ratio(crossed, to_numpy(self.passage.squared_norms())), 0.0, 1.0)
        return kept

    def joined_by(self, others: Bools) -> "RoundGame":
        """The game if the updates of others (R, N) had been in the step as they are; a run without others has none."""
        joined = np.asarray(others.any(axis=1))[:, None]
        weights = np.where(others, 1.0, self.weights * joined)
        multipliers = np.where((others | ~joined)[..., None], 0.0, self.multipliers)
        step = admissible_step(self.passage, self.probes, weights, multipliers)
        return replace(self, weights=weights, multipliers=multipliers, whole=step)

    @cached_property
    def updates(self) -> Tensor:
        """(R, N, P) every ũ_i, flattened: N times the memory of the network."""
        raw = torch.cat([u.flatten(2) for u in self.passage.updates()], dim=2)
        probes = torch.cat([p.flatten(2) for p in self.probes], dim=2)
        return to_tensor(self.weights, raw).unsqueeze(-1) * raw - torch.bmm(to_tensor(self.multipliers, raw), probes)

    def loss(self, parameters: Parameters) -> Tensor:
        """(R,) validation loss; differentiable."""
        losses = self.criterion.of_samples(self.network.logits(parameters, self.features), self.labels)
        return losses.mean(1) if self.shares is None else (losses * self.shares).sum(1)

    def gradient_at(self, parameters: Parameters) -> Parameters:
        """∇L of the validation loss at other parameters than θ."""
        gradients = self.network.examine(parameters, self._validation).directions
        return tuple(gradient[:, 0] for gradient in gradients)

    @cached_property
    def _validation(self) -> Objectives:
        count = self.labels.shape[1]
        weights = self.shares
        if weights is None:
            weights = self.features.new_full((), 1 / count).expand(self.labels.shape)
        bounded = torch.zeros(count, dtype=torch.bool, device=self.labels.device)
        return Objectives(self.features, self.labels, weights, (count,), bounded, self.criterion)

    def values(self, coalitions: Bools) -> Floats:
        """v(S) of many coalitions, evaluated in batched calls.

        Args:
            coalitions: (C, N), the same for every run, or (R, C, N).

        Returns:
            (R, C).
        """
        runs, principals = self.shape
        by_run = np.broadcast_to(coalitions, (runs, coalitions.shape[-2], principals))
        return np.stack([self.run_values(run, own) for run, own in enumerate(by_run)])

    def run_values(self, run: int, coalitions: Bools) -> Floats:
        """(C,) v(S) of coalitions (C, N) of one run."""
        updates = self.updates[run]
        chosen = torch.tensor(coalitions, dtype=updates.dtype, device=updates.device)
        return self._values_of_run(run, updates, chosen)

    def _values_of_run(self, run: int, updates: Tensor, coalitions: Tensor) -> Floats:
        own = tuple(p[run : run + 1] for p in self.parameters)
        trained = own[: self.network.trained]
        base = self._mean_of_run(run, self.network.logits(own, self.features[run : run + 1]))
        size = updates.shape[1] + self.features[run].numel()
        losses = []
        for part in coalitions.split(max(1, CHUNK // size)):
            steps = float(self.rate[run, 0]) * (part @ updates)
            pieces = steps.split([p[0].numel() for p in trained], dim=1)
            step = tuple(piece.view(-1, *p.shape[1:]) for piece, p in zip(pieces, trained, strict=True))
            moved = descend(tuple(p.expand(len(part), *p.shape[1:]) for p in own), step)
            logits = self.network.logits(moved, self.features[run].expand(len(part), -1, -1))
            losses.append(self._mean_of_run(run, logits))
        return to_numpy(base - torch.cat(losses))

    def _mean_of_run(self, run: int, scores: Tensor) -> Tensor:
        """(G,) validation loss of G networks of one run by their scores (G, V, C)."""
        losses = self.criterion.of_samples(scores, self.labels[run].expand(len(scores), -1))
        return losses.mean(1) if self.shares is None else (losses * self.shares[run]).sum(1)


@dataclass(frozen=True)
class LinearMarginal:
    """What one more small update u would earn where credit follows one direction g: η⟨g, u⟩."""

    rate: Floats  # (R, 1) η, in the unit of the credit
    direction: Parameters  # g
    passage: Passage  # of the round
    slopes: Floats  # (R, N) ⟨g, u_i⟩ of its updates

    def __call__(self, passage: Passage, factor: Floats) -> Floats:
        """(R, N) of updates times factors (R, N)."""
        along = self.slopes if passage is self.passage else along_updates(passage, self.direction)
        return self.rate * factor * along


class ValueGame(Protocol):
    """The part of a round that rules look at which go by the values of coalitions alone: with or without a network."""

    @property
    def terms(self) -> CreditTerms:
        """``scenario.credit``."""
        ...

    @property
    def stream(self) -> Stream:
        """R generators for rules that draw coalitions."""
        ...

    @property
    def shape(self) -> tuple[int, int]:
        """(R, N)."""
        ...

    def contributors(self) -> list[Ints]:
        """For each run, who might add something to a coalition."""
        ...

    def values(self, coalitions: Bools) -> Floats:
        """(R, C) v of coalitions (C, N), the same for every run, or (R, C, N)."""
        ...

    def run_values(self, run: int, coalitions: Bools) -> Floats:
        """(C,) v of coalitions (C, N) of one run."""
        ...


CreditRule: TypeAlias = Callable[[RoundGame], Credit]


@dataclass(frozen=True)
class CreditFacts:
    """What others must know of a credit rule."""

    by_values: bool = False  # asks a ``ValueGame`` alone, so that it works without a network too
    needs_updates: bool = False  # asks for ``RoundGame.updates`` or ``values``: N times the memory of the network
    needs_samples: bool = False  # asks for ``RoundGame.samples``, which must be where credit is computed
    needs_classes: bool = False  # compares labels as classes: numbers would mean nothing to it
    stands_for: str = ""  # the rule whose credit it computes or estimates, "shapley"; empty: its own


CREDITS: Registry[CreditRule, CreditFacts] = Registry("credit rule", "commonweal.credit", "credit.kind", CreditFacts())
credit_rule = CREDITS.register


def along_updates(passage: Passage, direction: Parameters) -> Floats:
    """(R, N) inner products ⟨u_i, v⟩ of all updates with one direction v of every run."""
    return to_numpy(passage.products(tuple(v.unsqueeze(1) for v in direction)))[..., 0]


def admissible_step(passage: Passage, probes: Directions, weights: Floats, multipliers: Floats) -> Parameters:
    """Σ_i ũ_i = Σ_i w_i u_i − Σ_k (Σ_i μ_ik) p_k, per unit of learning rate.

    Args:
        passage: the round's passage.
        probes: gradients of the K probes, each entry (R, K, *shape).
        weights: (R, N).
        multipliers: (R, N, K).
    """
    summed = passage.weighted_sum(to_tensor(weights, passage.loss))
    if not multipliers.any():
        return summed
    charges = to_tensor(multipliers.sum(axis=1), passage.loss)
    return tuple(total - taken for total, taken in zip(summed, combine(probes, charges), strict=True))
