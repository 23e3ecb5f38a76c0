"""Model-sharing games: federating lowers the variance of a model and raises its bias. Who federates with whom?"""

from collections.abc import Iterator, Sequence

import commonweal as cw
from commonweal.agents.errors import InputError
from commonweal.scenarios.atlas.base import Seeds, result
from commonweal.scenarios.atlas.check import Check
from commonweal.scenarios.atlas.federations import SURE, Coalition, Samples, Sharing, leaving_together, told
from commonweal.scenarios.atlas.nudge import Nudge

NOISE, SPREAD = 10.0, 1.0
SAMPLES, NOISES, SPREADS = "population.samples", "rewards.accuracy.options.noise", "rewards.accuracy.options.spread"
FORMS = {"uniform": "federated_mean", "coarse": "coarse_federated_mean", "fine": "fine_federated_mean"}

# Errors as their repository prints them: owners who are in, error of each kind of owner that is told, decimals
ERRORS: dict[tuple[str, Samples], list[tuple[Coalition, dict[int, float], int]]] = {
    ("uniform", (5, 5, 25)): [
        ((), {0: 2.0, 2: 0.4}, 6), ((0, 1), {0: 1.5}, 6), ((0, 2), {0: 1.722222, 2: 0.388889}, 6),
        ((0, 1, 2), {0: 1.551020, 2: 0.408163}, 6),
    ],
    ("uniform", (5, 5, 5)): [((), {0: 2.0}, 6), ((0, 1), {0: 1.5}, 6), ((0, 1, 2), {0: 1.333333}, 6)],
    ("uniform", (10, 10, 10)): [((0, 1, 2), {0: 1.0}, 6)],
    ("uniform", (25, 25, 25)): [((), {0: 0.4}, 6), ((0, 1), {0: 0.7}, 6), ((0, 1, 2), {0: 0.8}, 6)],
    ("coarse", (30, 30, 30, 300)): [((0, 1, 2, 3), {0: 0.279642}, 6), ((0, 1, 2, 3), {3: 0.0325815}, 7),
                                    ((0, 1, 2), {0: 0.277778}, 6)],
    ("fine", (30, 30, 30, 300)): [((0, 1, 2, 3), {0: 0.269424}, 6), ((0, 1, 2, 3), {3: 0.0325815}, 7)],
    ("uniform", (10, 20, 30)): [((), {0: 1.0, 1: 0.5, 2: 0.333333}, 6),
                                ((0, 1, 2), {0: 1.222222, 1: 0.888889, 2: 0.555556}, 6)],
    ("coarse", (10, 20, 30)): [((0, 1, 2), {0: 0.632353, 1: 0.394737, 2: 0.283333}, 6)],
    ("fine", (10, 20, 30)): [((0, 1, 2), {0: 0.630435, 1: 0.391304, 2: 0.282609}, 6)],
}  # fmt: skip
FOUND: dict[Samples, tuple[str, Samples]] = {  # the stable partition, and owners who come to another one
    (5, 5, 25): ("{5, 5}, {25}", (5, 5, 5)),
    (5, 5, 5): ("{5, 5, 5}", (5, 5, 25)),
    (25, 25, 25): ("{25}, {25}, {25}", (5, 5, 25)),
}
NOTHING = "nothing to select"
TWO = (0, 1)  # seeds: nothing is drawn, and a study wants two


@result(
    "donahue-2021",
    paper="Donahue and Kleinberg, AAAI 2021",
    table="Tables 1–5, μ = 10, σ² = 1",
    shows="errors and stable coalitions of federated learning",
    learns="Small owners federate, large ones stay away, and a model of one's own weights keeps more of them together.",
    link="https://arxiv.org/abs/2010.00753",
    seconds=3,
    seeds=16,
)
def model_sharing(seeds: Seeds, nudge: Nudge) -> Iterator[Check]:
    """Owners delegate or stay away, by best responses; errors are 1 − the payoffs of a round with a coalition in it.

    What an owner gains by leaving all is asked of the study incentives, which choice resists of the study evolution.
    """
    for samples, (partition, others) in FOUND.items():
        played = Sharing(nudge(SAMPLES, samples, instead=others), NOISE, SPREAD)
        yield Check(
            f"{told(samples)}: stable partition", theirs=partition, source="repository", found_by="best responses",
            breaks=SAMPLES,
            ours=[played.words(end) for end in played.ends(seeds)],
        )  # fmt: skip
    yield from _errors(nudge)
    yield from _large_and_small(nudge)
    yield from _gains(nudge)
    yield from _selection(nudge)


def _errors(nudge: Nudge) -> Iterator[Check]:
    """The tables of errors."""
    for (federation, samples), rows in ERRORS.items():
        played = Sharing(samples, nudge(NOISES, NOISE), nudge(SPREADS, SPREAD), FORMS[federation])
        found = played.errors([coalition for coalition, _, _ in rows])
        for coalition, errors, digits in rows:
            where = f"{federation}, {played.words(coalition)}" if coalition else f"{told(samples)} alone"
            for owner, theirs in errors.items():
                yield Check(
                    f"{where}: error of {samples[owner]}", theirs=theirs, ours=found[coalition][owner],
                    source="repository", found_by="run", digits=digits, breaks=SPREADS if coalition else NOISES,
                )  # fmt: skip


def _large_and_small(nudge: Nudge) -> Iterator[Check]:
    """Whether all stay together, with weights of each owner's own: nobody leaves, but three might together."""
    alike = nudge(SAMPLES, (30, 30, 30, 300), instead=(100, 100, 100, 300))
    everybody = (0, 1, 2, 3)
    for federation, theirs in (("coarse", "{30, 30, 30}"), ("fine", "nobody")):
        played = Sharing(alike, NOISE, SPREAD, FORMS[federation])
        leave = [(owner,) for owner, gain in enumerate(_by_leaving(played)) if gain > SURE]
        together = leaving_together(played.errors(), everybody)
        where = f"{federation}, {told((30, 30, 30, 300))}"
        yield Check(
            f"{where}: who leaves all the others", theirs="nobody", ours=played.sets(leave), source="published",
            found_by="incentives",
        )  # fmt: skip
        yield Check(
            f"{where}: who leaves together", theirs=theirs, ours=played.sets(together), source="published",
            found_by="run", breaks=SAMPLES if federation == "coarse" else "",
        )  # fmt: skip


def _gains(nudge: Nudge) -> Iterator[Check]:
    """What one gains by staying away where all others are in."""
    for samples, owner, theirs in (
        ((5, 5, 5), 0, -0.666667), ((10, 10, 10), 0, 0.0), ((25, 25, 25), 0, 0.4), ((5, 5, 25), 0, -0.448980),
        ((5, 5, 25), 2, 0.008163),
    ):  # fmt: skip
        gains = _by_leaving(Sharing(samples, nudge(NOISES, NOISE), SPREAD))
        yield Check(
            f"{told(samples)}: what {samples[owner]} gains by leaving", theirs=theirs, ours=gains[owner],
            source="derived", found_by="incentives", digits=6, breaks=NOISES,
        )  # fmt: skip


def _by_leaving(played: Sharing) -> Sequence[float]:
    """Gain of each owner who stays away from now on, the others being in."""
    gains = cw.ask(
        "incentives", played.scenario, TWO, deviations=("abstain",), horizon=1, others="freeze", workers=1
    ).tables["gains"]
    return [float(gain) for gain in gains.sort_values("place")["gain"]]


def _selection(nudge: Nudge) -> Iterator[Check]:
    """Whether being in resists owners who stay away; of ten readings each, neither does better or worse."""
    for owned, theirs in ((5, 0.666667), (25, -0.4)):
        margin = _margin(Sharing((owned,) * 3, nudge(NOISES, NOISE), SPREAD))
        yield Check(
            f"{told((owned,) * 3)}: margin by which delegating resists", theirs=theirs, ours=margin, source="derived",
            found_by="evolution", digits=6, breaks=NOISES,
        )  # fmt: skip
    found = _margin(Sharing((10, 10, 10), nudge(NOISES, NOISE), SPREAD))
    yield Check(
        f"{told((10, 10, 10))}: every partition is as good, which evolution calls", theirs=NOTHING,
        ours=found if isinstance(found, str) else f"a margin of {found:g}", source="published", found_by="evolution",
        breaks=NOISES,
    )  # fmt: skip


def _margin(played: Sharing) -> float | str:
    """By how much delegating does better than a mutant who stays away; the study's refusal where that is nothing."""
    try:
        found = cw.ask("evolution", played.scenario, TWO, {"rounds": 1}, resamples=50).tables["ess"]
    except InputError as error:
        if NOTHING in str(error):
            return NOTHING
        raise
    return float(found.set_index("strategy")["margin"]["delegate"])
