"""Incentive-aware model rewards: how far may a model reward fall behind before its owner had better train alone?"""

from collections.abc import Iterator, Mapping
from itertools import combinations
from math import log
from typing import Any

import numpy as np

import commonweal as cw
from commonweal.scenarios.atlas.base import Seeds, result
from commonweal.scenarios.atlas.check import Check
from commonweal.scenarios.atlas.nudge import Nudge

SAMPLES = (1.0, 2.0, 4.0)
ALONE = (0.346574, 0.549306, 0.804719)  # what each knows by itself, nat
TOGETHER = 1.039721
CREDIT = (0.176947, 0.316851, 0.545923)
REWARDS = (0.336998, 0.603448, 1.039721)  # with ρ = 1
TEMPERED = (0.211163, 0.375071)  # with ρ = .5: power of the others' likelihood
RATIONAL, STABLE = 0.975132, 0.745275  # largest ρ
WORTH = 1000.0  # money a nat


@result(
    "sim-2020",
    paper="Sim, Zhang, Chan and Low, ICML 2020 (arXiv 2010.12797)",
    table="Theorem 1, one weight of Bayesian linear regression, 1, 2 and 4 readings",
    shows="rewards (φ / max φ)^ρ v(N): up to which ρ it is rational to take part, and stable to stay together",
    learns="The more rewards go by contribution, the sooner small owners had better train alone, or together.",
    link="https://arxiv.org/abs/2010.12797",
    seconds=3,
    seeds=2,
)
def model_rewards(seeds: Seeds, nudge: Nudge) -> Iterator[Check]:
    """Three owners are rewarded with models worth (φ / max φ)^ρ v(N), φ Shapley's value of information gained.

    What each would have alone is what it has in an economy of its own. The study incentives says from which ρ on
    staying away pays.
    """
    samples = nudge("population.samples", SAMPLES)

    def check(name: str, theirs: float, ours: Any, breaks: str = "population.samples", by: Any = "run") -> Check:
        return Check(name, theirs=theirs, ours=ours, source="derived", found_by=by, digits=6, breaks=breaks)

    worth = {who: round_of([samples[i] for i in who], 1.0, seeds).produce.quality for who in coalitions(len(SAMPLES))}
    turns = turning(samples, float(worth[0,][0]), seeds)
    yield check("ρ from which staying away pays", RATIONAL, turns, by="incentives")
    record = round_of(samples, 1.0, seeds)
    credit, rewards = record.produce.credit, record.payday.rewards
    yield check("worth of all data", TOGETHER, record.produce.quality)
    for i, size in enumerate(SAMPLES):
        yield check(f"owner of {size:g}: worth alone", ALONE[i], worth[i,])
        yield check(f"owner of {size:g}: Shapley value", CREDIT[i], credit[:, i])
        yield check(f"owner of {size:g}: reward with ρ = 1", REWARDS[i], rewards[:, i])
    relative = np.log(credit / credit.max(axis=1, keepdims=True))
    bound = {who: np.log(own / record.produce.quality) / relative[:, list(who)].max(axis=1)
             for who, own in worth.items() if len(SAMPLES) - 1 not in who}  # fmt: skip
    yield check("largest ρ at which all are better off than alone", RATIONAL, np.minimum(bound[0,], bound[1,]))
    yield check("largest ρ at which no coalition is better off", STABLE, np.min(list(bound.values()), axis=0))
    least = min(bound, key=lambda who: float(bound[who].mean()))
    yield Check(
        "who leaves first, together", theirs="the owners of 1 and 2", source="derived", found_by="run",
        ours="the owners of " + " and ".join(f"{SAMPLES[i]:g}" for i in least),
    )  # fmt: skip
    for rho, who in ((0.975, "nobody"), (0.976, "the owner of 1")):
        yield Check(
            f"who gains by staying away with ρ = {rho:g}", theirs=who, ours=leavers(gains(samples, rho, seeds)),
            source="derived", found_by="incentives",
        )  # fmt: skip
    half = round_of(samples, nudge("rewards.rho", 0.5), seeds).payday.rewards
    for i, power in enumerate(TEMPERED):
        ours = (np.exp(2 * half[:, i]) - 1 - samples[i]) / (sum(samples) - samples[i])
        name = f"owner of {SAMPLES[i]:g}: power of the others' data with ρ = .5"
        yield check(name, power, ours, breaks="rewards.rho")


def leavers(gains: list[float]) -> str:
    """Who gains by staying away."""
    leaving = [f"the owner of {size:g}" for size, gain in zip(SAMPLES, gains, strict=True) if gain > 0]
    return ", ".join(leaving) or "nobody"


def coalitions(owners: int) -> list[tuple[int, ...]]:
    """All coalitions but the empty one and that of all."""
    return [who for size in range(1, owners) for who in combinations(range(owners), size)]


def game(samples: Any, rho: float) -> Mapping[str, Any]:
    """Changes to the scenario ``replication``: owners of readings, who are paid with models."""
    return {
        "rounds": 1, "population.count": len(samples), "population.samples": list(samples),
        "population.cost_low": 0.0, "population.cost_high": 0.0, "policy.mix": {"fixed": 1.0},
        "rewards.accuracy.kind": "linear_gaussian", "rewards.kind": "rho_shapley", "rewards.rho": rho,
        "rewards.alone": True, "market.price": 0.0, "market.model_value": WORTH, "settlement.kind": "equal",
    }  # fmt: skip


def round_of(samples: Any, rho: float, seeds: Seeds) -> Any:
    """The record of a round in which all of them delegate."""
    return cw.Ensemble(cw.load("replication", game(samples, rho)), seeds).step()


def gains(samples: Any, rho: float, seeds: Seeds) -> list[float]:
    """What each would gain by staying away, nat, as the study incentives finds it."""
    asked: dict[str, Any] = {"deviations": ["abstain"], "horizon": 1, "workers": 1, "others": "freeze"}
    answer = cw.ask("incentives", cw.load("replication", game(samples, rho)), list(seeds), **asked)
    found = answer.tables["gains"].set_index("place")["gain"].sort_index()
    return [float(gain) / WORTH for gain in found]


def turning(samples: Any, alone: float, seeds: Seeds) -> float:
    """ρ at which the first would gain nothing by staying away: what it is owed, alone − gain, goes by exp(−κ ρ).

    Args:
        samples: readings of each; the first has fewest.
        alone: what the first knows by itself, nat.
        seeds: of runs.
    """
    low, high = 0.975, 0.976
    first, last = (log(alone - gains(samples, rho, seeds)[0]) for rho in (low, high))
    return low + (high - low) * (first - log(alone)) / (first - last)
