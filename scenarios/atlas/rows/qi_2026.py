"""Pitfalls of Shapley's value as pay: whom does it pay to divide its data among several names?"""

from collections.abc import Iterator
from typing import Any

import commonweal as cw
from commonweal.agents.arrays import Floats
from commonweal.scenarios.atlas.base import Seeds, result
from commonweal.scenarios.atlas.check import Check
from commonweal.scenarios.atlas.nudge import Nudge
from commonweal.scenarios.atlas.rows.agarwal_2019 import EQUALS, REVENUE, paid

SURELY = 1e-6  # of revenue

# What one of two with a sample each has under 1, 2 and 3 names
FALLING = {  # v = ln(1 + N)
    "shapley": (0.549306, 0.562133, 0.566554),
    "leave_one_out": (0.405465, 0.364643, 0.353349),
    "banzhaf": (0.549306, 0.549306, 0.545733),
    "aumann_shapley": (0.549306, 0.549306, 0.549306),
}
RISING = {"shapley": (2.0, 2.0, 2.0), "leave_one_out": (3.0, 3.5, 3.666667)}  # v = N²
CALLED = {
    "shapley": "Shapley", "leave_one_out": "leave-one-out", "banzhaf": "Banzhaf", "aumann_shapley": "Aumann–Shapley",
}  # fmt: skip


@result(
    "qi-2026",
    paper="Qi, arXiv 2403.04753v2, 2026",
    table="splitting of data among names",
    shows="Shapley's value invites splitting, marginal contributions do not",
    learns="Whether splitting pays hangs on the rule and on whether returns fall or rise; never under Aumann–Shapley.",
    link="https://arxiv.org/abs/2403.04753",
    seconds=5,
    seeds=2,
)
def splitting(seeds: Seeds, nudge: Nudge) -> Iterator[Check]:
    """The deviation sybil of the study incentives: one of two owners with a sample each divides it among names.

    Data are worth v(N) = ln(1 + N), or N²; owners are paid what each credit rule says. Beside it five owners who are
    paid equally, by samples or by shares of credit, one of them under 2 and 3 names.
    """
    pays = []
    for rule, theirs in FALLING.items():
        price = nudge("market.price", REVENUE / 2)
        changes = {"rewards.accuracy.kind": "logarithm", "credit.kind": rule, "market.price": price}
        for names in (2, 3):
            before, part = paid(changes, "sybil", nudge("names", names), seeds)
            yield Check(
                f"ln(1 + N), {CALLED[rule]}: {names} names", theirs=theirs[names - 1], ours=part, source="derived",
                found_by="incentives", digits=6, breaks="market.price" if theirs[0] == theirs[names - 1] else "names",
            )  # fmt: skip
            if names == 2:
                pays += [CALLED[rule]] * bool((part > before + SURELY).all())
                yield Check(
                    f"ln(1 + N), {CALLED[rule]}: one name", theirs=theirs[0], ours=before, source="derived",
                    found_by="incentives", digits=6, breaks="market.price",
                )  # fmt: skip
    yield Check(
        "ln(1 + N): a second name pays under", theirs="Shapley", ours=", ".join(pays), source="published",
        found_by="incentives",
    )  # fmt: skip
    yield from rising(seeds, nudge)
    yield from shared(seeds, nudge)


def rising(seeds: Seeds, nudge: Nudge) -> Iterator[Check]:
    """Where returns rise it is the other way round; leave-one-out credits more than there is, so it is not all paid."""
    pays = []
    for rule, theirs in RISING.items():
        before, part = paid({"rewards.accuracy.kind": "square", "credit.kind": rule}, "sybil", 2, seeds)
        pays += [CALLED[rule]] * bool((part > before + SURELY).all())
        for names in (1, 2, 3):
            yield Check(
                f"N², {CALLED[rule]}: credit of one under {names} name{'s' * (names > 1)}", theirs=theirs[names - 1],
                ours=credited(rule, names, nudge("population.samples", 1.0), seeds), source="derived", found_by="run",
                digits=6, breaks="population.samples",
            )  # fmt: skip
    yield Check(
        "N²: a second name pays under", theirs="leave-one-out", ours=", ".join(pays), source="derived",
        found_by="incentives",
    )  # fmt: skip


def credited(rule: str, names: int, each: float, seeds: Seeds) -> Floats:
    """(S,) credit of one of two, under several names that share what it holds, where data are worth N²."""
    changes = {
        "population.count": names + 1, "population.samples": [each / names] * names + [each], "credit.kind": rule,
        "rewards.accuracy.kind": "square",
    }  # fmt: skip
    record = cw.Ensemble(cw.load("replication", EQUALS | changes), seeds).step()
    credit: Floats = record.produce.credit[:, :names].sum(axis=1)
    return credit


def shared(seeds: Seeds, nudge: Nudge) -> Iterator[Check]:
    """What names gain of five owners by a settlement rule that divides all of revenue, as a part of it."""
    owners, rules = 5, {"equal": "equal pay", "data": "pay by samples", "credit": "pay by Aumann–Shapley credit"}
    for kind, called in rules.items():
        for names in (2, 3):
            rule = kind if kind == "equal" else nudge("settlement.kind", kind, instead="equal")
            many = nudge("names", names) if kind == "equal" else names
            changes: dict[str, Any] = {"settlement.kind": rule, "credit.kind": "aumann_shapley"}
            before, part = paid(changes, "sybil", many, seeds, owners)
            theirs = names / (owners + names - 1) - 1 / owners if kind == "equal" else 0.0
            yield Check(
                f"five owners, {called}: gain of {names} names", theirs=theirs, ours=part - before, source="derived",
                found_by="incentives", breaks="names" if kind == "equal" else "settlement.kind",
            )  # fmt: skip
