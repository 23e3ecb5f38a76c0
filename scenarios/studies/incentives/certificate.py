"""The certificate: how far a mechanism is from incentive compatible, with intervals, as tables.

Gains, IC gap (largest gain) and NashConv after Lanctot et al. (2017); ε is the upper end of the gap's interval.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from commonweal.agents.arrays import AnyArray, Floats
from commonweal.economy.money.ledger import MICRO
from commonweal.scenarios.runs.intervals import Interval, mean_interval
from commonweal.scenarios.studies.incentives.evidence import Evidence, Gains, mean_of
from commonweal.scenarios.studies.intervals import largest_interval, regret_interval
from commonweal.scenarios.studies.judging import unit_of

IC_GAP, PAYOFF = "IC gap", "payoff, mean"
_POINTS = 12  # at most, of the course of the gap over seeds


def certify(evidence: Evidence) -> dict[str, pd.DataFrame]:
    """All tables of the study, the verdict first; none of types where principals are all of one."""
    tables = {
        "verdict": verdict(evidence),
        "by_deviation": by_deviation(evidence),
        "by_type": by_type(evidence),
        "by_principal": by_principal(evidence),
        "gains": gains_by_place(evidence),
        "seeds": by_seeds(evidence),
        "budget": budget(evidence),
    }
    return {name: table for name, table in tables.items() if len(table)}


def ic_gap(evidence: Evidence, gains: Gains) -> Interval:
    """() the largest mean gain from any deviation: of any place in the order of principals, or of any cost type."""
    return largest_interval(compared(evidence, gains).reshape(evidence.seeds, -1), evidence.trials.options.confidence)


def compared(evidence: Evidence, gains: Gains) -> Floats:
    """(S, G, D) gains of the groups that incentives are judged by.

    Places in the order of principals; where each draws its cost from types, these types: that is Bayesian incentive
    compatibility, since a place in the order is information that nobody has when it chooses.
    """
    if not evidence.cost_types:
        return gains.alone
    return np.stack([mean_of(gains.alone, those) for those in evidence.cost_types], axis=1)


def verdict(evidence: Evidence) -> pd.DataFrame:
    """A row per measure; money or utility per round, and relative to the mean payoff where that is above zero."""
    rows = [
        {"measure": measure, "others": mode, **_row("value", found)}
        for mode, gains in evidence.gains.items()
        for measure, found in _gaps(evidence, gains)
    ]
    rows += [{"measure": measure, "others": "", **_row("value", found)} for measure, found in _levels(evidence)]
    table = pd.DataFrame(rows)
    mean = evidence.payoffs.mean()
    unit = unit_of(evidence.trials.scenario, evidence.trials.options.judge)
    return table.assign(relative=table["value"] / mean if mean > 0 else np.nan, unit=f"{unit} per round")


def _row(name: str, interval: Interval) -> dict[str, float]:
    return {column: float(end) for column, end in interval.columns(name).items()}


def _gaps(evidence: Evidence, gains: Gains) -> Iterator[tuple[str, Interval]]:
    confidence = evidence.trials.options.confidence
    yield IC_GAP, ic_gap(evidence, gains)
    if evidence.types:
        of_types = np.concatenate([mean_of(gains.alone, those) for those in evidence.types.values()], axis=1)
        yield "IC gap of types", largest_interval(of_types, confidence)
    yield "IC gap of anybody", largest_interval(gains.alone.mean(axis=1), confidence)
    if gains.pairs.size:
        yield "IC gap of pairs", largest_interval(gains.pairs, confidence)
    scale = evidence.trials.scenario.population.count / len(evidence.trials.places)
    yield "NashConv", regret_interval(compared(evidence, gains) * evidence.sizes[:, None] * scale, confidence)


def _levels(evidence: Evidence) -> Iterator[tuple[str, Interval]]:
    confidence, base = evidence.trials.options.confidence, evidence.base
    margin = evidence.payoffs - evidence.outside
    worst = largest_interval(-margin, confidence)
    yield "IR margin, least", Interval(-worst.value, -worst.high, -worst.low)
    yield "IR margin, mean", mean_interval(margin.mean(axis=1), confidence)
    yield PAYOFF, mean_interval(evidence.payoffs.mean(axis=1), confidence)
    into_treasury = (base.kept + base.slashed) / MICRO / evidence.trials.options.horizon
    yield "welfare", mean_interval(base.payoffs.sum(axis=1) + into_treasury, confidence)


def by_deviation(evidence: Evidence) -> pd.DataFrame:
    """A row per deviation: what anybody gains by it on average, who gains most, and what it costs the others."""
    confidence = evidence.trials.options.confidence
    tables = []
    for mode, gains in evidence.gains.items():
        names = [deviation.name for deviation in evidence.trials.alone]
        means, losses = gains.alone.mean(axis=1), gains.losses.mean(axis=1)
        largest = largest_interval(gains.alone.swapaxes(1, 2), confidence)
        if gains.pairs.size:
            names.append("pair")
            means, losses = _beside(means, gains.pairs.mean(axis=1)), _beside(losses, gains.pairs_losses.mean(axis=1))
            pairs = largest_interval(gains.pairs, confidence)
            largest = Interval(*(np.append(a, b) for a, b in zip(_ends(largest), _ends(pairs), strict=True)))
        columns = mean_interval(means, confidence).columns("gain") | largest.columns("largest")
        columns |= mean_interval(losses, confidence).columns("others_lose")
        tables.append(pd.DataFrame({"deviation": names, "others": mode, **columns}))
    return pd.concat(tables, ignore_index=True).sort_values(["others", "gain"], ascending=[True, False])


def _beside(values: Floats, column: Floats) -> Floats:
    return np.column_stack([values, column])


def _ends(interval: Interval) -> tuple[Floats, Floats, Floats]:
    return interval.value, interval.low, interval.high


def by_type(evidence: Evidence) -> pd.DataFrame:
    """A row per type of principal: its most profitable deviation, and the gain."""
    who = list(evidence.types)
    fixed = {"trait": [trait for trait, _ in who], "type": [kind for _, kind in who]}
    members = evidence.types.values()
    fixed["principals"] = [those.sum(axis=1).mean() for those in members]
    fixed["payoff"] = [mean_of(evidence.payoffs, those).mean() for those in members]
    tables = []
    for mode, gains in evidence.gains.items() if who else ():
        of_types = np.stack([mean_of(gains.alone, those) for those in members], axis=1)
        tables.append(pd.DataFrame({**fixed, "others": mode, **_best(evidence, of_types)}))
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


def by_principal(evidence: Evidence) -> pd.DataFrame:
    """A row per place: its type, what it earns and would earn outside, its best deviation, and the gain."""
    confidence = evidence.trials.options.confidence
    margin = mean_interval(evidence.payoffs - evidence.outside, confidence)
    cost = evidence.base.placed(evidence.base.cost)[:, evidence.trials.places].mean(axis=0)
    traits = {trait: _mode_of(evidence.base.placed(types)[:, evidence.trials.places])
              for trait, types in evidence.base.types.items() if trait in ("policy", "action")}  # fmt: skip
    tables = []
    for mode, gains in evidence.gains.items():
        columns = {"place": evidence.trials.places, "others": mode, **traits, "cost": cost}
        columns |= {"payoff": evidence.payoffs.mean(axis=0), **margin.columns("ir_margin")}
        tables.append(pd.DataFrame(columns | _best(evidence, gains.alone)))
    return pd.concat(tables, ignore_index=True)


def _best(evidence: Evidence, gains: Floats) -> dict[str, AnyArray]:
    """The most profitable of D deviations by gains (S, P, D), and its gain."""
    names = np.array([deviation.name for deviation in evidence.trials.alone])
    found = largest_interval(gains, evidence.trials.options.confidence)
    return {"deviation": names[gains.mean(axis=0).argmax(axis=-1)], **found.columns("gain")}


def _mode_of(types: NDArray[np.str_]) -> list[str]:
    """The most frequent type at each place, of (S, P)."""
    names, codes = np.unique(types, return_inverse=True)
    counts = (codes.reshape(types.shape)[:, :, None] == np.arange(len(names))).sum(axis=0)
    return [str(name) for name in names[counts.argmax(axis=1)]]


def gains_by_place(evidence: Evidence) -> pd.DataFrame:
    """A row per place and deviation: the mean gain."""
    names, places = [deviation.name for deviation in evidence.trials.alone], evidence.trials.places
    tables = []
    for mode, gains in evidence.gains.items():
        columns = mean_interval(gains.alone, evidence.trials.options.confidence).columns("gain")
        flat = {name: values.ravel() for name, values in columns.items()}
        where = {"place": np.repeat(places, len(names)), "deviation": np.tile(names, len(places))}
        tables.append(pd.DataFrame({"others": mode, **where, **flat}))
    return pd.concat(tables, ignore_index=True)


def by_seeds(evidence: Evidence) -> pd.DataFrame:
    """A row per number of seeds: the IC gap as it was known after them."""
    rows = []
    for seeds in np.unique(np.geomspace(2, evidence.seeds, _POINTS).round().astype(int)).tolist():
        first = evidence.first(seeds)
        rows += [{"others": mode, "seeds": seeds, **_row("gap", ic_gap(first, gains))}
                 for mode, gains in first.gains.items()]  # fmt: skip
    return pd.DataFrame(rows)


def budget(evidence: Evidence) -> pd.DataFrame:
    """A row per seed: every micro-unit of revenue is paid to principals or kept by the treasury."""
    base = evidence.base
    return pd.DataFrame({
        "seed": base.seeds, "revenue": base.revenue, "paid": base.paid, "kept": base.kept, "slashed": base.slashed,
        "unaccounted": base.unaccounted,
    })  # fmt: skip
