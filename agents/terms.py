"""Terms: the scenario fields a part of the economy needs, stacked over the runs of an ensemble.

Each part declares a frozen dataclass beside its functions; ``stack`` fills it from scenarios by field name. A number
annotated ``PerRun`` may differ between runs and becomes an (R, 1) array; a tuple of terms dataclasses is filled item by
item; everything else must be the same in all runs.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field, is_dataclass
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

import numpy as np

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.errors import InputError

PerRun = Annotated[Floats, "per run"]  # (R, 1)
TermsByName = Annotated[Mapping[str, Any], "terms by name"]  # terms dataclasses, of the same types in all runs
PerRunByName = Annotated[dict[str, Floats], "per run"]  # (R, 1) by name, the same names in all runs
NumbersByName = Annotated[dict[str, Floats], "numbers by name"]  # (R, 1), or (R, …) of a list, of one shape in all runs

T = TypeVar("T")
_HINTS: dict[type, dict[str, Any]] = {}


def _hints(cls: type) -> dict[str, Any]:
    """Field names and their types; looking them up is slow, and a round asks again and again."""
    if cls not in _HINTS:
        _HINTS[cls] = get_type_hints(cls, include_extras=True)
    return _HINTS[cls]


def stack(cls: type[T], parts: Sequence[Any], path: str = "") -> T:
    """Fill the terms dataclass ``cls`` from one scenario part per run.

    Args:
        cls: a dataclass whose field names are attributes of the parts.
        parts: R scenario parts (any objects with those attributes).
        path: where the parts stand in the scenario, for error messages.

    Raises:
        InputError: if runs differ in a field that changes shapes or rules.
    """
    filled: dict[str, Any] = {}
    for name, hint in _hints(cls).items():
        values = [getattr(part, name) for part in parts]
        where = f"{path}.{name}" if path else name
        if hint == PerRun:  # not ``is``: each look-up of hints makes an Annotated of its own
            filled[name] = np.array(values, dtype=np.float64)[:, None]
        elif is_dataclass(hint) and isinstance(hint, type):
            filled[name] = stack(hint, values, where)
        elif hint == PerRunByName:
            filled[name] = _stack_by_name(values, where)
        elif hint == NumbersByName:
            filled[name] = _stack_numbers(values, where)
        elif hint == TermsByName:
            filled[name] = _stack_terms_by_name(values, where)
        elif (item := _item_of(hint)) is not None:
            filled[name] = _stack_items(item, values, where)
        elif any(value != values[0] for value in values):
            found = ", ".join(sorted({str(value) for value in values}))
            raise InputError(f"{where} must be the same in all runs of an ensemble, not {found}")
        else:
            filled[name] = values[0]
    return cls(**filled)


def _item_of(hint: Any) -> type | None:
    """The terms dataclass D of a field ``tuple[D, ...]``; None where the field is something else."""
    item, *more = get_args(hint) or (None,)
    listed = get_origin(hint) is tuple and more == [...] and is_dataclass(item) and isinstance(item, type)
    return item if listed else None


def _stack_items(item: type[T], lists: Sequence[Sequence[Any]], path: str) -> tuple[T, ...]:
    if len(lengths := {len(parts) for parts in lists}) > 1:
        found = ", ".join(map(str, sorted(lengths)))
        raise InputError(f"{path} must have as many items in all runs of an ensemble, not {found}")
    return tuple(stack(item, parts, f"{path}[{k}]") for k, parts in enumerate(zip(*lists, strict=True)))


def _stack_by_name(tables: Sequence[dict[str, float]], path: str) -> dict[str, Floats]:
    """Numbers that may differ between runs, under names that may not."""
    if any(set(table) != set(tables[0]) for table in tables):
        found = ", ".join(sorted({" + ".join(sorted(table)) for table in tables}))
        raise InputError(f"{path} must have the same names in all runs of an ensemble, not {found}")
    return {name: np.array([[table[name]] for table in tables]) for name in tables[0]}


def _stack_numbers(tables: Sequence[dict[str, Any]], path: str) -> dict[str, Floats]:
    """Numbers and lists of numbers that may differ between runs, under names and of lengths that may not."""
    shapes = [{name: np.shape(value) for name, value in table.items()} for table in tables]
    if any(each != shapes[0] for each in shapes):
        raise InputError(f"{path} must have the same names and lengths in all runs of an ensemble")
    names = shapes[0]
    return {name: np.array([np.atleast_1d(table[name]) for table in tables], dtype=np.float64) for name in names}


def _stack_terms_by_name(tables: Sequence[Mapping[str, Any]], path: str) -> dict[str, Any]:
    """Terms dataclasses, under names that may not differ between runs."""
    if any(set(table) != set(tables[0]) for table in tables):
        raise InputError(f"{path} must be the same in all runs of an ensemble")
    return {
        name: stack(type(section), [table[name] for table in tables], f"{path}.{name}")
        for name, section in tables[0].items()
    }


def term(default: Any, description: str = "", **bounds: float) -> Any:
    """A field of the terms dataclass of a mechanism, as a scenario may set it.

    Args:
        default: what it is where a scenario does not say.
        description: one line.
        bounds: ``ge``, ``gt``, ``le``, ``lt``: what numbers are allowed.
    """
    return field(default=default, metadata={"description": description, "bounds": bounds})


def pick(terms: T, runs: Ints) -> T:
    """The terms of some of the runs, in any order; a run may occur several times.

    Args:
        terms: a terms dataclass of R runs.
        runs: (R',) which runs.
    """
    picked: dict[str, Any] = {}
    for name, hint in _hints(type(terms)).items():
        value = getattr(terms, name)
        if hint == PerRun:
            picked[name] = value[runs]
        elif hint in (PerRunByName, NumbersByName):
            picked[name] = {key: numbers[runs] for key, numbers in value.items()}
        elif hint == TermsByName:
            picked[name] = {key: pick(section, runs) for key, section in value.items()}
        elif is_dataclass(hint):
            picked[name] = pick(value, runs)
        elif _item_of(hint) is not None:
            picked[name] = tuple(pick(item, runs) for item in value)
        else:
            picked[name] = value
    return type(terms)(**picked)


def term_paths(cls: type, path: str = "") -> Iterator[tuple[str, bool]]:
    """Every scenario field that the terms dataclass ``cls`` needs, and whether it may differ between runs.

    Fields of the items of a list are written ``values.dimensions[].limit``.

    Args:
        cls: a dataclass whose field names are attributes of a scenario part.
        path: where the part stands in the scenario.
    """
    for name, hint in _hints(cls).items():
        where = f"{path}.{name}" if path else name
        if is_dataclass(hint) and isinstance(hint, type):
            yield from term_paths(hint, where)
        elif (item := _item_of(hint)) is not None:
            yield from term_paths(item, f"{where}[]")
        else:
            yield where, hint == PerRun
