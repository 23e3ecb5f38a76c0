"""From ``FILE.py:NAME`` or ``MODULE:NAME`` to the object of that name, in code that the user named.

A file is run by its contents, as one module whose name never holds where it lies; it sees installed packages, not the
files beside it. A MODULE is what Python can import, or a file that was imported for its rules.
"""

from difflib import get_close_matches
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.agents.files import contents_of
from commonweal.agents.foreign_code import fault_of, run_file
from commonweal.agents.rule_files import imported_as

_PREFIX = "commonweal_data_"  # of the names of modules that files are run as


def object_named(place: str, name: str, where: str) -> Any:
    """What has a name in a module or a file, as the file is now.

    Args:
        place: ``MODULE`` or ``FILE.py``.
        name: in it.
        where: the field of the scenario and its value, for messages.

    Raises:
        InputError: if there is no such module, file or name, or its code raises.
    """
    if not place or not name.isidentifier():
        raise InputError(f"{where}: must end in FILE.py:NAME or MODULE:NAME")
    file = Path(place) if place.endswith(".py") else None
    module = _in_file(file, contents_of(file)) if file else _imported(place, name, where)
    try:
        return getattr(module, name)
    except AttributeError:
        own = [each for each, value in vars(module).items() if each[0] != "_" and not _is_foreign(value, module)]
        close = get_close_matches(name, own, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(own) or 'nothing'}"
        raise InputError(f"{Path(place).name} has no {name!r}; {hint}") from None


def called(make: Any, name: str) -> Any:
    """What a function of the user returns, called with nothing.

    Raises:
        InputError: if it raises; says where and what.
    """
    try:
        return make()
    except (Exception, SystemExit) as error:  # whatever foreign code raises
        raise InputError(f"{name}() raises {told(error)}") from None


def told(error: BaseException, file: Path | None = None) -> str:
    """One line on what foreign code raised: where in its file, and what."""
    line, what = fault_of(error, file)
    return what if line is None else f"line {line}: {what}"


def _is_foreign(value: Any, module: ModuleType) -> bool:
    return isinstance(value, ModuleType) or getattr(value, "__module__", module.__name__) != module.__name__


def _imported(module: str, name: str, where: str) -> ModuleType:
    """A module by its name: of a file that was imported for its rules, or what Python finds."""
    if (found := imported_as(module)) is not None:
        return found
    try:
        if find_spec(module) is None:
            raise ModuleNotFoundError(name=module)
        return import_module(module)
    except (Exception, SystemExit) as error:  # whatever foreign code raises
        if isinstance(error, ModuleNotFoundError) and error.name in (module, module.partition(".")[0]):
            ways = f"name its file, {module}.py:{name}, or install it"
            raise InputError(f"{where}: there is no module {module!r} that Python can import: {ways}") from None
        raise InputError(f"{where}: module {module!r} cannot be imported: {told(error)}") from None


@lru_cache(maxsize=64)
def _in_file(file: Path, contents: str) -> ModuleType:
    """The module of one version of a file."""
    try:
        return run_file(_PREFIX + contents, file, file.read_bytes().decode("utf-8-sig"))
    except (Exception, SystemExit) as error:  # whatever foreign code raises
        raise InputError(f"{file.name} cannot be imported: {told(error, file)}") from None
