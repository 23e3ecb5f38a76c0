"""The scenario: one complete, validated description of an economy. Every field has a unit, bounds, a default and a line."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any, Literal, Self

from pydantic import field_validator, model_validator

from commonweal.agents.documents import differences
from commonweal.agents.errors import apart
from commonweal.scenarios.schema.beliefs import Beliefs
from commonweal.scenarios.schema.closed_forms import form_demands
from commonweal.scenarios.schema.fields import Count, Part, PerRound, Share, Utility, field, section
from commonweal.scenarios.schema.learning import Credit, Learning, Screening, Task
from commonweal.scenarios.schema.money import (
    Accuracy,
    Clawback,
    Identity,
    Market,
    Menu,
    Negotiation,
    Rewards,
    Settlement,
    Stakes,
    Tolerance,
)
from commonweal.scenarios.schema.notation import write_value
from commonweal.scenarios.schema.people import Actions, Camp, Dimension, Policy, Population, Values
from commonweal.scenarios.schema.reciprocity import Learner, Reciprocity, demands
from commonweal.scenarios.schema.relevance import (
    credited,
    learns,
    minds,
    of_numbers,
    pays_money,
    screens,
    sells,
    shares,
    valued,
    weighs,
)
from commonweal.scenarios.schema.wire import wire_demands

__all__ = ["Accuracy", "Actions", "Beliefs", "Camp", "Clawback", "Count", "Credit", "Dimension", "Identity", "Learner", "Learning", "Market", "Menu", "Negotiation", "Part", "PerRound", "Policy", "Population", "Reciprocity", "Rewards", "Scenario", "Screening", "Settlement", "Share", "Stakes", "Task", "Tolerance", "Utility", "Values", "field"]


class Scenario(Part):
    """One complete description of an economy. Notebook use: ``Cooperative(load("commons"), rng=7).play(200)``."""

    name: str = field("unnamed", "short name of the scenario", "name", "letters, digits, '_', '-' and '.', not '.' first", pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_.-]*$")
    description: str = field("", "what the scenario shows", "text")
    rounds: Count = field(200, "rounds to play", "rounds", le=10_000_000)
    precision: Literal["float32", "float64"] = field("float32", "number format of the network", "name")
    device: str = field("cpu", "where the network is computed: cpu, cuda or cuda:N", "name", "cpu, cuda or cuda:N", pattern=r"^(cpu|cuda(:\d+)?)$")
    task: Task = section(Task(), learns)
    population: Population = Population()
    actions: Actions = Actions()
    policy: Policy = Policy()
    values: Values = Values()
    beliefs: Beliefs = section(Beliefs(), valued)
    learning: Learning = section(Learning(), learns)
    screening: Screening = section(Screening(), learns)
    credit: Credit = section(Credit(), credited)
    settlement: Settlement = Settlement()
    market: Market = Market()
    stakes: Stakes = section(Stakes(), pays_money)
    clawback: Clawback = section(Clawback(), lambda s: sells(s) and pays_money(s))
    identity: Identity = Identity()
    rewards: Rewards = section(Rewards(), sells)
    menu: Menu = section(Menu(), sells)
    negotiation: Negotiation = section(Negotiation(), lambda s: s.market.kind != "curve")
    tolerance: Tolerance = section(Tolerance(), valued)
    reciprocity: Reciprocity = Reciprocity()
    mechanisms: dict[str, Any] = field({}, "mechanisms from elsewhere that are on, each with its own fields", "by name", "a table of sections, one for each registered mechanism that is on")

    def _repr_html_(self) -> str:
        """Its name, what it shows, and every field that differs from its default, for notebooks."""
        usual, own = (each.model_dump(mode="json", exclude={"name", "description"}) for each in (Scenario(), self))
        rows = differences(usual, own, whole=("policy.mix", "policy.options", "[]"))
        cells = ((path, *(("none" if value is None else write_value(value)) for value in (value, default))) for path, default, value in rows)
        body = "".join(f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in row)}</tr>" for row in cells)
        head = "".join(f"<th>{text}</th>" for text in ("field", "value", "default"))
        return f"<p><b>{escape(self.name)}</b> {escape(self.description)}</p><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    @field_validator("mechanisms")
    @classmethod
    def _sections(cls, tables: dict[str, Any]) -> dict[str, Any]:
        from commonweal.scenarios.schema.mechanisms import sections_of

        return sections_of(tables) if tables else tables

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for path, fits, needed in self._demands():
            if not fits:
                raise ValueError(f"{path} must be {needed}")
        if self.negotiation.kind != "none" and "delegate" not in self.actions.available:
            raise ValueError("actions.available must hold delegate, since negotiation.kind is about delegating")
        for action in ("abstain", "delegate", "free_ride", "defect"):
            if getattr(self.population, f"start_{action}") > 0 and action not in self.actions.available:
                raise ValueError(f"population.start_{action} must be 0, since actions.available does not hold {action}")
        if self.identity.cost > self.population.endowment:
            cost, endowment = apart(self.identity.cost, self.population.endowment)
            raise ValueError(f"identity.cost = {cost} exceeds population.endowment = {endowment}: nobody could take part")
        return self

    def _demands(self) -> Iterator[tuple[str, bool, str]]:
        """Field, whether it fits the others, and what it must be."""
        where = f"where market.kind = {self.market.kind!r}, since"
        if not learns(self):
            yield "screening.mode", self.screening.mode == "off", f"off {where} there are no updates to screen"
            yield "values.dimensions", not valued(self), f"empty {where} nothing is learned"
            yield "rewards.realise", self.rewards.realise == "promise", f"promise {where} there is no model"
        if self.market.kind == "curve":
            yield "negotiation.kind", self.negotiation.kind == "none", f"none {where} talks have no past earnings to go by"
        if shares(self):
            yield from self._public_goods_demands(where)
        yield from demands(self, where)
        yield from form_demands(self, where)
        yield from self._model_demands()
        yield from wire_demands(self)
        for name in ("prior_mean", "prior_sd"):
            fits = len(getattr(self.beliefs, name)) in (0, len(self.values.dimensions))
            yield f"beliefs.{name}", fits, f"empty or hold a number for each of {len(self.values.dimensions)} values.dimensions"
        within = [mean <= 1 or each.sense == "protect" for mean, each in zip(self.beliefs.prior_mean, self.values.dimensions, strict=False)]
        yield "beliefs.prior_mean", all(within), "at most 1 for dimensions to withhold, the largest bounded loss"
        if minds(self):
            yield "actions.available", "abstain" in self.actions.available, f"with abstain where values.concern = {self.values.concern!r}: who minds may leave"
        purposes = {k: each for k, each in enumerate(self.values.dimensions) if each.sense == "withhold"}
        for k, each in purposes.items():
            served = each.feature is None or of_numbers(self)
            yield f"values.dimensions[{k}].label", served, "given for what is withheld, or a probe: a purpose the model must not serve is a class, or samples of a rule"
        finer = self.screening.grain != "principal" and screens(self)
        yield "screening.grain", not finer or self.learning.method == "traversal", "principal where learning.method = 'federated': FedAvg sees one delta per principal and no paths to samples"
        if weighs(self):
            yield "screening.weight", self.screening.weight != "stake" or self.stakes.stake > 0, "equal or data where stakes.stake = 0: nobody has anything at stake"
        if self.tolerance.budget > 0:
            screening = self.screening
            yield "screening.mode", screening.mode == "project", "project for tolerance.budget above 0: the other modes have no shadow prices"
            yield "screening.scope", screening.scope in ("all", "aggregate"), "all or aggregate for tolerance.budget above 0: limits that everybody shares"
            yield "screening.vote", screening.vote == "strictest", "strictest for tolerance.budget above 0: everybody in the way is paid"
            yield "screening.budget", screening.budget == "level", "level for tolerance.budget above 0: limits that leave room"
            yield "values.dimensions", valued(self), "given for tolerance.budget above 0: limits to be loosened"

    def _public_goods_demands(self, where: str) -> Iterator[tuple[str, bool, str]]:
        market, people, blocks = self.market, self.population, self.market.groups in ("blocks", "random")
        yield "settlement.kind", self.settlement.kind == "equal", f"equal {where} groups share equally"
        yield "settlement.hold_back", self.settlement.hold_back == 0, f"0 {where} what is paid in is known"
        yield "clawback.share", self.clawback.share == 0, f"0 {where} nobody pays in less than nothing"
        yield "market.model_value", market.model_value == 0, f"0 {where} there is no model"
        yield "actions.available", "defect" not in self.actions.available, f"without defect {where} there are no data to spoil or leak"
        yield "population.start_defect", people.start_defect == 0, f"0 {where} there are no data to spoil or leak"
        yield "population.count", not blocks or people.count % market.group_size == 0, f"a multiple of market.group_size = {market.group_size} for market.groups = {market.groups!r}"
        yield "negotiation.kind", self.negotiation.kind == "none" or market.groups != "random", "none where market.groups = 'random', since nobody knows with whom to negotiate"
        yield "menu.offer", self.menu.offer == "fixed", f"fixed {where} there is no model"

    def _model_demands(self) -> Iterator[tuple[str, bool, str]]:
        """What paying with models, and menus, need."""
        rewards, offer, people = self.rewards, self.menu.offer, self.population
        if rewards.kind == "shaping":
            yield "rewards.accuracy.kind", rewards.accuracy.kind == "bound", "bound for rewards.kind = 'shaping', which goes by the amounts that are best alone"
        if offer == "menu":
            yield "population.cost_types", bool(people.cost_types), "given for menu.offer = 'menu': the types that the menu is for"
            yield "population.count", people.count > 1, "above 1 for menu.offer = 'menu'"
            yield "population.cost_types", min(people.cost_types, default=1) > 0, "above 0 for menu.offer = 'menu'"
        if rewards.alone or offer == "menu" or (offer == "amounts" and self.market.kind != "curve"):
            yield "market.model_value", self.market.model_value > 0, "above 0, since the model is what is paid with"
        elif offer == "amounts":
            paid = self.market.model_value > 0 or self.market.price > 0
            yield "market.model_value", paid, "above 0, or market.price: data are paid for with the model, or with money"
        if rewards.kind == "menu":
            yield "menu.offer", offer == "menu", "menu for rewards.kind = 'menu'"
