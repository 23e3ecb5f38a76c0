"""Whose limit counts, and what tolerance costs, when principals may lie about limits and prices.

    python benchmarks/votes.py                    all tables (two and a half minutes on one core)
    python benchmarks/votes.py limits --write     one of them, into docs/results/governance.md

8 seeds, means with 95 % intervals over seeds.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from results_page import main, markdown
from shared.false_limits import CLAIMS, false_limits

from commonweal.agents.arrays import Floats
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import play_futures
from commonweal.economy.money.ledger import MICRO
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.runs.intervals import POSITIVE, SHARE, mean_interval
from commonweal.scenarios.schema.loading import load

SEEDS = range(8)
VOTES: dict[str, dict[str, Any]] = {
    "strictest": {},
    "quorum .8": {"screening.vote": "quorum", "screening.quorum": 0.8},
    "median": {"screening.vote": "median"},
    "mean": {"screening.vote": "mean"},
    "mean, by data": {"screening.vote": "mean", "screening.weight": "data"},
}
SHARED = {"screening.scope": "aggregate", "settlement.horizon": 5, "settlement.alpha": 1.0}
THIRDS = {"strictest third": np.linspace(0.0, 0.32, 10), "loosest third": np.linspace(0.68, 1.0, 10)}
BOUGHT: dict[str, dict[str, Any]] = {
    "nothing": {"tolerance.budget": 0.0},
    "posted, budget .02": {"tolerance.budget": 0.02},
    "posted, budget .03": {"tolerance.budget": 0.03},
    **{f"{kind}, budget {budget:g}".replace("0.", "."): {"tolerance.kind": kind, "tolerance.budget": budget}
       for kind in ("clarke", "dagva") for budget in (0.03, 0.045)},
}  # fmt: skip
LIES = {
    "price +50 %": {"dearer": 0.5},
    "price −50 %": {"dearer": -0.5},
    "limits 5 % stricter": {"looser": -0.05},
    "limits 5 % looser": {"looser": 0.05},
    "2 names": {"identities": 2},
    "3 names": {"identities": 3},
}


def limits() -> str:
    """Gain in utility of a false limit in exit-and-voice, scope aggregate, millionths of money a round.

    One member at a time, for five rounds after 60, everybody's actions the same with and without it.
    """
    heads = ["vote", "who", *(f"{abs(claim):g} spread {'stricter' if claim < 0 else 'looser'}" for claim in CLAIMS),
             "test accuracy", "violated"]  # fmt: skip
    rows = []
    for name, changes in VOTES.items():
        found = false_limits({**SHARED, **changes}, SEEDS, 60, 5, list(THIRDS.values()))
        state = [mean_interval(each, within=SHARE).text(2) for each in (found.quality, found.violated)]
        for group, who in enumerate(THIRDS):
            gains = [mean_interval(1e6 * found.utility[:, group, claim]).text(0, "+") for claim in range(len(CLAIMS))]
            rows.append([name, who, *gains, *(state if not group else ["", ""])])
    return markdown(heads, rows)


def bought() -> str:
    """Scenario tolerance-for-sale, means over the last quarter of 150 rounds; gains against nothing bought.

    Money per round; the treasury keeps of taxes what it hands to nobody.
    """
    heads = ["bought", "test accuracy gained", "paid to members", "taxes", "taxes kept", "share of limits given up",
             "welfare gained"]  # fmt: skip
    found = {name: _late(changes) for name, changes in BOUGHT.items()}
    nothing, rows = found["nothing"], []
    for name, own in found.items():
        accuracy = mean_interval(own["accuracy"] - nothing["accuracy"], within=SHARE.of_differences)
        welfare = mean_interval(own["welfare"] - nothing["welfare"])
        money = [mean_interval(own[each], within=POSITIVE).text(4) for each in ("tolerance_paid", "taxes", "kept")]
        given = mean_interval(own["loosened"], within=SHARE).text(3)
        rows.append([name, accuracy.text(4, "+"), *money, given, welfare.text(4, "+")])
    return markdown(heads, rows)


def _late(changes: dict[str, Any]) -> dict[str, Floats]:
    """(S,) by seed: what is measured over the last quarter of rounds."""
    results = Ensemble(load("tolerance-for-sale", changes), SEEDS, keep_ledger=True).run()
    rounds, ledger = results.rounds, results.ledger
    assert ledger is not None
    first = 0.75 * (rounds["round"].max() + 1)
    mean = rounds[rounds["round"] >= first].groupby("run").mean()
    treasury = 2 * load("tolerance-for-sale").population.count
    moved = ledger[(ledger["reason"] == "tax") & (ledger["round"] >= first)]
    into, out = (moved[moved[side] == treasury].groupby("run")["amount"].sum() for side in ("target", "source"))
    count = MICRO * (rounds["round"].max() + 1 - first)
    taxes, back = (each.reindex(range(len(SEEDS)), fill_value=0).to_numpy() / count for each in (into, out))
    names = ("accuracy", "tolerance_paid", "loosened", "welfare")
    return {"taxes": taxes, "kept": taxes - back} | {name: mean[name].to_numpy() for name in names}


def lies() -> str:
    """Gain from a lie in tolerance-for-sale, in percent of the mean payoff, 30 rounds after 40.

    Two members tried in each of 8 seeds; the last two columns: both of them together, each.
    """
    alone = [Deviation(f"{name} {i}", (i,), **how) for name, how in LIES.items() for i in range(2)]
    together = [Deviation(name, (0, 1), **LIES[name]) for name in ("price +50 %", "limits 5 % stricter")]
    rows = []
    for name, changes in BOUGHT.items():
        if name == "posted, budget .03":
            continue
        gains = _gains(changes, [*alone, *together])
        mean = [gains[:, 2 * k : 2 * k + 2].mean(axis=1) for k in range(len(LIES))]
        pairs = [gains[:, len(alone) + k] for k in range(len(together))]
        rows.append([name, *(f"{mean_interval(each).text(1, '+')}" for each in (*mean, *pairs))])
    return markdown(["bought", *LIES, *(f"{each.name}, a pair" for each in together)], rows)


def _gains(changes: dict[str, Any], deviations: Sequence[Deviation], warm: int = 40, rounds: int = 30) -> Floats:
    """(S, D) gain of a member, in percent of the mean payoff of all where nobody lies."""
    ensemble = Ensemble(load("tolerance-for-sale", changes), SEEDS)
    for _ in range(warm):
        ensemble.step()
    futures = play_futures(ensemble.snapshot, deviations, rounds)
    usual = futures.payoffs[:, 0, :, : futures.principals].mean(axis=(1, 2))
    gains: Floats = 100 * futures.gains / usual[:, None]
    return gains


if __name__ == "__main__":
    main(__doc__, {"limits": limits, "bought": bought, "lies": lies}, "votes-")
