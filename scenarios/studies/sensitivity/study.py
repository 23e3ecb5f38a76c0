"""The study ``sensitivity``: which fields drive an outcome, and what the choices left open by the framework change."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Any, Literal

import pandas as pd

from commonweal.agents.errors import InputError
from commonweal.scenarios.reading.cells import Cells, compare
from commonweal.scenarios.runs.intervals import few_seeds
from commonweal.scenarios.schema.scenario import Count, Scenario, field
from commonweal.scenarios.schema.words import words_of
from commonweal.scenarios.studies.base import Answer, Question, StudyOptions, study
from commonweal.scenarios.studies.pieces import SMALL, Pieces
from commonweal.scenarios.studies.sensitivity.choices import OWN, choice_points, choice_table, surely_different
from commonweal.scenarios.studies.sensitivity.fields import COST, LEVELS, chosen_fields, written_out
from commonweal.scenarios.studies.sensitivity.influence import MAIN, influence_table, surely_influential
from commonweal.scenarios.sweeps.designs import Point, Sample, sampled
from commonweal.scenarios.sweeps.engine import run_sweep
from commonweal.scenarios.sweeps.indices import analysis
from commonweal.scenarios.sweeps.plan import Plan, checked
from commonweal.scenarios.sweeps.rows import Measured

_SIZES = {"morris": 8, "sobol": 32}


class SensitivityOptions(StudyOptions):
    """What varies, how it is sampled, and what is looked at."""

    outcomes: tuple[str, ...] = field(
        ("share_delegate", "accuracy", "welfare", "gini"), "metrics, the most important first", "names", min_length=1)
    method: Literal["morris", "sobol"] = field(
        "morris", "morris: elementary effects; sobol: shares of variance, alone and with interactions", "name")
    size: Count | None = field(
        None, "trajectories (morris) or base samples, a power of two (sobol); 8 or 32 if not given", "1", le=65_536)
    fields: tuple[str, ...] = field(
        (), f"numbers that vary, by path; {COST} is both bounds of costs; those that matter if empty", "paths")
    ranges: dict[str, list[float]] = field(
        {}, "lowest and highest value by path; half and twice the scenario's value, or odds of a share, if not given",
        "by path")
    choices: bool = field(True, "whether the choices that the framework leaves open are tried too", "switch")
    workers: Count | None = field(
        None, "processes; as many as cores if not given; scripts that ask for several need a main guard", "processes")


@study("sensitivity", SensitivityOptions)
def sensitivity(question: Question) -> Answer:
    """Which fields of the scenario drive an outcome, and how much hangs on what the framework leaves open?"""
    scenario, options = question.scenario, question.options
    _demand_sense(question)
    analysis(options.method)  # says at once that SALib is missing
    factors = chosen_fields(scenario, options.fields, options.ranges)
    sample = Sample(options.method, options.size or _SIZES[options.method], levels=LEVELS)
    drawn = sampled([], factors, sample)
    points = [written_out(scenario, point) for point in drawn.points]
    others = choice_points(scenario) if options.choices else []
    plans = {"varying fields": _plan(question, points)}
    plans |= {"trying choices": _plan(question, others)} if len(others) > 1 else {}
    question.pieces.expect(sum(_rounds(plan) for plan in plans.values()))
    played = {what: play_points(what, plan, options.workers, question.pieces) for what, plan in plans.items()}
    cells = played["varying fields"]
    outcomes = _in_words(scenario, options.outcomes)
    influence = influence_table(factors, sample, drawn, cells, outcomes)
    tables = {"influence": influence}
    failed = int(cells.failed.sum())
    if "trying choices" in played:
        tried = played["trying choices"]
        tables["choices"] = choice_table(others, tried, outcomes)
        failed += int(tried.failed.sum())
    notes = _notes(question, len(points), failed, "choices" in tables)
    return Answer("sensitivity", headline(tables, options.method, outcomes), tables, notes)


def _in_words(scenario: Scenario, outcomes: Sequence[str]) -> tuple[str, ...]:
    """Outcomes as tables name them: quality as the market calls it."""
    quality = words_of(scenario).quality
    return tuple(quality if name == "accuracy" else name for name in outcomes)


def _demand_sense(question: Question) -> None:
    """Raise InputError where an option does not fit the scenario or the method."""
    options = question.options
    known = Measured.of(question.scenario).metrics
    if len(question.seeds) < 2:
        raise InputError("seeds: sensitivity needs at least 2, to tell the influence of fields from luck")
    for outcome in options.outcomes:
        if outcome not in known:
            raise InputError(f"option outcomes: {outcome!r} is no metric; there are {', '.join(known)}")
    if len(set(options.outcomes)) < len(options.outcomes):
        raise InputError(f"option outcomes = {list(options.outcomes)}: each once")
    size = options.size or _SIZES[options.method]
    if options.method == "sobol" and size & (size - 1):
        near = 2 ** (size.bit_length() - 1)
        raise InputError(f"option size = {size}: must be a power of two for sobol, like {near} or {2 * near}")
    if size < 2:
        raise InputError(f"option size = {size}: must be at least 2, because intervals come from the spread of them")
    for path, ends in options.ranges.items():
        if len(ends) != 2:
            raise InputError(f"option ranges: {path} = {ends}: must be a list of the lowest and the highest value")


def headline(tables: dict[str, pd.DataFrame], kind: str, outcomes: Sequence[str]) -> str:
    """What drives the first outcome that varies, and which open choice changes it most."""
    influence = tables["influence"]
    varied = set(influence["outcome"][influence[MAIN[kind]] > 0])
    still = list(takewhile(lambda name: name not in varied, outcomes))
    sentences = [f"Nothing is known to move {' or '.join(still)}."] if still else []
    for outcome in outcomes[len(still) : len(still) + 1]:
        sentences.append(_drivers_sentence(influence[influence["outcome"] == outcome], outcome, kind))
        if "choices" in tables:
            sentences.append(_choices_sentence(tables["choices"], outcome))
    return " ".join(sentences)


def _drivers_sentence(rows: pd.DataFrame, outcome: str, kind: str) -> str:
    first = surely_influential(rows, kind)
    if first.empty:
        return f"No field moves {outcome} surely more than luck does."
    unit = "mean size of its effect" if kind == "morris" else "share of variance with interactions"
    names = [f"{row.field} ({_interval(row, MAIN[kind])})" for row in first.head(3).itertuples()]
    return (
        f"{outcome} is driven most by {', then '.join(names)} ({unit}); "
        f"{len(first)} of {len(rows)} fields are surely above luck."
    )


def _choices_sentence(table: pd.DataFrame, outcome: str) -> str:
    rows = table[(table["outcome"] == outcome) & (table["field"] != OWN)]
    sure = list(surely_different(rows))
    if not sure:
        return f"None of {len(rows)} other open choices surely changes it."
    most = sure[0]
    return (
        f"{len(sure)} of {len(rows)} other open choices surely change it, most {most.field} = {most.value}:"
        f" {most.difference:+.3g} [{most.difference_low:+.3g}, {most.difference_high:+.3g}]."
    )


def _interval(row: Any, column: str) -> str:
    low, high = getattr(row, f"{column}_low"), getattr(row, f"{column}_high")
    return f"{getattr(row, column):.3g} [{low:.3g}, {high:.3g}]"


def _notes(question: Question, points: int, failed: int, tried: bool) -> tuple[str, ...]:
    """What a reader must know to read the tables right."""
    options, seeds = question.options, len(question.seeds)
    morris = (
        "size is the mean size μ* of an elementary effect and effect its mean μ with sign, both over the whole range of"
        " a field and in units of the outcome; spread is its standard deviation σ: interactions and curvature."
    )
    sobol = (
        "alone and total are Sobol's first-order and total indices: shares of the variance that the outcome has when"
        " all fields vary over their ranges."
    )
    notes = [
        *few_seeds(seeds),
        f"{points} points by {options.method}, {seeds} seeds each; outcomes are means over the last quarter of rounds.",
        morris if options.method == "morris" else sobol,
        "Intervals of fields are 95 % bootstrap intervals over the sample (SALib). noise is what a field without"
        " influence would be credited with if points did not share their seeds: at or below it, nothing is shown.",
        f"Ranges are around the scenario's own values; wider ones give larger effects. {COST} multiplies both bounds.",
    ]
    if tried:
        notes.append("Choices are tried one at a time; differences pair seeds, with intervals of 95 %, not corrected"
                     " for their number.")  # fmt: skip
    if failed:
        notes.append(f"{failed} runs failed and are left out.")
    return tuple(notes)


def _plan(question: Question, points: Sequence[Point]) -> Plan:
    """Every point with every seed.

    Raises:
        InputError: if a point is not a valid economy.
    """
    scenario, outcomes = question.scenario, tuple(question.options.outcomes)
    factors = tuple(points[0])
    return checked(Plan(scenario.name, scenario, factors, tuple(points), question.seeds, outcomes, scenario.rounds))


def _rounds(plan: Plan) -> int:
    """Rounds of single runs of a plan."""
    return plan.runs * plan.base.rounds


def play_points(what: str, plan: Plan, workers: int | None, pieces: Pieces) -> Cells:
    """Play a plan.

    Args:
        what: is being played, for progress.
        plan: what to play.
        workers: processes; as many as cores if None; 1 plays all in this process.
        pieces: where it is kept, and who is told.

    Returns:
        Means over the last quarter of rounds and over seeds, and paired differences to the first point.
    """
    serial = workers == 1 or _rounds(plan) < SMALL
    engine, number = ("serial", None) if serial else ("processes", workers)
    with pieces.place(plan) as place:
        run_sweep(plan, place, engine=engine, workers=number, tell=pieces.share(what, _rounds(plan)))
        runs = pd.read_parquet(place / "runs.parquet")
    outcomes = plan.metrics or ()
    for outcome in outcomes:
        if outcome not in runs:  # every run failed
            runs[outcome] = float("nan")
    return compare(runs, plan.factors, outcomes)
