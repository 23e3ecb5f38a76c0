"""The command that plays more seeds of a stored sweep, where the folder tells all that it needs."""

import json
import shlex
from math import prod
from pathlib import Path
from typing import Any

from commonweal.scenarios.reading.one_run import differences, nearest, short
from commonweal.scenarios.reading.survey import Survey
from commonweal.scenarios.schema.library import find_sweep, sweep_names
from commonweal.scenarios.schema.notation import as_json
from commonweal.scenarios.schema.validation import validate
from commonweal.scenarios.sweeps.sweep_files import read_sheet

ENOUGH = 16  # seeds that a sweep is offered to be widened to


def more_seeds(survey: Survey, place: str) -> dict[str, Any] | None:
    """What it takes to widen a sweep to ``ENOUGH`` seeds.

    Args:
        survey: of the folder.
        place: how the command names it.

    Returns:
        ``seeds``: how many more, ``seconds`` on one core, and ``command``; None where there are enough, it is no sweep,
        another version played it, or it was played from a file that the folder does not know.
    """
    count = len(survey.seeds)
    begun = begun_by(survey)
    if count >= ENOUGH or begun is None or survey.version != survey.current or "duration" not in survey.runs:
        return None
    words = [*begun, "--seeds", _seeds(survey.seeds), "--extend", "--out", str(Path(place))]
    seconds = float(survey.runs["duration"].mean()) * len(survey.points) * (ENOUGH - count)
    return {"seeds": ENOUGH - count, "seconds": seconds, "command": shlex.join(words)}


def _seeds(seeds: tuple[int, ...]) -> str:
    """All seeds with those that come, as ``--seeds`` takes them."""
    if seeds == tuple(range(len(seeds))):
        return str(ENOUGH)
    more = [seed for seed in range(ENOUGH + len(seeds)) if seed not in seeds]
    return ",".join(map(str, (*seeds, *more[: ENOUGH - len(seeds)])))


def begun_by(survey: Survey) -> list[str] | None:
    """The words that began a sweep, but for its seeds and folder; None where they cannot be told."""
    plan = survey.plan
    if not plan:
        return None
    if _of_library(survey):
        return ["commonweal", "sweep", survey.name]
    levels = {path: _levels(survey, path) for path in survey.factors}
    plain = plan["design"] == {"kind": "grid"} and (plan["metrics"], plan["every"], plan["stop"]) == (None, 1, None)
    if not plain or plan.get("keep") or prod(map(len, levels.values())) != len(survey.points):
        return None
    start, base = nearest(validate(survey.base))
    set_ = [(path, value) for path, value in differences(base, validate(survey.base)) if path not in levels]
    words = ["commonweal", "sweep", start]
    for path, value in set_:
        words += ["--set", f"{path}={short(value)}"]
    for path, values in levels.items():
        words += ["--vary", f"{path}={','.join(map(short, values))}"]
    return words


def _hashable(value: Any) -> Any:
    return (type(value) is bool, value) if not isinstance(value, list | dict) else str(value)


def _of_library(survey: Survey) -> bool:
    """Whether a sweep of the library has the same points, economies and measures."""
    if survey.name not in sweep_names():
        return False
    sheet = read_sheet(find_sweep(survey.name))
    said = {
        "base": sheet.base.model_dump(mode="json", exclude_none=True), "factors": sheet.factors,
        "points": [[point[path] for path in sheet.factors] for point in sheet.draw().points],
        "metrics": sheet.metrics, "every": sheet.every,
    }  # fmt: skip
    plain = json.loads(json.dumps(said, default=as_json))
    return all(survey.plan[name] == value for name, value in plain.items())


def _levels(survey: Survey, path: str) -> list[Any]:
    """The values of a factor, each once."""
    return list({_hashable(point[path]): point[path] for point in survey.points}.values())
