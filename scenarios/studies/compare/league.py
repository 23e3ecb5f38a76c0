"""The league: the criteria by which mechanisms are compared, and the tables that show them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats
from commonweal.economy.futures.judging import Judge
from commonweal.scenarios.runs.intervals import POSITIVE, Interval, mean_interval
from commonweal.scenarios.studies.compare.attacks import Robustness
from commonweal.scenarios.studies.compare.mechanisms import Mechanism
from commonweal.scenarios.studies.compare.observation import Observed
from commonweal.scenarios.studies.compare.ranking import Criterion, overall, rank_sets
from commonweal.scenarios.studies.intervals import cross_fitted, largest_interval
from commonweal.scenarios.studies.judging import unit_of

_WORST = 0.1  # share of principals that the margin of individual rationality looks at


def criteria(
    mechanisms: Sequence[Mechanism],
    observed: Observed,
    agreed: Floats,
    robustness: Sequence[Robustness],
    judge: Judge = "utility",
) -> list[Criterion]:
    """All criteria by which M mechanisms are compared.

    Args:
        mechanisms: M of them.
        observed: their outcomes.
        agreed: (S, M) correlation of payments with true values.
        robustness: how each withstands attacks.
        judge: what payoffs, gains and welfare were counted in.
    """
    margin = np.sort(observed.payoffs - observed.outside, axis=2)  # (S, M, N)
    unit = f"{unit_of(mechanisms[0].scenario, judge)} per round"
    worst = max(1, round(_WORST * margin.shape[2]))
    gaps = [each.gap for each in robustness]
    gap = Interval(*(np.array([getattr(each, end) for each in gaps]) for end in ("value", "low", "high")))
    return [
        Criterion("welfare", unit, True, observed.outcomes["welfare"]),
        Criterion("accuracy", "share", True, observed.outcomes["accuracy"]),
        Criterion("delegating", "share", True, observed.outcomes["share_delegate"]),
        Criterion("IC gap", unit, False, np.stack([each.gaps for each in robustness], axis=1), gap),
        Criterion("IR share", "share", True, (margin >= 0).mean(axis=2)),
        Criterion("IR margin", unit, True, margin[:, :, :worst].mean(axis=2)),
        Criterion("fairness", "correlation", True, agreed),
        _largest("attack gain", unit, np.stack([each.gains for each in robustness], axis=1)),
        _largest("honest loss", unit, np.stack([each.losses for each in robustness], axis=1)),
        Criterion("cost", "seconds per round", False, observed.seconds),
    ]


def _largest(name: str, unit: str, values: Floats) -> Criterion:
    """The worst of A attacks, of values (S, M, A)."""
    return Criterion(name, unit, False, cross_fitted(values), largest_interval(values))


def league_table(names: Sequence[str], compared: Sequence[Criterion]) -> pd.DataFrame:
    """A row per mechanism, the best first: its rank over all criteria, and the ranks it may have by each."""
    ranks, score = overall(compared)
    table = pd.DataFrame({"mechanism": names, "rank": ranks, "beats_less_beaten": score})
    table = table.assign(**{criterion.name: _written(criterion) for criterion in compared})
    return table.sort_values("rank", kind="stable", ignore_index=True)


def _written(criterion: Criterion) -> list[str]:
    ends = zip(*(ranks.tolist() for ranks in rank_sets(criterion.better)), strict=True)
    return [f"{first}" if first == last else f"{first}–{last}" for first, last in ends]


def measures_table(names: Sequence[str], compared: Sequence[Criterion]) -> pd.DataFrame:
    """A row per criterion and mechanism: the value, and the first and the last rank it may have by it."""
    tables = []
    for criterion in compared:
        first, last = rank_sets(criterion.better)
        labels = {"unit": criterion.unit, "better": "more" if criterion.more_is_better else "less"}
        columns = {**criterion.interval.columns("value"), "first": first, "last": last, **labels}
        tables.append(pd.DataFrame({"criterion": criterion.name, "mechanism": names, **columns}))
    return pd.concat(tables, ignore_index=True)


def differences_table(names: Sequence[str], compared: Sequence[Criterion]) -> pd.DataFrame:
    """A row per criterion and pair of mechanisms: by how much the first is better, and whether they tie."""
    first, second = np.triu_indices(len(names), k=1)
    tables = []
    for criterion in compared:
        found, better = criterion.differences, criterion.better
        ends = Interval(*(end[first, second] for end in (found.value, found.low, found.high)))
        labels: dict[str, Any] = {"mechanism": np.array(names)[first], "other": np.array(names)[second]}
        columns = {**ends.columns("better_by"), "tie": ~(better | better.T)[first, second]}
        tables.append(pd.DataFrame({"criterion": criterion.name, **labels, **columns}))
    return pd.concat(tables, ignore_index=True)


def attacks_table(names: Sequence[str], robustness: Sequence[Robustness]) -> pd.DataFrame:
    """A row per attack and mechanism: what it brings an attacker, and costs somebody who does not attack."""
    tables = [
        pd.DataFrame({
            "attack": each.attacks, "mechanism": name, **mean_interval(each.gains).columns("gain"),
            **mean_interval(each.losses).columns("honest_loss"),
        })
        for name, each in zip(names, robustness, strict=True)
    ]  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def cost_table(names: Sequence[str], seconds: Floats) -> pd.DataFrame:
    """A row per mechanism: seconds of the processor for a round of one run, and how many times the cheapest's.

    Args:
        names: M of them.
        seconds: (parts, M) played in turns.
    """
    cheapest = seconds[:, [seconds.mean(axis=0).argmin()]]
    ratio = mean_interval(seconds / cheapest, within=POSITIVE)
    columns = mean_interval(seconds, within=POSITIVE).columns("seconds_per_round") | ratio.columns("times_cheapest")
    return pd.DataFrame({"mechanism": names, **columns})
