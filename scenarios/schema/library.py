"""What comes with the library, and how files of scenarios, sweeps and contracts are found. Imports nothing heavy."""

import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from os import PathLike
from pathlib import Path
from typing import Any

from commonweal.agents.errors import InputError, shown

SCENARIO = "scenario.toml"  # in a folder of one's own, or of results
LIBRARY = Path(__file__).parents[1] / "library"
SWEEPS, CONTRACTS, PROJECTS = LIBRARY / "sweeps", LIBRARY / "contracts", LIBRARY / "projects"


def library_names() -> list[str]:
    """The names of the scenarios that come with the library."""
    return names_in(LIBRARY)


def sweep_names() -> list[str]:
    """The names of the sweeps that come with the library."""
    return names_in(SWEEPS)


def names_in(folder: Path) -> list[str]:
    """The names of the TOML files of a folder."""
    return sorted(file.stem for file in folder.glob("*.toml"))


def described(folder: Path) -> Iterator[tuple[str, str]]:
    """Name and description of each TOML file of a folder."""
    for name in names_in(folder):
        yield name, read_document(folder / f"{name}.toml").get("description", "")


def find_file(name_or_path: str | Path) -> Path:
    """The file of a scenario, given its library name or its path.

    Raises:
        InputError: if there is none; the message lists the library.
    """
    return find(name_or_path, {"scenario": LIBRARY})


def find_sweep(name_or_path: str | Path) -> Path:
    """The file of a sweep or of a scenario, given its library name or its path.

    Raises:
        InputError: if there is none; the message lists the library.
    """
    return find(name_or_path, {"sweep": SWEEPS, "scenario": LIBRARY})


def find(name_or_path: str | Path, folders: Mapping[str, Path]) -> Path:
    """A TOML file, given its name in a library or its path.

    Args:
        name_or_path: a path if it ends in .toml or names a folder; of a folder, the scenario.toml in it.
        folders: of the library by what lies there ("scenario"); the first that has the name counts.

    Raises:
        InputError: if there is none; the message lists the library.
    """
    if not isinstance(name_or_path, str | PathLike):
        what = " or ".join(folders)
        raise InputError(f"{shown(name_or_path)} is no {what}: must be a name of the library, or a path")
    path = Path(name_or_path)
    is_path = path.suffix == ".toml" or len(path.parts) != 1
    named = [path] if is_path else [folder / f"{path}.toml" for folder in folders.values()]
    for file in (*named, path / SCENARIO):
        if is_file(file):
            return file
    if is_path:
        raise InputError(f"{path}: no such {' or '.join(folders)} file")
    known = [name for folder in folders.values() for name in names_in(folder)]
    close = get_close_matches(str(path), known, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    among = f"must be one of {', '.join(known)}, or the path of a .toml file or folder"
    raise InputError(f"unknown {next(iter(folders))} {str(path)!r}: {among}{hint}")


def is_file(path: Path) -> bool:
    """Whether there is such a file; there is none whose name the system refuses, as one that is too long."""
    try:
        return path.is_file()
    except OSError:
        return False


def read_document(file: Path) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises:
        InputError: if it cannot be read or is not TOML.
    """
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"not valid TOML: {error}") from None
    except UnicodeDecodeError:
        raise InputError("not valid TOML: the file is not UTF-8 text") from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from None
