"""Plug points: functions collected by name, from a decorator or from an installed package's entry point."""

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from importlib.metadata import entry_points
from typing import Generic, TypeVar

from commonweal.agents.errors import InputError

Plug = TypeVar("Plug")


class Registry(Generic[Plug]):
    """The functions of one plug point, by name.

    Args:
        noun: what one of them is called, for error messages ("settlement rule").
        group: entry-point group other packages register under ("commonweal.settlement").
    """

    def __init__(self, noun: str, group: str) -> None:
        self.noun = noun
        self.group = group
        self._plugs: dict[str, Plug] = {}
        self._searched = False

    def register(self, name: str) -> Callable[[Plug], Plug]:
        """Decorator that makes a function usable under ``name`` in any scenario."""

        def add(plug: Plug) -> Plug:
            if self._plugs.get(name, plug) is not plug:
                raise InputError(f"{self.noun} {name!r} is already registered")
            self._plugs[name] = plug
            return plug

        return add

    def __getitem__(self, name: str) -> Plug:
        """The function called ``name``.

        Raises:
            InputError: if there is none; the message lists what exists.
        """
        if name not in self._plugs:
            self._search_entry_points()
        try:
            return self._plugs[name]
        except KeyError:
            close = get_close_matches(name, self._plugs, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise InputError(f"unknown {self.noun} {name!r}: there are {', '.join(self)}{hint}") from None

    def __iter__(self) -> Iterator[str]:
        self._search_entry_points()
        return iter(sorted(self._plugs))

    def __contains__(self, name: object) -> bool:
        return name in self._plugs or name in set(self)

    def items(self) -> list[tuple[str, Plug]]:
        """Every name with its function, sorted by name."""
        return [(name, self._plugs[name]) for name in self]

    def _search_entry_points(self) -> None:
        if self._searched:
            return
        self._searched = True
        for point in entry_points(group=self.group):
            if point.name not in self._plugs:
                self._plugs[point.name] = point.load()
