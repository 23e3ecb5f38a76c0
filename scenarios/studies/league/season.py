"""A season of the league: learners train against the mix of those known so far; who earns more than they do joins."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.economy.arena.tactics import Constant, Tactic
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.learners.population import Steps
from commonweal.scenarios.studies.league.known import Attempt, Known
from commonweal.scenarios.studies.league.meta_game import dealt, resting_mix
from commonweal.scenarios.studies.league.options import LeagueOptions
from commonweal.scenarios.studies.league.playing import Bench, Learned, Lesson
from commonweal.scenarios.studies.league.translating import as_tactic, steps_of
from commonweal.scenarios.studies.training.training import Method

HONEST, LEARNED = "honest", "learned"
AS_BEFORE = "as before"
_CALLED = {"programmes": "programme", "networks": "network (population)", "ppo": "network (gradients)"}


@dataclass(frozen=True)
class Entrant:
    """A strategy of the league."""

    name: str  # what tables call it
    origin: str  # honest, a family, searched, combined or learned
    deviation: Deviation  # what it does, of principal 0
    tactic: Tactic | None  # the same under one name, as a move of the league's menu; None: no menu can say it
    stage: int = 0  # in which it was trained; 0: it was known before
    joined: bool = True  # whether it earned more than those before it, so that others train against it

    @property
    def names(self) -> int:
        """Under which it takes part."""
        return self.deviation.identities


@dataclass
class Season:
    """What a league has come to so far."""

    entrants: list[Entrant]
    payoffs: Floats  # (M, M, S) of each that others train against, by the background of each: [background, own]
    mixes: list[tuple[tuple[str, ...], Floats]] = field(default_factory=list)  # by stage: names and shares (M,)
    courses: list[tuple[int, Method, Learned]] = field(default_factory=list)  # by learner: stage, method, what it did

    @property
    def playing(self) -> list[Entrant]:
        """Those that others train against, M of them."""
        return [each for each in self.entrants if each.joined and each.tactic is not None]


def first_entrants(known: Known) -> list[Entrant]:
    """Who goes by its policy, the strongest of the catalogue, and the finalists."""
    usual = Constant(known.moves, (0,) * len(known.moves.sizes))
    best = max(known.catalogue, key=lambda each: each.gain)
    honest = Entrant(AS_BEFORE, HONEST, Deviation(AS_BEFORE, (0,), tactic=usual), usual)
    return [honest, *(_entrant(each, known) for each in (best, *known.finalists))]


def _entrant(attempt: Attempt, known: Known) -> Entrant:
    deviation = attempt.deviation
    return Entrant(deviation.name.replace("_", "-"), attempt.origin, deviation, as_tactic(deviation, known.moves))


def play_season(bench: Bench, known: Known, seeds: Sequence[int]) -> Season:
    """Let learners train stage by stage, until none of them earns more than those that are known.

    Args:
        bench: plays it.
        known: what was tried before.
        seeds: from which those follow on which the meta-game is played.
    """
    fresh = meeting_seeds(seeds, bench)
    season = Season(first_entrants(known), np.empty((0, 0, len(fresh))))
    _meet(bench, season, fresh)
    for stage in range(1, bench.options.stages + 1):
        mix = _note_mix(season)
        tactics = [each.tactic for each in season.playing if each.tactic is not None]
        background = dealt(tactics, mix, _others(bench), bench.options.attackers)
        if not _newcomers(bench, season, known, stage, background, fresh):
            break
        _meet(bench, season, fresh)
    _note_mix(season)
    return season


def meeting_seeds(seeds: Sequence[int], bench: Bench) -> tuple[int, ...]:
    """As many seeds as principals try each attack in all of the seeds given, different from these."""
    drawn = np.random.SeedSequence([min(seeds), len(seeds)]).generate_state(len(seeds) * len(bench.members))
    return tuple(int(each) for each in drawn)


def _note_mix(season: Season) -> Floats:
    """(M,) shares at which the game among those who play stands still."""
    mix = resting_mix(season.payoffs.mean(axis=2).T)
    season.mixes.append((tuple(each.name for each in season.playing), mix))
    return mix


def _newcomers(
    bench: Bench, season: Season, known: Known, stage: int, background: dict[int, Tactic], seeds: Sequence[int]
) -> bool:
    """Train learners against a background; whether one of them joined."""
    options, names = bench.options, known.names
    member = bench.members[(stage - 1) % len(bench.members)]
    starts = _starts(season)
    lessons = [
        Lesson(bench.setting(known.moves, names, background, member, method), starts if method == "programmes" else (),
               seed_of(seeds[0], stage, place))
        for place, method in enumerate(options.methods)
    ]  # fmt: skip
    found = bench.learned(lessons)
    season.courses += [(stage, method, each) for method, each in zip(options.methods, found, strict=True)]
    playing = [(each.tactic, each.names) for each in season.playing if each.tactic is not None]
    rewards = bench.rewards([*playing, *((each.tactic, names) for each in found)], [background], seeds, member)[0]
    bound = rewards[: len(playing)].mean(axis=1).max()
    joined = False
    for method, each, earned in zip(options.methods, found, rewards[len(playing) :], strict=True):
        name = f"{_CALLED[method]} {stage}"
        known_before = any(each.tactic == other.tactic and names == other.names for other in season.entrants)
        better = bool(earned.mean() > bound) and not known_before
        deviation = Deviation(name, (0,), tactic=each.tactic, identities=names)
        season.entrants.append(Entrant(name, LEARNED, deviation, each.tactic, stage, better))
        joined |= better
    return joined


def _meet(bench: Bench, season: Season, seeds: Sequence[int]) -> None:
    """Fill in what those who play earn among each other, where that is not known yet."""
    playing = season.playing
    tactics = [tactic for each in playing if (tactic := each.tactic) is not None]
    tried = [(tactic, each.names) for tactic, each in zip(tactics, playing, strict=True)]
    pure = [dealt(tactics, row, _others(bench), bench.options.attackers) for row in np.eye(len(tactics))]
    before = len(season.payoffs)
    payoffs = np.empty((len(tactics), len(tactics), len(seeds)))
    payoffs[:before, :before] = season.payoffs
    payoffs[:before, before:] = bench.rewards(tried[before:], pure[:before], seeds, bench.focal)
    payoffs[before:] = bench.rewards(tried, pure[before:], seeds, bench.focal)
    season.payoffs = payoffs


def _others(bench: Bench) -> list[int]:
    """Principals of whom some play the mix: those that do not learn."""
    return [each for each in range(bench.scenario.population.count) if each not in bench.members]


def _starts(season: Season) -> tuple[Steps, ...]:
    """Programmes of those that are known."""
    found = [steps for each in season.entrants if (steps := steps_of(each.tactic)) is not None]
    return tuple(dict.fromkeys(found))


def seed_of(*parts: int) -> int:
    """A seed of a learner."""
    return int(np.random.SeedSequence(parts).generate_state(1)[0])


def rounds_of_season(options: LeagueOptions, seeds: int, members: int) -> int:
    """Rounds of single runs that a season takes at most, for progress."""
    span, methods = options.start + options.horizon, len(options.methods)
    lessons = options.stages * sum(options.updates + (3 if each == "ppo" else 12) for each in options.methods)
    strategies = 2 + options.finalists + options.stages * methods
    meetings = strategies * (strategies + options.stages) * seeds * members
    return span * (lessons * options.runs + meetings)
