"""What the browser gets of one point of a sweep: its seeds one by one, how they went, what another point differs in."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats, Ints
from commonweal.figures.browser.notes.decimals import aligned, between, decimals_of
from commonweal.figures.browser.swept.measure_names import Name, named
from commonweal.figures.browser.swept.plots import course_plot
from commonweal.figures.browser.swept.sweep_cells import Atlas, reason, standings
from commonweal.scenarios.reading.stored import FAILED
from commonweal.scenarios.reading.survey import Survey
from commonweal.scenarios.runs.intervals import few_seeds, mean_interval, range_of

_COLUMNS = 4  # measures of the table of seeds
_COURSES = 2  # panels of courses
_LINES = 12  # seeds whose courses are drawn
_BUCKETS = 240  # pairs of least and most that a long course is thinned to


def point_document(atlas: Atlas) -> dict[str, Any] | None:
    """The point that is chosen, and the one that it is compared with.

    Returns:
        None where none is chosen. ``number``, ``title``, ``about`` ("4 seeds · 0.78 ± 0.10"); ``before`` and ``after``:
        numbers of the points beside it; ``measures``: names over the columns of the table; ``seeds``: a row a seed with
        ``seed``, ``texts``, ``state`` (played, failed, waiting), ``run`` (what to open; None where there is nothing)
        and ``why``; ``courses``: panels as ``course_plot``; ``few``: what few seeds mean, or ""; ``why``: why the
        first run that failed did, or ""; ``other``: None, or ``number``, ``title``, ``sentence``, and
        ``headers`` and ``rows`` of a table (measure, this, other, difference).
    """
    point, survey = atlas.view.point, atlas.survey
    if point is None or not 0 <= point < len(survey.points):
        return None
    names = _columns(atlas)
    return {
        "kind": "point",
        "number": point,
        "title": _capital(atlas.words(point)),
        "about": _about(atlas, point),
        "before": point - 1 if point else None,
        "after": point + 1 if point + 1 < len(survey.points) else None,
        "measures": [name.short for name in names],
        "seeds": _seeds(survey, point, names),
        "courses": _courses(atlas, point, names[:_COURSES]),
        "few": _few(survey, point),
        "why": standings(survey)(point).why,
        "other": None if atlas.view.other is None else _compared(atlas, point, atlas.view.other, names),
    }


def _columns(atlas: Atlas) -> list[Name]:
    """The measure of the map, then those that matter most."""
    if not atlas.names:
        return []
    first = named(atlas.names, atlas.view.measure)
    return [first, *(name for name in atlas.names if name is not first)][:_COLUMNS]


def _about(atlas: Atlas, point: int) -> str:
    survey = atlas.survey
    seeds = f"{len(survey.seeds)} seed{'s' * (len(survey.seeds) != 1)}"
    if not atlas.names:
        return f"{seeds} · not played yet"
    name = named(atlas.names, atlas.view.measure)
    found = mean_interval(survey.values(name.measure)[:, point], within=range_of(name.measure))
    value, low, high = float(found.value), float(found.low), float(found.high)
    if np.isnan(value):
        return f"{seeds} · {'failed' if standings(survey)(point).failed else 'not played yet'}"
    decimals = decimals_of(name.measure, np.array([value]))
    ends = "" if np.isnan(low) else f", {between(low, high, decimals)}"
    return f"{seeds} · {name.short} {aligned(value, decimals)}{ends}"


def _seeds(survey: Survey, point: int, names: Sequence[Name]) -> list[dict[str, Any]]:
    """A row for each seed of the design."""
    here = {int(run["seed"]): run for run in survey.runs[survey.runs["point"] == point].to_dict("records")}
    digits = [decimals_of(name.measure, survey.values(name.measure)) for name in names]
    rows = []
    for seed in survey.seeds:
        run = here.get(seed)
        failed = run is not None and run["status"] == FAILED
        state = "waiting" if run is None else "failed" if failed else "played"
        texts = [aligned(float(run[name.measure]), digits[place]) if run is not None and not failed else "–"
                 for place, name in enumerate(names)]  # fmt: skip
        rows.append({"seed": int(seed), "texts": texts, "state": state,
                     "run": str(run["run_id"]) if run is not None and not failed else None,
                     "why": reason(run) if run is not None and failed else ""})  # fmt: skip
    return rows


def _courses(atlas: Atlas, point: int, names: Sequence[Name]) -> list[dict[str, Any]]:
    """How each measure went in every seed; the other point's seeds beside them."""
    chosen = [(point, False)] + ([(atlas.view.other, True)] if atlas.view.other is not None else [])
    measures = [name.measure for name in names]
    found = [(other, atlas.survey.courses(number, measures)) for number, other in chosen]
    panels = []
    for name in names:
        lines = [_line(seed, rows, name.measure, other=other)
                 for other, courses in found for seed, rows in list(courses.items())[:_LINES]]  # fmt: skip
        panels.append(course_plot(name.title, lines, share=range_of(name.measure).high == 1))
    return panels


def _line(seed: int, rows: pd.DataFrame, measure: str, *, other: bool) -> dict[str, Any]:
    rounds, values = thinned(rows["round"].to_numpy(dtype=np.int64) + 1, rows[measure].to_numpy(dtype=np.float64))
    return {"seed": seed, "other": other, "rounds": rounds.tolist(),
            "values": [float(f"{value:.4g}") if np.isfinite(value) else None for value in values]}  # fmt: skip


def thinned(rounds: Ints, values: Floats) -> tuple[Ints, Floats]:
    """A course with its least and most of every bucket of rounds, so that peaks stay; as it is where it is short.

    Args:
        rounds: (T,) in order.
        values: (T,).
    """
    if len(rounds) <= 2 * _BUCKETS:
        return rounds, values
    kept: set[int] = {0, len(rounds) - 1}
    for bucket in np.array_split(np.arange(len(rounds)), _BUCKETS):
        known = bucket[np.isfinite(values[bucket])]
        if len(known):
            kept |= {int(known[values[known].argmin()]), int(known[values[known].argmax()])}
    places = np.array(sorted(kept))
    return rounds[places], values[places]


def _few(survey: Survey, point: int) -> str:
    played = standings(survey)(point).played
    if not played or not (said := few_seeds(played)):
        return ""
    return _capital(said[0].partition(",")[0].partition(";")[0]) + "."


def _compared(atlas: Atlas, point: int, other: int, names: Sequence[Name]) -> dict[str, Any]:
    """This point and another, measure by measure, paired by seed."""
    rows: list[list[str]] = []
    said = ""
    for name in names:
        values = atlas.survey.values(name.measure)
        apart = mean_interval(values[:, point] - values[:, other], within=range_of(name.measure).of_differences)
        pair = [float(mean_interval(values[:, number]).value) for number in (point, other)]
        decimals = decimals_of(name.measure, values[:, [point, other]])
        value, low, high = float(apart.value), float(apart.low), float(apart.high)
        sure = low > 0 or high < 0
        ends = "" if np.isnan(low) else f" [{aligned(low, decimals, '+')}, {aligned(high, decimals, '+')}]"
        told = f"{aligned(value, decimals, '+')}{ends}"
        rows.append([name.short, *(aligned(each, decimals) for each in pair), told + " *" * sure])
        seeds = int(np.isfinite(values[:, point] - values[:, other]).sum())
        said = said or _verdict(name, told, seeds, sure=sure)
    title = _capital(atlas.words(other))
    headers = ["", "here", title, "difference, * if sure"]
    return {"number": other, "title": title, "sentence": said, "headers": headers, "rows": rows}


def _verdict(name: Name, difference: str, seeds: int, *, sure: bool) -> str:
    if not seeds:
        return "No seed was played at both points."
    counted = f"{seeds} seed{'s' * (seeds != 1)}"
    if not sure:
        return f"No difference in {name.short} seen with {counted}."
    return f"{_capital(name.short)} {difference}, paired by {counted}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
