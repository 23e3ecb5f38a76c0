"""Masks of dropout that follow from a run's secret, the round and the sample: whoever asks again finds the same.

Numbers come from a counter instead of a generator (the mixer of SplitMix64: Steele, Lea and Flood, "Fast Splittable
Pseudorandom Number Generators", OOPSLA 2014): a sample's mask does not depend on where in a batch it stands, on the
other samples, or on the runs that it is computed with. All of it is integer arithmetic, which works inside
``torch.func``.
"""

import torch
from torch import Tensor

KEY = 3  # numbers that a run's masks of one pass come from: its secret, the round, the step within the round
_FIRST, _SECOND, _GOLDEN = -4658895280553007687, -7723592293110705685, -7046029254386353131  # int64
_SMALLEST = 2.0**-24  # between two of the numbers in [0, 1) that are drawn


def contents(features: Tensor) -> Tensor:
    """(…,) int64 that stand for the values of samples (…, d): the same for the same values."""
    bits = features.view(torch.int64 if features.dtype == torch.float64 else torch.int32).long()
    bits = bits ^ _shifted(bits, 32) ^ _shifted(bits, 16)
    place = torch.arange(1, features.shape[-1] + 1, device=features.device)
    return _mixed((bits * (_mixed(place * _GOLDEN) | 1)).sum(-1))


def sample_keys(features: Tensor, key: Tensor) -> Tensor:
    """(…,) int64 that a pass draws the masks of samples from.

    Args:
        features: (…, d) of the samples.
        key: (3,) int64 secret of the run, number of the round, step within it.
    """
    secret, round, step = key.unbind(-1)
    return _mixed(contents(features) + _mixed(secret + _mixed(round * _GOLDEN + step)))


def kept(keys: Tensor, layer: int, units: int, chance: float) -> Tensor:
    """(S, units) True where a unit of a sample is kept.

    Args:
        keys: (S,) of the samples.
        layer: what tells the draws of one layer from those of others.
        units: that are kept or not, each by itself.
        chance: that one is not.
    """
    counter = torch.arange(1, units + 1, device=keys.device) * _GOLDEN
    drawn = _mixed(_mixed(keys + layer).unsqueeze(-1) + counter)
    return _shifted(drawn, 40) * _SMALLEST >= chance


def _mixed(state: Tensor) -> Tensor:
    """The output function of SplitMix64, entry by entry."""
    state = (state ^ _shifted(state, 30)) * _FIRST
    state = (state ^ _shifted(state, 27)) * _SECOND
    return state ^ _shifted(state, 31)


def _shifted(bits: Tensor, by: int) -> Tensor:
    """Bits moved to the right, zeros coming in: torch has no unsigned shift."""
    return (bits >> by) & ((1 << (64 - by)) - 1)
