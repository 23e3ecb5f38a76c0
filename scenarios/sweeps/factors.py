"""The factors of a sweep as a person writes them: fields by dotted path, lists of values, ranges of numbers."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import combinations
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.scenarios.schema.describe import Spec, find_spec, registry_of, unknown_field
from commonweal.scenarios.schema.notation import join_path, parse_path, shorten, split_path, write_value
from commonweal.scenarios.sweeps.designs import Choice, Listed, Range, Sampled, level_key

ALL = "*"
_RANGE = {"low", "high", "scale", "levels", "values"}


def flatten(table: Any, where: str) -> dict[str, Any]:
    """Values by dotted path, from tables nested as TOML nests ``settlement.kind = …``.

    Args:
        table: the nested tables.
        where: what they stand under, for messages.

    Raises:
        InputError: if they are no tables, or name something that is not a field of a scenario.
    """
    if not isinstance(table, Mapping):
        raise InputError(f"{where} = {shorten(write_value(table))}: must be a table of fields")
    flat: dict[str, Any] = {}
    for path, value in _leaves(table, []):
        if path in flat:
            raise InputError(f"{where}: {path} is given twice")
        check_field(path, where, value)
        flat[path] = value
    return flat


def _leaves(table: Mapping[str, Any], above: list[str]) -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        parts = [*above, *split_path(parse_path(key))]
        spec = find_spec(parts) or {}
        if isinstance(value, Mapping) and ("properties" in spec or "items" in spec):
            yield from _leaves(value, parts)
        else:
            yield join_path(parts), value


def check_field(path: str, where: str = "vary", value: Any = None) -> Spec:
    """The schema of the field at ``path``, where ``value`` is written.

    Raises:
        InputError: if a scenario has no such field; the message suggests one.
    """
    spec = find_spec(split_path(path))
    if spec is None:
        raise InputError(f"{where}: {unknown_field(split_path(path), value)}")
    return spec


def listed(lists: Mapping[str, Any], where: str) -> Listed:
    """Values to compare, of one field or of several in step.

    Args:
        lists: a list of values per path, or ``"*"`` for all that the field has names for.
        where: what they stand under, for messages.

    Raises:
        InputError: if a list is none, empty, of another length, or something is in it twice.
    """
    if not lists:
        raise InputError(f"{where} is empty: give a list of values for at least one field")
    columns = {parse_path(path): _values(path, values, where) for path, values in lists.items()}
    if len({len(values) for values in columns.values()}) > 1:
        lengths = ", ".join(f"{path} has {len(values)}" for path, values in columns.items())
        raise InputError(f"{where}: lists in step need the same length, but {lengths}")
    levels = tuple(zip(*columns.values(), strict=True))
    first: dict[Hashable, tuple[Any, ...]] = {}
    for level in levels:
        if (earlier := first.setdefault(level_key(level), level)) is not level:
            raise InputError(f"{where}: {', '.join(columns)} varies over {_twice(earlier, level)}")
    return Listed(tuple(columns), levels)


def _twice(one: Sequence[Any], other: Sequence[Any]) -> str:
    """That two levels are the same, as they were written."""
    texts = [shorten(", ".join(map(write_value, level))) for level in (one, other)]
    how = f"{texts[0]} twice" if texts[0] == texts[1] else f"{texts[0]} and {texts[1]}, which are equal"
    return f"{how}: list different values"


def _values(path: str, values: Any, where: str) -> list[Any]:
    check_field(parse_path(path), where)
    if (isinstance(values, str) and values == ALL) or (isinstance(values, Sequence) and list(values) == [ALL]):
        return every_value(parse_path(path))
    if isinstance(values, str | Mapping) or not isinstance(values, Iterable):
        raise InputError(f"{where}: {path} = {shorten(write_value(values))}: must be a list of values, or '*'")
    # Numbers of array libraries become plain ones, which are written the same everywhere.
    if not (several := [value.tolist() if hasattr(value, "tolist") else value for value in values]):
        raise InputError(f"{where}: {path} has no values to vary over: list at least one")
    return several


def every_value(path: str) -> list[Any]:
    """All values of a field that has names for them: registered rules, given names, true and false.

    Policies that go by the names of principals (``norm:…``, ``reciprocity``) are left out.

    Raises:
        InputError: if it holds numbers or text.
    """
    spec = check_field(path)
    if registry := registry_of(path):
        # policies that go by names are for economies that have them: they are listed by who has such a one
        names = [name for name in registry if not getattr(registry.facts(name), "names", False)]
        return [{name: 1.0} for name in names] if spec.get("type") == "object" else names
    if "enum" in spec:
        return list(spec["enum"])
    if spec.get("type") == "boolean":
        return [False, True]
    raise InputError(f"{path} = '*': its values have no names; list them")


def ranged(path: str, table: Any) -> Sampled:
    """A field whose values are sampled, from ``{low = …, high = …}`` or ``{values = […]}``.

    Raises:
        InputError: if the table does not say a range that the field can have.
    """
    where = f"range {path}"
    if not isinstance(table, Mapping):
        raise InputError(f"{where} = {shorten(write_value(table))}: must be a table of low and high, or of values")
    if unknown := sorted(set(table) - _RANGE):
        raise InputError(f"{where}: {unknown[0]} is unknown; a range has {', '.join(sorted(_RANGE))}")
    if "values" in table:
        if set(table) != {"values"}:
            raise InputError(f"{where}: values stands alone, without low, high, scale or levels")
        return Choice(path, tuple(_values(path, table["values"], where)))
    return _interval(path, where, table)


def _interval(path: str, where: str, table: Mapping[str, Any]) -> Range:
    kinds = _kinds(check_field(path, where))
    if not kinds & {"integer", "number"}:
        raise InputError(f"{where}: the field holds no number; give values = [...] instead")
    whole = "number" not in kinds
    for bound in ("low", "high"):
        if bound not in table:
            raise InputError(f"{where}: {bound} is missing")
        if not _is_number(table[bound], whole):
            given = shorten(write_value(table[bound]))
            raise InputError(f"{where}: {bound} = {given}: must be a {'whole ' if whole else ''}number")
    low, high, scale = table["low"], table["high"], table.get("scale", "linear")
    if scale not in ("linear", "log"):
        raise InputError(f"{where}: scale = {write_value(scale)}: must be one of linear, log")
    if low >= high:
        raise InputError(f"{where}: low = {low} must be below high = {high}")
    if scale == "log" and low <= 0:
        raise InputError(f"{where}: low = {low}: must be above 0 on a log scale")
    levels = table.get("levels")
    if levels is not None and not (_is_number(levels, whole=True) and 2 <= levels <= 1_000_000):
        raise InputError(f"{where}: levels = {write_value(levels)}: must be a whole number of at least 2")
    return Range(path, low, high, scale == "log", whole, levels)


def _kinds(spec: Spec) -> set[str]:
    """JSON types that a field may hold."""
    return {kind for choice in spec.get("anyOf", [spec]) if isinstance(kind := choice.get("type"), str)}


def _is_number(value: Any, whole: bool) -> bool:
    kinds = int if whole else (int, float)
    return isinstance(value, kinds) and not isinstance(value, bool) and abs(value) < float("inf")


def demand_apart(paths: Iterable[str]) -> None:
    """Check that no field varies twice, by itself or inside another.

    Raises:
        InputError: naming the first that does.
    """
    for one, other in combinations(paths, 2):
        shorter, longer = sorted((one, other), key=len)
        if longer == shorter:
            raise InputError(f"{longer} varies twice: give all its values in one place")
        if longer.startswith((f"{shorter}.", f"{shorter}[")):
            raise InputError(f"{longer} varies inside {shorter}, which varies too: leave one out")


def demand_known(table: Mapping[str, Any], known: Sequence[str], what: str) -> None:
    """Check that a table has no keys but known ones.

    Raises:
        InputError: naming the first other key, and the nearest known one.
    """
    for key in table:
        if key not in known:
            close = get_close_matches(key, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"{what} has {', '.join(known)}"
            raise InputError(f"{key} is unknown in {what}; {hint}")
