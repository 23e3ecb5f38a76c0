"""Levers: what a rule is made of, which settings of each are tried, and what a setting is called.

A rule is a choice for every lever. Each lever is one field of the scenario, or a few that belong together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.honest import BEGIN
from commonweal.scenarios.studies.synthesis.options import SynthesisOptions

Setting = str | float | int
Rule = Mapping[str, Setting]  # a setting of each lever

LN2, UNCAPPED = log(2.0), 1e6


@dataclass(frozen=True)
class Lever:
    """One thing that a rule decides."""

    name: str  # as tables have it
    path: str  # scenario field that it sets
    settings: tuple[Setting, ...]  # that are tried; the first: without it
    says: str  # a clause about a setting other than the first, with {} for it
    along: Mapping[str, Any] | None = None  # fields that go with any setting but the first


LEVERS = (
    Lever("pay", "settlement.kind", ("credit", "equal", "data", "quota", "time_valuation", "synthesised"), "{}"),
    Lever("cap", "settlement.cap", (UNCAPPED, 0.5, 1.0, 2.0), "credit counts up to {:g} times what is typical"),
    Lever("alpha", "settlement.alpha", (1.0, 0.5, 2.0), "credit counts to the power {:g}"),
    Lever("floor", "settlement.floor", (0.0, 0.25, 0.5), "{:.0%} is shared equally"),
    Lever("horizon", "settlement.horizon", (50, 20, 100), "credit is cumulated over {} rounds"),
    Lever("hold-back", "settlement.hold_back", (0.0, 1.0, 2.0), "{:g} standard errors of credit are held back"),
    Lever("reserve", "settlement.reserve", (0.0, 0.1, 0.2, 0.3), "{:.0%} of revenue stays in the treasury"),
    Lever("novelty", "credit.novelty.memory", (0, 2, 5), "what is put in again within {} rounds earns less"),
    Lever("replication", "credit.replication.penalty", (0.0, LN2, 2 * LN2), "copies cost credit (λ = {:.2g})"),
    Lever("audit", "stakes.audit", (0.0, 0.02, 0.05, 0.1, 0.2), "{:.0%} of participants are audited in a round"),
    Lever("stake", "stakes.stake", (0.0, 0.05, 0.1, 0.2), "everybody has {:g} at stake", {"stakes.slash": 1.0}),
    Lever("evidence", "stakes.sees", ("action", "content"), "audits look at the samples"),
    Lever("clawback", "clawback.share", (0.0, 0.5, 1.0), "{:.0%} of pay is taken back from who does harm"),
    Lever("name fee", "identity.cost", (0.0, 0.01, 0.02, 0.05), "a name costs {:g}"),
)  # fmt: skip
_BY_NAME = {lever.name: lever for lever in LEVERS}


def plain_rule() -> dict[str, Setting]:
    """The rule in which every lever is at its first setting."""
    return {lever.name: lever.settings[0] for lever in LEVERS}


def known_rules() -> dict[str, dict[str, Setting]]:
    """Rules that are tried before any search, by what they are called."""
    looks: dict[str, Setting] = {"audit": 0.05, "stake": 0.1, "evidence": "content"}
    content: dict[str, Setting] = {"novelty": 2, "replication": 2 * LN2, "name fee": 0.01}
    some: dict[str, dict[str, Setting]] = {
        "credit": {},
        "equal": {"pay": "equal"},
        "data": {"pay": "data"},
        "robust": {"novelty": 2, "replication": LN2, "hold-back": 1.0, "clawback": 1.0, "audit": 0.1, "stake": 0.05,
                   "name fee": 0.02},
        "data, audits of samples": {"pay": "data", "name fee": 0.01, **looks},
        "credit, audits of samples": {**content, **looks},
        "capped credit": {"pay": "synthesised", "cap": 0.5, **content},
        "capped credit, audits of samples": {"pay": "synthesised", "cap": 0.5, **content, **looks},
        "capped credit, audits, reserve": {"pay": "synthesised", "cap": 0.5, "reserve": 0.3, **content, **looks},
        "capped credit, audits, held back": {"pay": "synthesised", "cap": 1.0, "horizon": 20, "hold-back": 2.0,
                                             **content, **looks, "name fee": 0.02},
        "capped credit, held back": {"pay": "synthesised", "cap": 2.0, "horizon": 20, "hold-back": 2.0, "novelty": 2,
                                     "replication": LN2, "clawback": 0.5, "name fee": 0.02},
    }  # fmt: skip
    return {name: {**plain_rule(), **changes} for name, changes in some.items()}


def read_rule(given: str | Mapping[str, Setting]) -> tuple[str, dict[str, Setting]]:
    """The name and the settings of a rule that a person asks for.

    Args:
        given: the name of a known rule; or settings of levers by name, with those of the known rule that ``like`` names
            for the rest, or of pay by credit.

    Raises:
        InputError: if there is no such rule or lever.
    """
    changes = {} if isinstance(given, str) else dict(given)
    name, known = str(given if isinstance(given, str) else changes.pop("like", "credit")), known_rules()
    if name not in known:
        raise InputError(f"option only: there is no rule {name!r}; there are {'; '.join(known)}")
    if unknown := changes.keys() - _BY_NAME.keys():
        raise InputError(f"option only: there is no lever {min(unknown)!r}; there are {', '.join(_BY_NAME)}")
    told = ", ".join(f"{lever} {setting}" for lever, setting in changes.items())
    return f"{name}: {told}" if told else name, {**known[name], **changes}


def effective(rule: Rule) -> dict[str, Setting]:
    """The rule with levers that count for nothing at their first setting: the same rule is the same choice."""
    found = dict(rule)
    if found["pay"] != "synthesised":
        found["cap"] = _BY_NAME["cap"].settings[0]
    if found["pay"] != "credit":
        found["alpha"] = _BY_NAME["alpha"].settings[0]
    if found["pay"] in ("equal", "data"):
        found |= {name: _BY_NAME[name].settings[0] for name in ("horizon", "hold-back", "novelty", "replication")}
    if not found["audit"] or not found["stake"]:
        found |= {"audit": 0.0, "stake": 0.0, "evidence": "action"}
    return found


def changes_of(rule: Rule, options: SynthesisOptions) -> dict[str, Any]:
    """The rule as changes of a scenario; principals have the endowment whatever the rule asks of them."""
    changes: dict[str, Any] = {"population.endowment": options.endowment}
    for lever in LEVERS:
        changes[lever.path] = rule[lever.name]
        if lever.along and rule[lever.name] != lever.settings[0]:
            changes |= lever.along
    return changes


def under(rule: Rule, scenario: Scenario, options: SynthesisOptions, *, honest: bool) -> Scenario:
    """The scenario under a rule.

    Args:
        rule: a setting of each lever.
        scenario: all that is not the rule's to decide.
        options: what principals own.
        honest: everybody delegates from the start and nobody acts at random, as an attack is measured against.
    """
    return revise(scenario, {**(BEGIN if honest else {}), **changes_of(rule, options)})


def said(rule: Rule) -> str:
    """The rule in words: what it has beside pay by credit."""
    rule = effective(rule)
    used = [lever for lever in LEVERS[1:] if rule[lever.name] != lever.settings[0]]
    pay = _PAY[str(rule["pay"])]
    return "; ".join([pay, *(lever.says.format(rule[lever.name]) for lever in used)])


_PAY = {
    "credit": "pay by credit",
    "equal": "equal pay",
    "data": "pay by samples held",
    "quota": "pay by quotas",
    "time_valuation": "pay by credit, valued by time",
    "synthesised": "pay by samples put in and their credit",
}


def without(rule: Rule) -> dict[str, dict[str, Setting]]:
    """The rule with one lever after another at its first setting, by the lever's name; those that it uses alone."""
    rule = effective(rule)
    return {
        lever.name: effective({**rule, lever.name: lever.settings[0]})
        for lever in LEVERS
        if rule[lever.name] != lever.settings[0]
    }
