"""Names of what lies in a Python module or file of the user: ``module:MODULE:NAME`` or ``module:FILE.py:NAME``."""

from pathlib import Path

PREFIX = "module"
FORMS = "module:MODULE:NAME or module:FILE.py:NAME"


def full_name(rest: str) -> str:
    """A name as a scenario writes it, from what follows the prefix."""
    return f"{PREFIX}:{rest}"


def file_of(rest: str) -> str:
    """The file in what follows the prefix; empty where it names a module."""
    place, _, _ = rest.rpartition(":")
    return place if place.endswith(".py") else ""


def placed(name: str, folder: Path) -> str:
    """A name, with an absolute path seen from ``folder`` where it names a file."""
    prefix, _, rest = name.partition(":")
    if prefix != PREFIX or not (file := file_of(rest)):
        return name
    return full_name(f"{folder.absolute() / file}:{rest.rpartition(':')[2]}")


def in_short(name: str) -> str:
    """A name as tables and figures show it: of a file without its folder, and without the prefix."""
    prefix, _, rest = name.partition(":")
    if prefix != PREFIX or not (file := file_of(rest)):
        return name
    return f"{Path(file).name}:{rest.rpartition(':')[2]}"
