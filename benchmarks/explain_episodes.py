"""Which episodes decided runs, and what interventions did to them.

    python benchmarks/explain_episodes.py               all tables (about six minutes on one core)
    python benchmarks/explain_episodes.py luck          one of them
    python benchmarks/explain_episodes.py --write       all tables, into docs/explanations.md

24 imitators on a known learning curve, in a market in which some runs of 100 rounds end in cooperation and some
collapse. Explained is the share that delegates, mean of rounds 90 to 99. Seconds are of one thread.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import torch
from results_page import main, markdown

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Floats
from commonweal.agents.streams import Streams
from commonweal.economy.credit.estimators import ESTIMATORS, CoalitionGame
from commonweal.economy.credit.exact import all_coalitions, shapley_value
from commonweal.economy.credit.probabilistic import shapley
from commonweal.economy.explaining.episodes import LuckGame, explain_luck, luck_of, luck_outcomes
from commonweal.economy.explaining.explanation import Explanation
from commonweal.economy.explaining.interventions import Intervention, explain_interventions
from commonweal.economy.explaining.tree import Outcome, stretches, taken
from commonweal.economy.round.play import play_round
from commonweal.economy.round.set_up import Economy
from commonweal.economy.runs.ensemble import Ensemble, next_actions
from commonweal.economy.world.replicas import pick_streams
from commonweal.scenarios.runs.intervals import ANYWHERE, POSITIVE, Range, mean_interval
from commonweal.scenarios.schema.loading import load, revise

PAGE = Path(__file__).parents[1] / "docs" / "explanations.md"
ROUNDS, OUTCOME = 100, Outcome(("share_delegate",), 10)
CURVE = revise(
    load("commons"),
    {"market.kind": "curve", "population.count": 24, "policy.mix": {"imitation": 1.0}, "market.price": 0.05,
     "policy.imitation.intensity": 1000.0, "policy.revision": 0.2, "policy.mutation": 0.01,
     "population.start_delegate": 0.5, "population.start_free_ride": 0.3, "population.start_defect": 0.2},
)  # fmt: skip
GAME = LuckGame(episodes=10, strangers=16, outcome=OUTCOME)
EXPLAINED = range(80)
COLLAPSED = 0.1  # delegate at the end, below which cooperation is lost


def text(samples: Sequence[float] | Floats, digits: int = 3, within: Range = ANYWHERE) -> str:
    """A mean over runs with its 95 % interval."""
    return mean_interval(np.asarray(samples), within=within).text(digits)


@cache
def explained() -> tuple[list[Explanation], list[float]]:
    """The luck game of each run, and the seconds that it took."""
    found, took = [], []
    for seed in EXPLAINED:
        economy = Ensemble(CURVE, [seed]).snapshot
        began = time.process_time()
        found.append(explain_luck(economy, ROUNDS, GAME))
        took.append(time.process_time() - began)
    return found, took


def values_of_episodes() -> Floats:
    """(R, E) of the runs that are explained."""
    return np.concatenate([each.values[..., 0] for each in explained()[0]])


def luck() -> str:
    """Luck games of 10 episodes and 16 strangers: all 1024 coalitions of each run."""
    found, took = explained()
    values, errors = values_of_episodes(), np.concatenate([each.standard_error[..., 0] for each in found])
    ended = np.concatenate([each.value[:, 0] for each in found])
    rows = [
        ["runs, of these below .1 at the end", f"{len(values)}, {(ended < COLLAPSED).sum()}"],
        ["seconds a run, mean and most", f"{np.mean(took):.1f}, {np.max(took):.1f}"],
        ["standard error, mean over episodes and runs", text(errors.mean(axis=1), 4)],
        ["its largest of any episode", f"{errors.max():.3f}"],
        ["episodes beyond 2 standard errors, of a run", text((np.abs(values) > 2 * errors).sum(axis=1), 2)],
        ["mean size of the value, by episode", " ".join(f"{size:.2f}" for size in np.abs(values).mean(axis=0))],
        ["Σ values − (value − base), most", f"{max(np.abs(each.gap).max() for each in found):.1e}"],
    ]
    return markdown(["10 episodes, 16 strangers", ""], rows)


def tree() -> str:
    """Two strangers, 10 episodes: runs that share what they agree on, against 2048 whole runs, computed as one too."""
    own, episodes, game = Ensemble(CURVE, [0]).snapshot, stretches(ROUNDS, 10), replace(GAME, strangers=2)
    numbers, coalitions, found, rows = luck_of(own, 2, 1, episodes), all_coalitions(10), [], []
    ways = {
        "shared": lambda: luck_outcomes(own, coalitions, numbers, episodes, game),
        "whole runs": lambda: whole_runs(own, coalitions, numbers, episodes),
    }
    for name, played in ways.items():
        began = time.process_time()
        found.append(played())
        rows.append([name, f"{time.process_time() - began:.1f}"])
    rows.append(["largest difference", f"{np.abs(found[0] - found[1]).max():.1g}"])
    return markdown(["1024 coalitions, 2 strangers", "seconds"], rows)


def whole_runs(own: Economy, coalitions: Bools, numbers: Sequence[Streams], episodes: Sequence[range]) -> Floats:
    """(C, 2, 1) outcomes of runs that share nothing, with generators of their own."""
    now = taken(own, np.zeros(2 * len(coalitions), dtype=np.int64))
    state, people, shares = now.state, now.people, []
    for episode, kept, luck in zip(episodes, coalitions.T, numbers, strict=True):
        streams = pick_streams(luck, np.where(kept[:, None], 0, [1, 2]).ravel())
        for _ in episode:
            actions = next_actions(state, people, now.world, streams)
            state, people, record = play_round(state, people, actions, now.world, streams)
            shares.append((record.actions == Action.DELEGATE).mean(axis=1))
    return np.mean(shares[-OUTCOME.last :], axis=0).reshape(-1, 2, 1)


def estimators() -> str:
    """Error Σ(φ̂ − φ)² / Σφ² of estimates from some of the 1024 coalitions: 5 runs, 4 draws each."""
    budgets, names = (100, 200, 400), ("adjusted", "leverage_shap", "kernel_shap", "antithetic")
    episodes, everything = stretches(ROUNDS, 10), all_coalitions(10)
    missed = {(name, budget): [] for name in names for budget in budgets}
    for seed in range(5):
        own = Ensemble(CURVE, [seed]).snapshot
        worth = luck_outcomes(own, everything, luck_of(own, 16, seed, episodes), episodes, GAME)[..., 0].mean(axis=1)
        exact = shapley_value(worth[None])[0]

        def value(chosen: Bools, worth: Floats = worth) -> Floats:
            return worth[chosen @ 2 ** np.arange(10)]

        for (name, budget), errors in missed.items():
            draws = [np.random.default_rng(draw) for draw in range(4)]
            made = [ESTIMATORS[name](CoalitionGame(10, value, budget), shapley(10), draw).values for draw in draws]
            errors.append(np.mean([((each - exact) ** 2).sum() for each in made]) / (exact**2).sum())
    rows = [[f"`{name}`", *(text(missed[name, budget], within=POSITIVE) for budget in budgets)] for name in names]
    return markdown(["", *(f"{budget} coalitions" for budget in budgets)], rows)


RAID = tuple(range(8))
DONE = (
    Intervention("placebo: price as it is", 10, 90, changes={"market.price": 0.05}),
    *(Intervention(f"raid from {at}", at, at + 5, RAID, Action.DEFECT) for at in (20, 50, 80)),
    *(Intervention(f"festival from {at}", at, at + 5, tuple(range(8, 16)), Action.DELEGATE) for at in (35, 65)),
    Intervention("price halved from 40", 40, 60, changes={"market.price": 0.025}),
)


def interventions() -> str:
    """Six interventions and a placebo, 120 runs: eight principals defect or delegate for five rounds, prices halve."""
    economy = Ensemble(CURVE, range(120)).snapshot
    began = time.process_time()
    found = explain_interventions(economy, DONE, ROUNDS, OUTCOME)
    took = time.process_time() - began
    rows = [[name, text(found.values[:, place, 0]), f"{np.abs(found.values[:, place]).max():.2g}"]
            for place, name in enumerate(found.names)]  # fmt: skip
    began = time.process_time()
    explain_interventions(Ensemble(CURVE, [0]).snapshot, DONE, ROUNDS, OUTCOME)
    alone = time.process_time() - began
    rows.append([f"seconds a run, together: {took / 120:.2f}; one run alone: {alone:.2f}", "", ""])
    return markdown(["intervention", "value, mean over runs", "largest size"], rows)


TABLES = {"luck": luck, "tree": tree, "estimators": estimators, "interventions": interventions}  # fmt: skip

if __name__ == "__main__":
    torch.set_num_threads(1)
    main(__doc__, TABLES, "episodes-", PAGE)
