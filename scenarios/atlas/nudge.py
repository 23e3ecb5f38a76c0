"""What a result plays with, and a change of one part of it: a check that does not notice one checks nothing."""

from collections.abc import Sequence
from typing import Any, TypeVar

from commonweal.agents.errors import InputError, shown

Value = TypeVar("Value")
BY = 1.01  # a number; a count changes by one


class Nudge:
    """Passes on what is played with, and changes the parameter ``name`` a little.

    Only what is played may see it; what it is compared with must not.

    Args:
        name: of the parameter that is changed; none where a result is played as it is.
    """

    def __init__(self, name: str | None = None) -> None:
        self.name = name
        self.asked: set[str] = set()  # names of parameters that passed

    def __call__(self, name: str, value: Value, instead: Any = None) -> Value:
        """The value; where this parameter is the changed one, 1 % more, or one more of what is counted.

        Args:
            name: of the parameter: the path of a field, or a word of one's own.
            value: a number, a list of numbers, or anything with ``instead``.
            instead: what stands in its place where it is changed, for results that are free of its scale.

        Raises:
            InputError: if it cannot be changed.
        """
        self.asked.add(name)
        if name != self.name:
            return value
        changed: Value = _more(name, value) if instead is None else instead
        return changed


def _more(name: str, value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | Sequence) or isinstance(value, str):
        raise InputError(f"nudge {shown(name)}: {shown(value)} is no number: say what to play instead")
    if isinstance(value, int | float):
        return value + 1 if isinstance(value, int) else value * BY
    return type(value)(_more(name, each) for each in value)  # type: ignore[call-arg]
