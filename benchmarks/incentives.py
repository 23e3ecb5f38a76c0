"""What the study of incentives costs, how often its intervals cover, and what it says of known mechanisms.

    python benchmarks/incentives.py                       all tables (some fifteen minutes on two cores)
    python benchmarks/incentives.py coverage mechanisms   some of them
    python benchmarks/incentives.py --write               all, into docs/results/incentives.md

speed: commons, 40 principals × 6 deviations × 8 seeds × 50 rounds, against the same runs one by one on a sample.
coverage: of the intervals of the IC gap and of NashConv on games whose gaps are known. mechanisms: the IC gap of
mechanisms known to be incentive compatible and known not to be. commons: three settlement rules, ε, and the most
profitable deviation found by a search. torch.set_num_threads(1).
"""

import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from results_page import main, markdown

from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.studies import ask
from commonweal.scenarios.studies.incentives.certificate import IC_GAP
from commonweal.scenarios.studies.intervals import Interval, largest_interval, regret_interval
from commonweal.scenarios.sweeps.executors import prepare

SIX = ("delegate", "free_ride", "defect", "stale", "less", "leave")
SEEDS, ROUNDS = 8, 50
SAMPLE = 8  # runs played one by one
REPETITIONS = 2000
HONEST = {
    "population": {"count": 6, "start_delegate": 1.0, "start_free_ride": 0.0, "start_defect": 0.0, "cost_low": 0.0,
                   "cost_high": 0.0003},
    "policy": {"mix": {"fixed": 1.0}, "mutation": 0.0},
    "task.partition": "equal", "task.drift": 0.0, "task.validation": 100, "learning.samples": 16,
}  # fmt: skip
CHEAP = {"population": HONEST["population"] | {"cost_high": 0.0001}}  # type: ignore[operator]


def speed() -> str:
    """Seconds of the study, and of the same runs one by one."""
    scenario, lines = load("commons"), []
    prepare()
    time.sleep(8)  # the server of the processes loads the libraries meanwhile, as it does while a person types
    runs = SEEDS * (scenario.population.count * len(SIX) + 1)
    asked = {"deviations": SIX, "others": "adapt", "horizon": ROUNDS}
    start = time.process_time()
    for seed in range(SAMPLE):
        alone(scenario, seed)
    single = (time.process_time() - start) / SAMPLE * runs
    start = time.process_time()
    ask("incentives", scenario, 2, **asked, workers=1)
    together = (time.process_time() - start) / 2 * SEEDS
    lines.append([f"{runs} runs one by one", f"{single:.0f} s of processor time"])
    lines.append([f"{runs} runs as ensembles", f"{together:.0f} s of processor time, {single / together:.1f} × less"])
    for others in ("adapt", "both"):
        start = time.perf_counter()
        ask("incentives", scenario, SEEDS, **asked | {"others": others}, workers=2)
        took = f"{time.perf_counter() - start:.0f} s by the clock, load average {os.getloadavg()[0]:.1f}"
        lines.append([f"the whole study in two processes, others = {others}", took])
    return markdown(["what", "seconds"], lines)


def alone(scenario: Any, seed: int) -> None:
    """One run by itself."""
    ensemble = Ensemble(scenario, [seed])
    for _ in range(ROUNDS):
        ensemble.step()


def coverage() -> str:
    """How often intervals cover known gaps."""
    lines = []
    games: dict[str, tuple[Any, float, Callable[..., Interval]]] = {
        "6 gains, one largest": (np.array([1.0, 0, 0, -1, -1, -3]), 1.0, largest_interval),
        "6 gains, two largest": (np.array([1.0, 1.0, -2, -3, -3, -4]), 1.0, largest_interval),
        "240 gains, all equal": (np.zeros(240), 0.0, largest_interval),
        "240 gains, one largest": (np.r_[3.0, np.zeros(239)], 3.0, largest_interval),
        "NashConv, 5 principals": (np.tile([0.5, -0.5], (5, 1)) + np.arange(5)[:, None], 12.5, regret_interval),
    }
    for name, (means, gap, interval) in games.items():
        for seeds in (8, 16):
            generator = np.random.default_rng(7)
            below = above = 0
            repetitions = REPETITIONS if means.size < 100 or seeds == 8 else REPETITIONS // 5
            for _ in range(repetitions):
                noise = generator.standard_normal((seeds, *[1] * means.ndim))
                found = interval(means + 0.7 * (noise + generator.standard_normal((seeds, *means.shape))))
                below, above = below + bool(found.high < gap), above + bool(found.low > gap)
            shares = [f"{share / repetitions:.1%}" for share in (repetitions - below - above, above, below)]
            lines.append([name, str(seeds), *shares])
    return markdown(["game", "seeds", f"covers, of {REPETITIONS} at 95 %", "gap below it", "gap above it"], lines)


def mechanisms() -> str:
    """The IC gap of known mechanisms."""
    lines = []
    verified = ("free_ride", "abstain", "less")
    for name, changes in {
        "credit along the step, costs at most a third": CHEAP,
        "credit along the step": {},
        "first-order credit": {"credit.kind": "first_order"},
        "exact Shapley, costs at most a third": CHEAP | {"credit.kind": "shapley"},
        "equal": {"settlement.kind": "equal"},
        "data": {"settlement.kind": "data"},
    }.items():
        asked = {"deviations": verified, "others": "freeze", "horizon": 20, "workers": 1}
        answer = ask("incentives", revise(load("commons"), HONEST | changes), 16, **asked)
        gap = answer.tables["verdict"].set_index("measure").loc[IC_GAP]
        interval = f"{gap.value_low:+.5f} to {gap.value_high:+.5f}"
        lines.append([name, f"{gap.value:+.5f}", interval, f"{gap.relative:+.0%}"])
    return markdown(["mechanism", "IC gap, money per round", "95 %", "of the mean payoff"], lines)


def commons() -> str:
    """Three settlement rules, ε and the best deviation found."""
    lines = []
    heads = ["settlement", "ε if others react", "if they do not", "pays most", "IC gap of anybody", "best found"]
    for kind in ("equal", "data", "credit"):
        scenario = revise(load("commons"), {"settlement.kind": kind})
        answer = ask("incentives", scenario, SEEDS, principals=20, workers=2)
        verdict = answer.tables["verdict"].set_index(["measure", "others"])
        epsilon = [max(verdict.loc[(IC_GAP, mode), "value_high"], 0.0) for mode in ("adapt", "freeze")]
        anybody = verdict.loc[("IC gap of anybody", "adapt")]
        pays = answer.tables["by_deviation"].query("others == 'adapt'").iloc[0]["deviation"]
        best = ask("best-deviation", scenario, SEEDS, workers=1).tables["best"].iloc[0]
        found = f"{best.deviation}: {best.gain:+.4f} [{best.gain_low:+.4f}, {best.gain_high:+.4f}]"
        gap = f"{anybody.value:+.4f} [{anybody.value_low:+.4f}, {anybody.value_high:+.4f}]"
        lines.append([kind, f"{epsilon[0]:.4f}", f"{epsilon[1]:.4f}", pays, gap, found])
    return markdown(heads, lines)


if __name__ == "__main__":
    tables = {"speed": speed, "coverage": coverage, "mechanisms": mechanisms, "commons": commons}
    main(__doc__, tables, "incentives-")
