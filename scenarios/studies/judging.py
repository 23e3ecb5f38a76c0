"""What studies judge principals' choices by, utility or money, and how answers say so."""

from collections.abc import Mapping
from typing import Any

from commonweal.economy.round.worth import Judge
from commonweal.scenarios.schema.relevance import minds
from commonweal.scenarios.schema.scenario import Scenario, field

UNIT = "unit"  # of gains, in an answer's provenance
_TIMES = 10  # a mean, beyond which a percentage of it says nothing


def judging() -> Any:
    """The option ``judge`` of a study."""
    return field(
        "utility", "what gains count: utility, the payoff less what broken limits cost a principal in its own eyes"
        " (values.concern), or money, the payoff alone; the same where nobody minds", "name")  # fmt: skip


def unit_of(scenario: Scenario, judge: Judge) -> str:
    """``utility`` where it differs from money and counts, else ``money``."""
    return "utility" if judge == "utility" and minds(scenario) else "money"


def of_the_mean(part: float, whole: float, what: str) -> str:
    """``12% of the mean payoff``; empty where there is no such mean, in words where it is next to nothing.

    Args:
        part: what is compared, money or utility.
        whole: the mean it is compared with.
        what: the name of that.
    """
    if not whole > 0:
        return ""
    return f"{part / whole:.0%} of {what}" if part <= _TIMES * whole else f"more than {_TIMES} times {what}"


def per_round(provenance: Mapping[str, Any]) -> str:
    """The unit of an answer's payoffs and gains, by its provenance: money per round, or utility."""
    return f"{provenance.get(UNIT, 'money')} per round"


def told(scenario: Scenario, judge: Judge) -> list[str]:
    """A note for who reads the tables, where somebody minds."""
    if not minds(scenario):
        return []
    if judge == "money":
        return ["Payoffs and gains are money alone, although broken limits cost principals something (judge = money)."]
    return ["Payoffs and gains are utility, in money: the payoff less what its broken limits, the true ones, cost a"
            " principal. judge = money leaves that out."]  # fmt: skip
