"""``commonweal init`` and ``commonweal check``: a scenario around a table, and what a scenario would do."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.commands.console import say, show
from commonweal.economy.tasks.tables.reading import read_table
from commonweal.economy.tasks.tables.table import listed
from commonweal.scenarios.runs.text_table import labels
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.starting import begin, check, guess_label, guess_owner
from commonweal.scenarios.starting.writing import Begun, file_of, kind_of

_SHOWN = 24  # principals


@dataclass(frozen=True)
class InitRequest:
    """What a person asks for; None where it is asked or guessed."""

    folder: Path
    data: str | None
    label: str | None
    owner: str | None
    weight: str = ""
    split: str = ""
    metric: str = "auto"
    force: bool = False


def conduct_init(request: InitRequest) -> None:
    """Ask for what is not said, and write a scenario.

    Raises:
        InputError: if the table cannot be used; nothing is written then.
    """
    data = request.data or _asked("Table, a CSV or parquet file (hospitals: a made-up one)", "hospitals", "--data FILE")
    file = file_of(data)
    table = read_table(kind_of(file), file)
    say(f"{file.name}: {len(table)} rows; columns {listed(table.columns, 20)}")
    label = request.label or _chosen("Column that is learned", guess_label(table), "--label COLUMN")
    owner = request.owner
    if owner is None:
        owner = _chosen("Column of owners (- for none)", guess_owner(table, label), "--owner COLUMN")
    begun = begin(request.folder, data, label, "" if owner == "-" else owner, weight=request.weight,
                  split=request.split, metric=request.metric, force=request.force)  # fmt: skip
    _told(begun)
    if not sys.stdin.isatty() and (request.label is None or request.owner is None):
        say("what was not given is guessed: --label and --owner say otherwise")


def _told(begun: Begun) -> None:
    whose = f"its {begun.owners} owners, by {begun.owner}, are the principals" if begun.owner else (
        f"its rows are spread over {begun.owners} principals")  # fmt: skip
    say(f"{begun.scenario}: learns {begun.label}; {whose}")
    print(f"next:  commonweal check {begun.scenario}\n       commonweal study staying {begun.scenario} --seeds 16")


def _asked(question: str, usual: str, option: str) -> str:
    """What a person types, or presses Enter for.

    Raises:
        InputError: if nobody can be asked.
    """
    if not sys.stdin.isatty():
        raise InputError(f"nobody can be asked here: say {option}")
    try:
        return input(f"{question} [{usual}]: ").strip() or usual
    except EOFError:
        raise InputError(f"nobody answers here: say {option}") from None


def _chosen(question: str, guess: str, option: str) -> str:
    """A guess that a person confirms or corrects, where there is one to be asked."""
    if sys.stdin.isatty():
        return _asked(question, guess or "-", option)
    return guess or "-"


def conduct_check(scenario: str, changes: Mapping[str, Any], seeds: Sequence[int]) -> None:
    """Print what a scenario would do.

    Raises:
        InputError: if it cannot be set up.
    """
    loaded = load(scenario, changes)
    found = check(loaded, len(seeds))
    frame = found.owners.head(_SHOWN)
    columns = {str(name): [_cell(value) for value in frame[name]] for name in frame}
    show(labels(columns), _SHOWN + 4)
    print()
    wide = max(len(name) for name, _ in found.said)
    for name, text in found.said:
        say(f"{name.ljust(wide)}  {text}", wide + 2)
    for doubt in found.doubts:
        say(f"note: {doubt}", 6)
    say(f"{loaded.name} can be played: commonweal run {scenario}")


def _cell(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)
