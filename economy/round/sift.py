"""Leaving samples out of a round's updates before these are screened (``economy.screening.grain``)."""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.arrays import Bools, Floats
from commonweal.agents.errors import InputError
from commonweal.agents.settings import own_settings
from commonweal.economy.learning.network import Directions, Passage, SamplePaths, to_numpy, to_tensor
from commonweal.economy.round.record import Sifted, Traversed
from commonweal.economy.screening.grain import leave_out
from commonweal.economy.world.world import World


def sample_products(passage: Passage, directions: Directions, world: World) -> Tensor | None:
    """(R, S, 1 + K) products of every sample, where updates are screened at a finer grain than principals.

    Raises:
        InputError: if the network keeps no paths to samples.
    """
    terms = world.terms.screening
    if terms.grain == "principal" or terms.mode == "off" or not len(world.senses):
        return None
    if not isinstance(passage, SamplePaths):
        raise InputError(
            f"screening.grain = {terms.grain!r}: must be 'principal', since learning.network = "
            f"{world.terms.learning.network!r} keeps no gradient paths to samples"
        )
    return passage.sample_products(directions)


def sift(traversed: Traversed, budget: Floats, offered: Bools, world: World) -> Sifted | None:
    """Which samples are left out under ``screening.grain``, before the mode works on the rest; None: none.

    Args:
        traversed: the lesson with all samples.
        budget: (R, 1 or N, K) harm allowed to the step as a whole, per unit of learning rate.
        offered: (R, N) whose updates are screened; the others' samples stay.
        world: what does not change.
    """
    terms, batch, by_sample = world.terms.screening, traversed.batch, traversed.exam.by_sample
    if by_sample is None:
        return None
    run = np.arange(len(offered))[:, None]
    screened = (batch.owner >= 0) & offered[run, batch.owner]
    if terms.scope != "aggregate":
        share = budget / np.maximum(offered.sum(axis=1), 1)[:, None, None]
        budget = np.broadcast_to(share, traversed.exam.alignments.shape)
    group = np.where(screened, 0 if terms.scope == "aggregate" else batch.owner, -1)
    unit = batch.owner * world.holdings.classes + batch.label if terms.grain == "class" else None
    kept = leave_out(to_numpy(by_sample[..., 1:]) * world.senses, group, budget, unit)
    return None if kept.all() else Sifted(kept, traversed)


def without(sifted: Sifted) -> Traversed:
    """The lesson without the samples that were left out: passage and exam are those of what is left of the updates."""
    whole, exam = sifted.whole, sifted.whole.exam
    assert isinstance(whole.passage, SamplePaths)
    assert exam.by_sample is not None
    weights = to_tensor(sifted.kept.astype(np.float64), whole.passage.loss)
    passage = whole.passage.reweighted(weights)
    products = to_numpy(passage.owners.total(exam.by_sample * weights.unsqueeze(2)))
    return replace(whole, passage=passage, exam=replace(exam, slopes=products[..., 0], alignments=products[..., 1:]))


def cut_off(sifted: Sifted, weights: Floats) -> SamplePaths:
    """The passage of what is taken off updates of which Σ_s w_i w_s u_s is left: Σ_s (1 − w_i w_s) u_s.

    Args:
        sifted: which samples are kept, w_s.
        weights: (R, N) share w_i of each update that screening keeps of the rest.
    """
    passage, owner = sifted.whole.passage, sifted.whole.batch.owner
    assert isinstance(passage, SamplePaths)
    left = sifted.kept * np.take_along_axis(weights, np.maximum(owner, 0), axis=1)
    with own_settings(), torch.inference_mode():
        return passage.reweighted(to_tensor(1 - left, passage.loss))
