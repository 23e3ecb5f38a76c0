"""Votes: how the limits of all members become one room for the step, and whose limit that is.

A vote that picks an order statistic of the limits leaves nobody with single-peaked preferences anything to gain by a
false limit (Moulin 1980), dimension by dimension too where preferences are separable (Border and Jordan 1983); a mean
does. Register your own with ``@vote("name")`` or as an entry point of the group ``commonweal.votes``.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Bools, Floats
from commonweal.agents.registry import Registry
from commonweal.economy.screening.admissible import ScreeningTerms, slack

ROUNDING = 1e-9  # of a voter by which a quorum may be missed: 0.07 · 100 is 7.000000000000001
HALF = np.full((1, 1), 0.5)


@dataclass(frozen=True)
class VoteFacts:
    """What others must know of a vote."""

    strategy_proof: bool = False  # nobody with single-peaked and separable preferences gains by a false limit
    weighs: bool = True  # the weights of voters change its outcome


Vote = Callable[[Floats, Bools, Floats, ScreeningTerms], Floats]
"""Room (R, N, K) of each, who votes (R, N), weights (R, N), terms → (R, 1, K) room of all; +∞ where nobody votes."""

VOTES: Registry[Vote, VoteFacts] = Registry("vote", "commonweal.votes", "screening.vote", VoteFacts())
vote = VOTES.register


@vote("strictest", strategy_proof=True, weighs=False)
def strictest(room: Floats, member: Bools, weights: Floats, terms: ScreeningTerms) -> Floats:
    """The smallest room: everybody must accept it, and one principal can hold up all others."""
    tightest: Floats = np.where(member[..., None], room, np.inf).min(axis=1, keepdims=True)
    return tightest


@vote("quorum", strategy_proof=True)
def quorum(room: Floats, member: Bools, weights: Floats, terms: ScreeningTerms) -> Floats:
    """The largest room that members with the share ``screening.quorum`` of all weight accept."""
    return accepted_by(room, member, weights, terms.quorum)


@vote("median", strategy_proof=True)
def median(room: Floats, member: Bools, weights: Floats, terms: ScreeningTerms) -> Floats:
    """The largest room that members with half of all weight accept; of two middle ones the looser (Moulin 1980)."""
    return accepted_by(room, member, weights, HALF)


@vote("mean")
def mean(room: Floats, member: Bools, weights: Floats, terms: ScreeningTerms) -> Floats:
    """The weighted mean: who exaggerates moves it, so it invites false limits."""
    among = member[..., None]
    total = np.where(member, weights, 0.0).sum(axis=1, keepdims=True)[..., None]
    summed = (np.where(among, room, 0.0) * weights[..., None]).sum(axis=1, keepdims=True)
    average = np.divide(summed, total, out=np.zeros_like(summed), where=total > 0)
    lowest, highest = (extreme(room, member, sign) for sign in (1, -1))
    return np.where(np.isfinite(lowest), np.clip(average, lowest, highest), lowest)  # of one alone it is exact


def extreme(room: Floats, member: Bools, sign: int) -> Floats:
    """(R, 1, K) the smallest room of all members for ``sign`` 1, the largest for −1; ``sign`` ∞ where nobody votes."""
    found: Floats = sign * np.where(member[..., None], sign * room, np.inf).min(axis=1, keepdims=True)
    return found


def accepted_by(room: Floats, member: Bools, weights: Floats, share: Floats) -> Floats:
    """The largest room that members with a share of all weight accept: a weighted order statistic.

    Args:
        room: (R, N, K) each principal's room; it accepts every smaller one.
        member: (R, N) who votes.
        weights: (R, N) of their votes; those of the others do not count.
        share: (R or 1, 1) of all weight, 0 to 1: 0 is the loosest, 1 the strictest.

    Returns:
        (R, 1, K), the room of one of the members; +∞ where nobody votes.
    """
    counted = np.where(member, weights, 0.0)
    among = np.where(member[..., None], room, -np.inf)
    order = np.argsort(-among, axis=1, kind="stable")  # the loosest first
    accepting = np.take_along_axis(np.broadcast_to(counted[..., None], room.shape), order, axis=1).cumsum(axis=1)
    needed = share * counted.sum(axis=1, keepdims=True) - ROUNDING * counted.max(axis=1, keepdims=True)
    place = (accepting >= needed[..., None]).argmax(axis=1)[:, None]
    chosen = np.take_along_axis(np.take_along_axis(among, order, axis=1), place, axis=1)
    return np.where(np.asarray(member.any(axis=1))[:, None, None], chosen, np.inf)


def room_left(
    levels: Floats,
    limits: Floats,
    member: Bools,
    senses: Floats,
    terms: ScreeningTerms,
    weights: Floats | None = None,
) -> Floats:
    """``acceptable`` of the ``slack``; where the tightest member counts, of its limits alone.

    Args:
        levels: (R, K) probe losses now.
        limits: (R, N, K) every principal's limit.
        member: (R, N) who takes part this round.
        senses: (K,) +1 withhold, −1 protect.
        terms: screening terms.
        weights: (R, N) of votes; None: all alike.
    """
    if terms.scope in ("own", "quorum") or terms.vote != "strictest":
        return acceptable(slack(levels, limits, senses), member, terms, weights)
    tightest = np.empty((len(levels), 1, len(senses)))
    for k, sense in enumerate(senses):  # along short rows numpy is slow
        tightest[:, 0, k] = sense * np.where(member, sense * limits[..., k], -np.inf).max(axis=1)
    return slack(levels, tightest, senses)


def acceptable(room: Floats, member: Bools, terms: ScreeningTerms, weights: Floats | None = None) -> Floats:
    """The room of a step: one for all principals together, or under the scope ``own`` one for each.

    Who stays away does not vote.

    Args:
        room: (R, N, K) each principal's room.
        member: (R, N) who takes part this round.
        terms: screening terms. The scope ``quorum`` counts members and accepts what a share ``quorum`` of them accepts;
            ``all`` and ``aggregate`` leave it to the rule ``vote``.
        weights: (R, N) of votes; None: all alike. Who weighs nothing has no vote, unless nobody weighs anything.

    Returns:
        (R, N, K) each one's own under the scope ``own``; under the others (R, 1, K), +∞ where nobody takes part.
    """
    if terms.scope == "own":
        return room
    if terms.scope == "quorum":
        return accepted_by(room, member, np.ones(member.shape), terms.quorum)
    voters, weights = _voters(member, weights)
    return VOTES[terms.vote](room, voters, weights, terms)


def _voters(member: Bools, weights: Floats | None) -> tuple[Bools, Floats]:
    """Who votes (R, N), and with which weight (R, N)."""
    if weights is None:
        return member, np.ones(member.shape)
    heavy = member & (weights > 0)
    somebody = heavy.any(axis=1, keepdims=True)
    return np.where(somebody, heavy, member), np.where(somebody, weights, 1.0)
