"""Cooperators on the lattice: the spatial public-goods game against the literature, and how fast a round is.

Szolnoki, Perc and Szabó (2009): square lattice, five overlapping groups of five, Fermi imitation with K = 0.5, random
sequential updating. Run it: python benchmarks/spatial.py [--sweeps 4000] [--size 100] [--revision 0.1]
"""

import argparse
from time import perf_counter

import numpy as np
import torch

from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.runs.text_table import Column, lines
from commonweal.scenarios.schema.loading import load, revise

REFERENCE = {3.85: 0.38, 4.0: 0.51, 5.0: 0.93, 5.49: 0.99}  # cooperator share by r, 4000 sweeps of 100 × 100


def shares(size: int, sweeps: int, revision: float) -> tuple[np.ndarray, float]:
    """(sweeps, 4) cooperator shares of a run at each multiplication, and milliseconds per round of one run."""
    base = load("spatial-public-goods", {"population.count": size**2, "policy.revision": revision})
    scenarios = [revise(base, {"market.multiplication": r}) for r in REFERENCE]
    ensemble = Ensemble(scenarios, seeds=range(len(REFERENCE)))
    each, course, begin = round(1 / revision), [], perf_counter()
    for _ in range(sweeps):
        for _ in range(each):
            ensemble.step()
        course.append(ensemble.state.quality)
    milliseconds = 1000 * (perf_counter() - begin) / (sweeps * each * len(REFERENCE))
    return np.array(course), milliseconds


def main() -> None:
    """Print cooperator shares beside those of the literature."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=100, help="side of the lattice")
    parser.add_argument("--sweeps", type=int, default=4000, help="revisions per principal")
    parser.add_argument("--revision", type=float, default=0.1, help="share of principals that revise in a round")
    options = parser.parse_args()
    torch.set_num_threads(1)
    course, milliseconds = shares(options.size, options.sweeps, options.revision)
    last = course[-max(1, len(course) // 4) :]
    size, sweeps = options.size, options.sweeps
    rows = [
        (f"{r:g}", f"{mean:.3f}", f"{reference:.2f}", f"{mean - reference:+.3f}", f"{spread:.3f}")
        for (r, reference), mean, spread in zip(REFERENCE.items(), last.mean(0), last.std(0), strict=True)
    ]
    heads = ("multiplication", "cooperators", "reference", "difference", "spread over time")
    print(f"lattice {size} × {size}, {sweeps} sweeps, revision {options.revision:g}")
    print("\n".join(lines([Column(*column) for column in zip(heads, zip(*rows, strict=True), strict=True)])))
    print(f"{milliseconds:.2f} ms per round of {options.size**2} principals, torch.set_num_threads(1)")


if __name__ == "__main__":
    main()
