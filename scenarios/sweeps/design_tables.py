"""The table ``[design]`` of a sweep file: which design, and how its sample is drawn."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.scenarios.schema.notation import shorten, write_value
from commonweal.scenarios.sweeps.designs import Sample
from commonweal.scenarios.sweeps.factors import demand_known

SAMPLES = ("sobol", "latin", "morris")
_OPTIONS: dict[str, dict[str, type]] = {
    "sobol": {"size": int, "seed": int, "second_order": bool},
    "latin": {"size": int, "seed": int},
    "morris": {"size": int, "seed": int, "levels": int},
}
_LARGEST = 2**20  # size of a sample


def read_design(table: Any, points: bool) -> tuple[str, Sample | None]:
    """Read the table ``design`` of a sweep file.

    Args:
        table: the table.
        points: whether the file lists its points.

    Returns:
        The kind of the design, and its sample if it is one.

    Raises:
        InputError: if something in it is unknown or not allowed.
    """
    if not isinstance(table, Mapping):
        raise InputError(f"design = {shorten(write_value(table))}: must be a table with a kind")
    kind = table.get("kind", "list" if points else "grid")
    if kind not in ("grid", "list", *SAMPLES):
        close = get_close_matches(str(kind), SAMPLES, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise InputError(f"design.kind = {write_value(kind)}: must be one of grid, list, {', '.join(SAMPLES)}{hint}")
    options = _OPTIONS.get(kind, {})
    demand_known(table, ("kind", *options), f"the design {kind}")
    for name, value in table.items():
        if name != "kind" and type(value) is not options[name]:
            allowed = "true or false" if options[name] is bool else "a whole number"
            raise InputError(f"design.{name} = {shorten(write_value(value))}: must be {allowed}")
    if not options:
        return kind, None
    if "size" not in table:
        raise InputError(f"design.size is missing: how large a {kind} sample?")
    sample = Sample(**table)
    _check_sample(sample)
    return kind, sample


def _check_sample(sample: Sample) -> None:
    if not 1 <= sample.size <= _LARGEST:
        raise InputError(f"design.size = {sample.size}: must be a whole number between 1 and {_LARGEST:_}")
    if sample.seed < 0:
        raise InputError(f"design.seed = {sample.seed}: must be a whole number of at least 0")
    if sample.kind == "sobol" and sample.size & (sample.size - 1):
        near = 2 ** (sample.size.bit_length() - 1)
        raise InputError(f"design.size = {sample.size}: must be a power of two, like {near} or {2 * near}")
    if sample.kind == "morris" and (sample.levels % 2 or not 2 <= sample.levels <= 1000):
        raise InputError(f"design.levels = {sample.levels}: must be an even number between 2 and 1000")
