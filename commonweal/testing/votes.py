"""What votes on limits promise, held in drawn rooms; strategy-proof ones also on a grid of reports."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from commonweal.agents.arrays import Bools, Floats
from commonweal.agents.terms import pick
from commonweal.economy.screening.votes import VOTES
from commonweal.testing.promises import Promises, close, terms_of

RUNS = 3
CASES = 50
GRID = np.arange(11) / 10  # of reports and of peaks
GAIN = 1e-12  # in units of utility, that rounding may make of nothing

Answer = Callable[[Floats, Bools, Floats, slice], Floats]  # room, who votes, weights, of some of the runs


def check_vote(name: str, changes: Mapping[str, Any] | None = None) -> None:
    """Hold a registered vote to what every vote on limits promises.

    Its room is one for all principals and lies between the smallest and the largest room of the members; it follows
    from rooms and weights alone, not from places; who stays away moves nothing; a larger room of one member never makes
    that of all smaller; one member alone decides; nobody limits anything where nobody takes part; a run votes alone as
    in an ensemble. Where it says that it is strategy-proof, nobody with the utility −Σ_k (x_k − p_k)² gains by any
    report on a grid.

    Args:
        name: as a scenario file says it.
        changes: fields of the scenario that the vote is to be held under, ``{"screening.quorum": 0.5}``.

    Raises:
        AssertionError: which promise is broken, and in which case.
        InputError: if there is no such vote.
    """
    rule, says = VOTES[name], Promises(f"vote {name!r}")
    terms = replace(terms_of(changes or {}, RUNS).screening, vote=name)

    def answer(room: Floats, member: Bools, weights: Floats, runs: slice = slice(None)) -> Floats:
        return np.asarray(rule(room, member, weights, pick(terms, np.arange(RUNS)[runs])))

    random = np.random.default_rng(0)
    for number in range(CASES):
        shape = (RUNS, int(random.integers(1, 7)), int(random.integers(1, 4)))
        room = random.choice([random.normal(size=shape), random.integers(-2, 3, shape).astype(float)])
        member = random.random(shape[:2]) < random.choice([0.0, 0.5, 1.0])
        weights = np.where(member, random.choice([1.0, 8.0, 400.0], shape[:2]), 0.0)
        where = f"case {number}: room {room.tolist()}, members {member.tolist()}, weights {weights.tolist()}"
        _hold(says, answer, (room, member, weights), where)
    if VOTES.facts(name).strategy_proof:
        _hold_truthful(says, answer)


def _hold(says: Promises, answer: Answer, case: tuple[Floats, Bools, Floats], where: str) -> None:
    room, member, weights = case
    before = [each.copy() for each in case]
    found = answer(room, member, weights, slice(None))
    kept = all(np.array_equal(old, new) for old, new in zip(before, case, strict=True))
    says.demand(kept, "it leaves what it is given as it was", where)
    runs, principals, dimensions = room.shape
    says.demand(found.shape == (runs, 1, dimensions), f"it answers (R, 1, K) numbers, and gave {found.shape}", where)
    among = member[..., None]
    lowest = np.where(among, room, np.inf).min(axis=1, keepdims=True)
    highest = np.where(among, room, -np.inf).max(axis=1, keepdims=True)
    somebody = np.asarray(member.any(axis=1))[:, None, None]
    within = ((lowest <= found) & (found <= highest)) | ~somebody
    says.demand(within.all(), "its room lies within the range of the members'", where)
    alone = (member.sum(axis=1) == 1)[:, None, None]
    says.demand(((found == lowest) | ~alone).all(), "one member alone decides", where)
    says.demand((np.isposinf(found) | somebody).all(), "where nobody takes part nothing is limited", where)
    away = answer(np.where(among, room, -9.0), member, weights, slice(None))
    says.demand(close(away, found), "who stays away moves nothing", where)
    order = np.random.default_rng(principals).permutation(principals)
    moved = answer(room[:, order], member[:, order], weights[:, order], slice(None))
    says.demand(close(moved, found), "it does not depend on places", where)
    looser = answer(room + np.arange(principals)[:, None] / 2, member, weights, slice(None))
    says.demand((looser >= found - GAIN).all(), "larger rooms never make that of all smaller", where)
    for run in range(runs):
        part = slice(run, run + 1)
        own = answer(room[part], member[part], weights[part], part)
        says.demand(close(own, found[part]), "a run alone votes as in an ensemble", f"run {run}, {where}")


def _hold_truthful(says: Promises, answer: Answer) -> None:
    """Try every report on the grid against peaks in one and in two dimensions, with equal and with unequal weights."""
    random = np.random.default_rng(1)
    for dimensions in (1, 2):
        reports = np.stack(np.meshgrid(*[GRID] * dimensions, indexing="ij"), axis=-1).reshape(-1, dimensions)
        for weights in (np.ones(5), np.array([1.0, 2.0, 3.0, 5.0, 8.0])):
            peaks = random.choice(GRID, (RUNS, 5, dimensions))
            gain = largest_gains(partial(_of_all, answer, weights), peaks, reports).max()
            where = f"peaks {peaks.tolist()}, weights {weights.tolist()}"
            says.demand(gain <= GAIN, f"nobody gains by a false limit, and one gained {gain:.3g}", where)


def _of_all(answer: Answer, weights: Floats, room: Floats) -> Floats:
    return answer(room, np.ones(room.shape[:2], dtype=bool), np.broadcast_to(weights, room.shape[:2]), slice(None))


def largest_gains(outcome: Callable[[Floats], Floats], peaks: Floats, reports: Floats) -> Floats:
    """What each gains at most by any of G reports, everybody else's report being true, under −Σ_k (x_k − p_k)².

    Args:
        outcome: reports (R, N, K) → (R, 1, K).
        peaks: (R, N, K) what each likes best.
        reports: (G, K) tried.

    Returns:
        (R, N), at least 0 where the truth is among the reports.
    """
    honest = -((outcome(peaks) - peaks) ** 2).sum(axis=2)
    best = np.full(honest.shape, -np.inf)
    for place in range(peaks.shape[1]):
        for report in reports:
            told = peaks.copy()
            told[:, place] = report
            utility = -((outcome(told)[:, 0] - peaks[:, place]) ** 2).sum(axis=1)
            best[:, place] = np.maximum(best[:, place], utility)
    gains: Floats = best - honest
    return gains
