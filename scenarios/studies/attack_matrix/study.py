"""The study ``attacks``: the settlement × attack matrix of any scenario, own rules and own attacks included."""

from collections.abc import Sequence

import pandas as pd

from commonweal.agents.errors import InputError
from commonweal.economy.round.worth import Judge
from commonweal.scenarios.runs.intervals import few_seeds, in_brief
from commonweal.scenarios.runs.text_table import in_a_row
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.relevance import matters
from commonweal.scenarios.schema.scenario import Count, Scenario, field
from commonweal.scenarios.studies.attack_matrix.playing import (
    Row,
    Span,
    honest_base,
    play_matrix,
    rounds_of,
    spread,
)
from commonweal.scenarios.studies.attack_matrix.tables import Judged, judge, matrix_table, settlements_table
from commonweal.scenarios.studies.attack_matrix.tried import attacks_on, demand_known
from commonweal.scenarios.studies.base import Answer, Question, StudyOptions, study
from commonweal.scenarios.studies.compare.mechanisms import objections, settlements_for
from commonweal.scenarios.studies.judging import UNIT, judging, per_round, told, unit_of

_NAMED = 3  # settlements that the headline names one by one


class AttackOptions(StudyOptions):
    """Which settlements are tried against which attacks, by whom and for how long."""

    settlements: tuple[str, ...] = field((), "settlement rules; all that make sense in the scenario if empty", "names")
    attacks: tuple[str, ...] = field(
        (), "attacks, or families of them; the known ones, and all families of files and packages, if empty", "names")
    horizon: Count = field(20, "rounds that an attack lasts", "rounds")
    start: int = field(0, "rounds played before it", "rounds", ge=0, le=1_000_000)
    attackers: Count = field(3, "principals who try each attack in turn, each in a run of its own", "principals")
    honest: bool = field(
        True, "everybody delegates, whatever happens, but for the attack; if false, all follow their policies, and may"
        " react to it")
    judge: Judge = judging()
    confidence: float = field(0.95, "of all intervals", "share", ge=0.5, le=0.999)
    workers: Count | None = field(
        None, "processes; as many as cores if not given; scripts that ask for several need a main guard", "processes")


@study("attacks", AttackOptions, lasts="horizon")
def attack_matrix(question: Question) -> Answer:
    """Which attacks pay under which settlement, and what do they cost the honest?

    Every registered settlement rule, those of `--import` too, against every known attack and every family of attacks of
    your own. An attack is the run of the same seed in which one principal, or a pair, does otherwise: its gain and what
    it costs each other are differences between two runs that share all luck. Read `settlements` first: the largest gain
    that was found under each rule, judged on seeds that did not choose it, and how many attacks surely pay, all
    attacks on a rule judged together. `attacks` has every pair. What is not tried may pay all the same.

    commonweal study attacks commons --seeds 8

    commonweal study attacks commons --import my_rule.py -o settlements=my_rule,credit,equal

    commonweal study attacks commons --import my_attack.py -o attacks=my_attack,sybil
    """
    options, scenario = question.options, question.scenario
    _demand_sense(question)
    base = honest_base(scenario) if options.honest else scenario
    rows, left_out = _rows(base, options)
    span = Span(options.start, options.horizon, "freeze" if options.honest else "adapt", options.judge)
    question.pieces.expect(rounds_of(rows, question.seeds, span))
    found = play_matrix(rows, question.seeds, span, question.pieces, options.workers)
    judged = [judge(row, outcome, options.confidence) for row, outcome in zip(rows, found, strict=True)]
    unit, confidence = unit_of(scenario, options.judge), options.confidence
    tables = {"settlements": settlements_table(judged, confidence), "attacks": matrix_table(judged)}
    notes = (*left_out, *_notes(question, judged), *told(scenario, options.judge))
    said = headline(tables["settlements"], per_round({UNIT: unit}))
    return Answer("attacks", said, tables, notes, {UNIT: unit})


def _demand_sense(question: Question) -> None:
    """Raise InputError where settlements cannot be told apart, or attacks cannot be judged."""
    scenario = question.scenario
    if not matters(scenario, "settlement.kind") or scenario.market.kind == "public_goods":
        raise InputError(f"attacks: settlement.kind decides nothing in {scenario.name} (market.kind ="
                         f" {scenario.market.kind!r})")  # fmt: skip
    if scenario.population.count < 2:
        raise InputError("population.count = 1: attacks needs at least 2 principals, so that one can harm another")
    if len(question.seeds) < 2:
        raise InputError("seeds: attacks needs at least 2, because what pays is judged by the spread between seeds")


def _rows(base: Scenario, options: AttackOptions) -> tuple[list[Row], tuple[str, ...]]:
    """The settlements that are tried with what is tried against each, and why others are not."""
    names, left_out = list(options.settlements), dict[str, str]()
    if len(set(names)) < len(names):
        raise InputError(f"option settlements = {', '.join(names)}: name each once")
    if not names:
        left_out = objections(base)
        names = [name for name in settlements_for(base) if name not in left_out]
    firsts = spread(options.attackers, base.population.count)
    rows = []
    for name in names:
        scenario = revise(base, {"settlement.kind": name})
        rows.append(Row(name, scenario, attacks_on(scenario, options.attacks, options.horizon), firsts))
    demand_known(options.attacks, [row.attacks for row in rows])
    kept = [row for row in rows if row.attacks]
    return kept, tuple(f"{name} is left out: {reason}" for name, reason in left_out.items())


def headline(table: pd.DataFrame, unit: str) -> str:
    """Under which settlements some attack surely pays, and how much at most: no more than the intervals say.

    Args:
        table: of settlements, those under which least is to be gained first.
        unit: of gains.
    """
    pays = table["largest_gain_low"] > 0
    paying, rest = table[pays], table[~pays]
    parts = []
    if len(paying):
        parts.append(f"Under {_listed(paying)} an attack surely pays, the most {_largest(paying, unit)}.")
    if len(rest):
        none = "none surely does" if parts else "no attack that was tried surely pays"
        parts.append(f"Under {_listed(rest)} {none}: the largest gain found is {_largest(rest, unit)}.")
    return " ".join(parts)


def _listed(table: pd.DataFrame) -> str:
    names = list(table["settlement"][::-1])
    rest = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return in_a_row([*names[:_NAMED], *rest])


def _largest(table: pd.DataFrame, unit: str) -> str:
    row = table.iloc[-1]
    gain = in_brief(row["largest_gain"], row["largest_gain_low"], row["largest_gain_high"], sign="+", most=8)
    return f"{gain} {unit} ({row['strongest']} under {row['settlement']})"


def _notes(question: Question, judged: Sequence[Judged]) -> list[str]:
    """What a reader must know to read the tables."""
    options = question.options
    who = "everybody else delegates" if options.honest else "the others follow their policies"
    off, lowest = (max(each.outcome.imbalance for each in judged), min(each.outcome.lowest for each in judged))
    ledger = "every ledger adds up to zero, to the micro-unit" if off == 0 else f"ledgers are off by {off} micro-units"
    least = "no account but the market's is below zero" if lowest >= 0 else f"an account falls to {lowest} micro-units"
    return [
        *few_seeds(len(question.seeds)),
        f"Attacks last {options.horizon} rounds after {options.start}, by each of {len(judged[0].row.firsts)}"
        f" principals in turn; {who}. Fields other than settlement.kind are the scenario's for all rules.",
        "gain_percent: the gain in per cent of the mean payoff of who is honest.",
        f"Budget: {ledger}; {least}.",
    ]
