"""Outcomes of action profiles: how close sketches come to exact values, and whether they find duplicated data.

    python benchmarks/explain_outcomes.py          all tables (about twenty minutes on one core)
    python benchmarks/explain_outcomes.py --write  into docs/explanations.md
    python benchmarks/explain_outcomes.py --cubes FOLDER   keeps outcomes of all profiles there, and reads them again
    python benchmarks/explain_outcomes.py peers --shapzero shapzero==0.0.4 --shapiq shapiq==1.4.1
                                                   installs both, each into an environment of its own, and asks them

Truth is enumeration: every profile of ``leaky`` with 6 principals and 4 actions (4096) and of ``poisoners`` with 8
principals who delegate, free-ride or poison (6561) is played for 20 rounds in the digits world, on one seed. Errors are
Σ‖φ̂ − φ‖² / Σ‖φ‖² over all profiles, and the mean squared error at profiles that were not played, in variances.

Written down before the experiments, with what came of them:
1. Profiles chosen for the variance of values come closer than as many drawn: yes, table ``designs``.
2. A covariance of learned sums of what players do (1 to 3 numbers, squared exponential) takes poisoners' welfare below
   the process: no, errors .090 to .150 against .087 at 250 (two draws); it is not kept.
3. Scaling errors by leave-one-out residuals makes intervals hold: no, the factor is .3 to 1.0 where 1.0 to 1.3 is
   needed, since residuals are small where profiles say the same; by residuals with weights fitted anew .5 to 1.4.
4. The doubt about weights is what intervals lack: mostly, table ``coverage``.
5. Sub-sampling with peeling is exact for few coefficients of any degree and no use for runs: yes, table ``sparse``.
6. All pairs off and on around "all delegate" find duplicates better than as many drawn profiles: no, 1 of 9 first; and
   playing them twice tells nothing new, since luck does not touch accuracy in ``leaky``.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from results_page import main, markdown

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.economy.credit.estimators import ESTIMATORS, CoalitionGame
from commonweal.economy.credit.probabilistic import shapley
from commonweal.economy.explaining.cube import cube_values, energies
from commonweal.economy.explaining.design import extend, first_profiles
from commonweal.economy.explaining.fourier import Sparse, fit_sparse
from commonweal.economy.explaining.process import Process, fit_process
from commonweal.economy.explaining.products import all_profiles
from commonweal.economy.explaining.profiles import play_profiles
from commonweal.economy.explaining.sketch import Played, Sketch, explain, sketch, uniform
from commonweal.economy.explaining.subsampled import fit_subsampled, subsampling
from commonweal.economy.round.set_up import Economy, set_up
from commonweal.economy.tasks import first_supply
from commonweal.scenarios.schema.loading import load

PAGE = Path(__file__).parents[1] / "docs" / "explanations.md"
ROUNDS, SEED = 20, 0
BUDGETS, DRAWS = (100, 250, 500), 3
FRESH = range(1000, 1005)  # draws of the tables designs and coverage, used for nothing else
OUTCOMES = ("accuracy", "welfare")
FIRST = 60  # profiles before the first that are chosen
PEERS = Path(__file__).with_name("explain_outcomes_peers.py")
KEPT: list[Path] = []  # folder of cubes, if one is given
ASKED: dict[str, str] = {}  # what is installed for each peer
TWINS, TWIN_PRINCIPALS, TWIN_PROFILES = 10, 8, 80  # worlds with two principals of the same samples
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
        "accuracy of 5 rounds": accuracy[:, -5:].mean(axis=1),
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
        function, one = model.fitted[0].function, cube.profiles[:1]
        rows.append([str(count), f"{fitted:.1f}", _milliseconds(lambda f=function, p=one: f.shapley(p, cube.law)),
                     _milliseconds(lambda m=model, p=one, b=law: explain(m, p, b))])  # fmt: skip
    return markdown(["simulations", "fit (s)", "values (ms)", "with pairs and standard errors (ms)"], rows)


def _played(cube: Known, chosen: Ints, outcomes: Floats) -> Played:
    names = tuple(f"principal {i}" for i in range(len(cube.levels)))
    actions = (tuple(action.name.lower() for action in cube.actions),) * len(names)
    answers = tuple(cube.outcomes)[: outcomes.shape[1]]
    return Played(cube.profiles[chosen], outcomes[chosen], names, answers, actions)


def _milliseconds(work: Callable[[], object], repeats: int = 50) -> str:
    work()
    taken = []
    for _ in range(repeats):
        clock = time.process_time()
        work()
        taken.append(time.process_time() - clock)
    return f"{1000 * np.median(taken):.2f}"


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
        for outcome, numbers in cube.outcomes.items():
            at, truth = _lookup(cube.levels), cube.truth(outcome)
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


Scores = tuple[float, float, float, float]  # error, share within intervals, their half width, seconds until then


@cache
def scores() -> dict[tuple[str, str], list[list[Scores]]]:
    """By case and design: a list per fresh draw of the scores at all budgets."""
    found: dict[tuple[str, str], list[list[Scores]]] = {}
    for case in cases():
        for design, run in (("drawn", _drawn), ("chosen", _chosen)):
            found[case.name, design] = [run(case, np.random.default_rng(draw)) for draw in FRESH]
            print(case.name, design, np.mean(found[case.name, design], axis=0).round(4).tolist(), flush=True)
    return found


def _drawn(case: Case, rng: np.random.Generator) -> list[Scores]:
    found = []
    for count in BUDGETS:
        played = case.played(rng.integers(0, case.levels, (count, len(case.levels))))
        clock = time.process_time()
        found.append(_score(case, sketch(played), clock))
    return found


def _chosen(case: Case, rng: np.random.Generator) -> list[Scores]:
    played, found, clock = case.played(first_profiles(case.levels, FIRST, rng)), [], time.process_time()
    for count in BUDGETS:
        model = extend(played, lambda rows: case.play(rows)[:, None], count, rng)
        played = model.played
        found.append(_score(case, model, clock))
    return found


def _score(case: Case, model: Sketch, clock: float) -> Scores:
    """Of values at 300 profiles."""
    taken = time.process_time() - clock
    tested = np.random.default_rng(99).integers(0, case.levels, (300, len(case.levels)))
    exact, fitted = case.truth(tested), model.fitted[0]
    missed = fitted.function.shapley(tested, case.law) - exact
    half = 1.96 * fitted.error(tested, case.law)
    error = float((missed**2).sum() / (exact**2).sum())
    return error, float((np.abs(missed) <= half + 1e-12).mean()), float(half.mean() / np.abs(exact).mean()), taken


def designs() -> str:
    """Error of values from profiles drawn and chosen, mean of 5 draws with 95 % intervals."""
    rows = []
    for (name, design), draws in scores().items():
        errors = np.array(draws)[..., 0]
        half = 2.776 * errors.std(axis=0, ddof=1) / np.sqrt(len(errors))
        cells = [f"{m:.4f} ± {h:.4f}" for m, h in zip(errors.mean(axis=0), half, strict=True)]
        rows.append([name, design, *cells, f"{np.array(draws)[:, -1, 3].mean():.0f}"])
    return markdown(["outcome", "profiles", *(f"{count} simulations" for count in BUDGETS), "seconds"], rows)


def coverage() -> str:
    """Share of exact values within 1.96 standard errors, and in brackets the half width in mean |values|."""
    rows = []
    for (name, design), draws in scores().items():
        held, half = np.mean(draws, axis=0)[:, 1], np.mean(draws, axis=0)[:, 2]
        rows.append([name, design, *(f"{h:.2f} ({w:.2f})" for h, w in zip(held, half, strict=True))])
    return markdown(["outcome", "profiles", *(f"{count} simulations" for count in BUDGETS)], rows)


def sparse_outcomes() -> str:
    """Squared error at unseen profiles, in variances, of models of a planted sparse outcome and of real ones."""
    planted, rng = _planted(), np.random.default_rng(0)
    games = {"planted, 96 of 65 536 coefficients": planted}
    games |= {f"leaky, {outcome}": known("leaky").cube(outcome) for outcome in OUTCOMES}
    rows = []
    for name, cube in games.items():
        players, q = cube.ndim, len(cube)
        profiles = all_profiles(np.full(players, q))
        for free, groups in ((3, 3), (3, 4)) if players > 6 else ((2, 3), (3, 3)):
            design = subsampling(players, q, free, groups, np.random.default_rng(1))
            asked = design.profiles
            outcomes = cube[tuple(asked.T)]
            others = profiles[rng.choice(len(profiles), len(asked), replace=False)]
            fits = [fit_subsampled(design, outcomes).function]
            few = others[: min(len(others), 1000)]
            fits += [fit(few, cube[tuple(few.T)], np.full(players, q)).function for fit in (fit_sparse, _quick)]
            tested = profiles[:: max(1, len(profiles) // 2000)]
            exact = cube[tuple(tested.T)]
            cells = [f"{((fit.at(tested) - exact) ** 2).mean() / cube.var():.3g}" for fit in fits]
            rows.append([name, str(len(asked)), cells[0], str(len(few)), *cells[1:]])
    heads = ["outcome", "profiles", "sub-sampled series", "profiles drawn", "series of degree 3", "process"]
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
    """Error of values of SHAP zero and of shapiq's KernelSHAP, each in its own environment, on the same games."""
    games = {f"{name}, {outcome}": known(name).cube(outcome) for name in ("leaky", "poisoners") for outcome in OUTCOMES}
    rows = []
    for game, cube in games.items():
        levels = np.array(cube.shape)
        law, profiles = np.full((cube.ndim, len(cube)), 1 / len(cube)), all_profiles(levels)
        truth = cube_values(cube, law)
        rows += _of_shapzero(game, cube, truth, profiles, law) + _of_shapiq(game, cube, truth)
        rows += _ours(game, budgets=(250, 500))
    return markdown(["outcome", "explainer", "simulations", "for", "error, mean (largest)"], rows)


def _ours(game: str, budgets: tuple[int, ...]) -> list[list[str]]:
    rows = []
    for budget in budgets:
        errors = np.array(scores()[game, "chosen"])[:, BUDGETS.index(budget), 0]
        said = f"{errors.mean():.4f} ({errors.max():.4f})"
        rows.append([game, "process, profiles chosen", str(budget), "all profiles", said])
    return rows


def _of_shapzero(game: str, cube: Floats, truth: Floats, profiles: Ints, law: Floats) -> list[list[str]]:
    if "shapzero" not in ASKED:
        return []
    levels = np.array(cube.shape)
    rows = []
    for budget, draws in _answers("shapzero")[game].items():
        errors, counts = [], []
        for draw in draws:
            counts.append(draw["asked"])
            if "refused" in draw:
                continue
            series = Sparse(np.array(draw["frequencies"], dtype=np.int64).reshape(-1, cube.ndim),
                            np.array(draw["real"]), -np.array(draw["imaginary"]), levels)  # fmt: skip
            found = series.function.shapley(profiles, law) if draw["frequencies"] else np.zeros(truth.shape)
            errors.append(_error(found, truth))
        said = f"{np.mean(errors):.3f} ({np.max(errors):.3f})" if errors else f"no answer: {draws[0]['refused'][:60]}"
        asked = f"{np.mean(counts):.0f} (budget {budget})"
        rows.append([game, "shapzero 0.0.4", asked, "all profiles", said])
    return rows


def _of_shapiq(game: str, cube: Floats, truth: Floats) -> list[list[str]]:
    if "shapiq" not in ASKED:
        return []
    explained = _explained(cube)
    exact = truth[np.ravel_multi_index(tuple(explained.T), cube.shape)]
    rows = []
    for budget, draws in _answers("shapiq")[game].items():
        errors = [_error(np.array(draw["values"]), exact) for draw in draws]
        said = f"{np.mean(errors):.3f} ({np.max(errors):.3f})"
        rows.append([game, "KernelSHAP of shapiq 1.4.1", budget, "each profile", said])
    return rows


def _explained(cube: Floats) -> Ints:
    return np.random.default_rng(0).integers(0, len(cube), (60, cube.ndim))


@cache
def _answers(peer: str) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """What a peer says in an environment of its own; kept beside the cubes."""
    if KEPT and (file := KEPT[0] / f"{peer}.json").exists():
        return _read(file.read_text())
    games = {f"{name}, {outcome}": known(name).cube(outcome) for name in ("leaky", "poisoners") for outcome in OUTCOMES}
    explained = {f"explained of {name}": _explained(cube) for name, cube in games.items()}
    budgets = {"shapzero": (252, 1008, 1792), "shapiq": (256, 1024, 4096)}[peer]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        venv.create(place / "own", with_pip=True)
        python = str(place / "own" / "bin" / "python")
        subprocess.run([python, "-m", "pip", "install", "-q", ASKED[peer]], check=True)
        np.savez(place / "games.npz", budgets=np.array(budgets), **games, **explained)
        answers = place / "answers.json"
        subprocess.run([python, str(PEERS), peer, str(place / "games.npz"), str(answers)], check=True)
        said = answers.read_text()
    if KEPT:
        (KEPT[0] / f"{peer}.json").write_text(said)
    return _read(said)


def _read(said: str) -> dict[str, dict[str, list[dict[str, Any]]]]:
    found: dict[str, dict[str, list[dict[str, Any]]]] = json.loads(said)
    return found


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
    """Rank of the dividend of the two who hold the same samples among 28 pairs, the most negative first, of worlds."""
    cube = all_profiles(np.full(TWIN_PRINCIPALS, 2))
    ranks: dict[str, list[int]] = {
        "all 256 profiles": [],
        f"{TWIN_PROFILES} profiles": [],
        "the same pair, not planted": [],
    }
    for seed in range(TWINS):
        rng = np.random.default_rng(seed)
        pair = tuple(int(i) for i in np.sort(rng.choice(TWIN_PRINCIPALS, 2, replace=False)))
        plain = world("leaky", TWIN_PRINCIPALS, seed)
        some = rng.choice(len(cube), TWIN_PROFILES, replace=False)
        planted, free = (
            play_profiles(each, cube, ("accuracy",), ROUNDS)[0, :, -5:].mean(axis=1)
            for each in (twinned(plain, pair), plain)
        )
        for name, chosen, outcomes in zip(
            ranks, (slice(None), some, slice(None)), (planted, planted, free), strict=True
        ):
            ranks[name].append(rank_of(cube[chosen], outcomes[chosen], pair))
    rows = [[name, _counted(found, 1), _counted(found, 3), f"{np.median(found):g}"] for name, found in ranks.items()]
    return markdown(["what was played", "first", "among the first three", "median rank of 28"], rows)


def twinned(economy: Economy, pair: tuple[int, int]) -> Economy:
    """The runs in which the second of a pair holds the samples of the first."""
    holdings = economy.world.holdings
    start, count = holdings.start.copy(), holdings.count.copy()
    for each in (start, count):
        each[:, pair[1]] = each[:, pair[0]]
    holdings = replace(holdings, start=start, count=count)
    state = replace(economy.state, supply=first_supply(holdings))
    return replace(economy, world=replace(economy.world, holdings=holdings), state=state)


def rank_of(profiles: Ints, outcomes: Floats, pair: tuple[int, int]) -> int:
    """Rank of a pair's dividend where all delegate, against the average of all profiles; 1: the most negative."""
    players = profiles.shape[1]
    names = tuple(f"principal {i}" for i in range(players))
    played = Played(profiles, outcomes, names, ("accuracy",), (("abstain", "delegate"),) * players)
    everybody = np.ones((1, players), dtype=np.int64)
    pairs = explain(sketch(played), everybody, uniform(played)).interactions
    assert pairs is not None
    dividends = pairs[0, :, :, 0][np.triu_indices(players, 1)]
    return 1 + int((dividends < pairs[0, pair[0], pair[1], 0]).sum())


def _counted(ranks: Sequence[int], most: int) -> str:
    return f"{sum(rank <= most for rank in ranks)} of {len(ranks)}"


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
              "coverage": coverage, "sparse": sparse_outcomes, "larger": larger, "duplicates": duplicates}  # fmt: skip
    main(__doc__, {**tables, **({"peers": peers} if ASKED else {})}, prefix="outcomes-", page=PAGE)
