"""One run of a folder of results: what it was, how it went, and the command that plays it again."""

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats
from commonweal.agents.documents import differences as documents_differ
from commonweal.agents.errors import InputError
from commonweal.agents.version import software_version
from commonweal.scenarios.reading.stored import FAILED, Stored, in_words, plain
from commonweal.scenarios.runs.text_table import Column, fits, lines, wrapped
from commonweal.scenarios.schema.library import SCENARIO, library_names
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.notation import parse_value, write_value
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.schema.validation import validate
from commonweal.scenarios.sweeps.manifest import code_version

_BARS = "▁▂▃▄▅▆▇█"
_WIDTH = 40  # characters of a sparkline, at most
_BROAD = (_WIDTH, 20, 10)  # of one that finds room
_INDENT = 9  # blanks before what a line says
_WHOLE = ("policy.mix", "policy.options", "[]")  # set as a whole: a share of the base would remain in them


def find_run(runs: pd.DataFrame, wanted: str) -> pd.Series:
    """The row of a run.

    Args:
        runs: one row per run, with run_id.
        wanted: its run_id, or the first digits of it.

    Raises:
        InputError: if no run or more than one fits.
    """
    identities = runs["run_id"].astype(str)
    fits = identities == wanted
    if not fits.any() and wanted:
        fits = identities.str.startswith(wanted)
    if fits.sum() != 1:
        found = "no run" if not fits.any() else f"{fits.sum()} runs"
        near = identities[fits if fits.any() else slice(None)]
        some = ", ".join([*near.head(3), *(["…"] if len(near) > 3 else [])]) or "none"
        raise InputError(f"--run {wanted}: {found} of that number; there are {some}")
    row: pd.Series = runs[fits].iloc[0]
    return row


def describe_run(stored: Stored, row: pd.Series, metrics: list[str], width: int | None = None) -> Iterator[str]:
    """Lines about a run, so wide: its place in the design, its fate, its course, and how to repeat it."""
    yield f"run      {row['run_id']} of {stored.folder}"
    place = f"point    {row['point']}" + "".join(f", {path} = {in_words(row[path])}" for path in stored.factors)
    yield from wrapped(place, width, _INDENT)
    yield f"seed     {row['seed']}"
    if row["status"] == FAILED:
        yield from wrapped(f"failed   at {row['stage']}: {row['message']}", width, _INDENT)
    else:
        words = stored.words()
        shown = {name: words.quality if name == "accuracy" else name for name in metrics if words.has(name)}
        yield from _course(stored.rounds_of(str(row["run_id"])), row, shown, width)
    current = code_version() if stored.cells else software_version()
    if (played := str(row.get("version"))) != current:
        caution = f"caution  played by commonweal {played}; this is {current}, which may play it differently"
        yield from wrapped(caution, width, _INDENT)
    yield f"repeat   {repeat(stored, row)}"
    if stored.cells:
        said = "(the same but for rounding: a run alone may add in another order than together with others)"
        yield from wrapped(f"{'':<{_INDENT}}{said}", width, _INDENT)


def _course(rounds: pd.DataFrame, row: pd.Series, metrics: Mapping[str, str], width: int | None) -> Iterator[str]:
    played = int(rounds["round"].max()) + 1
    why = f", stopped by {row['stopped']}" if isinstance(row.get("stopped"), str) and row["stopped"] else ""
    yield f"rounds   {played}{why}"
    yield ""
    courses = [rounds[name].to_numpy(dtype=np.float64) for name in metrics]
    numbers = {
        "first": [f"{course[0]:.4g}" for course in courses],
        "last": [f"{course[-1]:.4g}" for course in courses],
        "last ¼": [f"{row[name]:.4g}" for name in metrics],
    }
    columns = [Column("metric", list(metrics.values()), number=False), *(Column(*column) for column in numbers.items())]
    drawn = ([*columns, Column("course", [sparkline(course, wide) for course in courses])] for wide in _BROAD)
    fitting = (table for table in drawn if fits(table, width))
    yield from lines(next(fitting, columns), width)
    yield ""


def sparkline(course: Floats, width: int = _WIDTH) -> str:
    """A course as bars between its smallest and largest value; a gap where nothing is known.

    Args:
        course: (T,) values.
        width: characters, at most; longer courses are averaged piece by piece.
    """
    pieces = np.array_split(course, min(width, len(course)))
    means = np.array([piece[np.isfinite(piece)].mean() if np.isfinite(piece).any() else np.nan for piece in pieces])
    if not np.isfinite(means).any():
        return ""
    low, high = np.nanmin(means), np.nanmax(means)
    heights = np.zeros_like(means) if high == low else (means - low) / (high - low) * (len(_BARS) - 1)
    return "".join(" " if np.isnan(height) else _BARS[round(height)] for height in heights)


def repeat(stored: Stored, row: pd.Series) -> str:
    """The command that plays a run again: the nearest scenario of the library, and every field that differs from it."""
    wanted = scenario_of(stored, row)
    start, base = nearest(wanted)
    settings = [f"{path}={short(value)}" for path, value in differences(base, wanted)]
    words = ["commonweal", "run", start, "--seeds", f"{row['seed']},"]
    for setting in settings:
        words += ["--set", setting]
    if isinstance(row.get("stopped"), str) and row["stopped"]:
        words += ["--rounds", str(int(row["rounds"]))]  # it ended there; nothing draws on the number of rounds
    return shlex.join(words)


def short(value: Any) -> str:
    """A value as briefly as ``--set`` takes it: a bare word where that says the same."""
    try:
        bare = isinstance(value, str) and parse_value(value) == value
    except InputError:
        bare = False
    return value if bare else write_value(value)


def scenario_of(stored: Stored, row: pd.Series) -> Scenario:
    """The complete scenario of a run.

    Raises:
        InputError: if the folder does not say what it started from, or its fields are no longer known.
    """
    if stored.cells:
        return revise(validate(stored.plan["base"]), stored.cells[int(row["point"])])
    return revise(load(stored.folder / SCENARIO), {path: plain(row[path]) for path in stored.factors})


def nearest(wanted: Scenario) -> tuple[str, Scenario]:
    """What to start from: the scenario of the same name where the library has one, else the one with fewest changes."""
    names = library_names()
    if wanted.name in names:
        return wanted.name, load(wanted.name)
    loaded = {name: load(name) for name in names}
    best = min(names, key=lambda name: len(list(differences(loaded[name], wanted))))
    return best, loaded[best]


def differences(base: Scenario, wanted: Scenario) -> Iterator[tuple[str, Any]]:
    """Paths and values of ``wanted`` where it differs from ``base``; lists and tables of shares as a whole."""
    documents = (json.loads(scenario.model_dump_json(exclude_none=True)) for scenario in (base, wanted))
    return ((path, value) for path, _, value in documents_differ(*documents, whole=_WHOLE) if value is not None)
