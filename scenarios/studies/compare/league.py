"""The league: the criteria by which mechanisms are compared, and the tables that show them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats
from commonweal.scenarios.runs.intervals import POSITIVE, Interval, beside, mean_interval
from commonweal.scenarios.studies.compare.attacks import Robustness
from commonweal.scenarios.studies.compare.halves import Agreement
from commonweal.scenarios.studies.compare.observation import VIOLATED, WORST, Observed
from commonweal.scenarios.studies.compare.ranking import Criterion, dominated, overall, rank_sets
from commonweal.scenarios.studies.intervals import largest_interval

_WORST = 0.1  # share of principals that the margin of individual rationality looks at


@dataclass(frozen=True)
class Findings:
    """What was found of one mechanism in S seeds."""

    observed: Observed
    agreed: Floats  # (S,) correlation of payments with true values
    robustness: Robustness


def criteria(found: Sequence[Findings], unit: str) -> list[Criterion]:
    """All criteria by which M mechanisms are compared; those that nothing is known of are left out.

    Args:
        found: of each mechanism.
        unit: payoffs, gains and welfare are counted in: money or utility.
    """
    every = [*_outcomes(found, f"{unit} per round"), *_incentives(found, f"{unit} per round")]
    return [each for each in every if np.isfinite(each.values).all(axis=0).any()]


def _outcomes(found: Sequence[Findings], unit: str) -> Iterator[Criterion]:
    """What becomes of a cooperative whose principals follow their policies."""
    outcomes = {name: np.stack([each.observed.outcomes[name] for each in found], axis=1)
                for name in found[0].observed.outcomes}  # fmt: skip
    yield Criterion.of("welfare", unit, True, outcomes["welfare"])
    yield Criterion.of("accuracy", "share", True, outcomes["accuracy"])
    if WORST in outcomes:
        yield Criterion.of("values kept", "level per limit", False, outcomes[WORST])
        yield Criterion.of("violated", "share", False, outcomes[VIOLATED])
    yield Criterion.of("delegating", "share", True, outcomes["share_delegate"])
    yield Criterion.of("taking part", "share", True, 1 - outcomes["share_abstain"])
    yield Criterion.of("free-riding", "share", False, outcomes["share_free_ride"])
    yield Criterion.of("inequality", "share", False, outcomes["gini"])


def _incentives(found: Sequence[Findings], unit: str) -> Iterator[Criterion]:
    """Who is paid for what, and what pays."""
    margins = np.stack([each.observed.payoffs - each.observed.outside for each in found], axis=1)  # (S, M, N)
    worst = np.sort(margins, axis=2)[:, :, : max(1, round(_WORST * margins.shape[2]))]
    stood = [each.robustness for each in found]
    yield Criterion("exploitability", unit, False, tuple(each.exploits for each in stood))
    yield Criterion("attack gain", unit, False, tuple(each.gains for each in stood))
    yield Criterion("honest loss", unit, False, tuple(each.losses for each in stood))
    yield Criterion.of("honest payoff", unit, True, np.stack([each.honest for each in stood], axis=1))
    yield Criterion.of("IR share", "share", True, (margins >= 0).mean(axis=2))
    yield Criterion.of("IR margin", unit, True, worst.mean(axis=2))
    yield Criterion.of("fairness", "correlation", True, np.stack([each.agreed for each in found], axis=1))


def league_table(names: Sequence[str], compared: Sequence[Criterion]) -> pd.DataFrame:
    """A row per mechanism, the best first: its rank over all criteria, and the ranks it may have by each."""
    first, last = overall(compared)
    columns: dict[str, Any] = {"mechanism": names, "rank": first, "last": last, "dominated_by": dominated(compared)}
    table = pd.DataFrame(columns | {criterion.name: _written(criterion) for criterion in compared})
    return table.sort_values(["rank", "last"], kind="stable", ignore_index=True)


def _written(criterion: Criterion) -> list[str]:
    known = [bool(np.isfinite(values).all()) for values in criterion.values.T]
    ends = zip(*(ranks.tolist() for ranks in rank_sets(criterion.better)), strict=True)
    return [span(*both) if there else "–" for both, there in zip(ends, known, strict=True)]


def span(first: int, last: int) -> str:
    """Ranks as people write them: 2, or 1–3."""
    return f"{first}" if first == last else f"{first}–{last}"


def measures_table(names: Sequence[str], compared: Sequence[Criterion]) -> pd.DataFrame:
    """A row per criterion and mechanism: the value, and the first and the last rank it may have by it."""
    tables = []
    for criterion in compared:
        first, last = rank_sets(criterion.better)
        labels = {"unit": criterion.unit, "better": "more" if criterion.more_is_better else "less"}
        columns = {**criterion.interval.columns("value"), "first": first, "last": last, **labels}
        tables.append(pd.DataFrame({"criterion": criterion.name, "mechanism": names, **columns}))
    return pd.concat(tables, ignore_index=True)


def agreement_table(agreed: Sequence[Agreement]) -> pd.DataFrame:
    """A row per criterion: τ-b between halves of the seeds, and what it forecasts for two studies like this one."""
    columns = beside([each.tau for each in agreed]).columns("tau")
    middle = {"halves_from": [each.least for each in agreed], "halves_to": [each.most for each in agreed]}
    names = [each.name for each in agreed]
    return pd.DataFrame({"criterion": names, **columns, **middle, "forecast": [each.whole for each in agreed]})


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


def deviations_table(names: Sequence[str], stood: Sequence[Robustness]) -> pd.DataFrame:
    """A row per mechanism and deviation of a single principal: the largest mean gain of anybody, the largest first."""
    tables = [
        pd.DataFrame({
            "mechanism": name, "deviation": each.deviations,
            **largest_interval(each.singles.swapaxes(1, 2)).columns("largest"),
        }).sort_values("largest", ascending=False)
        for name, each in zip(names, stood, strict=True)
    ]  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def attacks_table(names: Sequence[str], stood: Sequence[Robustness]) -> pd.DataFrame:
    """A row per attack and mechanism: what it brings an attacker, and costs somebody who does not attack."""
    tables = [
        pd.DataFrame({
            "attack": each.attacks, "mechanism": name, **mean_interval(each.gains).columns("gain"),
            **mean_interval(each.losses).columns("honest_loss"),
        })
        for name, each in zip(names, stood, strict=True)
    ]  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def cost_table(names: Sequence[str], seconds: Floats) -> pd.DataFrame:
    """A row per mechanism: seconds of the processor for a round of one run, and how many times the cheapest's.

    Args:
        names: M of them.
        seconds: (turns, M) played in turns.
    """
    cheapest = seconds[:, [seconds.mean(axis=0).argmin()]]
    ratio = mean_interval(seconds / cheapest, within=POSITIVE)
    columns = mean_interval(seconds, within=POSITIVE).columns("seconds_per_round") | ratio.columns("times_cheapest")
    return pd.DataFrame({"mechanism": names, **columns})
