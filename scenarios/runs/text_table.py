"""Tables as lines of text: no value is cut short or broken; columns that do not fit are left out and named beneath."""

import re
import textwrap
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain, takewhile

from rich.cells import cell_len

_GAP = 2  # blanks between columns
_READABLE = 20  # characters to which text is wrapped, or its longest word
_LEAST = 3  # rows that are shown however low the screen is
_PATH = re.compile(r"[A-Za-z]\w*(\.[\w-]+)+")
_WIDER = "widen the terminal, or set COLUMNS"
MISSING = "–"


@dataclass(frozen=True)
class Column:
    """A column of a table, and how much it matters."""

    name: str  # in full, such as a dotted path
    cells: Sequence[str]  # one a row
    number: bool = True  # stands to the right and is never wrapped
    rank: int = 0  # those of the lowest rank are kept where not all fit, of equal rank the first


def lines(
    columns: Sequence[Column],
    width: int | None = None,
    height: int | None = None,
    more: str = "",
    part: bool = False,
    below: bool = False,
) -> list[str]:
    """A table as lines.

    Args:
        columns: at least one, in the order in which they are shown.
        width: characters of a line, at most; None for as many as it takes. One is longer only where a single word is.
        height: lines of the table in all, at most; None for as many as it takes.
        more: where rows that are left out can be found.
        part: whether there are more rows than the columns have.
        below: where all rows are shown, columns without room stand below, beside the first ones again.
    """
    named = _named(columns)
    widths = _fitted(named, width)
    shown = [(column, wide) for column, wide in zip(named, widths, strict=True) if wide]
    left_out = [column for column, wide in zip(columns, widths, strict=True) if not wide]
    head = _row([(column, column.name, wide) for column, wide in shown], bottom=True)
    head.append((" " * _GAP).join("─" * wide for _, wide in shown))
    rows = [
        _row([(column, text, wide) for (column, wide), text in zip(shown, texts, strict=True)])
        for texts in zip(*(column.cells for column, _ in shown), strict=True)
    ]
    room = None if height is None else height - len(head)
    goes_on = _continued(columns, left_out, width) if below and _rows_within(rows, room) == len(rows) else []
    if goes_on:
        return [*head, *chain.from_iterable(rows), "", *lines(goes_on, width, below=True)]
    names = "; ".join(column.name for column in left_out)
    beneath = wrapped(f"no room for {names}: {_WIDER}", width) if left_out else []
    fitting = _rows_within(rows, None if room is None else room - len(beneath))
    if left := len(rows) - fitting:
        rest = f"… and {'at least ' * part}{left} more {'row' if left == 1 else 'rows'}" + (f": {more}" if more else "")
        beneath = [*wrapped(rest, width), *beneath]
    return [*head, *chain.from_iterable(rows[:fitting]), *beneath]


def _continued(columns: Sequence[Column], left_out: Sequence[Column], width: int | None) -> list[Column]:
    """What tells rows apart, as far as it leaves room, and the columns that had none; nothing where they never have."""
    first = list(takewhile(lambda column: not column.number, columns)) or columns[:1]
    shown = [column for column in columns if column not in left_out]
    again = [replace(column, rank=-1) for column in first if column in shown] or [replace(shown[0], rank=-1)]
    for kept in range(len(again), 0, -1):
        table = [*again[:kept], *left_out]
        if any(_fitted(_named(table), width)[kept:]):
            return table
    return []


def _rows_within(rows: Sequence[Sequence[str]], room: int | None) -> int:
    """How many rows take so many lines, with one left over that says how many there are more."""
    ends = list(accumulate(len(row) for row in rows))
    if room is None or not len(ends) or ends[-1] <= room:
        return len(rows)
    return min(len(rows), max(_LEAST, bisect_right(ends, room - 1)))


def wrapped(text: str, width: int | None, indent: int = 0) -> list[str]:
    """Prose as lines that break between words alone.

    Args:
        text: of one line.
        width: characters of a line; None for all in one.
        indent: blanks before every line but the first.
    """
    if width is None:
        return [text]
    shape = textwrap.TextWrapper(width, break_long_words=False, break_on_hyphens=False)
    shape.subsequent_indent = " " * indent
    return shape.wrap(text)


def heads(columns: Sequence[Column]) -> list[str]:
    """What stands over each column: the last part of a dotted path, or all of it where two would be alike."""
    short = [column.name.rpartition(".")[2] if _PATH.fullmatch(column.name) else column.name for column in columns]
    count = Counter(short)
    return [last if count[last] == 1 else column.name for last, column in zip(short, columns, strict=True)]


def _named(columns: Sequence[Column]) -> list[Column]:
    return [replace(column, name=head) for column, head in zip(columns, heads(columns), strict=True)]


def fits(columns: Sequence[Column], width: int | None) -> bool:
    """Whether no column needs to be left out."""
    return all(_fitted(_named(columns), width))


def _fitted(columns: Sequence[Column], width: int | None) -> list[int]:
    """The width of each column, 0 where it is left out."""
    whole, least = [_whole(column) for column in columns], [_least(column) for column in columns]
    if width is None:
        return whole
    widths, room = [0] * len(columns), width + _GAP
    for place in sorted(range(len(columns)), key=lambda place: columns[place].rank):
        if least[place] + _GAP <= room or not any(widths):
            widths[place] = least[place]
            room -= least[place] + _GAP
    for place in range(len(columns)):  # what is left over goes to words that would be wrapped
        if widths[place]:
            widths[place] += (added := min(max(room, 0), whole[place] - least[place]))
            room -= added
    return widths


def _whole(column: Column) -> int:
    return max(map(cell_len, (column.name, *column.cells)))


def _least(column: Column) -> int:
    """Numbers stay whole; text and what stands over a column may be wrapped between words."""
    cells = max(map(cell_len, column.cells), default=0)
    if not column.number:
        cells = min(cells, max([_READABLE, *map(_longest_word, column.cells)]))
    return max(cells, _longest_word(column.name))


def _longest_word(text: str) -> int:
    return max(map(cell_len, text.split()), default=0)


def _row(cells: Sequence[tuple[Column, str, int]], bottom: bool = False) -> list[str]:
    """The lines of a row: text that is wrapped takes several, beside which shorter text stands at the top or bottom."""
    pieces = [[text] if cell_len(text) <= wide else wrapped(text, wide) for _, text, wide in cells]
    tall = max(map(len, pieces))
    empty = [[""] * (tall - len(piece)) for piece in pieces]
    stacked = [none + piece if bottom else piece + none for none, piece in zip(empty, pieces, strict=True)]
    sides = [(column.number, wide) for column, _, wide in cells]
    return [
        (" " * _GAP).join(_set(part, *side) for part, side in zip(parts, sides, strict=True)).rstrip()
        for parts in zip(*stacked, strict=True)
    ]


def _set(text: str, to_the_right: bool, wide: int) -> str:
    blanks = " " * (wide - cell_len(text))
    return blanks + text if to_the_right else text + blanks


def labels(values: Mapping[str, Sequence[str]]) -> list[Column]:
    """Columns of varied fields. One that says the same as one before it is the first to give way.

    Args:
        values: by path, the field's value in every row, as it is written.
    """
    columns: list[Column] = []
    for path, cells in values.items():
        told = any(len(set(zip(before.cells, cells, strict=True))) == len(set(before.cells)) for before in columns)
        columns.append(Column(path, cells, number=False, rank=4 if told else 1))
    return columns


def in_a_row(texts: Sequence[str]) -> str:
    """Texts as a sentence lists them: "a, b and c"."""
    return " and ".join(filter(None, (", ".join(texts[:-1]), texts[-1])))
