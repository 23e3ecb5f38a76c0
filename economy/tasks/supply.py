"""What actions do to samples: which ones every principal puts into a round's virtual batch, true or not."""

from dataclasses import replace
from functools import cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from commonweal.agents.actions import Action
from commonweal.agents.arrays import AnyArray, Bools, Floats, Ints, Labels
from commonweal.agents.conduct import Conduct
from commonweal.agents.streams import Stream
from commonweal.economy.tasks.batch import (
    NOTHING,
    OWN,
    WRONG,
    ActionTerms,
    Batch,
    Form,
    Forms,
    PutIn,
    Supply,
    SupplyTerms,
)
from commonweal.economy.tasks.holdings import Holdings
from commonweal.economy.tasks.visits import Visits, visit_each, visit_pool

Scalar = TypeVar("Scalar", bound=np.generic)

FREE_RIDING = {
    "idle": Form.NOTHING,
    "junk": Form.JUNK,
    "stale": Form.STALE,
    "disguised": Form.DISGUISED,
    "replay": Form.REPLAY,
}
NOISY = np.isin(np.arange(len(Form)), (Form.JUNK, Form.DISGUISED))  # forms that are noise or under noise
DEFECTING = {"poison": Form.WRONG, "leak": Form.NOTHING}


def first_supply(holdings: Holdings) -> Supply:
    """Before the first round: every walk at its start, no traversal yet."""
    return Supply(np.zeros_like(holdings.count), ())


def put_in(
    actions: Ints,
    holdings: Holdings,
    supply: Supply,
    terms: SupplyTerms,
    stream: Stream,
    conduct: Conduct | None = None,
    amounts: Floats | None = None,
) -> tuple[Batch, Supply, PutIn]:
    """The virtual batch of a round.

    Delegating puts in real samples; free-riding nothing, junk, or the same samples again and again, perhaps under
    noise; defecting poisoned samples (label y + 1 mod C, or the number −y) or, leaking the model outside, nothing;
    abstaining nothing.

    Args:
        actions: (R, N) action codes.
        holdings: who holds what.
        supply: carried from the round before.
        terms: what actions do, and how many samples are put in.
        stream: the R runs' batch stream.
        conduct: what single principals put in instead, and how much.
        amounts: (R, N) samples that each would put in; as the terms say for all alike if not given.

    Returns:
        The batch, the supply to carry on, and how many samples each principal put in. Without contributors S is 0.
    """
    each = terms.learning.sampling == "each"
    usual: Any = np.int64(terms.learning.samples) if each else holdings.count
    if amounts is not None:
        usual = np.rint(amounts if each else np.minimum(amounts, holdings.count)).astype(np.int64)
    form, amount = carried_out(actions, usual, terms.actions, conduct)
    if amounts is not None or conduct is not None:
        amount = np.rint(amount).astype(np.int64)
        form = np.where(amount > 0, form, np.int8(NOTHING))
    longest = None if amounts is None else np.maximum(usual.max(axis=1), 1)
    if each:
        width = terms.learning.samples if longest is None else int(longest.max())
        visits, carried = visit_each(form, amount, holdings.count, supply, width)
        total = amount
    else:
        visits, carried = visit_pool(form, amount, supply, terms.learning, stream)
        total = np.bincount(visits.who, minlength=form.size).reshape(form.shape)
    batch = _batch(visits, form, holdings, terms, longest if each else None, stream)
    return batch, carried, PutIn(total, total * (form == OWN), form)


def without_classes(batch: Batch, put: PutIn, left_out: Bools) -> tuple[Batch, PutIn]:
    """The batch without the own samples of some classes: their places are padding, and they cost nothing.

    Args:
        batch: as it was drawn.
        put: how many samples each principal put in.
        left_out: (R, N, C) classes, as claimed, that each leaves out of its own data.

    Returns:
        The batch and the numbers of samples; the same where nothing of it is left out.
    """
    run, (_, principals) = np.arange(len(batch.owner))[:, None], put.total.shape
    own = put.form == OWN if put.form is not None else put.delegated > 0
    gone = (batch.owner >= 0) & (own[..., None] & left_out)[run, batch.owner, batch.label]
    if not gone.any():
        return batch, put
    place = (batch.owner + principals * run)[gone]
    fewer = np.bincount(place, minlength=put.total.size).reshape(put.total.shape)
    owner = np.where(gone, -1, batch.owner)
    return replace(batch, owner=owner, visit=0), replace(put, total=put.total - fewer, delegated=put.delegated - fewer)


def carried_out(
    actions: Ints, usual: AnyArray | np.int64, terms: ActionTerms, conduct: Conduct | None
) -> tuple[Forms, AnyArray]:
    """What each puts in and how much, (R, N) and (R, N).

    Args:
        actions: (R, N) action codes.
        usual: (R, N) samples that each puts in if it puts in anything, or one number for all.
        terms: what actions do.
        conduct: what single principals put in instead, and how much.
    """
    form = _forms(terms.free_ride, terms.defect)[actions]
    if conduct is not None:
        form = np.where((conduct.form >= 0) & (actions != Action.ABSTAIN), conduct.form, form)
        usual = conduct.share * usual
    return form, np.where(form != NOTHING, usual, 0)


@cache
def _forms(free_ride: str, defect: str) -> Forms:
    """(4,) Form of the samples under each action."""
    table = np.zeros(len(Action), np.int8)
    table[Action.DELEGATE] = Form.OWN
    table[Action.FREE_RIDE] = FREE_RIDING[free_ride]
    table[Action.DEFECT] = DEFECTING[defect]
    return table


@cache
def _lengths(stale_samples: int, samples: int) -> Ints:
    """(8,) samples after which a walk begins again, by Form."""
    table = np.full(len(Form), np.iinfo(np.int64).max)
    table[[Form.STALE, Form.DISGUISED]] = stale_samples
    table[Form.REPLAY] = samples
    return table


def _batch(
    visits: Visits, form: Forms, holdings: Holdings, terms: SupplyTerms, longest: Ints | None, stream: Stream
) -> Batch:
    """The virtual batch of visits, each run's own up to ``longest`` (R,) samples; None: all as wide as they are."""
    principals, width = form.shape[1], visits.place.shape[1]
    taken = form.ravel()[visits.who]  # (n,) form of each visit's samples
    run = visits.who // principals
    sample = _sample_ids(visits, taken, run, holdings, terms)
    label = holdings.labels.ravel()[(run * holdings.labels.shape[1])[:, None] + sample]
    label = np.where((taken == WRONG)[:, None], wrong_label(label, holdings.classes), label)
    junk, noise, added = None, None, None
    if (noisy := NOISY[taken]).any():
        own = np.full(len(form), width) if longest is None else longest
        random, noise = _junk(np.bincount(run[noisy], minlength=len(form)), width, own, holdings, stream)
        disguised = taken[noisy] == Form.DISGUISED
        label[noisy] = np.where(disguised[:, None], label[noisy], random)
        added = np.repeat(disguised, width)
        noise = noise * np.where(added, np.repeat(terms.actions.noise[run[noisy], 0], width), 1.0)[:, None]
        junk = _padded(noisy, width, visits.length, False)
    principal = np.where(visits.taken, (visits.who - run * principals)[:, None], -1)
    owner = _padded(principal, width, visits.length, -1)
    sample, label = (_padded(values, width, visits.length, 0) for values in (sample, label))
    return Batch(sample, label, owner, junk, noise, width if terms.learning.sampling == "each" else 0, added)


def wrong_label(label: Labels, classes: int) -> Labels:
    """What is claimed in place of a label: the next class, or the number mirrored at the mean of all, −y."""
    return -label if label.dtype.kind == "f" else (label + 1) % classes


def _sample_ids(visits: Visits, taken: Forms, run: Ints, holdings: Holdings, terms: SupplyTerms) -> Ints:
    """(n, w) ids of the samples visited; a walk begins again at the end of the holding, or of its repeated part."""
    repeated = _lengths(terms.actions.stale_samples, terms.learning.samples)
    size = np.minimum(holdings.count.ravel()[visits.who], repeated[taken])
    first = holdings.start.ravel()[visits.who] + run * holdings.held.shape[1]
    ids: Ints = holdings.held.ravel()[first[:, None] + visits.place % size[:, None]]
    return ids


def _junk(
    visits: Ints, width: int, longest: Ints, holdings: Holdings, stream: Stream
) -> tuple[Labels, Floats]:
    """Uniform labels (n, w) and standard normal features (n·w, d) for each run's junk visits (R,).

    Numbers are standard normal as well, which is their mean and deviation in all data.

    A run draws for its own longest (R,) visits, whatever others it is computed with need.
    """
    labels: list[Labels] = []
    noise = []
    for n, own, generator in zip(visits.tolist(), longest.tolist(), stream.generators, strict=True):
        drawn: Labels = (
            generator.standard_normal((n, own))
            if holdings.target == "number"
            else generator.integers(holdings.classes, size=(n, own))
        )
        features = generator.standard_normal((n * own, holdings.features))
        if own < width:
            drawn = np.pad(drawn, ((0, 0), (0, width - own)))
            by_visit = features.reshape(n, own, holdings.features)
            features = np.pad(by_visit, ((0, 0), (0, width - own), (0, 0))).reshape(n * width, holdings.features)
        labels.append(drawn)
        noise.append(features)
    return np.concatenate(labels), np.concatenate(noise)


def _padded(flat: NDArray[Scalar], width: int, length: Ints, fill: int) -> NDArray[Scalar]:
    """Rows of all runs, one after the other, as one row per run, (R, S); shorter runs are filled up.

    Args:
        flat: (n,) or (n, w) values of the visits, run by run.
        width: how often a value of (n,) is repeated.
        length: (R,) visits of each run.
        fill: what the places of padding hold.
    """
    runs, longest = len(length), int(length.max())
    rows = flat if flat.ndim == 2 else np.repeat(flat[:, None], width, axis=1)
    if len(flat) < runs * longest:
        padded = np.full((runs, longest, rows.shape[1]), fill, dtype=flat.dtype)
        padded[np.arange(longest) < length[:, None]] = rows
        rows = padded
    return rows.reshape(runs, longest * rows.shape[-1])
