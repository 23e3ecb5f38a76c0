"""The study ``staying``: under which rules do principals keep contributing, and which of them leave?"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.economy.tasks.names import names_of
from commonweal.scenarios.runs.intervals import ANYWHERE, SHARE, Interval, Range, few_seeds, mean_interval
from commonweal.scenarios.runs.text_table import in_a_row
from commonweal.scenarios.schema.scenario import Count, Scenario, Share, field
from commonweal.scenarios.studies.base import Answer, Question, StudyOptions, study
from commonweal.scenarios.studies.compare.mechanisms import League, league
from commonweal.scenarios.studies.compare.ranking import surely_more
from commonweal.scenarios.studies.staying.playing import Asked, Played

_NAMED = 3  # of those who leave, in a sentence
_TOGETHER = ("sure, in differences: judged for all pairs of rules together (Holm), so that a single interval may leave"
             " out 0 and its difference not be sure.")  # fmt: skip


class StayingOptions(StudyOptions):
    """Which rules are compared, and who counts as staying."""

    settlements: tuple[str, ...] = field(
        (), "settlement rules; all that are registered and make sense if empty", "names")
    credits: tuple[str, ...] = field((), "credit rules; the scenario's own if empty", "names")
    rewards: tuple[str, ...] = field((), "model reward rules; the scenario's own if empty", "names")
    last: Share = field(0.25, "share of the rounds, at the end, that means are over")
    least: Share = field(0.5, "share of those rounds in which a principal must delegate to count as staying")
    workers: Count | None = field(
        None, "processes; as many as cores if not given; scripts that ask for several need a main guard", "processes")


@dataclass(frozen=True)
class Found:
    """What became of M rules in S seeds with N principals, in the order of ``names``, most staying first."""

    names: tuple[str, ...]  # M rules
    played: tuple[Played, ...]  # M
    principals: tuple[str, ...]  # N
    staying: Floats  # (S, M) how many stay


@study("staying", StayingOptions)
def staying(question: Question) -> Answer:
    """Under which rules do principals keep contributing, and which of them leave?

    Every rule is played on the same seeds. A principal stays in a seed if it delegates in at least half of the last
    quarter of rounds. Read `by_rule` first: how many stay under each rule, and how many fewer than under the best;
    `by_principal` says who, by name where data have owners.

    commonweal study staying commons

    commonweal study staying my_data/scenario.toml -o 'settlements=["equal", "data", "credit"]' --seeds 16
    """
    scenario, options = question.scenario, question.options
    _demand_sense(scenario)
    compared = league(scenario, options.settlements, options.credits, (), options.rewards)
    found = _ordered(compared, _play(question, compared), names_of(scenario), options.least)
    tables = {"by_rule": by_rule(found), "by_principal": by_principal(found), "differences": differences(found)}
    together = (_TOGETHER,) if len(found.names) > 2 else ()
    notes = (*compared.left_out, *alike(found), *together, *few_seeds(len(question.seeds)))
    return Answer("staying", headline(found, tables), tables, notes)


def _demand_sense(scenario: Scenario) -> None:
    """Raise InputError where nobody can stay or leave."""
    others = set(scenario.actions.available) - {"delegate"}
    if "delegate" not in scenario.actions.available or not others:
        raise InputError("staying: actions.available must hold delegate and another action, to be chosen between")


def _play(question: Question, compared: League) -> list[Played]:
    rounds = max(1, ceil(question.options.last * question.scenario.rounds))
    asked = [Asked(each.scenario, question.seeds, rounds).piece for each in compared.mechanisms]
    question.pieces.expect(sum(piece.rounds for piece in asked))
    played: list[Played] = question.pieces.play("rules", asked, question.options.workers)
    return played


def _ordered(compared: League, played: Sequence[Played], principals: tuple[str, ...], least: float) -> Found:
    number = np.stack([each.staying(least) for each in played], axis=1)
    order = np.argsort(-number.mean(axis=0), kind="stable")
    names = [compared.mechanisms[place].name for place in order]
    return Found(tuple(names), tuple(played[place] for place in order), principals, number[:, order])


def by_rule(found: Found) -> pd.DataFrame:
    """A row per rule: how many stay, the share of rounds in which principals delegate, quality and welfare."""
    people = Range(0.0, float(len(found.principals)))
    return pd.DataFrame({
        "rule": found.names,
        **mean_interval(found.staying, within=people).columns("staying"),
        **_over(found, [each.delegating.mean(axis=1) for each in found.played], SHARE).columns("delegating"),
        **_over(found, [each.quality for each in found.played], SHARE).columns("quality"),
        **_over(found, [each.welfare for each in found.played], ANYWHERE).columns("welfare"),
    })  # fmt: skip


def _over(found: Found, values: Sequence[Floats], within: Range) -> Interval:
    """(M,) means over seeds of what each rule gave, (S,) each."""
    return mean_interval(np.stack(values, axis=1), within=within)


def by_principal(found: Found) -> pd.DataFrame:
    """A row per rule and principal: the share of rounds in which it delegates at the end, and what it is paid."""
    rows = []
    for name, played in zip(found.names, found.played, strict=True):
        rows.append(pd.DataFrame({
            "rule": name,
            "principal": found.principals,
            "samples": played.samples.mean(axis=0),
            **mean_interval(played.delegating, within=SHARE).columns("delegating"),
            **mean_interval(played.payoff).columns("payoff"),
        }))  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def differences(found: Found) -> pd.DataFrame:
    """How many more stay under one rule than under another; of all pairs together, those are sure that stay so.

    Of rules under which principals do exactly the same only the first is compared.
    """
    distinct = [place for place in range(len(found.names)) if place not in _repeated(found)]
    staying, names = found.staying[:, distinct], np.array(found.names)[distinct]
    one, other = np.triu_indices(len(distinct), k=1)
    people = float(len(found.principals))
    within = Range(-people, people)
    interval = mean_interval(staying[:, one] - staying[:, other], within=within)
    more = surely_more(staying, within=within)
    sure = more[one, other] | more[other, one]
    return pd.DataFrame({"rule": names[one], "other": names[other], **interval.columns("more"), "sure": sure})


def _repeated(found: Found) -> dict[int, int]:
    """Rules under which principals do exactly as under an earlier one here: their places, and that one's."""
    seen: dict[bytes, int] = {}
    firsts = [seen.setdefault(each.delegating.tobytes(), place) for place, each in enumerate(found.played)]
    return {place: first for place, first in enumerate(firsts) if first < place}


def alike(found: Found) -> list[str]:
    """A sentence for each rule and those under which principals do exactly the same here."""
    repeated = _repeated(found)
    groups: dict[int, list[str]] = {}
    for place, first in repeated.items():
        groups.setdefault(first, []).append(found.names[place])
    return [
        f"Under {in_a_row(names)} principals do exactly what they do under {found.names[first]} here."
        for first, names in groups.items()
    ]


def headline(found: Found, tables: dict[str, pd.DataFrame]) -> str:
    """Under which rule most stay, which rules surely keep fewer, and who leaves under the best."""
    best, between = tables["by_rule"].iloc[0], tables["differences"]
    fewer = list(between[(between["rule"] == best["rule"]) & between["sure"]]["other"])
    alike = [name for place, name in enumerate(found.names) if place in _repeated(found)]
    rest = [name for name in found.names[1:] if name not in (*fewer, *alike)]
    interval = f"{best['staying']:.1f} [{best['staying_low']:.1f}, {best['staying_high']:.1f}]"
    most = "On average most stay" if rest else "Most stay"
    said = [f"{most} under {best['rule']}: {interval} of {len(found.principals)}."]
    if best["staying_high"] < len(found.principals) / 2:
        said = [f"No rule keeps half of the {len(found.principals)}; most stay under {best['rule']}: {interval}."]
    if fewer:
        said.append(f"Surely fewer stay under {in_a_row(fewer)}.")
    if rest:
        said.append(f"Under {in_a_row(rest)} there may be as many.")
    return " ".join([*said, _leavers(tables["by_principal"], best["rule"])]).strip()


def _leavers(table: pd.DataFrame, rule: str) -> str:
    """Who surely delegates in less than half of the last rounds under a rule."""
    own = table[table["rule"] == rule]
    away = list(own[own["delegating_high"] < 0.5]["principal"])
    if not away:
        return ""
    shown = in_a_row(away[:_NAMED] + [f"{len(away) - _NAMED} others"] * (len(away) > _NAMED))
    return f"Even there {shown} mostly stay{'s' * (len(away) == 1)} away."
