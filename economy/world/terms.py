"""All terms of an economy: what each part needs to know of the scenario, stacked over the runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch

from commonweal.agents.arrays import Ints
from commonweal.agents.errors import InputError
from commonweal.agents.graphs import GraphTerms
from commonweal.agents.policies import PolicyTerms, available_actions
from commonweal.agents.population import PopulationTerms
from commonweal.agents.terms import PerRun, stack, term_paths
from commonweal.agents.values import ValueTerms
from commonweal.economy.credit.terms import CreditTerms, replication_robust
from commonweal.economy.learning import LearningTerms
from commonweal.economy.money.groups import PublicGoodsTerms
from commonweal.economy.money.market import MarketTerms
from commonweal.economy.money.membership import MembershipTerms
from commonweal.economy.money.settlement import SettlementTerms
from commonweal.economy.money.stakes import ContractTerms
from commonweal.economy.negotiation.talks import NegotiationTerms
from commonweal.economy.rewards.rules import RewardTerms
from commonweal.economy.screening.admissible import ScreeningTerms
from commonweal.economy.screening.tolerance import ToleranceTerms
from commonweal.economy.tasks import SupplyTerms, TaskTerms


@dataclass(frozen=True)
class OutsideTerms:
    """What principals gain outside the cooperative."""

    defect_gain: PerRun  # (R, 1) money per round of defecting
    outside_option: PerRun  # (R, 1) money per round of abstaining


# Each part of the terms: the section of the scenario it is filled from, and its dataclass.
_SECTIONS: dict[str, tuple[str, type]] = {
    "graph": ("population", GraphTerms),
    "task": ("task", TaskTerms),
    "policy": ("policy", PolicyTerms),
    "values": ("values", ValueTerms),
    "learning": ("learning", LearningTerms),
    "screening": ("screening", ScreeningTerms),
    "credit": ("credit", CreditTerms),
    "settlement": ("settlement", SettlementTerms),
    "market": ("market", MarketTerms),
    "public_goods": ("market", PublicGoodsTerms),
    "contract": ("contract", ContractTerms),
    "membership": ("contract", MembershipTerms),
    "negotiation": ("contract", NegotiationTerms),
    "rewards": ("contract", RewardTerms),
    "tolerance": ("contract", ToleranceTerms),
}


@dataclass(frozen=True)
class Terms:
    """The terms of R runs of N principals."""

    rounds: int
    dtype: torch.dtype
    device: torch.device
    available: Ints  # (A,) codes of the actions a principal may take
    task: TaskTerms
    graph: GraphTerms
    population: PopulationTerms
    supply: SupplyTerms
    policy: PolicyTerms
    values: ValueTerms
    learning: LearningTerms
    screening: ScreeningTerms
    credit: CreditTerms
    settlement: SettlementTerms
    market: MarketTerms
    public_goods: PublicGoodsTerms
    contract: ContractTerms
    membership: MembershipTerms
    negotiation: NegotiationTerms
    rewards: RewardTerms
    tolerance: ToleranceTerms
    outside: OutsideTerms

    @property
    def learns(self) -> bool:
        """Whether there is a task and a network that learns it."""
        return self.market.kind == "model"

    @classmethod
    def of(cls, scenarios: Sequence[Any]) -> "Terms":
        """Terms of one scenario per run.

        Raises:
            InputError: if the runs differ in what changes shapes or rules, or the device is not there.
        """
        for path in ("rounds", "precision", "device", "actions.available"):
            _demand_same(scenarios, path)
        first = scenarios[0]
        stacked: dict[str, Any] = {
            name: stack(terms, [getattr(scenario, section) for scenario in scenarios], section)
            for name, (section, terms) in _SECTIONS.items()
        }
        if first.settlement.kind == "robust":
            stacked["credit"] = replication_robust(stacked["credit"])
        return cls(
            rounds=first.rounds,
            dtype=torch.float64 if first.precision == "float64" else torch.float32,
            device=_device(first.device),
            available=available_actions(first.actions.available),
            population=stack(PopulationTerms, scenarios),
            supply=stack(SupplyTerms, scenarios),
            outside=OutsideTerms(
                np.array([[scenario.actions.defect_gain] for scenario in scenarios]),
                np.array([[scenario.population.outside_option] for scenario in scenarios]),
            ),
            **stacked,
        )


@cache
def per_run_paths() -> frozenset[str]:
    """Dotted paths of the scenario fields that may differ between the runs of an ensemble."""
    parts = [*_SECTIONS.values(), ("", PopulationTerms), ("", SupplyTerms)]
    fields = [field for section, terms in parts for field in term_paths(terms, section)]
    outside = {"actions.defect_gain", "population.outside_option"}  # OutsideTerms takes them from two sections
    shared = {path for path, per_run in fields if not per_run}
    return frozenset(outside.union(path for path, per_run in fields if per_run) - shared)


def _demand_same(scenarios: Sequence[Any], path: str) -> None:
    def value(scenario: Any) -> Any:
        for name in path.split("."):
            scenario = getattr(scenario, name)
        return scenario

    if any(value(scenario) != value(scenarios[0]) for scenario in scenarios):
        raise InputError(f"{path} must be the same in all runs of an ensemble")


def _device(name: str) -> torch.device:
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise InputError(f"device = {name!r}: this machine has no CUDA device; use 'cpu'")
    device = torch.device(name)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise InputError(f"device = {name!r}: there are {torch.cuda.device_count()} CUDA devices, numbered from 0")
    return device
