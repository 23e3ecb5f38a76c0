"""Plug points: functions collected by name, from a decorator or from an installed package's entry point."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points
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
        self._faults: dict[str, str] = {}  # why what a package offers under a name cannot be used
        self._looked_at: set[EntryPoint] = set()
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
            InputError: if there is none; or a package offers it that cannot be used.
        """
        self._look_at(name)
        try:
            return self._plugs[name]
        except KeyError:
            close = get_close_matches(str(name), self._plugs, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise InputError(f"unknown {self.noun} {name!r}: there are {', '.join(self)}{hint}") from None

    def __iter__(self) -> Iterator[str]:
        for point in offered(self.group):
            self._take(point)
        return iter(sorted(self._plugs.keys() - self._faults.keys()))

    def __contains__(self, name: object) -> bool:
        self._look_at(name)
        return name in self._plugs

    def items(self) -> list[tuple[str, Plug]]:
        """Every name with its function, sorted by name."""
        return [(name, self._plugs[name]) for name in self]

    def _look_at(self, name: object) -> None:
        """Take in what packages offer under a name.

        Raises:
            InputError: if it cannot be used; names the package and the cause.
        """
        for point in offered(self.group):
            if point.name == name:
                self._take(point)
        if isinstance(name, str) and name in self._faults:
            raise InputError(self._faults[name])

    def _take(self, point: EntryPoint) -> None:
        """Take in what a package offers; what cannot be used is kept as a fault of its name, for who asks for it."""
        if point in self._looked_at:
            return
        self._looked_at.add(point)
        before = self._plugs.get(point.name)
        try:
            plug = point.load()
            if not callable(plug) and type(plug) not in set(map(type, self._plugs.values())):
                raise InputError(f"it is no function, but of type {type(plug).__name__}")
            if before is not None and unwrap(before) is not unwrap(plug):  # type: ignore[arg-type]
                raise InputError("the name is taken already")
            self._plugs.setdefault(point.name, plug)  # its module may have registered it in another form
        except Exception as error:  # whatever foreign code raises
            cause = str(error) if isinstance(error, InputError) else f"{type(error).__name__}: {error}"
            package = point.dist.name if point.dist else "unknown"
            self._faults[point.name] = (
                f"{self.noun} {point.name!r} of the package {package} ({point.value}) cannot be used: {cause}"
            )


@cache
def offered(group: str) -> tuple[EntryPoint, ...]:
    """What installed packages offer under a group of entry points."""
    return tuple(entry_points(group=group))


def plugin_modules() -> tuple[str, ...]:
    """Modules outside this library that have registered functions, for worker processes to import too."""
    modules = set[str]().union(*(registry.modules() for registry in REGISTRIES))
    # A worker runs the body of the script that started it by itself, under the second of these names.
    here = ("commonweal", "__main__", "__mp_main__")
    return tuple(sorted(name for name in modules if name.partition(".")[0] not in here))
