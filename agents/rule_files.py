"""Rules of one's own from a file: a Python file that registers them is imported by its contents, here and in workers.

A file is one module, whose name holds a fingerprint of what it says and never where it lies. It sees installed
packages, not the files beside it: its contents are all of it, and a worker on another machine is sent nothing else.
"""

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType

from commonweal.agents.errors import InputError, shown
from commonweal.agents.files import fingerprint
from commonweal.agents.foreign_code import located, run_file
from commonweal.agents.registry import REGISTRIES

_PREFIX = "commonweal_import_"  # of the names of modules


@dataclass(frozen=True)
class RuleFile:
    """A file of rules as it was read."""

    path: str  # absolute, where it was read; for messages alone
    source: str  # what it says

    @property
    def name(self) -> str:
        """The file's own name, without its folder."""
        return Path(self.path).name

    @property
    def module(self) -> str:
        """The module's name: the file's, and a fingerprint of what it says."""
        stem = re.sub(r"\W", "_", Path(self.path).stem, flags=re.ASCII)
        return f"{_PREFIX}{stem}_{fingerprint(self.source.encode())[:8]}"


_imported: dict[str, RuleFile] = {}  # by the name of the module, in the order in which they were imported
_faults: dict[str, str] = {}  # by the name of the module: why a worker could not import it


def import_rules(file: str | Path) -> ModuleType:
    """Import a Python file, so that its rules can be used by name. A file imported twice is one import.

    A file that says something else than when it was last imported takes the place of what it was.

    Args:
        file: where it is.

    Returns:
        The module, with all that the file defines.

    Raises:
        InputError: if there is no such file, it raises, or it registers a name that is taken; names file and line.
    """
    found = _read(Path(file))
    if found.module not in _imported:
        _forget(found.path)
        _run(found)
    return sys.modules[found.module]


def imported_rules() -> tuple[RuleFile, ...]:
    """All files that were imported, for worker processes to import too."""
    return tuple(_imported.values())


def imported_as(stem: str) -> ModuleType | None:
    """The module of the newest imported file of a name without ``.py``; None if there is none."""
    found = [name for name, file in _imported.items() if Path(file.path).stem == stem]
    return sys.modules[found[-1]] if found else None


def import_again(files: Iterable[RuleFile]) -> None:
    """Import in a worker process what the process that started it has imported; what fails is told who needs it."""
    for file in files:
        if file.module not in _imported:
            try:
                _run(file)
            except InputError as error:
                _faults[file.module] = f"in a worker process {error}"


def import_modules(modules: Sequence[str]) -> None:
    """Import modules that register rules, in a worker process.

    Raises:
        InputError: if one is a file of rules that could not be imported there.
    """
    for module in modules:
        if module in _faults:
            raise InputError(_faults[module])
        import_module(module)


def _read(file: Path) -> RuleFile:
    if file.suffix != ".py":
        raise InputError(f"{shown(str(file))} cannot be imported: must be a Python file, NAME.py")
    try:
        return RuleFile(str(file.resolve()), file.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise InputError(f"{file} cannot be imported: it is not UTF-8 text") from None
    except (OSError, ValueError) as error:
        raise InputError(f"{file} cannot be imported: {getattr(error, 'strerror', None) or error}") from None


def _run(file: RuleFile) -> None:
    """Run a file as a module. Where that fails, everything is as before.

    Raises:
        InputError: where and why.
    """
    try:
        run_file(file.module, Path(file.path), file.source)
    except (Exception, SystemExit) as error:
        _forget_module(file.module)
        raise InputError(located(error, Path(file.path))) from None
    _imported[file.module] = file


def _forget(path: str) -> None:
    """Take away what the last import of a file registered."""
    for name in [name for name, file in _imported.items() if file.path == path]:
        _forget_module(name)
        del _imported[name]


def _forget_module(name: str) -> None:
    for registry in REGISTRIES:
        registry.forget(name)
    sys.modules.pop(name, None)
