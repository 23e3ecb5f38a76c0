"""The scenario: one complete, validated description of an economy. Every field has a unit, bounds, a default and a line."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from commonweal.scenarios.schema.fields import Count, Part, PerRound, Share, Utility, field
from commonweal.scenarios.schema.learning import Credit, Learning, Screening, Task
from commonweal.scenarios.schema.money import Accuracy, Contract, Market, Settlement
from commonweal.scenarios.schema.people import Actions, Dimension, Policy, Population, Values

__all__ = ["Accuracy", "Actions", "Contract", "Count", "Credit", "Dimension", "Learning", "Market", "Part", "PerRound", "Policy", "Population", "Scenario", "Screening", "Settlement", "Share", "Task", "Utility", "Values", "field"]


class Scenario(Part):
    """One complete description of an economy. Notebook use: ``Cooperative(load("commons"), rng=7).play(200)``."""

    name: str = field("unnamed", "short name of the scenario", "name", "letters, digits, '_', '-' and '.', not '.' first", pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*$")
    description: str = field("", "what the scenario shows", "text")
    rounds: Count = field(200, "rounds to play", "rounds", le=10_000_000)
    precision: Literal["float32", "float64"] = field("float32", "number format of the network", "name")
    device: str = field("cpu", "where the network is computed: cpu, cuda or cuda:N", "name", "cpu, cuda or cuda:N", pattern=r"^(cpu|cuda(:\d+)?)$")
    task: Task = Task()
    population: Population = Population()
    actions: Actions = Actions()
    policy: Policy = Policy()
    values: Values = Values()
    learning: Learning = Learning()
    screening: Screening = Screening()
    credit: Credit = Credit()
    settlement: Settlement = Settlement()
    market: Market = Market()
    contract: Contract = Contract()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.market.kind == "public_goods":
            for path, fits, needed in self._public_goods_demands():
                if not fits:
                    raise ValueError(f"market.kind = 'public_goods': {path} must be {needed}")
        if self.contract.negotiation != "none" and "delegate" not in self.actions.available:
            raise ValueError("actions.available must hold delegate, since contract.negotiation is about delegating")
        for path, fits, needed in self._contract_demands():
            if not fits:
                raise ValueError(f"{path} must be {needed}")
        return self

    @model_validator(mode="after")
    def _affordable(self) -> Self:
        if self.contract.identity_cost > self.contract.endowment:
            raise ValueError(
                f"contract.identity_cost = {self.contract.identity_cost:g} exceeds contract.endowment = "
                f"{self.contract.endowment:g}: nobody could take part"
            )
        return self

    def _public_goods_demands(self) -> tuple[tuple[str, bool, str], ...]:
        """Field, whether it fits a market without a task, and what it must be."""
        market, actions, blocks = self.market, self.actions.available, self.market.groups in ("blocks", "random")
        return (
            ("settlement.kind", self.settlement.kind == "equal", "equal, since groups share equally"),
            ("settlement.hold_back", self.settlement.hold_back == 0, "0, since what is paid in is known"),
            ("contract.clawback", self.contract.clawback == 0, "0, since nobody pays in less than nothing"),
            ("screening.mode", self.screening.mode == "off", "off, since there are no updates to screen"),
            ("values.dimensions", not self.values.dimensions, "empty, since nothing is learned"),
            ("market.model_value", market.model_value == 0, "0, since there is no model"),
            ("actions.available", "defect" not in actions, "without defect, since there are no data to spoil or leak"),
            ("population.start_defect", self.population.start_defect == 0, "0, since there are no data to spoil or leak"),
            ("population.count", not blocks or self.population.count % market.group_size == 0,
             f"a multiple of market.group_size = {market.group_size} for market.groups = {market.groups!r}"),
            ("contract.negotiation", self.contract.negotiation == "none" or market.groups != "random",
             "none where market.groups = 'random', since nobody knows with whom to negotiate"),
        )  # fmt: skip

    def _contract_demands(self) -> tuple[tuple[str, bool, str], ...]:
        """Field, whether it fits the contract and a market without a task, and what it must be."""
        contract, curve = self.contract, self.market.kind == "curve"
        menu, worth = contract.offer == "menu", self.market.model_value > 0
        model, offers = self.market.kind == "model", contract.offer != "fixed"
        buys = contract.admissibility_budget > 0
        return (
            ("screening.mode", not curve or self.screening.mode == "off", "off where market.kind = 'curve', since there are no updates to screen"),
            ("values.dimensions", not curve or not self.values.dimensions, "empty where market.kind = 'curve', since nothing is learned"),
            ("contract.accuracy.kind", not curve or contract.accuracy.kind == "bound", "bound where market.kind = 'curve', since that is the accuracy"),
            ("contract.accuracy.kind", contract.reward != "shaping" or contract.accuracy.kind == "bound", "bound for contract.reward = 'shaping', which goes by the amounts that are best alone"),
            ("contract.negotiation", not curve or contract.negotiation == "none", "none where market.kind = 'curve', where talks have no past earnings to go by"),
            ("contract.realise", model or contract.realise == "promise", f"promise where market.kind = {self.market.kind!r}, since there is no model"),
            ("population.cost_types", not menu or bool(self.population.cost_types), "given for contract.offer = 'menu': the types that the menu is for"),
            ("population.count", not menu or self.population.count > 1, "above 1 for contract.offer = 'menu'"),
            ("population.cost_types", not menu or min(self.population.cost_types, default=1) > 0, "above 0 for contract.offer = 'menu'"),
            ("market.model_value", worth or not (offers or contract.alone), "above 0, since the model is what is paid with"),
            ("contract.offer", contract.reward != "menu" or menu, "menu for contract.reward = 'menu'"),
            ("contract.offer", contract.offer == "fixed" or self.market.kind != "public_goods", "fixed where market.kind = 'public_goods'"),
            ("screening.mode", not buys or self.screening.mode == "project", "project for contract.admissibility_budget above 0: the other modes have no shadow prices"),
            ("screening.scope", not buys or self.screening.scope in ("all", "aggregate"), "all or aggregate for contract.admissibility_budget above 0: limits that everybody shares"),
            ("screening.budget", not buys or self.screening.budget == "level", "level for contract.admissibility_budget above 0: limits that leave room"),
            ("values.dimensions", not buys or bool(self.values.dimensions), "given for contract.admissibility_budget above 0: limits to be loosened"),
        )
