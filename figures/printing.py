"""Figures as files: one for each format, the same bytes for the same results, and the data as CSV beside them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from commonweal.agents.files import refusals, replacing
from commonweal.figures.data import data_of
from commonweal.figures.ink import STYLE
from commonweal.figures.looks import look

_EMBEDDED: dict[Any, Any] = {  # type that other programs can read and search, and names that no clock or chance decides
    "pdf.fonttype": 42, "ps.fonttype": 42, "svg.fonttype": "none", "svg.hashsalt": "commonweal",
}  # fmt: skip
_CLOCKS: Mapping[str, dict[str, Any]] = {"pdf": {"CreationDate": None, "ModDate": None}, "svg": {"Date": None}}
_KNOWN = {"pdf": {"Software": "Creator", "Source": "Subject"}, "svg": {"Software": "Creator", "Source": "Source"}}


def keep(figure: Figure, stem: Path, metadata: Mapping[str, str] | None = None, data: str = "") -> list[Path]:
    """Write a figure in every format of the look, and what it draws as CSV beside it.

    Args:
        figure: to write.
        stem: the file without its suffix.
        metadata: Software and Source: where the figure comes from.
        data: name of the CSV file without its suffix, if it is not that of the figure.

    Returns:
        The pictures, then the data.

    Raises:
        InputError: if a file cannot be written.
    """
    pictures = [save(figure, stem.with_name(f"{stem.name}.{suffix}"), metadata) for suffix in look().formats]
    table = stem.with_name(f"{data or stem.name}.csv")
    with refusals(table.parent), replacing(table) as partial:
        data_of(figure).to_csv(partial, index=False, lineterminator="\n")
    return [*pictures, table]


def pictures_among(files: Sequence[Path]) -> list[str]:
    """What ``keep`` wrote, as a person is told: names of pictures, and that their data lie beside them."""
    pictures = [file.name for file in files if file.suffix != ".csv"]
    return [*pictures, f"and the data of {'each' if len(files) > 2 else 'it'} as CSV"] if pictures else []


def save(figure: Figure, path: Path, metadata: Mapping[str, str] | None = None) -> Path:
    """Write a figure whole or not at all.

    Args:
        figure: to write.
        path: file to write; its suffix is the format.
        metadata: Software and Source: where the figure comes from.

    Returns:
        ``path``.

    Raises:
        InputError: if it cannot be written.
    """
    suffix = path.suffix[1:]
    names = _KNOWN.get(suffix, {})
    said = {names.get(name, name): text for name, text in (metadata or {}).items()} | dict(_CLOCKS.get(suffix, {}))
    with refusals(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as partial, rc_context(STYLE | _EMBEDDED):
            figure.savefig(partial, format=suffix, dpi=200, metadata=said)
    return path
