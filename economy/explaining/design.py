"""Which profiles to play: some to begin with, then those that leave least doubt about Shapley values.

A process knows the variance of the values that it will have once a profile is played, whatever that comes to, so that
profiles can be chosen before they are: each next one takes most variance off the values of others (Cohn 1996; Seo,
Wallat, Graepel and Obermayer 2000). Here what is targeted is Shapley values instead of outcomes.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import solve_triangular

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.economy.explaining.process import Process, fit_process
from commonweal.economy.explaining.sketch import Baseline, Played, Sketch, sketch, uniform

CANDIDATES = 1200  # profiles that are compared
TARGETS = 80  # profiles whose values are to be known, if none are named
GROWTH = 1.5  # of the profiles from one fit to the next
PER_STEP = 150  # profiles between two fits, at most


@dataclass(frozen=True)
class Wanted:
    """What the profiles that are to be played are for."""

    baseline: Baseline
    explained: Ints | None = None  # (R, n) whose values are to be known; None: those of the average profile
    allowed: Bools | None = None  # (n, q) what may be played; None: all


def first_profiles(levels: Ints, count: int, rng: np.random.Generator) -> Ints:
    """(count, n) profiles in which every player takes each of its actions equally often, up to one."""
    columns = [rng.permutation(np.arange(count) % size) for size in levels]
    return np.stack(columns, axis=1).astype(np.int64)


def next_profiles(model: Sketch, wanted: Wanted, count: int, rng: np.random.Generator) -> Ints:
    """Profiles that take most variance off the Shapley values that are wanted, together.

    Args:
        model: a sketch of kind ``process`` of what was played until now.
        wanted: which values.
        count: how many profiles.
        rng: draws candidates, and profiles to be explained if none are named.

    Returns:
        (count, n) profiles, all different, none played before; fewer where there are no more.

    Raises:
        InputError: if the model is no process.
    """
    processes = [each for each in model.fitted if isinstance(each, Process)]
    if len(processes) < len(model.fitted):
        raise InputError(f"sketch of kind {model.kind}: profiles are chosen by a process alone")
    played = model.played
    allowed = np.arange(played.levels.max()) < played.levels[:, None] if wanted.allowed is None else wanted.allowed
    explained = _drawn(allowed / allowed.sum(axis=1, keepdims=True), TARGETS, rng)
    if wanted.explained is not None:
        explained = wanted.explained[rng.permutation(len(wanted.explained))[:TARGETS]]
    candidates = _candidates(explained, wanted.baseline.law, allowed, rng)
    known = {tuple(row) for row in played.profiles.tolist()}
    candidates = candidates[[tuple(row) not in known for row in candidates.tolist()]]
    if not len(candidates):
        return candidates
    spread = played.outcomes.var(axis=0)
    doubts = [
        _Doubt.of(process, candidates, explained, wanted.baseline.law, process.scale / size)
        for process, size in zip(processes, spread, strict=True)
        if size > 0
    ]
    return candidates[_greedy(doubts, min(count, len(candidates)), len(candidates))]


def extend(
    played: Played,
    play: Callable[[Ints], Floats],
    budget: int,
    rng: np.random.Generator,
    wanted: Wanted | None = None,
) -> Sketch:
    """Play chosen profiles until there are so many, with a new fit after every half as many again.

    Args:
        played: what was played to begin with (``first_profiles``), about 60 profiles.
        play: outcomes (m, A) of profiles (m, n).
        budget: profiles in all.
        rng: as for ``next_profiles``.
        wanted: which values; None: against the average of all profiles.

    Returns:
        A sketch of all of them.
    """
    while (have := len(played.profiles)) < budget:
        step = min(budget - have, max(1, int(have * (GROWTH - 1))), PER_STEP)
        fitted = tuple(fit_process(played.profiles, each, played.levels, alternatives=0) for each in played.outcomes.T)
        chosen = next_profiles(Sketch(played, fitted, "process"), wanted or Wanted(uniform(played)), step, rng)
        if not len(chosen):
            break
        more = np.concatenate([played.profiles, chosen]), np.concatenate([played.outcomes, play(chosen)])
        played = replace(played, profiles=more[0], outcomes=more[1])
    return sketch(played)


@dataclass
class _Doubt:
    """What a process does not know, in units of the outcome's variance; changes as profiles are chosen."""

    of_values: Floats  # (C, T) covariances of the outcomes of candidates and of values
    of_outcomes: Floats  # (C, C)
    noise: float
    weight: float

    @classmethod
    def of(cls, process: Process, candidates: Ints, explained: Ints, law: Floats, weight: float) -> "_Doubt":
        """Posterior covariances."""
        played = process.profiles
        known = solve_triangular(process.root, process.kernel.gram(played, candidates), lower=True)
        values = solve_triangular(process.root, process.covariances(played, explained, law), lower=True)
        return cls(
            process.covariances(candidates, explained, law) - known.T @ values,
            process.kernel.gram(candidates, candidates) - known.T @ known,
            process.noise / process.scale,
            weight,
        )

    def gains(self) -> Floats:
        """(C,) variance that each candidate takes off all values."""
        own = np.maximum(np.diag(self.of_outcomes), 0.0) + self.noise
        gains: Floats = self.weight * (self.of_values**2).sum(axis=1) / own
        return gains

    def learn(self, chosen: int) -> None:
        """Take a candidate for played."""
        share = self.of_outcomes[:, chosen] / (max(self.of_outcomes[chosen, chosen], 0.0) + self.noise)
        self.of_values = self.of_values - np.outer(share, self.of_values[chosen])
        self.of_outcomes = self.of_outcomes - np.outer(share, self.of_outcomes[chosen])


def _greedy(doubts: list[_Doubt], count: int, candidates: int) -> list[int]:
    """Candidates one by one, each the best after those before it."""
    chosen: list[int] = []
    for _ in range(count):
        gains = np.sum([doubt.gains() for doubt in doubts], axis=0) if doubts else np.zeros(candidates)
        gains[chosen] = -1.0
        chosen.append(int(gains.argmax()))
        for doubt in doubts:
            doubt.learn(chosen[-1])
    return chosen


def _candidates(explained: Ints, law: Floats, allowed: Bools, rng: np.random.Generator) -> Ints:
    """(C, n) different profiles: half of any allowed actions, half of those explained with some players absent."""
    anything = _drawn(allowed / allowed.sum(axis=1, keepdims=True), CANDIDATES // 2, rng)
    rows = explained[rng.integers(0, len(explained), CANDIDATES // 2)]
    mixed = np.where(rng.random(rows.shape) < rng.random((len(rows), 1)), rows, _drawn(law, len(rows), rng))
    found: Ints = np.unique(np.concatenate([anything, mixed[allowed[np.arange(len(law)), mixed].all(axis=1)]]), axis=0)
    return found


def _drawn(law: Floats, count: int, rng: np.random.Generator) -> Ints:
    """(count, n) profiles of independent actions from a law (n, q)."""
    edges = law.cumsum(axis=1) / law.sum(axis=1, keepdims=True)
    found: Ints = (rng.random((count, len(law), 1)) >= edges).sum(axis=2).astype(np.int64)
    return found
