"""Outcomes of action profiles: how close sketches come to exact values, and whether they find duplicated data.

    python benchmarks/explain_outcomes.py          all tables (about ten minutes on one core)
    python benchmarks/explain_outcomes.py --write  into docs/explanations.md

Truth is enumeration: every profile of ``leaky`` with 6 principals and 4 actions (4096) and of ``poisoners`` with 8
principals who delegate, free-ride or poison (6561) is played for 20 rounds in the digits world, on one seed. Errors are
Σ‖φ̂ − φ‖² / Σ‖φ‖² over all profiles, and the mean squared error at profiles that were not played, in variances.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from results_page import main, markdown

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.economy.credit.estimators import ESTIMATORS, CoalitionGame
from commonweal.economy.credit.probabilistic import shapley
from commonweal.economy.explaining.cube import cube_values, energies
from commonweal.economy.explaining.fourier import fit_sparse
from commonweal.economy.explaining.process import fit_process
from commonweal.economy.explaining.products import all_profiles
from commonweal.economy.explaining.profiles import play_profiles
from commonweal.economy.explaining.sketch import Played, explain, sketch, uniform
from commonweal.economy.round.set_up import Economy, set_up
from commonweal.economy.tasks import first_supply
from commonweal.scenarios.schema.loading import load

PAGE = Path(__file__).parents[1] / "docs" / "explanations.md"
ROUNDS, SEED = 20, 0
BUDGETS, DRAWS = (100, 250, 500), 3
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
    clock = time.process_time()
    played = play_profiles(world(name, principals, SEED), np.array(actions)[profiles], ("accuracy", "welfare"), ROUNDS)
    print(f"{name}: {len(profiles)} profiles in {time.process_time() - clock:.0f} s of processor time\n", flush=True)
    return Known(profiles, actions, {"accuracy": played[0, :, -1, 0], "welfare": played[0, :, :, 1].sum(axis=1)})


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
        function = fit_process(profiles, outcomes, levels, alike=alike).function
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
        for outcome in known(name).outcomes:
            for model, fit in MODELS.items():
                cells = [errors(name, outcome, fit, count) for count in BUDGETS]
                rows.append([f"{name}, {outcome}", model, *(f"{phi:.4f} ({nmse:.3f})" for nmse, phi in cells)])
    return markdown(["outcome", "model", *(f"{count} simulations" for count in BUDGETS)], rows)


def spectra() -> str:
    """Variance over equally likely profiles by degree."""
    rows = []
    for name in ("leaky", "poisoners"):
        cube = known(name)
        for outcome in cube.outcomes:
            shares = energies(cube.cube(outcome))
            spread, distinct = cube.outcomes[outcome].std(), len(np.unique(cube.outcomes[outcome].round(9)))
            rows.append([f"{name}, {outcome}", f"{spread:.3f}", str(distinct), *(f"{s:.3f}" for s in shares[:4])])
    return markdown(["outcome", "sd", "different values", *(f"degree {d}" for d in range(1, 5))], rows)


def sampled() -> str:
    """KernelSHAP (ours) of one profile at a time: every coalition with as many draws of the others as there is room."""
    rows = []
    for name, most in (("leaky", 64), ("poisoners", 256)):
        cube = known(name)
        for outcome in cube.outcomes:
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
    outcomes = np.stack(list(cube.outcomes.values()), axis=1)[:, :1]
    rows = []
    for count in BUDGETS:
        chosen = np.random.default_rng(0).choice(len(outcomes), count, replace=False)
        played = _played(cube, chosen, outcomes)
        clock = time.perf_counter()
        model = sketch(played)
        fitted, law = time.perf_counter() - clock, uniform(played)
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
        clock = time.perf_counter()
        work()
        taken.append(time.perf_counter() - clock)
    return f"{1000 * np.median(taken):.2f}"


def coverage() -> str:
    """How often the interval of 1.96 of the model's standard errors holds the exact value, 250 simulations."""
    rows = []
    for name in ("leaky", "poisoners"):
        cube = known(name)
        for outcome in cube.outcomes:
            truth, held = cube.truth(outcome), []
            for draw in range(DRAWS):
                chosen = np.random.default_rng(draw).choice(len(truth), 250, replace=False)
                fitted = fit_process(cube.profiles[chosen], cube.outcomes[outcome][chosen], cube.levels)
                some = cube.profiles[:: len(truth) // 200]
                missed = np.abs(fitted.function.shapley(some, cube.law) - truth[:: len(truth) // 200])
                held.append((missed <= 1.96 * fitted.error(some, cube.law)).mean())
            rows.append([f"{name}, {outcome}", f"{np.mean(held):.2f}"])
    return markdown(["outcome", "share of values within"], rows)


def larger() -> str:
    """Ten principals, four actions (1 048 576 profiles), accuracy of leaky: error of values at 2000 profiles.

    Accuracy there depends on who delegates alone, so that 1024 runs tell all of it, and the truth.
    """
    players = 10
    delegating = all_profiles(np.full(players, 2))
    by_set = play_profiles(world("leaky", players, SEED), delegating, ("accuracy",), ROUNDS)[0, :, -1, 0]
    places = 2 ** np.arange(players)[::-1]
    binary = np.tile([0.75, 0.25], (players, 1))
    truth = cube_values(by_set.reshape((2,) * players), binary)
    levels, law = np.full(players, 4), np.full((players, 4), 0.25)
    tested = np.random.default_rng(99).integers(0, 4, (2000, players))
    exact = truth[(tested == Action.DELEGATE) @ places]
    rows = []
    for model, fit in MODELS.items():
        cells = []
        for count in BUDGETS:
            found = []
            for draw in range(2):
                profiles = np.random.default_rng(draw).integers(0, 4, (count, players))
                _, values = fit(profiles, by_set[(profiles == Action.DELEGATE) @ places], levels)
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


if __name__ == "__main__":
    tables = {"spectra": spectra, "sketches": sketches, "sampled": sampled, "times": times, "coverage": coverage,
              "larger": larger, "duplicates": duplicates}  # fmt: skip
    main(__doc__, tables, prefix="outcomes-", page=PAGE)
