"""The study ``synthesis``: rules on the frontier of what they serve and how far they can be exploited."""

from dataclasses import replace

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.scenarios.runs.intervals import Interval, few_seeds, mean_interval
from commonweal.scenarios.schema.relevance import learns, sells
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.attacks.registry import Attack
from commonweal.scenarios.studies.base import Answer, Question, study
from commonweal.scenarios.studies.synthesis.attacks import IN_SEARCH, held_out, tried_at_last
from commonweal.scenarios.studies.synthesis.bench import Bench
from commonweal.scenarios.studies.synthesis.judging import (
    SEARCH,
    Judged,
    chosen,
    judge,
    judge_again,
    measured,
    training_rounds,
    unlike_honest,
)
from commonweal.scenarios.studies.synthesis.levers import LEVERS, Rule, said, without
from commonweal.scenarios.studies.synthesis.options import SynthesisOptions
from commonweal.scenarios.studies.synthesis.searching import (
    Tried,
    demand_optuna,
    finalists,
    search,
    those_named,
    undominated,
)


@study("synthesis", SynthesisOptions, lasts="horizon")
def synthesis(question: Question) -> Answer:
    """Which rule serves most and can be exploited least, of thousands made of this library's parts?"""
    scenario, options, seeds = question.scenario, question.options, question.seeds
    _demand_sense(scenario, seeds)
    if not options.only:
        demand_optuna()
    bench = Bench(scenario, options, seeds, options.attackers, question.pieces)
    first = max(seeds) + 1
    fresh = tuple(range(first, first + options.held_out))
    court = replace(bench, seeds=fresh, members=options.judges)
    later = tuple(range(max(fresh) + 1, max(fresh) + 1 + options.last))
    bar = replace(bench, seeds=later, members=options.last_judges or scenario.population.count)
    _expect(bench, court, bar)

    def attempt(name: str, rule: Rule) -> Tried:
        gains = bench.gains(rule, bench.attacks(rule))
        return Tried(name, rule, measured(bench.served(rule), options), gains, bench.honest(rule).payoff)

    if options.only:
        tried = those_named(attempt, options.only)
        final = tried
    else:
        tried = search(attempt, options.rules, min(seeds))
        final = finalists(tried, options.epsilon, options.finalists)
    judged = [judge(each, bench, court) for each in final]
    winner = chosen(judged, options)
    others, gains = of_held_out(winner, court)
    again = judge_again(winner, others, gains, bar)
    most = best_served(judged, winner, again, bar)
    tables = {
        "verdict": attacks_table([again], options).sort_values("gain", ascending=False, ignore_index=True),
        "frontier": frontier(judged, winner, options),
        "attacks": attacks_table(judged, options),
        "parts": parts(winner, court, options),
        "held_out": held_out_table(others, gains, options),
        "rules": rules_table(tried),
    }
    tables = {name: table for name, table in tables.items() if len(table)}  # a rule without parts has no table of them
    notes = _notes(tried, court, bar)
    return Answer("synthesis", headline(again, most, options), tables, notes, {"rule": dict(winner.tried.rule)})


def of_held_out(winner: Judged, court: Bench) -> tuple[tuple[Attack, ...], Floats]:
    """Attacks of families that no search used, and their gains (S, H) from the winner."""
    attacks = court.attacks(winner.tried.rule, held_out)
    if not attacks:
        return (), np.empty((len(court.seeds), 0))
    return unlike_honest(attacks, court.gains(winner.tried.rule, attacks, "attacks held out"))


def best_served(judged: list[Judged], winner: Judged, again: Judged, bar: Bench) -> float:
    """What the finalist that served most serves on the last seeds."""
    best = max(judged, key=lambda each: float(each.served.mean()))
    if best is winner:
        return float(again.served.mean())
    return float(measured(bar.served(best.tried.rule), bar.options).mean())


def frontier(judged: list[Judged], winner: Judged, options: SynthesisOptions) -> pd.DataFrame:
    """A row per finalist, the least exploited first."""
    rows, most = [], max(float(each.served.mean()) for each in judged)
    for each in judged:
        epsilon, served = each.epsilon(options.confidence), mean_interval(each.served, options.confidence)
        rows.append({
            "rule": each.tried.name, "winner": each is winner,
            **_row(served, options.served), "of_best": float(each.served.mean()) / most if most > 0 else np.nan,
            **_row(epsilon, "epsilon"), "binding": each.binding,
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


def held_out_table(attacks: tuple[Attack, ...], gains: Floats, options: SynthesisOptions) -> pd.DataFrame:
    """A row per attack of families that no search used: what it gains from the winner, the most gainful first."""
    if not attacks:
        return pd.DataFrame()
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
    share = f" ({served / most:.0%} of the best found)" if most > 0 else ""
    return (
        f"Of what was tried, {said(winner.tried.rule)}: {options.served} {served:.3g}{share}, ε = {max(high, 0.0):.2g}"
        f" money a round at {options.confidence:.0%} ({pays}; nearest is {winner.binding}), an honest one has"
        f" {payoff:.3g}."
    )


def _row(interval: Interval, name: str) -> dict[str, float]:
    return {column: float(end) for column, end in interval.columns(name).items()}


def _expect(bench: Bench, court: Bench, bar: Bench) -> None:
    """Tell how many rounds there are at most."""
    options, usual = bench.options, {lever.name: lever.settings[-1] for lever in LEVERS}
    each = bench.rounds(usual)
    members = len(bench.seeds) * options.attackers
    searched = options.budget * options.horizon * members + training_rounds(options)
    asked = (len(options.only) or options.finalists) * (searched + court.rounds(usual, tried_at_last))
    more = len(LEVERS) * court.rounds(usual) + court.rounds(usual, held_out)
    last = options.horizon * len(bar.seeds) * bar.members * (options.strongest + len(bar.attacks(usual)))
    bench.pieces.expect((len(options.only) or options.rules) * each + asked + more + last, at_most=True)


def _demand_sense(scenario: Scenario, seeds: tuple[int, ...]) -> None:
    if not (sells(scenario) and learns(scenario)):
        raise InputError("synthesis: market.kind must be model: the rules that are searched divide what a model earns")
    if missing := {"delegate"} - set(scenario.actions.available):
        raise InputError(f"synthesis: actions.available must hold {min(missing)}, which is honest")
    if len(seeds) < 2:
        raise InputError("seeds: synthesis needs at least 2, because its intervals come from the spread between seeds")


def _notes(tried: list[Tried], court: Bench, bar: Bench) -> tuple[str, ...]:
    """What a reader must know to read the tables right."""
    options = bar.options
    return (
        *few_seeds(len(bar.seeds)),
        (f"{len(tried)} rules were asked for; all were" if options.only else
         f"{len(tried)} rules were tried, known ones first, then by NSGA-II (Optuna); {options.finalists} at most were")
        + f" judged on seeds {court.seeds[0]} to {court.seeds[-1]}, which no search saw, and the winner chosen.",
        f"The sentence and the table verdict are of seeds {bar.seeds[0]} to {bar.seeds[-1]}, which chose neither the"
        f" winner nor who attacks it: the catalogue, and the {options.strongest} strongest others so far, held-out"
        f" families among them; {bar.members} principals try each in each seed.",
        f"{options.served.capitalize()} is that of the scenario's own principals over all its rounds"
        + (f", less {options.audit_price:g} money for every audit." if options.served == "welfare" else "."),
        f"An attack is measured against everybody delegating honestly; others follow their policies and may react."
        f" {options.horizon} rounds; {options.judges} principals try each in each seed.",
        f"Against each finalist a coordinate search tried up to {options.budget} further attacks, and a learner trained"
        f" for {options.training} generations. ε is the upper end of the largest gain: what was not tried may gain"
        " more.",
        f"Principals own {options.endowment:g} from the start, of which stakes and names are paid.",
        "worst_off: the tenth of honest principals that has least, over the rounds of an attack.",
        "Attacks that change nothing in any seed are left out: they are honest behaviour by another name.",
        "held_out: families of attacks that neither chose a rule nor were searched.",
        "rules: exploited is the upper end of the largest gain, on the seeds of the search.",
        "parts: every part of the winner is left out in turn; more: what an attack gains more without it.",
    )
