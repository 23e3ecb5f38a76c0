"""Code of a user, run from a file as a module of its own, and what is said where it raises."""

import linecache
import sys
import traceback
from pathlib import Path
from types import ModuleType

from commonweal.agents.errors import InputError, memory_refused
from commonweal.agents.registry import SOURCE

_MOST = 200  # signs of what an error says
_run: set[str] = set()  # files whose code was run


def run_file(name: str, file: Path, source: str) -> ModuleType:
    """Run what a file says as a module, which Python then knows by its name; it is unknown again where that fails.

    Args:
        name: of the module.
        file: where it was read; for messages and tracebacks.
        source: what it says.

    Raises:
        BaseException: whatever the file raises.
    """
    module = ModuleType(name)
    module.__file__ = str(file)
    setattr(module, SOURCE, source)
    _run.add(str(file))
    linecache.cache[str(file)] = (len(source), None, source.splitlines(keepends=True), str(file))
    sys.modules[name] = module  # what its dataclasses are looked up in
    try:
        exec(compile(source, str(file), "exec"), vars(module))
    except BaseException:
        del sys.modules[name]
        raise
    return module


def raised_in_foreign_code(error: BaseException) -> str | None:
    """What code of a user raised while it was used, and where, in one line; None where that was no code of a user's."""
    if isinstance(error, InputError) or memory_refused(error) is not None:
        return None
    frames = traceback.extract_tb(error.__traceback__)
    file = next((Path(frame.filename) for frame in reversed(frames) if frame.filename in _run), None)
    return None if file is None else located(error, file)


def located(error: BaseException, file: Path) -> str:
    """One line on what code of a file raised: its file, the line if one is known, and what."""
    line, what = fault_of(error, file)
    return f"{file.name}: {what}" if line is None else f"{file.name}, line {line}: {what}"


def fault_of(error: BaseException, file: Path | None = None) -> tuple[int | None, str]:
    """What foreign code raised.

    Args:
        error: that it raised.
        file: of the code.

    Returns:
        The line of the file, None if no line of it is known; and what it says, in one line.
    """
    if isinstance(error, SyntaxError) and file is not None and error.filename == str(file):
        return error.lineno, f"{type(error).__name__}: {error.msg}"
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if file is not None and frame.filename == str(file)]
    text = "it ends the program" if isinstance(error, SystemExit) else " ".join(str(error).split())[:_MOST]
    what = text if isinstance(error, InputError) else f"{type(error).__name__}: {text}"
    return (lines[-1] if lines else None), what + _hint(error, file)


def _hint(error: BaseException, file: Path | None) -> str:
    """Why a file beside it cannot be imported."""
    missed = file is not None and isinstance(error, ImportError) and file.with_name(f"{error.name}.py").is_file()
    return "; it sees installed packages, not the files beside it" if missed else ""
