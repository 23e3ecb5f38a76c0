"""Judging rules: finalists on seeds that the search never saw, and the winner once more on seeds that chose nothing.

An attack under which a run is the same to the bit in all seeds is honest behaviour by another name: it is left out.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.economy.futures.deviations import Deviation
from commonweal.scenarios.runs.intervals import Interval
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.attacks.registry import Attack
from commonweal.scenarios.studies.attacks.written import deviation_document, read_deviation
from commonweal.scenarios.studies.best_deviation.search import Record, by_coordinate
from commonweal.scenarios.studies.best_deviation.space import Candidate, deviation_of, plain, space_of
from commonweal.scenarios.studies.intervals import largest_interval
from commonweal.scenarios.studies.league.words import tactic_in_words
from commonweal.scenarios.studies.pieces import Piece, Tick
from commonweal.scenarios.studies.synthesis.attacks import CATALOGUE, tried_at_last
from commonweal.scenarios.studies.synthesis.bench import Bench
from commonweal.scenarios.studies.synthesis.levers import under
from commonweal.scenarios.studies.synthesis.options import SynthesisOptions
from commonweal.scenarios.studies.synthesis.playing import Served
from commonweal.scenarios.studies.synthesis.searching import Tried
from commonweal.scenarios.studies.training.training import Training, train

SEARCH, LEARNED = "search", "learned"  # families of what was found against one rule
_SEARCHED = 3  # attacks of the search against a finalist that are judged on held-out seeds, best first
_RUNS = 16  # episodes of a training that are played at once


@dataclass(frozen=True)
class Judged:
    """A finalist, judged on seeds that the search never saw."""

    tried: Tried
    served: Floats  # (S,)
    honest: Served  # where everybody is
    attacks: tuple[Attack, ...]  # A, of all families that are not held out, then of the search against it
    gains: Floats  # (S, A)

    @property
    def binding(self) -> str:
        """The attack that gains most on average."""
        return self.attacks[int(self.gains.mean(axis=0).argmax())].name

    def epsilon(self, confidence: float) -> Interval:
        """() the largest gain from any attack; its upper end is ε."""
        return largest_interval(self.gains, confidence)


def measured(served: Served, options: SynthesisOptions) -> Floats:
    """(S,) what a rule is judged by; from welfare what audits cost is taken."""
    if options.served == "welfare":
        return served.welfare - options.audit_price * served.audits
    found: Floats = getattr(served, options.served)
    return found


def judge(tried: Tried, bench: Bench, court: Bench) -> Judged:
    """Search for further attacks on a rule, then judge the rule and all attacks on held-out seeds."""
    options, scenario = bench.options, under(tried.rule, bench.scenario, bench.options, honest=True)

    def gains_of(candidates: Any) -> Floats:
        return bench.gains(tried.rule, tuple(_found(c) for c in candidates), "attacks of a search")

    record = Record(gains_of, options.budget)
    space = _space(scenario, options.horizon)
    by_coordinate(space, record, min(bench.seeds))
    best = [_found(each.candidate) for each in sorted(record.evaluations, key=lambda each: -each.gain)]
    known = bench.attacks(tried.rule, tried_at_last)
    seen = {each.identity for each in (*known, _found(plain(space)))}
    attacks = (*known, *[each for each in best if each.identity not in seen][:_SEARCHED], *learned(tried, bench))
    attacks, gains = unlike_honest(attacks, court.gains(tried.rule, attacks))
    return Judged(tried, measured(court.served(tried.rule), options), court.honest(tried.rule), attacks, gains)


def unlike_honest(attacks: tuple[Attack, ...], gains: Floats) -> tuple[tuple[Attack, ...], Floats]:
    """Attacks and gains (S, A) without those that change nothing in any seed; the first is kept where none does."""
    kept = np.flatnonzero((gains != 0).any(axis=0)).tolist() or [0][: len(attacks)]
    return tuple(attacks[k] for k in kept), gains[:, kept]


@dataclass(frozen=True)
class Lesson:
    """Who learns against a rule, and how."""

    scenario: Scenario
    training: Training
    seed: int


def learned(tried: Tried, bench: Bench) -> tuple[Attack, ...]:
    """What a learner comes to against a rule under which all others begin honestly; it is frozen from then on."""
    options = bench.options
    if not options.training:
        return ()
    training = Training(horizon=options.horizon, runs=_RUNS, updates=options.training, judge="money")
    lesson = Lesson(under(tried.rule, bench.scenario, options, honest=True), training, min(bench.seeds))
    piece = Piece(play_lesson, lesson, training_rounds(options))
    return (Attack(LEARNED, read_deviation(bench.pieces.play("learners", [piece], options.workers)[0])),)


def training_rounds(options: SynthesisOptions) -> int:
    """Rounds of single runs that a learner plays, about: single moves first, then its generations."""
    return _RUNS * options.horizon * (2 * options.training + 10) if options.training else 0


def play_lesson(lesson: Lesson, tick: Tick) -> dict[str, Any]:
    """The document of what is learned, as an attack."""
    trained = train(lesson.scenario, lesson.training, lesson.seed, on_rounds=tick)
    return deviation_document(Deviation(tactic_in_words(trained.tactic), (0,), tactic=trained.tactic))


def judge_again(winner: Judged, others: tuple[Attack, ...], gains: Floats, bar: Bench) -> Judged:
    """The winner on seeds that chose neither it nor who attacks: the catalogue, and the strongest of all others.

    Args:
        winner: as judged so far.
        others: attacks of families held out.
        gains: (S, H) of those, on the same seeds.
        bar: plays the last seeds.
    """
    options, rule = bar.options, winner.tried.rule
    means = np.concatenate([winner.gains.mean(axis=0), gains.mean(axis=0)])
    every = (*winner.attacks, *others)
    ranked = [every[k] for k in np.argsort(-means, kind="stable")]
    strongest = [each for each in ranked if each.family != CATALOGUE][: options.strongest]
    attacks = (*(each for each in ranked if each.family == CATALOGUE), *strongest)
    served = measured(bar.served(rule), options)
    return Judged(winner.tried, served, bar.honest(rule), *unlike_honest(attacks, bar.gains(rule, attacks)))


def _found(candidate: Candidate) -> Attack:
    return Attack(SEARCH, deviation_of(candidate, 0))


def _space(scenario: Scenario, horizon: int) -> dict[str, tuple[Any, ...]]:
    """Where attacks are searched: without delegating as an attack of its own, since all delegate."""
    space = space_of(scenario, horizon)
    return {**space, "does": tuple(each for each in space["does"] if each != "delegate")}


def chosen(judged: list[Judged], options: SynthesisOptions) -> Judged:
    """The winner: it serves most of those whose ε is allowed, or has the smallest ε where none is."""
    high = [float(each.epsilon(options.confidence).high) for each in judged]
    allowed = [each for each, end in zip(judged, high, strict=True) if end <= options.epsilon]
    if allowed:
        return max(allowed, key=lambda each: float(each.served.mean()))
    return judged[int(np.argmin(high))]
