"""Tipping points: costs rise step by step and fall again; where does cooperation break, and where does it come back?

Between the two points the economy remembers where it came from (hysteresis).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.free_riding.estimates import crossing, estimated
from commonweal.scenarios.studies.free_riding.surfaces import cost_over_benefit


def hysteresis(
    scenario: Scenario, factors: Sequence[float], seeds: tuple[int, ...], rounds: int, tell: Callable[[int, int], None]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Raise and lower costs without a break.

    Args:
        scenario: the economy.
        factors: F multiples of its costs, ascending.
        seeds: S of them.
        rounds: at every step; the share delegating is the mean over the last quarter of them.
        tell: told the steps done, of how many.

    Returns:
        A row per direction and factor; and a row per direction with the tipping point, and the area of the loop.
    """
    path = [*factors, *factors[::-1]]
    ensemble = Ensemble(scenario, seeds)
    cost = ensemble.people.cost
    shares = np.empty((len(seeds), len(path)))
    for step, factor in enumerate(path):
        ensemble.people = replace(ensemble.people, cost=cost * factor)
        course = [(ensemble.step().actions == Action.DELEGATE).mean(axis=1) for _ in range(rounds)]
        shares[:, step] = np.mean(course[-max(1, rounds // 4) :], axis=0)
        tell(step + 1, len(path))
    ratio = np.array(factors) * cost_over_benefit(scenario)
    rising, falling = shares[:, : len(factors)], shares[:, : len(factors) - 1 : -1]
    labels = {"cost_factor": factors, "cost_over_benefit": ratio}
    rows = [
        pd.DataFrame({"costs": name, **labels, **estimated("share_delegate", y)})
        for name, y in (("rising", rising), ("falling", falling))
    ]
    return pd.concat(rows, ignore_index=True), _tipping(ratio, rising, falling)


def _tipping(ratio: Floats, rising: Floats, falling: Floats) -> pd.DataFrame:
    """Where half of all principals delegate, on the way up and on the way down, and how far the two ways are apart."""
    rows = []
    for name, shares in (("rising", rising), ("falling", falling)):
        points = np.array([crossing(ratio, share, 0.5) for share in shares])
        known = int(np.isfinite(points).sum())
        rows.append({"measure": f"tipping point, costs {name} (cost over benefit)", "seeds": known,
                     **{k: float(v) for k, v in estimated("mean", points).items()}})  # fmt: skip
    if len(ratio) > 1:
        area = np.trapezoid(rising - falling, np.log(ratio), axis=1) / np.log(ratio[-1] / ratio[0])
        rows.append({"measure": "mean share by which delegating is higher on the way up", "seeds": len(area),
                     **{k: float(v) for k, v in estimated("mean", area).items()}})  # fmt: skip
    return pd.DataFrame(rows)
