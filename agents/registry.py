"""Plug points: functions collected by name, from a decorator or from an installed package's entry point."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from difflib import get_close_matches
from importlib.metadata import entry_points
from inspect import unwrap
from typing import Any, Generic, TypeVar

from commonweal.agents.errors import InputError

Plug = TypeVar("Plug")
Facts = TypeVar("Facts")

REGISTRIES: "list[Registry[Any, Any]]" = []  # every plug point, in the order in which modules were imported


class Registry(Generic[Plug, Facts]):
    """The functions of one plug point, by name.

    Args:
        noun: what one of them is called, for error messages ("settlement rule").
        group: entry-point group other packages register under ("commonweal.settlement").
        field: of a scenario that holds its names ("settlement.kind"); empty if none does.
        facts: what is true of a function that says nothing else at its registration: a frozen dataclass, or None.
    """

    def __init__(self, noun: str, group: str, field: str, facts: Facts) -> None:
        self.noun = noun
        self.group = group
        self.field = field
        self._usual = facts
        self._plugs: dict[str, Plug] = {}
        self._facts: dict[str, Facts] = {}
        self._searched = False
        REGISTRIES.append(self)

    def register(self, name: str, **facts: Any) -> Callable[[Plug], Plug]:
        """Decorator that makes a function usable under ``name`` in any scenario.

        Args:
            name: as scenarios write it.
            facts: what is true of it, where it differs from the usual.
        """

        def add(plug: Plug) -> Plug:
            if self._plugs.get(name, plug) is not plug:
                raise InputError(f"{self.noun} {name!r} is already registered")
            if facts:
                self._facts[name] = replace(self._usual, **facts)  # type: ignore[type-var]
            self._plugs[name] = plug
            return plug

        return add

    def facts(self, name: str) -> Facts:
        """What is true of the function called ``name``.

        Raises:
            InputError: if there is none.
        """
        self[name]  # may find it in a package that was not looked for yet
        return self._facts.get(name, self._usual)

    def modules(self) -> set[str]:
        """Modules that have registered functions."""
        functions: list[Any] = list(self._plugs.values())
        return {module for each in functions if (module := getattr(unwrap(each), "__module__", None))}

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


def plugin_modules() -> tuple[str, ...]:
    """Modules outside this library that have registered functions, for worker processes to import too."""
    modules = set[str]().union(*(registry.modules() for registry in REGISTRIES))
    # A worker runs the body of the script that started it by itself, under the second of these names.
    here = ("commonweal", "__main__", "__mp_main__")
    return tuple(sorted(name for name in modules if name.partition(".")[0] not in here))
