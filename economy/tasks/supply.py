"""What actions do to samples: which ones every principal puts into a round's virtual batch, true or not."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from agents.actions import Action
from agents.streams import Stream
from economy.conduct import Conduct
from economy.tasks.batch import ActionTerms, Batch, Floats, Form, Forms, Ints, PutIn, Supply, SupplyTerms
from economy.tasks.holdings import Holdings
from economy.tasks.visits import Visits, visit_each, visit_pool

Scalar = TypeVar("Scalar", bound=np.generic)

FREE_RIDING = {"idle": Form.NOTHING, "junk": Form.JUNK, "stale": Form.STALE}
DEFECTING = {"poison": Form.WRONG, "leak": Form.NOTHING}


def first_supply(holdings: Holdings) -> Supply:
    """Before the first round: every walk at its start, no plan yet."""
    return Supply(np.zeros_like(holdings.count), ())


def put_in(
    actions: Ints,
    holdings: Holdings,
    supply: Supply,
    terms: SupplyTerms,
    stream: Stream,
    conduct: Conduct | None = None,
) -> tuple[Batch, Supply, PutIn]:
    """The virtual batch of a round.

    Delegating puts in real samples; free-riding nothing, junk or stale samples; defecting poisoned samples (label y + 1
    mod C) or, leaking the model outside, nothing; abstaining nothing.

    Args:
        actions: (R, N) action codes.
        holdings: who holds what.
        supply: carried from the round before.
        terms: what actions do, and how many samples are put in.
        stream: the R runs' batch stream.
        conduct: what single principals put in instead, and how much.

    Returns:
        The batch, the supply to carry on, and how many samples each principal put in. Without contributors S is 0.
    """
    each = terms.learning.sampling == "each"
    form = _forms(terms.actions)[actions]
    whole = np.int64(terms.learning.samples) if each else holdings.count
    if conduct is not None:
        form = np.where((conduct.form >= 0) & (actions != Action.ABSTAIN), conduct.form, form)
        whole = np.rint(conduct.share * whole).astype(np.int64)
        form = np.where(whole > 0, form, np.int8(Form.NOTHING))
    amount = np.where(form != Form.NOTHING, whole, 0)
    if each:
        visits, carried = visit_each(form, amount, holdings.count, supply, terms.learning)
        total = amount
    else:
        visits, carried = visit_pool(form, amount, supply, terms.learning, stream)
        total = np.bincount(visits.who, minlength=form.size).reshape(form.shape)
    batch = _batch(visits, form, holdings, terms.actions.stale_samples, stream)
    return batch, carried, PutIn(total, total * (form == Form.OWN))


def _forms(terms: ActionTerms) -> Forms:
    """(4,) Form of the samples under each action."""
    table = np.zeros(len(Action), np.int8)
    table[Action.DELEGATE] = Form.OWN
    table[Action.FREE_RIDE] = FREE_RIDING[terms.free_ride]
    table[Action.DEFECT] = DEFECTING[terms.defect]
    return table


def _batch(visits: Visits, form: Forms, holdings: Holdings, stale_samples: int, stream: Stream) -> Batch:
    principals, width = form.shape[1], visits.place.shape[1]
    taken = form.ravel()[visits.who]  # (n,) form of each visit's samples
    run = visits.who // principals
    sample = _sample_ids(visits, taken, run, holdings, stale_samples)
    label = holdings.labels.ravel()[(run * holdings.labels.shape[1])[:, None] + sample]
    label = np.where((taken == Form.WRONG)[:, None], (label + 1) % holdings.classes, label)
    junk, noise = None, None
    if (fake := taken == Form.JUNK).any():
        label[fake], noise = _junk(np.bincount(run[fake], minlength=len(form)), width, holdings, stream)
        junk = _padded(fake, width, visits.length, False)
    principal = np.where(visits.taken, (visits.who - run * principals)[:, None], -1)
    owner = _padded(principal, width, visits.length, -1)
    return Batch(_padded(sample, width, visits.length, 0), _padded(label, width, visits.length, 0), owner, junk, noise)


def _sample_ids(visits: Visits, taken: Forms, run: Ints, holdings: Holdings, stale_samples: int) -> Ints:
    """(n, w) ids of the samples visited; a walk begins again at the end of the holding, or of its stale part."""
    size = holdings.count.ravel()[visits.who]
    size = np.where(taken == Form.STALE, np.minimum(size, stale_samples), size)
    first = holdings.start.ravel()[visits.who] + run * holdings.held.shape[1]
    ids: Ints = holdings.held.ravel()[first[:, None] + visits.place % size[:, None]]
    return ids


def _junk(visits: Ints, width: int, holdings: Holdings, stream: Stream) -> tuple[Ints, Floats]:
    """Uniform labels (n, w) and standard normal features (n·w, d) for each run's junk visits (R,)."""
    labels, noise = [], []
    for n, generator in zip(visits.tolist(), stream.generators, strict=True):
        labels.append(generator.integers(holdings.classes, size=(n, width)))
        noise.append(generator.standard_normal((n * width, holdings.features)))
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
