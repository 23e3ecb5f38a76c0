"""What is known before anybody learns: the catalogue, other families, a search, and combinations of what they found."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.economy.arena.moves import Moves
from commonweal.economy.futures.deviations import Deviation
from commonweal.scenarios.studies.attacks.menu import moves_of
from commonweal.scenarios.studies.attacks.registry import attacks_of
from commonweal.scenarios.studies.best_deviation.search import SEARCHES, Record, demand_search
from commonweal.scenarios.studies.best_deviation.space import Candidate, deviation_of, space_of
from commonweal.scenarios.studies.league.options import CATALOGUE
from commonweal.scenarios.studies.league.playing import Bench
from commonweal.scenarios.studies.league.translating import as_tactic, menu_with

SEARCHED, COMBINED = "searched", "combined"
_DECIMALS = 10  # of gains, beyond which ensembles of other sizes differ
_COMBINED = 3  # attacks of catalogue and families that are also tried under several names


@dataclass(frozen=True)
class Attempt:
    """An attack that was tried before anybody learned."""

    origin: str  # the family, searched or combined
    deviation: Deviation  # of principal 0
    gains: Floats  # (S, P) per round

    @property
    def gain(self) -> float:
        """The mean, which chooses."""
        return float(self.gains.mean())


@dataclass(frozen=True)
class Known:
    """All attempts, and the menu of those who learn."""

    attempts: tuple[Attempt, ...]
    moves: Moves  # of the scenario, with the choices of the strongest attempts
    finalists: tuple[Attempt, ...]  # strongest of those that are not of the catalogue, and unlike in what they gain

    @property
    def catalogue(self) -> tuple[Attempt, ...]:
        """All attempts of the catalogue."""
        return tuple(each for each in self.attempts if each.origin == CATALOGUE)

    @property
    def names(self) -> int:
        """Names of the strongest attempt that can be moved through: those under which learners take part."""
        able = [each for each in self.attempts if as_tactic(each.deviation, self.moves) is not None]
        return max(able, key=lambda each: each.gain).deviation.identities if able else 1


def look_around(bench: Bench, seeds: Sequence[int]) -> Known:
    """Try the families, search, and combine what was found.

    Args:
        bench: plays them.
        seeds: that choose.

    Raises:
        InputError: if the catalogue has nothing for the scenario.
    """
    scenario, options = bench.scenario, bench.options
    families = [
        (family, each.deviation)
        for family in (CATALOGUE, *options.others)
        for each in attacks_of(family, scenario, options.horizon)
    ]
    if not any(family == CATALOGUE for family, _ in families):
        raise InputError(f"league: no deviation of the catalogue makes sense in {scenario.name}")
    attempts = tried(bench, families, seeds, "families of attacks")
    if options.search != "none":
        attempts += searched(bench, seeds)
    names = [int(each) for each in space_of(scenario, options.horizon).get("identities", ())[1:] if each is not None]
    attempts += tried(bench, combined(attempts, moves_of(scenario), names), seeds, "combined attacks")
    strongest = strongest_of(attempts, options.finalists)
    if not strongest and not options.stages:
        raise InputError("option stages = 0: nothing beside the catalogue is tried; name families, a search or stages")
    best = max((each for each in attempts if each.origin == CATALOGUE), key=lambda each: each.gain)
    moves = menu_with(moves_of(scenario), [each.deviation for each in (best, *strongest)])
    return Known(tuple(attempts), moves, tuple(strongest))


def strongest_of(attempts: Sequence[Attempt], count: int) -> list[Attempt]:
    """The strongest that are not of the catalogue, and the strongest under one name if none of these is."""
    others = [each for each in _unlike(attempts) if each.origin != CATALOGUE]
    alone = [each for each in others if each.deviation.identities == 1][:1]
    found = others[:count]
    return found if any(each.deviation.identities == 1 for each in found) else [*found, *alone]


def tried(
    bench: Bench, named: Sequence[tuple[str, Deviation]], seeds: Sequence[int], what: str
) -> list[Attempt]:
    """Attempts with attacks, each by its origin."""
    if not named:
        return []
    gains = bench.gains([deviation for _, deviation in named], seeds, what)
    return [Attempt(origin, deviation, gains[..., k]) for k, (origin, deviation) in enumerate(named)]


def searched(bench: Bench, seeds: Sequence[int]) -> list[Attempt]:
    """What the search for the best deviation tries."""
    options, found = bench.options, list[Attempt]()
    demand_search(options.search)

    def judge(candidates: Sequence[Candidate]) -> Floats:
        attempts = tried(bench, [(SEARCHED, deviation_of(each, 0)) for each in candidates], seeds, "search")
        found.extend(attempts)
        gains: Floats = np.stack([each.gains.mean(axis=1) for each in attempts], axis=1)
        return gains

    record = Record(judge, options.budget)
    SEARCHES[options.search](space_of(bench.scenario, options.horizon), record, min(seeds))
    return found


def combined(attempts: Sequence[Attempt], moves: Moves, names: Sequence[int]) -> list[tuple[str, Deviation]]:
    """The strongest of catalogue and families under one name, under several.

    Args:
        attempts: that were made.
        moves: of the scenario.
        names: how many are tried; none where a scenario knows no names.
    """
    alone = [each for each in _unlike(attempts) if each.origin != SEARCHED and each.deviation.identities == 1]
    found = []
    for each in alone[:_COMBINED]:
        own, tactic = each.deviation, as_tactic(each.deviation, moves)
        for number in names:
            name = f"{own.name.replace('_', '-')}, under {number} names"
            if not own.is_passing:
                found.append((COMBINED, replace(own, name=name, identities=number)))
            elif tactic is not None:
                found.append((COMBINED, Deviation(name, own.members, tactic=tactic, identities=number)))
    return found


def _unlike(attempts: Sequence[Attempt]) -> list[Attempt]:
    """The strongest first, without those that gain the same in all seeds as one before them."""
    ranked = sorted(attempts, key=lambda each: -each.gain)
    once = {(each.gains.round(_DECIMALS) + 0.0).tobytes(): each for each in reversed(ranked)}
    return sorted(once.values(), key=lambda each: -each.gain)

