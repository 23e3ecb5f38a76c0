"""What screening leaves of a cooperative, by the grain at which it screens and by what it credits.

    python benchmarks/grain.py                 all tables (some minutes on one core)
    python benchmarks/grain.py credit          one of them
    python benchmarks/grain.py --write         all tables, into docs/results/values.md

Value-conflict with imitation and concerns: everybody may leave, and a broken limit costs who takes part .05 of money
per unit of probe loss and round. 150 rounds, means over the last 40, 8 seeds, 95 % intervals over seeds.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from results_page import main, markdown
from round import screening_step

from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.runs.intervals import mean_interval, range_of
from commonweal.scenarios.schema.loading import load, revise

SEEDS, ROUNDS, LATE = range(8), 150, 110
ECONOMY = {
    "policy.mix": {"imitation": 1.0}, "policy.mutation": 0.01,
    "population.start_delegate": 0.6, "population.start_free_ride": 0.2, "population.start_defect": 0.2,
    "actions.available": ["abstain", "delegate", "free_ride", "defect"],
    "values.influence": "none", "values.concern": "member", "settlement.horizon": 5, "screening.safeguard": 0.0,
}  # fmt: skip
GRAINS = ("principal", "class", "sample")
CREDITED = [
    *product(("principal",), ("aumann_shapley", "first_order", "lagrangian")),
    *product(GRAINS[1:], ("aumann_shapley", "first_order")),
]
SCREENED = {"screening.mode": "project", "screening.scope": "aggregate"}
MODES = (("project", "all"), ("reject", "aggregate"), ("scale", "all"))
COLLAPSED = 0.2  # delegate, below which cooperation is lost
SHOWN = {
    "delegating": "share_delegate", "defecting": "share_defect", "accuracy": "accuracy",
    "on permitted classes": "permitted_accuracy", "violated": "violated", "value cost": "value_cost",
    "samples screened": "samples_screened",
}  # fmt: skip


def played(changes: Mapping[str, Any]) -> list[str]:
    """The metrics of an economy, late in its course, and how many seeds are left without cooperation."""
    rounds = Ensemble(revise(load("value-conflict"), {**ECONOMY, **changes}), SEEDS).run(ROUNDS).rounds
    late = rounds[rounds["round"] >= LATE].groupby("run")[list(SHOWN.values())].mean()
    texts = [mean_interval(late[name].to_numpy(), within=range_of(name)).text(4 if name == "value_cost" else 3)
             for name in SHOWN.values()]  # fmt: skip
    return [*texts, str(int((late["share_delegate"] < COLLAPSED).sum()))]


def credit() -> str:
    """Grain and credit under ``project`` and ``aggregate``, without and with the gate.

    At the finer grains nothing is corrected here, so that lagrangian credit is first-order credit.
    """
    rows: list[Sequence[str]] = []
    for name, changes in (
        ("nobody minds, unscreened", {"screening.mode": "off", "values.concern": "none"}),
        ("unscreened", {"screening.mode": "off"}),
    ):
        rows.append([name, "aumann_shapley", "on", *played({**changes, "screening.gate": True})])
    for gate, (grain, kind) in product((False, True), CREDITED):
        changes = {**SCREENED, "screening.gate": gate, "screening.grain": grain, "credit.kind": kind}
        rows.append([grain, kind, "on" if gate else "off", *played(changes)])
    return markdown(["`screening.grain`", "`credit.kind`", "gate", *SHOWN, "collapsed"], rows)


def modes() -> str:
    """Grain, mode and scope, without the gate, under the default credit."""
    rows = []
    for (mode, scope), grain in product(MODES, GRAINS):
        changes = {"screening.mode": mode, "screening.scope": scope, "screening.grain": grain, "screening.gate": False}
        rows.append([mode, scope, grain, *played(changes)])
    return markdown(["`screening.mode`", "`screening.scope`", "`screening.grain`", *SHOWN, "collapsed"], rows)


def selection() -> str:
    """Agents that leave out what was screened out last time, under ``project`` and ``aggregate``, with the gate."""
    rows = []
    for grain, kind in product(GRAINS[1:], ("none", "classes")):
        changes = {**SCREENED, "screening.gate": True, "screening.grain": grain, "actions.selection": kind}
        rows.append([grain, kind, *played(changes)])
    return markdown(["`screening.grain`", "`actions.selection`", *SHOWN, "collapsed"], rows)


def speed() -> str:
    """Screening, credit and step of 1000 principals × 8 samples, K = 4, over that at the grain of principals."""
    took = screening_step()
    rows = [[scope, *(f"{took[scope, grain] / took[scope, GRAINS[0]]:.2f}" for grain in GRAINS)]
            for scope in ("all", "aggregate")]  # fmt: skip
    return markdown(["`screening.scope`", *GRAINS], rows)


if __name__ == "__main__":
    main(__doc__, {"credit": credit, "modes": modes, "selection": selection, "speed": speed}, "grain-")
