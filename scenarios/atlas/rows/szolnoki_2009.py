"""Public goods on a lattice: neighbours who cooperate shelter one another."""

from collections.abc import Iterator

import numpy as np

import commonweal as cw
from commonweal.scenarios.atlas.base import Seeds, result
from commonweal.scenarios.atlas.check import Check
from commonweal.scenarios.atlas.nudge import Nudge
from commonweal.scenarios.runs.intervals import SHARE

PUBLISHED = {4.0: 0.51, 5.0: 0.93}  # cooperators by multiplication
SIDE, SWEEPS = 50, 300
SMALL = "the lattice here is small, and one in ten revise at once where theirs revise one at a time"


@result(
    "szolnoki-2009",
    paper="Szolnoki, Perc and Szabó, Physical Review E 80, 2009",
    table="square lattice, five groups of five, K = 0.5",
    shows="shares of cooperators at r = 4 and r = 5",
    learns="Where groups overlap in space cooperation lives at factors at which it dies among strangers.",
    link="https://doi.org/10.1103/PhysRevE.80.056109",
    seconds=40,
    seeds=8,
)
def lattice(seeds: Seeds, nudge: Nudge) -> Iterator[Check]:
    """The scenario spatial-public-goods, 50 × 50 principals; the mean over the last quarter of 300 sweeps.

    Theirs revise one at a time, ours one in ten at once.
    """
    for multiplication, theirs in PUBLISHED.items():
        played = nudge("market.multiplication", multiplication, instead=multiplication - 0.25)
        yield Check(
            f"r = {multiplication:g}: share of cooperators", theirs=theirs, ours=cooperators(played, seeds),
            source="published", found_by="run", kind="statistical", resolution=0.03, lies=SHARE,
            breaks="market.multiplication", cause=SMALL,
        )  # fmt: skip


def cooperators(multiplication: float, seeds: Seeds) -> list[float]:
    """Share of each run that contributes, over the last quarter of its sweeps."""
    changes = {"population.count": SIDE**2, "market.multiplication": multiplication}
    scenario = cw.load("spatial-public-goods", changes)
    each = round(1 / scenario.policy.revision)  # rounds in which everybody revises once
    ensemble, seen = cw.Ensemble(scenario, seeds), []
    for sweep in range(SWEEPS):
        for _ in range(each):
            ensemble.step()
        if sweep >= 3 * SWEEPS // 4:
            seen.append(ensemble.state.quality)
    return [float(share) for share in np.mean(seen, axis=0)]
