"""Figures of the study of explanations: a decision and its course, everybody's action, episodes, cells of a sweep."""

from collections.abc import Callable
from dataclasses import replace
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats
from commonweal.economy.explaining.explanation import Explanation
from commonweal.figures.explained import beeswarm, dividend_graph, profile_map, shaded_course, waterfall
from commonweal.figures.explained import draw as drawn
from commonweal.figures.explained.marks import common_words
from commonweal.scenarios.schema.field_titles import field_titles, value_title
from commonweal.scenarios.studies.base import Answer

_MOST = 4  # outcomes or runs with a figure of their own
_CODES = {float(action): action.name.lower() for action in Action}
_BY_RUN = ("base", "value", "values", "standard_error", "interactions", "residual")


def draw(answer: Answer) -> dict[str, Figure]:
    """Figures by name; those of an explanation begin with its name."""
    parts = {"decision": _decision, "course": _course, "actions": _actions, "episodes": _episodes, "cells": _cells}
    figures: dict[str, Figure] = {}
    for name, why in answer.explanations.items():
        figures |= parts[name](answer, why) if name in parts else {name: drawn(why)}
    return figures


def _decision(answer: Answer, why: Explanation) -> dict[str, Figure]:
    """Of what was done."""
    return {"decision": drawn(why)}


def _course(answer: Answer, why: Explanation) -> dict[str, Figure]:
    """Of the answer whose decision is explained, else of what was done most often."""
    table = answer.tables["course"]
    decision = answer.explanations.get("decision")
    done = "" if decision is None else decision.provenance.get("taken", "")
    often = table["action"].value_counts().index
    name = next(each for each in (done, *often, *why.answers) if each in why.answers)
    return {"course": beeswarm(why, why.answers.index(name), seen_of(table))}


def seen_of(course: pd.DataFrame) -> pd.DataFrame:
    """A row for each decision of a course, a column for each reason: what was seen, last actions by name.

    Args:
        course: a row for each decision and reason: round, reason, seen.
    """
    seen = course.pivot(index="round", columns="reason", values="seen").sort_index()
    return seen.assign(**{"last action": seen["last action"].map(_CODES)}) if "last action" in seen else seen


def _actions(answer: Answer, why: Explanation) -> dict[str, Figure]:
    """A waterfall for each outcome of one run, or a map of several runs, and its pairs; one map of many outcomes."""
    table = answer.tables["actions"]
    seeds = list(dict.fromkeys(table["seed"]))
    chosen = _chosen(table, why, seeds)
    figures: dict[str, Figure] = {}
    if len(why.answers) > _MOST:
        labels = [name.replace("_", " ") for name in why.answers]
        return {"actions": profile_map(_answers_as_runs(why), labels=labels)}
    for place, name in enumerate(why.answers or ("",)):
        key = "actions" if not place else f"actions-{_in_a_name(name)}"
        if len(why.value) > 1:
            labels = [f"seed {seed}" for seed in seeds]
            figures[key] = profile_map(why, place, labels, chosen)
        else:
            said = {each: act.replace("_", "-") for each, act in zip(why.names, chosen[0], strict=True)}
            figures[key] = waterfall(why, answer=place, seen=said)
        if why.interactions is not None and len(why.names) > 1:
            figures[key.replace("actions", "dividends")] = dividend_graph(why, answer=place)
    return figures


def _chosen(table: pd.DataFrame, why: Explanation, seeds: list[int]) -> list[list[str]]:
    """(R, P) what each principal did in the run of each seed."""
    first = table.drop_duplicates(["seed", "principal"]).set_index(["seed", "principal"])["action"]
    return [[str(first[seed, name]) for name in why.names] for seed in seeds]


def _answers_as_runs(why: Explanation) -> Explanation:
    """The answers of the first run as runs of one answer."""
    what = common_words([name.replace("_", " ") for name in why.answers])
    what = what.removesuffix(" of") or "each outcome"
    return _by_run(why, lambda array: np.moveaxis(array[0], -1, 0)[..., None], (what,))


def _by_run(why: Explanation, change: Callable[[Floats], Floats], answers: tuple[str, ...]) -> Explanation:
    """With all arrays changed along the axis of runs."""
    arrays: dict[str, Any] = {name: getattr(why, name) for name in _BY_RUN}
    changed: dict[str, Any] = {name: None if array is None else change(array) for name, array in arrays.items()}
    return replace(why, answers=answers, **changed)


def _in_a_name(outcome: str) -> str:
    return outcome.replace("_", "-").replace(" ", "-")


def _episodes(answer: Answer, why: Explanation) -> dict[str, Figure]:
    """The course of each outcome of each of the first runs, shaded."""
    table, rounds = answer.tables["episodes"], answer.tables["rounds"]
    ends = table.drop_duplicates("episode").set_index("episode").loc[list(why.names)]
    episodes = [range(int(first), int(last) + 1) for first, last in zip(ends["first"], ends["last"], strict=True)]
    figures = {}
    for run, (seed, course) in enumerate(rounds.groupby("seed", sort=False)):
        for place, name in enumerate(why.answers[:_MOST]):
            key = "-".join(("episodes", *([f"seed-{seed}"] if run else []), *([_in_a_name(name)] if place else [])))
            series = course.sort_values("round")[name].to_numpy(dtype=np.float64)
            if run < _MOST and np.isfinite(series).all():
                figures[key] = shaded_course(series, episodes, why, run, place)
    return figures


def _cells(answer: Answer, why: Explanation) -> dict[str, Figure]:
    """A map of all cells for each outcome, the best one first."""
    table = answer.tables["cells"]
    settings = table.drop_duplicates(["cell", "field"]).set_index(["cell", "field"])["is"]
    figures = {}
    for place, name in enumerate(why.answers[:_MOST]):
        order = np.argsort(-why.value[:, place], kind="stable")
        best_first = replace(_by_run(why, itemgetter(order), why.answers), names=tuple(field_titles(why.names)))
        chosen = [[value_title(field, str(settings[cell, field])) for field in why.names] for cell in order]
        labels = [f"cell {cell}" for cell in order]
        key = "cells" if not place else f"cells-{_in_a_name(name)}"
        figures[key] = profile_map(best_first, place, labels, chosen)
    return figures
