"""Explainers that see only the courses of runs, scored against what episodes really did.

    python benchmarks/explainers.py                     all tables (about three minutes on one core)
    python benchmarks/explainers.py whole               one of them
    python benchmarks/explainers.py --write             all tables, into docs/explanations.md
    python benchmarks/explainers.py --make 200          make the causal truth of 200 runs (7 s a run), or go on with it
    python benchmarks/explainers.py --make 0 --again 40 work the truth of 40 runs out with other strangers too

The truth is in benchmarks/causal_truth.npz: 1000 training runs, and test runs with the values of ten episodes. The
economy is that of benchmarks/explain_episodes.py: 24 imitators in a market in which some runs of 100 rounds end in
cooperation and some collapse. Noted are the shares that delegate, free-ride and defect.
"""

import sys
from functools import cache
from pathlib import Path

import numpy as np
import torch
from explain_episodes import COLLAPSED, CURVE, OUTCOME, ROUNDS
from results_page import main, markdown
from shared.planted_motif import precision_table

from commonweal.economy.explaining.commitment import explain_commitment
from commonweal.economy.explaining.episodes import LuckGame, explain_luck
from commonweal.economy.explaining.post_hoc import EXPLAINERS, FACTS, Training, explain_courses
from commonweal.economy.explaining.post_hoc.scores import score
from commonweal.economy.explaining.post_hoc.truth import AGAIN, COMMITMENT, LUCK, CausalTruth, Truth, play_courses
from commonweal.economy.explaining.tree import stretches
from commonweal.economy.runs.ensemble import Ensemble

FILE, PAGE = Path(__file__).with_name("causal_truth.npz"), Path(__file__).parents[1] / "docs" / "explanations.md"
CHANNELS = ("share_delegate", "share_free_ride", "share_defect")
LEARNED, EPISODES = range(1000, 2000), 10  # seeds of training runs
STRANGERS = {LUCK: 16, COMMITMENT: 128}
FIRST = {
    LUCK: 10_000,
    COMMITMENT: 100_000,
}  # seed of the strangers of the run with seed 0; twice that for the second time
EXPLAIN = {LUCK: explain_luck, COMMITMENT: explain_commitment}


def make(count: int, again: int, file: Path = FILE) -> None:
    """Work out the truth of runs with seeds 0 … count − 1, going on with what the file has."""
    known = CausalTruth.load(file) if file.exists() else begun()
    known = with_runs(known, max(count, len(known.seeds)))
    wanted = [(kind, kind, 1, run) for run in range(count) for kind in EXPLAIN]
    wanted += [(kind, f"{kind}{AGAIN}", 2, run) for run in range(again) for kind in EXPLAIN]
    for kind, name, times, run in wanted:
        truth = known.truths[name]
        if np.isnan(truth.values[run]).any():
            game = LuckGame(EPISODES, STRANGERS[kind], times * FIRST[kind] + int(known.seeds[run]), OUTCOME)
            found = Truth.of(EXPLAIN[kind](Ensemble(CURVE, [int(known.seeds[run])]).snapshot, ROUNDS, game))
            truth.values[run], truth.standard_error[run] = found.values[0], found.standard_error[0]
            known.save(file)
            print(f"{name} of run {run}", flush=True)


def begun() -> CausalTruth:
    """Training runs, and no test run yet."""
    courses = play_courses(Ensemble(CURVE, LEARNED).snapshot, ROUNDS, CHANNELS, OUTCOME)
    none = type(courses)(courses.series[:0], courses.outcome[:0], CHANNELS)
    bounds = np.array([0, *(part.stop for part in stretches(ROUNDS, EPISODES))])
    truths = {f"{kind}{times}": Truth(np.empty((0, EPISODES)), np.empty((0, EPISODES)))
              for kind in EXPLAIN for times in ("", AGAIN)}  # fmt: skip
    return CausalTruth(courses, none, np.arange(0), bounds, COLLAPSED, truths)


def with_runs(known: CausalTruth, count: int) -> CausalTruth:
    """The same with test runs of seeds 0 … count − 1, whose truth is not known yet where it was not."""
    courses = play_courses(Ensemble(CURVE, range(count)).snapshot, ROUNDS, CHANNELS, OUTCOME)
    more = np.full((count - len(known.seeds), EPISODES), np.nan)
    truths = {name: Truth(np.concatenate([truth.values, more]), np.concatenate([truth.standard_error, more]))
              for name, truth in known.truths.items()}  # fmt: skip
    return CausalTruth(known.training, courses, np.arange(count), known.bounds, known.high, truths)


@cache
def known_truth() -> CausalTruth:
    """What the file has."""
    return CausalTruth.load(FILE)


def scored(rounds: int) -> str:
    """A row for each explainer: top 1, AUPRC and error against both kinds of truth."""
    known = known_truth().until(rounds)
    training = Training(known.training, known.high)
    found = {FACTS[name].words: explain_courses(name, known.test.series, known.episodes, training)
             for name in EXPLAINERS}  # fmt: skip
    bounds = {f"the other truth: {kind}": known.truths[kind].values for kind in (COMMITMENT, LUCK)}
    again = {"the same truth, other strangers": None} | bounds
    rows = [_row(known, words, values) for words, values in (found | again).items()]
    counts = [f"{kind}: {_count(known, kind)}" for kind in EXPLAIN]
    right = f"{rounds} rounds; classifier right {training.classifier.accuracy:.2f}; {'; '.join(counts)}"
    heads = [f"{kind}, {what}" for kind in EXPLAIN for what in ("top 1", "AUPRC", "error")]
    return markdown([right, *heads], rows)


def _count(known: CausalTruth, kind: str) -> str:
    runs = known.truths[kind].known
    values = known.truths[kind].values[runs]
    return f"{score(values, values).runs} of {len(runs)} runs decided"


def _row(known: CausalTruth, words: str, values: np.ndarray | None) -> list[str]:
    cells = [words]
    for kind in EXPLAIN:
        own = known.truths[f"{kind}{AGAIN}"].values if values is None else values
        runs = np.flatnonzero(np.isfinite(known.truths[kind].values + own).all(axis=1))
        if words.endswith(f": {kind}") or not len(runs):
            cells += ["", "", ""]
            continue
        found = score(known.truths[kind].values[runs], own[runs])
        cells += [found.top1.text(), found.auprc.text(), found.error.text()]
    return cells


def whole() -> str:
    """Whole runs of 100 rounds. Intervals of 95 % by the bootstrap over runs."""
    return scored(ROUNDS)


def early() -> str:
    """The first 70 rounds of the same runs, which explain the same outcome in the end."""
    return scored(70)


def motif() -> str:
    """AUPRC over rounds where the rounds that matter are planted: a motif in one of two classes, and a decoy."""
    return precision_table()


TABLES = {"whole": whole, "early": early, "motif": motif}

if __name__ == "__main__":
    torch.set_num_threads(1)
    if "--make" in sys.argv:
        numbers = dict(zip(sys.argv[1::2], map(int, sys.argv[2::2]), strict=True))
        make(numbers["--make"], numbers.get("--again", 0))
    else:
        main(__doc__, TABLES, "explainers-", PAGE)
