"""The study ``league``: attackers that are known, searched and learned join one after another against one rule."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Ints
from commonweal.agents.errors import InputError
from commonweal.economy.arena.tactics import Constant, Programme
from commonweal.scenarios.runs.intervals import Interval, few_seeds, mean_interval, wanted
from commonweal.scenarios.studies.base import Answer, Question, study
from commonweal.scenarios.studies.best_deviation.study import members_of
from commonweal.scenarios.studies.incentives.base_runs import play_base
from commonweal.scenarios.studies.judging import UNIT, told, unit_of
from commonweal.scenarios.studies.league.judging import Verdict, judged, seeds_after
from commonweal.scenarios.studies.league.known import Known, look_around
from commonweal.scenarios.studies.league.options import CATALOGUE, LeagueOptions
from commonweal.scenarios.studies.league.playing import Bench
from commonweal.scenarios.studies.league.season import Entrant, Season, play_season, rounds_of_season
from commonweal.scenarios.studies.league.words import in_words, moves_seen, seen_in_words

_FIGURES = 3  # of a number in a sentence
_LIKE = 0.9  # share of seeds in which those at a place are of a type, so that they are called by it


@study("league", LeagueOptions, lasts="horizon")
def league(question: Question) -> Answer:
    """Do attackers who learn, or combine what is known, gain more than the catalogue of attacks, and what do they do?

    Families of attacks and a search come first; their strongest join. In each stage learners train while a share of
    the others play the mix at which the game among those known stands still; who earns more than these joins.

    All are frozen. Fresh seeds choose the strongest of the catalogue and its challenger, others compare them, each
    alone among the scenario's own principals. What is found is a lower bound: a longer league may find more.
    """
    scenario, options, seeds = question.scenario, question.options, question.seeds
    _demand_sense(question)
    bench = Bench(scenario, options, question.pieces)
    _expect(bench, len(seeds))
    known = look_around(bench, seeds)
    season = play_season(bench, known, seeds)
    verdict = judged(bench, known, season, seeds)
    watched = _Watched.of(bench, verdict.entrants, seeds_after(seeds, bench)[0])
    tables = {
        "attacks": attacks_table(verdict, watched), "places": places_table(verdict, bench, seeds),
        "mixes": mixes_table(season), "payoffs": payoffs_table(season, options.confidence),
        "learning": learning_table(season), "moves": watched.table,
    }  # fmt: skip
    tables = {name: table for name, table in tables.items() if len(table)}
    unit = unit_of(scenario, options.judge)
    text = headline(verdict, watched, unit, scenario.name)
    return Answer("league", text, tables, _notes(bench, known, season, seeds), {UNIT: unit})


@dataclass(frozen=True)
class _Watched:
    """Networks as they were seen to move, alone among the scenario's own principals."""

    codes: dict[str, Ints]  # (T, B, D) moves in B runs, by entrant
    entrants: tuple[Entrant, ...]

    @classmethod
    def of(cls, bench: Bench, entrants: Sequence[Entrant], seeds: Sequence[int]) -> "_Watched":
        """Let those move whose tactic does not say what they do."""
        seen = [(each.name, each.tactic, each.names) for each in entrants if each.tactic and not _is_told(each)]
        codes = bench.watched([(tactic, names) for _, tactic, names in seen], seeds)
        return cls({name: moved for (name, *_), moved in zip(seen, codes, strict=True)}, tuple(entrants))

    def says(self, entrant: Entrant) -> str:
        """What an entrant does, in words."""
        codes = self.codes.get(entrant.name)
        if codes is None or entrant.tactic is None:
            return in_words(entrant.deviation)
        under = f"; under {entrant.names} names" if entrant.names > 1 else ""
        return seen_in_words(entrant.tactic.moves, codes) + under

    @property
    def table(self) -> pd.DataFrame:
        """A row for each network, part of the rounds, and move that it made."""
        tables = [
            moves_seen(each.tactic.moves, self.codes[each.name]).assign(attack=each.name)
            for each in self.entrants
            if each.tactic is not None and each.name in self.codes
        ]
        if not tables:
            return pd.DataFrame()
        table = pd.concat(tables, ignore_index=True)
        return table[["attack", *(name for name in table if name != "attack")]]


def _is_told(entrant: Entrant) -> bool:
    """Whether a tactic does not look at what it sees, so that it can be told without watching."""
    return isinstance(entrant.tactic, Constant | Programme)


def attacks_table(verdict: Verdict, watched: _Watched) -> pd.DataFrame:
    """A row for each attack of the catalogue and each entrant, the most gainful first."""
    deviations = [*verdict.catalogue, *(each.deviation for each in verdict.entrants)]
    origins = [CATALOGUE] * len(verdict.catalogue) + [each.origin for each in verdict.entrants]
    does = [in_words(each) for each in verdict.catalogue] + [watched.says(each) for each in verdict.entrants]
    names = [each.name.replace("_", "-") for each in deviations]
    rows = [
        {"attack": names[k], "origin": origins[k], **_row(_at(verdict.gain, k), "gain"),
         **_row(verdict.ahead(k), "over_catalogue"), "role": _role(verdict, k), "does": does[k]}
        for k in range(len(deviations))
    ]  # fmt: skip
    return pd.DataFrame(rows).sort_values("gain", ascending=False, ignore_index=True, kind="stable")


def _role(verdict: Verdict, place: int) -> str:
    """What the seeds that chose, or the league, made of an attack."""
    if place == 0:
        return "strongest of the catalogue"
    if place < len(verdict.catalogue):
        return "catalogue"
    if place == verdict.at:
        return "challenger"
    return "joined" if verdict.entrants[place - len(verdict.catalogue)].joined else "did not join"


def places_table(verdict: Verdict, bench: Bench, seeds: Sequence[int]) -> pd.DataFrame:
    """A row for each place in the order of principals: what challenger and catalogue gain there."""
    who = _types(bench, seeds_after(seeds, bench)[1])
    rows = []
    for place in range(verdict.gains.shape[1]):
        here = mean_interval(verdict.gains[:, place], verdict.confidence)
        rows.append({
            "place": place + 1, "who": who[place],
            **_row(_at(here, verdict.at), "challenger"), **_row(_at(here, 0), "catalogue"),
            **_row(verdict.ahead(verdict.at, place), "over_catalogue"),
        })  # fmt: skip
    return pd.DataFrame(rows)


def _types(bench: Bench, seeds: Sequence[int]) -> list[str]:
    """What those at each place are in nearly all seeds, by trait."""
    told = bench.options
    base = play_base(bench.scenario, seeds, told.start, told.horizon, bench.pieces, told.judge)
    members, said = members_of(base, None, told.principals), []
    for place in range(members.shape[1]):
        parts = []
        for trait, types in base.types.items():
            kinds, counts = np.unique(np.take_along_axis(types, members[:, [place]], axis=1), return_counts=True)
            if counts.max() >= _LIKE * len(members):
                parts.append(f"{trait} {kinds[counts.argmax()]}".replace("_", "-"))
        said.append(", ".join(parts))
    return said


def mixes_table(season: Season) -> pd.DataFrame:
    """A row for each stage and strategy: its share of the mix; the last stage is what the league ends with."""
    rows = [
        {"stage": stage, "strategy": name, "share": float(share)}
        for stage, (names, mix) in enumerate(season.mixes, start=1)
        for name, share in zip(names, mix, strict=True)
    ]
    return pd.DataFrame(rows)


def payoffs_table(season: Season, confidence: float) -> pd.DataFrame:
    """A row for each pair of strategies: what one earns in a round where a share of the others play the other."""
    names = [each.name for each in season.playing]
    rows = []
    for own, name in enumerate(names):
        for among, other in enumerate(names):
            reward = mean_interval(season.payoffs[among, own], confidence)
            rows.append({"strategy": name, "among": other, **_row(reward, "reward")})
    return pd.DataFrame(rows)


def learning_table(season: Season) -> pd.DataFrame:
    """A row for each learner and batch of episodes: its mean reward in a round."""
    rows = [
        {"stage": stage, "learner": method, "update": update, "reward": float(reward)}
        for stage, method, learned in season.courses
        for update, reward in enumerate(learned.course, start=1)
    ]
    return pd.DataFrame(rows)


def headline(verdict: Verdict, watched: _Watched, unit: str, name: str) -> str:
    """Whether something beats the catalogue, by how much, what it does, and how much can be gained at all."""
    entrant, gain = verdict.entrants[verdict.challenger], _at(verdict.gain, verdict.at)
    best, ahead = verdict.catalogue[0].name.replace("_", "-"), verdict.ahead(verdict.at)
    if ahead.low > 0:
        found = (
            f"In {name} an attack that is {entrant.origin} surely beats the catalogue: {entrant.name} gains"
            f" {_said(gain)} {unit} a round, {_said(ahead)} more than {best}, the strongest there"
        )
    else:
        found = (
            f"In {name} no attack was found that surely beats the catalogue: the strongest challenger, {entrant.name}"
            f" ({entrant.origin}), gains {_said(gain)} {unit} a round, {_said(ahead)} more than {best}"
            + wanted(ahead, len(verdict.gains))
        )
    return f"{found}. It does this: {watched.says(entrant)}. {_pays(verdict, unit)}"


def _pays(verdict: Verdict, unit: str) -> str:
    most = verdict.exploitability
    end = f"at most {max(float(most.high), 0.0):.{_FIGURES}g} {unit} a round of all that was tried"
    if most.low > 0:
        return f"The rule can surely be exploited, by at least {float(most.low):.{_FIGURES}g}, {end}."
    if most.high <= 0:
        return "Nothing that was tried pays."
    return f"No attack surely pays, {end}."


def _said(interval: Interval) -> str:
    value, low, high = (float(end) for end in (interval.value, interval.low, interval.high))
    return f"{value:.{_FIGURES}g} [{low:.{_FIGURES}g}, {high:.{_FIGURES}g}]"


def _at(interval: Interval, place: int) -> Interval:
    return Interval(interval.value[place], interval.low[place], interval.high[place])


def _row(interval: Interval, name: str) -> dict[str, float]:
    return {column: float(end) for column, end in interval.columns(name).items()}


def _demand_sense(question: Question) -> None:
    if len(question.seeds) < 2:
        raise InputError("seeds: league needs at least 2, because its intervals come from the spread between seeds")
    if question.scenario.population.count < 3:
        raise InputError("population.count: a league needs 3 principals or more")


def _expect(bench: Bench, seeds: int) -> None:
    """Tell how many rounds there are at most."""
    options, members = bench.options, len(bench.members)
    searched = options.budget if options.search != "none" else 0
    judges = (options.choosing + options.held_out) * (20 + options.finalists + options.stages * len(options.methods))
    tried = ((60 + searched) * seeds + judges) * members * (options.start + options.horizon)
    bench.pieces.expect(tried + rounds_of_season(options, seeds, members), at_most=True)


def _notes(bench: Bench, known: Known, season: Season, seeds: Sequence[int]) -> tuple[str, ...]:
    """What a reader must know to read the tables right."""
    options, (choosing, fresh) = bench.options, seeds_after(seeds, bench)
    span, learned = options.start + options.horizon, sum(each.rounds for _, _, each in season.courses)
    searched = len(known.attempts) * len(seeds) * len(bench.members) * span
    alone = [each.name for each in season.entrants if each.tactic is None]
    return (
        *few_seeds(len(fresh)),
        *told(bench.scenario, options.judge),
        f"Budget: {len(known.attempts)} attacks tried by {len(bench.members)} principals each in {len(seeds)} seeds"
        f" ({searched:,} rounds of single runs); {len(season.courses)} learners ({learned:,} rounds),"
        f" {'under 1 name' if known.names == 1 else f'under {known.names} names each'}. Nothing else was tried.",
        f"Seeds {choosing[0]} to {choosing[-1]} choose the strongest of the catalogue and its challenger; seeds"
        f" {fresh[0]} to {fresh[-1]} compare them. So that comparison needs no correction for the number of entrants."
        f" Intervals are of {options.confidence:.0%} over seeds; those of other rows are each by itself.",
        "over_catalogue: how far an attack is ahead of the strongest of the catalogue; its lower end is the lowest"
        f" against any of its {options.rivals} strongest, so that it is above 0 only where all of them are surely"
        " beaten.",
        f"Gains are means over {len(bench.members)} principals, at places spread over their order by policy, first"
        " action and cost; each attacks alone, others follow their policies and may react. places has each of them.",
        f"mixes: shares at which the game among those known stands still; {options.attackers:.0%} of the others play it"
        " while learners train, under one name each. The last stage is what the league ended with.",
        *([f"No menu of moves can say {', '.join(alone)}: judged, but not played against."] if alone else []),
        "moves: what networks were seen to do on the seeds that choose, alone among the scenario's own principals.",
    )
