"""Outcomes of action profiles: how close sketches come to exact values, and whether they find duplicated data.

    python benchmarks/explain_outcomes.py          all tables but ``peers`` (about an hour on one core)
    python benchmarks/explain_outcomes.py --write  into docs/explanations.md
    python benchmarks/explain_outcomes.py --cubes FOLDER   keeps there what was played and scored, and reads it again
    python benchmarks/explain_outcomes.py peers --shapzero shapzero==0.0.4
                                                   installs it into an environment of its own, and asks it; and asks
                                                   shapiq of this environment, or what --shapiq says to install

Truth is enumeration: every profile of ``leaky`` with 6 principals and 4 actions (4096) and of ``poisoners`` with 8
principals who delegate, free-ride or poison (6561) is played for 20 rounds in the digits world, on one seed. Errors are
Σ‖φ̂ − φ‖² / Σ‖φ‖² over all profiles, and the mean squared error at profiles that were not played, in variances.

What was asked, and what came of it. The questions came before the experiments; what was expected was put into words
after them, so that none of this is a test that was announced. Tables ``designs``, ``coverage``, ``sparse`` and
``duplicates`` are of draws of profiles and of worlds that nothing was developed on; the games of the first two, and the
planted outcome, are those of development. Numbers in 2 and 3 were found in development, by no part of this file.
1. Do profiles chosen for the variance of values come closer than as many drawn? Table ``designs``.
2. Does a covariance of learned sums of what players do (1 to 3 numbers, squared exponential) come closer? With 250
   profiles, two draws: welfare of poisoners .090 and .150 against .087 of the process, welfare of leaky .0150 and .0142
   against .0217 and .0172. Better for one outcome and worse for another; that it is not kept is a choice.
3. Does scaling errors by leave-one-out residuals make intervals hold? No: the factor is .3 to 1.0 where 1.0 to 1.3 is
   needed, since residuals are small where profiles say the same; by residuals with weights fitted anew .5 to 1.4.
4. Is the doubt about weights what intervals lack? Table ``coverage``.
5. Is sub-sampling with peeling exact for few coefficients of any degree, and of use for runs? Table ``sparse``.
6. Which profiles and which accuracy find duplicates? The rule of 3 deviations was chosen among others on 9 worlds, and
   is tried on fresh ones in table ``duplicates``. Would playing profiles twice help? Not in ``leaky``: table ``luck``.
"""

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from results_page import main, markdown

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.streams import Streams
from commonweal.economy.credit.estimators import ESTIMATORS, CoalitionGame
from commonweal.economy.credit.probabilistic import shapley
from commonweal.economy.explaining.cube import cube_values, energies
from commonweal.economy.explaining.design import extend, first_profiles
from commonweal.economy.explaining.fourier import Sparse, fit_sparse
from commonweal.economy.explaining.process import Process, fit_process
from commonweal.economy.explaining.products import ProductSum, all_profiles
from commonweal.economy.explaining.profiles import play_profiles
from commonweal.economy.explaining.sketch import Played, Sketch, explain, sketch, uniform
from commonweal.economy.explaining.subsampled import fit_subsampled, subsampling
from commonweal.economy.round.set_up import Economy, set_up
from commonweal.economy.tasks import first_supply
from commonweal.scenarios.schema.loading import load

PAGE = Path(__file__).parents[1] / "docs" / "explanations.md"
ROUNDS, SEED = 20, 0
BUDGETS, DRAWS = (100, 250, 500), 3
FRESH = range(2000, 2002)  # draws of the tables designs and coverage, used for nothing else
OUTCOMES = ("accuracy", "welfare")
EVERY = "all 256"
PLANTED = "planted, 96 of 65 536 coefficients"
FIRST = 60  # profiles before the first that are chosen
PEERS = Path(__file__).with_name("explain_outcomes_peers.py")
KEPT: list[Path] = []  # folder of cubes, if one is given
ASKED: dict[str, str] = {}  # what is installed for each peer
TWIN_SEEDS, TWIN_PRINCIPALS, TWIN_PROFILES = range(100, 105), 8, 80  # worlds in which two hold the same samples
Model = tuple[Callable[[Ints], Floats], Callable[[Ints, Floats], Floats]]  # outcomes and values at profiles


@dataclass(frozen=True)
class Known:
    """Every profile of a scenario and what it came to."""

    profiles: Ints  # (M, n) positions in ``actions``
    actions: tuple[Action, ...]
    outcomes: dict[str, Floats]  # (M,)

    @property
    def levels(self) -> Ints:
        """(n,) actions of each."""
        return np.full(self.profiles.shape[1], len(self.actions))

    @property
    def law(self) -> Floats:
        """(n, q) all actions equally likely."""
        return np.full((len(self.levels), len(self.actions)), 1 / len(self.actions))

    def cube(self, outcome: str) -> Floats:
        """(q, …, q)."""
        return self.outcomes[outcome].reshape(tuple(self.levels))

    def truth(self, outcome: str) -> Floats:
        """(M, n) exact values."""
        return cube_values(self.cube(outcome), self.law)


@cache
def known(name: str) -> Known:
    """The full cube of a scenario, played once; accuracy of the last round, welfare summed over all."""
    principals, actions = {
        "leaky": (6, tuple(Action)),
        "poisoners": (8, (Action.DELEGATE, Action.FREE_RIDE, Action.DEFECT)),
    }[name]
    profiles = all_profiles(np.full(principals, len(actions)))
    played = _kept(name, lambda: _all_rounds(world(name, principals, SEED), np.array(actions)[profiles]))
    accuracy, welfare = played[..., 0], played[..., 1]
    outcomes = {
        "accuracy": accuracy[:, -1],
        "welfare": welfare.sum(axis=1),
    }
    return Known(profiles, actions, outcomes)


def _all_rounds(economy: Economy, profiles: Ints) -> Floats:
    """(M, T, 2) accuracy and welfare."""
    clock = time.process_time()
    played = play_profiles(economy, profiles, ("accuracy", "welfare"), ROUNDS)[0]
    print(f"{len(profiles)} profiles in {time.process_time() - clock:.0f} s of processor time\n", flush=True)
    return played


def _kept(name: str, play: Callable[[], Floats]) -> Floats:
    """What was played, from the folder of cubes if it is there."""
    if not KEPT:
        return play()
    file = KEPT[0] / f"{name}.npy"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file, play())
    found: Floats = np.load(file)
    return found


def world(name: str, principals: int, seed: int) -> Economy:
    """One run of a scenario before its first round."""
    return set_up([load(name, {"population.count": principals, "rounds": ROUNDS})], [seed])


def ridge(degree: int) -> Callable[[Ints, Floats, Ints], Model]:
    """Least squares on indicators up to a degree; ridge by leave-one-out error above the first."""

    def fit(profiles: Ints, outcomes: Floats, levels: Ints) -> Model:
        players, q = len(levels), int(levels[0])
        groups = [(i,) for i in range(players)]
        groups += [(i, j) for i in range(players) for j in range(i)] if degree > 1 else []

        def columns(rows: Ints, group: tuple[int, ...]) -> Floats:
            """Products of the centred and scaled indicators of a group's players."""
            found = np.ones((len(rows), 1))
            for player in group:
                one = (rows[:, player, None] == np.arange(q)) * np.sqrt(q) - 1 / np.sqrt(q)
                found = (found[:, :, None] * one[:, None]).reshape(len(rows), -1)
            return found

        design = np.hstack([columns(profiles, group) for group in groups])
        centre, level = design.mean(axis=0), outcomes.mean()
        design = design - centre
        left, values, right = np.linalg.svd(design, full_matrices=False)
        turned, best = left.T @ (outcomes - level), (np.inf, 0.0)
        for penalty in np.logspace(-6, 4, 21) if degree > 1 else [1e-9]:
            shrunk = values**2 / (values**2 + penalty)
            missed = (outcomes - level - left @ (shrunk * turned)) / (1 - 1 / len(outcomes) - left**2 @ shrunk)
            best = min(best, (float((missed**2).sum()), float(penalty)))
        found = right.T @ (values / (values**2 + best[1]) * turned)
        mean = level - centre @ found
        edges = np.cumsum([0, *(q ** len(group) for group in groups)])

        def parts(rows: Ints) -> Floats:
            """(R, groups): under the uniform law each part is the dividend of its group."""
            each = [columns(rows, g) @ found[a:b] for g, a, b in zip(groups, edges, edges[1:], strict=False)]
            return np.stack(each, axis=1)

        def values_at(rows: Ints, law: Floats) -> Floats:
            shares = np.array([[(i in group) / len(group) for i in range(players)] for group in groups])
            return parts(rows) @ shares

        return (lambda rows: mean + parts(rows).sum(axis=1)), values_at

    return fit


def process(alike: bool) -> Callable[[Ints, Floats, Ints], Model]:
    """Ours."""

    def fit(profiles: Ints, outcomes: Floats, levels: Ints) -> Model:
        function = fit_process(profiles, outcomes, levels, alike=alike, alternatives=0).function
        return function.at, function.shapley

    return fit


def sparse(profiles: Ints, outcomes: Floats, levels: Ints) -> Model:
    """Ours."""
    function = fit_sparse(profiles, outcomes, levels).function
    return function.at, function.shapley


MODELS: dict[str, Callable[[Ints, Floats, Ints], Model]] = {
    "degree 1": ridge(1),
    "degree 2, ridge": ridge(2),
    "sparse Fourier series": sparse,
    "process, actions equally different": process(alike=False),
    "process, actions compared": process(alike=True),
}


def errors(name: str, outcome: str, fit: Callable[[Ints, Floats, Ints], Model], count: int) -> tuple[float, float]:
    """Mean over draws: squared error at profiles that were not played, in variances, and error of values."""
    cube = known(name)
    outcomes, truth, found = cube.outcomes[outcome], cube.truth(outcome), []
    for draw in range(DRAWS):
        chosen = np.random.default_rng(draw).choice(len(outcomes), count, replace=False)
        predict, values = fit(cube.profiles[chosen], outcomes[chosen], cube.levels)
        others = np.setdiff1d(np.arange(len(outcomes)), chosen)
        missed = ((predict(cube.profiles[others]) - outcomes[others]) ** 2).mean() / outcomes.var()
        found.append((missed, _error(values(cube.profiles, cube.law), truth)))
    low, high = np.mean(found, axis=0)
    return float(low), float(high)


def _error(found: Floats, truth: Floats) -> float:
    return float(((found - truth) ** 2).sum() / (truth**2).sum())


def sketches() -> str:
    """Error of all values from so many simulations in all; in brackets the squared error at unseen profiles."""
    rows = []
    for name in ("leaky", "poisoners"):
        for outcome in OUTCOMES:
            for model, fit in MODELS.items():
                cells = [errors(name, outcome, fit, count) for count in BUDGETS]
                rows.append([f"{name}, {outcome}", model, *(f"{phi:.4f} ({nmse:.3f})" for nmse, phi in cells)])
    return markdown(["outcome", "model", *(f"{count} simulations" for count in BUDGETS)], rows)


def spectra() -> str:
    """Variance over equally likely profiles by degree."""
    rows = []
    for name in ("leaky", "poisoners"):
        cube = known(name)
        for outcome in OUTCOMES:
            shares = energies(cube.cube(outcome))
            spread, distinct = cube.outcomes[outcome].std(), len(np.unique(cube.outcomes[outcome].round(9)))
            rows.append([f"{name}, {outcome}", f"{spread:.3f}", str(distinct), *(f"{s:.3f}" for s in shares[:4])])
    return markdown(["outcome", "sd", "different values", *(f"degree {d}" for d in range(1, 5))], rows)


def sampled() -> str:
    """KernelSHAP (ours) of one profile at a time: every coalition with as many draws of the others as there is room."""
    rows = []
    for name, most in (("leaky", 64), ("poisoners", 256)):
        cube = known(name)
        for outcome in OUTCOMES:
            truth, explained = cube.truth(outcome), np.random.default_rng(0).choice(len(cube.profiles), 60)
            cells = [
                _error(np.stack([_kernel(cube, outcome, row, min(most, budget), budget) for row in explained]),
                       truth[explained])
                for budget in (256, 1024, 4096)
            ]  # fmt: skip
            rows.append([f"{name}, {outcome}", *(f"{cell:.3f}" for cell in cells)])
    return markdown(["outcome", *(f"{count} simulations a profile" for count in (256, 1024, 4096))], rows)


def _kernel(cube: Known, outcome: str, row: int, coalitions: int, budget: int) -> Floats:
    rng, own = np.random.default_rng(row), cube.profiles[row]
    repeats = budget // coalitions
    places = len(cube.actions) ** np.arange(len(own))[::-1]

    def value(members: Bools) -> Floats:
        drawn = rng.integers(0, len(cube.actions), (repeats, *members.shape))
        return cube.outcomes[outcome][np.where(members, own, drawn) @ places].mean(axis=0)

    game = CoalitionGame(len(own), value, coalitions)
    return ESTIMATORS["kernel_shap"](game, shapley(len(own)), rng).values


def times() -> str:
    """Seconds to fit and milliseconds to explain one profile, one thread; leaky, accuracy."""
    cube = known("leaky")
    outcomes = cube.outcomes["accuracy"][:, None]
    rows = []
    for count in BUDGETS:
        chosen = np.random.default_rng(0).choice(len(outcomes), count, replace=False)
        played = _played(cube, chosen, outcomes)
        clock = time.process_time()
        model = sketch(played)
        fitted, law = time.process_time() - clock, uniform(played)
        cells = [
            _milliseconds(lambda m=model, x=cube.profiles[:some], b=law, o=only: explain(m, x, b, values_only=o), some)
            for only, some in ((True, 1), (False, 1), (False, 100))
        ]
        rows.append([str(count), f"{fitted:.1f}", *cells])
    heads = ["values only", "with pairs and standard errors", "the same, of 100 profiles at once"]
    return markdown(["simulations", "fit (s)", *(f"{each} (ms a profile)" for each in heads)], rows)


def _played(cube: Known, chosen: Ints, outcomes: Floats) -> Played:
    names = tuple(f"principal {i}" for i in range(len(cube.levels)))
    actions = (tuple(action.name.lower() for action in cube.actions),) * len(names)
    answers = tuple(cube.outcomes)[: outcomes.shape[1]]
    return Played(cube.profiles[chosen], outcomes[chosen], names, answers, actions)


def _milliseconds(work: Callable[[], object], profiles: int) -> str:
    """Of processor time for each of the profiles that work explains; median of 20, or of 3 for many profiles."""
    work()
    taken = []
    for _ in range(20 if profiles == 1 else 3):
        clock = time.process_time()
        work()
        taken.append(time.process_time() - clock)
    return f"{1000 * np.median(taken) / profiles:.2f}"


@dataclass(frozen=True)
class Case:
    """A game whose values are known."""

    name: str
    levels: Ints  # (n,)
    play: Callable[[Ints], Floats]  # (m,) outcomes of profiles
    truth: Callable[[Ints], Floats]  # (m, n) values

    @property
    def law(self) -> Floats:
        """(n, q) all actions equally likely."""
        return np.full((len(self.levels), self.levels[0]), 1 / self.levels[0])

    def played(self, profiles: Ints) -> Played:
        """Profiles with their outcomes."""
        players, q = len(self.levels), int(self.levels[0])
        names = tuple(f"principal {i}" for i in range(players))
        return Played(profiles, self.play(profiles)[:, None], names, ("y",), (tuple(map(str, range(q))),) * players)


def cases() -> list[Case]:
    """All that is known, and ten principals with four actions."""
    found = [ten()]
    for name in ("poisoners", "leaky"):
        cube = known(name)
        for outcome in OUTCOMES:
            numbers, at, truth = cube.outcomes[outcome], _lookup(cube.levels), cube.truth(outcome)
            found.append(Case(f"{name}, {outcome}", cube.levels, lambda x, f=numbers, at=at: f[at(x)],
                              lambda x, f=truth, at=at: f[at(x)]))  # fmt: skip
    return found


def _lookup(levels: Ints) -> Callable[[Ints], Ints]:
    return lambda profiles: np.ravel_multi_index(tuple(profiles.T), tuple(levels))


@cache
def ten() -> Case:
    """Ten principals, four actions (1 048 576 profiles), accuracy of leaky.

    Accuracy there depends on who delegates alone, so that 1024 runs tell all of it, and the truth.
    """
    players = 10
    delegating = all_profiles(np.full(players, 2))
    by_set = _kept("ten", lambda: _all_rounds(world("leaky", players, SEED), delegating))[:, -1, 0]
    truth = cube_values(by_set.reshape((2,) * players), np.tile([0.75, 0.25], (players, 1)))
    at = _lookup(np.full(players, 2))
    play, values = (lambda x: by_set[at(x == Action.DELEGATE)]), (lambda x: truth[at(x == Action.DELEGATE)])
    return Case("leaky, 10 principals, accuracy", np.full(players, 4), play, values)


@dataclass(frozen=True)
class Score:
    """How values at 300 profiles fared, and their intervals at 60 of these."""

    error: float  # Σ‖φ̂ − φ‖² / Σ‖φ‖²
    held: float  # share within 1.96 standard errors
    half: float  # half width of the intervals, in mean |φ|
    held_by_best: float  # share within 1.96 standard errors that take the best weights for known
    seconds: float  # until then


@cache
def scores() -> dict[tuple[str, str], list[list[Score]]]:
    """By case and design: a list per fresh draw of the scores at all budgets."""
    found: dict[tuple[str, str], list[list[Score]]] = {}
    for draw in FRESH:
        for case in cases():
            for design, run in (("drawn", _drawn), ("chosen", _chosen)):
                scored = _scored(f"{case.name}, {design}, {draw}", lambda r=run, c=case, d=draw: r(c, d))
                found.setdefault((case.name, design), []).append(scored)
    return found


def _scored(name: str, run: Callable[[], list[Score]]) -> list[Score]:
    """The scores of a draw, from the folder of cubes if they are there."""
    file = KEPT[0] / "scores" / f"{name}.json" if KEPT else None
    if file is None or not file.exists():
        found = run()
        print(name, *(f"{each.error:.4f} {each.held:.2f}" for each in found), flush=True)
        if file is None:
            return found
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps([asdict(each) for each in found]))
    return [Score(**each) for each in json.loads(file.read_text())]


def _drawn(case: Case, draw: int) -> list[Score]:
    rng, found = np.random.default_rng(draw), []
    for count in BUDGETS:
        played = case.played(rng.integers(0, case.levels, (count, len(case.levels))))
        clock = time.process_time()
        found.append(_score(case, sketch(played), clock))
    return found


def _chosen(case: Case, draw: int) -> list[Score]:
    rng, found = np.random.default_rng(draw), []
    played, taken = case.played(first_profiles(case.levels, FIRST, rng)), 0.0
    for count in BUDGETS:
        clock = time.process_time() - taken
        model = extend(played, lambda rows: case.play(rows)[:, None], count, rng)
        found.append(_score(case, model, clock))
        played, taken = model.played, found[-1].seconds
    return found


def _score(case: Case, model: Sketch, clock: float) -> Score:
    taken = time.process_time() - clock
    tested = np.random.default_rng(99).integers(0, case.levels, (300, len(case.levels)))
    exact, fitted = case.truth(tested), model.fitted[0]
    assert isinstance(fitted, Process)
    missed = np.abs(fitted.function.shapley(tested, case.law) - exact)
    doubted = tested[:60]
    half, by_best = (1.96 * each.error(doubted, case.law) for each in (fitted, replace(fitted, alternatives=())))
    return Score(
        error=float((missed**2).sum() / (exact**2).sum()),
        held=float((missed[:60] <= half + 1e-12).mean()),
        half=float(half.mean() / np.abs(exact[:60]).mean()),
        held_by_best=float((missed[:60] <= by_best + 1e-12).mean()),
        seconds=taken,
    )


def designs() -> str:
    """Error of values from profiles drawn and chosen: mean of the fresh draws (the least to the largest)."""
    rows = []
    for (name, design), draws in scores().items():
        errors = np.array([[each.error for each in draw] for draw in draws])
        ends = zip(errors.mean(axis=0), errors.min(axis=0), errors.max(axis=0), strict=True)
        cells = [f"{mean:.4f} ({least:.4f} to {most:.4f})" for mean, least, most in ends]
        rows.append([name, design, *cells, f"{np.mean([draw[-1].seconds for draw in draws]):.0f}"])
    return markdown(["outcome", "profiles", *(f"{count} simulations" for count in BUDGETS), "seconds"], rows)


def coverage() -> str:
    """Share of values within 1.96 standard errors; with weights taken for known; half width in mean |values|."""
    rows = []
    for (name, design), draws in scores().items():
        cells = []
        for each in zip(*draws, strict=True):
            held, by_best, half = np.mean([(one.held, one.held_by_best, one.half) for one in each], axis=0)
            cells.append(f"{held:.2f} ({by_best:.2f}) ± {half:.2f}")
        rows.append([name, design, *cells])
    return markdown(["outcome", "profiles", *(f"{count} simulations" for count in BUDGETS)], rows)


def sparse_outcomes() -> str:
    """Squared error of outcomes, in variances: sub-sampled series of 5 designs, others on one draw of profiles."""
    games = {PLANTED: _planted()}
    games |= {f"leaky, {outcome}": known("leaky").cube(outcome) for outcome in OUTCOMES}
    rows = []
    for name, cube in games.items():
        players, q = cube.ndim, len(cube)
        profiles = all_profiles(np.full(players, q))
        tested = profiles[:: max(1, len(profiles) // 2000)]

        def missed(function: ProductSum, cube: Floats = cube, tested: Ints = tested) -> float:
            return float(((function.at(tested) - cube[tuple(tested.T)]) ** 2).mean() / cube.var())

        for free, groups in ((3, 3), (3, 4)) if players > 6 else ((3, 3),):
            designs = [subsampling(players, q, free, groups, np.random.default_rng(draw)) for draw in range(100, 105)]
            counts = [len(design.profiles) for design in designs]
            found = [missed(fit_subsampled(each, cube[tuple(each.profiles.T)]).function) for each in designs]
            count = min(500, *counts)
            few = profiles[np.random.default_rng(100).choice(len(profiles), count, replace=False)]
            others = [fit(few, cube[tuple(few.T)], np.full(players, q)).function for fit in (fit_sparse, _quick)]
            exact = f"{sum(each < 1e-9 for each in found)} of {len(found)}"
            rows.append([name, f"{min(counts)} to {max(counts)}", exact, f"{max(found):.3f}", str(count),
                         *(f"{missed(each):.3f}" for each in others)])  # fmt: skip
    heads = ["outcome", "profiles of a design", "exact designs", "largest error", "profiles drawn",
             "series of degree 3", "process"]  # fmt: skip
    return markdown(heads, rows)


def _quick(profiles: Ints, outcomes: Floats, levels: Ints) -> Process:
    return fit_process(profiles, outcomes, levels, alternatives=0)


def _planted() -> Floats:
    """(4, …, 4) of 8 players: 48 conjugate pairs of coefficients of any degree."""
    rng, spectrum = np.random.default_rng(3), np.zeros((4,) * 8, dtype=complex)
    for frequency in rng.integers(0, 4, (48, 8)):
        value = rng.uniform(0.5, 1.5) * np.exp(2j * np.pi * rng.random())
        spectrum[tuple(frequency)] += value
        spectrum[tuple(-frequency % 4)] += value.conjugate()
    found: Floats = np.fft.ifftn(spectrum).real * spectrum.size
    return found


def peers() -> str:
    """Error of values of SHAP zero and of shapiq's KernelSHAP on the same games."""
    rows = []
    for game, cube in _games().items():
        law, profiles = np.full((cube.ndim, len(cube)), 1 / len(cube)), all_profiles(np.array(cube.shape))
        truth = cube_values(cube, law)
        rows += _of_shapzero(game, cube, truth, profiles, law) + _of_shapiq(game, cube, truth)
        rows += _ours(game, budgets=(250, 500))
    return markdown(["outcome", "explainer", "simulations", "for", "error, mean (largest)"], rows)


@cache
def _games() -> dict[str, Floats]:
    """Outcomes (q, …, q) of all profiles."""
    return {f"{name}, {outcome}": known(name).cube(outcome) for name in ("leaky", "poisoners") for outcome in OUTCOMES}


def _ours(game: str, budgets: tuple[int, ...]) -> list[list[str]]:
    rows = []
    for budget in budgets:
        errors = np.array([draw[BUDGETS.index(budget)].error for draw in scores()[game, "chosen"]])
        said = f"{errors.mean():.4f} ({errors.max():.4f})"
        rows.append([game, "process, profiles chosen", str(budget), "every profile", said])
    return rows


def _of_shapzero(game: str, cube: Floats, truth: Floats, profiles: Ints, law: Floats) -> list[list[str]]:
    levels, rows = np.array(cube.shape), []
    version, answers = _answers("shapzero")
    for budget, (said,) in answers[game].items():
        asked = f"{said['asked']} (budget {budget})"
        rows.append([game, f"shapzero {version}", asked, "every profile", f"no answer: {said.get('refused', '')[:60]}"])
        if "refused" not in said:
            frequencies = np.array(said["frequencies"], dtype=np.int64).reshape(-1, cube.ndim)
            series = Sparse(frequencies, np.array(said["real"]), -np.array(said["imaginary"]), levels)
            found = series.function.shapley(profiles, law) if len(frequencies) else np.zeros(truth.shape)
            rows[-1][-1] = f"{_error(found, truth):.3g}"
    return rows


def _of_shapiq(game: str, cube: Floats, truth: Floats) -> list[list[str]]:
    explained, (version, answers) = _explained(cube), _answers("shapiq")
    exact = truth[np.ravel_multi_index(tuple(explained.T), cube.shape)]
    rows = []
    for budget, draws in answers[game].items():
        errors = [_error(np.array(draw["values"]), exact) for draw in draws]
        said = f"{np.mean(errors):.3f} ({np.max(errors):.3f})"
        rows.append([game, f"KernelSHAP of shapiq {version}", budget, "each of 60", said])
    return rows


def _explained(cube: Floats) -> Ints:
    return np.random.default_rng(0).integers(0, len(cube), (60, cube.ndim))


@cache
def _answers(peer: str) -> tuple[str, dict[str, dict[str, list[dict[str, Any]]]]]:
    """Version of a peer, and what it says of every game at every budget; kept beside the cubes."""
    if KEPT and (file := KEPT[0] / f"{peer}.json").exists():
        said = file.read_text(encoding="utf-8")
    else:
        said = _ask(peer)
        if KEPT:
            (KEPT[0] / f"{peer}.json").write_text(said, encoding="utf-8")
    found = json.loads(said)
    return found["version"], found["answers"]


def _ask(peer: str) -> str:
    """What a peer says: in this environment if it is here, else in one of its own."""
    games = _games()
    explained = {f"explained of {name}": _explained(cube) for name, cube in games.items()}
    asked = {"shapzero": (252, 1008, 1792), "shapiq": (256, 1024, 4096)}[peer]
    budgets = {f"budgets of {name}": np.array(asked) for name in games}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        python = sys.executable if importlib.util.find_spec(peer) else _environment(peer, place / "own")
        np.savez(place / "games.npz", **games, **explained, **budgets)
        answers = place / "answers.json"
        subprocess.run([python, str(PEERS), peer, str(place / "games.npz"), str(answers)], check=True)
        return answers.read_text(encoding="utf-8")


def _environment(peer: str, place: Path) -> str:
    """The interpreter of a new environment that has a peer."""
    if peer not in ASKED:
        raise SystemExit(f"{peer} is not installed: say what to install for it, like --{peer} {peer}==VERSION")
    venv.create(place, with_pip=True)
    python = str(place / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "-q", ASKED[peer]], check=True)
    return python


def luck() -> str:
    """Standard deviation of accuracy between 4 batch streams, in brackets that between 24 profiles; last rounds."""
    rows = []
    for name in ("leaky", "poisoners"):
        cube, economy = known(name), world(name, len(known(name).levels), SEED)
        some = np.random.default_rng(1).choice(len(cube.profiles), 24, replace=False)
        profiles = np.array(cube.actions)[cube.profiles[some]]
        streams = [replace(economy.streams, batch=Streams.from_seeds([seed]).batch) for seed in range(101, 105)]
        played = [replace(economy, streams=each) for each in streams]
        series = np.stack([play_profiles(each, profiles, ("accuracy",), ROUNDS)[0, ..., 0] for each in played])
        cells = []
        for rounds in (1, 5, ROUNDS):
            accuracy = series[..., -rounds:].mean(axis=2)
            between = np.sqrt(accuracy.var(axis=0, ddof=1).mean())
            cells.append(f"{between:.3f} ({accuracy.mean(axis=0).std(ddof=1):.3f})")
        rows.append([name, *cells])
    return markdown(["accuracy of", "the last round", "the last 5", f"all {ROUNDS}"], rows)


def larger() -> str:
    """Ten principals, four actions (1 048 576 profiles), accuracy of leaky: error of values at 2000 profiles."""
    case = ten()
    levels, law, players = case.levels, case.law, len(case.levels)
    tested = np.random.default_rng(99).integers(0, 4, (2000, players))
    exact = case.truth(tested)
    rows = []
    for model, fit in MODELS.items():
        cells = []
        for count in BUDGETS:
            found = []
            for draw in range(2):
                profiles = np.random.default_rng(draw).integers(0, 4, (count, players))
                _, values = fit(profiles, case.play(profiles), levels)
                found.append(_error(values(tested, law), exact))
            cells.append(f"{np.mean(found):.4f}")
        rows.append([model, *cells])
    return markdown(["model", *(f"{count} simulations" for count in BUDGETS)], rows)


def duplicates() -> str:
    """The dividend of the two who hold the same samples among 28 pairs, where all delegate, in worlds used once."""
    worlds = [_twin_world(seed) for seed in TWIN_SEEDS]
    rows = []
    for how, look in LOOKS.items():
        for rounds in (5, ROUNDS) if how == EVERY else (ROUNDS,):
            planted, free = (
                [_Found.of(*look(each[which][:, -rounds:].mean(axis=1), seed), pair)
                 for seed, (pair, each) in zip(TWIN_SEEDS, worlds, strict=True)]
                for which in (0, 1)
            )  # fmt: skip
            ranks, called = [each.rank for each in planted], [each.called for each in planted]
            ends = [f"{sum(ranked == 1 for ranked in ranks)}", f"{sum(ranked <= 3 for ranked in ranks)}",
                    f"{np.median(ranks):g}", f"{sum(each.rank == 1 for each in free)}", f"{sum(called)}",
                    f"{np.mean([each.others for each in planted]):.1f}",
                    f"{np.mean([each.others + each.called for each in free]):.1f}"]  # fmt: skip
            rows.append([how, str(rounds), *ends])
    heads = ["profiles", "last rounds", "first", "first three", "median rank", "first, not planted", "called",
             "others called a world", "called a world, not planted"]  # fmt: skip
    return markdown(heads, rows)


def _twin_world(seed: int) -> tuple[tuple[int, int], Floats]:
    """A pair, and accuracy (2, 256, T) where the second of it holds the samples of the first and where it does not."""
    players = np.random.default_rng(seed).choice(TWIN_PRINCIPALS, 2, replace=False)
    pair = int(players.min()), int(players.max())
    plain, cube = world("leaky", TWIN_PRINCIPALS, seed), all_profiles(np.full(TWIN_PRINCIPALS, 2))

    def play() -> Floats:
        both = (twinned(plain, pair), plain)
        return np.stack([play_profiles(each, cube, ("accuracy",), ROUNDS)[0, :, :, 0] for each in both])

    return pair, _kept(f"twins-{seed}", play)


@dataclass(frozen=True)
class _Found:
    """What is said of a pair."""

    rank: int  # of its dividend; 1: the most negative
    called: bool  # whether it lies more than 3 deviations below the median
    others: int  # pairs that do too

    @classmethod
    def of(cls, dividends: Floats, doubt: Floats, pair: tuple[int, int]) -> "_Found":
        """From dividends (28,) and their standard errors."""
        place = [*combinations(range(TWIN_PRINCIPALS), 2)].index(pair)
        apart = dividends - np.median(dividends)
        low = apart < -3 * np.hypot(doubt, 1.4826 * np.median(np.abs(apart)))
        return cls(1 + int((dividends < dividends[place]).sum()), bool(low[place]), int(low.sum() - low[place]))


def _of_sketch(outcomes: Floats, profiles: Ints) -> tuple[Floats, Floats]:
    """Dividends (28,) where all delegate and their errors, from outcomes (256,) at some profiles."""
    places = _lookup(np.full(TWIN_PRINCIPALS, 2))(profiles)
    return _dividends(sketch(_twins(profiles, outcomes[places])))


def _of_pairs_off(outcomes: Floats, seed: int) -> tuple[Floats, Floats]:
    """Everybody, all but one and all but two."""
    return _around(outcomes, 1)


def _of_pairs_on(outcomes: Floats, seed: int) -> tuple[Floats, Floats]:
    """Nobody, one alone and two alone."""
    return _around(outcomes, 0)


def _around(outcomes: Floats, others: int) -> tuple[Floats, Floats]:
    """v(both) − v(one) − v(other) + v(neither) where all others delegate, or nobody does."""
    cube, found = outcomes.reshape((2,) * TWIN_PRINCIPALS), []
    for pair in combinations(range(TWIN_PRINCIPALS), 2):
        two = cube[tuple(slice(None) if i in pair else others for i in range(TWIN_PRINCIPALS))]
        found.append(two[1, 1] - two[1, 0] - two[0, 1] + two[0, 0])
    return np.array(found), np.zeros(len(found))


LOOKS: dict[str, Callable[[Floats, int], tuple[Floats, Floats]]] = {
    EVERY: lambda outcomes, seed: _of_sketch(outcomes, all_profiles(np.full(TWIN_PRINCIPALS, 2))),
    f"{TWIN_PROFILES} drawn": lambda outcomes, seed: _of_sketch(
        outcomes, all_profiles(np.full(TWIN_PRINCIPALS, 2))[
            np.random.default_rng(seed).choice(2**TWIN_PRINCIPALS, TWIN_PROFILES, replace=False)
        ],
    ),
    "37, pairs off where all delegate": _of_pairs_off,
    "37, pairs on where nobody does": _of_pairs_on,
}  # fmt: skip


def _twins(profiles: Ints, outcomes: Floats) -> Played:
    names = tuple(f"principal {i}" for i in range(TWIN_PRINCIPALS))
    return Played(profiles, outcomes[:, None], names, ("accuracy",), (("abstain", "delegate"),) * TWIN_PRINCIPALS)


def _dividends(model: Sketch) -> tuple[Floats, Floats]:
    why = explain(model, np.ones((1, TWIN_PRINCIPALS), dtype=np.int64), uniform(model.played))
    first, second = np.triu_indices(TWIN_PRINCIPALS, 1)
    assert why.interactions is not None
    dividends = why.interactions[0, first, second, 0]
    doubt = np.zeros(len(first)) if why.interaction_error is None else why.interaction_error[0, first, second, 0]
    return dividends, doubt


def twinned(economy: Economy, pair: tuple[int, int]) -> Economy:
    """The runs in which the second of a pair holds the samples of the first."""
    holdings = economy.world.holdings
    start, count = holdings.start.copy(), holdings.count.copy()
    for each in (start, count):
        each[:, pair[1]] = each[:, pair[0]]
    holdings = replace(holdings, start=start, count=count)
    state = replace(economy.state, supply=first_supply(holdings))
    return replace(economy, world=replace(economy.world, holdings=holdings), state=state)


def _options() -> None:
    """Take what only this benchmark knows off the command line."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--cubes", type=Path)
    for peer in ("shapzero", "shapiq"):
        parser.add_argument(f"--{peer}")
    given, rest = parser.parse_known_args()
    KEPT.extend([given.cubes] if given.cubes else [])
    ASKED.update({peer: vars(given)[peer] for peer in ("shapzero", "shapiq") if vars(given)[peer]})
    sys.argv[1:] = rest


if __name__ == "__main__":
    _options()
    tables = {"spectra": spectra, "sketches": sketches, "sampled": sampled, "times": times, "designs": designs,
              "coverage": coverage, "sparse": sparse_outcomes, "larger": larger, "duplicates": duplicates,
              "luck": luck}  # fmt: skip
    main(__doc__, {**tables, **({"peers": peers} if ASKED else {})}, prefix="outcomes-", page=PAGE)
