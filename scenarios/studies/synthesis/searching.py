"""Searching rules: NSGA-II of Optuna over all levers, for what serves most and what is least exploited."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from commonweal.agents.arrays import Bools, Floats
from commonweal.agents.errors import InputError
from commonweal.scenarios.studies.intervals import largest_interval
from commonweal.scenarios.studies.synthesis.levers import LEVERS, Rule, Setting, effective, known_rules, read_rule

GENERATION = 10  # rules that are proposed from the same knowledge


@dataclass(frozen=True)
class Tried:
    """A rule that was tried."""

    name: str  # a known rule's own, or "rule" and its number among those tried
    rule: Rule
    served: Floats  # (S,) what it serves, in the seeds of the search
    gains: Floats  # (S, A) of attacks, money per round and member
    payoff: Floats  # (S,) of an honest principal, money per round

    @property
    def good(self) -> float:
        """What it serves, mean over seeds."""
        return float(self.served.mean())

    @property
    def exploited(self) -> float:
        """Upper end of the largest gain from an attack: a rule that pays by luck is not called safe for having some."""
        return float(largest_interval(self.gains).high)


Try = Callable[[str, Rule], Tried]


def demand_optuna() -> None:
    """Raise InputError where Optuna is not installed."""
    if find_spec("optuna") is None:
        raise InputError("synthesis needs the extra 'search': pip install 'commonweal[search]'")


def those_named(attempt: Try, only: Sequence[str | Mapping[str, Setting]]) -> list[Tried]:
    """Try the rules that a person asks for, each once, in order.

    Raises:
        InputError: if there is no such rule or lever.
    """
    named = {_key(rule): (name, effective(rule)) for name, rule in map(read_rule, only)}
    return [attempt(name, rule) for name, rule in named.values()]


def search(attempt: Try, count: int, seed: int) -> list[Tried]:
    """Try known rules, then what NSGA-II proposes (Deb et al. 2002), each rule once.

    Args:
        attempt: tries a rule.
        count: rules that are tried at most.
        seed: of the proposals.

    Returns:
        In the order in which they were tried.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.NSGAIISampler(population_size=GENERATION, seed=seed)
    study = optuna.create_study(directions=("maximize", "minimize"), sampler=sampler)
    names = {_key(rule): name for name, rule in known_rules().items()}
    for rule in known_rules().values():
        study.enqueue_trial(dict(rule))
    found: dict[tuple[Setting, ...], Tried] = {}
    for _ in range(50 * count):  # proposals may repeat
        trial = study.ask()
        proposed: dict[str, Any] = {each.name: trial.suggest_categorical(each.name, each.settings) for each in LEVERS}
        rule = effective(proposed)
        key = _key(rule)
        if key not in found:
            found[key] = attempt(names.get(key, f"rule {len(found) + 1}"), rule)
        study.tell(trial, (found[key].good, found[key].exploited))
        if len(found) >= count:
            break
    return list(found.values())


def _key(rule: Rule) -> tuple[Setting, ...]:
    same: Mapping[str, Setting] = effective(rule)
    return tuple(same[lever.name] for lever in LEVERS)


def undominated(good: Floats, exploited: Floats) -> Bools:
    """(T,) which of T rules no other serves at least as well while it is exploited no more, one of both strictly."""
    better = (good[:, None] >= good) & (exploited[:, None] <= exploited)
    strictly = better & ((good[:, None] > good) | (exploited[:, None] < exploited))
    return np.asarray(~strictly.any(axis=0))


def finalists(tried: Sequence[Tried], epsilon: float, count: int) -> list[Tried]:
    """Rules of the frontier that go on.

    Args:
        tried: all of them.
        epsilon: gain from attacks that is allowed, money per round.
        count: at most so many.

    Returns:
        What serves most of those that are exploited no more than that, the least exploited of all, what serves most;
        then the others, the least exploited first.
    """
    good, exploited = (np.array([getattr(each, name) for each in tried]) for name in ("good", "exploited"))
    front = [each for each, on in zip(tried, undominated(good, exploited), strict=True) if on]
    by_safety = sorted(front, key=lambda each: each.exploited)
    by_service = sorted(front, key=lambda each: -each.good)
    allowed = [each for each in by_service if each.exploited <= epsilon]
    order = [*allowed[:1], by_safety[0], by_service[0], *by_safety]
    return list({id(each): each for each in order}.values())[:count]
