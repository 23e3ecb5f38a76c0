"""Population-based search (CMA-ES, Hansen and Ostermeier 2001) over small networks and over programmes by rounds.

Every candidate of a generation plays the same seeds in runs of its own, all candidates at once. Networks have many
weights, so that their covariance is kept diagonal (Ros and Hansen 2008); programmes are made of choices and of rounds
(CatCMA with margin: Hamano et al. 2025). All come from the library ``cmaes``.
"""

from collections.abc import Iterable, Sequence
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
Steps = tuple[Step, ...]
FEWEST = 8  # candidates that play at once
MOST_CONSTANTS = 128  # moves that are tried in all rounds before programmes are searched
AGAIN, PLAYED = 2, 3  # rivals that play again in each generation; generations before one may lead
_LEAN = 0.25  # chance, in the first generation, of what the best of these does


@dataclass(frozen=True)
class Population:
    """How it searches."""

    generations: int = 60
    seeds: int = 4  # that every candidate of a generation plays
    hidden: tuple[int, ...] = (8,)  # units of networks
    spread: float = 0.3  # standard deviation of weights in the first generation, over the root of a layer's inputs
    steps: int = 3  # moves of a programme, one after another
    finals: int = 3  # times that the best are compared again in the end


@dataclass(frozen=True)
class Found:
    """The best programme, and how the search went."""

    steps: Steps
    course: Floats  # (G,) mean reward per round of the leading programme in each generation
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


def following(programmes: Sequence[Steps]) -> Act:
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
    last = np.concatenate([search.mean[None], tried[np.argsort(-worth)][: candidates - 1]])
    act, total = _nets(history, shapes, last * unit), np.zeros(candidates)
    for _ in range(terms.finals):
        total += _judged(environment, act, candidates, copies, rng, on_rounds)
    layers = [(w[0], b[0]) for w, b in unpacked(last[[int(total.argmax())]] * unit, shapes)]
    rounds = (1 + terms.finals + terms.generations) * environment.horizon * runs
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
    environment: Environment,
    terms: Population,
    rng: np.random.Generator,
    on_rounds: Progress | None = None,
    starts: Sequence[Steps] = (),
) -> Found:
    """Search for moves to make one after another, and the rounds in which to change.

    First single moves are tried in all rounds, beside the programmes that are given; the better half of them goes on
    to further seeds (successive halving: Karnin, Koren and Somekh 2013). The best of them leads. Beside it play, in
    every generation, programmes that the search proposes and others that differ from it in one thing; one that stays
    ahead of it on fresh seeds takes its place.

    Args:
        environment: R runs, ``terms.seeds`` of each candidate; the candidates are as many as there is room for.
        terms: how.
        rng: seeds of runs and of the search come from it.
        on_rounds: is told of rounds played.
        starts: programmes that are known to be strong; one may lead from the beginning.

    Raises:
        InputError: if the library ``cmaes`` is missing.
    """
    demand_cmaes()
    from cmaes import CatCMAwM

    runs, horizon = environment.shape[0], environment.horizon
    coding = _Coding(tuple(map(int, environment.sizes)), terms.steps, horizon)
    slots, copies = _crowd(runs, terms.seeds)
    contest = _Contest(environment, slots, copies, rng, on_rounds)
    first = contest.best_of([*starts, *coding.constants(rng)], drawn_seeds(rng, copies))
    lead, bred = _Lead(first), (slots - 1) // 2  # programmes near the leading one; the others are the search's
    search = CatCMAwM(
        z_space=[list(range(1, horizon))] * (terms.steps - 1) or None, c_space=coding.choices or None,
        cat_param=coding.near(first) if coding.choices else None, population_size=slots - 1 - bred, seed=_seed(rng),
    )  # fmt: skip
    course = []
    for _ in range(terms.generations):
        asked = [search.ask() for _ in range(slots - 1 - bred)]
        near = lead.rivals(AGAIN)
        near += [coding.changed(lead.best, rng) for _ in range(bred - len(near))]
        programmes = [coding.programme(each.c, each.z) for each in asked] + near
        gained = contest.play([lead.best, *programmes], drawn_seeds(rng, copies))
        search.tell([(each, -value) for each, value in zip(asked, gained[1:], strict=False)])
        lead.compare(programmes, gained[1:] - gained[0])
        course.append(float(gained[0]))
    last = [lead.best, *lead.rivals(slots - 1)]
    total = np.zeros(len(last))
    for _ in range(terms.finals):
        total += contest.play(last, drawn_seeds(rng, copies))
    return Found(last[int(total.argmax())], np.array(course), contest.rounds)


class _Lead:
    """The leading programme, and by how much others were ahead of it on the same seeds.

    Args:
        best: leads at first.
    """

    def __init__(self, best: Steps) -> None:
        self.best, self.ahead = best, dict[Steps, list[float]]()

    def compare(self, programmes: Sequence[Steps], ahead: Floats) -> None:
        """Take in another generation; who is ahead by more than its error, after a few, leads from then on."""
        for programme, value in dict(zip(programmes, ahead.tolist(), strict=True)).items():
            if programme != self.best:
                self.ahead.setdefault(programme, []).append(value)
        for programme in self.rivals(1):
            values = np.array(self.ahead[programme])
            if len(values) >= PLAYED and values.mean() > values.std(ddof=1) / np.sqrt(len(values)):
                self.best, self.ahead = programme, {}

    def rivals(self, count: int) -> list[Steps]:
        """Those that were ahead most, allowing for how often they played; at most so many."""
        score = {each: np.mean(values) * np.sqrt(len(values)) for each, values in self.ahead.items()}
        ranked = sorted((each for each in score if score[each] > 0), key=lambda each: -score[each])
        return ranked[:count]


@dataclass
class _Contest:
    """Programmes that play the same seeds beside each other."""

    environment: Environment
    slots: int  # programmes at once
    copies: int  # seeds that each plays
    rng: np.random.Generator
    on_rounds: Progress | None
    rounds: int = 0  # played so far, all runs together

    def play(self, programmes: Sequence[Steps], seeds: Sequence[int]) -> Floats:
        """(C,) mean reward per round of up to so many programmes as there are slots."""
        filled = [*programmes, *[programmes[0]] * (self.slots - len(programmes))]
        rewards = played(self.environment, [*seeds] * self.slots, following(filled), self.on_rounds)
        self.rounds += rewards.shape[0] * rewards.shape[1]
        gained: Floats = rewards.mean(axis=(0, 2)).reshape(self.slots, self.copies).mean(axis=1)
        return gained[: len(programmes)]

    def best_of(self, programmes: Sequence[Steps], seeds: Sequence[int]) -> Steps:
        """The one that gains most on some seeds; the better half of them, again, plays others."""
        left = list(programmes)
        while len(left) > 1:
            parts = [left[k : k + self.slots] for k in range(0, len(left), self.slots)]
            gained = np.concatenate([self.play(part, seeds) for part in parts])
            left = [left[k] for k in np.argsort(-gained, kind="stable")[: len(left) // 2]]
            seeds = drawn_seeds(self.rng, self.copies)
        return left[0]


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

    def constants(self, rng: np.random.Generator) -> list[Steps]:
        """Every move as a programme, or as many as are tried."""
        count = int(np.prod(self.sizes))
        some = np.arange(count) if count <= MOST_CONSTANTS else np.sort(rng.permutation(count)[:MOST_CONSTANTS])
        codes = np.stack(np.unravel_index(some, self.sizes), axis=1)
        return [((0, tuple(row)),) for row in codes.tolist()]

    def near(self, steps: Steps) -> Floats:
        """(V, largest size) chances with which choices are drawn at first: near what a programme does."""
        chances = np.zeros((len(self.choices), max(self.choices)))
        rows = [steps[min(step, len(steps) - 1)][1] for step in range(self.steps)]
        codes = [code for row in rows for code, size in zip(row, self.sizes, strict=True) if size > 1]
        for row, code, size in zip(chances, codes, self.choices, strict=True):
            row[:size] = (1 - _LEAN) / size
            row[code] += _LEAN
        return chances

    def changed(self, steps: Steps, rng: np.random.Generator) -> Steps:
        """A programme with one thing changed: a code, the round of a step, or a step more or fewer."""
        rows = [(start, list(codes)) for start, codes in steps]
        place, what = int(rng.integers(len(rows))), rng.random()
        several = [at for at, size in enumerate(self.sizes) if size > 1]
        if what < 0.2 and len(rows) > 1:
            del rows[place]
            rows[0] = (0, rows[0][1])
        elif what < 0.4 and place:
            rows[place] = (self.start(rng), rows[place][1])
        else:
            if what < 0.7 and len(rows) < self.steps and self.horizon > 1:
                rows.append((self.start(rng), list(rows[place][1])))
                place = len(rows) - 1
            at = several[int(rng.integers(len(several)))] if several else 0
            rows[place][1][at] = int(rng.integers(self.sizes[at]))
        return _tidy((start, tuple(codes)) for start, codes in rows)

    def start(self, rng: np.random.Generator) -> int:
        """A round in which to change, any one alike or, half of the time, the first of the last 1, 2, 4, ... rounds.

        Who will not be answered plays otherwise, so that most depends on where the last window begins.
        """
        if rng.random() < 0.5:
            return int(rng.integers(1, self.horizon))
        windows = 2 ** np.arange((self.horizon - 1).bit_length())
        return self.horizon - int(rng.choice(windows[windows < self.horizon]))

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
        return _tidy((int(start), tuple(row.tolist())) for start, row in zip(starts, codes, strict=False))


def _tidy(steps: Iterable[Step]) -> Steps:
    """Steps in their order, the last where two begin in one round, without those that change nothing."""
    kept: list[Step] = []
    for start, row in sorted(dict(steps).items()):
        if not kept or kept[-1][1] != row:
            kept.append((start, row))
    return tuple(kept)


def _crowd(runs: int, seeds: int) -> tuple[int, int]:
    """Candidates that play at once, and runs of each; at least eight, or fewer seeds each.

    Raises:
        InputError: if there are too few runs.
    """
    fitting = [copies for copies in range(1, seeds + 1) if runs % copies == 0 and runs // copies >= FEWEST]
    if not fitting:
        raise InputError(f"a search by a population needs {FEWEST} runs at once or more, not {runs}")
    return runs // max(fitting), max(fitting)


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


def _seeds_of(rng: np.random.Generator, copies: int) -> list[int]:
    """Seeds that each candidate plays."""
    return drawn_seeds(rng, copies)


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))
