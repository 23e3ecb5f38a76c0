"""The study ``incentives``: is a mechanism incentive compatible, for whom not, and by how much?"""

from commonweal.agents.errors import InputError, apart
from commonweal.scenarios.runs.intervals import few_seeds, wanted
from commonweal.scenarios.studies.base import Answer, Question, study
from commonweal.scenarios.studies.incentives.catalogue import REPORTED_COST, chosen, other_costs
from commonweal.scenarios.studies.incentives.certificate import certify, compared, ic_gap
from commonweal.scenarios.studies.incentives.evidence import Evidence, Gains, Trials, added, play_trials, trial_rounds
from commonweal.scenarios.studies.incentives.options import IncentivesOptions
from commonweal.scenarios.studies.judging import UNIT, of_the_mean, told, unit_of
from commonweal.scenarios.studies.pieces import Pieces

_OTHERS = {"adapt": "where the others may react", "freeze": "where the others do what they would have done"}


@study("incentives", IncentivesOptions, lasts="horizon")
def incentives(question: Question) -> Answer:
    """Is the mechanism incentive compatible: who gains by which deviation, how much, and how sure is that?"""
    if len(question.seeds) < 2:
        raise InputError("seeds: incentives needs at least 2, because its intervals come from the spread between seeds")
    options: IncentivesOptions = question.options
    trials = Trials.of(question.scenario, options, chosen(question.scenario, options))
    if not trials.alone:
        raise InputError("option deviations: name one of a single principal beside pair")
    evidence = collect(trials, question.seeds, question.pieces)
    tables = certify(evidence)
    provenance = {"seeds": list(evidence.base.seeds), UNIT: _unit(evidence)}
    return Answer("incentives", headline(evidence), tables, _notes(evidence), provenance)


def collect(trials: Trials, seeds: tuple[int, ...], pieces: Pieces) -> Evidence:
    """Play the seeds, and more of them until the IC gap is known as narrowly as wanted or there are too many."""
    options = trials.options
    pieces.expect(trial_rounds(trials, seeds))
    evidence = play_trials(trials, seeds, pieces)
    while options.until_width is not None and width(evidence) > options.until_width:
        more = min(len(seeds), options.max_seeds - evidence.seeds)
        if more < 1:
            break
        first = max(evidence.base.seeds) + 1
        evidence = added(evidence, play_trials(trials, range(first, first + more), pieces))
    return evidence


def _unit(evidence: Evidence) -> str:
    return unit_of(evidence.trials.scenario, evidence.trials.options.judge)


def width(evidence: Evidence) -> float:
    """Width of the interval of the IC gap, in the mode in which it is wider; in the unit of gains."""
    found = [ic_gap(evidence, gains) for gains in evidence.gains.values()]
    return max(float(gap.high - gap.low) for gap in found)


def headline(evidence: Evidence) -> str:
    """The verdict, a part for each thing the others may do."""
    parts = [_sentence(evidence, mode, gains) for mode, gains in evidence.gains.items()]
    return f"ε-incentive compatible at {evidence.trials.options.confidence:.0%} with " + "; and with ".join(parts) + "."


def _sentence(evidence: Evidence, mode: str, gains: Gains) -> str:
    gap, payoff = ic_gap(evidence, gains), evidence.payoffs.mean()
    best = evidence.trials.alone[compared(evidence, gains).mean(axis=0).max(axis=0).argmax()].name
    epsilon = max(float(gap.high), 0.0)
    unit = _unit(evidence)
    mean = "payoff" if unit == "money" else unit
    relative = of_the_mean(epsilon, float(payoff), f"the mean {mean}")
    relative = relative and f" ({relative})"
    if gap.high <= 0:
        found = "no deviation pays"
    elif gap.low > 0:
        found = f"some deviation surely gains, at least {gap.low:.3g}, most of all {best}"
    else:
        found = f"no gain is certain, the largest is from {best}{wanted(gap, evidence.seeds)}"
    return f"ε = {epsilon:.3g} {unit} a round{relative} {_OTHERS[mode]} ({found})"


def _notes(evidence: Evidence) -> tuple[str, ...]:
    """What a reader must know to read the tables right."""
    options, scenario = evidence.trials.options, evidence.trials.scenario
    tried, everyone = len(evidence.trials.places), scenario.population.count
    notes = [
        *few_seeds(evidence.seeds),
        *told(scenario, options.judge),
        f"Gains are {_unit(evidence)} per round over {options.horizon} rounds, on the same random numbers, each against"
        f" the run without the deviation; {options.start} rounds were played before.",
        "Seeds draw new principals, so principals are compared by their place in the order of policy, action when the"
        " deviation begins" + (", and cost." if not evidence.cost_types else "."),
        f"{tried} of {everyone} principals tried each deviation, {evidence.seeds} seeds; intervals are of"
        f" {options.confidence:.0%} over seeds (scenarios/studies/intervals.py says how, also of the largest of many).",
        "IC gap: largest mean gain of any place from any deviation of one principal. NashConv: what all could gain by"
        " their best deviations, each alone"
        + (", scaled up from those who tried." if tried < everyone else "."),
    ]  # fmt: skip
    if REPORTED_COST in options.deviations and not other_costs(scenario, options):
        notes.append("A misreported cost gains exactly nothing and was not played: no rule here reads reported costs.")
    if evidence.cost_types:
        notes.append("Costs are drawn from types: incentives are judged by type (by_type), over all who are of it.")
    if scenario.menu.offer == "menu":
        notes.append("line_k: it takes line k of the menu, dearest type first, whatever line is best for its cost.")
    if any(d.leaves is not None for d in evidence.trials.alone) and scenario.market.model_value > 0:
        notes.append("Who leaves keeps its copy of the model, which ages as features drift and is worth its accuracy.")
    if options.until_width is not None:
        notes.append(_width_note(evidence, options.until_width))
    return tuple(notes)


def _width_note(evidence: Evidence, wanted: float) -> str:
    reached = width(evidence)
    wide = apart(reached, wanted, digits=3)[0]
    begun = f"{evidence.seeds} seeds were played; the interval of the IC gap is {wide} wide"
    if reached > wanted:
        return f"{begun}, not {wanted:g} as wanted: max_seeds = {evidence.trials.options.max_seeds} was reached."
    return f"{begun}. Stopping as soon as it is narrow covers the truth slightly less often than said."

