"""How figures are printed: over a column of a journal, a page or a slide, in which formats, and with how large a type.

A figure is laid out in inches at which its type has 8 points, then magnified as a whole to the size of its type.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from commonweal.agents.errors import InputError

ONE_COLUMN, TWO_COLUMNS = 3.5, 7.2  # inches, the widths of most journals
FORMATS = ("png", "pdf", "svg")
LAID_OUT = 8.0  # points of type at which figures are laid out
LEAST_TYPE = 6.0  # points; no text is smaller
_LEAST, _MOST = 2.5, 40.0  # inches of a figure's width
_PANEL = 1.85  # inches that a panel needs in the layout


@dataclass(frozen=True)
class Style:
    """What figures are printed on."""

    width: float  # inches
    type: float  # points of text
    fills: bool  # whether every figure is as wide as that; narrower ones stay narrow otherwise


STYLES: Mapping[str, Style] = {
    "column": Style(ONE_COLUMN, 7.0, fills=True),
    "page": Style(TWO_COLUMNS, LAID_OUT, fills=False),
    "slide": Style(10.0, 14.0, fills=True),
}


@dataclass(frozen=True)
class Look:
    """How figures are printed.

    Raises:
        InputError: if there is no such style or format, or the width is not that of a figure.
    """

    style: str = "page"  # () of STYLES
    width: float | None = None  # () inches; the style's own if None
    formats: tuple[str, ...] = FORMATS[:1]  # of FORMATS, each once

    def __post_init__(self) -> None:
        """Check everything."""
        if self.style not in STYLES:
            raise InputError(f"figures-style {self.style!r}: must be one of {', '.join(STYLES)}")
        if not self.formats or (unknown := [name for name in self.formats if name not in FORMATS]):
            given = unknown[0] if self.formats else ""
            raise InputError(f"figures {given!r}: must be of {', '.join(FORMATS)}, separated by commas")
        if self.width is not None and not _LEAST <= self.width <= _MOST:
            raise InputError(f"figures-width {self.width:g}: must be {_LEAST:g} to {_MOST:g} inches")

    @property
    def scale(self) -> float:
        """How much larger figures are printed than laid out."""
        return STYLES[self.style].type / LAID_OUT

    @property
    def room(self) -> float:
        """Inches of the widest figure, as it is laid out."""
        return (self.width or STYLES[self.style].width) / self.scale

    def across(self, width: float) -> float:
        """Inches of a figure in the layout.

        Args:
            width: on a page, inches.
        """
        if STYLES[self.style].fills or width > 0.75 * TWO_COLUMNS:
            return self.room
        return min(width * max(1.0, self.room / TWO_COLUMNS), self.room)

    def beside(self, panels: int) -> int:
        """How many of the panels of a row stand beside each other, so that each has room; the others go below."""
        most = max(1, int(self.room / _PANEL))
        if panels <= most or self.room >= 0.97 * TWO_COLUMNS:
            return panels
        if (panels, most) == (3, 2):
            return 1
        return -(-panels // -(-panels // most))


_CURRENT: ContextVar[Look] = ContextVar("look", default=Look())  # noqa: B039 - it is frozen


def look() -> Look:
    """How figures are printed here and now."""
    return _CURRENT.get()


@contextmanager
def printed_as(wanted: Look) -> Iterator[None]:
    """While the block runs, figures are drawn and saved in this look."""
    token = _CURRENT.set(wanted)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def read_look(formats: str | None = None, style: str | None = None, width: float | None = None) -> Look:
    """The look that a person asks for.

    Args:
        formats: names of formats, separated by commas; png if None.
        style: name of a style; page if None.
        width: inches; the style's own if None.

    Raises:
        InputError: if there is no such style or format, or the width is not that of a figure.
    """
    names = [name.strip().lower() for name in (formats or FORMATS[0]).split(",")]
    return Look(style or "page", width, tuple(dict.fromkeys(name for name in names if name)))
