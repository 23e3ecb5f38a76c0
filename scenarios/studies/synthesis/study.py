"""The study ``synthesis``: rules on the frontier of what they serve and how far they can be exploited."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.scenarios.runs.intervals import Interval, few_seeds, mean_interval
from commonweal.scenarios.schema.relevance import learns, sells
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.attacks.registry import Attack
from commonweal.scenarios.studies.base import Answer, Question, study
from commonweal.scenarios.studies.best_deviation.search import Record, by_coordinate
from commonweal.scenarios.studies.best_deviation.space import Candidate, deviation_of, plain, space_of
from commonweal.scenarios.studies.incentives.playing import Span, play_deviations, rounds_of
from commonweal.scenarios.studies.intervals import largest_interval
from commonweal.scenarios.studies.pieces import Pieces
from commonweal.scenarios.studies.synthesis.attacks import (
    IN_SEARCH,
    by_members,
    held_out,
    tried_at_last,
    tried_in_search,
)
from commonweal.scenarios.studies.synthesis.levers import LEVERS, Rule, said, under, without
from commonweal.scenarios.studies.synthesis.options import SynthesisOptions
from commonweal.scenarios.studies.synthesis.playing import Life, Served, of_attacks
from commonweal.scenarios.studies.synthesis.searching import Tried, demand_optuna, finalists, search, undominated

Which = Callable[[Scenario, int], tuple[Attack, ...]]
SEARCH = "search"  # the family of what was found against one rule
_SEARCHED = 3  # attacks of the search against a finalist that are judged on held-out seeds, best first


@dataclass(frozen=True)
class Bench:
    """Plays rules of a scenario on some seeds."""

    scenario: Scenario
    options: SynthesisOptions
    seeds: tuple[int, ...]
    members: int  # who try an attack, in each seed
    pieces: Pieces

    @property
    def span(self) -> Span:
        """Attacks begin with the first round, and others may react."""
        return Span(0, self.options.horizon, "adapt", "money")

    def attacks(self, rule: Rule, which: Which = tried_in_search) -> tuple[Attack, ...]:
        """What is tried against a rule."""
        return which(under(rule, self.scenario, self.options, honest=True), self.options.horizon)

    def gains(self, rule: Rule, attacks: tuple[Attack, ...], what: str = "attacks") -> Floats:
        """(S, A) gains of attacks on a rule under which everybody else begins honestly."""
        tried = by_members(attacks, self.scenario.population.count, self.members)
        honest = under(rule, self.scenario, self.options, honest=True)
        found = play_deviations(honest, self.seeds, [tried] * len(self.seeds), self.span,
                                workers=self.options.workers, pieces=self.pieces, what=what)  # fmt: skip
        return of_attacks(found.gains, attacks)

    def served(self, rule: Rule) -> Served:
        """What a rule brings about where principals follow the scenario's own policies."""
        life = Life(under(rule, self.scenario, self.options, honest=False), self.seeds, self.scenario.rounds)
        return self._lived(life)

    def honest(self, rule: Rule) -> Served:
        """What a rule brings about where all are honest, over the rounds of an attack."""
        life = Life(under(rule, self.scenario, self.options, honest=True), self.seeds, self.options.horizon)
        return self._lived(life)

    def _lived(self, life: Life) -> Served:
        lived: Served = self.pieces.play("lives", [life.piece], self.options.workers)[0]
        return lived

    def rounds(self, rule: Rule, which: Which = tried_in_search) -> int:
        """Rounds of single runs that it takes to try a rule."""
        tried = by_members(self.attacks(rule, which), self.scenario.population.count, self.members)
        lives = (self.scenario.rounds + self.options.horizon) * len(self.seeds)
        return rounds_of([tried] * len(self.seeds), self.span) + lives


@study("synthesis", SynthesisOptions)
def synthesis(question: Question) -> Answer:
    """Which rule serves most and can be exploited least, of thousands made of this library's parts?"""
    scenario, options, seeds = question.scenario, question.options, question.seeds
    _demand_sense(scenario, seeds)
    demand_optuna()
    bench = Bench(scenario, options, seeds, options.attackers, question.pieces)
    first = max(seeds) + 1
    fresh = tuple(range(first, first + options.held_out))
    court = replace(bench, seeds=fresh, members=options.judges)
    _expect(bench, court)

    def attempt(name: str, rule: Rule) -> Tried:
        gains = bench.gains(rule, bench.attacks(rule))
        return Tried(name, rule, measured(bench.served(rule), options), gains, bench.honest(rule).payoff)

    tried = search(attempt, options.rules, min(seeds))
    judged = [judge(each, bench, court) for each in finalists(tried, options.epsilon, options.finalists)]
    most = max(float(each.served.mean()) for each in judged)
    winner = chosen(judged, options)
    tables = {
        "frontier": frontier(judged, winner, most, options),
        "attacks": attacks_table(judged, options),
        "parts": parts(winner, court, options),
        "held_out": held_out_table(winner, court, options),
        "rules": rules_table(tried),
    }
    tables = {name: table for name, table in tables.items() if len(table)}  # a rule without parts has no table of them
    notes = _notes(tried, fresh, winner, options)
    return Answer("synthesis", headline(winner, most, options), tables, notes, {"rule": dict(winner.tried.rule)})


@dataclass(frozen=True)
class Judged:
    """A finalist, judged on seeds that the search never saw."""

    tried: Tried
    served: Floats  # (S,)
    honest: Served  # where everybody is
    attacks: tuple[Attack, ...]  # A, of all families that are not held out, then of the search against it
    gains: Floats  # (S, A)

    def epsilon(self, confidence: float) -> Interval:
        """() the largest gain from any attack; its upper end is ε."""
        return largest_interval(self.gains, confidence)


def measured(served: Served, options: SynthesisOptions) -> Floats:
    """(S,) what a rule is judged by; from welfare what audits cost is taken."""
    if options.served == "welfare":
        return served.welfare - options.audit_price * served.audits
    found: Floats = getattr(served, options.served)
    return found


def judge(tried: Tried, bench: Bench, court: Bench) -> Judged:
    """Search for further attacks on a rule, then judge the rule and all attacks on held-out seeds."""
    options, scenario = bench.options, under(tried.rule, bench.scenario, bench.options, honest=True)

    def gains_of(candidates: Any) -> Floats:
        return bench.gains(tried.rule, tuple(_found(c) for c in candidates), "attacks of a search")

    record = Record(gains_of, options.budget)
    space = _space(scenario, options.horizon)
    by_coordinate(space, record, min(bench.seeds))
    best = [_found(each.candidate) for each in sorted(record.evaluations, key=lambda each: -each.gain)]
    known = bench.attacks(tried.rule, tried_at_last)
    seen = {each.identity for each in (*known, _found(plain(space)))}
    attacks = (*known, *[each for each in best if each.identity not in seen][:_SEARCHED])
    return Judged(tried, measured(court.served(tried.rule), options), court.honest(tried.rule), attacks,
                  court.gains(tried.rule, attacks))  # fmt: skip


def _found(candidate: Candidate) -> Attack:
    return Attack(SEARCH, deviation_of(candidate, 0))


def _space(scenario: Scenario, horizon: int) -> dict[str, tuple[Any, ...]]:
    """Where attacks are searched: without delegating as an attack of its own, since all delegate."""
    space = space_of(scenario, horizon)
    return {**space, "does": tuple(each for each in space["does"] if each != "delegate")}


def chosen(judged: list[Judged], options: SynthesisOptions) -> Judged:
    """The winner: it serves most of those whose ε is allowed, or has the smallest ε where none is."""
    high = [float(each.epsilon(options.confidence).high) for each in judged]
    allowed = [each for each, end in zip(judged, high, strict=True) if end <= options.epsilon]
    if allowed:
        return max(allowed, key=lambda each: float(each.served.mean()))
    return judged[int(np.argmin(high))]


def frontier(judged: list[Judged], winner: Judged, most: float, options: SynthesisOptions) -> pd.DataFrame:
    """A row per finalist, the least exploited first."""
    rows = []
    for each in judged:
        epsilon, served = each.epsilon(options.confidence), mean_interval(each.served, options.confidence)
        binding = each.attacks[int(each.gains.mean(axis=0).argmax())].name
        rows.append({
            "rule": each.tried.name, "winner": each is winner,
            **_row(served, options.served), "of_best": float(each.served.mean()) / most if most > 0 else np.nan,
            **_row(epsilon, "epsilon"), "binding": binding,
            **_row(mean_interval(each.honest.payoff, options.confidence), "honest"),
            **_row(mean_interval(each.honest.worst_off, options.confidence), "worst_off"),
            "in_words": said(each.tried.rule),
        })  # fmt: skip
    return pd.DataFrame(rows).sort_values("epsilon_high", ignore_index=True)


def attacks_table(judged: list[Judged], options: SynthesisOptions) -> pd.DataFrame:
    """A row per finalist and attack: the gain on held-out seeds, and as a share of an honest payoff."""
    rows = []
    for each in judged:
        found = mean_interval(each.gains, options.confidence)
        for k, attack in enumerate(each.attacks):
            value, low, high = (float(end[k]) for end in (found.value, found.low, found.high))
            rows.append({
                "rule": each.tried.name, "attack": attack.name,
                "family": attack.family,
                "gain": value, "gain_low": low, "gain_high": high, "relative": value / float(each.honest.payoff.mean()),
            })  # fmt: skip
    return pd.DataFrame(rows)


def parts(winner: Judged, court: Bench, options: SynthesisOptions) -> pd.DataFrame:
    """A row per lever of the winner and attack: what the attack gains more where that lever is left out."""
    rows = []
    kept = [k for k, each in enumerate(winner.attacks) if each.family in (*IN_SEARCH, SEARCH)]
    attacks = tuple(winner.attacks[k] for k in kept)
    for name, rule in without(winner.tried.rule).items():
        gains = court.gains(rule, attacks, f"attacks without {name}")
        found, more = (mean_interval(each, options.confidence) for each in (gains, gains - winner.gains[:, kept]))
        for k, attack in enumerate(attacks):
            rows.append({"left_out": name, "attack": attack.name} | {
                f"{what}{end}": float(getattr(of, part)[k])
                for what, of in (("gain", found), ("more", more))
                for end, part in (("", "value"), ("_low", "low"), ("_high", "high"))
            })  # fmt: skip
    return pd.DataFrame(rows)


def held_out_table(winner: Judged, court: Bench, options: SynthesisOptions) -> pd.DataFrame:
    """A row per attack of families that no search used: what it gains from the winner, the most gainful first."""
    attacks = court.attacks(winner.tried.rule, held_out)
    if not attacks:
        return pd.DataFrame()
    gains = court.gains(winner.tried.rule, attacks, "attacks held out")
    columns = mean_interval(gains, options.confidence).columns("gain")
    about = {"attack": [each.name for each in attacks], "family": [each.family for each in attacks]}
    return pd.DataFrame(about | columns).sort_values("gain", ascending=False, ignore_index=True)


def rules_table(tried: list[Tried]) -> pd.DataFrame:
    """A row per rule that was tried, in order."""
    good, exploited = (np.array([getattr(each, name) for each in tried]) for name in ("good", "exploited"))
    table = pd.DataFrame({
        "tried": np.arange(1, len(tried) + 1), "rule": [each.name for each in tried], "served": good,
        "exploited": exploited, "honest": [float(each.payoff.mean()) for each in tried],
        "on_frontier": undominated(good, exploited),
    })  # fmt: skip
    return table.join(pd.DataFrame([{lever.name: each.rule[lever.name] for lever in LEVERS} for each in tried]))


def headline(winner: Judged, most: float, options: SynthesisOptions) -> str:
    """The winner, what it serves and what attacks gain from it."""
    epsilon, served = winner.epsilon(options.confidence), float(winner.served.mean())
    high, payoff = float(epsilon.high), float(winner.honest.payoff.mean())
    pays = "no attack tried pays" if high <= 0 else (
        "some attack surely pays" if float(epsilon.low) > 0 else "no attack surely pays")  # fmt: skip
    binding = winner.attacks[int(winner.gains.mean(axis=0).argmax())].name
    share = f" ({served / most:.0%} of the best found)" if most > 0 else ""
    return (
        f"Of what was tried, {said(winner.tried.rule)}: {options.served} {served:.3g}{share}, ε = {max(high, 0.0):.2g}"
        f" money a round at {options.confidence:.0%} ({pays}; nearest is {binding}), an honest one has {payoff:.3g}."
    )


def _row(interval: Interval, name: str) -> dict[str, float]:
    return {column: float(end) for column, end in interval.columns(name).items()}


def _expect(bench: Bench, court: Bench) -> None:
    """Tell how many rounds there are at most."""
    options, usual = bench.options, {lever.name: lever.settings[-1] for lever in LEVERS}
    each = bench.rounds(usual)
    members = len(bench.seeds) * options.attackers
    searched = options.budget * options.horizon * members
    asked = options.finalists * (searched + court.rounds(usual, tried_at_last))
    more = len(LEVERS) * court.rounds(usual) + court.rounds(usual, held_out)
    bench.pieces.expect(options.rules * each + asked + more, at_most=True)


def _demand_sense(scenario: Scenario, seeds: tuple[int, ...]) -> None:
    if not (sells(scenario) and learns(scenario)):
        raise InputError("synthesis: market.kind must be model: the rules that are searched divide what a model earns")
    if missing := {"delegate"} - set(scenario.actions.available):
        raise InputError(f"synthesis: actions.available must hold {min(missing)}, which is honest")
    if len(seeds) < 2:
        raise InputError("seeds: synthesis needs at least 2, because its intervals come from the spread between seeds")


def _notes(
    tried: list[Tried], fresh: tuple[int, ...], winner: Judged, options: SynthesisOptions
) -> tuple[str, ...]:
    """What a reader must know to read the tables right."""
    return (
        *few_seeds(len(fresh)),
        f"{len(tried)} rules were tried, known ones first, then by NSGA-II (Optuna); {options.finalists} at most were"
        f" judged on seeds {fresh[0]} to {fresh[-1]}, which the search never saw.",
        f"{options.served.capitalize()} is that of the scenario's own principals over all its rounds"
        + (f", less {options.audit_price:g} money for every audit." if options.served == "welfare" else "."),
        f"An attack is measured against everybody delegating honestly; others follow their policies and may react."
        f" {options.horizon} rounds; {options.judges} principals try each in each seed.",
        f"Against each finalist a coordinate search tried up to {options.budget} further attacks; its best"
        f" {_SEARCHED} are judged too. ε is the upper end of the largest gain: what was not tried may gain more.",
        f"Principals own {options.endowment:g} from the start, of which stakes and names are paid.",
        "worst_off: the tenth of honest principals that has least, over the rounds of an attack.",
        "held_out: families of attacks that neither chose a rule nor were searched.",
        "rules: exploited is the upper end of the largest gain, on the seeds of the search.",
        "parts: every part of the winner is left out in turn; more: what an attack gains more without it.",
    )
