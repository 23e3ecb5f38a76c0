"""Population-based search (CMA-ES, Hansen and Ostermeier 2001) over small networks and over programmes by rounds.

Every candidate of a generation plays the same seeds in runs of its own, all candidates at once. Networks have many
weights, so that their covariance is kept diagonal (Ros and Hansen 2008); programmes are made of choices and of rounds
(CatCMA with margin: Hamano et al. 2025). All come from the library ``cmaes``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.economy.arena.history import History, Past
from commonweal.economy.arena.moves import Moves
from commonweal.economy.arena.tactics import Programme
from commonweal.economy.learners.actor import Actor, Learned, seen_at_random
from commonweal.economy.learners.environment import Act, Environment, Progress, drawn_seeds, played
from commonweal.economy.learners.layers import (
    best_codes,
    layer_sizes,
    number_of_weights,
    scores_of,
    unpacked,
)

Step = tuple[int, tuple[int, ...]]  # the round from which a move is made, and its codes (D,)


@dataclass(frozen=True)
class Population:
    """How it searches."""

    generations: int = 60
    seeds: int = 4  # that every candidate of a generation plays
    hidden: tuple[int, ...] = (8,)  # units of networks
    spread: float = 0.3  # standard deviation of weights in the first generation, over the root of a layer's inputs
    steps: int = 3  # moves of a programme, one after another
    finalists: int = 8  # candidates that are compared again in the end


@dataclass(frozen=True)
class Found:
    """The best programme, and how the search went."""

    steps: tuple[Step, ...]
    course: Floats  # (G,) best mean reward per round in each generation
    rounds: int  # played, all runs together

    def tactic(self, moves: Moves) -> Programme:
        """The same as a tactic."""
        return Programme(moves, self.steps)

    @property
    def act(self) -> Act:
        """What it does in an environment."""
        return following([self.steps])


def demand_cmaes() -> None:
    """Raise InputError where the library is not installed."""
    if find_spec("cmaes") is None:
        raise InputError("a search by populations needs the extra 'rl': pip install 'commonweal[rl]'")


def following(programmes: Sequence[tuple[Step, ...]]) -> Act:
    """What C programmes do, each in its share of the runs, one share after the other."""

    def act(sights: Floats, round: int) -> Ints:
        due = np.array([[codes for start, codes in steps if start <= round][-1] for steps in programmes])
        codes = np.repeat(due, len(sights) // len(programmes), axis=0)
        return np.repeat(codes[:, None], sights.shape[1], axis=1)

    return act


def by_weights(
    environment: Environment, terms: Population, rng: np.random.Generator, on_rounds: Progress | None = None
) -> Learned:
    """Search for the weights of a small network; all members of a run act by the same.

    Args:
        environment: R runs, ``terms.seeds`` of each candidate; the candidates are as many as there is room for.
        terms: how.
        rng: seeds of runs and of the search come from it.
        on_rounds: is told of rounds played.

    Raises:
        InputError: if the library ``cmaes`` is missing.
    """
    demand_cmaes()
    from cmaes import SepCMA

    runs = environment.shape[0]
    history = seen_at_random(environment, drawn_seeds(rng, runs), rng)
    shapes = layer_sizes(history.width, terms.hidden, history.sizes)
    unit = np.concatenate([np.full((before + 1) * after, 1 / np.sqrt(before)) for before, after in shapes])
    candidates, copies = _crowd(runs, terms.seeds)
    search = SepCMA(np.zeros(number_of_weights(shapes)), terms.spread, seed=_seed(rng), population_size=candidates)
    course, tried, worth = [], np.empty((0, len(unit))), np.empty(0)
    for _ in range(terms.generations):
        asked = np.stack([search.ask() for _ in range(candidates)])
        gained = _judged(environment, _nets(history, shapes, asked * unit), candidates, copies, rng, on_rounds)
        search.tell([(each, -value) for each, value in zip(asked, gained, strict=True)])
        course.append(float(gained.max()))
        tried, worth = asked, gained
    best = tried[np.argsort(-worth)][: min(terms.finalists, candidates) - 1]
    last = np.concatenate([search.mean[None], best])
    last = last[: max(c for c in range(1, len(last) + 1) if runs % c == 0)]
    gained = _judged(environment, _nets(history, shapes, last * unit), len(last), runs // len(last), rng, on_rounds)
    layers = [(w[0], b[0]) for w, b in unpacked(last[[int(gained.argmax())]] * unit, shapes)]
    rounds = (2 + terms.generations) * environment.horizon * runs
    return Learned(Actor(history, tuple(layers)), np.array(course), rounds)


def _nets(history: History, shapes: Sequence[tuple[int, int]], vectors: Floats) -> Act:
    """What C networks do, each in its share of the runs."""
    layers, past = unpacked(vectors, shapes), history.begin(0)

    def act(sights: Floats, round: int) -> Ints:
        nonlocal past
        rows = sights.reshape(-1, sights.shape[-1])
        inputs, means = history.inputs(rows, past if round else history.begin(len(rows)))
        scores = scores_of(layers, inputs.reshape(len(vectors), -1, inputs.shape[1]))
        codes = best_codes(scores.reshape(len(rows), -1), history.sizes)
        past = Past(codes, means)
        return codes.reshape(*sights.shape[:2], -1)

    return act


def by_programmes(
    environment: Environment, terms: Population, rng: np.random.Generator, on_rounds: Progress | None = None
) -> Found:
    """Search for moves to make one after another, and the rounds in which to change.

    Args:
        environment: R runs, ``terms.seeds`` of each candidate; the candidates are as many as there is room for.
        terms: how.
        rng: seeds of runs and of the search come from it.
        on_rounds: is told of rounds played.

    Raises:
        InputError: if the library ``cmaes`` is missing.
    """
    demand_cmaes()
    from cmaes import CatCMAwM

    runs, horizon = environment.shape[0], environment.horizon
    coding = _Coding(tuple(map(int, environment.sizes)), terms.steps, horizon)
    candidates, copies = _crowd(runs, terms.seeds)
    search = CatCMAwM(
        z_space=[list(range(1, horizon))] * (terms.steps - 1) or None, c_space=coding.choices or None,
        population_size=candidates, seed=_seed(rng),
    )  # fmt: skip
    tried: dict[tuple[Step, ...], list[float]] = {}
    course = []
    for _ in range(terms.generations):
        asked = [search.ask() for _ in range(candidates)]
        programmes = [coding.programme(each.c, each.z) for each in asked]
        gained = _judged(environment, following(programmes), candidates, copies, rng, on_rounds)
        search.tell([(each, -value) for each, value in zip(asked, gained, strict=True)])
        for programme, value in zip(programmes, gained - gained.mean(), strict=True):
            tried.setdefault(programme, []).append(float(value))
        course.append(float(gained.max()))
    ranked = sorted(tried, key=lambda each: -np.mean(tried[each]) * np.sqrt(len(tried[each])))
    count = max(c for c in range(1, min(terms.finalists, len(ranked)) + 1) if runs % c == 0)
    last = ranked[:count]
    gained = _judged(environment, following(last), count, runs // count, rng, on_rounds)
    rounds = (1 + terms.generations) * horizon * runs
    return Found(last[int(gained.argmax())], np.array(course), rounds)


@dataclass(frozen=True)
class _Coding:
    """Programmes as choices (the codes of all steps) and rounds (in which one step gives way to the next)."""

    sizes: tuple[int, ...]
    steps: int
    horizon: int

    @property
    def choices(self) -> list[int]:
        """Of each categorical variable; a factor with one choice is none."""
        return [size for size in self.sizes if size > 1] * self.steps

    def programme(self, chosen: Ints | None, changes: Floats | None) -> tuple[Step, ...]:
        """Steps, without those that never come or change nothing.

        Args:
            chosen: (V, C) one 1 in each row: the codes of factors with several choices, step by step.
            changes: (steps − 1,) rounds.
        """
        codes = np.zeros((self.steps, len(self.sizes)), dtype=np.int64)
        several = [place for place, size in enumerate(self.sizes) if size > 1]
        if chosen is not None and several:
            codes[:, several] = np.asarray(chosen).argmax(axis=1).reshape(self.steps, -1)
        starts = np.concatenate([[0], np.sort(np.rint(changes).astype(int))]) if changes is not None else [0]
        by_start = {int(start): tuple(row.tolist()) for start, row in zip(starts, codes, strict=False)}
        kept: list[Step] = []
        for start, row in sorted(by_start.items()):
            if not kept or kept[-1][1] != row:
                kept.append((start, row))
        return tuple(kept)


def _crowd(runs: int, seeds: int) -> tuple[int, int]:
    """Candidates of a generation, and runs of each."""
    copies = max(c for c in range(1, seeds + 1) if runs % c == 0)
    return runs // copies, copies


def _judged(
    environment: Environment,
    act: Act,
    candidates: int,
    copies: int,
    rng: np.random.Generator,
    on_rounds: Progress | None,
) -> Floats:
    """(C,) mean reward per round of each candidate, all on the same seeds."""
    rewards = played(environment, drawn_seeds(rng, copies) * candidates, act, on_rounds)
    gained: Floats = rewards.mean(axis=(0, 2)).reshape(candidates, copies).mean(axis=1)
    return gained


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))
