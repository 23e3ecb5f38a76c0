"""Making a certificate: what a search for attacks found, what the rules pay, and everything that decides on it."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

import numpy as np

from commonweal.agents.registry import REGISTRIES, without_folders
from commonweal.agents.version import software_version
from commonweal.economy.money.ledger import MICRO
from commonweal.economy.round.worth import Judge
from commonweal.scenarios.runs.intervals import Interval, mean_interval
from commonweal.scenarios.schema.relevance import minds
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.attacks.certificate import Certificate
from commonweal.scenarios.studies.attacks.coverage import MEASURED
from commonweal.scenarios.studies.attacks.enclosed import enclose
from commonweal.scenarios.studies.attacks.exploitability import Exploitability, exploitability, families_of, fresh_seeds
from commonweal.scenarios.studies.attacks.options import CertifyOptions
from commonweal.scenarios.studies.attacks.registry import ATTACKS
from commonweal.scenarios.studies.attacks.trying import groups_of
from commonweal.scenarios.studies.attacks.written import deviation_document
from commonweal.scenarios.studies.incentives.evidence import Evidence
from commonweal.scenarios.studies.intervals import largest_interval
from commonweal.scenarios.studies.pieces import DECIDING, Pieces
from commonweal.scenarios.sweeps.manifest import code_version

_METHOD = (
    "The search chooses on its own seeds; fresh seeds judge. Value and lower end are those of the attack that the"
    " search found strongest, the upper end is the highest of all finalists; of the error one part in five is above it."
    " Single intervals are Student's over seeds, the end on the long side moved out by the skewness."
)
_LIMITS = (
    "Attacks of one principal at a time, by the places listed; coalitions are not tried.",
    "What no family holds and the search did not try may gain more: refute the certificate with it.",
    "It holds for principals drawn as the scenario says, who follow the policies that it names.",
)


def certify(
    scenario: Scenario, options: CertifyOptions, seeds: Sequence[int], pieces: Pieces | None = None
) -> Certificate:
    """Search for attacks on a scenario's rules, judge them on fresh seeds, and write down what was found.

    Args:
        scenario: whose rules are certified.
        options: the budget.
        seeds: of the search; those that judge follow the largest of them.
        pieces: plays and keeps everything.

    Raises:
        InputError: if there is nothing to try, or a run diverges.
    """
    found = {judge: exploitability(scenario, options, seeds, judge, pieces) for judge in judges_of(scenario)}
    return Certificate.of(_content(scenario, options, tuple(seeds), found))


def judges_of(scenario: Scenario) -> tuple[Judge, ...]:
    """What gains are counted in: money and utility, or money alone where both are the same."""
    judges: tuple[Judge, ...] = get_args(Judge)
    return tuple(sorted(judges)) if minds(scenario) else ("money",)


def version() -> dict[str, str]:
    """What plays the runs: version of the library, and the code that decides on numbers."""
    return {"commonweal": software_version(), "code": code_version(DECIDING)}


def sources_of(families: Sequence[str]) -> dict[str, str]:
    """Families by name, with a fingerprint of the code of those that are not of this library."""
    return {name: ATTACKS.source(name) or "built-in" for name in families}


def shown_interval(interval: Interval) -> dict[str, float | None]:
    """An estimate and its ends, as JSON; null where there is none."""
    ends = {"value": interval.value, "low": interval.low, "high": interval.high}
    return {name: float(end) if np.isfinite(end) else None for name, end in ends.items()}


def said_interval(shown: Mapping[str, Any]) -> str:
    """What ``shown_interval`` answers, as value [low, high]; a dash where there is no number."""
    value, low, high = ("–" if shown[end] is None else f"{shown[end]:.3g}" for end in ("value", "low", "high"))
    return f"{value} [{low}, {high}]"


def _content(
    scenario: Scenario, options: CertifyOptions, seeds: tuple[int, ...], found: Mapping[Judge, Exploitability]
) -> dict[str, Any]:
    by_judge = {judge: found.get(judge, found["money"]) for judge in sorted(get_args(Judge))}
    evidence = found["money"].evidence
    asked = options.model_dump(mode="json", exclude={"workers"})
    return {
        "scenario": enclose(scenario),
        "rule": _rule(scenario),
        "version": version(),
        "population": {
            "principals": scenario.population.count,
            "policies": dict(scenario.policy.mix),
            "tried_by": list(groups_of(evidence)),
        },
        "budget": {
            **asked,
            "families": sources_of(families_of(options)),
            "attacks_tried": {judge: result.tried for judge, result in by_judge.items()},
            "seeds": {"search": list(seeds), "fresh": list(fresh_seeds(seeds, options))},
        },
        "epsilon": {judge: _epsilon(result) for judge, result in by_judge.items()},
        "attacks": {judge: _finalists(result) for judge, result in by_judge.items()},
        "individual_rationality": {
            judge: _rationality(result.evidence) for judge, result in by_judge.items()
        },
        "budget_balance": _balance(evidence),
        "intervals": {"confidence": options.confidence, "method": _METHOD, "measured": MEASURED},
        "limits": list(_LIMITS),
    }  # fmt: skip


def _rule(scenario: Scenario) -> dict[str, Any]:
    """The names of all rules that a scenario goes by, by field; of files the name alone, wherever they lie."""
    document = scenario.model_dump(mode="json", exclude_none=True)
    fields = sorted({registry.field for registry in REGISTRIES if registry.field})
    return {field: _named(value) for field in fields if (value := _at(document, field)) is not None}


def _named(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {_named(key): _named(each) for key, each in value.items()}
    return without_folders(value) if isinstance(value, str) else value


def _at(document: Any, path: str) -> Any:
    for part in path.split("."):
        document = document.get(part) if isinstance(document, Mapping) else None
    return document


def _epsilon(result: Exploitability) -> dict[str, Any]:
    """The bound, and the interval of the strongest attack that it is the end of."""
    first, payoff = result.finalists[0], float(result.evidence.payoffs.mean())
    bound = max(float(result.epsilon.high), 0.0)
    return {
        "epsilon": bound,
        "unit": f"{result.judge} per round",
        "of_mean_payoff": bound / payoff if payoff > 0 else None,
        **shown_interval(result.epsilon),
        "strongest": first.attack.name,
        "by": first.group,
    }


def _finalists(result: Exploitability) -> list[dict[str, Any]]:
    return [
        {
            "deviation": deviation_document(each.attack.deviation),
            "family": each.attack.family,
            "by": each.group,
            "gain_in_search": each.found,
            "gain": shown_interval(each.gain),
        }
        for each in result.finalists
    ]


def _rationality(evidence: Evidence) -> dict[str, Any]:
    """What taking part brings over staying away, per round: the least of any place, and the mean."""
    confidence, margin = evidence.trials.options.confidence, evidence.payoffs - evidence.outside
    worst = largest_interval(-margin, confidence)
    least = shown_interval(Interval(-worst.value, -worst.high, -worst.low))
    return {
        "least_margin": least,
        "mean_margin": shown_interval(mean_interval(margin.mean(axis=1), confidence)),
        "mean_payoff": shown_interval(mean_interval(evidence.payoffs.mean(axis=1), confidence)),
        "holds": least["low"] is not None and least["low"] >= 0.0,
    }


def _balance(evidence: Evidence) -> dict[str, Any]:
    """Where revenue went in the fresh seeds together, in whole micro-units of money."""
    base = evidence.base
    sums = {name: int(getattr(base, name).sum()) for name in ("revenue", "paid", "kept", "slashed")}
    return {"unit": f"1/{MICRO} money", **sums, "unaccounted": int(np.abs(base.unaccounted).sum()),
            "balanced": bool((base.unaccounted == 0).all())}  # fmt: skip
