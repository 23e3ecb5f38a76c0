"""``commonweal explain RUN``: plays a stored run again and says why it went as it did."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from commonweal.agents.errors import InputError, within_memory
from commonweal.agents.files import fingerprint
from commonweal.agents.threads import settle_for_one_thread
from commonweal.commands.console import height, say, tell_where, width
from commonweal.scenarios.reading.one_run import find_run
from commonweal.scenarios.reading.replaying import StoredRun, agreement, stored_run
from commonweal.scenarios.reading.survey import Survey, holds_results, survey
from commonweal.scenarios.runs.progress import progress
from commonweal.scenarios.runs.store import EXPLANATIONS
from commonweal.scenarios.runs.text_table import lines
from commonweal.scenarios.studies import STUDIES
from commonweal.scenarios.studies.base import Answer
from commonweal.scenarios.studies.explain import ExplainOptions
from commonweal.scenarios.studies.explain.cells import demand_cells, explain_cells
from commonweal.scenarios.studies.explain.replies import Reply
from commonweal.scenarios.studies.explain.study import demand, explained
from commonweal.scenarios.studies.explain.watching import Run, watch
from commonweal.scenarios.studies.options import read_options
from commonweal.scenarios.studies.pieces import Pieces
from commonweal.scenarios.studies.shown import as_columns

_WIDE = 80  # characters of a table
_HIGH, _LEAST = 12, 6  # lines of a table
_LONGEST = 120  # characters of a file's name before what it holds
_DIGITS = 8  # of a run's number that name it


@dataclass(frozen=True)
class ExplainRequest:
    """What a person asks for."""

    words: Sequence[str]  # the command line, kept with the figures
    run: Path  # a folder of results, or DIR/ID
    seed: int | None  # of the run, where the folder has several
    options: Mapping[str, Any]  # of the study ``explain``, those that are given


@dataclass(frozen=True)
class _Place:
    """What was found at a place: runs, and the one that is meant where one is named."""

    found: Survey
    run: str | None  # its number, or the first digits of it


def conduct_explain(request: ExplainRequest) -> None:
    """Play again, explain, show and keep; without a question say what can be asked.

    Raises:
        InputError: if that is not possible; nothing is left behind then.
    """
    place = _place(request.run)
    options = read_options(STUDIES["explain"], request.options)
    assert isinstance(options, ExplainOptions)  # it is the study's
    if options.everything:
        list_questions(place, request.run)
        return
    if place.run is None and request.seed is None and len(place.found.points) > 1:
        _explain_sweep(request, place.found, options)
    else:
        _explain_run(request, place, options)


def _place(given: Path) -> _Place:
    """The results at a folder, or at DIR/ID.

    Raises:
        InputError: if there are none.
    """
    if given.is_dir() and holds_results(given):
        return _Place(survey(given), None)
    if not given.exists() and given.parent.is_dir() and holds_results(given.parent):
        return _Place(survey(given.parent), given.name)
    said = "is no folder" if not given.is_dir() else "holds no runs of commonweal"
    raise InputError(f"{given}: {said}; name a folder of commonweal run or sweep, or one of its runs as DIR/ID")


def _explain_sweep(request: ExplainRequest, found: Survey, options: ExplainOptions) -> None:
    decision, _, episodes = options.parts
    if decision or episodes:
        first = str(found.runs["run_id"].iloc[0])[:_DIGITS] if len(found.runs) else "ID"
        raise InputError(
            f"{request.run}: holds runs of {len(found.points)} points; decisions and episodes are of one run:"
            f" name it, like {request.run / first}"
        )
    demand_cells(found, options)
    reply = explain_cells(found, options)
    _keep(request, found.folder, "sweep", [reply], found.name)


def _explain_run(request: ExplainRequest, place: _Place, options: ExplainOptions) -> None:
    stored, number = _stored(place, request)
    if "runs" in options.model_fields_set:
        raise InputError("option runs: is of the study; a stored run is one")
    settle_for_one_thread()
    run = Run(stored.scenario, stored.seed, stored.rounds)
    with within_memory(), progress() as tell:
        left_out = demand(run, options)
        pieces = Pieces(f"{stored.name}", None, tell)
        pieces.expect(run.rounds)
        watched = watch(run.scenario, (run.seed,), run.rounds, pieces)
        told = agreement({name: course[0] for name, course in watched.courses.items()}, stored.kept, stored.changes)
        replies = explained([run], watched, options, pieces, left_out)
    say(f"seed {stored.seed} of {place.found.folder}: {told}")
    stem = f"seed-{stored.seed}" if not place.found.plan else f"run-{number[:_DIGITS]}"
    _keep(request, place.found.folder, stem, replies, stored.name)


def _stored(place: _Place, request: ExplainRequest) -> tuple[StoredRun, str]:
    """The run that is meant, the first if none is named, and its number."""
    runs = place.found.runs
    if place.run is not None:
        if request.seed is not None:
            raise InputError(f"--seed {request.seed}: {request.run} names a run already; leave one out")
        row = find_run(runs, place.run)
    elif not len(runs):
        raise InputError(f"{request.run}: no run is finished yet; the same sweep command goes on")
    else:
        if len(place.found.points) > 1:
            raise InputError(f"--seed {request.seed}: there are {len(place.found.points)} points; name a run as DIR/ID")
        wanted = runs if request.seed is None else runs[runs["seed"] == request.seed]
        if not len(wanted):
            raise InputError(f"--seed {request.seed}: must be one of {_listed(sorted(runs['seed']))}")
        row = wanted.iloc[0]
    return stored_run(place.found, row), str(row["run_id"])


def _listed(numbers: Sequence[int], most: int = 8) -> str:
    few = ", ".join(str(number) for number in numbers[:most])
    return f"{few}, …" if len(numbers) > most else few


def _keep(request: ExplainRequest, folder: Path, stem: str, replies: Sequence[Reply], title: str) -> None:
    """Show replies, and keep their explanations and figures beside the results."""
    say(" ".join(reply.sentence for reply in replies))
    for reply in replies:
        print()
        _show(*next(iter(reply.tables.items())))
    print()
    for note in (note for reply in replies for note in reply.notes):
        say(f"note: {note}")
    about, place = {"scenario": title, "command": list(request.words)}, folder / EXPLANATIONS
    from commonweal.figures.printing import pictures_among  # imports matplotlib

    files: list[str] = []
    pictures: list[Path] = []
    for reply in replies:
        (first, *_), name = reply.explanations, _short(f"{stem}-{reply.name}")

        def file(what: str, suffix: str, first: str = first, name: str = name) -> Path:
            return place / (f"{name}.{suffix}" if what == first else f"{name}-{what}.{suffix}")

        for what, why in reply.explanations.items():
            why.save(file(what, "json"))
            files.append(file(what, "json").name)
        answer = Answer("explain", reply.sentence, reply.tables, (), about, reply.explanations)
        pictures += _draw(answer, file)
    tell_where("results", place, files)
    tell_where("figures", place, pictures_among(pictures))


def _draw(answer: Answer, file: Callable[[str, str], Path]) -> list[Path]:
    """Draw the figures of an answer, and say which files they are."""
    from commonweal.figures.printing import keep  # imports matplotlib
    from commonweal.figures.studies import draw

    kept = (keep(figure, file(what, "png").with_suffix("")) for what, figure in draw(answer).items())
    return [each for files in kept for each in files]


def _short(name: str) -> str:
    if len(name) <= _LONGEST:
        return name
    return f"{name[: _LONGEST - 17]}-{fingerprint(name.encode())}"


def _show(name: str, table: pd.DataFrame) -> None:
    """Print the most important rows of a table, of each outcome by itself."""
    if name == "decision":
        table = table[table["answer"] == table["answer"].iloc[0]].drop(columns="answer")
    if name == "cells":
        table = table.merge(table.drop_duplicates("outcome")[["outcome", "cell"]]).drop(columns=["cell", "comes_to"])
    parts = dict(iter(table.groupby("outcome", sort=False))) if "outcome" in table else {"": table}
    high = max(_LEAST, min(_HIGH, height()) // len(parts))
    for outcome, part in parts.items():
        if len(parts) > 1:
            print(outcome)
        plain = part.drop(columns=[column for column in part if len(part) > 1 and part[column].nunique() == 1])
        print("\n".join(lines(as_columns(plain), min(width() or _WIDE, _WIDE), high, "the JSON file has all")))


def list_questions(place: _Place, given: Path) -> None:
    """Say what can be asked of stored runs."""
    found = place.found
    several = place.run is None and len(found.points) > 1
    say(f"What can be asked of {given}:")
    command = f"commonweal explain {given}"
    measures = [name for name in ("welfare", "accuracy", *found.measures) if name in found.measures]
    metric = measures[0] if measures else "welfare"
    if several:
        questions = {f"{command} --outcome {metric}": f"what {', '.join(found.factors)} were worth in every cell"}
        if len(found.runs):
            questions[f"commonweal explain {given / str(found.runs['run_id'].iloc[0])[:_DIGITS]}"] = "about one run"
    else:
        questions = {
            f"{command} --principal 7 --round 40": "why it did what it did; --question prediction or outcome:"
            " what it could expect, what its decision brought",
            f"{command} --outcome {metric}": "what everybody's action was worth, and who does the same",
            f"{command} --episodes 10 --outcome {metric}": "which episodes decided how the run ended",
        }
    for words, what in questions.items():
        say(f"  {words}")
        say(f"      {what}", 6)
    say(f"seeds: {_listed(list(found.seeds))}. Metrics: {', '.join(found.measures)}", 7)
