"""All terms of an economy: the sections of a scenario, stacked over the runs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

import torch

from commonweal.agents.arrays import Ints
from commonweal.agents.beliefs import BeliefTerms
from commonweal.agents.errors import InputError
from commonweal.agents.policies import PolicyTerms, available_actions
from commonweal.agents.population import PopulationTerms
from commonweal.agents.reciprocity.terms import ReciprocityTerms
from commonweal.agents.terms import TermsByName, stack, term_paths
from commonweal.agents.values import ValueTerms
from commonweal.economy.credit.terms import CreditTerms, replication_robust
from commonweal.economy.learning import LearningTerms
from commonweal.economy.money.clawback import ClawbackTerms
from commonweal.economy.money.identity import IdentityTerms
from commonweal.economy.money.market import MarketTerms
from commonweal.economy.money.settlement import SettlementTerms
from commonweal.economy.money.stakes import StakeTerms
from commonweal.economy.negotiation.talks import NegotiationTerms
from commonweal.economy.rewards.rules import MenuTerms, RewardTerms
from commonweal.economy.screening.admissible import ScreeningTerms
from commonweal.economy.screening.tolerance import ToleranceTerms
from commonweal.economy.tasks import ActionTerms, TaskTerms


@dataclass(frozen=True)
class Terms:
    """The terms of R runs of N principals: the scenario's shape, a field for each of its sections."""

    rounds: int
    precision: str  # float32 or float64
    device: str  # its name in torch
    task: TaskTerms
    population: PopulationTerms
    actions: ActionTerms
    policy: PolicyTerms
    values: ValueTerms
    beliefs: BeliefTerms
    learning: LearningTerms
    screening: ScreeningTerms
    credit: CreditTerms
    settlement: SettlementTerms
    market: MarketTerms
    stakes: StakeTerms
    clawback: ClawbackTerms
    identity: IdentityTerms
    rewards: RewardTerms
    menu: MenuTerms
    negotiation: NegotiationTerms
    tolerance: ToleranceTerms
    reciprocity: ReciprocityTerms
    mechanisms: TermsByName  # of mechanisms from outside

    @cached_property
    def dtype(self) -> torch.dtype:
        """Number format of the network."""
        return torch.float64 if self.precision == "float64" else torch.float32

    @cached_property
    def available(self) -> Ints:
        """(A,) codes of the actions a principal may take."""
        return available_actions(self.actions.available)

    @classmethod
    def of(cls, scenarios: Sequence[Any]) -> "Terms":
        """Terms of one scenario per run.

        Raises:
            InputError: if the runs differ in what changes shapes or rules, or the device is not there.
        """
        terms = stack(cls, scenarios)
        _check_device(terms.device)
        robust = terms.settlement.kind == "robust"  # a preset of credit
        return replace(terms, credit=replication_robust(terms.credit)) if robust else terms


@cache
def per_run_paths() -> frozenset[str]:
    """Dotted paths of the scenario fields that may differ between the runs of an ensemble, ``[]`` for any position."""
    return frozenset(path for path, per_run in term_paths(Terms) if per_run)


def is_per_run(path: str) -> bool:
    """Whether the runs of an ensemble may differ in the scenario field at a path."""
    return re.sub(r"\[\d+\]", "[]", path) in per_run_paths()


def _check_device(name: str) -> None:
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise InputError(f"device = {name!r}: this machine has no CUDA device; use 'cpu'")
    device = torch.device(name)
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise InputError(f"device = {name!r}: must be one of cuda:0 to cuda:{torch.cuda.device_count() - 1}")
