"""What tasks promise of their data, and networks of their gradients, by automatic differentiation of their scores."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from scipy.linalg import expm
from torch import Tensor

from commonweal.agents.errors import InputError
from commonweal.agents.streams import Streams
from commonweal.economy.learning import NETWORKS, Site
from commonweal.economy.learning.losses import LOSSES, Loss
from commonweal.economy.learning.network import CPU, Network, Objectives, Owners, Parameters, SamplePaths
from commonweal.economy.tasks.dataset import Dataset, checked
from commonweal.economy.tasks.datasets import TASKS, draw_dataset
from commonweal.testing.promises import Promises, terms_of

FEATURES, CLASSES, PRINCIPALS, RUNS = 9, 3, 4, 2
DOUBLE = torch.float64


def check_task(name: str, changes: Mapping[str, Any] | None = None) -> None:
    """Hold a registered task to what every task promises.

    Its features are finite, its labels whole numbers below the number of classes, at least two of them there, or
    where it says that they are numbers finite ones that differ, as its registration says too; the
    same generator draws the same data; other seeds draw equally many samples of the same features and classes; and
    rows and columns of images are as many as there are features.

    Args:
        name: as a scenario file says it.
        changes: fields of the scenario that the task is to be held under.

    Raises:
        AssertionError: which promise is broken, and in which case.
        InputError: if there is no such task.
    """
    says = Promises(f"task {name!r}")
    terms = replace(terms_of(changes or {}, 1).task, kind=name)

    def draw(seed: int) -> Dataset:
        return draw_dataset(terms, np.random.default_rng(seed))

    one, again, other = draw(0), draw(0), draw(1)
    try:
        checked(one)
    except InputError as error:
        says.demand(False, str(error))
    said = TASKS.facts(name).target if name in TASKS else one.target
    says.demand(one.target == said, f"its labels are what its registration says: {said}, not {one.target}")
    same = np.array_equal(one.features, again.features) and np.array_equal(one.labels, again.labels)
    says.demand(same, "the same generator draws the same data", "seed 0 twice")
    sizes = [(data.features.shape, data.labels.shape, data.classes, data.shape) for data in (one, other)]
    says.demand(sizes[0] == sizes[1], f"all seeds draw data of one size, not {sizes[0]} and {sizes[1]}", "0 and 1")
    if one.shape is not None:
        pixels = one.shape[0] * one.shape[1]
        says.demand(pixels == one.features.shape[1], f"an image of {one.shape} has {pixels} features")


def check_network(
    name: str,
    changes: Mapping[str, Any] | None = None,
    features: int = FEATURES,
    shape: tuple[int, int] | None = None,
    target: str = "class",
) -> None:
    """Hold a registered network to what every network promises.

    Weights carry the run axis and are drawn for a run alone as in an ensemble; scores are (R, S, C); every update is
    the gradient of its owner's part of the mean loss, and products, norms and sums are theirs, of single samples too
    where the network keeps paths to them; padded places and rounds without samples move nothing; objectives, their
    gradients and the curvature are those of automatic differentiation; and turning the network is turning the samples.

    Args:
        name: as a scenario file says it.
        changes: fields of the scenario that the network is to be held under, ``{"learning.hidden": [8]}``.
        features: of a sample; 9 are an image of 3 × 3.
        shape: rows and columns of a sample, where the network is to be told that it is an image.
        target: what labels are: class, or number, which networks learn that take the loss of their site.

    Raises:
        AssertionError: which promise is broken, and in which case.
        InputError: if there is no such network, or it cannot be had for so many features.
    """
    terms = replace(terms_of(changes or {}, 1).learning, network=name)
    loss = LOSSES[target]
    site = Site(features, CLASSES if target == "class" else 1, DOUBLE, CPU, loss, shape)
    check_any_network(NETWORKS[name](terms, site), Promises(f"network {name!r}"), features, loss)


def check_any_network(
    network: Network, says: Promises, features: int = FEATURES, loss: Loss = LOSSES["class"]
) -> None:
    """Hold a network in double precision to the same, whether or not it is registered.

    Args:
        network: of 3 classes, or of one score where labels are numbers.
        says: the promises, under its name.
        features: of a sample.
        loss: that it is trained by.

    Raises:
        AssertionError: which promise is broken, and in which case.
    """
    held = _Held(network, says, features, loss)
    held.weights_and_scores()
    held.updates()
    held.importance()
    held.empty()
    held.objectives()
    held.turning()


@dataclass(frozen=True)
class _Held:
    """One network, and how it is held to its promises."""

    network: Network
    says: Promises
    features: int
    loss: Loss

    @property
    def classes(self) -> int:
        """C scores of a sample."""
        return CLASSES if self.loss.target == "class" else 1

    def first(self, runs: int = RUNS) -> Parameters:
        """The first parameters of some runs, each (R, *shape)."""
        return self.network.initial(Streams.from_seeds(range(runs)).task)

    def samples(self, count: int, seed: int = 0) -> tuple[Tensor, Tensor]:
        """Features (R, S, d) and labels (R, S), drawn."""
        generator = torch.Generator().manual_seed(seed)
        features = torch.randn(RUNS, count, self.features, generator=generator, dtype=DOUBLE)
        if self.loss.target == "number":
            return features, torch.randn(RUNS, count, generator=generator, dtype=DOUBLE)
        return features, torch.randint(CLASSES, (RUNS, count), generator=generator)

    def same(self, one: Tensor, other: Tensor, promise: str, case: str = "", relative: float = 1e-9) -> None:
        """Demand that two tensors have the same shape and, up to rounding, the same entries."""
        kept = one.shape == other.shape and torch.allclose(one, other, rtol=relative, atol=1e-12)
        self.says.demand(kept, promise, case)

    def weights_and_scores(self) -> None:
        """First weights (R, *shape) and scores (R, S, C) of a run are the same alone and in an ensemble."""
        alone, together = self.network.initial(Streams.from_seeds([1]).task), self.first(3)
        kept = all(torch.equal(a[0], t[1]) for a, t in zip(alone, together, strict=True))
        self.says.demand(kept, "a run draws the same first weights alone and in an ensemble", "run 1 of 3")
        own = any(not torch.equal(p[0], p[1]) for p in together) or getattr(self.network, "first", "") == "own"
        self.says.demand(own, "each run draws weights of its own")
        features, _ = self.samples(5)
        scores = self.network.logits(self.first(), features)
        self.says.demand(scores.shape == (RUNS, 5, self.classes), f"scores are (R, S, C), not {tuple(scores.shape)}")
        again = self.network.logits(tuple(p[1:] for p in self.first()), features[1:])
        self.same(again, scores[1:], "a run is scored alone as in an ensemble", "run 1 of 2")

    def updates(self) -> None:
        """In one run the last place is padded, and one principal put nothing in."""
        features, labels = self.samples(7)
        owner = torch.tensor([[3, 0, 0, 1, 2, 1, 3], [0, 0, 1, 1, 3, 3, -1]])
        parameters = self.first()
        taught = getattr(self.network, "taught", self.network.logits)  # under masks, where it draws some
        passage = self.network.traverse(parameters, features, labels, Owners(owner, PRINCIPALS))
        updates = passage.updates()
        flat = torch.cat([u.flatten(2) for u in updates], dim=2)
        for run, principal in np.ndindex(RUNS, PRINCIPALS):
            shares = (owner[run] == principal).double() / (owner[run] >= 0).sum()
            watched = _watched(parameters)
            scores = taught(watched, features)[run]
            loss = (self.loss.each(scores, labels[run]) * shares).sum()
            gradients = torch.autograd.grad(loss, watched[: len(updates)])
            expected = torch.cat([gradient[run].flatten() for gradient in gradients])
            promise = "an update is the gradient of its owner's part of the mean loss"
            self.same(flat[run, principal], expected, promise, f"principal {principal} of run {run}")
        scores = taught(parameters, features)
        real = owner >= 0
        losses = torch.stack([self.loss.each(*own) for own in zip(scores, labels, strict=True)])
        mean = (losses * real).sum(1) / real.sum(1)
        self.same(passage.loss, mean, "the loss is the mean over samples without padding")
        norms = flat.square().sum(2)
        self.same(passage.squared_norms(), norms, "squared norms are those of the updates")
        directions = tuple(u.cos() for u in updates)
        along = torch.bmm(flat, torch.cat([v.flatten(2) for v in directions], dim=2).transpose(1, 2))
        self.same(passage.products(directions), along, "inner products are those of the updates")
        weights = torch.rand(RUNS, PRINCIPALS, generator=torch.Generator().manual_seed(8), dtype=DOUBLE)
        summed = torch.cat([s.flatten(1) for s in passage.weighted_sum(weights)], dim=1)
        self.same(summed, torch.einsum("rn,rnp->rp", weights, flat), "weighted sums are those of the updates")
        if isinstance(passage, SamplePaths):
            self._samples(passage, directions)

    def _samples(self, passage: SamplePaths, directions: Parameters) -> None:
        """Products of samples and reweighted passages, where the network keeps paths to samples."""
        by_sample, owners = passage.sample_products(directions), passage.owners
        self.same(owners.total(by_sample), passage.products(directions), "products of samples sum to those of updates")
        weights = torch.rand(owners.owner.shape, generator=torch.Generator().manual_seed(9), dtype=DOUBLE)
        left = passage.reweighted(weights)
        along = owners.total(by_sample * weights.unsqueeze(2))
        self.same(left.products(directions), along, "updates of reweighted samples are their weighted sums")
        flat = torch.cat([u.flatten(2) for u in left.updates()], dim=2)
        self.same(left.squared_norms(), flat.square().sum(2), "squared norms are those of the reweighted updates")

    def importance(self) -> None:
        """What samples count for in the mean scales their part of it."""
        features, labels = self.samples(6)
        owner, parameters = torch.tensor([[0, 1, 0, 2, 1, -1]]).expand(RUNS, -1), self.first()
        counts = torch.rand(owner.shape, generator=torch.Generator().manual_seed(5), dtype=DOUBLE)
        even = self.network.traverse(parameters, features, labels, Owners(owner, PRINCIPALS))
        uneven = self.network.traverse(parameters, features, labels, Owners(owner, PRINCIPALS, importance=counts))
        if isinstance(even, SamplePaths):
            for ours, theirs in zip(uneven.updates(), even.reweighted(counts).updates(), strict=True):
                self.same(ours, theirs, "a sample counts for as much as its owners say (Owners.weights)")
        kept = bool((uneven.loss - even.loss).abs().min() > 1e-6)
        self.says.demand(kept, "a sample counts for as much as its owners say (Owners.weights)", "in the loss")

    def empty(self) -> None:
        """A batch without samples has loss (R,), squared norms (R, N) and updates of zero."""
        features, labels = self.samples(0)
        owners = Owners(torch.zeros(RUNS, 0, dtype=torch.int64), PRINCIPALS)
        passage = self.network.traverse(self.first(), features, labels, owners)
        moved = [*passage.updates(), *passage.weighted_sum(torch.ones(RUNS, PRINCIPALS, dtype=DOUBLE))]
        still = not any(t.any() for t in (passage.loss, passage.squared_norms(), *moved))
        self.says.demand(still, "a round without samples has neither loss nor gradient")

    def objectives(self) -> None:
        """Validation of 7 samples, a protected probe with two padded places of 4, and a withheld one of 4."""
        features, labels = self.samples(15, seed=1)
        weights = torch.tensor([1 / 7] * 7 + [1 / 2] * 2 + [0.0] * 2 + [1 / 4] * 4, dtype=DOUBLE).expand(RUNS, -1)
        bounded = torch.tensor([False] * 11 + [True] * 4)
        studied = Objectives(features, labels, weights, (7, 4, 4), bounded, self.loss)
        parameters = self.first()
        examined = self.network.examine(parameters, studied)
        trained = len(examined.directions)
        watched = _watched(parameters)
        levels = studied.levels(self.network.logits(watched, features))
        self.same(examined.levels, levels.detach(), "levels of objectives are read off the scores", relative=1e-12)
        for number in range(3):
            gradients = torch.autograd.grad(levels[:, number].sum(), watched[:trained], create_graph=True)
            for direction, gradient in zip(examined.directions, gradients, strict=True):
                promise = "directions are the gradients of the objectives"
                self.same(direction[:, number], gradient.detach(), promise, f"objective {number}")
            if number == 0:
                self._curvature(examined.curvature, gradients, watched[:trained])

    def _curvature(self, curvature: Any, gradients: tuple[Tensor, ...], watched: Parameters) -> None:
        direction = tuple(p.detach().cos() for p in watched)
        slope = torch.stack([(g * v).sum() for g, v in zip(gradients, direction, strict=True)]).sum()
        expected = torch.autograd.grad(slope, watched, retain_graph=True, materialize_grads=True)
        for ours, theirs in zip(curvature(direction), expected, strict=True):
            self.same(ours, theirs, "the curvature bends the gradient of the validation loss")

    def turning(self) -> None:
        """A network turned by rotations (R, d, d) scores samples (R, S, d) as it did when these were turned."""
        drawn = np.random.default_rng(4).normal(size=(RUNS, self.features, self.features))
        rotation = torch.as_tensor(expm(0.3 * (drawn - drawn.transpose(0, 2, 1))))
        features, _ = self.samples(11)
        parameters = self.first()
        for turns in range(1, 4):
            parameters = self.network.turn(parameters, rotation)
            expected = self.network.logits(self.first(), features @ torch.linalg.matrix_power(rotation, turns))
            found = self.network.logits(parameters, features)
            self.same(found, expected, "turning the network is turning every sample", f"{turns} turns")


def _watched(parameters: Parameters) -> Parameters:
    """Copies that gradients are taken in; whole numbers, like the keys of masks, have none."""
    return tuple(p.clone().requires_grad_(p.is_floating_point()) for p in parameters)
