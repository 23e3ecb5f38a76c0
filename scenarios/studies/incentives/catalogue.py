"""The catalogue of deviations: what each name stands for, and in which scenarios it makes sense."""

from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.economy.futures.deviations import Deviation
from commonweal.scenarios.schema.relevance import hides
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.incentives.options import IncentivesOptions, Name

PAIR = "pair"
REPORTED_COST = "cost"  # stands for claims of other costs, where a rule reads them
PRAISE, LIE = "praise", "lie"
_SOMEBODY, _TWO = (0,), (0, 1)
_NAMED_ONLY = ("copies",)  # tried where it is named
_FORGED = ("disguised", "replay")


def catalogue(options: IncentivesOptions) -> dict[str, Deviation]:
    """Every deviation by name, of principal 0, or of 0 and 1."""
    joins = options.joins or max(1, options.horizon // 5)
    leaves = options.leaves or max(1, options.horizon // 2)
    bad = {"junk": "junk", "stale": "stale", "poison": "wrong", "disguised": "disguised", "replay": "replay"}
    actions = {action.name.lower(): action for action in Action}
    deviations = [Deviation(name, _SOMEBODY, action) for name, action in actions.items()]
    deviations += [Deviation(name, _SOMEBODY, Action.DELEGATE, form) for name, form in bad.items()]
    deviations += [
        Deviation("less", _SOMEBODY, share=options.share),
        Deviation("stricter", _SOMEBODY, looser=-options.claim),
        Deviation("looser", _SOMEBODY, looser=options.claim),
        Deviation("late", _SOMEBODY, joins=joins),
        Deviation("backdated", _SOMEBODY, joins=joins, earlier=joins),
        Deviation("leave", _SOMEBODY, leaves=leaves),
        Deviation("sybil", _SOMEBODY, identities=options.identities),
        Deviation("copies", _SOMEBODY, identities=options.identities, copies=True),
        Deviation("slander", _SOMEBODY, slanders=True),
        Deviation("shed", _SOMEBODY, Action.FREE_RIDE, identities=options.names, sheds=True),
        Deviation("exaggerate", _SOMEBODY, exaggerates=options.claim),
        together_lying(PAIR)
        if options.pair == LIE
        else Deviation(PAIR, _TWO, actions.get(options.pair, Action.FREE_RIDE), praises=options.pair == PRAISE),
    ]
    return {deviation.name: deviation for deviation in deviations}


def together_lying(name: str) -> Deviation:
    """Two principals of whom one claims an average update more than its own, and the other as much less."""
    return Deviation(name, _TWO, pads=1.0, cancels=True)


def other_costs(scenario: Scenario, options: IncentivesOptions) -> tuple[Deviation, ...]:
    """Costs that a principal can claim: those of the lines of a menu, or more and less; none where no rule asks."""
    if scenario.menu.offer == "menu":
        lines = range(len(scenario.population.cost_types))
        return tuple(Deviation(f"line_{line + 1}", _SOMEBODY, line=line) for line in lines)
    if scenario.rewards.kind != "shaping" and not scenario.tolerance.budget:
        return ()
    return tuple(Deviation(name, _SOMEBODY, dearer=claim) for name, claim in
                 (("dearer", options.claim), ("cheaper", -options.claim)))  # fmt: skip


def chosen(scenario: Scenario, options: IncentivesOptions) -> tuple[Deviation, ...]:
    """The deviations to try: those named, or all that make sense but those tried only by name.

    Raises:
        InputError: if one that is named makes no sense, or none is left.
    """
    for option in ("joins", "leaves"):
        if (rounds := getattr(options, option)) is not None and rounds >= options.horizon:
            raise InputError(f"option {option} = {rounds}: must be below horizon = {options.horizon}")
    every, against = catalogue(options), objections(scenario, options)
    for name in options.deviations:
        if name in against:
            raise InputError(f"option deviations: {name} makes no sense in {scenario.name}: {against[name]}")
    sensible = [name for name in get_args(Name) if name not in against and name not in _NAMED_ONLY]
    named = options.deviations or sensible
    costs = other_costs(scenario, options)
    by_name = {name: (deviation,) for name, deviation in every.items()} | {REPORTED_COST: costs}
    tried = tuple(deviation for name in dict.fromkeys(named) for deviation in by_name[name])
    if not tried:
        raise InputError("option deviations: no deviation is left to try; no rule here reads reported costs")
    return tried


def objections(scenario: Scenario, options: IncentivesOptions) -> dict[str, str]:
    """Why a deviation makes no sense in a scenario, by name; those that do are left out."""
    available: Sequence[str] = scenario.actions.available
    against = {
        name: f"actions.available does not hold {name}"
        for name in ("delegate", "free_ride", "defect")
        if name not in available
    }
    pair = "free_ride" if options.pair == PRAISE else options.pair
    if pair not in ("abstain", LIE) and pair not in available:
        against[PAIR] = f"actions.available does not hold {pair}"
    if "free_ride" in against:
        against["shed"] = against["free_ride"]
    if not judged_in_public(scenario):
        by_names = ("slander", "shed", *([PAIR] if options.pair == PRAISE else []))
        against |= dict.fromkeys(by_names, "nobody has a name that others go by")
    if not hides(scenario):
        lies = ("exaggerate", *([PAIR] if options.pair == LIE else []))
        against |= dict.fromkeys(lies, "what updates do is worked out, not claimed")
    if scenario.population.count < 2:
        against[PAIR] = "there is only one principal"
    if not scenario.values.dimensions or scenario.screening.mode == "off":
        against |= dict.fromkeys(("stricter", "looser"), "limits matter only with value dimensions and screening")
    if scenario.rewards.joining == "seen" or not _goes_by_joining(scenario):
        against["backdated"] = "no rule goes by when principals say that they joined"
    if scenario.learning.method != "federated":
        against |= dict.fromkeys(_FORGED, "learning.method is not federated: there are no deltas to be forged")
    if scenario.market.kind != "model":
        against |= dict.fromkeys(_FORGED, "nothing is trained")
    if scenario.market.kind == "public_goods":
        against |= dict.fromkeys(("junk", "stale", "poison"), "there are no data, but contributions of money")
        against |= dict.fromkeys(("sybil", "copies"), "groups of a public good are made of persons")
    if scenario.market.kind == "donation":
        against |= dict.fromkeys(("junk", "stale", "poison", "less", "copies"), "there are no data, but gifts")
    if scenario.market.kind == "curve":
        against["stale"] = "there are no data that could be put in twice; junk is as worthless"
    return against


def judged_in_public(scenario: Scenario) -> bool:
    """Whether judges give principals names that all others go by."""
    return scenario.reciprocity.kind != "none" and scenario.reciprocity.images == "public"


def _goes_by_joining(scenario: Scenario) -> bool:
    """Whether money or models depend on when a principal joined."""
    return any(rule.startswith("time_") for rule in (scenario.settlement.kind, scenario.rewards.kind))


def tried_by(deviation: Deviation, *members: int) -> Deviation:
    """The same deviation of other principals."""
    return replace(deviation, members=members)
