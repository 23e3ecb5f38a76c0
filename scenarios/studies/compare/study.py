"""The study ``compare``: a league table of mechanisms, from welfare and fairness to incentives, attacks and cost."""

from typing import Literal

import numpy as np
import pandas as pd

from commonweal.agents.errors import InputError
from commonweal.economy.futures.judging import Judge
from commonweal.scenarios.runs.intervals import few_seeds
from commonweal.scenarios.schema.scenario import Count, Share, field
from commonweal.scenarios.studies.base import Answer, Question, StudyOptions, study
from commonweal.scenarios.studies.compare.agreement import Worth, agreements
from commonweal.scenarios.studies.compare.attacks import Assault, Threat, assail
from commonweal.scenarios.studies.compare.league import (
    attacks_table,
    cost_table,
    criteria,
    differences_table,
    league_table,
    measures_table,
)
from commonweal.scenarios.studies.compare.mechanisms import mechanisms
from commonweal.scenarios.studies.compare.observation import observation
from commonweal.scenarios.studies.judging import UNIT, judging, told, unit_of


class CompareOptions(StudyOptions):
    """Which mechanisms are compared, and how thoroughly they are tried."""

    settlements: tuple[str, ...] = field((), "settlement rules; all that are registered if empty", "names")
    credits: tuple[str, ...] = field((), "credit rules; the scenario's own if empty", "names")
    screenings: tuple[Literal["off", "reject", "scale", "project"], ...] = field(
        (), "modes of screening; the scenario's own if empty", "names")
    rewards: tuple[str, ...] = field((), "model reward rules; the scenario's own if empty", "names")
    horizon: Count = field(30, "rounds with a deviation or an attack and without", "rounds")
    principals: Count = field(6, "how many try every single deviation in turn, spread over types", "principals")
    attackers: Share = field(0.1, "share of principals that attack together")
    others: Literal["adapt", "freeze"] = field(
        "adapt", "adapt: others may react; freeze: they do what they do without the deviation", "name")
    judge: Judge = judging()
    truth: Literal["shapley", "first_order"] = field(
        "shapley", "what payments are compared with: Shapley values of rounds, or their first-order credit", "name")
    truth_rounds: Count = field(40, "rounds, from the first on, in which it is found", "rounds")
    budget: int = field(
        200, "coalitions evaluated in such a round; exact where there are no more", "coalitions", ge=4, le=10_000_000)
    workers: Count | None = field(
        None, "processes; as many as cores if not given; scripts that ask for several need a main guard", "processes")


@study("compare", CompareOptions)
def compare(question: Question) -> Answer:
    """Which mechanism is best by welfare, incentives, fairness, robustness and cost, and which of them tie?"""
    scenario, seeds, options = question.scenario, question.seeds, question.options
    _demand_sense(question)
    compared = mechanisms(scenario, options.settlements, options.credits, options.screenings, options.rewards)
    worth = Worth(options.truth, min(options.truth_rounds, scenario.rounds), options.budget)
    threat = Threat(
        options.horizon, options.principals, options.attackers, options.others, options.workers, options.judge
    )
    pieces, assaults = question.pieces, [Assault.of(mechanism, threat) for mechanism in compared]
    playing, valuing = observation(compared, seeds, options.judge), agreements(compared, seeds, worth)
    pieces.expect(sum(piece.rounds for piece in (playing, *valuing)) + sum(each.rounds(seeds) for each in assaults))
    (observed,) = pieces.play("playing mechanisms", [playing])
    agreed = np.stack(pieces.play("finding true values", valuing), axis=1)
    robustness = [assail(assault, seeds, pieces) for assault in assaults]
    names = [mechanism.name for mechanism in compared]
    judged = criteria(compared, observed, agreed, robustness, options.judge)
    tables = {
        "league": league_table(names, judged),
        "measures": measures_table(names, judged),
        "attacks": attacks_table(names, robustness),
        "differences": differences_table(names, judged),
        "cost": cost_table(names, observed.seconds),
    }
    notes = (*_notes(question), *told(scenario, options.judge))
    return Answer("compare", headline(tables), tables, notes, {UNIT: unit_of(scenario, options.judge)})


def _demand_sense(question: Question) -> None:
    """Raise InputError where mechanisms cannot be compared."""
    scenario = question.scenario
    if scenario.market.kind != "model":
        raise InputError(f"market.kind = {scenario.market.kind!r}: compare needs 'model', which mechanisms pay for")
    if scenario.population.count < 2:
        raise InputError("population.count = 1: compare needs at least 2 principals, so that one can affect another")
    if len(question.seeds) < 2:
        raise InputError("seeds: compare needs at least 2, because ties are judged by the spread between seeds")


def headline(tables: dict[str, pd.DataFrame]) -> str:
    """Who is first over all, and who by which criterion alone."""
    league, measures = tables["league"], tables["measures"]
    first = list(league["mechanism"][league["rank"] == 1])
    alone = measures[measures["last"] == 1].groupby("mechanism", sort=False)["criterion"].agg(", ".join)
    surely = "; ".join(f"{mechanism} by {by}" for mechanism, by in alone.items()) or "none by any criterion"
    ties = tables["differences"].groupby("criterion", sort=False)["tie"].all()
    tied = f" All tie by {', '.join(ties.index[ties])}." if ties.any() else ""
    means = "tie for the first rank" if len(first) > 1 else "ranks first"
    return f"{' and '.join(first)} {means} over all of {len(league)} mechanisms. Surely best: {surely}.{tied}"


def _notes(question: Question) -> tuple[str, ...]:
    """What a reader must know to read the tables right."""
    options, scenario = question.options, question.scenario
    worth = (
        f"Shapley values (estimated from {options.budget} coalitions, exact where there are no more)"
        if options.truth == "shapley" else "first-order credit, which some mechanisms pay by"
    )  # fmt: skip
    return (
        *few_seeds(len(question.seeds)),
        "Two mechanisms tie by a criterion where the 95 % interval of their paired difference holds 0. Those surely"
        " better come before a mechanism and those surely worse behind it; the ranks left to it are written 1–3."
        " Nothing corrects for the number of pairs.",
        "rank is by how many others a mechanism beats less how many beat it; to beat is to be surely better by more"
        " criteria than surely worse. Criteria overlap, so count them with care.",
        "welfare, accuracy and delegating are means over the last quarter of rounds. IR share: principals whose payoff"
        " is at least the outside option; IR margin: mean of the worst-off tenth over it; both over the whole run.",
        f"fairness: Pearson's correlation of payments with {worth}, both summed over the first"
        f" {min(options.truth_rounds, scenario.rounds)} rounds; 0 where everybody is paid the same.",
        f"IC gap: largest mean gain of any of {min(options.principals, scenario.population.count)} principals from any"
        f" single deviation over {options.horizon} rounds. attack gain and honest loss: by the attack that is worst, of"
        f" {options.attackers:.0%} of principals together (pair: of two), for each attacker and each of the others.",
        "cost: seconds of one processor for a round of one run, measured in turns on the mechanisms' own runs, with"
        " intervals over the parts of a run; another machine has other seconds.",
    )
