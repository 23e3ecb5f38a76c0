"""Novelty: putting in the same again earns less, whatever its number and however little noise is on it.

What a sample is worth is divided by how often its principal put in something like it lately: 1 / Σ_t k(s, t) summed
over samples counts how many different ones there are (Leinster and Cobbold 2012, Ecology 93(3), diversity of order 0).
Others' samples do not count: resembling somebody costs nothing here, and copying somebody is what ``robust`` is for.
"""

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.economy.credit.alike import Alike


def novelty(alike: Alike, newest: int) -> Floats:
    """How far what everybody puts in is new, coming from itself.

    Args:
        alike: the samples of the rounds that are remembered and of this one; their likeness is k.
        newest: M of this round, whose samples are the last.

    Returns:
        (R, N) mean of 1 / Σ_t k(s, t) over a principal's samples s, t all it put in and remembered; 1 where nothing.
    """
    most = alike.real.shape[2]
    own = alike.one // most == alike.other // most
    ends = np.concatenate([alike.one[own], alike.other[own]])
    others = np.bincount(ends, np.tile(alike.likeness[own], 2), minlength=alike.real.size).reshape(alike.real.shape)
    now = np.s_[..., most - newest :]
    new = (alike.real[now] / (1 + others[now])).sum(axis=2)
    count = alike.real[now].sum(axis=2)
    return np.where(count > 0, new / np.maximum(count, 1), 1.0)
