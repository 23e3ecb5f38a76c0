"""Nearest-neighbour values: how fast against pyDVL and with the number of samples, and what they find.

    python benchmarks/neighbours.py                     all parts, without pyDVL
    python benchmarks/neighbours.py --pydvl PYTHON a    beside pyDVL, which PYTHON must have installed

(a) N = 5000, T = 500, K = 5: seconds, and pyDVL's KNN-Shapley on the same data in a process of its own (it needs numpy
    below 2), also on one thread
(b) N = 10⁶, T = 100: seconds and peak memory; slope of time against N
(c) F1 at finding labels that were flipped, unweighted against soft label and weighted by copies
"""

import argparse
import json
import os

from commonweal.agents.arrays import Floats, Ints
from commonweal.scenarios.runs.intervals import SHARE, mean_interval, written

# Before numpy is loaded: its products take one thread, here and in pyDVL's process
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import resource
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from papers.neighbour_values import duplicated, soft_label

from commonweal.economy.credit.neighbours import Samples, unweighted
from commonweal.economy.tasks.datasets import TASKS

NEIGHBOURS, CLASSES, WIDTH = 5, 10, 32
FLIPPED, SEEDS = 0.05, 20

PYDVL = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import numpy as np
from papers.neighbour_values import duplicated, soft_label
from pydvl.valuation.dataset import Dataset
from pydvl.valuation.methods.knn_shapley import KNNShapleyValuation
from sklearn.neighbors import KNeighborsClassifier
folder, neighbours, repeats = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
x, y, tried, answers = (np.load(f"{folder}/{name}.npy") for name in ("x", "y", "tried", "answers"))
took = []
for _ in range(repeats):
    rule = KNNShapleyValuation(KNeighborsClassifier(neighbours), Dataset(tried, answers), progress=False)
    start = time.perf_counter()
    rule.fit(Dataset(x, y))
    took.append(time.perf_counter() - start)
values = rule.result
order = np.argsort(values.indices)
np.save(f"{folder}/values.npy", values.values[order])
print(json.dumps(took))
"""


def drawn(count: int, tests: int) -> tuple[Samples, Samples]:
    """Gaussian features and random labels, of one run."""
    generator = np.random.default_rng(count)

    def some(size: int) -> Samples:
        features = generator.standard_normal((1, size, WIDTH), dtype=np.float32)
        return Samples(features, generator.integers(CLASSES, size=(1, size)))

    return some(count), some(tests)


def seconds(function: Callable[[], object], repeats: int) -> float:
    """The least of several times: what other processes added is not ours."""
    took = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        took.append(time.perf_counter() - start)
    return min(took)


def beside_pydvl(python: str | None) -> None:
    """Part (a)."""
    train, test = drawn(5000, 500)
    values = unweighted(train, test, NEIGHBOURS)[0]
    ours = seconds(lambda: unweighted(train, test, NEIGHBOURS), repeats=5)
    print(f"(a) N = 5000, T = 500, K = 5: {ours:.3f} s (under 0.5)")
    if python is None:
        return
    with tempfile.TemporaryDirectory() as folder:
        parts = {"x": train.features, "y": train.labels, "tried": test.features, "answers": test.labels}
        for name, part in parts.items():
            np.save(Path(folder) / f"{name}.npy", part[0])
        told = subprocess.run(
            [python, "-c", PYDVL, folder, str(NEIGHBOURS), "3"], capture_output=True, text=True, check=True
        )
        theirs = min(json.loads(told.stdout.splitlines()[-1]))
        apart = np.abs(np.load(Path(folder) / "values.npy") - values).max()
    again = seconds(lambda: unweighted(train, test, NEIGHBOURS), repeats=5)
    ratio = theirs / max(ours, again)
    print(f"    pyDVL {theirs:.2f} s, {ratio:.0f} × ours ({again:.3f} s after it; at least 5 ×)")
    print(f"    values up to {np.abs(values).max():.1e}, apart {apart:.0e}: ours rank by distances in single precision")


def growth() -> None:
    """Part (b)."""
    counts = [10_000, 31_623, 100_000, 316_228, 1_000_000]
    games = {count: partial(unweighted, *drawn(count, 100), NEIGHBOURS) for count in counts}
    rounds = [{count: seconds(game, repeats=1) for count, game in games.items()} for _ in range(5)]
    took = {count: min(times[count] for times in rounds) for count in counts}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    slope = np.polyfit(np.log(counts), np.log(list(took.values())), 1)[0]
    table = ", ".join(f"{count:,}: {time:.3f} s" for count, time in took.items())
    print(f"(b) T = 100, K = 5, by N: {table}")
    print(f"    log-log slope {slope:.2f} (at most 1.1); N = 10⁶ under 60 s; peak memory {peak:.2f} GiB (under 4)")


def nearer_counts_more(distances: Floats) -> Ints:
    """From 8 copies of a sample at the test point down to 1 of the farthest: weights of three bits."""
    return 1 + np.rint(7 * (1 - distances / distances[:, -1:])).astype(np.int64)


def detection() -> None:
    """Part (c): the share of samples that are flipped is known, and as many of the lowest value are flagged."""
    print(f"(c) F1 at finding {FLIPPED:.0%} flipped labels, mean and 95 % interval over {SEEDS} seeds")
    print("| data | unweighted | soft label | weighted by copies |\n| --- | --- | --- | --- |")
    for name in ("digits", "breast_cancer", "wine"):
        found = np.array([_found(name, seed) for seed in range(SEEDS)])
        cells = (written(*ends) for ends in zip(*mean_interval(found, within=SHARE).at(...), strict=True))
        print(f"| {name} | {' | '.join(cells)} |")


def _found(name: str, seed: int) -> list[float]:
    generator = np.random.default_rng(seed)
    data = TASKS[name](None, generator)  # type: ignore[arg-type]
    order = generator.permutation(len(data.labels))
    count = round(0.7 * len(order))
    features, labels = data.features[order], data.labels[order].copy()
    flipped = generator.choice(count, round(FLIPPED * count), replace=False)
    labels[flipped] += generator.integers(1, data.classes, len(flipped))
    labels %= data.classes
    train, test = (Samples(features[None, part], labels[None, part]) for part in (slice(count), slice(count, None)))
    rules = (
        unweighted(train, test, NEIGHBOURS),
        soft_label(train, test, data.classes, NEIGHBOURS),
        duplicated(train, test, nearer_counts_more, data.classes, NEIGHBOURS),
    )
    # As many are flagged as are flipped: precision, recall and F1 are the same
    return [float(np.isin(np.argsort(values[0])[: len(flipped)], flipped).mean()) for values in rules]


def main() -> None:
    """Run the parts that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help="a, b, c; all if not given")
    parser.add_argument("--pydvl", metavar="PYTHON", help="interpreter of an environment that has pyDVL")
    asked = parser.parse_args()
    parts = {"a": lambda: beside_pydvl(asked.pydvl), "b": growth, "c": detection}
    if unknown := [part for part in asked.parts if part not in parts]:
        parser.error(f"unknown part {unknown[0]!r}: there are {', '.join(parts)}")
    print(f"numpy {np.__version__}, 1 thread for matrix products, least of several times")
    for part in asked.parts or parts:
        parts[part]()


if __name__ == "__main__":
    main()
