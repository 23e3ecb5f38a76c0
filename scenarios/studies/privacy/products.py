"""Attacks on products over rounds: all that secret sums leave open of a principal."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.leaking.defences import Defence
from commonweal.economy.leaking.inversion import Prior, label_means
from commonweal.economy.leaking.measures import nmse
from commonweal.economy.leaking.scalars import Course, Effort, fitted, summed
from commonweal.economy.learning.guards import Told
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.learning.network import Owners
from commonweal.economy.round.record import Lesson
from commonweal.economy.world.world import World

_DRAWN = 0x5EED  # tells the numbers drawn here from others


@dataclass(frozen=True)
class _Round:
    """What is known of a round, of all runs."""

    parameters: tuple[Tensor, ...]  # θ, each (R, *shape)
    directions: tuple[Tensor, ...]  # all that were asked, each (R, D, *shape)


class Products:
    """The first rounds of a course: what was asked of every principal."""

    def __init__(self, watched: int) -> None:
        self.watched = watched
        self._rounds: list[_Round] = []

    def note(self, lesson: Lesson) -> None:
        """Keep a round, while there is room."""
        told = lesson.passage
        assert isinstance(told, Told)
        if len(self._rounds) == self.watched:
            return
        asked = tuple(torch.cat(layer, dim=1) for layer in zip(*told.asked, strict=True))
        self._rounds.append(_Round(lesson.before, asked))

    def course(self, run: int, network: MLP) -> Course:
        """What is known of a run."""
        parameters = zip(*(each.parameters for each in self._rounds), strict=True)
        directions = zip(*(each.directions for each in self._rounds), strict=True)
        return Course(
            network,
            tuple(torch.stack([p[run] for p in layer]) for layer in parameters),
            tuple(torch.stack([v[run] for v in layer]) for layer in directions),
        )


def attacked(
    products: Products, world: World, defence: Defence, sizes: Sequence[int], targets: int
) -> dict[str, Floats]:
    """(S,) by "samples|measure": what is recovered of holdings of several sizes, each visited whole in every round."""
    out: dict[str, list[float]] = {}
    for run in range(world.shape[0]):
        for size in sizes:
            for measure, value in _of_run(products, world, defence, size, targets, run).items():
                out.setdefault(f"{size}|{measure}", []).append(value)
    return {name: np.array(values) for name, values in out.items()}


def _of_run(
    products: Products, world: World, defence: Defence, size: int, targets: int, run: int
) -> dict[str, float]:
    assert isinstance(world.network, MLP)
    held = world.exam.features[run, : world.exam.sizes[0]].numpy().astype(np.float64)
    known = world.exam.labels[run, : len(held)].numpy()
    means = label_means(held, known, world.holdings.classes)
    course, within = products.course(run, world.network), Prior.within(held, known, means)
    features, labels = _holdings(world, size, targets, run)
    prior = replace(within, mean=means[labels.numpy()])  # labels are taken to be known
    told, noise = _told(course, defence, (features, labels), run)
    effort = Effort()
    effort = Effort(tuple(dict.fromkeys(max(each, noise) for each in effort.noises)), effort.steps, effort.starts)
    found = fitted(course, told.numpy(), labels.numpy(), prior, effort, every=defence.every)
    true, variance = features.numpy().astype(np.float64), float(world.features.rows.numpy().var())
    guess = nmse(np.broadcast_to(held.mean(axis=0), true.shape), true, variance)
    by_label = nmse(means[labels.numpy()], true, variance)
    return {"nmse": nmse(found, true, variance), "guess": guess, "by_label": by_label}


def _holdings(world: World, size: int, targets: int, run: int) -> tuple[Tensor, Tensor]:
    """Features (B, m, d) and labels (B, m) of B small holdings, drawn from what principals hold."""
    own: Ints = world.holdings.held[run]
    targets = max(1, min(targets, len(own) // size))
    drawn = np.random.default_rng([run, size, _DRAWN]).permutation(own)[: targets * size]
    first = int(world.features.first[run % len(world.features.first), 0])
    features = world.features.rows[torch.as_tensor(first + drawn)].reshape(targets, -1, world.holdings.features)
    return features, torch.as_tensor(world.holdings.labels[run, drawn]).reshape(targets, -1)


def _told(course: Course, defence: Defence, holding: tuple[Tensor, Tensor], run: int) -> tuple[Tensor, float]:
    """Products (B, T', D) of mean gradients as the defence tells them, and their noise over their root mean square.

    Of clipped updates the attacker is told by how much they were clipped.
    """
    found, guard = course.products(*holding), defence.guard
    scale, noise = found.square().mean().sqrt(), 0.0
    norms = torch.stack([_norms(course, each, known) for each, known in zip(*holding, strict=True)])[..., None]
    if guard.update_noise:
        kept = (guard.clip / norms.clamp(min=1e-30)).clamp(max=1.0)
        added = guard.update_noise * guard.clip / kept * _drawn_along(course, len(found), run)
        found, noise = found + added, float(added.square().mean().sqrt() / scale)
    if guard.rounding:
        lengths = sum(v.flatten(2).square().sum(2) for v in course.directions)
        grid = guard.rounding * norms * torch.as_tensor(lengths).sqrt()
        apart = (found / grid.clamp(min=1e-30)).round() * grid - found
        found, noise = found + apart, float(apart.square().mean().sqrt() / scale)
    return summed(found, defence.every), noise


def _drawn_along(course: Course, holdings: int, run: int) -> Tensor:
    """(B, T, D) standard normal noise on every entry of an update, as it shows in products."""
    flat = torch.cat([v.flatten(2) for v in course.directions], dim=2)  # (T, D, P)
    generator = np.random.default_rng([run, _DRAWN])
    drawn = torch.as_tensor(generator.standard_normal((holdings, course.rounds, flat.shape[2]))).to(flat)
    return torch.einsum("btp,tdp->btd", drawn, flat)


def _norms(course: Course, features: Tensor, labels: Tensor) -> Tensor:
    """(T,) norms of the mean gradient of a holding."""
    assert isinstance(course.network, MLP)
    owners = Owners(torch.zeros(course.rounds, len(features), dtype=torch.int64), 1)
    own, known = (each.expand(course.rounds, *each.shape).contiguous() for each in (features, labels))
    return course.network.traverse(course.parameters, own, known, owners).squared_norms()[:, 0].sqrt()
