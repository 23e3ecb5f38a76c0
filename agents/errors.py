"""Errors that a person can act on: one line that says what, where, and what is allowed."""

import re
import reprlib
from collections.abc import Iterator
from contextlib import contextmanager


class InputError(ValueError):
    """Bad input from a person. Its message is one line; the command line prints it and exits with status 2."""


def apart(number: float, *limits: float, digits: int = 6) -> list[str]:
    """A number and the limits it breaks, in as few digits as tell it from them, so that no line contradicts itself.

    Args:
        number: what is wrong.
        limits: what it is held against; where one is the same number it is written the same.
        digits: significant ones at least.
    """
    for count in range(digits, 17):
        first, *others = texts = [f"{each:.{count}g}" for each in (number, *limits)]
        if all(text != first or limit == number for text, limit in zip(others, limits, strict=True)):
            return texts
    return [repr(float(each)) for each in (number, *limits)]


def shown(value: object) -> str:
    """A value as Python writes it, on one line and not longer than a message should repeat."""
    return " ".join(reprlib.repr(value).split())


def memory_refused(error: BaseException) -> str | None:
    """One line where memory was refused, to Python, numpy or torch; None where an error is another one."""
    said = str(error)
    of_torch = isinstance(error, RuntimeError) and (
        "DefaultCPUAllocator" in said or type(error).__name__ == "OutOfMemoryError"  # of a graphics processor
    )
    if not of_torch and not isinstance(error, MemoryError):
        return None
    if tried := re.search(r"tried to allocate (\d+) bytes", said):
        said = f"Unable to allocate {int(tried[1]) / 2**30:.3g} GiB"
    return f"memory is short: {' '.join(said.split()) or 'none is left'}"


@contextmanager
def within_memory() -> Iterator[None]:
    """Say in one line that memory is refused while the block runs.

    Raises:
        InputError: if it is.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if (reason := memory_refused(error)) is None:
            raise
        raise InputError(f"{reason}; a smaller learning.hidden or population.count, or fewer runs at once, take less"
                         ) from error  # fmt: skip
