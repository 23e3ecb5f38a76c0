"""Plug points: functions collected by name, from a decorator or from an installed package's entry point."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from inspect import getsource, unwrap
from pathlib import Path
from types import CodeType
from typing import Any, Generic, Protocol, TypeVar

from commonweal.agents.errors import InputError
from commonweal.agents.files import contents_of, fingerprint

Plug = TypeVar("Plug")
Facts = TypeVar("Facts")
Made = Mapping[str, Callable[[str], Any]]  # facts by name, from the name of whom they are true
SOURCE = "__commonweal_source__"  # what a module of a file that was imported by its contents says

class Names(Protocol):
    """What knows its names."""

    def __contains__(self, name: object) -> bool:
        """Whether it is one."""
        ...

    def __iter__(self) -> Iterator[str]:
        """Those that can be listed."""
        ...


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
        self._families: dict[str, tuple[Names, Callable[[str], Plug], dict[str, Any], Made]] = {}
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

    def derive(
        self,
        prefix: str,
        source: Names,
        make: Callable[[str], Plug],
        of_each: "Made | None" = None,
        **facts: Any,
    ) -> None:
        """Have a function called ``prefix:name`` for every name that another registry has.

        Args:
            prefix: before the colon.
            source: whose names follow it: another registry, or what else knows its names.
            make: the function that belongs to one of them; with ``__wrapped__``, the code that decides on it is there.
            of_each: facts that are made for one of them, from its name.
            facts: what is true of all of them, where it differs from the usual.
        """
        self._families[prefix] = (source, make, facts, of_each or {})

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

    def forget(self, module: str) -> None:
        """Take away the functions of one module."""
        functions: dict[str, Any] = dict(self._plugs)
        for name, function in functions.items():
            if getattr(unwrap(function), "__module__", None) == module:
                del self._plugs[name]
                self._facts.pop(name, None)

    def source(self, name: str) -> str:
        """A fingerprint of what decides on the function called ``name`` beside this library; "" where nothing does.

        Its own code, if it is from elsewhere, the file that it reads, if its facts name one (``file``, or
        ``reads``: the environment variable that says where), and what its facts say that it holds (``content``).

        Raises:
            InputError: if there is no such function, or the file cannot be read.
        """
        facts = self.facts(name)
        file = getattr(facts, "file", "") or os.environ.get(getattr(facts, "reads", ""), "")
        plug: Any = self[name]
        made = content() if (content := getattr(facts, "content", None)) else ""
        parts = (_code_of(unwrap(plug)), contents_of(Path(file)) if file else "", made)
        return " ".join(part for part in parts if part)

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
        for prefix, (source, *_) in self._families.items():
            for name in source:
                self._born(f"{prefix}:{name}")
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
        if isinstance(name, str) and name not in self._plugs:
            self._born(name)

    def _born(self, name: str) -> None:
        """Take in the function of a family that a name stands for, if it does."""
        prefix, _, rest = name.partition(":")
        if prefix in self._families and name not in self._plugs:
            source, make, facts, of_each = self._families[prefix]
            if rest in source:
                own = {fact: made(rest) for fact, made in of_each.items()}
                self.register(name, **facts, **own)(make(rest))

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


def rules_from_elsewhere(document: Mapping[str, Any]) -> dict[str, str]:
    """What decides on the rules that a scenario names beside this library, as fingerprints by noun and name.

    In the order of nouns and names: processes import modules, and so make registries, each in an order of its own.

    Args:
        document: the scenario's tables.
    """
    named = [(registry, name) for registry in REGISTRIES for name in _names(registry, document)]
    found = {f"{registry.noun} {without_folders(name)!r}": registry.source(name) for registry, name in named}
    return {rule: source for rule, source in sorted(found.items()) if source}


def _names(registry: "Registry[Any, Any]", document: Mapping[str, Any]) -> list[str]:
    """The names of one plug point that a scenario uses."""
    field = registry.field or f"{registry.noun}s"  # a section for each that is on: mechanisms
    names = (name for _, name in names_at(field, document))
    return [name for name in names if isinstance(name, str) and name in registry]


def names_at(field: str, document: Any) -> Iterator[tuple[str, Any]]:
    """What stands where a field holds the names of a plug point, each with its path.

    Args:
        field: like ``settlement.kind``; ``values.dimensions[].probe`` is in each item of a list.
        document: tables, or a scenario.
    """
    head, _, tail = field.partition("[].")
    value: Any = document
    for part in head.split("."):
        value = value.get(part) if isinstance(value, Mapping) else getattr(value, part, None)
    if tail:
        for place, item in enumerate(value or ()):
            yield from ((f"{head}[{place}].{path}", name) for path, name in names_at(tail, item))
    else:
        yield from ((head, name) for name in (value if isinstance(value, Mapping) else [value]))


def without_folders(name: str) -> str:
    """A name in which files stand without where they lie."""
    return ":".join(Path(part).name if "/" in part or os.sep in part else part for part in name.split(":"))


def _code_of(function: Any) -> str:
    """A fingerprint of the code of a rule that is not of this library.

    Of an installed or imported module it is that of its whole package, since a rule may use what lies beside it; of a
    script or a notebook that of the rule alone.
    """
    module = sys.modules.get(getattr(function, "__module__", "") or "")
    name = getattr(module, "__name__", "")
    if name.partition(".")[0] == "commonweal":
        return ""
    if (said := getattr(module, SOURCE, None)) is not None:
        return fingerprint(said.encode())
    if (file := getattr(module, "__file__", None)) and name not in ("__main__", "__mp_main__"):
        return _code_beside(Path(file), name)
    try:
        return fingerprint(getsource(function).encode())
    except (OSError, TypeError):  # typed into an interpreter, or a builtin
        known = getattr(function, "__code__", None) or f"{name}.{getattr(function, '__qualname__', '')}"
        return fingerprint(*_parts_of(known))


def _parts_of(code: Any) -> Iterator[bytes]:
    """What compiled code says, without where it stood; anything else as its text."""
    if not isinstance(code, CodeType):
        yield repr(code).encode()
        return
    yield code.co_code
    for part in (*code.co_names, *code.co_consts):
        yield from _parts_of(part)


@cache
def _code_beside(file: Path, name: str) -> str:
    """A fingerprint of the package of a module, or of the module that stands alone, as this process has imported it."""
    if "." not in name and file.name != "__init__.py":
        return fingerprint(file.read_bytes())
    top = file.parents[name.count(".") - (file.name != "__init__.py")]
    files = sorted(top.rglob("*.py"))
    named = [(each.relative_to(top).as_posix().encode(), each.read_bytes()) for each in files]
    return fingerprint(*(part for pair in named for part in pair))
