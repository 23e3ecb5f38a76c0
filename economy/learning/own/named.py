"""From ``module:MODULE:NAME`` or ``module:FILE.py:NAME`` to the class or function of that name.

A file is run by its contents, as one module whose name never holds where it lies; it sees installed packages, not the
files beside it. A MODULE is what Python can import, or a file that was imported with ``--import``, by its name.
"""

import sys
import traceback
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from commonweal.agents.errors import InputError
from commonweal.agents.files import contents_of
from commonweal.agents.module_names import FORMS, PREFIX, file_of, full_name

_RULES = "commonweal_import_"  # begins the names of modules that --import makes of files

Maker = Callable[..., Any]  # what gives a module, or a backbone and a head


class Everything:
    """Stands for all that can be named: any text after the colon may be one, and none is listed."""

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())


def maker_named(rest: str) -> Maker:
    """The class or function that a name stands for, as its file is now.

    Args:
        rest: what follows the prefix: ``MODULE:NAME`` or ``FILE.py:NAME``.

    Raises:
        InputError: if there is none, or what has the name makes no network.
    """
    place, _, name = rest.rpartition(":")
    if not place or not name.isidentifier():
        raise InputError(f"{full_name(rest)!r}: must be {FORMS}")
    file = file_of(rest)
    module = _in_file(Path(file), contents_of(Path(file))) if file else _imported(place, name)
    where = Path(file).name if file else place
    if not hasattr(module, name):
        raise InputError(f"{where} has no {name!r}; {_offers(module, name)}")
    made: Any = getattr(module, name)
    if isinstance(made, nn.Module):
        raise InputError(f"{where}: {name} is a module made already: name its class, or a function that makes it")
    if not callable(made) or (isinstance(made, type) and not issubclass(made, nn.Module)):
        raise InputError(f"{where}: {name} is no torch.nn.Module, and no function that makes one")
    return made  # type: ignore[no-any-return]


def _offers(module: ModuleType, name: str) -> str:
    """What a module has that could be meant."""
    own = [each for each, value in vars(module).items() if _makes(value, module)]
    if close := get_close_matches(name, own, n=1):
        return f"did you mean {close[0]!r}?"
    return f"it has {', '.join(own)}" if own else "it defines no class or function"


def _makes(value: Any, module: ModuleType) -> bool:
    return callable(value) and getattr(value, "__module__", "") == module.__name__


def _imported(module: str, name: str) -> ModuleType:
    """A module by its name: of a file that was imported for its rules, or what Python finds."""
    for known, found in reversed(list(sys.modules.items())):
        if known.startswith(_RULES) and Path(getattr(found, "__file__", "") or "").stem == module:
            return found
    try:
        if find_spec(module) is None:
            raise ModuleNotFoundError(name=module)
        return import_module(module)
    except (Exception, SystemExit) as error:  # whatever foreign code raises
        if isinstance(error, ModuleNotFoundError) and error.name in (module, module.partition(".")[0]):
            ways = f"name its file, {PREFIX}:{module}.py:{name}, or install it"
            raise InputError(f"there is no module {module!r} that Python can import: {ways}") from None
        raise InputError(f"module {module!r} cannot be imported: {_said(error, None)}") from None


@lru_cache(maxsize=64)
def _in_file(file: Path, contents: str) -> ModuleType:
    """The module of one version of a file."""
    module = ModuleType(f"commonweal_network_{contents}")
    module.__file__ = str(file)
    sys.modules[module.__name__] = module  # what its dataclasses are looked up in
    try:
        source = file.read_bytes().decode("utf-8-sig")
        exec(compile(source, str(file), "exec"), vars(module))
    except (Exception, SystemExit) as error:  # whatever foreign code raises
        del sys.modules[module.__name__]
        raise InputError(f"{file.name} cannot be imported: {_said(error, file)}") from None
    return module


def _said(error: BaseException, file: Path | None) -> str:
    """One line on what foreign code raised: where in its file, and what."""
    if isinstance(error, SystemExit):
        return "it ends the program"
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: {type(error).__name__}: {error.msg}"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if file is not None and frame.filename == str(file)]
    where = f"line {lines[-1]}: " if lines else ""
    return f"{where}{type(error).__name__}: {' '.join(str(error).split())}"
