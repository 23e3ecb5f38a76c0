"""Answers of studies made up in the form of played ones, as far as their figures read them."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from commonweal.scenarios.studies.base import Answer

Levels = Mapping[str, Sequence[Any]]


def table(levels: Levels, estimates: Sequence[str] = (), **more: float) -> pd.DataFrame:
    """A row for each combination of levels; each estimate with its interval.

    Args:
        levels: by column.
        estimates: names of columns x that get x_low and x_high too.
        more: other columns of numbers, by the size of the number.
    """
    found = pd.DataFrame(list(product(*levels.values())), columns=list(levels))
    luck = np.random.default_rng(7)
    for name in estimates:
        found[name] = luck.uniform(0.1, 0.9, len(found))
        found[f"{name}_low"], found[f"{name}_high"] = found[name] - 0.08, found[name] + 0.09
    for name, size in more.items():
        found[name] = size * luck.uniform(0.1, 0.9, len(found))
    return found


def _answer(study: str, **tables: pd.DataFrame) -> Answer:
    return Answer(study, "", tables, (), {"seeds": [0, 1, 2]})


def _calibrate() -> Answer:
    periods = table({"series": ["Zurich", "Boston"], "period": range(1, 9)}, ["predicted", "fitted"], observed=1.0,
                    constant=1.0, no_change=1.0, linear_trend=1.0)  # fmt: skip
    return _answer("calibrate", periods=periods.assign(ahead=periods["period"] > 5))


def _fairness() -> Answer:
    measured = {"of": ["payments"], "against": ["retraining", "per_round", "standalone"],
                "measure": ["pearson", "spearman", "distance"]}  # fmt: skip
    one = {"task": ["digits"], "partition": ["equal"], "labels": ["noisy"]}
    owners = table({**one, "seed": [0, 1], "method": ["traversal", "federated"], "principal": range(4)}, (),
                   retraining=1.0, payments=1.0)  # fmt: skip
    return _answer("fairness", overall=table(measured, ["traversal", "federated"]).assign(seeds=3),
                   economies=table(one), principals=owners.assign(quality=np.where(owners["principal"] < 2, 1.0, 0.5)))


def _free_riding() -> Answer:
    return _answer(
        "free-riding",
        schelling=table({"others_delegating": range(6)},
                        ["payoff_delegate", "payoff_free_ride", "gain_from_delegating"]),
        surface_count=table({"population.count": [10, 20], "cost_factor": [0.5, 1.0, 2.0]}, ["share_delegate"]),
        surface_alpha=table({"settlement.alpha": [0.5, 1.0], "cost_factor": [0.5, 1.0, 2.0]}, ["share_delegate"]),
        hysteresis=table({"costs": ["rising", "falling"], "cost_over_benefit": [0.1, 0.4, 1.6]}, ["share_delegate"]),
        course=table({"round": range(9)}, ["share_delegate"]),
    )  # fmt: skip


def _incentives() -> Answer:
    tried = {"deviation": ["free_ride", "defect", "leave_early", "two_names"], "others": ["adapt", "freeze"]}
    gains = table({**tried, "place": range(5)}, (), gain=1.0)
    places = table({"others": ["adapt", "freeze"], "place": range(5)})
    return _answer(
        "incentives", by_deviation=table(tried, ["gain", "largest"]), gains=gains,
        by_principal=places.assign(action=np.where(places["place"] < 3, "delegate", "free_ride")),
        seeds=table({"others": ["adapt", "freeze"], "seeds": range(2, 7)}, ["gap"]),
    )  # fmt: skip


def _privacy() -> Answer:
    trade = table({"mode": ["paths", "cut", "secure"], "kind": ["none", "NoPeek", "noise at the cut"]},
                  ["recovered", "pearson_undisturbed", "accuracy"])  # fmt: skip
    holdings = table({"defence": ["none"], "samples": [1, 2, 8, 32]}, ["nmse"]).assign(guess=1.0)
    return _answer("privacy", trade=trade, holdings=holdings)


def _staying() -> Answer:
    rules, owners = ["equally", "by samples", "by credit"], [f"St. Anna {place}" for place in range(12)]
    people = table({"rule": rules, "principal": owners}, (), samples=100.0, delegating=1.0)
    people["samples"] = people.groupby("rule").cumcount()
    return _answer("staying", by_rule=table({"rule": rules}, ["staying"]), by_principal=people)


def _synthesis() -> Answer:
    names = ["credit, capped at half the typical, audits", "equally, with stakes and a price of names", "rule 7"]
    rules = table({"rule": names}, (), exploited=1.0, served=1.0).assign(tried=range(3))
    frontier = table({"winner": [True, False]}, ["epsilon", "welfare"])
    attacks = ["free_ride", "stale data under two names", "pair that copies"]
    return _answer("synthesis", rules=rules, frontier=frontier, attacks=table({"attack": attacks, "rule": names}, (),
                   gain=1.0), parts=table({"attack": attacks, "left_out": ["stakes", "the cap"]}, (), more=1.0))


def made_answers() -> dict[str, Answer]:
    """By name of the study."""
    made = (_calibrate(), _fairness(), _free_riding(), _incentives(), _privacy(), _staying(), _synthesis())
    return {answer.study: answer for answer in made}
