"""Names of networks in a Python module or file of the user: ``module:MODULE:NAME`` or ``module:FILE.py:NAME``."""

from commonweal.agents.documents import FileName

PREFIX = "module"


def file_of(rest: str) -> str:
    """The file in what follows the prefix; empty where it names a module."""
    return FileName.parts(f"{PREFIX}:{rest}")[1]


def in_short(name: str) -> str:
    """A name as tables and figures show it: of a file without its folder, and without the prefix."""
    named = FileName.of(name)
    if not isinstance(named, FileName) or not name.startswith(f"{PREFIX}:"):
        return name
    return f"{named.file.name}:{name.rpartition(':')[2]}"
