"""Comparison of both ways of training: measures per seed, then means and paired differences with 95 % intervals."""

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats
from commonweal.scenarios.runs.intervals import CORRELATION, POSITIVE, SHARE, Range, beside, mean_interval
from commonweal.scenarios.studies.fairness.evidence import METHODS, Attribution, Evidence
from commonweal.scenarios.studies.fairness.measures import distance, envy, jain, pearson, spearman

AGREEMENT = {"pearson": pearson, "spearman": spearman, "distance": distance}
ECONOMY = ["task", "partition", "labels"]
RANGES = {"pearson": CORRELATION, "spearman": CORRELATION, "distance": SHARE, "jain": SHARE, "envy": POSITIVE,
          "accuracy": SHARE}  # fmt: skip
MEASURED = ["of", "against", "measure"]  # what is measured, against what, and how



def by_seed(gathered: Sequence[Evidence]) -> pd.DataFrame:
    """One row per economy, measure and seed, with a column for each way of training."""
    rows: list[tuple[object, ...]] = []
    for evidence in gathered:
        place = _place(evidence).values()
        columns = [_measures(evidence, evidence.attributions[method]) for method in METHODS]
        for (names, traversal), (_, federated) in zip(*columns, strict=True):
            numbers = zip(evidence.seeds, traversal, federated, strict=True)
            rows += [(*place, *names, *values) for values in numbers]
    return pd.DataFrame(rows, columns=[*ECONOMY, *MEASURED, "seed", *METHODS])


def _place(evidence: Evidence) -> dict[str, str]:
    return {name: getattr(evidence.economy, name) for name in ECONOMY}


def _measures(evidence: Evidence, attribution: Attribution) -> Iterator[tuple[tuple[str, str, str], Floats]]:
    """All measures of one way of training: MEASURED, and one number per seed."""
    received = {"payments": attribution.payments, "credit": attribution.credit}
    yield ("accuracy", "", "accuracy"), attribution.accuracy
    yield ("accuracy", "centralised", "accuracy"), attribution.accuracy - evidence.centralised
    for name, measure in product(received, AGREEMENT):
        for truth, worth in attribution.truths.items():
            yield (name, truth, measure), AGREEMENT[measure](received[name], worth)
    yield ("payments", "", "jain"), jain(attribution.payments)
    for truth, worth in attribution.truths.items():
        yield ("payments", truth, "envy"), envy(attribution.payments, worth)
    for name, values in (received | attribution.truths).items():
        yield (name, "samples", "spearman"), _where_varied(values, evidence.samples, 2.0)
        yield (name, "quality", "spearman"), _where_varied(values, evidence.quality, 0.05)


def _where_varied(values: Floats, reason: Floats, least: float) -> Floats:
    """Spearman's correlation with a reason to be paid; nan in runs where that hardly differs between principals."""
    return np.where(np.ptp(reason, axis=1) >= least, spearman(values, reason), np.nan)


def summarised(seeds: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Means over seeds of each way of training and of their paired difference, after averaging over other economies.

    Args:
        seeds: as ``by_seed`` gives them.
        by: columns that tell economies apart, of ECONOMY.

    Returns:
        One row per group and measure: ``traversal``, ``federated``, ``difference`` (traversal − federated), each with
        ``_low`` and ``_high``, and the number of seeds.
    """
    keys, columns = [*by, *MEASURED], [*METHODS, "difference"]
    known = seeds[np.isfinite(seeds["traversal"]) & np.isfinite(seeds["federated"])]
    each = known.groupby([*keys, "seed"], sort=False)[list(METHODS)].mean()
    each["difference"] = each["traversal"] - each["federated"]
    wide = each.unstack("seed").reindex(each.index.droplevel("seed").unique())  # in the order of the rows
    table: pd.DataFrame = wide.index.to_frame(index=False)
    for column in columns:
        values = wide[column].to_numpy().T  # (R, groups)
        measured = zip(table["against"], table["measure"], strict=True)
        ranges = [_range(*names, paired=column == "difference") for names in measured]
        found = beside([mean_interval(values[:, k], within=within) for k, within in enumerate(ranges)])
        table = table.assign(**found.columns(column))
    table["seeds"] = np.isfinite(values).sum(axis=0)
    return table


def _range(against: str, measure: str, *, paired: bool) -> Range:
    """Where a measure lies, or its paired difference; accuracy against another is a difference by itself."""
    within = RANGES[measure]
    return within.of_differences if paired or (measure == "accuracy" and against) else within


def correlations(summary: pd.DataFrame, truth: str) -> pd.DataFrame:
    """The rows of ``summarised`` that say how payments correlate with one truth (Pearson)."""
    wanted = {"of": "payments", "against": truth, "measure": "pearson"}
    rows: pd.DataFrame = summary[(summary[list(wanted)] == pd.Series(wanted)).all(axis=1)]
    return rows


def principals(gathered: Sequence[Evidence]) -> pd.DataFrame:
    """One row per economy, seed, way of training and principal: what it gave, was paid, and was worth."""
    frames = []
    for evidence in gathered:
        runs, count = evidence.samples.shape
        for method, attribution in evidence.attributions.items():
            columns = {
                "seed": np.repeat(evidence.seeds, count),
                "principal": np.tile(np.arange(count), runs),
                "samples": evidence.samples.ravel(),
                "quality": evidence.quality.ravel(),
                "payments": attribution.payments.ravel(),
                "credit": attribution.credit.ravel(),
                **{name: worth.ravel() for name, worth in attribution.truths.items()},
            }
            frames.append(pd.DataFrame({**_place(evidence), "method": method, **columns}))
    return pd.concat(frames, ignore_index=True)
