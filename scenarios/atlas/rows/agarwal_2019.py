"""A marketplace for data: what copies of one's data earn, and what takes that away again."""

from collections.abc import Iterator, Mapping
from math import log
from typing import Any

import numpy as np

import commonweal as cw
from commonweal.agents.arrays import Floats
from commonweal.scenarios.atlas.base import Seeds, result
from commonweal.scenarios.atlas.check import Check
from commonweal.scenarios.atlas.nudge import Nudge

REVENUE = 1000.0  # money, where all data together are worth 1
EQUALS = {"population.cost_low": 0.0, "population.cost_high": 0.0, "policy.mix": {"fixed": 1.0}, "rounds": 2}
PENALTY = log(2)
NAMES = (2, 3, 4)


@result(
    "agarwal-2019",
    paper="Agarwal, Dahleh and Sarkar, EC 2019 (arXiv 1805.08125); Han et al., arXiv 2006.14583",
    table="robustness to replication, two owners of the same data, one of them under k names",
    shows="what an owner has who puts its data in under k names",
    learns="Copies pay under Shapley; not under Banzhaf or leave-one-out, nor where likeness is penalised by ln 2.",
    link="https://arxiv.org/abs/1805.08125",
    seconds=4,
    seeds=2,
)
def replication(seeds: Seeds, nudge: Nudge) -> Iterator[Check]:
    """Two owners hold the same, so that either is as good as both; one puts it in again under further names.

    The study incentives says what copies bring under each credit rule, and under Shapley with a penalty on data that
    resemble those of others. The study best-deviation is told nothing, and searches.
    """
    # What one has under k names is its part of revenue without them, and its gain.
    rules: dict[str, tuple[dict[str, Any], Any]] = {
        "Shapley": ({"credit.kind": "shapley"}, lambda k: k / (k + 1)),
        "Banzhaf": ({"credit.kind": "banzhaf"}, lambda k: k / 2**k),
        "Shapley, penalty, all data alike": (penalised(nudge, 1.0), lambda k: k / (k + 1) / 2**k),
        "Shapley, penalty, only copies alike": (penalised(nudge, 0.0), lambda k: k / (k + 1) / 2 ** (k - 1)),
    }
    pays = []
    for rule, (changes, theirs) in rules.items():
        price = nudge("market.price", REVENUE / 2)
        for names in NAMES:
            before, part = paid(changes | {"market.price": price}, "copies", nudge("names", names), seeds)
            yield Check(
                f"{rule}: {names} names", theirs=theirs(names), ours=part, source="derived", found_by="incentives",
                breaks="names",
            )  # fmt: skip
            if names == NAMES[0]:
                pays += [rule] * bool((part > before + 1e-6).all())
                yield Check(
                    f"{rule}: one name", theirs=theirs(1), ours=before, source="derived", found_by="incentives",
                    breaks="market.price",
                )  # fmt: skip
    left_out = nudge("credit.kind", "leave_one_out", instead="banzhaf")
    for names in NAMES:
        _, part = paid({"credit.kind": left_out}, "copies", names, seeds)
        yield Check(
            f"leave-one-out: {names} names", theirs=0.0, ours=part, source="derived", found_by="incentives",
            breaks="credit.kind",
        )  # fmt: skip
    yield Check(
        "a second name pays under", theirs="Shapley", ours=", ".join(pays), source="published", found_by="incentives",
    )  # fmt: skip
    yield from searched(seeds, nudge)


def penalised(nudge: Nudge, alike: float) -> dict[str, Any]:
    """Shapley's value of what resembles others' data, cut by exp(−λ × likeness)."""
    penalty = nudge("credit.replication.penalty", PENALTY)
    return {"credit.replication.penalty": penalty, "rewards.accuracy.options": {"alike": alike}}


def searched(seeds: Seeds, nudge: Nudge) -> Iterator[Check]:
    """What the study best-deviation comes to under Shapley, of 1, 2 or 4 names: of such data a part is as good."""
    scenario = cw.load("replication", EQUALS | {"population.count": nudge("owners", 2), "market.price": REVENUE / 2})
    asked: dict[str, Any] = {"copies": True, "horizon": 2, "budget": 20, "held_out": 2}
    answer = cw.ask("best-deviation", scenario, list(seeds), others="freeze", workers=1, **asked)
    best = answer.tables["best"].iloc[0]
    yield Check(
        "the most profitable deviation found", theirs="under 4 names",
        ours="under 4 names" if max(best["identities"], best["copies"]) == 4 else str(best["deviation"]),
        source="derived", found_by="best-deviation",
    )  # fmt: skip
    yield Check(
        "what it gains", theirs=4 / 5 - 1 / 2, ours=float(best["gain"]) / REVENUE, source="derived",
        found_by="best-deviation",
        breaks="owners",
    )  # fmt: skip


def paid(
    changes: Mapping[str, Any], deviation: str, names: int, seeds: Seeds, owners: int = 2
) -> tuple[Floats, Floats]:
    """Part of revenue of one owner under one name and under several, (S,) and (S,), as the study incentives finds it.

    Args:
        changes: to the scenario ``replication``, of owners whose data cost nothing.
        deviation: sybil (data are divided among the names) or copies (each name has all of them).
        names: how many.
        seeds: S of them.
        owners: how many.
    """
    usual = {"population.count": owners, "market.price": REVENUE / owners, "population.samples": [1.0] * owners}
    scenario = cw.load("replication", EQUALS | usual | dict(changes))
    asked: dict[str, Any] = {"deviations": [deviation], "identities": names, "horizon": 1, "others": "freeze"}
    table = cw.ask("incentives", scenario, list(seeds), workers=1, **asked).tables["by_principal"]
    before, gain = np.asarray(table["payoff"], dtype=float), np.asarray(table["gain"], dtype=float)
    return before / REVENUE, (before + gain) / REVENUE
