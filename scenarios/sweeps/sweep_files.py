"""Sweep files: TOML that names a scenario, what varies in it, by which design, and what is kept of the runs.

``docs/sweeps.md`` is their reference.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.scenarios.schema.library import read_document
from commonweal.scenarios.schema.loading import import_named, load, placed
from commonweal.scenarios.schema.notation import shorten, write_value
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.sweeps.design_tables import read_design
from commonweal.scenarios.sweeps.designs import Drawn, Listed, Sample, Sampled, grid, same, sampled
from commonweal.scenarios.sweeps.factors import demand_apart, demand_known, flatten, listed, ranged

KEYS = (
    "name", "description", "scenario", "set", "vary", "range", "zip", "exclude", "point", "design", "replications",
    "seeds", "metrics", "every", "stop", "keep", "import",
)  # fmt: skip


@dataclass(frozen=True)
class Sheet:
    """A sweep file as it stands, its parts read but nothing drawn yet."""

    name: str
    description: str
    base: Scenario
    listed: tuple[Listed, ...]  # vary, then zip
    ranged: tuple[Sampled, ...]
    exclude: tuple[Mapping[str, Any], ...]
    points: tuple[Mapping[str, Any], ...]  # of the design list
    design: str  # grid, list, sobol, latin or morris
    sample: Sample | None  # where the design is a sample
    seeds: int | tuple[int, ...]
    metrics: tuple[str, ...] | None
    every: int
    stop: str | None
    keep: tuple[str, ...]

    @property
    def factors(self) -> tuple[str, ...]:
        """Paths of everything that varies, in the order of the columns."""
        if self.points:
            return tuple(self.points[0])
        return (*(path for factor in self.listed for path in factor.paths), *(factor.path for factor in self.ranged))

    def draw(self) -> Drawn:
        """The points of the design.

        Raises:
            InputError: if there are too many.
        """
        if self.design == "list":
            return Drawn(self.points)
        if self.sample is None:
            return grid(self.listed, self.ranged, self.exclude)
        return sampled(self.listed, self.ranged, self.sample, self.exclude)


def is_sweep(document: Mapping[str, Any]) -> bool:
    """Whether a TOML document is a sweep, and not a scenario."""
    return bool((set(KEYS) - {"import"} - set(Scenario.model_fields)) & set(document))


def read_sheet(
    file: Path, changes: Mapping[str, Any] | None = None, vary: Mapping[str, Sequence[Any] | str] | None = None
) -> Sheet:
    """Read a sweep file.

    Args:
        file: where it is.
        changes: fields set alike in all points, by path, after the file's own ``[set]``.
        vary: values to compare, by path, in place of what the file varies there or in addition.

    Raises:
        InputError: if something in it is not allowed; the message begins with the file's name.
    """
    try:
        return _sheet(read_document(file), file, changes or {}, vary or {})
    except InputError as error:
        raise InputError(f"{file.name}: {error}") from None


def _sheet(
    document: dict[str, Any], file: Path, changes: Mapping[str, Any], vary: Mapping[str, Sequence[Any] | str]
) -> Sheet:
    demand_known(document, KEYS, "a sweep")
    document = import_named(document, file.parent)
    varied = _placed(flatten(document.get("vary", {}), "vary"), file.parent)
    ranges = {path: table for path, table in flatten(document.get("range", {}), "range").items() if path not in vary}
    zipped = [_placed(flatten(table, where), file.parent) for where, table in _tables(document, "zip")]
    points = [_placed(flatten(table, where), file.parent) for where, table in _tables(document, "point")]
    design, sample = read_design(document.get("design", {}), bool(points))
    sheet = Sheet(
        name=_text(document, "name", file.stem),
        description=_text(document, "description", ""),
        base=_base(document, file, changes),
        listed=(
            *(listed({path: values}, "vary") for path, values in {**varied, **vary}.items()),
            *(listed(table, f"zip[{number}]") for number, table in enumerate(zipped)),
        ),
        ranged=tuple(ranged(path, table) for path, table in ranges.items()),
        exclude=tuple(flatten(table, where) for where, table in _tables(document, "exclude")),
        points=tuple(points),
        design=design,
        sample=sample,
        seeds=_seeds(document),
        metrics=_names(document, "metrics"),
        every=document.get("every", 1),
        stop=_text(document, "stop", "") if "stop" in document else None,
        keep=_names(document, "keep") or (),
    )
    _check(sheet, {**flatten(document.get("set", {}), "set"), **changes})
    return sheet


def _base(document: Mapping[str, Any], file: Path, changes: Mapping[str, Any]) -> Scenario:
    """The scenario that the file names, with what it and the caller set."""
    if "scenario" not in document:
        raise InputError("scenario is missing: name one, or the .toml file of one")
    name = _text(document, "scenario", "")
    inside = Path(name)
    if inside.suffix == ".toml" or len(inside.parts) > 1:
        name = str(file.parent / inside)
    return load(name, {**_placed(flatten(document.get("set", {}), "set"), file.parent), **changes})


def _placed(values: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The values, with paths of files seen from ``folder``, as everywhere in a file."""
    return {path: placed(path, value, folder) for path, value in values.items()}


def _check(sheet: Sheet, fixed: Mapping[str, Any]) -> None:
    """Check what the parts of a file say of each other."""
    if sheet.design == "list":
        _check_list(sheet)
    elif sheet.points:
        raise InputError(f"[[point]] belongs to the design list, not to {sheet.design}")
    if sheet.sample and not sheet.ranged:
        raise InputError(f"the design {sheet.design} samples ranges: there is no [range]")
    demand_apart(sheet.factors)
    if both := [path for path in sheet.factors if path in fixed]:
        raise InputError(f"{both[0]} is both set and varied; leave one out")
    for number, table in enumerate(sheet.exclude):
        _check_excluded(f"exclude[{number}]", table, sheet)


def _check_list(sheet: Sheet) -> None:
    if sheet.listed or sheet.ranged or sheet.exclude:
        raise InputError("the design list has its points only: leave out vary, range, zip and exclude")
    if not sheet.points:
        raise InputError("the design is empty: list its points, each as [[point]]")
    for number, point in enumerate(sheet.points):
        if odd := sorted(set(point) ^ set(sheet.points[0])):
            raise InputError(f"point[{number}]: every point gives the same fields, but {odd[0]} is not in all")
    if not sheet.points[0]:
        raise InputError("point[0] is empty: give the values of at least one field")


def _check_excluded(where: str, table: Mapping[str, Any], sheet: Sheet) -> None:
    """Check that what is excluded could occur, since a misspelt value would exclude nothing."""
    levels = {path: [row[i] for row in factor.levels] for factor in sheet.listed for i, path in enumerate(factor.paths)}
    if sheet.sample is None:
        levels |= {factor.path: factor.grid() for factor in sheet.ranged}
    if not table:
        raise InputError(f"{where} is empty and would exclude every point")
    for path, value in table.items():
        if path not in levels:
            raise InputError(f"{where}: {path} is no listed factor; there are {', '.join(levels) or 'none'}")
        if not any(same(value, level) for level in levels[path]):
            among = shorten(", ".join(map(write_value, levels[path])))
            raise InputError(f"{where}: {path} = {shorten(write_value(value))} is none of its values: {among}")


def _tables(document: Mapping[str, Any], key: str) -> list[tuple[str, Mapping[str, Any]]]:
    """The tables of an array of tables, each with its place."""
    tables = document.get(key, [])
    if not isinstance(tables, list) or not all(isinstance(table, Mapping) for table in tables):
        raise InputError(f"{key}: write each as [[{key}]], a table of fields")
    return [(f"{key}[{number}]", table) for number, table in enumerate(tables)]


def _seeds(document: Mapping[str, Any]) -> int | tuple[int, ...]:
    if "replications" in document and "seeds" in document:
        raise InputError("replications and seeds are both given; leave one out")
    count = document.get("replications", 8)
    if type(count) is not int or count < 1:
        raise InputError(f"replications = {shorten(write_value(count))}: must be a whole number of at least 1")
    if "seeds" not in document:
        return count
    seeds = document["seeds"]
    if not isinstance(seeds, list) or not all(type(seed) is int for seed in seeds):
        raise InputError(f"seeds = {shorten(write_value(seeds))}: must be a list of whole numbers")
    return tuple(seeds)


def _names(document: Mapping[str, Any], key: str) -> tuple[str, ...] | None:
    names = document.get(key)
    if names is not None and not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
        raise InputError(f"{key} = {shorten(write_value(names))}: must be a list of names")
    return None if names is None else tuple(names)


def _text(document: Mapping[str, Any], key: str, default: str) -> str:
    text = document.get(key, default)
    if not isinstance(text, str):
        raise InputError(f"{key} = {shorten(write_value(text))}: must be text")
    return text
