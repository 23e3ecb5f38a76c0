"""What a rule that is compared is called: on a curve, and in a sentence."""

from collections.abc import Mapping
from typing import Any

from commonweal.figures.browser.compared.compared import Rule
from commonweal.scenarios.schema.field_words import choice_words, plain

_ABSENT = ("none", "off", 0)  # values by which a field says that there is no such thing; 0.0 and False are 0
_NAMED: Mapping[str, str] = {  # what is there or missing, where the label of its field says too little
    "screening.mode": "screening", "screening.gate": "the gate", "stakes.audit": "audits",
    "negotiation.kind": "data deals",
}  # fmt: skip
_FORMS: Mapping[str, str] = {  # clauses of values that are not said after what they are values of
    "rewards.kind": "with models {}",
    "screening.mode": "with screening that {}s",
    "negotiation.kind": "with data deals",
    "market.multiplication": "multiplied by {}",
    "policy.mix": "with everybody's policy {}",
}
_PAID = ("by", "equally")  # words that may follow "paid"


def rule(changes: Mapping[str, Any], labels: Mapping[str, str]) -> Rule:
    """A rule with its names.

    Args:
        changes: values by path; empty for the scenario as it is.
        labels: what stands beside a field, by path; its last part where there is none.
    """
    if not changes:
        return Rule({}, "as set", "as set")
    several = len(changes) > 1
    names = [_name(path, value, _thing(path, labels), several) for path, value in changes.items()]
    clauses = [_clause(path, value, _thing(path, labels)) for path, value in changes.items()]
    return Rule(dict(changes), ", ".join(names), " and ".join(clauses))


def value_words(path: str, value: Any) -> str:
    """A value as it is chosen: ``time_cumulation`` in the words of the page, a switch as "on" or "off"."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return choice_words(path, value) if isinstance(value, str) else plain(value)


def _thing(path: str, labels: Mapping[str, str]) -> str:
    """What a field sets, within a sentence."""
    found = _NAMED.get(path) or labels.get(path, path.rpartition(".")[2].replace("_", " "))
    return found[:1].lower() + found[1:]


def _name(path: str, value: Any, thing: str, several: bool) -> str:
    """On a curve; with its field where the value alone would not be understood."""
    thing = thing.removeprefix("the ")
    if value in _ABSENT:
        return f"no {thing}"
    if value is True or path == "negotiation.kind":
        return thing
    words = value.replace("_", " ") if isinstance(value, str) else plain(value)
    return words if isinstance(value, str) and not several else f"{thing} {words}"


def _clause(path: str, value: Any, thing: str) -> str:
    words = value_words(path, value)
    if path == "settlement.kind":
        return f"paid {words}" if words.split()[0] in _PAID else f"paid by {words}"
    if value in _ABSENT:
        return f"without {thing}"
    if path in _FORMS:
        return _FORMS[path].format(words)
    return f"with {thing}" if value is True else f"with {thing} {words}"
