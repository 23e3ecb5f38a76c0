"""What can be gained by offering the same again, by resembling somebody, and by taking part under several names.

    python benchmarks/gaming.py                 all tables (some minutes)
    python benchmarks/gaming.py stale           some of them
    python benchmarks/gaming.py --write         all tables, into docs/results/credit.md

Commons with fixed actions, credit cumulated net over 50 rounds and then clipped; stale: 8 seeds.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from results_page import main, markdown

from commonweal.agents.actions import Action
from commonweal.agents.arrays import AnyArray, Bools, Floats, ratio
from commonweal.economy.credit import CREDITS
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import play_futures
from commonweal.economy.money.ledger import MICRO
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.runs.intervals import mean_interval
from commonweal.scenarios.schema.loading import load

SEEDS = range(8)
FIXED = {"policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0, "population.start_defect": 0.0}
STALE = {**FIXED, "actions.free_ride": "stale", "population.start_delegate": 0.7, "population.start_free_ride": 0.3}
HONEST = {
    **FIXED,
    "population.start_delegate": 1.0,
    "population.start_free_ride": 0.0,
    "population.cost_low": 0.0,
    "population.cost_high": 0.0,
}  # so that payoffs are payments
NOVEL = "credit.novelty.memory"
ROBUST = "credit.replication.penalty"
LN2 = float(np.log(2))
SMALL = 12  # samples held, of 30 on average: fewer than are put in within two rounds


def stale() -> str:
    """12 of 40 principals put in two samples over and over, 200 rounds: what they and others are paid.

    All as shares of the mean honest payment. Resembling: what one honest principal gets whose samples are another's,
    against what it gets under the same rule without a discount.
    """
    heads = ["credit", "stale", "highest seed", f"honest holders of at most {SMALL} samples", "resembling"]
    cases: dict[str, dict[str, Any]] = {"aumann_shapley (default)": {}}
    cases |= {f"aumann_shapley, novelty over {k} rounds": {NOVEL: k} for k in (1, 2, 3, 4)}
    cases["aumann_shapley, replication"] = {ROBUST: LN2}
    for kind in ("first_order", "second_order"):
        cases[kind] = {"credit.kind": kind}
        cases[f"{kind}, novelty over 2 rounds"] = {"credit.kind": kind, NOVEL: 2}
    cases["cosine"] = {"credit.kind": "cosine"}
    cases["cosine, novelty over 2 rounds"] = {"credit.kind": "cosine", NOVEL: 2}
    rows, undiscounted = [], np.ones(len(SEEDS))
    for name, changes in cases.items():
        paid, repeats, held = payments({**STALE, **changes})
        mean = np.array([run[~own].mean() for run, own in zip(paid, repeats, strict=True)])
        shares = np.array([run[own].mean() for run, own in zip(paid, repeats, strict=True)]) / mean
        small = (paid / mean[:, None])[~repeats & (held <= SMALL)]
        twin = resembling({**STALE, **changes})
        if "," not in name:
            undiscounted = twin
        paying = undiscounted > 0  # some rules leave some with nothing either way
        kept = twin[paying] / undiscounted[paying]
        rows.append([name, f"{shares.mean():.3f}", f"{shares.max():.3f}", f"{small.mean():.2f}",
                     f"{twin.sum() / undiscounted.sum():.3f} (lowest {kept.min():.3f})"])  # fmt: skip
    return markdown(heads, rows)


def payments(changes: dict[str, Any], rounds: int = 200, twins: bool = False) -> tuple[Floats, Bools, AnyArray]:
    """Money paid (R, N), who puts in the same over and over, and samples held.

    Args:
        changes: to commons.
        rounds: played.
        twins: whether the first honest principal holds the very samples of the second.
    """
    ensemble = Ensemble(load("commons", changes), SEEDS)
    repeats = ensemble.people.action == Action.FREE_RIDE
    if twins:
        holdings = ensemble.world.holdings
        first, second = np.argsort(repeats, axis=1, kind="stable")[:, :2].T
        runs, start, count = np.arange(len(repeats)), holdings.start.copy(), holdings.count.copy()
        start[runs, first], count[runs, first] = start[runs, second], count[runs, second]
        ensemble.world = replace(ensemble.world, holdings=replace(holdings, start=start, count=count))
    paid = sum(ensemble.step().payday.payments for _ in range(rounds))
    return np.asarray(paid) / MICRO, repeats, ensemble.world.holdings.count


def resembling(changes: dict[str, Any]) -> Floats:
    """(R,) payment of an honest principal with another's samples, as a share of the mean honest one."""
    paid, repeats, _ = payments(changes, twins=True)
    first = np.argsort(repeats, axis=1, kind="stable")[:, 0]
    honest = np.array([run[~own].mean() for run, own in zip(paid, repeats, strict=True)])
    share: Floats = paid[np.arange(len(paid)), first] / honest
    return share


def sybils() -> str:
    """One of 8 delegating principals takes part under 2 or 3 names, its samples divided among them: gain in payments.

    10 rounds, 4 seeds, 2 principals tried in each; mean and 95 % interval over seeds, in mean payments of all.
    """
    names = [name for name, rule in CREDITS.items() if rule.__module__.startswith("commonweal.economy.")]
    cases: dict[str, dict[str, Any]] = {name: {"credit.kind": name} for name in names}
    cases["aumann_shapley, novelty over 2 rounds"] = {NOVEL: 2}
    cases["aumann_shapley, replication (samples)"] = {ROBUST: LN2}
    cases["aumann_shapley, replication (updates)"] = {ROBUST: LN2, "credit.replication.similarity": "updates"}
    rows = [[name, *(spread(gains(changes, k)) for k in (2, 3))] for name, changes in cases.items()]
    return markdown(["credit", "2 names", "3 names"], rows)


def gains(changes: dict[str, Any], identities: int, tried: Sequence[int] = range(2), rounds: int = 10) -> Floats:
    """(R,) mean gain of a principal that splits, in mean payments if nobody does; nan where nobody is paid."""
    ensemble = Ensemble(load("commons", {**HONEST, "population.count": 8, **changes}), range(4))
    deviations = [Deviation(f"split {i}", (i,), identities=identities) for i in tried]
    futures = play_futures(ensemble.snapshot, deviations, rounds)
    usual = futures.payoffs[:, 0, :, : futures.principals].mean(axis=(1, 2))
    gain: Floats = np.where(usual > 0, ratio(futures.gains.mean(axis=1), usual), np.nan)
    return gain


def spread(values: Floats) -> str:
    """Mean and 95 % interval, in percent, over the seeds in which somebody is paid."""
    return f"{mean_interval(100 * values).text(0, '+')} %"


TABLES: dict[str, Callable[[], str]] = {"stale": stale, "sybils": sybils}


if __name__ == "__main__":
    main(__doc__, TABLES, "gaming-")
