"""How faithful in-run credit is, against Shapley values of rounds, and what it costs.

    python benchmarks/fidelity.py            print the tables (some ten minutes)
    python benchmarks/fidelity.py --write    and put them into docs/results/credit.md

fidelity: commons with 12 principals, every second of 40 rounds, 4 seeds, a range of learning rates, against exact
values. fidelity-library: every library scenario that pays by credit, as it is, every twentieth of 200 rounds (ten of
them all, if there are fewer), 4 seeds, against values estimated from 40 coalitions per principal. Error: root mean
square over a round's contributors, relative to that of their Shapley values. Spearman's rank correlation: of a round
with three contributors or more, and of credit cumulated over the rounds looked at; means over rounds and runs, and the
lowest of the runs. fidelity-cost: processor time of a round of commons, 16 runs together and one alone, one thread,
medians of blocks in turn.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from coalition_games import captured
from results_page import main, markdown
from scipy.stats import spearmanr

from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.credit import CREDITS, RoundGame
from commonweal.economy.credit.terms import AumannShapleyTerms
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.library import library_names
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.schema.relevance import learns, settles_by_credit
from commonweal.scenarios.schema.scenario import Scenario

RATES = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0)
DEFAULT = 0.5  # of the scenario
PRINCIPALS, ROUNDS, EVERY, SEEDS = 12, 40, 2, range(4)
LONG, LOOKS, COALITIONS = 200, 10, 40  # of the library: rounds, those looked at, coalitions per principal
COMPARED: Mapping[str, tuple[str, int]] = {  # rule, gradients along the step
    "first_order": ("first_order", 0),
    "second_order": ("second_order", 0),
    "path, 1 gradient": ("aumann_shapley", 1),
    "path, 2 gradients (default)": ("aumann_shapley", 2),
    "path, 5 gradients": ("aumann_shapley", 5),
}
BLOCKS, BLOCK = 15, 5  # rounds that are timed


@dataclass(frozen=True)
class Fidelity:
    """Of one rule in T rounds of one run."""

    errors: Floats  # (T,) root mean square over contributors, relative to that of the Shapley values
    ranks: Floats  # (T,) Spearman's correlation among the contributors of a round
    cumulated: float  # () Spearman's correlation of cumulated credit among all principals


def credited(name: str, game: RoundGame) -> Floats:
    """(N,) credit of one run's round by one of the rules compared."""
    rule, gradients = COMPARED[name]
    terms = replace(game.terms, aumann_shapley=AumannShapleyTerms(gradients))
    credit: Floats = CREDITS[rule](replace(game, terms=terms)).values[0]
    return credit


def fidelity(scenario: Scenario, seed: int, rounds: int, every: int, truth: str) -> dict[str, Fidelity]:
    """What every rule would have credited in the same rounds; its credit rule must be ``kept``."""
    games = captured(scenario, rounds, seed)[every - 1 :: every]
    exact = np.array([CREDITS[truth](game).values[0] for game in games])
    active = [players for game in games for players in game.contributors()]
    return {name: compare(np.array([credited(name, game) for game in games]), exact, active) for name in COMPARED}


def compare(found: Floats, exact: Floats, active: Sequence[Ints]) -> Fidelity:
    """Credit (T, N) beside Shapley values (T, N), over the contributors of each round."""
    rounds = [(found[t, players], exact[t, players]) for t, players in enumerate(active) if len(players) >= 3]
    errors = [np.sqrt(np.mean((own - true) ** 2) / np.mean(true**2)) for own, true in rounds]
    ranks = [spearmanr(own, true).statistic for own, true in rounds]
    total = spearmanr(found.sum(axis=0), exact.sum(axis=0)).statistic
    return Fidelity(np.array(errors), np.array(ranks), float(total))


def cells(runs: Sequence[Mapping[str, Fidelity]]) -> Iterator[str]:
    """Error, Spearman of a round, Spearman cumulated and its lowest, rule by rule."""
    for name in COMPARED:
        own = [run[name] for run in runs]
        errors, ranks = (np.concatenate([getattr(each, part) for each in own]) for part in ("errors", "ranks"))
        total = [each.cumulated for each in own]
        yield f"{errors.mean():.3f}, {ranks.mean():.3f}, {np.mean(total):.3f} ({min(total):.3f})"


def by_rate() -> str:
    """Commons with 12 principals over learning rates."""
    lines = []
    for rate in RATES:
        changes = {"population.count": PRINCIPALS, "learning.rate": rate, "credit.kind": "kept", "precision": "float64"}
        runs = [fidelity(load("commons", changes), seed, ROUNDS, EVERY, "shapley") for seed in SEEDS]
        lines.append([f"{rate:g}{' (default)' if rate == DEFAULT else ''}", *cells(runs)])
    return markdown(["learning rate", *COMPARED], lines)


def by_scenario() -> str:
    """Every library scenario that pays by credit."""
    lines = []
    for name in library_names():
        scenario = load(name)
        if not (learns(scenario) and settles_by_credit(scenario)):
            continue
        budget = COALITIONS * scenario.population.count
        changes = {"credit.kind": "kept", "precision": "float64", "credit.budget": budget}
        rounds = min(LONG, scenario.rounds)
        runs = [fidelity(load(name, changes), seed, rounds, rounds // LOOKS, "estimated_shapley") for seed in SEEDS]
        lines.append([f"{name}, η = {scenario.learning.rate:g}", *cells(runs)])
    return markdown(["scenario", *COMPARED], lines)


def cost() -> str:
    """Processor time of a round, against first order."""
    lines = []
    for runs in (16, 1):
        ensembles = {}
        for name, (rule, gradients) in COMPARED.items():
            changes = {"credit.kind": rule, "credit.aumann_shapley.gradients": gradients}
            ensembles[name] = Ensemble(load("commons", changes), range(runs))
        spent: dict[str, list[float]] = {name: [] for name in ensembles}
        for _ in range(BLOCKS):
            for name, ensemble in ensembles.items():
                began = time.process_time()
                for _ in range(BLOCK):
                    ensemble.step()
                spent[name].append((time.process_time() - began) / BLOCK / runs * 1000)
        usual = np.median(spent["first_order"])
        texts = [f"{np.median(own):.2f} ms, {np.median(own) / usual:.2f} ×" for own in spent.values()]
        lines.append([f"{runs} runs together" if runs > 1 else "one run", *texts])
    return markdown(["a run's round", *COMPARED], lines)


if __name__ == "__main__":
    main(__doc__, {"fidelity": by_rate, "fidelity-library": by_scenario, "fidelity-cost": cost})
