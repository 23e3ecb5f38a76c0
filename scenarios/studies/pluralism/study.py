"""The study ``pluralism``: who is served and who leaves when principals act on their values?"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from commonweal.agents.errors import InputError
from commonweal.scenarios.runs.intervals import few_seeds
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.relevance import minds
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.base import Answer, Question, study
from commonweal.scenarios.studies.judging import UNIT
from commonweal.scenarios.studies.pieces import Pieces
from commonweal.scenarios.studies.pluralism import tables as told
from commonweal.scenarios.studies.pluralism.designs import FREE, UNSCREENED, Design, designs, references, with_concern
from commonweal.scenarios.studies.pluralism.options import PluralismOptions
from commonweal.scenarios.studies.pluralism.playing import Asked, Played
from commonweal.scenarios.studies.pluralism.tables import Judged, Setting, interval_of


@dataclass(frozen=True)
class Plan:
    """Everything that the study plays."""

    scenario: Scenario  # in which principals mind
    compared: tuple[Design, ...]  # the references first
    screened: tuple[Design, ...]  # those of which the strictest are asked too
    rates: Mapping[float, Scenario]  # of experience
    settings: Mapping[Setting, Scenario]  # influence and homophily of camps


@dataclass(frozen=True)
class Found:
    """What became of a plan."""

    judged: tuple[Judged, ...]  # as compared
    relaxed: Mapping[str, Played]  # by design, where the strictest claim the next ones' limits
    rates: Mapping[float, Played]
    settings: Mapping[Setting, Played]


@study("pluralism", PluralismOptions)
def pluralism(question: Question) -> Answer:
    """Who is served and who leaves when principals act on their values: accuracy, violations and participation?"""
    options: PluralismOptions = question.options
    if len(question.seeds) < 2:
        raise InputError("seeds: pluralism needs at least 2, because its intervals come from the spread between seeds")
    scenario = with_concern(question.scenario, options.concern)
    plan, left_out = planned(scenario, options)
    found = play(plan, question.seeds, options, question.pieces)
    tables = _tables(plan, found)
    notes = (*_notes(question, plan), *left_out)
    return Answer("pluralism", headline(tables), tables, notes, {UNIT: "utility"})


def planned(scenario: Scenario, options: PluralismOptions) -> tuple[Plan, list[str]]:
    """What to play, and what is left out.

    Raises:
        InputError: if something that was asked for is not allowed.
    """
    chosen, left_out = designs(scenario, options)
    screened = tuple(each for each in chosen if options.strictest and each.scenario.screening.mode != "off")
    rates = {rate: revise(scenario, {"values.experience": rate}) for rate in options.experience}
    several = len(scenario.values.camps) > 1
    settings: dict[Setting, Scenario] = {
        (influence, homophily): revise(scenario, {"values.influence": influence, "values.homophily": homophily})
        for influence in options.influences for homophily in options.homophily if several
    }  # fmt: skip
    if options.homophily and not several:
        left_out.append("There are no camps in values.camps: whether influence or exit wins is not asked.")
    return Plan(scenario, (*references(scenario), *chosen), screened, rates, settings), left_out


def play(plan: Plan, seeds: tuple[int, ...], options: PluralismOptions, pieces: Pieces) -> Found:
    """Play a plan in S seeds."""
    last = max(1, round(options.last * plan.scenario.rounds))
    asked = [Asked(each.scenario, seeds, last) for each in plan.compared]
    asked += [Asked(each.scenario, seeds, last, options.strictest) for each in plan.screened]
    asked += [Asked(scenario, seeds, last) for scenario in (*plan.rates.values(), *plan.settings.values())]
    identities = [each.piece.identity for each in asked]  # some ask the same: each is played once
    once = {identity: each.piece for identity, each in zip(identities, asked, strict=True)}
    pieces.expect(sum(piece.rounds for piece in once.values()))
    found = dict(zip(once, pieces.play("cooperatives", list(once.values()), options.workers), strict=True))
    played = iter([found[identity] for identity in identities])
    return Found(
        tuple(Judged(each, next(played)) for each in plan.compared),
        {each.name: next(played) for each in plan.screened},
        {rate: next(played) for rate in plan.rates},
        {setting: next(played) for setting in plan.settings},
    )


def _tables(plan: Plan, found: Found) -> dict[str, pd.DataFrame]:
    """All tables, those that nothing was played for left out."""
    senses = np.array([1.0 if each.sense == "withhold" else -1.0 for each in plan.scenario.values.dimensions])
    tables = {
        "frontier": told.frontier(found.judged),
        "served": told.served(found.judged),
        "welfare": told.welfare(found.judged),
        "differences": told.differences(found.judged),
    }
    if found.relaxed:
        tables["tyranny"] = told.tyranny(found.judged, found.relaxed)
    if found.settings:
        tables |= {"influence_or_exit": told.influence_or_exit(found.settings), "camps": told.camps(found.settings)}
        tables["camps_spread"] = told.spreads(found.settings)
    if found.rates:
        tables |= {"erosion": told.erosion(found.rates, senses), "limits": told.limits_course(found.rates)}
    return tables | {"course": told.course(found.judged)}


def headline(tables: Mapping[str, pd.DataFrame]) -> str:
    """Who stays without screening and with it, and what the strictest cost, as far as intervals say so."""
    sentences = [_emptying(tables), _screening(tables)]
    if "tyranny" in tables:
        sentences.append(_strictest(tables["tyranny"]))
    if "influence_or_exit" in tables:
        sentences.append(_camps(tables["influence_or_exit"]))
    if "erosion" in tables and tables["erosion"]["experience"].nunique() > 1:
        sentences.append(_erosion(tables["erosion"]))
    return " ".join(sentences)


def _emptying(tables: Mapping[str, pd.DataFrame]) -> str:
    frontier, change = tables["frontier"], _against(tables["differences"], FREE)
    row = int(np.flatnonzero(change["design"] == UNSCREENED)[0])
    lost = interval_of(change, row, "delegating")
    free, own = (_cell(frontier, name, "delegating") for name in (FREE, UNSCREENED))
    less = "surely fewer than" if lost.high < 0 else "surely more than" if lost.low > 0 else "not surely other than"
    return (
        f"Where broken limits cost their owners something and nothing is screened, {own} delegate, {less} the {free}"
        " without values."
    )


def _screening(tables: Mapping[str, pd.DataFrame]) -> str:
    more = _against(tables["differences"], UNSCREENED)
    surely = int((more["delegating_low"] > 0).sum())
    free = _against(tables["differences"], FREE)
    free = free[free["design"] != UNSCREENED]
    as_many = int((free["delegating_low"] > -0.03).sum())
    best = str(more["design"].iloc[more["delegating"].argmax()])
    frontier = tables["frontier"]
    cells = {name: _cell(frontier, best, name) for name in ("delegating", "violated", "accuracy")}
    return (
        f"Screening surely keeps more of them in {surely} of {len(more)} designs, and in {as_many} surely no more than"
        f" .03 fewer than without values; on average most under {best}: {cells['delegating']} delegate,"
        f" {cells['violated']} are violated, at an accuracy of {cells['accuracy']}."
    )


def _strictest(table: pd.DataFrame) -> str:
    surely = table[table["tyranny_low"] > 0]
    if surely.empty:
        return "No design surely loses accuracy to the strictest."
    row = int(surely["tyranny"].argmax())
    lost = interval_of(surely, row, "tyranny").text(3)
    most = surely["design"].iloc[row]
    return f"The strictest surely cost accuracy in {len(surely)} of {len(table)} designs, most in {most}: {lost}."


def _camps(table: pd.DataFrame) -> str:
    """What wins between camps, setting by setting."""
    number = {name: int((table["wins"] == name).sum()) for name in told.VERDICTS}
    won = [f"{name} in {count}" for name, count in number.items() if count]
    return f"Which wins where camps meet, influence or exit, in {len(table)} ways: {', '.join(won)}."


def _erosion(table: pd.DataFrame) -> str:
    """Whether limits loosen or tighten by gain, at the highest rate."""
    rate = table["experience"].max()
    rows = table[table["experience"] == rate]
    looser, stricter = int((rows["by_gain_low"] > 0).sum()), int((rows["by_gain_high"] < 0).sum())
    return (
        f"Experience at a rate of {rate:g} surely loosens limits in {looser} and tightens them in {stricter} of"
        f" {len(rows)} dimensions."
    )


def _against(differences: pd.DataFrame, reference: str) -> pd.DataFrame:
    return differences[differences["reference"] == reference].reset_index(drop=True)


def _cell(table: pd.DataFrame, design: str, name: str) -> str:
    row = int(np.flatnonzero(table["design"] == design)[0])
    return interval_of(table, row, name).text(3 if name == "violated" else 2)


def _notes(question: Question, plan: Plan) -> tuple[str, ...]:
    """What a reader must know to read the tables right."""
    options, scenario, values = question.options, plan.scenario, plan.scenario.values
    last = max(1, round(options.last * scenario.rounds))
    minded = f"complicity {values.complicity_low:g} to {values.complicity_high:g}"
    if values.outcome_high:
        minded += f", outcome {values.outcome_low:g} to {values.outcome_high:g}"
    whence = "the scenario's own" if minds(question.scenario) and options.concern is None else "set by the study"
    notes = [
        *few_seeds(len(question.seeds)),
        f"values.concern = {values.concern}, {minded} money per unit of probe loss and round ({whence}). Means are over"
        f" the last {last} of {scenario.rounds} rounds; intervals are of 95 % over {len(question.seeds)} seeds, and"
        " differences pair seeds. Nothing corrects for the number of designs.",
        f"{FREE}: values.concern = none and nothing is screened; its utility is money. {UNSCREENED}: principals mind,"
        " and nothing is screened. accuracy is on classes that nobody withholds; violated counts true limits.",
        "frontier: no other design is surely better by delegating, accuracy or violated, and by none worse on average.",
        "nash_welfare: geometric mean of utility beyond staying away, 0 as soon as anybody has nothing beyond it, as"
        " who stays away has; then with_surplus compares first and nash_of_those second (Caragiannis et al. 2019)."
        " Leximin: the worst-off tenth compares first, then the next; ranks that paired intervals, of 95 % for all"
        " tenths together, leave open. worst_off: the mean utility of the worst-off tenth.",
    ]  # fmt: skip
    if plan.screened:
        notes.append(f"tyranny: accuracy gained if the strictest {options.strictest:.0%} in each dimension claimed the"
                     " limits of the strictest of the others; their true limits stay what they are.")  # fmt: skip
    if plan.rates:
        notes.append("erosion: loosened is how far mean true limits moved from the first round to the last, by_gain how"
                     " much further than at the first rate, in the scenario's own design; violated_by_first counts the"
                     " limits that all started with.")  # fmt: skip
    if plan.settings:
        notes.append("influence wins where the spread between camps surely more than halves, exit where most of a camp"
                     " surely stays away at the end; both may.")  # fmt: skip
    if scenario.policy.mix.get("fixed", 0.0) == 1:
        notes.append("policy.mix = fixed: everybody keeps its action, so nobody leaves whatever its values.")
    return tuple(notes)
