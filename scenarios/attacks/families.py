"""The built-in attack families. Those that are held out test whether a certificate's search was strong enough."""

from dataclasses import replace

import numpy as np

from commonweal.agents.errors import InputError
from commonweal.economy.futures.deviations import Deviation
from commonweal.scenarios.attacks.registry import ATTACKER, attack
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.best_deviation.space import Choice, Space, described, deviation_of, plain, space_of
from commonweal.scenarios.studies.incentives.catalogue import catalogue, chosen, objections
from commonweal.scenarios.studies.incentives.options import IncentivesOptions

_DOES = ("free_ride", "defect", "abstain", "junk", "stale", "poison", "delegate")  # of the catalogue
_LASTING = ("joins", "earlier", "leaves", "identities")  # dimensions of a whole run, which no window can have
_MIXED, _MIXED_SEED = 24, 19  # how many mixtures are drawn, from which seed


@attack("catalogue")
def catalogued(scenario: Scenario, horizon: int) -> tuple[Deviation, ...]:
    """Every deviation of one principal that the study of incentives knows, kept for all rounds."""
    try:
        tried = chosen(scenario, IncentivesOptions(horizon=horizon))
    except InputError:  # none makes sense
        return ()
    return tuple(deviation for deviation in tried if len(deviation.members) == 1)


@attack("windows")
def windows(scenario: Scenario, horizon: int) -> tuple[Deviation, ...]:
    """Hit and run, and build trust and then exploit it: one other action at first, or from a round on."""
    half, late = max(1, horizon // 2), max(1, horizon - max(1, horizon // 10))
    early = max(1, horizon // 4)
    spans = {
        f"in the first {early} rounds": (0, early),
        f"after {half} rounds": (half, None),
        f"after {late} rounds": (late, None),
    }
    return tuple(
        replace(deviation, name=f"{deviation.name} {when}", from_round=begin, until=end)
        for deviation in _doing(scenario)
        for when, (begin, end) in spans.items()
        if begin < horizon and (end is None or end < horizon)
    )


@attack("mixed", held_out=True)
def mixed(scenario: Scenario, horizon: int) -> tuple[Deviation, ...]:
    """Random mixtures: several things done otherwise at once, some of them only in a window of the rounds."""
    generator = np.random.default_rng([_MIXED_SEED, horizon])
    space = space_of(scenario, horizon)
    drawn = [_mixture(space, horizon, generator) for _ in range(_MIXED)]
    return tuple({deviation.name: deviation for deviation in drawn}.values())


def _doing(scenario: Scenario) -> list[Deviation]:
    """The deviations that are one action, or one form of what is put in."""
    options = IncentivesOptions()
    known, against = catalogue(options), objections(scenario, options)
    return [known[name] for name in _DOES if name not in against]


def _mixture(space: Space, horizon: int, generator: np.random.Generator) -> Deviation:
    """Two or more dimensions away from the scenario, and a window where nothing lasts for the whole run."""
    changeable = [name for name, values in space.items() if len(values) > 1]
    count = min(len(changeable), int(generator.integers(2, 4)))
    changed = sorted(generator.choice(changeable, count, replace=False).tolist())
    candidate: dict[str, Choice] = plain(space)
    for name in changed:
        candidate[name] = space[name][int(generator.integers(1, len(space[name])))]
    window = sorted(generator.choice(horizon + 1, 2, replace=False).tolist())
    deviation = deviation_of(candidate, *ATTACKER)
    if generator.random() < 0.5 or any(name in changed for name in _LASTING):
        return deviation
    when = f"{described(candidate)}, in rounds {window[0]} to {window[1] - 1}"
    return replace(deviation, name=when, from_round=window[0], until=window[1])
