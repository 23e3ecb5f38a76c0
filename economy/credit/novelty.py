"""Novelty: putting in the same again earns less, whatever its number and however little noise is on it.

What a sample is worth is divided by how often its principal put in something like it lately: 1 / Σ_t k(s, t) summed
over samples counts how many different ones there are (Leinster and Cobbold 2012, Ecology 93(3), diversity of order 0).
Others' samples do not count: resembling somebody costs nothing here, and copying somebody is what ``robust`` is for.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from commonweal.agents.arrays import Floats, per_principal
from commonweal.economy.learning.network import Owners, to_numpy
from commonweal.economy.learning.traversal import places_by_owner

MOST = 64  # validation samples that say how far apart different samples are


@dataclass(frozen=True)
class Seen:
    """The samples of a round, by who put them in."""

    features: Tensor = per_principal()  # (R, N, M, d)
    real: Tensor = per_principal()  # (R, N, M) bool, False where somebody put in fewer than M


def seen_by_owner(features: Tensor, owners: Owners) -> Seen:
    """The samples of a virtual batch by owner.

    Args:
        features: (R, S, d).
        owners: whose samples they are.
    """
    places = places_by_owner(owners.owner)
    runs, _, most = places.shape
    seated = torch.full((runs, owners.principals, most), -1, device=places.device)
    run, row = (places[..., 0] >= 0).nonzero(as_tuple=True)
    rows = places[run, row]
    seated[run, owners.owner[run, rows[:, 0]]] = rows
    index = seated.clamp(min=0).view(runs, -1, 1).expand(-1, -1, features.shape[2])
    found = features.gather(1, index) if features.shape[1] else features.new_zeros(index.shape)
    return Seen(found.view(*seated.shape, -1), seated >= 0)


def remembered(past: Sequence[Seen], newest: Seen, memory: int) -> tuple[Seen, ...]:
    """The samples of the last rounds, oldest first.

    Args:
        past: those before.
        newest: those of this round.
        memory: rounds that are remembered, this one included.
    """
    return (*past, newest)[-memory:] if memory else ()


def novelty(newest: Seen, past: Sequence[Seen], radius: Tensor) -> Floats:
    """How far what everybody puts in is new, coming from itself.

    Args:
        newest: this round's samples.
        past: those of rounds that are remembered.
        radius: (R,) distance from which on samples are different; similarity k falls evenly from 1 at distance 0.

    Returns:
        (R, N) mean of 1 / Σ_t k(s, t) over a principal's samples s, t all it put in and remembered; 1 where nothing.
    """
    runs, principals, most, width = newest.features.shape
    own = newest.features.reshape(-1, most, width)
    scale = radius.repeat_interleave(principals).view(-1, 1, 1)
    alike = own.new_zeros(own.shape[:2], dtype=torch.float64)
    for other in (*past, newest):
        alike += (likeness(own, other.features.flatten(0, 1), scale) * other.real.flatten(0, 1).unsqueeze(1)).sum(2)
    new = (newest.real / alike.view(runs, principals, most).clamp(min=1)).sum(2)
    count = newest.real.sum(2)
    return to_numpy(torch.where(count > 0, new / count.clamp(min=1), 1.0))


def likeness(some: Tensor, others: Tensor, radius: Tensor) -> Tensor:
    """(B, S, T) similarity max(0, 1 − distance / radius) of samples (B, S, d) and (B, T, d); radius (B, 1, 1)."""
    # In single precision, differences of squares would find copies a little apart
    distance = torch.cdist(some.double(), others.double())
    return (1 - distance / radius).clamp(min=0)


def resolution(features: Tensor) -> Tensor:
    """(R,) half the median distance from a validation sample (R, V, d) to its nearest: closer ones are near copies."""
    some, others = features[:, :MOST], features.shape[1]
    if others < 2:
        return some.new_ones(len(some))
    itself = torch.eye(some.shape[1], others, dtype=torch.bool, device=some.device)
    half = torch.cdist(some, features).masked_fill(itself, torch.inf).amin(2).median(1).values / 2
    return torch.where(half > 0, half, 1.0)
