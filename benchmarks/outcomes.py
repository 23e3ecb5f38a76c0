"""The outcomes we claim, over 8 seeds: printed as Markdown tables, and with --write put into docs/results/.

    python benchmarks/outcomes.py                     all tables
    python benchmarks/outcomes.py commons poisoners   some of them
    python benchmarks/outcomes.py --write             all tables, into docs/results/

Figures are means over seeds of the last quarter of rounds, unless they say something else.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from results_page import main, markdown
from scipy.stats import spearmanr
from shared.protection import MODES, SEEDS, Protection, protection

from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.runs.intervals import CORRELATION, Range, mean_interval, range_of
from commonweal.scenarios.runs.tables import SweepResults
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.sweeps.sweep import sweep

SCOPES = ("own", "quorum", "all", "aggregate")
WITHIN = {"samples_held": CORRELATION, "data_quality": CORRELATION}  # of columns that are no metrics
Row = Sequence[str]


def commons() -> str:
    """Three settlement rules on the same scenario."""
    results = _compare("commons", {"settlement.kind": ["equal", "data", "credit"]})
    columns = {"share_delegate": "delegating", "accuracy": "test accuracy", "price_of_anarchy": "price of anarchy"}
    return _by_point(results, columns)


@cache
def screenings() -> dict[tuple[str, str, str], Protection]:
    """Every mode × scope under the level budget, no screening, and every mode under a step budget of 0."""
    played = {("off", "", ""): protection({"screening.mode": "off"})}
    for mode, scope in product(MODES, SCOPES):
        played[mode, scope, "level"] = protection({"screening.mode": mode, "screening.scope": scope})
    for mode in MODES:
        changes = {"screening.mode": mode, "screening.budget": "step", "screening.step_tolerance": 0.0}
        played[mode, "all", "step 0"] = protection(changes)
    return played


def screening() -> str:
    """What each mode and scope of screening holds, and what it costs."""
    dimensions = load("value-conflict").values.dimensions
    heads = [f"{d.sense} class {d.label}: worst" for d in dimensions]
    heads = ["mode", "scope", "budget", *heads, "withheld class (highest)", "other classes (lowest)"]
    heads += ["price", "screened share"]
    unscreened = float(screenings()["off", "", ""].others.mean())
    rows = []
    for names, p in screenings().items():
        worst = [f"{value:+.3f}" for value in p.breach.max(axis=0)]
        withheld = f"{p.withheld.mean():.3f} ({p.withheld.max():.3f})"
        others = f"{p.others.mean():.3f} ({p.others.min():.3f})"
        price = f"{unscreened - p.others.mean():+.3f}"
        rows.append([*names, *worst, withheld, others, price, f"{p.screened.mean():.2f}"])
    return markdown(heads, rows)


def poisoners() -> str:
    """The quality gate on and off."""
    columns = {"share_delegate": "delegating", "share_free_ride": "junk", "share_defect": "poisoning"}
    results = _compare("poisoners", {"screening.gate": [True, False]})
    return _by_point(results, columns | {"accuracy": "test accuracy", "welfare": "welfare"})


def leaky() -> str:
    """Audits against those who sell the model."""
    columns = {"share_abstain": "abstaining", "share_delegate": "delegating", "share_free_ride": "free-riding"}
    columns |= {"share_defect": "leaking", "accuracy": "test accuracy", "rival": "rival", "revenue": "revenue"}
    return _by_point(_compare("leaky", {"stakes.audit": [0.0, 0.1, 0.2]}), columns | {"welfare": "welfare"})


def small_and_large() -> str:
    """Whom three settlement rules pay: those who hold much, or those whose labels are right."""
    results = _compare("small-and-large", {"settlement.kind": ["equal", "data", "credit"]})
    correlations = results.principals.groupby("run").apply(_correlations)
    runs = results.runs.set_index("run").join(correlations)
    columns = {"share_delegate": "delegating", "accuracy": "test accuracy", "gini": "Gini, last quarter"}
    columns |= {"samples_held": "ρ(payments, samples held)", "data_quality": "ρ(payments, data quality)"}
    return _by_point(replace(results, runs=runs.reset_index()), columns)


def sensitivity() -> str:
    """The commons under credit, for other horizons and exponents of the settlement."""
    vary: dict[str, list[Any]] = {"settlement.horizon": [1, 5, 20, 50, 200], "settlement.alpha": [0.5, 1.0, 2.0]}
    return _by_point(_compare("commons", vary), {"share_delegate": "delegating", "accuracy": "test accuracy"})


def welfare() -> str:
    """Welfare when a fixed share delegates and the others idle: all-delegate is not the best."""
    base = revise(load("commons"), {"policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0})
    heads = ["delegating", "test accuracy", "welfare (money per round)"]
    rows = []
    for share in (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0):
        starts = {"start_delegate": share, "start_free_ride": 1 - share, "start_defect": 0.0}
        scenario = revise(base, {f"population.{name}": value for name, value in starts.items()})
        rounds = Ensemble(scenario, SEEDS).run().rounds.groupby("run")
        rows.append([f"{share:g}", *(_mean(rounds[name].mean()) for name in ("accuracy", "welfare"))])
    return markdown(heads, rows)


def stale() -> str:
    """Free-riders that put in nothing, noise, or the same two samples over and over."""
    results = _compare("commons", {"actions.free_ride": ["idle", "junk", "stale"]})
    columns = {"share_delegate": "delegating", "share_free_ride": "free-riding", "share_defect": "defecting"}
    return _by_point(results, columns | {"accuracy": "test accuracy"})


def policies() -> str:
    """The commons when everybody follows another policy: delegating share, and test accuracy after the stroke."""
    cases = [("equal", 50), ("credit", 50), ("credit", 1)]
    rows = []
    for name in ("imitation", "learning", "conditional", "best_response"):
        base = revise(load("commons"), {"policy.mix": {name: 1.0}})
        points = [revise(base, {"settlement.kind": kind, "settlement.horizon": horizon}) for kind, horizon in cases]
        runs = [sweep(point, seeds=SEEDS).runs for point in points]
        rows.append([name, *(f"{_mean(each['share_delegate'])} / {each['accuracy'].mean():.2f}" for each in runs)])
    return markdown(["everybody's policy", *(f"{kind}, horizon {horizon}" for kind, horizon in cases)], rows)


def deals() -> str:
    """Data deals under each settlement, on seeds that ``negotiation.returns`` was not chosen on."""
    vary = {"settlement.kind": ["equal", "data", "credit"], "negotiation.kind": ["none", "shapley_coop"]}
    results = sweep("data-deals", vary, range(8, 16))
    total = results.rounds.groupby("run")["welfare"].sum()
    runs = results.runs.assign(welfare=total.to_numpy())
    rows = []
    for settlement, group in runs.groupby("settlement.kind", sort=False):
        without, dealing = (group[group["negotiation.kind"] == kind] for kind in vary["negotiation.kind"])
        cells = [_mean(part[name]) for name in ("share_delegate", "accuracy", "welfare") for part in (without, dealing)]
        gained = mean_interval(dealing["welfare"].to_numpy() - without["welfare"].to_numpy())
        rows.append([str(settlement), *cells, gained.text(2, "+")])
    heads = ["delegating, without", "with deals", "accuracy, without", "with", "welfare, without", "with"]
    return markdown(["settlement", *heads, "difference in welfare, paired"], rows)


def _compare(name: str, vary: Mapping[str, Sequence[Any]]) -> SweepResults:
    return sweep(load(name), vary, SEEDS)


def _correlations(principals: pd.DataFrame) -> pd.Series:
    """Spearman correlations of payments; equal to a thousandth of money is equal, which rounding must not order."""
    paid = principals["payments"].round(3)
    return pd.Series({name: _spearman(paid, principals[name]) for name in ("samples_held", "data_quality")})


def _spearman(left: pd.Series, right: pd.Series) -> float:
    known = right.notna()
    if left[known].nunique() < 2 or right[known].nunique() < 2:
        return float("nan")
    return float(spearmanr(left[known], right[known]).statistic)


def _by_point(results: SweepResults, columns: Mapping[str, str]) -> str:
    """A row a point: mean and 95 % interval over seeds, and in parentheses the lowest and the highest seed."""
    rows = []
    for values, runs in results.runs.groupby(list(results.varied), sort=False):
        names = [str(value).lower() if isinstance(value, bool) else f"{value}" for value in values]
        cells = [f"{_mean(runs[column], WITHIN.get(column))} {_range(runs[column])}" for column in columns]
        rows.append([*names, *cells])
    return markdown([*results.varied, *columns.values()], rows)


def _mean(values: pd.Series, within: Range | None = None) -> str:
    found = mean_interval(values.to_numpy(), within=within or range_of(str(values.name)))
    return "undefined" if np.isnan(found.value) else found.text()


def _range(values: pd.Series) -> str:
    return "" if values.isna().all() else f"({values.min():.2f} to {values.max():.2f})"


TABLES: dict[str, Callable[[], str]] = {
    "commons": commons,
    "screening": screening,
    "poisoners": poisoners,
    "leaky": leaky,
    "small-and-large": small_and_large,
    "sensitivity": sensitivity,
    "policies": policies,
    "welfare": welfare,
    "stale": stale,
    "deals": deals,
}


if __name__ == "__main__":
    main(__doc__, TABLES)
