"""Who free-rides where each chooses how much data to put in: results whose formulas are not to be had here."""

from collections.abc import Iterator

from commonweal.scenarios.atlas.base import Seeds, result
from commonweal.scenarios.atlas.check import Check

FORMULAS = "the paper's formulas, so that only classes of parties could be compared, and no number"


@result(
    "zhang-2022",
    paper="Zhang et al., arXiv 2106.11814, 2022",
    table="parties by what they put in",
    shows="free riders, one party that puts in a part, and contributors",
    learns="Not obtained; the classes follow from pooled estimation with caps on what each holds.",
    link="https://arxiv.org/abs/2106.11814",
)
def classes_of_parties(seeds: Seeds) -> Iterator[Check]:
    """Nothing is played."""
    yield Check(
        "order of parties by cost", theirs="contributors, one partial, free riders", ours=None, source="published",
        found_by="run", kind="order", missing=FORMULAS,
    )  # fmt: skip


@result(
    "yi-2025",
    paper="Yi et al., arXiv 2503.09039, 2025",
    table="who free-rides",
    shows="free riders in a game of contributions",
    learns="Not obtained.",
    link="https://arxiv.org/abs/2503.09039",
)
def who_free_rides(seeds: Seeds) -> Iterator[Check]:
    """Nothing is played."""
    yield Check(
        "who free-rides", theirs=None, ours=None, source="published", found_by="run", kind="order", missing=FORMULAS
    )
