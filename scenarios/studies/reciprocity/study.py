"""The study ``reciprocity``: who gives to whom by names, which norms hold, who invades, and what slander brings."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from commonweal.agents.arrays import AnyArray, Floats
from commonweal.agents.errors import InputError
from commonweal.scenarios.runs.intervals import few_seeds
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.base import Answer, Question, study
from commonweal.scenarios.studies.incentives.playing import play_deviations, rounds_of
from commonweal.scenarios.studies.judging import UNIT
from commonweal.scenarios.studies.pieces import Pieces
from commonweal.scenarios.studies.reciprocity import tables as told
from commonweal.scenarios.studies.reciprocity.contest import EPISODES, LENGTH, Contest, Outcome, contests, rivalry
from commonweal.scenarios.studies.reciprocity.invasion import SLANDERER, Mutant, Trials, invasion, mutants, trials
from commonweal.scenarios.studies.reciprocity.maps import ACTS, Part, collapse_table, parts
from commonweal.scenarios.studies.reciprocity.options import ReciprocityOptions
from commonweal.scenarios.studies.reciprocity.playing import Asked, Played, joined
from commonweal.scenarios.studies.reciprocity.rules import LEARNS, Span
from commonweal.scenarios.studies.reciprocity.sentences import headline
from commonweal.scenarios.studies.reciprocity.slander import Jury, slander

_DEAR = 4.0  # usual rounds that one takes in which some learn


@dataclass(frozen=True)
class Plan:
    """Everything that the study plays before mutants are tried."""

    scenario: Scenario
    honest: Mapping[int, Scenario]  # by number of judges: all judge as their norm says
    learned: Mapping[int, Scenario]  # learners choose their verdicts
    shares: Mapping[float, Scenario]  # of principals who always give


@dataclass(frozen=True)
class Found:
    """What became of a plan."""

    own: Played
    juries: Mapping[int, Jury]
    shares: Mapping[float, Played]
    trials: Trials  # of mutants, in the scenario itself
    gains: Floats  # (S, D) of these
    contests: Sequence[Contest]  # of learners and rivals
    outcomes: Sequence[Outcome]
    cells: Sequence[Part]  # of the map of where rivals collapse
    maps: Sequence[dict[str, AnyArray]]


@study("reciprocity", ReciprocityOptions)
def reciprocity(question: Question) -> Answer:
    """Who gives to whom by names: what do learners come to, which norms hold, who invades, and does slander pay?"""
    options: ReciprocityOptions = question.options
    _demand(question)
    plan, left_out = planned(question.scenario, options)
    question.pieces.weight = _DEAR if LEARNS in question.scenario.policy.mix else 1.0
    found = play(plan, question.seeds, options, question.pieces)
    tables = _tables(plan, found, question)
    notes = (*_notes(question, found), *left_out)
    return Answer("reciprocity", headline(tables), tables, notes, {UNIT: "money"})


def _demand(question: Question) -> None:
    """Raise InputError where the study does not apply."""
    scenario = question.scenario
    if len(question.seeds) < 2:
        raise InputError("seeds: reciprocity needs at least 2, as its intervals come from the spread between seeds")
    if scenario.reciprocity.kind == "none":
        raise InputError("reciprocity.kind = 'none': the study asks about names; the scenario reciprocity has them")
    mutants(question.options.mutants, scenario)


def planned(scenario: Scenario, options: ReciprocityOptions) -> tuple[Plan, list[str]]:
    """What to play, and what is left out.

    Raises:
        InputError: if something that was asked for is not allowed.
    """
    juries, left_out = _numbers_of_judges(scenario, options)
    learns = LEARNS in scenario.policy.mix
    by_norm = {"reciprocity.learner.signals": "norm"} if learns else {}
    honest = {judges: revise(scenario, {"reciprocity.judges": judges, **by_norm}) for judges in juries}
    by_choice = {"reciprocity.learner.signals": "learned"}
    learned = {judges: revise(scenario, {"reciprocity.judges": judges, **by_choice}) for judges in juries if learns}
    return Plan(scenario, honest, learned, {share: _giving(scenario, share) for share in options.shares}), left_out


def _numbers_of_judges(scenario: Scenario, options: ReciprocityOptions) -> tuple[list[int], list[str]]:
    """Numbers of judges to compare; of the usual ones those that the scenario allows, and what is said of others."""
    if not plain_requests(scenario):
        return [], ["Norms, learners, slander and rivals are valued for public names and requests only, and left out."]
    wanted = list(dict.fromkeys(options.judges))
    if "judges" in options.model_fields_set:
        return wanted, []
    allowed = [number for number in wanted if number + 2 <= scenario.population.count]
    others = [f"{number}" for number in wanted if number not in allowed]
    return allowed, [f"reciprocity.judges = {', '.join(others)}: too few third parties, left out."] if others else []


def plain_requests(scenario: Scenario) -> bool:
    """Whether gifts and names are as the theory has them: to one other each, and public."""
    return scenario.reciprocity.images == "public" and scenario.reciprocity.kind == "requests"


def _giving(scenario: Scenario, share: float) -> Scenario:
    """The scenario in which a share of all principals always gives, and the others never."""
    return revise(scenario, {
        "policy.mix": {"fixed": 1.0}, "population.start_delegate": share, "population.start_free_ride": 1 - share,
        "population.start_defect": 0.0,
    })  # fmt: skip


def play(plan: Plan, seeds: tuple[int, ...], options: ReciprocityOptions, pieces: Pieces) -> Found:
    """Play everything, each run once, whatever asks for it; then mutants, in futures of these runs."""
    last = max(1, round(options.last * plan.scenario.rounds))
    span = Span(options.ahead, options.schedules)
    wanted = [plan.scenario, *plan.honest.values(), *plan.learned.values()]
    asked = [Asked(each, seeds, last, span) for each in wanted]
    asked += [Asked(each, seeds, last, span, steady=True) for each in plan.shares.values()]
    once = {piece.identity: piece for each in asked for piece in each.pieces}
    pieces.expect(sum(piece.rounds for piece in once.values()))
    given = dict(zip(once, pieces.play("scenarios", list(once.values()), options.workers), strict=True))
    played = iter([joined([given[piece.identity] for piece in each.pieces]) for each in asked])
    own = next(played)
    honest, learned = ({judges: next(played) for judges in part} for part in (plan.honest, plan.learned))
    shares = {share: next(played) for share in plan.shares}
    invading = trials(plan.scenario, mutants(options.mutants, plan.scenario), own.policy, options)
    slanderers = (Mutant(SLANDERER, slanders=True, few=True),)
    slandering = {judges: trials(each, slanderers, own.policy, options) for judges, each in plan.honest.items()}
    gains = _tried([invading, *slandering.values()], seeds, options, pieces)
    juries = {judges: Jury(honest[judges], learned.get(judges), slandering[judges], each)
              for judges, each in zip(plan.honest, gains[1:], strict=True)}  # fmt: skip
    contest = contests(plan.scenario, own, seeds, options.rivals if plain_requests(plan.scenario) else 0)
    outcomes = pieces.play("learners and rivals", [each.piece for each in contest], options.workers)
    cells = parts(options.collapse, len(seeds))
    maps = pieces.play("map of collapse", [each.piece for each in cells], options.workers)
    return Found(own, juries, shares, invading, gains[0], contest, outcomes, cells, maps)


def _tried(
    wanted: Sequence[Trials], seeds: tuple[int, ...], options: ReciprocityOptions, pieces: Pieces
) -> list[Floats]:
    """(S, D) what mutants gain, of each that is asked for."""
    pieces.expect(sum(rounds_of(each.tried, each.span) for each in wanted if each.pairs))
    return [
        play_deviations(each.scenario, seeds, each.tried, each.span, workers=options.workers, pieces=pieces,
                        what="mutants").gains
        if each.pairs else np.zeros((len(seeds), 0))
        for each in wanted
    ]  # fmt: skip


def _tables(plan: Plan, found: Found, question: Question) -> dict[str, pd.DataFrame]:
    """All tables, those that nothing was played for left out."""
    own, scenario, options = found.own, plan.scenario, question.options
    learns = bool(own.learns.any())
    tables = {"adherence": told.adherence(own, scenario, options)} if learns else {}
    tables["cooperation"] = told.cooperation(own, scenario)
    if plain_requests(scenario):
        tables["norms"] = told.norms(own, scenario)
    if found.trials.pairs:
        tables["invasion"] = invasion(found.trials, found.gains, own)
    if juries := {judges: jury for judges, jury in found.juries.items() if jury.trials.pairs}:
        tables["slander"] = slander(juries)
    if learned := {judges: jury.learned for judges, jury in found.juries.items() if jury.learned is not None}:
        tables["signals"] = told.signals(learned, scenario)
    if found.contests:
        tables["rivals"] = rivalry(found.contests, found.outcomes)
    if found.cells:
        tables["collapse"] = collapse_table(found.cells, found.maps)
    if found.shares:
        tables["welfare"] = told.welfare(found.shares, scenario)
    tables["pay"] = told.pay(own)
    if learns:
        tables["learners"] = told.learners(own, options, question.seeds)
    return tables | {"course": told.course(own)}


def _notes(question: Question, found: Found) -> Iterable[str]:
    """What a reader must know to read the tables right."""
    options, scenario = question.options, question.scenario
    last = max(1, round(options.last * scenario.rounds))
    yield from few_seeds(len(question.seeds))
    yield (f"Means are over the last {last} of {scenario.rounds} rounds; intervals are of 95 % over"
           f" {len(question.seeds)} seeds. Nothing corrects for the number of norms, mutants or cells.")  # fmt: skip
    if found.own.learns.any():
        yield (
            "adherence: giving is the probability π with which learners mean to give at the end, by the names of donor"
            f" and recipient (B bad, G good); adherence is 1 − |π − π*|, where π* is the best of the 16 deterministic"
            f" rules over {options.ahead} rounds in the true chain of judgements (mean field, measured benefit and"
            f" cost). Scored are cells that a learner met at least {options.met} times and that decide at least"
            f" {options.worth:g} of the best payoff. gave is after gifts that fail, over all rounds."
        )
    if plain_requests(scenario):
        yield (
            "norms: exact, for a large population that follows the norm alone (Glynatsi, Hilbe and Murase 2025);"
            " benefit_per_cost is what this scenario was measured to have, whoever plays in it."
        )
    if found.trials.pairs:
        yield (
            f"invasion: what one resident gains per round, over {options.horizon} rounds, by doing otherwise than its"
            " policy, on the same random numbers; all others follow their policies. Who follows another norm judges by"
            f" it too. gain_share: of what residents are paid. AllD, AllC and policies by name are tried for up to"
            f" {options.members} residents of each policy in every seed, norms for {options.followers}, one at a time."
        )
    if found.juries:
        yield (
            "slander: gain is what one judge who calls everybody bad gains per round among the honest, as played;"
            " expected is the same in mean field, without luck."
        )
    if found.own.learns.any() and found.juries:
        yield (
            "slander: honest, cooperation and cooperation_lost are of the runs in which learners choose their verdicts"
            " (reciprocity.learner.signals = learned), of which signals has the verdicts too."
        )
    if found.contests:
        yield (
            f"rivals: one learner in a donation world with these followers, errors and judges, and the mean benefit per"
            f" cost; {options.rivals} updates from {EPISODES} episodes of {LENGTH} rounds each, the same for all. Acts"
            " are learned, verdicts are the norm's. constant: seeds in which it gives to all about alike."
        )
    if found.cells:
        grid = found.cells[0].grid
        yield (
            f"collapse: event time, {grid.count} principals who follow {grid.norm}, errors of execution and assignment"
            f" {grid.errors:g}, {grid.updates} updates from {ACTS} acts of each; boundary is the benefit per cost below"
            " which refusing everybody is right for the discounted return of an episode."
        )
    if found.shares:
        yield "welfare: money per head and round where a share of principals always gives and the others never."
