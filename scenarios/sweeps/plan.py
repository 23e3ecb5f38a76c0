"""Plans: everything a sweep will run, decided and checked before anything runs."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache, cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from commonweal.agents.documents import by_contents, files_in, said_by
from commonweal.agents.errors import InputError
from commonweal.agents.registry import REGISTRIES
from commonweal.scenarios.schema.describe import fields as schema_fields
from commonweal.scenarios.schema.library import find_sweep, read_document
from commonweal.scenarios.schema.loading import Overrides, load, read_overrides, revise
from commonweal.scenarios.schema.notation import (
    as_json,
    parse_path,
    read_seeds,
    shorten,
    split_path,
    write_cell,
    write_value,
)
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.schema.sources import demand_files, files_of, rules_of
from commonweal.scenarios.sweeps.designs import Drawn, grid
from commonweal.scenarios.sweeps.factors import demand_apart, listed
from commonweal.scenarios.sweeps.rows import Measured
from commonweal.scenarios.sweeps.stop_text import read_stop
from commonweal.scenarios.sweeps.stopping import Stop
from commonweal.scenarios.sweeps.sweep_files import Sheet, is_sweep, read_sheet

# Tables of their own, and a column of the table of runs.
KEEP = ("principals", "profiles", "ledger", "price_of_anarchy", "wire")
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class Plan:
    """What a sweep will run: points × seeds, in design order."""

    name: str
    base: Scenario  # what every point starts from
    factors: tuple[str, ...]  # dotted paths that vary; columns of every table
    points: tuple[Mapping[str, Any], ...]  # a value per factor, each
    seeds: tuple[int, ...]  # the same for every point: common random numbers
    metrics: tuple[str, ...] | None = None  # that are kept; None keeps all
    every: int = 1  # rounds between records; the last round is always recorded
    stop: Stop | None = None  # when a run may end early
    design: str = "grid"  # grid, list, sobol, latin or morris
    sampling: Mapping[str, Any] = field(default_factory=dict)  # what an analysis of the sample needs, as JSON
    description: str = ""
    keep: tuple[str, ...] = ()  # more that is kept of every run, of KEEP
    whole: bool = False  # a comparison: each point is played as it is alone, with all seeds together

    @property
    def runs(self) -> int:
        """How many runs there are."""
        return len(self.points) * len(self.seeds)

    def scenario(self, point: int) -> Scenario:
        """The economy of a point.

        Args:
            point: its number, counted from 0.
        """
        return revise(self.base, self.points[point])

    @cached_property
    def files(self) -> dict[str, str]:
        """What the files say that the plan names, as fingerprints by path. They are read once."""
        return files_of(self._differing(_file_fields()))

    @cached_property
    def rules(self) -> dict[str, str]:
        """What the rules are that the plan names and that are not of this library, as fingerprints by noun and name."""
        return rules_of(self._differing(_rule_fields()))

    @property
    def sources(self) -> dict[str, str]:
        """All that decides on the runs beside the plan and this library."""
        return self.files | self.rules

    @property
    def names_files(self) -> bool:
        """Whether any point names a file."""
        return self._vary(_file_fields()) or any(files_in(self.base.model_dump()))

    def _vary(self, fields: Iterable[str]) -> bool:
        """Whether a factor touches one of some fields."""
        return any(_touch(path, field) for path in self.factors for field in fields)

    def _differing(self, fields: Iterable[str]) -> Iterable[Scenario]:
        """The scenarios in which some fields may differ; the base alone where no factor touches them."""
        return map(self.scenario, range(len(self.points))) if self._vary(fields) else [self.base]

    def by_contents(self, document: Any) -> Any:
        """A part of a scenario, with what files said when the plan was made in the place of their paths."""
        return by_contents(document, lambda file: self.files.get(str(file)) or said_by(file))

    @cached_property
    def cells(self) -> tuple[str, ...]:
        """The values of every point, as the design keeps them."""
        return tuple(map(write_cell, self.points))

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """What tells points apart: their cells, with what files say in the place of where they lie."""
        if not self._vary(_file_fields()):
            return self.cells
        named = [path for path in self.factors if any(_touch(path, field) for field in _file_fields())]
        documents = (self.scenario(number).model_dump() for number in range(len(self.points)))
        return tuple(
            write_cell({**point, **{path: self.by_contents(_part(document, path)) for path in named}})
            for point, document in zip(self.points, documents, strict=True)
        )

    def contents(self) -> dict[str, Any]:
        """The plan as JSON, with what files say in the place of where they lie: what tells its results from others."""
        said = {"base": self.by_contents(self.base.model_dump(exclude_none=True)), "points": self.keys}
        plain: dict[str, Any] = json.loads(json.dumps(self.document() | said, default=as_json))
        return plain

    def document(self) -> dict[str, Any]:
        """The plan as JSON: the same plan gives the same document, after a round trip through a file too."""
        document = {
            "name": self.name,
            "description": self.description,
            "base": self.base.model_dump(mode="json", exclude_none=True),
            "factors": self.factors,
            "points": [[point[path] for path in self.factors] for point in self.points],
            "seeds": self.seeds,
            "metrics": self.metrics,
            "every": self.every,
            "stop": None if self.stop is None else str(self.stop),
            "design": {"kind": self.design, **self.sampling},
            **({"keep": self.keep} if self.keep else {}),
        }
        plain: dict[str, Any] = json.loads(json.dumps(document, default=as_json))
        return plain


@cache
def _file_fields() -> tuple[str, ...]:
    """Fields of a scenario that name files."""
    return ("task.kind", *(entry.path for entry in schema_fields() if entry.allowed == "a path"))


def _rule_fields() -> tuple[str, ...]:
    """Fields of a scenario that name rules, some of which may be from elsewhere."""
    named = (registry.field.partition("[]")[0] for registry in REGISTRIES if registry.field)
    return (*named, "mechanisms")


def _part(document: Any, path: str) -> Any:
    """What stands in a document at the dotted path of a field."""
    for part in split_path(path):
        document = document[int(part)] if part.isdigit() else document[part]
    return document


def _touch(factor: str, field: str) -> bool:
    """Whether to vary a factor changes a field."""
    factor = parse_path(factor).replace("[", ".").replace("]", "")
    return f"{field}.".startswith(f"{factor}.") or f"{factor}.".startswith(f"{field}.")


def plan_of(
    scenario: Scenario | str | Path,
    vary: Mapping[str, Sequence[Any] | str] | None = None,
    seeds: int | str | Iterable[int] = 8,
    *,
    metrics: Sequence[str] | None = None,
    every: int = 1,
    stop: Stop | str | None = None,
    keep: Sequence[str] = (),
) -> Plan:
    """The plan of every combination of some values.

    Args:
        scenario: what to vary, or where to load it from.
        vary: the values to compare by dotted path, ``"*"`` for all that have a name; none plays the scenario itself.
        seeds: the seeds, or how many of them (0, 1, …).
        metrics: which to keep; all if not given.
        every: rounds between records.
        stop: when a run may end early, or its text.
        keep: more to keep of every run, of ``KEEP``.

    Raises:
        InputError: if it is not a sweep of valid economies.
    """
    base = scenario if isinstance(scenario, Scenario) else load(scenario)
    factors = [listed({path: values}, "vary") for path, values in _varied(vary).items()]
    paths = tuple(path for factor in factors for path in factor.paths)
    demand_apart(paths)
    plan = Plan(
        name=base.name,
        base=base,
        factors=paths,
        points=grid(factors, []).points,
        seeds=read_seeds(seeds),
        metrics=None if metrics is None else tuple(metrics),
        every=every,
        stop=read_stop(stop) if isinstance(stop, str) else stop,
        description=base.description,
        keep=tuple(keep),
    )
    return checked(plan)


def read_plan(
    name_or_file: str | Path,
    *,
    vary: Mapping[str, Sequence[Any] | str] | None = None,
    seeds: int | str | Iterable[int] | None = None,
    changes: Overrides = (),
) -> Plan:
    """The plan of a sweep of the library or of a sweep file; of a scenario, with what the caller varies.

    Args:
        name_or_file: "free-riding", "my/sweep.toml", "commons" or "my/economy.toml".
        vary: values to compare by dotted path, in place of what the file varies there or in addition.
        seeds: the seeds, or how many of them, in place of the file's; 8 if neither says.
        changes: fields set alike in all points, as for ``commonweal.load``.

    Raises:
        InputError: if there is no such file, or it is not a sweep of valid economies.
    """
    file, fixed = find_sweep(name_or_file), read_overrides(changes)
    wanted = {parse_path(path): values for path, values in _varied(vary).items()}
    if not is_sweep(_document(file)):
        if both := sorted(set(wanted) & set(fixed)):
            raise InputError(f"{both[0]} is both set and varied; leave one out")
        return plan_of(load(file, fixed), wanted, 8 if seeds is None else seeds)
    sheet = read_sheet(file, fixed, wanted)
    try:
        return _planned(sheet, seeds)
    except InputError as error:
        raise InputError(f"{file.name}: {error}") from None


def _varied(vary: Any) -> Mapping[str, Any]:
    if isinstance(vary or {}, Mapping) and all(isinstance(path, str) for path in vary or {}):
        return vary or {}
    raise InputError(f"vary = {shorten(repr(vary))}: must be lists of values by path, like {{'market.leak': [0, 1]}}")


def _document(file: Path) -> dict[str, Any]:
    try:
        return read_document(file)
    except InputError as error:
        raise InputError(f"{file.name}: {error}") from None


def _planned(sheet: Sheet, seeds: int | str | Iterable[int] | None) -> Plan:
    drawn = sheet.draw()
    plan = Plan(
        name=sheet.name,
        base=sheet.base,
        factors=sheet.factors,
        points=drawn.points,
        seeds=read_seeds(sheet.seeds if seeds is None else seeds),
        metrics=sheet.metrics,
        every=sheet.every,
        stop=None if sheet.stop is None else read_stop(sheet.stop),
        design=sheet.design,
        sampling=_sampling(sheet, drawn),
        description=sheet.description or sheet.base.description,
        keep=sheet.keep,
    )
    return checked(plan)


def _sampling(sheet: Sheet, drawn: Drawn) -> dict[str, Any]:
    """What an analysis of the sample needs: which point each of its rows is, in the order that SALib expects."""
    if sheet.sample is None:
        return {}
    sample, used = sheet.sample, {"size": sheet.sample.size, "seed": sheet.sample.seed}
    used |= {"second_order": sample.second_order} if sample.kind == "sobol" else {}
    used |= {"levels": sample.levels} if sample.kind == "morris" else {}
    rows = {"sampled": [factor.path for factor in sheet.ranged], "rows": drawn.rows}
    units = {"units": np.asarray(drawn.units).tolist()} if sample.kind == "morris" else {}
    return {**used, **rows, **units}


def checked(plan: Plan) -> Plan:
    """The plan, after every point's economy was built once and found valid.

    Raises:
        InputError: with one line that says what is wrong, and at which point.
    """
    if not _NAME.fullmatch(plan.name):
        raise InputError(f"name = {plan.name!r}: must be letters, digits, '_', '-' and '.', not '.' first")
    if not isinstance(plan.every, int) or isinstance(plan.every, bool) or plan.every < 1:
        raise InputError(f"every = {shorten(write_value(plan.every))}: must be a whole number of at least 1 round")
    if not plan.points:
        raise InputError("the design is empty: exclude leaves no point")
    fewest = _check_points(plan)
    if plan.metrics is not None:
        _check_metrics("metrics", plan.metrics, fewest)
    if plan.stop is not None:
        _check_metrics("stop", sorted(plan.stop.metrics), fewest)
    _check_kept(plan)
    _ = plan.sources  # what they are is noted now, before anything is played
    return plan


def _check_kept(plan: Plan) -> None:
    for name in plan.keep:
        if name not in KEEP or plan.keep.count(name) > 1:
            raise InputError(f"keep: {write_value(name)}: must be among {', '.join(KEEP)}, each once")
    if plan.keep and plan.stop is not None:
        raise InputError("keep: needs runs that are played to their end; leave out stop")


def _check_points(plan: Plan) -> Measured:
    """Build every point's economy, one at a time, and say what all of them have that is measured."""
    numbers: dict[bytes, int] = {}  # by digest, since ten thousand scenarios need not be kept to be told apart
    fewest, named = Measured.of(plan.base), plan.names_files
    for number, point in enumerate(plan.points):
        try:
            scenario = plan.scenario(number)
        except InputError as error:
            raise InputError(f"point {number} ({written(point)}): {error}") from None
        document = scenario.model_dump_json()
        if named:
            demand_files(scenario)
            document = json.dumps(by_contents(scenario.model_dump()), default=as_json)
        digest = blake2b(document.encode(), digest_size=16).digest()
        if (first := numbers.setdefault(digest, number)) != number:
            raise InputError(f"points {first} and {number} are the same economy: {written(point)}")
        measured = Measured.of(scenario)
        fewest = measured if number == 0 else fewest.shared(measured)
    return fewest


def written(point: Mapping[str, Any]) -> str:
    """A point in a few words."""
    return shorten(", ".join(f"{path} = {write_value(value)}" for path, value in point.items()))


def _check_metrics(where: str, names: Sequence[str], measured: Measured) -> None:
    known = measured.metrics
    if not names and where == "metrics":
        raise InputError("metrics = []: name at least one, or leave it out to keep all")
    for name in names:
        if name not in known:
            close = get_close_matches(str(name), known, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise InputError(f"{where}: {name!r} is no metric of this sweep: there are {', '.join(known)}{hint}")
        if list(names).count(name) > 1:
            raise InputError(f"{where}: {name!r} is named twice")
