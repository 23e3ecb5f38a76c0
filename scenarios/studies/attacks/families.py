"""The built-in attack families. Those that are held out test whether a certificate's search was strong enough."""

from dataclasses import replace

import numpy as np

from commonweal.agents.errors import InputError
from commonweal.economy.arena.moves import AS_BEFORE, Choice, Moves
from commonweal.economy.arena.tactics import Programme, Threshold
from commonweal.economy.futures.deviations import Deviation
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.attacks.menu import moves_of
from commonweal.scenarios.studies.attacks.registry import ATTACKER, attack
from commonweal.scenarios.studies.best_deviation.space import Space, described, deviation_of, plain, space_of
from commonweal.scenarios.studies.incentives.catalogue import catalogue, chosen, objections
from commonweal.scenarios.studies.incentives.options import IncentivesOptions

_DOES = ("free_ride", "defect", "abstain", "junk", "stale", "poison", "delegate")  # of the catalogue
_HONEST = "delegate"
_LASTING = ("joins", "earlier", "leaves", "identities")  # dimensions of a whole run, which no window can have
_MIXED, _MIXED_SEED = 24, 19  # how many mixtures are drawn, from which seed
_PATTERNS, _PATTERNS_SEED = 24, 23  # how many patterns, likewise
_SIGHTS = {
    ("neighbours delegating", 0.5): "most neighbours delegate",
    ("neighbours delegating", 0.25): "a quarter of its neighbours delegate",
    ("last payoff", 0.0): "its last round paid",
    ("reputation", 0.0): "its reputation is above zero",
    ("last did delegate", 0.5): "it delegated",
    ("accuracy", 0.5): "the model is more often right than not",
}
_NAMES = {("own name", 0.5): "its name is good", ("name of who asks", 0.5): "who asks is good"}


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


@attack("programmes")
def programmes(scenario: Scenario, horizon: int) -> tuple[Deviation, ...]:
    """Contributing and something else by turns, or only every fourth round; and putting in less and less."""
    moves = moves_of(scenario)
    does = [str(name) for name in moves.factors["does"] if name not in (AS_BEFORE, _HONEST)]
    found = []
    for name in does if _HONEST in moves.factors["does"] else ():
        honest, other = _code(moves, _HONEST), _code(moves, name)
        for words, first, then, after, every in (
            (f"{_HONEST} and {name} by turns", honest, other, 1, 2),
            (f"{_HONEST}, every fourth round {name}", honest, other, 3, 4),
            (f"{name}, every fourth round {_HONEST}", other, honest, 3, 4),
        ):
            tactic = Programme(moves, ((0, first), (after, then)), every)
            found.append(Deviation(words, ATTACKER, tactic=tactic))
    return (*found, *_less_and_less(moves, horizon))


@attack("thresholds", held_out=True)
def thresholds(scenario: Scenario, horizon: int) -> tuple[Deviation, ...]:
    """Something else while what one sees is above a level, or while it is not."""
    moves = moves_of(scenario)
    nothing = _code(moves, AS_BEFORE)
    sights = _SIGHTS | (_NAMES if scenario.reciprocity.kind != "none" else {})
    found = []
    for does in map(str, moves.factors["does"][1:]):
        for (sight, level), words in sights.items():
            bad = _code(moves, does)
            while_above, while_below = (bad, nothing), (nothing, bad)
            for when, codes in (("while", while_above), ("unless", while_below)):
                tactic = Threshold(moves, sight, level, *codes)
                found.append(Deviation(f"{does} {when} {words}", ATTACKER, tactic=tactic))
    return tuple(found)


@attack("patterns", held_out=True)
def patterns(scenario: Scenario, horizon: int) -> tuple[Deviation, ...]:
    """Random cycles of two to four random moves of the whole menu."""
    generator, moves = np.random.default_rng([_PATTERNS_SEED, horizon]), moves_of(scenario)
    found = []
    for number in range(1, _PATTERNS + 1):
        length = int(generator.integers(2, 5))
        codes = moves.codes(generator.integers(moves.count, size=length))
        tactic = Programme(moves, tuple((k, tuple(code.tolist())) for k, code in enumerate(codes)), length)
        words = "; then ".join(moves.at(code).name for code in codes)
        found.append(Deviation(f"pattern {number}: {words}", ATTACKER, tactic=tactic))
    return tuple(found)


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


def _code(moves: Moves, does: Choice) -> tuple[int, ...]:
    """The move that does one thing, and all else as before."""
    return tuple(choices.index(str(does)) if name == "does" else 0 for name, choices in moves.factors.items())


def _less_and_less(moves: Moves, horizon: int) -> list[Deviation]:
    """Two ramps: at first all of its samples, then half of them, at last the least or nothing."""
    if "share" not in moves.factors or horizon < 3:
        return []
    place = list(moves.factors).index("share")
    found = []
    for name, does in (("puts in less and less", AS_BEFORE), ("delegates less and less", "delegate")):
        if does not in moves.factors["does"]:
            continue
        base = list(_code(moves, does))
        last = len(moves.factors["share"]) - 1
        codes = [tuple(k if at == place else code for at, code in enumerate(base)) for k in range(last + 1)]
        steps = tuple((k * horizon // (last + 1), code) for k, code in enumerate(codes))
        found.append(Deviation(name, ATTACKER, tactic=Programme(moves, steps)))
    return found


def _mixture(space: Space, horizon: int, generator: np.random.Generator) -> Deviation:
    """Two or more dimensions away from the scenario, and a window where nothing lasts for the whole run."""
    changeable = [name for name, values in space.items() if len(values) > 1]
    count = min(len(changeable), int(generator.integers(2, 4)))
    changed = sorted(generator.choice(changeable, count, replace=False).tolist())
    candidate = plain(space)
    for name in changed:
        candidate[name] = space[name][int(generator.integers(1, len(space[name])))]
    window = sorted(generator.choice(horizon + 1, 2, replace=False).tolist())
    deviation = deviation_of(candidate, *ATTACKER)
    if generator.random() < 0.5 or any(name in changed for name in _LASTING):
        return deviation
    when = f"{described(candidate)}, in rounds {window[0]} to {window[1] - 1}"
    return replace(deviation, name=when, from_round=window[0], until=window[1])
