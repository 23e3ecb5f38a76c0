"""The menu of scenarios as a document: what people call them, what they ask, and which market they are of."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.scenarios.schema.relevance import learns, pays_money
from commonweal.scenarios.schema.scenario import Scenario

_TITLES: Mapping[str, str] = {  # where the name with spaces is not what people say
    "commons": "The commons",
    "spatial-public-goods": "Public goods on a lattice",
    "public-goods": "Public goods",
    "robust": "Hard to cheat",
    "data-deals": "Data deals",
}
_MARKETS: Mapping[str, str] = {"model": "a model is sold", "curve": "a learning curve", "public_goods": "a public good",
                               "donation": "gifts"}
_ABBREVIATED = re.compile(r"(?<=[.?!])\s+(?=[A-Z])")  # sentences end here; "et al. 2025" does not
_CITED = re.compile(r"\s*\([^()]*\b\d{4}\)")


def scenarios_document(scenarios: Mapping[str, Scenario], chosen: str, opened: Iterable[str] = ()) -> dict[str, Any]:
    """All that can be chosen, what was opened with the page on top.

    Args:
        scenarios: by name.
        chosen: the name of the one that is shown.
        opened: names of a file or of a stored run that the page was opened with.

    Returns:
        ``chosen``, and ``entries``: each with ``name``, ``title``, ``question``, ``market`` (in words) and ``opened``.
    """
    first = [name for name in opened if name in scenarios]
    names = [*first, *(name for name in scenarios if name not in first)]
    entries = [
        {"name": name, "title": title_of(name), "question": question_of(scenarios[name]),
         "market": market_words(scenarios[name]), "opened": name in first}
        for name in names
    ]  # fmt: skip
    return {"kind": "scenarios", "chosen": chosen, "entries": entries}


def title_of(name: str) -> str:
    """What people call a scenario: "The commons", "Value conflict"; a file or a stored run by its name."""
    if name in _TITLES or any(sign in name for sign in "./, "):
        return _TITLES.get(name, name)
    words = name.replace("-", " ").replace("_", " ")
    return words[:1].upper() + words[1:]


def question_of(scenario: Scenario) -> str:
    """What a scenario asks or shows: the question in its description, else the first sentence of that."""
    text = _CITED.sub("", scenario.description).strip()
    first = _ABBREVIATED.split(text)[0]
    if first.endswith("?") and ": " in first:
        first = first.rpartition(": ")[2]
    return first[:1].upper() + first[1:]


def market_words(scenario: Scenario) -> str:
    """Which kind of market a scenario is of."""
    kind = scenario.market.kind
    if learns(scenario) and not pays_money(scenario):
        return "paid with models"
    return _MARKETS.get(kind, kind.replace("_", " "))


def known(scenarios: Mapping[str, Scenario], name: str) -> str:
    """The name, if there is such a scenario.

    Raises:
        InputError: if there is none.
    """
    if name not in scenarios:
        raise InputError(f"there is no scenario {name[:40]!r} here")
    return name
