"""The study of free-riding: share and half-life, Schelling's diagram, threshold surfaces, tipping points."""

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.economy.money.settlement import SETTLEMENTS
from commonweal.economy.round.words import Words
from commonweal.economy.round.worth import Judge
from commonweal.scenarios.runs.intervals import Interval, few_seeds, seeds_to_tell
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.relevance import matters, sells
from commonweal.scenarios.schema.scenario import Count, Scenario, field
from commonweal.scenarios.schema.words import words_of
from commonweal.scenarios.studies.base import Answer, Question, StudyOptions, study
from commonweal.scenarios.studies.free_riding.costs import (
    Loop,
    Surface,
    cost_over_benefit,
    hysteresis,
    surface,
    surface_of,
    thresholds,
)
from commonweal.scenarios.studies.free_riding.persistence import course_rounds, persistence
from commonweal.scenarios.studies.free_riding.schelling import diagrams, schelling
from commonweal.scenarios.studies.judging import UNIT, judging, told, unit_of

Levels = tuple[float, ...]
_USUAL = Words()


class FreeRidingOptions(StudyOptions):
    """What can be chosen."""

    cuts: int = field(8, "cuts of the number of delegating others in Schelling's diagram", "1", ge=1, le=100)
    focal: Count = field(3, "principals that are asked in turn in Schelling's diagram", "principals")
    horizon: int = field(
        60, "rounds in Schelling's diagram, and at every step of rising and falling costs", "rounds", ge=4, le=100_000
    )
    judge: Judge = judging()
    factors: Levels = field(
        (0.25, 0.5, 1.0, 2.0, 4.0, 8.0), "multiples of the scenario's costs, ascending", "1", min_length=2
    )
    counts: tuple[int, ...] = field((10, 20, 40), "numbers of principals; none leaves this surface out", "principals")
    alphas: Levels = field((0.5, 1.0, 2.0), "exponents settlement.alpha; none leaves this surface out", "1")


@study("free-riding", FreeRidingOptions)
def free_riding(question: Question) -> Answer:
    """How much free-riding does a rule cause, how long does cooperation last, and where does it tip?"""
    scenario, seeds, options = question.scenario, question.seeds, question.options
    _demand_sense(scenario, options)
    pieces, (surfaces, left_out) = question.pieces, _surfaces(scenario, options, seeds)
    asked = diagrams(scenario, seeds, options.cuts, options.focal, options.horizon, options.judge)
    loop = Loop(scenario, options.factors, seeds, options.horizon)
    known = [*asked, loop.piece, *(piece for each in surfaces.values() for piece in each.pieces)]
    pieces.expect(course_rounds(scenario, seeds) + sum(piece.rounds for piece in known))
    measures, course, lives = persistence(scenario, seeds, pieces)
    diagram = schelling(asked, pieces)
    steps, tipping = hysteresis(loop, pieces)
    tables = {"measures": measures, "schelling": diagram, "tipping": tipping, "hysteresis": steps, "course": course}
    tables |= {name: surface(each, pieces) for name, each in surfaces.items()}
    if surfaces:
        limits = [thresholds(tables[name], each.path) for name, each in surfaces.items()]
        tables["thresholds"] = pd.concat(limits, ignore_index=True)
    notes = (*_notes(scenario, options, lives), *left_out, *told(scenario, options.judge))
    said = _headline(measures, diagram, lives, words_of(scenario))
    return Answer("free-riding", said, tables, notes, {UNIT: unit_of(scenario, options.judge)})


def _demand_sense(scenario: Scenario, options: FreeRidingOptions) -> None:
    """Raise InputError where nothing can be asked of a scenario."""
    if missing := {"delegate", "free_ride"} - set(scenario.actions.available):
        raise InputError(f"free-riding: actions.available must hold {min(missing)}, to be compared")
    if scenario.population.count < 2:
        raise InputError("free-riding: population.count = 1: must be at least 2, since free-riding needs others")
    if list(options.factors) != sorted(set(options.factors)) or options.factors[0] <= 0:
        raise InputError(f"option factors = {list(options.factors)}: must be above zero and ascending")
    if sells(scenario) and not matters(scenario, "population.cost_high"):
        raise InputError("free-riding: population.cost_types must be empty; what is varied is cost_low and cost_high")
    if not np.isfinite(ratio := cost_over_benefit(scenario)) or ratio <= 0:
        nothing = "delegating costs nothing or a good model brings nothing"
        public = "contributing costs nothing or brings nothing"
        raise InputError(f"free-riding: {nothing if sells(scenario) else public}; costs cannot be varied")


def _surfaces(
    scenario: Scenario, options: FreeRidingOptions, seeds: tuple[int, ...]
) -> tuple[dict[str, Surface], list[str]]:
    """The surfaces to play, by name of their table, and what is said of levels that are left out.

    Raises:
        InputError: if a level that was asked for is not allowed.
    """
    wanted: list[tuple[str, str, str, Levels]] = [("surface_count", "counts", "population.count", options.counts)]
    if SETTLEMENTS.facts(scenario.settlement.kind).by_credit:
        wanted.append(("surface_alpha", "alphas", "settlement.alpha", options.alphas))
    found, left_out = {}, []
    for name, option, path, levels in wanted:
        usual = option not in options.model_fields_set
        allowed = tuple(level for level in levels if not usual or _allows(scenario, path, level))
        if allowed:
            found[name] = surface_of(scenario, path, allowed, options.factors, seeds)
        if others := [level for level in levels if level not in allowed]:
            left_out.append(f"{path} = {', '.join(f'{level:g}' for level in others)}: not allowed here, left out.")
    return found, left_out


def _allows(scenario: Scenario, path: str, level: float) -> bool:
    try:
        revise(scenario, {path: level})
    except InputError:
        return False
    return True


def _headline(measures: pd.DataFrame, diagram: pd.DataFrame, lives: Floats, words: Words) -> str:
    of = measures.set_index("measure")
    share = of.loc["share free ride"]
    width = f" [{share['mean_low']:.2f}, {share['mean_high']:.2f}]" if np.isfinite(share["mean_low"]) else ""
    halved = int(np.isfinite(lives).sum())
    life = f"cooperation halves in {halved} of {len(lives)} seeds"
    if halved:
        life += f", after {np.nanmedian(lives):.0f} rounds (median)"
    return f"In the end {share['mean']:.2f}{width} {words.free_ride.do}; {life}. {dilemma(diagram, len(lives), words)}"


def dilemma(diagram: pd.DataFrame, seeds: int, words: Words = _USUAL) -> str:
    """Which choice pays more, as far as intervals say so."""
    honest, free = words.delegate, words.free_ride
    gain = Interval(*(diagram[f"gain_from_delegating{end}"].to_numpy() for end in ("", "_low", "_high")))
    less, more, of = gain.high < 0, gain.low > 0, len(diagram)
    if less.all():
        better = diagram["payoff_delegate_low"].iloc[-1] > diagram["payoff_free_ride_high"].iloc[0]
        end = ": a social dilemma." if better else "."
        return f"{free.doing.capitalize()} pays more however many others {honest.do}{end}"
    if more.all():
        return f"{honest.doing.capitalize()} pays more however many others {honest.do}."
    sure = [(name, int(where.sum())) for name, where in ((free.doing, less), (honest.doing, more)) if where.any()]
    if not sure:
        known = f"Which of the two pays more is not known for any number of others who {honest.do}"
    else:
        told = ", ".join(f"{name} surely pays more at {count}" for name, count in sure)
        known = f"Of {of} numbers of others who {honest.do}, {told}"
    return f"{known}{_change(diagram['others_delegating'].to_numpy(), less, more)}.{_undecided(gain, seeds)}"


def _change(others: Ints, less: Bools, more: Bools) -> str:
    """Between which numbers of others the better choice changes, where it surely does so once."""
    for first, then in ((others[less], others[more]), (others[more], others[less])):
        if len(first) and len(then) and first.max() < then.min():
            return f"; which is better changes between {first.max()} and {then.min()}"
    return ""


def _undecided(gain: Interval, seeds: int) -> str:
    """How many differences may be of either sign, and how many seeds would do."""
    unknown = np.flatnonzero((gain.low <= 0) & (gain.high >= 0))
    if not len(unknown):
        return ""
    numbers = sorted(seeds_to_tell(Interval(*gain.at(place)), seeds) or np.inf for place in unknown)
    half = numbers[(len(numbers) - 1) // 2]
    more = f"; about {half:.0f} seeds would decide half of them" if np.isfinite(half) else ""
    return f" At {len(unknown)} the interval of the difference holds 0{more}."


def _notes(scenario: Scenario, options: FreeRidingOptions, lives: Floats) -> tuple[str, ...]:
    notes = [
        *few_seeds(len(lives)),
        "Intervals are of 95 % over seeds; shares are means over the last quarter of rounds.",
        _ratio_told(scenario),
        "Schelling's diagram: everybody keeps its choice; payoffs are means over the second half of the rounds.",
        f"Rising and falling costs: {options.horizon} rounds at every step, without a break.",
    ]
    if np.isnan(lives).any():
        notes.append("Where cooperation never halves the half-life is longer than the run; no mean is given then.")
    if not SETTLEMENTS.facts(scenario.settlement.kind).by_credit:
        notes.append(f"settlement.kind = {scenario.settlement.kind} does not look at alpha: no surface over it.")
    return tuple(notes)


def _ratio_told(scenario: Scenario) -> str:
    """What costs are compared with."""
    if sells(scenario):
        cost, benefit = "mean cost of delegating for a round", "what a perfect model brings in per principal"
        return f"Cost over benefit: {cost}, over {benefit}."
    kept = "where contributing costs more, it is multiplied by less and brings as much"
    return f"Cost over benefit: what is contributed, over what it brings to all; {kept}."
