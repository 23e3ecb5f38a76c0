"""How long a round takes on a CUDA device, against the processor of the same machine.

    python benchmarks/device.py --write        the table in docs/results/speed.md; needs a CUDA device

Shapes go from many small networks to one large one: at which does a device pay?
"""

import time
from collections.abc import Mapping
from typing import Any

import torch
from results_page import main, markdown

from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load, revise

LEAST = 1.0  # seconds that a measurement takes at least
WIDE: Mapping[str, Any] = {"learning.hidden": [1024, 1024], "learning.samples": 64}
SHAPES: Mapping[str, tuple[int, Mapping[str, Any]]] = {
    "commons, 1 run": (1, {}),
    "commons, 64 runs": (64, {}),
    "commons, 512 runs": (512, {}),
    "two hidden layers of 1024, 2560 samples, 1 run": (1, WIDE),
    "two hidden layers of 1024, 2560 samples, 16 runs": (16, WIDE),
    "100,000 principals, batch of 8192, 1 run": (1, {
        "task.kind": "synthetic", "task.samples": 200_000, "task.features": 64, "population.count": 100_000,
        "learning.sampling": "pool", "learning.batch": 8192,
    }),
}  # fmt: skip


def seconds(runs: int, changes: Mapping[str, Any], device: str) -> float:
    """Of a round, the least of three measurements after a warm-up."""
    ensemble = Ensemble(revise(load("commons"), {**changes, "device": device}), range(runs))
    for _ in range(3):
        ensemble.step()
    taken = []
    for _ in range(3):
        begun, rounds = time.perf_counter(), 0
        while (spent := time.perf_counter() - begun) < LEAST / 3:
            ensemble.step()
            rounds += 1
        taken.append(spent / rounds)
    return min(taken)


def device() -> str:
    """A round, milliseconds: on one thread, on all threads, on the device; and how often faster than one thread."""
    rows, threads = [], torch.get_num_threads()
    for name, (runs, changes) in SHAPES.items():
        torch.set_num_threads(1)
        one = seconds(runs, changes, "cpu")
        torch.set_num_threads(THREADS)
        every = seconds(runs, changes, "cpu")
        torch.set_num_threads(threads)
        cuda = seconds(runs, changes, "cuda")
        rows.append([name, *(f"{1000 * each:.2f}" for each in (one, every, cuda)), f"{one / cuda:.2f}"])
    heads = ["economy", "1 thread", f"{THREADS} threads", torch.cuda.get_device_name(), "times one thread"]
    return markdown(heads, rows)


THREADS = torch.get_num_threads()

if __name__ == "__main__":
    if not torch.cuda.is_available():
        raise SystemExit("there is no CUDA device here")
    main(__doc__, {"device": device})
