"""Which fields of a scenario matter under the others: said once, at each field (``field(…, matters=…)``)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from commonweal.scenarios.schema.notation import split_path

Condition = Callable[[Any], bool]  # of a whole Scenario


@dataclass(frozen=True)
class Relevance:
    """When a field matters: kept among the field's metadata."""

    condition: Condition


def learns(scenario: Any) -> bool:
    """Whether there is a task and a network that learns it."""
    from commonweal.economy.round.markets import MARKETS  # imports torch, as every registry does in the end

    kind = scenario.market.kind
    return kind not in MARKETS or MARKETS[kind].learns


def is_tabled(kind: str) -> bool:
    """Whether a task is data of one's own, whose columns have names."""
    prefix, _, name = kind.partition(":")
    return prefix in ("csv", "parquet", "torch") and bool(name)


def tabled(scenario: Any) -> bool:
    """Whether the data are of one's own, with columns that have names."""
    return is_tabled(scenario.task.kind)


def draws_parts(scenario: Any) -> bool:
    """Whether validation and test samples are drawn; a column of a table may say which they are."""
    return not (tabled(scenario) and scenario.task.split)


def own_network(scenario: Any) -> bool:
    """Whether the network is a module of one's own."""
    return learns(scenario) and scenario.learning.network.startswith("module:")


def of_numbers(scenario: Any) -> bool:
    """Whether labels are numbers, as far as is known without the data."""
    from commonweal.economy.tasks import TASKS

    task = scenario.task
    usual = TASKS.facts(task.kind).target if task.kind in TASKS else "class"
    return bool((usual if task.target == "auto" else task.target) == "number")


def wired(scenario: Any) -> bool:
    """Whether nodes hold the samples, and what leaves them goes over a wire."""
    return learns(scenario) and scenario.learning.wire != "off"


def hides(scenario: Any) -> bool:
    """Whether only sums leave the nodes, and what they say of single principals are claims."""
    return wired(scenario) and scenario.learning.wire in ("secure", "two-servers")


def sells(scenario: Any) -> bool:
    """Whether revenue is for quality rather than for contributions to a public good."""
    return scenario.market.kind not in ("public_goods", "donation")


def forms(scenario: Any) -> bool:
    """Whether accuracy follows from samples by a closed form, without a task."""
    return bool(scenario.market.kind == "curve")


def draws_coalitions(scenario: Any) -> bool:
    """Whether coalitions are evaluated: there is a network, or a rule that goes by values alone."""
    from commonweal.economy.credit import CREDITS

    kind = scenario.credit.kind
    return learns(scenario) or kind not in CREDITS or CREDITS.facts(kind).by_values


def shares(scenario: Any) -> bool:
    """Whether a public good is what contributions are multiplied in and shared."""
    return bool(scenario.market.kind == "public_goods")


def gives(scenario: Any) -> bool:
    """Whether principals make gifts of a fixed worth."""
    return bool(scenario.market.kind == "donation")


def names_count(scenario: Any) -> bool:
    """Whether principals have names, good or bad, that others go by."""
    return bool(scenario.reciprocity.kind != "none")


def learns_to_give(scenario: Any) -> bool:
    """Whether anybody learns by the reciprocity gradient."""
    return names_count(scenario) and "reciprocity" in scenario.policy.mix


def pays_money(scenario: Any) -> bool:
    """Whether there is money in an economy; the model may be all that is paid with."""
    return bool(scenario.market.price or scenario.population.endowment) or not sells(scenario)


def pays_by_credit(scenario: Any) -> bool:
    """Whether what is paid depends on credit."""
    return sells(scenario) and scenario.market.price > 0 and settles_by_credit(scenario)


def credited(scenario: Any) -> bool:
    """Whether credit is noted: of what a network learns, or where it decides on pay or on models given."""
    from commonweal.economy.rewards.rules import REWARDS

    kind = scenario.rewards.kind
    given = kind not in REWARDS or REWARDS.facts(kind).by_credit
    return learns(scenario) or (forms(scenario) and (pays_by_credit(scenario) or given))


def settles_by_credit(scenario: Any) -> bool:
    """Whether the settlement rule looks at credit."""
    from commonweal.economy.money.settlement import SETTLEMENTS

    kind = scenario.settlement.kind
    return kind not in SETTLEMENTS or SETTLEMENTS.facts(kind).by_credit


def leaks(scenario: Any) -> bool:
    """Whether defectors sell the model outside."""
    return learns(scenario) and scenario.actions.defect == "leak"


def costs_spread(scenario: Any) -> bool:
    """Whether costs lie between two bounds."""
    return sells(scenario) and not scenario.population.cost_types


def reads_edges(scenario: Any) -> bool:
    """Whether a file says who knows whom."""
    return bool(scenario.population.graph == "file")


def valued(scenario: Any) -> bool:
    """Whether anything is valued."""
    return bool(scenario.values.dimensions)


def screens(scenario: Any) -> bool:
    """Whether updates are screened by what is valued."""
    return valued(scenario) and scenario.screening.mode != "off"


def votes(scenario: Any) -> bool:
    """Whether principals vote on a limit that holds for all."""
    return screens(scenario) and scenario.screening.scope in ("all", "aggregate")


def weighs(scenario: Any) -> bool:
    """Whether the weight of a vote on limits changes anything."""
    from commonweal.economy.screening.votes import VOTES

    kind = scenario.screening.vote
    return votes(scenario) and (kind not in VOTES or VOTES.facts(kind).weighs)


def buys(scenario: Any) -> bool:
    """Whether the cooperative buys looser limits."""
    return valued(scenario) and scenario.tolerance.budget > 0


def limited(scenario: Any) -> bool:
    """Whether limits do anything: they screen updates, or breaking them costs something."""
    return screens(scenario) or minds(scenario)


def minds(scenario: Any) -> bool:
    """Whether violated limits cost their owners anything."""
    return valued(scenario) and scenario.values.concern != "none"


def learns_values(scenario: Any) -> bool:
    """Whether agents must learn what their principals value."""
    return valued(scenario) and scenario.beliefs.kind == "learned"


def asks(scenario: Any) -> bool:
    """Whether agents may ask their principals."""
    return learns_values(scenario) and scenario.beliefs.most > 0


def follows(policy: str) -> Condition:
    """Whether anybody follows a policy."""
    return lambda scenario: policy in scenario.policy.mix


def remembers(scenario: Any) -> bool:
    """Whether any policy in the mix looks at remembered payoffs."""
    from commonweal.agents.policies import POLICIES

    return any(name not in POLICIES or POLICIES.facts(name).remembers for name in scenario.policy.mix)


def may(action: str) -> Condition:
    """Whether principals may take an action."""
    return lambda scenario: action in scenario.actions.available


def matters(scenario: Any, path: str) -> bool:
    """Whether the field at a path changes anything under the scenario's other fields.

    Args:
        scenario: a Scenario.
        path: of one of its fields; the field and all sections that hold it must matter, and items be there.
    """
    part = scenario
    for name in split_path(path):
        if name.isdigit():
            if int(name) >= len(part):
                return False
            part = part[int(name)]
        elif isinstance(part, dict):
            return True
        else:
            said = type(part).model_fields[name].metadata
            if not all(each.condition(scenario) for each in said if isinstance(each, Relevance)):
                return False
            part = getattr(part, name)
    return True
