"""Too much data: what one sells tells of others, so that data are cheap, and some markets had better be shut."""

from collections.abc import Iterator
from typing import Any

import commonweal as cw
from commonweal.scenarios.atlas.base import Seeds, result
from commonweal.scenarios.atlas.check import Check
from commonweal.scenarios.atlas.nudge import Nudge

UNIT = 1000.0  # money in a unit of the paper, so that whole micro-units round off nothing that is looked at
WORTH = 0.5  # v: what a unit of leak about oneself is worth, of both; of the first where they differ
ALIKE = (0.9, 0.5, 0.0)  # correlations r
BOTH, ONE = [1.0, 1.0], [1.0, 0.0]  # readings sold
LIKE, PAID, PRIVACY = "correlation", "what is paid", "worth of privacy"


@result(
    "acemoglu-2022",
    paper="Acemoglu, Makhdoumi, Malekian and Ozdaglar, AEJ: Micro 2022",
    table="two sellers, X of variance 1, S = X + N(0, 1)",
    shows="the price of data by how alike people are, and which markets had better be shut",
    learns="The more alike people are, the less each is paid for data; what they lose together is not in the price.",
    link="https://www.nber.org/papers/w26296",
    seconds=4,
    seeds=4,
)
def too_much_data(seeds: Seeds, nudge: Nudge) -> Iterator[Check]:
    """Two people who sell a reading of themselves each, or stay away; runs, the study incentives, and best responses.

    The leak about me is 2/(4 − r²) if both sell, r²/2 if only the other does, ½ if only I do. The price is what selling
    too takes from me, v (2 − r²)²/(2 (4 − r²)).
    """
    for alike in ALIKE:
        yield from _price(alike, seeds, nudge)
    for alike in ALIKE[:-1]:
        yield from _shut(alike, seeds, nudge)
    yield from _answered(seeds)


def price(alike: float) -> float:
    """P: what my leak grows by if I sell too, the other selling."""
    return (2 - alike**2) ** 2 / (2 * (4 - alike**2))


def _price(alike: float, seeds: Seeds, nudge: Nudge) -> Iterator[Check]:
    """What is leaked, and at which payment nobody gains by staying away."""
    played, wanted = nudge(LIKE, alike, instead=alike + 0.01), WORTH * price(alike)
    yield Check(
        f"r = {alike:g}: price of data, of a unit of privacy", theirs=price(alike), source="derived",
        ours=_gain(played, WORTH, 0.0) / WORTH, found_by="study", breaks=LIKE,
    )  # fmt: skip
    yield Check(
        f"r = {alike:g}: leak about each", theirs=2 / (4 - alike**2), ours=_leaked(seeds, played, BOTH),
        source="derived", found_by="run", breaks=LIKE,
    )  # fmt: skip
    at_none = WORTH * price(0.0)
    paid = {"the price": (wanted, 0.0), "0.01 less": (wanted - 0.01, 0.01)}
    if alike:
        paid["the price at r = 0"] = (at_none, wanted - at_none)
    for told, (payment, theirs) in paid.items():
        yield Check(
            f"r = {alike:g}: gain of staying away at {told}", theirs=theirs, source="derived", found_by="study",
            ours=_gain(alike, WORTH, nudge(PAID, payment)), within=1e-6, breaks=PAID,
        )  # fmt: skip


def _shut(alike: float, seeds: Seeds, nudge: Nudge) -> Iterator[Check]:
    """From which v_2 on people and platform lose together, v_1 being ½; and up to which it buys from the second too."""
    played, first = nudge(LIKE, alike, instead=alike + 0.01), nudge(PRIVACY, WORTH)
    yield Check(
        f"r = {alike:g}, the first alone sells: loss from v_2 on", theirs=1 + (1 - WORTH) / alike**2,
        ours=_loss_from(seeds, played, WORTH, ONE), source="derived", found_by="run", breaks=LIKE,
    )  # fmt: skip
    yield Check(
        f"r = {alike:g}, both sell: loss from v_2 on", theirs=2 - WORTH, ours=_loss_from(seeds, played, first, BOTH),
        source="derived", found_by="run", breaks=PRIVACY,
    )  # fmt: skip
    more = 2 * (_leaked(seeds, played, BOTH) - _leaked(seeds, played, ONE))  # about both people
    yield Check(
        f"r = {alike:g}: bought from the second too, up to v_2 of", source="derived", found_by="study", breaks=LIKE,
        theirs=(4 / (4 - alike**2) - 0.5 - alike**2 / 2 + WORTH / 2) / price(alike) - WORTH,
        ours=(more + WORTH / 2) / (_gain(played, WORTH, 0.0) / WORTH) - WORTH,
    )  # fmt: skip


def _answered(seeds: Seeds) -> Iterator[Check]:
    """Best responders, both selling at first: they count what is leaked about who stays away."""
    alike = ALIKE[0]
    for told, part, theirs in (("1% above the price", 1.01, "both sell"), ("1% below it", 0.99, "nobody sells")):
        fields = _fields(alike, [WORTH, WORTH], part * WORTH * price(alike)) | {"rounds": 30}
        share = _last(seeds, fields | {"policy.mix": {"best_response": 1.0}})["share_delegate"]
        words = {0.0: "nobody sells", 0.5: "one sells", 1.0: "both sell"}
        yield Check(
            f"r = {alike:g}: who sells, paid {told}", theirs=theirs, ours=[words[each] for each in share],
            source="derived", found_by="run",
        )  # fmt: skip


def _fields(alike: float, worth: list[float], paid: float) -> dict[str, Any]:
    """Two people who are paid so much each if both sell, and sell whatever it brings."""
    return {
        "rounds": 1, "population.count": 2, "population.start_delegate": 1.0, "population.start_abstain": 0.0,
        "policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0, "settlement.kind": "equal",
        "market.price": UNIT * paid * (4 - alike**2) / 2, "market.model_value": UNIT,
        "rewards.accuracy.options": {"correlation": alike, "privacy": worth},
    }  # fmt: skip


def _last(seeds: Seeds, fields: dict[str, Any]) -> Any:
    """The last round of each run, as a table."""
    return cw.Ensemble(cw.load("data-leak", fields), seeds).run().rounds.groupby("run").last()


def _leaked(seeds: Seeds, alike: float, sells: list[float]) -> Any:
    """Leak about anybody, the mean of both, in each run."""
    return 1 - _last(seeds, _fields(alike, [1.0, 1.0], 0.0) | {"population.samples": sells})["own_accuracy"]


def _gain(alike: float, worth: float, paid: float) -> float:
    """What staying away gains where the other sells, by the study incentives."""
    answer = cw.ask("incentives", "data-leak", 2, _fields(alike, [worth, worth], paid), deviations=["abstain"],
                    horizon=1, others="freeze", workers=1)  # fmt: skip
    return float(answer.tables["by_deviation"]["gain"].iloc[0]) / UNIT


def _loss_from(seeds: Seeds, alike: float, first: float, sells: list[float]) -> Any:
    """The worth of the second's privacy at which a leak is worth what it costs them; a unit of it is worth 1 to buyers.

    What all have together falls in a straight line with it, so that two runs tell where it passes nothing.
    """
    low, high = (
        _last(seeds, _fields(alike, [first, second], 2 / (4 - alike**2)) | {"population.samples": sells})["welfare"]
        - 2 * UNIT
        for second in (0.0, 1.0)
    )
    return low / (low - high)
