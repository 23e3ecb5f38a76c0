"""Where commands print: prose and tables as wide and as high as the screen, or as ``COLUMNS`` and ``LINES`` say."""

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from commonweal.scenarios.runs.text_table import Column, lines, wrapped

_AROUND = 8  # lines of a screen that a command needs besides tables and what it says
_MOST = 100  # lines of a table in a file or a pipe


def width() -> int | None:
    """Characters of a line; None in a file or a pipe, where ``COLUMNS`` does not say."""
    return _said("COLUMNS") or _size()[0] or None


def height(beside: Iterable[str] = ()) -> int:
    """Lines that a table may take if so many lines of prose stand around it."""
    screen = _said("LINES") or _size()[1]
    return screen - _AROUND - sum(len(wrapped(text, width())) for text in beside) if screen else _MOST


def say(text: str, indent: int = 0) -> None:
    """Print a line of prose, broken between words; so many blanks stand before what does not fit on the first line."""
    print("\n".join(wrapped(text, width(), indent)))


def listed(entries: Iterable[tuple[str, str]]) -> None:
    """Print names and what they are, a line each or more."""
    entries = list(entries)
    wide = max((len(name) for name, _ in entries), default=0)
    for name, what in entries:
        say(f"{name:<{wide}}  {what}", wide + 2)


def tell_where(what: str, folder: Path, names: Sequence[str]) -> None:
    """Say which files lie in a folder, if there are any."""
    if names:
        say(f"{what:<8} {folder}/ ({', '.join(names)})", 9)


def show(
    columns: Sequence[Column], high: int | None = None, more: str = "", part: bool = False, below: bool = False
) -> int:
    """Print a table.

    Args:
        columns: in the order in which they are shown.
        high: lines that it may take.
        more: where rows that are left out can be found.
        part: whether there are more rows than the columns have.
        below: where all rows are shown, columns without room stand below, beside the first ones again.

    Returns:
        The lines it took.
    """
    printed = lines(columns, width(), high, more, part, below)
    print("\n".join(printed))
    return len(printed)


def _said(name: str) -> int:
    text = os.environ.get(name, "")
    return int(text) if text.isdecimal() else 0


def _size() -> tuple[int, int]:
    """Columns and lines of the terminal, 0 where there is none."""
    try:
        return os.get_terminal_size(sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):  # what a program has put there may be no file
        return 0, 0
