"""What each part of a robust settlement takes from whom: junk, poison and stale data, and many names of one principal.

    python benchmarks/robust.py                 all tables (some minutes)
    python benchmarks/robust.py pay             one of them
    python benchmarks/robust.py --write         all, into docs/results/incentives.md

pay and names: commons with fixed actions. imitate: the sweep robust-settlement, whose principals imitate. 8 seeds,
means and 95 % intervals; one thread (torch.set_num_threads(1)).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from results_page import main, markdown

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import play_futures
from commonweal.economy.money.ledger import MICRO
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.runs.intervals import mean_interval, range_of
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.sweeps.sweep import sweep

SEEDS, ROUNDS = range(8), 100
MEASURED = {
    "share_delegate": "delegating", "share_free_ride": "free-riding", "share_defect": "poisoning",
    "accuracy": "accuracy", "welfare": "welfare",
}  # fmt: skip
FIXED = {"policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0, "rounds": ROUNDS, "population.endowment": 5.0}
MIXED = FIXED | {"population.start_delegate": 0.7, "population.start_free_ride": 0.15, "population.start_defect": 0.15}
HONEST = FIXED | {"population.start_delegate": 1.0, "population.start_free_ride": 0.0, "population.start_defect": 0.0}
STAKE = {"stakes.stake": 0.05, "stakes.audit": 0.1, "stakes.slash": 0.5}
HELD, CLAWED = {"settlement.hold_back": 2.0}, {"clawback.share": 1.0}
PARTS: dict[str, dict[str, Any]] = {
    "credit": {},
    "credit, stakes": STAKE,
    "credit, hold-back of 1": {"settlement.hold_back": 1.0},
    "credit, hold-back of 2": HELD,
    "credit, hold-back of 3": {"settlement.hold_back": 3.0},
    "credit, clawback": CLAWED,
    "credit, gross": {"settlement.clip": "gross"},
    "credit, gross, hold-back of 2": {"settlement.clip": "gross", **HELD},
    "robust": {"settlement.kind": "robust"},
    "robust, stakes, hold-back of 2, clawback": {"settlement.kind": "robust", **STAKE, **HELD, **CLAWED},
    "equal": {"settlement.kind": "equal"},
    "equal, stakes": {"settlement.kind": "equal", **STAKE},
    "equal, clawback": {"settlement.kind": "equal", **CLAWED},
}


def pay() -> str:
    """28 honest principals of 40, 6 who free-ride and 6 who poison: what they have of a round, in honest shares.

    Payments, less what was slashed and clawed back. An honest share: the mean of the honest under credit alone.
    """
    rows = []
    unit = balance(MIXED | {"actions.free_ride": "junk"})[0][:, 0]
    for name, changes in PARTS.items():
        junk, kept = balance(MIXED | {"actions.free_ride": "junk"} | changes)
        stale, _ = balance(MIXED | {"actions.free_ride": "stale"} | changes)
        columns = [*(junk / unit[:, None]).T, stale[:, 1] / unit, kept]
        rows.append([name, *(spread(values) for values in columns)])
    return markdown(["settlement", "honest", "junk", "poison", "stale", "revenue that stays in the treasury"], rows)


def balance(changes: dict[str, Any]) -> tuple[Floats, Floats]:
    """(S, 3) money that who delegates, free-rides and defects has on average; (S,) share of revenue kept."""
    ensemble = Ensemble(load("commons", changes), SEEDS)
    start, actions = ensemble.state.ledger, ensemble.decide()
    revenue = sum(ensemble.step().payday.revenue for _ in range(ROUNDS))
    end = ensemble.state.ledger
    gained = (end.principals + end.escrows - start.principals) / MICRO
    means = [np.where(actions == a, gained, 0).sum(axis=1) / (actions == a).sum(axis=1) for a in list(Action)[1:]]
    return np.stack(means, axis=1), end.treasury / np.asarray(revenue)


def names() -> str:
    """One of 20 honest principals takes part under 5 names, 100 rounds: gain per round, in mean honest payoffs."""
    rows = []
    for kind in ("equal", "data", "credit", "robust"):
        cells = []
        for fee in (0.0, 0.05, 0.2, 0.8):
            changes = {"population.count": 20, "settlement.kind": kind, "identity.cost": fee}
            ensemble = Ensemble(load("commons", HONEST | changes), SEEDS)
            tried = [Deviation(f"sybil {i}", (i,), identities=5) for i in range(4)]
            futures = play_futures(ensemble.snapshot, tried, ROUNDS)
            usual = futures.payoffs[:, 0, 1:, :20].mean(axis=(1, 2))  # without the first round, when names are paid
            cells.append(spread(futures.gains.mean(axis=1) / usual))
        rows.append([kind, *cells])
    return markdown(["settlement", "names are free", "a name costs .05", "a name costs .2", "a name costs .8"], rows)


def imitate() -> str:
    """The sweep ``robust-settlement``, last quarter of rounds; the last rows are differences paired by seed."""
    results = sweep("robust-settlement")
    points = [group for _, group in results.runs.groupby(list(results.varied), sort=False)]
    rows = [
        [*(f"{group[path].iloc[0]}" for path in results.varied), *(found(group[name], name) for name in MEASURED)]
        for group in points
    ]
    nothing, clawed, robust = points[0], points[2], points[5]
    for said, group in (("all of it, against credit alone", robust), ("clawback, against credit alone", clawed)):
        differences = [
            mean_interval(group[name].to_numpy() - nothing[name].to_numpy(), within=range_of(name).of_differences)
            for name in MEASURED
        ]
        rows.append([said, *[""] * (len(results.varied) - 1), *(each.text(sign="+") for each in differences)])
    heads = [path.split(".")[-1].replace("_", "-") for path in results.varied]
    return markdown([*heads, *MEASURED.values()], rows)


def found(values: pd.Series, name: str) -> str:
    """Mean and 95 % interval over seeds of a metric."""
    return mean_interval(values.to_numpy(), within=range_of(name)).text()


def spread(values: Floats) -> str:
    """Mean and 95 % interval over seeds."""
    return mean_interval(values).text()


TABLES: dict[str, Callable[[], str]] = {"pay": pay, "names": names, "imitate": imitate}


if __name__ == "__main__":
    main(__doc__, TABLES, "robust-")
