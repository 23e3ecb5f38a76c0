"""The study ``best-deviation``: the most profitable deviation that a search finds, judged on unseen seeds."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.economy.round.worth import Judge
from commonweal.scenarios.runs.intervals import Interval, few_seeds, mean_interval, wanted
from commonweal.scenarios.schema.scenario import Count, Scenario, field
from commonweal.scenarios.studies.base import Answer, Question, StudyOptions, study
from commonweal.scenarios.studies.best_deviation.search import SEARCHES, Evaluation, Record, demand_search
from commonweal.scenarios.studies.best_deviation.space import Candidate, described, deviation_of, space_of
from commonweal.scenarios.studies.incentives.base_runs import DRAWN, BaseRuns, play_base
from commonweal.scenarios.studies.incentives.evidence import DECIMALS
from commonweal.scenarios.studies.incentives.playing import Span, play_deviations
from commonweal.scenarios.studies.judging import UNIT, judging, of_the_mean, told, unit_of
from commonweal.scenarios.studies.pieces import Pieces

WORST, ANYBODY = "worst", "anybody"
_FINALISTS = 5  # candidates that are judged on held-out seeds, best of the search first


class BestDeviationOptions(StudyOptions):
    """Who searches, how long, and how the result is judged."""

    search: Literal["coordinate", "optuna"] = field(
        "coordinate", "coordinate: built in; optuna: the extra 'search'", "name")
    of: str = field(
        WORST, "whose deviation: worst (the type that earns least), anybody, or a type such as cost=high", "name",
        "worst, anybody, or a trait and a type such as cost=high or action=delegate")
    members: Count = field(3, "principals of that type that try it, one at a time, in each seed", "principals")
    budget: int = field(60, "deviations tried at most", "deviations", ge=2, le=100_000)
    horizon: int = field(50, "rounds that a deviation lasts", "rounds", ge=1, le=1_000_000)
    start: int = field(0, "rounds played before it", "rounds", ge=0, le=1_000_000)
    copies: bool = field(False, "also tries to put in all of one's samples under each of several names", "switch")
    others: Literal["adapt", "freeze"] = field(
        "adapt", "adapt: others may react; freeze: they do what they do without the deviation", "name")
    judge: Judge = judging()
    held_out: int = field(8, "further seeds on which the best are judged", "seeds", ge=2, le=10_000)
    confidence: float = field(0.95, "of all intervals", "share", ge=0.5, le=0.999)
    workers: Count | None = field(
        None, "processes; as many as cores if not given; scripts that ask for several need a main guard", "processes")


@study("best-deviation", BestDeviationOptions, lasts="horizon")
def best_deviation(question: Question) -> Answer:
    """Which deviation is the most profitable that a search can find, and what does it gain on seeds it never saw?"""
    scenario, options = question.scenario, question.options
    demand_search(options.search)
    pieces, lasting = question.pieces, options.start + options.horizon
    tried = options.budget * len(question.seeds) + _FINALISTS * options.held_out
    base_rounds = lasting * (len(question.seeds) + options.held_out)
    pieces.expect(base_rounds + options.horizon * options.members * tried, at_most=True)
    base = play_base(scenario, question.seeds, options.start, options.horizon, pieces, options.judge)
    who = type_of(base, options.of)
    members = members_of(base, who, options.members)

    def judge(candidates: Sequence[Candidate]) -> Floats:
        return gains_of(candidates, scenario, options, question.seeds, members, pieces)

    record = Record(judge, options.budget)
    SEARCHES[options.search](space_of(scenario, options.horizon, options.copies), record, min(question.seeds))
    finalists = best_of(record.evaluations)
    first = max(question.seeds) + 1
    fresh = tuple(range(first, first + options.held_out))
    unseen = play_base(scenario, fresh, options.start, options.horizon, pieces, options.judge)
    others = members_of(unseen, who, members.shape[1])
    held = gains_of([e.candidate for e in finalists], scenario, options, fresh, others, pieces)
    found = mean_interval(held, options.confidence)
    payoff = float(np.take_along_axis(unseen.payoffs, others, axis=1).mean())
    tables = {"best": _finalists(finalists, found, payoff), "trace": trace(record.evaluations)}
    unit = unit_of(scenario, options.judge)
    notes = (*_notes(len(record.evaluations), who, members, fresh, options), *told(scenario, options.judge))
    return Answer("best-deviation", _headline(tables["best"], who, payoff, options, unit), tables, notes, {UNIT: unit})


def gains_of(
    candidates: Sequence[Candidate],
    scenario: Scenario,
    options: BestDeviationOptions,
    seeds: tuple[int, ...],
    members: Ints,
    pieces: Pieces,
) -> Floats:
    """(S, C) mean gain of candidates over the members (S, M) that try them one at a time."""
    tried = [[deviation_of(candidate, int(i)) for candidate in candidates for i in row] for row in members]
    span = Span(options.start, options.horizon, options.others, options.judge)
    outcome = play_deviations(scenario, seeds, tried, span, workers=options.workers, pieces=pieces)
    gains: Floats = outcome.gains.reshape(len(seeds), len(candidates), -1).mean(axis=2).round(DECIMALS)
    return gains  # rounding must not decide which of two candidates is better


def best_of(evaluations: Sequence[Evaluation]) -> list[Evaluation]:
    """Those that are judged, best of the search first; of shares that are the same in words, the best."""
    ordered = sorted(evaluations, key=lambda evaluation: -evaluation.gain)
    by_words = dict[str, Evaluation]()
    for each in ordered:
        by_words.setdefault(described(each.candidate), each)
    return list(by_words.values())[:_FINALISTS]


def type_of(base: BaseRuns, of: str) -> tuple[str, str] | None:
    """Trait and type of the principals that deviate; None if anybody.

    Raises:
        InputError: if there is no such type.
    """
    known = [(trait, str(kind)) for trait, types in base.types.items() for kind in np.unique(types)]
    known = [key for key in known if (base.types[key[0]] == key[1]).any(axis=1).all()]
    lasting = [key for key in known if key[0] != DRAWN]  # those that other seeds are sure to have
    if of == ANYBODY or (of == WORST and not lasting):
        return None
    if of == WORST:
        return min(lasting, key=lambda key: base.payoffs[base.types[key[0]] == key[1]].mean())
    trait, _, kind = of.partition("=")
    if (trait, kind) not in known:
        names = ", ".join(f"{trait}={kind}" for trait, kind in known)
        raise InputError(f"option of = {of!r}: must be {WORST}, {ANYBODY}" + (f", or one of {names}" if names else ""))
    return trait, kind


def members_of(base: BaseRuns, who: tuple[str, str] | None, count: int) -> Ints:
    """(S, M) principals of a type, spread evenly over their order; as many in every seed.

    Raises:
        InputError: if a seed has none.
    """
    is_one = np.ones_like(base.order, dtype=np.bool_) if who is None else base.types.get(who[0], np.array("")) == who[1]
    ordered = [row[of_type[row]] for row, of_type in zip(base.order, is_one, strict=True)]
    size = min(count, *map(len, ordered))
    if size < 1:
        raise InputError(f"option of: a seed has no principal with {'='.join(who or ())}; choose another type")
    return np.stack([row[((np.arange(size) + 0.5) * len(row) / size).astype(np.int64)] for row in ordered])


def _finalists(finalists: Sequence[Evaluation], found: Interval, payoff: float) -> pd.DataFrame:
    """A row per finalist, best of the search first."""
    table = pd.DataFrame({
        "deviation": [described(e.candidate) for e in finalists],
        **found.columns("gain"),
        "relative": found.value / payoff if payoff > 0 else np.nan,
        "gain_in_search": [e.gain for e in finalists],
    })  # fmt: skip
    return table.join(pd.DataFrame([_texts(e.candidate) for e in finalists]))


def trace(evaluations: Sequence[Evaluation]) -> pd.DataFrame:
    """A row per deviation that was tried, in order, with the best so far."""
    gains = np.array([e.gain for e in evaluations])
    table = pd.DataFrame({
        "tried": np.arange(1, len(gains) + 1), "deviation": [described(e.candidate) for e in evaluations],
        "gain": gains, "best": np.maximum.accumulate(gains),
    })  # fmt: skip
    return table.join(pd.DataFrame([_texts(e.candidate) for e in evaluations]))


def _texts(candidate: Candidate) -> dict[str, str]:
    return {name: "never" if value is None else str(value) for name, value in candidate.items()}


def _headline(
    best: pd.DataFrame, who: tuple[str, str] | None, payoff: float, options: BestDeviationOptions, unit: str
) -> str:
    """The finding, and whether its gain is significant."""
    name = best["deviation"].iloc[0]
    gain, low, high = (float(best[column].iloc[0]) for column in ("gain", "gain_low", "gain_high"))
    of_unit = "" if unit == "money" else f" {unit}"
    of = "anybody" if who is None else f"principals with {who[0]} = {who[1]}"
    relative = of_the_mean(gain, payoff, "what they earn otherwise")
    relative = relative and f", {relative}"
    unsure = f"may gain or lose{wanted(Interval(*np.array([gain, low, high])), options.held_out)}"
    sure = "surely gains" if low > 0 else "surely loses" if high < 0 else unsure
    return (
        f"The most profitable deviation found for {of}: {name}. On seeds the search never saw it {sure}:"
        f" {gain:.3g}{of_unit} a round [{low:.3g}, {high:.3g}] at {options.confidence:.0%}{relative}."
    )


def _notes(
    tried: int,
    who: tuple[str, str] | None,
    members: Ints,
    fresh: tuple[int, ...],
    options: BestDeviationOptions,
) -> tuple[str, ...]:
    """What a reader must know to read the tables right."""
    return (
        *few_seeds(len(fresh)),
        f"{tried} deviations were tried ({options.search} search, at most {options.budget}), each by"
        f" {members.shape[1]} principals in each of {len(members)} seeds, over {options.horizon} rounds.",
        f"Gains in the search are too large, because the largest was chosen; those with intervals come from seeds"
        f" {fresh[0]} to {fresh[-1]}, which the search never saw.",
        "A search finds a lower bound: what it did not try may gain more. Deviations stay the same for the whole"
        " horizon; mixing them over rounds is not searched.",
        "worst: the type that earns least in the search's seeds, of all traits in which principals differ."
        if options.of == WORST and who else "Members are spread over the order of policy, action and cost.",
    )  # fmt: skip
