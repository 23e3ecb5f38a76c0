"""The words of an economy: one function, which the page, events, figures, tables and sentences all ask."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from itertools import product
from typing import Any

from commonweal.economy.round.words import ACTIONS, ATTACKS, DEFECT, MIXED, MarketFacts, Words, tested_by
from commonweal.scenarios.schema.scenario import Scenario

_WORDED = (  # what ``words_for`` goes by
    "market.kind", "actions.defect", "actions.available", "values.concern", "task.metric", "task.kind",
    "task.target",
)  # fmt: skip


def words_of(economy: Any) -> Words:
    """What one economy calls things.

    Args:
        economy: a Scenario, or the Terms of a world.
    """
    actions, task = economy.actions, economy.task
    return words_for(
        [economy.market.kind], [actions.defect], [actions.available], [economy.values.concern], [task.metric],
        [task.kind], [task.target],
    )  # fmt: skip


def words_for(
    kinds: Iterable[str],
    attacks: Iterable[str],
    available: Iterable[Iterable[str]],
    concerns: Iterable[str] = (),
    metrics: Iterable[str] = ("auto",),
    tasks: Iterable[str] = ("digits",),
    targets: Iterable[str] = ("auto",),
) -> Words:
    """What runs call things that may be of several economies: the words they share, else words that fit all.

    Args:
        kinds: ``market.kind`` of the runs.
        attacks: their ``actions.defect``.
        available: their ``actions.available``.
        concerns: their ``values.concern``.
        metrics: their ``task.metric``.
        tasks: their ``task.kind``.
        targets: their ``task.target``.
    """
    from commonweal.economy.round.markets import MARKETS  # imports torch, as every registry does in the end

    measured = {_metric(*each) for each in product(metrics, tasks, targets)}
    of_markets = {MARKETS.facts(kind) if kind in MARKETS else MarketFacts() for kind in kinds}
    said = {_measured(market, name) for market in of_markets for name in measured}
    market = said.pop() if len(said) == 1 else MIXED
    told = {each.name: getattr(market, each.name) for each in fields(MarketFacts)}
    forms = {ATTACKS.get(attack, DEFECT) for attack in attacks}
    if market.attacks and len(forms) == 1:
        told["defect"] = forms.pop()
    can = list(available)
    taken = tuple(action for action in ACTIONS if any(action in some for some in can))
    return Words(**told, available=taken, minds=any(concern != "none" for concern in concerns))


def _metric(chosen: str, task: str, target: str) -> str:
    """The metric of a task, as far as is known without its data what its labels are."""
    from commonweal.economy.tasks import TASKS, metric_of

    if target == "auto":
        target = TASKS.facts(task).target if task in TASKS else "class"
    return metric_of(chosen, target)


def _measured(market: MarketFacts, metric: str) -> MarketFacts:
    """A market's words under a metric; accuracy is what it speaks of anyway."""
    from commonweal.economy.tasks import METRICS

    if not market.tested or metric == "accuracy" or metric not in METRICS:
        return market
    return tested_by(market, METRICS.facts(metric), metric)


def words_in(document: Mapping[str, Any], varied: Mapping[str, Iterable[Any]]) -> Words:
    """What stored runs call things.

    Args:
        document: the tables of the scenario that they start from.
        varied: the values of fields that vary, by path.
    """
    return words_for(*(varied[path] if path in varied else [_written(document, path)] for path in _WORDED))


def _written(document: Mapping[str, Any], path: str) -> Any:
    section, _, name = path.partition(".")
    return document.get(section, {}).get(name, getattr(getattr(Scenario(), section), name))
