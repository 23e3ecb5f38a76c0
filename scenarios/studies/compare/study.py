"""The study ``compare``: a league table of mechanisms, from welfare and values to incentives, attacks and fairness."""

from dataclasses import dataclass
from time import monotonic
from typing import Literal

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.economy.round.worth import Judge
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.runs.intervals import few_seeds, in_brief
from commonweal.scenarios.runs.text_table import in_a_row
from commonweal.scenarios.schema.scenario import Count, Share, field
from commonweal.scenarios.studies.base import Answer, Question, StudyOptions, study
from commonweal.scenarios.studies.compare.agreement import Worth, agreements
from commonweal.scenarios.studies.compare.attacks import Assault, Threat, assail
from commonweal.scenarios.studies.compare.cost import timing
from commonweal.scenarios.studies.compare.halves import ALL, agreements_of_halves
from commonweal.scenarios.studies.compare.league import (
    Findings,
    agreement_table,
    attacks_table,
    cost_table,
    criteria,
    deviations_table,
    differences_table,
    league_table,
    measures_table,
)
from commonweal.scenarios.studies.compare.mechanisms import League, league
from commonweal.scenarios.studies.compare.observation import observation
from commonweal.scenarios.studies.judging import UNIT, judging, told, unit_of
from commonweal.scenarios.studies.pieces import Piece, Pieces
from commonweal.scenarios.sweeps.executors import cores

_WARM, _TIMED = 1, 3  # rounds of the scenario that are played to say how long the study takes


class CompareOptions(StudyOptions):
    """Which mechanisms are compared, and how thoroughly they are tried."""

    settlements: tuple[str, ...] = field(
        (), "settlement rules; all that are registered and make sense if empty", "names")
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
        100, "coalitions evaluated in such a round; exact where there are no more", "coalitions", ge=4, le=10_000_000)
    halves: Count = field(200, "random halves of the seeds whose rankings are compared, at most", "halves", le=10_000)
    workers: Count | None = field(
        None, "processes; as many as cores if not given; scripts that ask for several need a main guard", "processes")


@dataclass(frozen=True)
class _Plan:
    """Everything that is played."""

    league: League
    observing: list[Piece]
    valuing: list[Piece]
    timing: Piece
    assaults: list[Assault]
    seeds: tuple[int, ...]

    @property
    def rounds(self) -> int:
        """Rounds of single runs that it takes."""
        pieces = (*self.observing, *self.valuing, self.timing)
        return sum(piece.rounds for piece in pieces) + sum(each.rounds(self.seeds) for each in self.assaults)


@study("compare", CompareOptions)
def compare(question: Question) -> Answer:
    """Which settlement is best by welfare, values, incentives, fairness and robustness, and which of them tie?

    A league table of all registered settlement rules, those of installed packages too, or of the rules that are named:
    settlement × credit × screening × model rewards. All play the same seeds. Read `league` first: a row per rule, the
    best first, and the ranks that it may have by each criterion. 1–5 means that the seeds do not say which of the first
    five it is: `--seeds 16` says more. `measures` has the values, `agreement` how far rankings from halves of the seeds
    agree, `deviations` and `attacks` what pays under which rule.

    commonweal study compare commons --seeds 16

    commonweal study compare value-conflict -o 'settlements=["credit", "equal"]' -o 'screenings=["off", "project"]'

    commonweal study compare commons -o principals=3 -o horizon=15 -o truth=first_order    a first look
    """
    scenario, options = question.scenario, question.options
    _demand_sense(question)
    plan = _planned(question)
    question.pieces.expect(plan.rounds)
    question.pieces.announce(_expected(question, plan.rounds))
    found, seconds = _play(plan, question.pieces, options.workers)
    names, stood = [each.name for each in plan.league.mechanisms], [each.robustness for each in found]
    judged = criteria(found, unit_of(scenario, options.judge))
    tables = {
        "league": league_table(names, judged),
        "measures": measures_table(names, judged),
        "agreement": agreement_table(agreements_of_halves(judged, options.halves, np.random.default_rng(0))),
        "deviations": deviations_table(names, stood),
        "attacks": attacks_table(names, stood),
        "differences": differences_table(names, judged),
        "cost": cost_table(names, seconds),
    }
    notes = (*plan.league.left_out, *_notes(question), *told(scenario, options.judge))
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


def _planned(question: Question) -> _Plan:
    scenario, seeds, options = question.scenario, question.seeds, question.options
    found = league(scenario, options.settlements, options.credits, options.screenings, options.rewards)
    worth = Worth(options.truth, min(options.truth_rounds, scenario.rounds), options.budget)
    threat = Threat(
        options.horizon, options.principals, options.attackers, options.others, options.workers, options.judge
    )
    scenarios = [each.scenario for each in found.mechanisms]
    return _Plan(
        found,
        [observation(each, seeds, options.judge) for each in scenarios],
        agreements(found.mechanisms, seeds, worth),
        timing(scenarios, seeds),
        [Assault.of(each, threat) for each in found.mechanisms],
        seeds,
    )


def _expected(question: Question, rounds: int) -> str:
    """About how long the study takes, from a few rounds that are played on one processor."""
    ensemble = Ensemble(question.scenario, list(question.seeds[:8]))
    for _ in range(_WARM):
        ensemble.step()
    began = monotonic()
    for _ in range(_TIMED):
        ensemble.step()
    workers = question.options.workers or cores()
    seconds = (monotonic() - began) / _TIMED / len(ensemble.seeds) * rounds
    alone = f"about {_duration(seconds)} of one processor"
    return f"expected: {alone}, {_duration(seconds / workers)} of {workers}" if workers > 1 else f"expected: {alone}"


def _duration(seconds: float) -> str:
    return f"{max(1, round(seconds))} s" if seconds < 90 else f"{round(seconds / 60)} minutes"


def _play(plan: _Plan, pieces: Pieces, workers: int | None) -> tuple[list[Findings], Floats]:
    """What was found of each mechanism, and seconds (turns, M) of the processor."""
    (seconds,) = pieces.play("timing mechanisms", [plan.timing])
    observed = pieces.play("playing mechanisms", plan.observing, workers)
    agreed = pieces.play("finding true values", plan.valuing, workers)
    stood = assail(plan.assaults, plan.seeds, pieces)
    return [Findings(*each) for each in zip(observed, agreed, stood, strict=True)], seconds


def headline(tables: dict[str, pd.DataFrame]) -> str:
    """Who is first over all, who by which criterion alone, and whether other seeds would say the same."""
    league, measures = tables["league"], tables["measures"]
    first = list(league["mechanism"][league["rank"] == league["rank"].min()])
    alone = measures[measures["last"] == 1].groupby("mechanism", sort=False)["criterion"].agg(", ".join)
    surely = "; ".join(f"{mechanism} by {by}" for mechanism, by in alone.items()) or "none by any criterion"
    ties = tables["differences"].groupby("criterion", sort=False)["tie"].all()
    tied = f" All tie by {', '.join(ties.index[ties])}." if ties.any() else ""
    means = "share the first rank" if len(first) > 1 else "ranks first"
    said = f"{in_a_row(first)} {means} over all of {len(league)} mechanisms. Surely best: {surely}.{tied}"
    return f"{said} {_agreeing(tables['agreement'])}"


def _agreeing(agreement: pd.DataFrame) -> str:
    """How far rankings over all criteria from halves of the seeds agree."""
    row = agreement[agreement["criterion"] == ALL]
    tau, low, high = (float(row[name].iloc[0]) for name in ("tau", "tau_low", "tau_high"))
    if not np.isfinite(tau):
        return "Halves of the seeds order nothing."
    return f"Rankings over all from two halves of the seeds agree by τ = {in_brief(tau, low, high, most=2)}."


def _notes(question: Question) -> tuple[str, ...]:
    """What a reader must know to read the tables right."""
    options, scenario = question.options, question.scenario
    worth = (
        f"Shapley values (estimated from {options.budget} coalitions, exact where there are no more)"
        if options.truth == "shapley" else "first-order credit, which some mechanisms pay by"
    )  # fmt: skip
    values = (
        " values kept: true level of the value dimension that is worst off as a multiple of the mean true limit (of a"
        " withheld purpose the limit as a multiple of the level): above 1 it is broken."
    ) if scenario.values.dimensions else ""  # fmt: skip
    return (
        *few_seeds(len(question.seeds)),
        "Ranks: 1 + the number of mechanisms surely better, to the number of all less those surely worse: 1–3. Surely"
        " is by paired differences on the same seeds, all pairs of a criterion together (Holm): with 95 % probability"
        " no pair of it is called different that is not. Nothing corrects for the number of criteria.",
        "rank and last over all follow in the same way from who beats whom: to beat is to be surely better by more"
        " criteria than surely worse. Criteria overlap, so count them with care. dominated_by: others that are surely"
        " better by some criterion and surely worse by none.",
        "agreement: Kendall's τ-b between the orders of estimates from one half of the seeds and from the other; 1 the"
        " same, 0 no more than by chance. A half is a smaller study: forecast is what two studies of as many seeds as"
        " this would agree by (Spearman and Brown), which promises too much where mechanisms are truly equal.",
        "welfare to inequality (Gini of wealth) are means over the last quarter of rounds. IR share: principals whose"
        " payoff is at least the outside option; IR margin: mean of the worst-off tenth over it; both over the whole"
        f" run.{values}",
        f"fairness: Pearson's correlation of payments with {worth}, both summed over the first"
        f" {min(options.truth_rounds, scenario.rounds)} rounds; 0 where everybody is paid the same.",
        f"exploitability: largest mean gain of any of {min(options.principals, scenario.population.count)} principals"
        f" from any deviation of the catalogue over {options.horizon} rounds; others {options.others}. honest payoff:"
        " what one of them earns who does nothing but delegate in these rounds. attack gain and honest loss: by the"
        f" attack that is worst, of {options.attackers:.0%} of principals together (pair: of two), for each attacker"
        " and each of the others.",
        "cost: seconds of one processor for a round of one run, measured in turns, with intervals over turns; another"
        " machine has other seconds, so it has no rank.",
    )
