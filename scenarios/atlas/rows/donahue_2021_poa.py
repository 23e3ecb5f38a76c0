"""How much worse than the best partition the stable ones are, if each owner federates with whom it likes."""

from collections.abc import Iterator
from fractions import Fraction

from commonweal.scenarios.atlas.base import Seeds, result
from commonweal.scenarios.atlas.check import Check
from commonweal.scenarios.atlas.federations import Coalition, Samples, Sharing, stable, told
from commonweal.scenarios.atlas.nudge import Nudge

NOISE, SPREAD = 10.0, 1.0
NOISES, START = "rewards.accuracy.options.noise", "population.start_delegate"
OWNERS: Samples = (1, 8, 15)
COSTS: dict[Coalition, float] = {(0, 1, 2): 0.913194, (1, 2): 1.268116, (0, 2): 0.911458, (0, 1): 0.907407, (): 1.25}
RATIOS: dict[Samples, float] = {OWNERS: 1.004464, (1, 10, 10): 1.018182, (5, 10, 10): 1.025641}
UNWEIGHTED: dict[Samples, float] = {(1, 10, 10): 1.182218, (5, 10, 10): 1.050136}
MOST = 9  # their bound on the price of anarchy
MANY, LOUD = 12, 1000.0  # owners of one reading each, and its variance: apart they lose 11.87 times as much as together

WORST, WORST_NOISE, WORST_RATIO = (4838, 285, 275), 1000, Fraction(6956348620, 5610653403)
MARGIN = Fraction(1, 10_000)  # share of an error that could change and leave it stable

NO_MOVES = (
    "the 8 and the 15 would each leave, whoever reconsiders first does, and the 1 cannot follow the 15, since there is "
    "one cooperative and moving to another is no action"
)
OPEN = "entry is open here, and theirs asks who is in: the 10 with the 1 would have .979592 in place of .925620"
FIRST = "nobody gains by being the first in an empty cooperative; theirs lets any two found one"


@result(
    "donahue-2021-poa",
    paper="Donahue and Kleinberg, NeurIPS 2021",
    table="Table 1 and price of anarchy ≤ 9, μ = 10, σ² = 1",
    shows="price of anarchy of federated learning",
    learns="Owners who can move lose little together; where somebody must be the first to join, there is no bound.",
    link="https://arxiv.org/abs/2106.09580",
    seconds=2,
    seeds=16,
)
def price_of_anarchy(seeds: Seeds, nudge: Nudge) -> Iterator[Check]:
    """Partitions of three owners are played; their price of anarchy is that of those that no owner would leave.

    Who would leave is read off the errors that were played. Best responders then play with one cooperative, which is
    open to all, and differ where theirs move between several.
    """
    noise = nudge(NOISES, NOISE)
    yield from _ratios(noise)
    yield from _costs(noise)
    yield from _worst(nudge)
    yield from _best_responses(seeds)
    yield from _many(seeds, nudge)


def _ratios(noise: float) -> Iterator[Check]:
    """The worst stable partition over the best one; and by owners, whatever they hold."""
    for samples, theirs in RATIOS.items():
        yield _exact(f"{told(samples)}: price of anarchy", theirs, ratio(Sharing(samples, noise, SPREAD)))
    for samples, theirs in UNWEIGHTED.items():
        ours = ratio(Sharing(samples, noise, SPREAD), weighted=False)
        yield _exact(f"{told(samples)}: price of anarchy, owners alike", theirs, ours)


def _costs(noise: float) -> Iterator[Check]:
    """Mean errors of all partitions, and the one that nobody leaves."""
    played = Sharing(OWNERS, noise, SPREAD)
    errors = played.errors()
    yield Check(
        f"{told(OWNERS)}: partition that no owner leaves", theirs="{1, 15}, {8}",
        ours="; ".join(map(played.words, stable(errors))), source="repository", found_by="run",
    )  # fmt: skip
    for coalition, theirs in COSTS.items():
        yield _exact(f"{played.words(coalition)}: mean error", theirs, played.cost(errors[coalition]))


def _worst(nudge: Nudge) -> Iterator[Check]:
    """An instance that is worse than theirs: a lower bound on the largest price of anarchy."""
    ours = ratio(Sharing(WORST, nudge(NOISES, float(WORST_NOISE)), SPREAD))
    yield Check(
        f"beyond the paper, {told(WORST)} with μ = 1000: price of anarchy", theirs=float(WORST_RATIO), ours=ours,
        source="derived", found_by="run", breaks=NOISES,
    )  # fmt: skip
    exact = exactly(WORST, WORST_NOISE)
    kept = [cost for here, cost in costs(WORST, exact).items() if here in stable(exact, MARGIN)]
    found = max(kept) / min(costs(WORST, exact).values()) if kept else "nothing is stable with a margin of 1e-4"
    yield Check(
        "the same in fractions, stable with a margin of 1e-4", theirs=str(WORST_RATIO), ours=str(found),
        source="derived", found_by="function",
    )  # fmt: skip


def _best_responses(seeds: Seeds) -> Iterator[Check]:
    """Where best responders end who can join and leave one cooperative; with several, that is to be played."""
    for samples, theirs, cause in ((OWNERS, "{1, 15}, {8}", NO_MOVES), ((1, 10, 10), "{1, 10}, {10}", OPEN)):
        played = Sharing(samples, NOISE, SPREAD)
        yield Check(
            f"{told(samples)}: where best responders end", theirs=theirs, source="repository",
            found_by="best responses", cause=cause, ours=[played.words(end) for end in played.ends(seeds)],
        )  # fmt: skip
    yield Check(
        f"{told(OWNERS)}: where best responders end who move between cooperatives", theirs="{1, 15}, {8}", ours=None,
        source="derived", found_by="run", missing="several cooperatives, of which one is left for another",
    )  # fmt: skip


def _many(seeds: Seeds, nudge: Nudge) -> Iterator[Check]:
    """Owners of one reading each, who do best all together: whether they stay, and whether they come."""
    together = nudge(START, 1.0, instead=0.0)
    for start, share in (("together", together), ("apart", 1.0 - together)):
        fields = {START: share, "population.start_abstain": 1.0 - share}
        played = Sharing((1,) * MANY, LOUD, SPREAD, fields=fields)
        everybody = tuple(range(MANY))
        errors = played.errors([everybody, ()])
        ends = [played.cost(errors[end]) for end in played.ends(seeds)]
        yield Check(
            f"{MANY} owners of 1, μ = 1000, who start {start}: price of anarchy", theirs=MOST,
            ours=[cost / played.cost(errors[everybody]) for cost in ends], source="published", found_by="run",
            kind="claim", at_most=True, breaks=START, cause=FIRST,
        )  # fmt: skip


def ratio(played: Sharing, weighted: bool = True) -> float:
    """Price of anarchy of three owners, from partitions that are played: mean error of the worst stable over the best.

    Args:
        played: with three owners.
        weighted: by readings; else by owners, whatever they hold.
    """
    errors = played.errors()
    means = {here: played.cost(error) if weighted else float(error.mean()) for here, error in errors.items()}
    return max(means[here] for here in stable(errors)) / min(means.values())


def exactly(samples: Samples, noise: int) -> dict[Coalition, list[Fraction]]:
    """Errors of owners in fractions, spread 1, by the coalition that is in: μ/N + [Σ_{i≠j} n_i² + (N − n_j)²]/N²."""

    def error(owner: int, coalition: Coalition) -> Fraction:
        inside = [samples[other] for other in (coalition if owner in coalition else (owner,))]
        total, own = sum(inside), samples[owner]
        bias = sum(each**2 for each in inside) - own**2 + (total - own) ** 2
        return Fraction(noise, total) + Fraction(bias, total**2)

    owners = range(len(samples))
    return {those: [error(owner, those) for owner in owners] for those in Sharing(samples, noise, 1.0).coalitions}


def costs(samples: Samples, errors: dict[Coalition, list[Fraction]]) -> dict[Coalition, Fraction]:
    """Mean error of every partition in fractions, by readings."""
    weights = [Fraction(each, sum(samples)) for each in samples]
    return {here: sum(map(Fraction.__mul__, weights, each), Fraction()) for here, each in errors.items()}


def _exact(name: str, theirs: float, ours: float) -> Check:
    return Check(name, theirs, ours, source="repository", found_by="run", digits=6, breaks=NOISES)
