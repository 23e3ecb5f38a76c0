"""Detectors of free riders: shares of correct detection, by networks and data that are not to be had offline."""

from collections.abc import Iterator

from commonweal.scenarios.atlas.base import Seeds, result
from commonweal.scenarios.atlas.check import Check

NETWORKS = "the detectors' networks, and their data"
INSTEAD = "Here an attack is judged by the money it brings (commonweal study attacks), not by whether it is seen."
TABLE = {"a single free rider": "98.6, 95.3, 100, 86.4, 86.6", "overall": "100, 99.8, 100, 96, 96"}


@result(
    "delta-dagmm",
    paper="Delta-DAGMM, a detector of free riders in federated learning",
    table="Table 6, per cent",
    shows="how often free riders are told from others",
    learns=INSTEAD,
)
def delta_dagmm(seeds: Seeds) -> Iterator[Check]:
    """Nothing is played."""
    for what, theirs in TABLE.items():
        yield Check(what, theirs=theirs, ours=None, source="published", found_by="run", missing=NETWORKS)


@result(
    "s2-wef",
    paper="S²-WEF, arXiv 2604.04611, 2026",
    table="120 settings",
    shows="in how many settings it is the best detector",
    learns=INSTEAD,
    link="https://arxiv.org/abs/2604.04611",
)
def s2_wef(seeds: Seeds) -> Iterator[Check]:
    """Nothing is played. The figure is from a summary by others."""
    yield Check(
        "settings in which it is best", theirs="112 of 120", ours=None, source="published", found_by="run",
        missing=NETWORKS,
    )  # fmt: skip
