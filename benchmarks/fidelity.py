"""How faithful in-run credit is: first order, second order and along the step, against exact Shapley values of rounds.

    python benchmarks/fidelity.py            print the table (some minutes)
    python benchmarks/fidelity.py --write    and put it into docs/results.md

Commons with 12 principals, every second of 40 rounds, 4 seeds, a range of learning rates. Error: root mean square over
a round's contributors, relative to that of their exact credit. Spearman's rank correlation: of a round with three
contributors or more, and of credit cumulated over a run's rounds. Means over rounds and runs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from coalition_games import captured
from results_page import main, markdown
from scipy.stats import spearmanr

from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.credit import CREDITS
from commonweal.scenarios.schema.loading import load

RATES = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0)
DEFAULT = 0.5  # of the scenario
PRINCIPALS, ROUNDS, EVERY, SEEDS = 12, 40, 2, range(4)
RULES = ("first_order", "second_order", "aumann_shapley")


@dataclass(frozen=True)
class Fidelity:
    """Of one rule in T rounds of one run."""

    errors: Floats  # (T,) root mean square over contributors, relative to that of the exact credit
    ranks: Floats  # (T,) Spearman's correlation among the contributors of a round
    cumulated: float  # () Spearman's correlation of cumulated credit among all principals


def fidelity(rate: float, seed: int, rounds: int = ROUNDS, every: int = EVERY) -> dict[str, Fidelity]:
    """What every rule would have credited in the same rounds, whose own rule is first order."""
    changes = {"population.count": PRINCIPALS, "learning.rate": rate, "credit.kind": "kept", "precision": "float64"}
    games = captured(load("commons", changes), rounds, seed)[::every]
    exact = np.array([CREDITS["shapley"](game).values[0] for game in games])
    active = [players for game in games for players in game.contributors()]
    found = {rule: np.array([CREDITS[rule](game).values[0] for game in games]) for rule in RULES}
    return {rule: compare(credit, exact, active) for rule, credit in found.items()}


def compare(found: Floats, exact: Floats, active: Sequence[Ints]) -> Fidelity:
    """Credit (T, N) beside exact credit (T, N), over the contributors of each round."""
    rounds = [(found[t, players], exact[t, players]) for t, players in enumerate(active) if len(players) >= 3]
    errors = [np.sqrt(np.mean((own - true) ** 2) / np.mean(true**2)) for own, true in rounds]
    ranks = [spearmanr(own, true).statistic for own, true in rounds]
    total = spearmanr(found.sum(axis=0), exact.sum(axis=0)).statistic
    return Fidelity(np.array(errors), np.array(ranks), float(total))


def table() -> str:
    columns = ("relative error", "Spearman of a round", "Spearman, cumulated")
    lines = [["learning rate", *(f"{rule}: {column}" for rule in RULES for column in columns)]]
    for rate in RATES:
        runs = [fidelity(rate, seed) for seed in SEEDS]
        cells = [f"{rate:g}{' (default)' if rate == DEFAULT else ''}"]
        for rule in RULES:
            own = [run[rule] for run in runs]
            errors, ranks = (np.concatenate([getattr(each, name) for each in own]) for name in ("errors", "ranks"))
            cells += [f"{each:.3f}" for each in (errors.mean(), ranks.mean(), np.mean([e.cumulated for e in own]))]
        lines.append(cells)
    return markdown(lines[0], lines[1:])


if __name__ == "__main__":
    main(__doc__, {"fidelity": table})
