"""The economy that is attacked, and the defences that are tried in the modes in which they change what is seen."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.economy.leaking.defences import Defence
from commonweal.economy.learning.guards import NO_GUARD, Guard
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.relevance import of_numbers
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.honest import UNSCREENED
from commonweal.scenarios.studies.privacy.options import PrivacyOptions

MOST_PLAYERS = 12  # principals whose coalitions are all evaluated in a judged round
NONE = "none"


@dataclass(frozen=True)
class Design:
    """A defence, and the modes in which it is tried."""

    name: str
    kind: str  # of the defence, for figures
    defence: Defence
    modes: tuple[str, ...]


def observed(scenario: Scenario, options: PrivacyOptions) -> Scenario:
    """The scenario without behaviour: all delegate in every round, and nothing is gated, screened or drifts.

    Raises:
        InputError: if nothing is learned in it or labels are numbers, or by a network or in a way that has no cut.
    """
    learning = scenario.learning
    if scenario.market.kind != "model":
        raise InputError(f"market.kind = {scenario.market.kind!r}: privacy is about samples that a 'model' learns from")
    if of_numbers(scenario):
        raise InputError(f"task.kind = {scenario.task.kind!r}: privacy guesses classes, its labels are numbers")
    if learning.network != "mlp" or not learning.hidden:
        raise InputError(f"learning.network = {learning.network!r}: privacy needs an mlp with a hidden layer, to cut")
    if learning.method != "traversal":
        raise InputError(f"learning.method = {learning.method!r}: privacy is about what leaves a node in 'traversal'")
    changes: dict[str, Any] = {
        **UNSCREENED,
        "rounds": options.rounds,
        "precision": "float64",
        "population.count": options.principals,
        "task.drift": 0.0,
        "learning.wire": "off",  # every mode's messages are read off the same run
        "learning.nodes": max(2, learning.nodes),
        "learning.audit": 0.0,
        "learning.halves": 0,
        "learning.distrust": "note",
        **Defence().changes,
        "credit.novelty.memory": 0,
        "credit.replication.penalty": 0.0,
    }
    return revise(scenario, changes)


def designs(options: PrivacyOptions) -> tuple[Design, ...]:
    """Every defence in the modes in which it changes something that is seen.

    Raises:
        InputError: if a number makes no sense.
    """
    for name in ("noises", "nopeeks", "clips", "roundings"):
        if wrong := [value for value in getattr(options, name) if not 0 <= value < 1e6]:
            raise InputError(f"option {name}: {wrong[0]:g} must be a number from 0")
    chosen = set(options.modes)
    found = [
        Design(each.name, each.kind, each.defence, tuple(mode for mode in each.modes if mode in chosen))
        for each in _all(options)
    ]
    return tuple(each for each in found if each.modes)


def _all(options: PrivacyOptions) -> Iterator[Design]:
    above, scalars = ("cut", "cut-gradients"), ("secure",)
    yield Design(NONE, NONE, Defence(), tuple(options.modes))
    for noise in options.noises:
        yield Design(f"noise at the cut {noise:g}", "noise at the cut", Defence(Guard(cut_noise=noise)), above)
    for weight in options.nopeeks:
        yield Design(f"NoPeek {weight:g}", "NoPeek", Defence(Guard(nopeek=weight)), above)
    for noise in options.clips:
        guard = Guard(clip=options.clip, update_noise=noise)
        name = f"clipped, noise {noise:g}" if noise else "clipped"
        yield Design(name, "clipped updates", Defence(guard), scalars if noise else ("cut-gradients", "secure"))
    for grid in options.roundings:
        yield Design(f"products rounded to {grid:g}", "rounded products", Defence(Guard(rounding=grid)), scalars)
    for every in options.every:
        yield Design(f"products of {every} rounds at once", "delayed products", Defence(every=every), scalars)
    for least in options.smallest:
        yield Design(f"holdings from {least}", "smallest holding", Defence(Guard(smallest=least)), scalars)
    if options.u_shape:
        yield Design("U-shaped", "U-shaped", Defence(u_shaped=True), above)


def defended(scenario: Scenario, design: Design) -> Scenario:
    """The scenario with the defence of a design, under a wire that lets it: the messages of others are read off it too.

    Raises:
        InputError: if the scenario cannot be played under that wire.
    """
    wire = "off" if design.defence.guard == NO_GUARD else design.modes[-1]
    actions = scenario.actions.available
    if design.defence.guard.smallest and "abstain" not in actions:
        actions = ("abstain", *actions)
    return revise(scenario, {"learning.wire": wire, "actions.available": actions, **design.defence.changes})
