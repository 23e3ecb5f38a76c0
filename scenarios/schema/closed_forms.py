"""What a closed form of accuracy asks of the other fields of a scenario."""

from collections.abc import Iterator
from typing import Any

from commonweal.scenarios.schema.relevance import forms


def form_demands(scenario: Any, where: str) -> Iterator[tuple[str, bool, str]]:
    """Field, whether it fits the closed form that is named, and what it must be.

    Args:
        scenario: a Scenario.
        where: the market, in words.
    """
    from commonweal.economy.rewards.forms import CLOSED_FORMS  # imports torch, as every registry does in the end

    kind, played, people = scenario.rewards.accuracy.kind, forms(scenario), scenario.population
    yield "population.samples", played or not people.samples, f"empty {where} who holds how much is drawn from a task, if anything"
    if kind not in CLOSED_FORMS:
        return
    facts = CLOSED_FORMS.facts(kind)
    curves = ", ".join(name for name in CLOSED_FORMS if CLOSED_FORMS.facts(name).curve is not None)
    if played:
        yield "rewards.accuracy.kind", kind != "fitted", f"bound or another closed form {where} nothing is seen to be learned"
    else:
        yield "rewards.accuracy.kind", facts.curve is not None, f"one of {curves} {where} only market.kind = 'curve' plays the others"
    by = f"where rewards.accuracy.kind = {kind!r}"
    yield "menu.offer", facts.curve is not None or scenario.menu.offer != "menu", f"fixed or amounts {by}, which goes by more than samples"
    bounded = facts.lowest >= 0 and facts.highest <= 1
    chosen = scenario.menu.offer == "amounts"
    yield "population.samples", bounded or not chosen or bool(people.samples), f"given {by} and menu.offer = 'amounts': its accuracies know no bound, so that what each holds must be one"
    twice = scenario.rewards.alone and not facts.pooled and scenario.rewards.kind == "own_accuracy"
    yield "rewards.alone", not twice, f"false {by} and rewards.kind = 'own_accuracy', which owe who abstains what it has by itself already"
    yield from _options(scenario.rewards.accuracy.options, facts.options, people.count, by)


def _options(given: dict[str, Any], known: Any, count: int, by: str) -> Iterator[tuple[str, bool, str]]:
    for name, value in given.items():
        path = f"rewards.accuracy.options.{name}"
        yield path, name in known, f"left out {by}: its options are {', '.join(known) or 'none'}"
        if isinstance(value, tuple):
            rows = [each for each in value if isinstance(each, tuple)] or [value]
            yield path, all(len(row) == count for row in rows), f"a number, or lists of {count} each: one for each principal"
