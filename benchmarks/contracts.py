"""Optimal menus: the paper's cases, random problems, how long it takes, and what realised rewards are worth.

    python benchmarks/contracts.py                   all tables (some six minutes)
    python benchmarks/contracts.py contract-cases    one of them
    python benchmarks/contracts.py --write           and put them into docs/results/models-as-pay.md

One thread: set OMP_NUM_THREADS=1. Money is that of v(r) = 100 r. Published figures: Wang, Wu, Liu and Low (AAAI 2025).
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import numpy as np
from results_page import main, markdown

from commonweal.agents.errors import InputError
from commonweal.economy.menus import READINGS, Menu, MenuProblem, solve
from commonweal.economy.menus.outcomes import outcomes
from commonweal.economy.menus.selection import NODES
from commonweal.economy.rewards.accuracy import Bound
from commonweal.scenarios.atlas.rows.wang_2025 import PUBLISHED
from commonweal.scenarios.atlas.rows.wang_2025 import problem as contract
from commonweal.scenarios.schema.library import CONTRACTS, names_in
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.studies import Answer, ask

PROBLEMS = 200
DRAWS = 200_000
TRIED = (
    ("big-and-small", "menu"), ("big-firms", "menu"), ("paid-with-models", "menu"), ("big-and-small", "shared")
)  # fmt: skip
SEEDS, LEARNING_SEEDS = 200, 16  # without and with a network that learns
JUNK_SEEDS = 8
CONTENTS = (0.0, 5), (0.25, 50), (0.25, 5)  # rewards.content, and rounds over which credit is cumulated
SIZES = (2, 2, 20_000), (5, 10, 20_000), (3, 50, 20_000), (5, 50, 20_000), (10, 100, 20_000), (10, 100, 200_000)


def cases() -> dict[str, MenuProblem]:
    """The contracts of the library, and the paper's two types."""
    return {name: contract(name) for name in (*names_in(CONTRACTS), "two types")}


def drawn(seed: int, least_budget: float) -> MenuProblem:
    """A problem with up to six types whose costs span three orders of magnitude."""
    rng = np.random.default_rng(seed)
    types, parties = int(rng.integers(1, 7)), int(rng.integers(2, 13))
    costs, shares = np.sort(10 ** rng.uniform(-3, 0.5, types))[::-1], rng.dirichlet(np.ones(types)) + 1e-3
    curve = Bound(1.0, 10 ** rng.uniform(-1, 2))
    budget = float(rng.uniform(least_budget, 1.0))
    return MenuProblem(costs, shares / shares.sum(), parties, 100.0, curve, READINGS[seed % 2], budget)


def by_case() -> str:
    """Objective, certificate and information cost; and by how much a party is short that knows its own type."""
    heads = ["contract", "reading", "E[v(a)]", "published", "costs known", "information cost", "samples asked for"]
    heads += ["largest residual", "gap", "a party is short by"]
    rows = []
    for name, problem in cases().items():
        for reading in reversed(READINGS):
            menu = solve(replace(problem, reading=reading))
            published = f"{PUBLISHED[name][0]}" if name in PUBLISHED and reading == "published" else ""
            asked = ", ".join(f"{amount:.4f}" for amount in menu.amounts)
            figures = [menu.objective, menu.complete_information, menu.information_cost]
            e, known, cost = (f"{figure:.6f}" for figure in figures)
            certificate = [f"{menu.residuals.worst:.0e}", f"{max(menu.gap, 0.0) / 100:.0e}", f"{shortfall(menu):.4f}"]
            rows.append([name, reading, e, published, known, cost, asked, *certificate])
    return markdown(heads, rows)


def shortfall(menu: Menu) -> float:
    """Money that a party which counts itself misses of what it has alone, at worst."""
    problem = menu.problem
    seen = outcomes(problem.shares, problem.parties, "party", problem.samples, np.random.default_rng(0))
    received = problem.value * (seen.expected * menu.rewards(seen.counts).T).sum(axis=1)
    return max(0.0, float((menu.reservation - received + problem.costs * menu.amounts).max()))


def random_problems() -> str:
    """Random problems with up to six types: solved and how surely, or said to have no feasible menu."""
    heads = ["budget", "problems", "no menu", "largest residual", "certified within 1e-6", "by the envelope alone"]
    heads += ["largest gap", "CPU ms each", "by the envelope alone, CPU ms"]
    rows = []
    for least in (1.0, 0.7):
        solved, milliseconds = _attempts(least, NODES)
        plain, faster = _attempts(least, 0)
        residual = f"{max(menu.residuals.worst for menu in solved):.0e}"
        certified = [f"{sum(menu.is_optimal for menu in menus)}" for menus in (solved, plain)]
        gap = f"{max(menu.gap / menu.problem.value for menu in solved):.0e}"
        budget = "1" if least == 1 else f"{least:g} to 1"
        counts = [f"{PROBLEMS}", f"{PROBLEMS - len(solved)}", residual, *certified]
        rows.append([budget, *counts, gap, f"{milliseconds:.1f}", f"{faster:.1f}"])
    return markdown(heads, rows)


def _attempts(least_budget: float, nodes: int) -> tuple[list[Menu], float]:
    """The menus of those problems that have one, and the CPU milliseconds that each problem took."""
    began, menus = time.process_time(), []
    for seed in range(PROBLEMS):
        with suppress(InputError):
            menus.append(solve(drawn(seed, least_budget), nodes))
    return menus, 1000 * (time.process_time() - began) / PROBLEMS


def speed() -> str:
    """CPU seconds, by types and parties; outcomes are sampled where there are more than 20,000."""
    heads = ["types", "parties", "outcomes", "CPU seconds", "E[v(a)]", "standard error", "largest residual", "gap"]
    rows = []
    for types, parties, samples in SIZES:
        costs, shares = np.geomspace(0.2, 0.01, types), np.full(types, 1 / types)
        problem = MenuProblem(costs, shares, parties, 100.0, Bound(1.0, 1.0), samples=samples)
        began = time.process_time()
        menu = solve(problem)
        size = [f"{types}", f"{parties}", f"{samples:_} sampled" if menu.standard_error else "all"]
        taken, worth = f"{time.process_time() - began:.3f}", f"{menu.objective:.5f}"
        error = f"{menu.standard_error:.1e}" if menu.standard_error else "0"
        rows.append([*size, taken, worth, error, f"{menu.residuals.worst:.0e}", f"{max(menu.gap, 0.0) / 100:.0e}"])
    return markdown(heads, rows)


def realised() -> str:
    """What rewards are worth on average over who comes, against what was promised, and against the model."""
    heads = ["contract", "reading", "mean misses promise by", "in standard errors", "largest reward over model"]
    rows = []
    for name, problem in cases().items():
        for reading in reversed(READINGS):
            menu = solve(replace(problem, reading=reading))
            means, errors, most = _played(menu)
            missed = np.abs(means - menu.values)
            worst = int(np.argmax(missed / errors))
            row = [f"{missed.max():.4f}", f"{missed[worst] / errors[worst]:.1f}", f"{most:.6f}"]
            rows.append([name, reading, *row])
    return markdown(heads, rows)


def _played(menu: Menu) -> tuple[np.ndarray, np.ndarray, float]:
    """Means (I,) of realised rewards and their standard errors, and the largest share of the model ever given."""
    problem, rng, most = menu.problem, np.random.default_rng(1), 0.0
    means, errors = np.zeros((2, len(problem.costs)))
    for i in range(len(means)):
        if problem.reading == "party":
            counts = rng.multinomial(problem.parties - 1, problem.shares, DRAWS)
            counts[:, i] += 1
        else:
            counts = rng.multinomial(problem.parties, problem.shares, DRAWS)
            counts = counts[counts[:, i] >= 1]
        given = menu.rewards(counts)
        worth = problem.value * given[:, i]
        means[i], errors[i] = worth.mean(), max(worth.std(ddof=1) / np.sqrt(len(worth)), 1e-12)
        most = max(most, float((given.max(axis=1) / problem.accuracy(counts @ menu.amounts)).max()))
    return means, errors, most


def in_economies() -> str:
    """What each type gains in the economy by another line or by staying away, over seeds that draw new principals."""
    heads = ["scenario", "rewards.kind", "type", "payoff", "best deviation", "gain [95 %]"]
    rows = []
    for name, reward in TRIED:
        scenario = revise(load(name), {"rewards.kind": reward})
        learns = scenario.market.kind == "model"  # then a deviation lasts for the second term: the first has no curve
        asked = {"horizon": scenario.menu.term, "start": scenario.menu.term if learns else 0}
        seeds = LEARNING_SEEDS if learns else SEEDS
        answer = ask("incentives", scenario, seeds, others="freeze", deviations=["cost", "abstain"], **asked)
        for kind, payoff, deviation, gain in _by_type(answer):
            rows.append([name, reward, kind, payoff, deviation, gain])
    return markdown(heads, rows)


def _by_type(answer: Answer) -> list[tuple[str, str, str, str]]:
    """Of each type of cost, the poorest first: its name, its payoff, the best deviation and what that gains."""
    of_costs = answer.tables["by_type"].query("trait == 'type'").sort_values("payoff")
    return [(row.type, f"{row.payoff:.2f}", row.deviation, f"{row.gain:.3f} [{row.gain_low:.3f}, {row.gain_high:.3f}]")
            for row in of_costs.itertuples()]  # fmt: skip


def without_content() -> str:
    """What each type gains by fulfilling its line with junk or with the same few samples, unless content counts."""
    heads = ["rewards.content", "settlement.horizon", "puts in", "type", "payoff", "gain [95 %]"]
    rows = []
    for content, horizon in CONTENTS:
        memory = {"settlement.horizon": horizon, "settlement.discount": 1.0, "credit.novelty.memory": 2}
        changes = {"rewards.content": content, **memory}
        scenario = revise(load("paid-with-models"), changes)
        term = scenario.menu.term
        for form in ("junk", "stale"):
            asked = {"others": "freeze", "deviations": [form], "horizon": term, "start": term}
            answer = ask("incentives", scenario, JUNK_SEEDS, **asked)
            for kind, payoff, _, gain in _by_type(answer):
                rows.append([f"{content:g}", f"{horizon}", form, kind, payoff, gain])
    return markdown(heads, rows)


TABLES: dict[str, Callable[[], str]] = {
    "contract-cases": by_case,
    "contract-problems": random_problems,
    "contract-speed": speed,
    "contract-rewards": realised,
    "contract-economies": in_economies,
    "contract-content": without_content,
}


if __name__ == "__main__":
    main(__doc__, TABLES)
