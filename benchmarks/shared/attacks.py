"""Every attack under a settlement: what attackers gain and honest principals lose, and whether the ledger adds up.

Ten principals on drifting digits, all of whom delegate honestly unless they attack. Adding a settlement or an attack is
one line.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from results_page import markdown

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import Futures, play_futures
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.wire.modes import SECRET as SECRET_MODES
from commonweal.scenarios.runs.intervals import Interval, mean_interval, written
from commonweal.scenarios.schema.loading import load, revise

Changes = Mapping[str, Any]
SEEDS, ROUNDS = range(8), 100
TRIED = (0, 3, 6)  # the first attacker, each in runs of its own
LN2 = float(np.log(2))

BASE: Changes = {
    "population.count": 10,
    "population.start_delegate": 1.0,
    "population.start_free_ride": 0.0,
    "population.start_defect": 0.0,
    "policy.mix": {"fixed": 1.0},
    "policy.mutation": 0.0,
    "population.cost_low": 0.0005,
    "population.cost_high": 0.0005,
    "task.partition": "equal",
    "market.model_value": 0.005,
}
FEDAVG: Changes = {"learning.method": "federated", "learning.rate": 0.2}
VALUES: Changes = {
    "task.validation": 650,
    "task.drift": 0.0,
    "values.dimensions": [{"sense": "withhold", "label": 9, "limit": 0.5, "spread": 0.03, "samples": 64}],
    "values.for_sale": 0.5,
    "values.price_low": 0.002,
    "values.price_high": 0.01,
    "screening.mode": "project",
    "screening.scope": "all",
    "screening.gate": False,
}

SECRET: Changes = {"learning.wire": "secure", "learning.distrust": "note"}  # products of updates are claims
AUDITED: Changes = {"learning.wire": "secure", "learning.audit": 0.1, "learning.halves": 1}

STAKES: Changes = {"population.endowment": 0.05, "stakes.stake": 0.05, "stakes.audit": 0.1}
NAMES: Changes = {"population.endowment": 1.0, "identity.cost": 0.2}  # what a name earns in some 25 rounds
ROBUST: Changes = {"settlement.kind": "robust", "settlement.hold_back": 1.0, "clawback.share": 1.0}
MODELS: Changes = {"market.price": 0.0, "market.model_value": 0.02}  # the model is all that anybody is paid with
MENU: Changes = {**MODELS, "rewards.kind": "menu", "menu.offer": "menu", "rewards.accuracy.kind": "fitted",
                 "menu.term": 10, "population.cost_types": [0.00075, 0.0005, 0.00025]}  # fmt: skip
CONTENT: Changes = {"rewards.content": 0.5, "credit.novelty.memory": 2}
SETTLEMENTS: dict[str, Changes] = {
    "equal": {"settlement.kind": "equal"},
    "data": {"settlement.kind": "data"},
    "credit": {},
    "credit, stakes and audits": STAKES,
    "credit, novelty": {"credit.novelty.memory": 2},
    "credit, replication": {"credit.replication.penalty": LN2},
    "credit, hold-back": {"settlement.hold_back": 1.0},
    "credit, clawback": {"clawback.share": 1.0},
    "credit, identity cost": NAMES,
    "robust": {"settlement.kind": "robust"},
    "robust, all of these": {**STAKES, **ROBUST, **NAMES},
    "quota": {"settlement.kind": "quota"},
    "time cumulation": {"settlement.kind": "time_cumulation"},
    "time valuation": {"settlement.kind": "time_valuation"},
    "time cumulation, claimed": {"settlement.kind": "time_cumulation", "rewards.joining": "claimed"},
    "time valuation, claimed": {"settlement.kind": "time_valuation", "rewards.joining": "claimed"},
    "equal, negotiated deals": {"settlement.kind": "equal", "negotiation.kind": "shapley_coop",
                                "negotiation.returns": 1.0},
    "tolerance for sale": {**VALUES, "settlement.reserve": 0.3, "tolerance.budget": 0.03},
    "model: shared": MODELS,
    "model: shaping": {**MODELS, "rewards.kind": "shaping"},
    "model: shaping, content": {**MODELS, "rewards.kind": "shaping", **CONTENT},
    "model: quota": {**MODELS, "rewards.kind": "quota"},
    "model: menu": MENU,
    "model: menu, content": {**MENU, **CONTENT},
    "model: time cumulation": {**MODELS, "rewards.kind": "time_cumulation"},
    "model: time valuation": {**MODELS, "rewards.kind": "time_valuation"},
}  # fmt: skip


@dataclass(frozen=True)
class Attack:
    """What one principal, or a pair, does otherwise, and what the economy needs for it to be possible."""

    deviation: Deviation
    changes: Changes = field(default_factory=dict)


ALONE, PAIR = partial(Deviation, members=(0,)), partial(Deviation, members=(0, 1))
CHEATS = partial(ALONE, action=Action.FREE_RIDE)  # which is what an audit reveals
ATTACKS = (
    Attack(CHEATS("idle")),
    Attack(CHEATS("junk", form="junk")),
    Attack(CHEATS("stale", form="stale")),
    Attack(CHEATS("disguised", form="disguised")),
    Attack(CHEATS("label flips", form="wrong")),
    Attack(CHEATS("disguised, FedAvg", form="disguised"), FEDAVG),
    Attack(CHEATS("replay, FedAvg", form="replay"), FEDAVG),
    Attack(ALONE("Sybil, 2", identities=2)),
    Attack(ALONE("Sybil, 5", identities=5)),
    Attack(ALONE("replication, 3", identities=3, copies=True)),
    Attack(PAIR("pair, one copies", copies=True)),
    Attack(ALONE("cost +50 %", dearer=0.5)),
    Attack(ALONE("stricter limits", looser=-0.5), VALUES),
    Attack(ALONE("late", joins=ROUNDS // 4)),
    Attack(ALONE("late, says not", joins=ROUNDS // 4, earlier=ROUNDS // 4)),
    Attack(ALONE("leaves", leaves=ROUNDS // 2)),
    Attack(ALONE("claims × 1.5, secure", exaggerates=0.5), SECRET),
    Attack(PAIR("pair that cancels, secure", pads=1.0, cancels=True), SECRET),
    Attack(ALONE("claims × 1.5, audited", exaggerates=0.5), AUDITED),
    Attack(PAIR("pair that cancels, audited", pads=1.0, cancels=True), AUDITED),
)


@dataclass(frozen=True)
class Outcome:
    """What attacks brought under one settlement, in S seeds; all relative to the mean honest payoff."""

    gain: dict[str, Floats]  # (S,) of an attacker
    loss: dict[str, Floats]  # (S,) of one honest principal
    imbalance: int  # micro-units, of the ledger that is farthest from adding up
    lowest: int  # micro-units on the lowest account other than the market's


def play(settlement: Changes, attacks: Sequence[Attack], seeds: Sequence[int], rounds: int) -> Outcome:
    """Play attacks under a settlement; those that need the same economy together."""
    gain, loss, imbalance, lowest = {}, {}, 0, 0
    for changes in {str(attack.changes): attack.changes for attack in attacks}.values():
        together = [attack.deviation for attack in attacks if attack.changes == changes]
        if not _playable({**BASE, **changes, **settlement}):
            nothing = np.full(len(seeds), np.nan)
            gain |= {each.name: nothing for each in together}
            loss |= {each.name: nothing for each in together}
            continue
        tried = [by(first, deviation) for deviation in together for first in TRIED]
        futures = futures_of({**BASE, **changes, **settlement}, tried, seeds, rounds)
        honest = abs(futures.payoffs[:, 0, :, : futures.principals].mean())  # below 0 in the first rounds
        for k, deviation in enumerate(together):
            columns = slice(k * len(TRIED), (k + 1) * len(TRIED))
            others = futures.principals - len(deviation.members)
            gain[deviation.name] = futures.gains[:, columns].mean(axis=1) / honest
            loss[deviation.name] = futures.losses[:, columns].mean(axis=1) / others / honest
        imbalance = max(imbalance, int(np.abs(futures.balances.sum(axis=2)).max()))
        lowest = min(lowest, int(futures.balances[..., :-1].min()))
    return Outcome(gain, loss, imbalance, lowest)


def _playable(changes: Changes) -> bool:
    """Whether the settlement goes with what the attack needs: some compare samples, which a wire leaves on nodes."""
    try:
        revise(load("commons"), changes)
    except InputError:
        if changes.get("learning.wire") not in SECRET_MODES:
            raise
        return False
    return True


def by(first: int, deviation: Deviation) -> Deviation:
    """The same attack by other principals, from ``first`` on."""
    return replace(deviation, members=tuple(first + member for member in deviation.members))


def futures_of(changes: Changes, deviations: Sequence[Deviation], seeds: Sequence[int], rounds: int) -> Futures:
    """The runs of all seeds, without and with each deviation."""
    ensemble = Ensemble(revise(load("commons"), changes), seeds)
    return play_futures(ensemble.snapshot, deviations, rounds)


def figures_of(outcomes: Mapping[str, Outcome], what: str) -> Interval:
    """(settlements, attacks) means over seeds, percent of the mean honest payoff."""
    values = [[100 * seeds for seeds in getattr(each, what).values()] for each in outcomes.values()]
    return mean_interval(np.moveaxis(np.array(values), 2, 0))


def table(outcomes: Mapping[str, Outcome], what: str, rows_are: str = "settlement") -> str:
    """Settlements × attacks, percent of the mean honest payoff; bold where the interval is above 0, – if not played."""
    heads = [rows_are, *attacks_of(outcomes)]
    found = figures_of(outcomes, what)
    rows = [
        [name, *(_cell(*ends) for ends in zip(*found.at(place), strict=True))] for place, name in enumerate(outcomes)
    ]
    return markdown(heads, rows)


def attacks_of(outcomes: Mapping[str, Outcome]) -> list[str]:
    """Names of the attacks, in the order of the columns."""
    return list(next(iter(outcomes.values())).gain)


def _cell(value: float, low: float, high: float) -> str:
    text = written(value, low, high, 0, "+").replace("-", "−")
    return f"**{text}**" if low > 0 else text


def merged(page: str, table: str, what: str) -> str:
    """The table of a page with the cells of a new one, which replace those there; – where neither has been played.

    Raises:
        SystemExit: if a row is not on the page.
    """
    begin, end = f"<!-- table {what} -->", f"<!-- end {what} -->"
    old, new = (_cells(text) for text in (page.split(begin)[1].split(end)[0], table))
    heads = [*old[0], *(head for head in new[0] if head not in old[0])]
    rows = {row[0]: dict(zip(old[0], row, strict=True)) for row in old[1:]}
    for row in new[1:]:
        if row[0] not in rows:
            raise SystemExit(f"{what}: the page has no settlement {row[0]!r}; write all of them with all attacks")
        rows[row[0]] |= dict(zip(new[0], row, strict=True))
    return markdown(heads, [[row.get(head, "–") for head in heads] for row in rows.values()])


def read(table: str) -> tuple[list[str], list[str], Interval]:
    """Names of rows and of columns, and the numbers of a table as it is printed; what is surely not 0 stays so."""
    heads, *rows = _cells(table)
    values = np.array([[_ends(cell) for cell in row[1:]] for row in rows])
    return [row[0] for row in rows], heads[1:], Interval(*np.moveaxis(values, 2, 0))


def _cells(table: str) -> list[list[str]]:
    """Cells of heads and rows."""
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in (lines[0], *lines[2:])]


def _ends(cell: str) -> tuple[float, float, float]:
    """An estimate and its interval; an end that is printed as 0 is on the side that its sign or bold type says."""
    found = [float(f"{number}.4") if number in ("-0", "+0") else float(number)
             for number in re.findall(r"[+-]\d+", cell.replace("−", "-"))]  # fmt: skip
    if not found:
        return (np.nan,) * 3
    value, low, high = found if len(found) == 3 else (found[0],) * 3
    sure = cell.startswith("**")
    return value, low if sure or not 0 < low < 1 else 0.0, high if not 0 < high < 1 else 0.0
