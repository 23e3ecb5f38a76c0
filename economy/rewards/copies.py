"""Model rewards as models: copies of the shared model, made worse until their test accuracy is what is owed.

Accuracy here is whatever ``task.metric`` measures.

All copies of a run are of one family, so that a test serves every principal: the shared model with more and more noise
(always along the same random direction), with fewer and fewer of its entries, or as it was in earlier rounds. Each
principal is given the copy whose accuracy on the test set comes nearest to what it is owed.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.settings import own_settings
from commonweal.agents.streams import Stream
from commonweal.economy.learning.network import Network, Parameters, to_tensor
from commonweal.economy.tasks.metrics import Metric

COPIES = 17  # of a family that are tested at first
BISECTIONS = 10  # of the strengths between which what somebody is owed is to be found
AT_ONCE = 32  # copies tested in a bisection, at most
NOISIEST = 8.0  # noise in standard deviations of a layer's weights, by which little is left of any model

Family = Callable[[Floats], Parameters]
"""From strengths (R, G) in [0, 1] to copies, each entry (R, G, *shape); 0 is the shared model itself."""


@dataclass(frozen=True)
class Realised:
    """The copies that were given, beside what was owed."""

    accuracy: Floats  # (R, N) measured on the test set; 0 for who is given no model
    met: Bools  # (R, N) whether that is within the tolerance of what is owed
    strength: Floats  # (R, N) how much worse the copy was made, 0 to 1; nan where it was not made or none was given
    offered: Floats  # (R, G) accuracies of all copies that there were


@dataclass(frozen=True)
class Snapshots:
    """The shared model as it was in earlier rounds, at most so many, spread over the accuracies it went through."""

    parameters: Parameters  # each (R, G, *shape)
    accuracy: Floats  # (R, G) when it was last tested

    @classmethod
    def none(cls, parameters: Parameters) -> "Snapshots":
        """Before the first round: parameters, each (R, *shape)."""
        return cls(tuple(p[:, None][:, :0] for p in parameters), np.zeros((len(parameters[0]), 0)))


def noised(parameters: Parameters, noise: Parameters, trained: int) -> Family:
    """Copies θ + s NOISIEST rms(θ_l) ξ, layer by layer.

    Args:
        parameters: θ, each (R, *shape).
        noise: ξ, of the trained parameters; see ``draw_noise``.
        trained: how many of the parameters are trained; what a network carries beyond them is left as it is.
    """

    def copies(strength: Floats) -> Parameters:
        spoiled = []
        for layer, drawn in zip(parameters[:trained], noise, strict=True):
            size = layer.flatten(1).square().mean(1).sqrt().mul(NOISIEST)
            scale = to_tensor(strength, layer) * size[:, None]
            spoiled.append(layer[:, None] + drawn[:, None] * _along(scale, layer))
        return (*spoiled, *_repeated(parameters[trained:], strength.shape[1]))

    return copies


def draw_noise(parameters: Parameters, stream: Stream) -> Parameters:
    """Standard normal numbers for each of the parameters, each (R, *shape)."""
    return tuple(to_tensor(stream.normal(*p.shape[1:]), p) for p in parameters)


def pruned(parameters: Parameters, trained: int) -> Family:
    """Copies that keep the share 1 − s of each layer's entries, the largest by magnitude, as CGSV's rewards do.

    The last entry that is kept counts in part, so that copies change without jumps.

    Args:
        parameters: θ, each (R, *shape).
        trained: how many of the parameters are trained; what a network carries beyond them is left as it is.
    """
    places = [ranked(p.abs().flatten(1)).view(p.shape) for p in parameters[:trained]]

    def copies(strength: Floats) -> Parameters:
        kept = []
        for layer, place in zip(parameters[:trained], places, strict=True):
            entries = layer[0].numel()
            count = _along(to_tensor((1 - strength) * entries, layer), layer)
            part = (count - (place[:, None] * entries).round()).clamp(0, 1)
            kept.append(layer[:, None] * part)
        return (*kept, *_repeated(parameters[trained:], strength.shape[1]))

    return copies


def ranked(values: Tensor) -> Tensor:
    """(R, P) the share of its run's values (R, P) that are larger than each: 0 for the largest."""
    order = values.argsort(dim=1, descending=True, stable=True)
    place = torch.arange(values.shape[1], dtype=values.dtype, device=values.device) / values.shape[1]
    return torch.empty_like(values).scatter_(1, order, place.expand(values.shape))


def given_copies(
    owed: Floats, quality: Floats, family: Family, trial: "Trial", tolerance: Floats
) -> Realised:
    """Make and test copies, and give each principal the one nearest to what it is owed.

    Args:
        owed: (R, N) accuracy, 0 to ``quality``.
        quality: (R,) accuracy of the shared model.
        family: how copies are made worse.
        trial: how copies are tested.
        tolerance: (R, 1) accuracy by which a copy may miss what is owed.

    Returns:
        What was given. Accuracy moves in steps, and where no copy comes near enough ``met`` is False.
    """
    strength = np.tile(np.linspace(0.0, 1.0, COPIES), (len(quality), 1))
    accuracy = np.column_stack([quality, trial.measured(family(strength[:, 1:]))])
    for _ in range(BISECTIONS):
        missed = ~nearest(owed, accuracy, tolerance).met
        if not (between := _halved(strength, accuracy, owed, missed)).any():
            break
        strength = np.concatenate([strength, between], axis=1)
        accuracy = np.concatenate([accuracy, trial.measured(family(between))], axis=1)
        order = np.argsort(strength, axis=1, kind="stable")
        strength, accuracy = (np.take_along_axis(each, order, axis=1) for each in (strength, accuracy))
    return nearest(owed, accuracy, tolerance, strength)


def given_snapshots(owed: Floats, quality: Floats, kept: Snapshots, tolerance: Floats) -> Realised:
    """Give each principal the shared model, or that of an earlier round, nearest to what it is owed.

    Args:
        owed: (R, N) accuracy, 0 to ``quality``.
        quality: (R,) accuracy of the shared model.
        kept: earlier models and their accuracies in this round.
        tolerance: (R, 1) accuracy by which a copy may miss what is owed.
    """
    return nearest(owed, np.concatenate([quality[:, None], kept.accuracy], axis=1), tolerance)


def nearest(owed: Floats, offered: Floats, tolerance: Floats, strength: Floats | None = None) -> Realised:
    """The offered accuracy nearest to what each is owed; no model at all is one of them.

    Args:
        owed: (R, N).
        offered: (R, G) accuracies of the copies that there are.
        tolerance: (R, 1).
        strength: (R, G) of those copies.
    """
    choices = np.concatenate([offered, np.zeros((len(offered), 1))], axis=1)
    best = np.abs(choices[:, None] - owed[..., None]).argmin(axis=2)
    given = np.take_along_axis(choices, best, axis=1)
    if strength is None:
        strength = np.full(offered.shape, np.nan)
    made = np.concatenate([strength, np.full((len(offered), 1), np.nan)], axis=1)
    met = np.abs(given - owed) <= tolerance + 1e-9
    return Realised(given, met, np.take_along_axis(made, best, axis=1), offered)


def remembered_model(kept: Snapshots, parameters: Parameters, quality: Floats, most: int) -> Snapshots:
    """Keep one more model; beyond ``most``, drop the one whose neighbours in accuracy are nearest to each other.

    Args:
        kept: of earlier rounds.
        parameters: θ of this round, each (R, *shape).
        quality: (R,) its accuracy.
        most: models kept.
    """
    accuracy = np.concatenate([kept.accuracy, quality[:, None]], axis=1)
    models = tuple(torch.cat([old, new[:, None]], dim=1) for old, new in zip(kept.parameters, parameters, strict=True))
    if accuracy.shape[1] <= most:
        return Snapshots(models, accuracy)
    stays = np.argsort(np.arange(accuracy.shape[1]) == _least_missed(accuracy)[:, None], axis=1, kind="stable")
    chosen = torch.as_tensor(stays[:, :-1], device=parameters[0].device)
    rows = torch.arange(len(chosen), device=chosen.device)[:, None]
    return Snapshots(tuple(m[rows, chosen] for m in models), np.take_along_axis(accuracy, stays[:, :-1], axis=1))


def retested(kept: Snapshots, trial: "Trial", turn: Tensor | None = None) -> Snapshots:
    """Earlier models in this round: features have turned, and what they are worth on the test set is measured anew.

    Args:
        kept: of earlier rounds.
        trial: how models are tested.
        turn: (R, d, d) rotation of the features since they were last tested; None where nothing drifts.
    """
    count = kept.accuracy.shape[1]
    if not count or turn is None:
        return kept
    flat = tuple(p.flatten(0, 1) for p in kept.parameters)
    turned = trial.network.turn(flat, turn.repeat_interleave(count, dim=0))
    models = tuple(p.view(-1, count, *p.shape[1:]) for p in turned)
    return Snapshots(models, trial.measured(models))


@dataclass(frozen=True)
class Trial:
    """How models are tested."""

    network: Network
    features: Tensor  # (R, E, d) of the test set
    labels: Tensor  # (R, E)
    metric: Metric | None = None  # what they are measured by; None: accuracy, by the first of the highest scores
    weights: Tensor | None = None  # (R, E) what test samples count; None: all alike

    @own_settings()
    @torch.inference_mode()
    def measured(self, models: Parameters) -> Floats:
        """(R, G) quality on the test set, 0 at least, of models, each entry (R, G, *shape)."""
        quality = np.zeros((len(self.labels), models[0].shape[1]))
        labels = self.labels.numpy(force=True)
        for place in range(quality.shape[1]):  # one batched pass for all runs; test samples are not copied
            scores = self.network.logits(tuple(p[:, place] for p in models), self.features)
            if self.metric is not None:
                quality[:, place] = np.maximum(self.metric(scores, self.labels, self.weights), 0.0)
            else:  # torch takes half as long again for the largest of so few
                quality[:, place] = (scores.numpy(force=True).argmax(-1) == labels).mean(1)
        return quality


def _halved(strength: Floats, accuracy: Floats, owed: Floats, missed: Bools) -> Floats:
    """(R, up to AT_ONCE) strengths halfway between two whose accuracies enclose what somebody is owed and lacks.

    Where a run needs fewer than others the rest are 0, the shared model once more, so that runs do not depend on
    what they are computed with.
    """
    above = accuracy[:, None] > owed[..., None]  # (R, N, G)
    wanted = ((above[..., 1:] != above[..., :-1]) & missed[..., None]).any(axis=1)
    count = min(int(wanted.sum(axis=1).max(initial=0)), AT_ONCE)
    first = np.argsort(~wanted, axis=1, kind="stable")[:, :count]
    middle = np.where(wanted, (strength[:, :-1] + strength[:, 1:]) / 2, 0.0)
    return np.take_along_axis(middle, first, axis=1)


def _least_missed(accuracy: Floats) -> Ints:
    """(R,) place of the model whose neighbours in accuracy are nearest to each other; never the best or the worst."""
    order = np.argsort(accuracy, axis=1, kind="stable")
    ascending = np.take_along_axis(accuracy, order, axis=1)
    inner = ascending[:, 2:] - ascending[:, :-2]
    missed: Ints = np.take_along_axis(order, inner.argmin(axis=1)[:, None] + 1, axis=1)[:, 0]
    return missed


def _repeated(parameters: Parameters, count: int) -> Parameters:
    """Each (R, *shape) as (R, G, *shape)."""
    return tuple(p[:, None].expand(-1, count, *p.shape[1:]) for p in parameters)


def _along(scale: Tensor, layer: Tensor) -> Tensor:
    """(R, G, 1, …) to multiply (R, 1, *shape) with."""
    return scale.view(*scale.shape, *[1] * (layer.dim() - 1))
