"""Writes a scenario around a table: one file with a comment for every choice, which its user goes on to change."""

from collections.abc import Mapping
from dataclasses import dataclass
from os.path import relpath
from pathlib import Path

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.agents.files import refusals, replacing
from commonweal.economy.tasks.metrics import AUTO, METRICS, demand_metric, metric_of
from commonweal.economy.tasks.tables.reading import READERS, read_table
from commonweal.economy.tasks.tables.roles import Roles, split_of, target_of, weights_of
from commonweal.economy.tasks.tables.table import Column, Table
from commonweal.scenarios.schema.library import LIBRARY, SCENARIO
from commonweal.scenarios.schema.notation import write_value
from commonweal.scenarios.starting.guessing import guess_label, guess_owner

HOSPITALS = "hospitals"  # the bundled table
_HELD_OUT, _MOST = 0.12, 300  # share of rows for validation and for test each, and samples at most
_TEMPLATE = """\
# {title}
# Every field with its unit and what is allowed:  commonweal describe
# What this would do:  commonweal check {file}
name = "{name}"
description = "{title}"
rounds = 40

[task]
kind = {kind}  # seen from the folder of this file
label = {label}  # the column that is learned
{owner}
# columns = ["age"]  # what it is learned from; all other columns if not given
{weight}
{split}
missing = {missing}  # impute, refuse, or drop the row{why}
{metric}

[learning]
network = "mlp"
hidden = [16]
rate = {rate}
sampling = "pool"  # a batch is drawn from all that is contributed, so who holds more puts in more; or "each"
batch = {batch}  # rows a round

[population]
# A principal pays for every row of its own that is used, between these costs; see also cost_types.
{count}cost_low = {cost_low:.4g}
cost_high = {cost_high:.4g}

[actions]
available = ["abstain", "delegate", "free_ride", "defect"]
free_ride = "idle"  # what free-riders put in: nothing; stale: the same two rows again and again; junk: noise

[policy]
# How they decide. imitation: as others who are paid more; best_response: what pays most if others do as before; also
# learning, conditional, q_network, fixed, and mixtures such as {{ best_response = 0.5, imitation = 0.5 }}.
mix = {{ imitation = 1.0 }}

[settlement]
kind = "credit"  # who is paid what: equal, data, credit, robust, ... (commonweal study staying compares them)

[market]
baseline = {baseline:.2f}  # {quality} that is worth nothing: that of {guess}
price = {price:.4g}  # money a round and principal for each unit of {quality} above that
"""


@dataclass(frozen=True)
class Begun:
    """What was written, and what it was guessed from."""

    scenario: Path
    table: Path
    label: str
    owner: str  # "" where rows belong to nobody
    owners: int  # principals
    weight: str = ""
    split: str = ""
    metric: str = AUTO


def begin(
    folder: Path,
    data: str,
    label: str = "",
    owner: str | None = None,
    *,
    weight: str = "",
    split: str = "",
    metric: str = AUTO,
    force: bool = False,
) -> Begun:
    """Write a scenario around a table.

    Args:
        folder: for the scenario; made if it is not there.
        data: path of a CSV or parquet file, or ``hospitals``, the bundled table, which is copied beside the scenario.
        label: column that is learned; guessed if empty.
        owner: column that says whose a row is; guessed if None, none if empty.
        weight: column with what a row counts; empty: all alike.
        split: column with train, validation or test; empty: validation and test are drawn.
        metric: what the model is sold by; ``auto``: accuracy of classes, R² of numbers.
        force: replace a scenario that lies there.

    Raises:
        InputError: if the table cannot be read, a column is not there or no such column, the metric does not fit the
            label, or a scenario lies there.
    """
    scenario = folder / SCENARIO
    if scenario.exists() and not force:
        raise InputError(f"{scenario} is there already: choose another folder, or replace it with --force")
    file = file_of(data)
    table = read_table(kind_of(file), file)
    label = label or guess_label(table)
    target = target_of(table.column(label, "label"), AUTO)
    chosen = guess_owner(table, label) if owner is None else owner
    names = set(table.column(chosen, "owner").values.astype(str)) if chosen else set()
    roles = Roles(label, chosen, weight, split, (), (), (), "impute", AUTO)
    _demand_different(roles.named)
    weights_of(table, roles), split_of(table, roles)
    demand_metric(metric, target, table.name)
    with refusals(folder):
        folder.mkdir(parents=True, exist_ok=True)
    if file == bundled():
        file = _copied(file, folder)
    begun = Begun(scenario, file, label, chosen, len(names) or 10, weight, split, metric)
    with refusals(scenario), replacing(scenario) as partial:
        partial.write_text(_written(begun, table, folder), encoding="utf-8")
    return begun


def file_of(data: str) -> Path:
    """The file of a table: its path, or that of the bundled one by its name."""
    return bundled() if data == HOSPITALS and not Path(data).exists() else Path(data)


def bundled() -> Path:
    """The made-up table of twelve hospitals."""
    return LIBRARY / "data" / f"{HOSPITALS}.csv"


def kind_of(file: Path) -> str:
    """How a table is kept, by the end of its file's name.

    Raises:
        InputError: if that is neither csv nor parquet.
    """
    kind = file.suffix.removeprefix(".").lower()
    if kind not in READERS:
        raise InputError(f"{file}: its name must end in {' or '.join(f'.{each}' for each in READERS)}")
    return kind


def _copied(file: Path, folder: Path) -> Path:
    copy = folder / file.name
    with refusals(copy), replacing(copy) as partial:
        partial.write_bytes(file.read_bytes())
    return copy


def _demand_different(columns: Mapping[str, str]) -> None:
    """Raise InputError where one column has two roles."""
    roles: dict[str, str] = {}
    for field, name in columns.items():
        if name in roles:
            what = {"label": "that is learned", "owner": "of owners"}.get(roles[name], f"of {roles[name]}s")
            raise InputError(f"{field} = {name!r} is the column {what}; name another, or none")
        roles[name] = field


def _written(begun: Begun, table: Table, folder: Path) -> str:
    rows = len(table)
    batch = min(256, max(16, rows // 8))
    owned = f"owner = {write_value(begun.owner)}  # the column that says whose a row is; each owner is a principal"
    none = '# owner = "hospital"  # the column that says whose a row is; without it rows are spread over principals'
    who = f"{begun.owners} owners" if begun.owner else f"{begun.owners} principals"
    label = table.columns[begun.label]
    target, absent = target_of(label, AUTO), int(label.missing.sum())
    metric = metric_of(begun.metric, target)
    facts = METRICS.facts(metric)
    return _TEMPLATE.format(
        title=f"{who} learn {begun.label} from {begun.table.name} together.",
        file=begun.scenario,
        name=_plain(folder.absolute().name),
        kind=write_value(f"{kind_of(begun.table)}:{_seen(begun.table, folder)}"),
        label=write_value(begun.label),
        owner=owned if begun.owner else none,
        weight=_line("weight", begun.weight, "count", "column with what a row counts; all alike if not given"),
        split=_parts(begun.split, rows),
        missing=write_value("drop" if absent else "impute"),
        why=f": {absent} rows have no {begun.label}" if absent else "",
        metric=_line("metric", "" if begun.metric == AUTO else begun.metric, metric, "what the model is sold by"),
        rate={"class": 0.5, "number": 0.1}[target],
        batch=batch,
        count="" if begun.owner else f"count = {begun.owners}\n",
        baseline=facts.guessing(_shares(label)) if facts.guessing is not None else 0.0,
        quality=facts.called(metric),
        guess="always guessing the commonest label" if metric == "accuracy" else "guessing" if facts.guessing else (
            "... yours to say"),
        price=2.0 / begun.owners,
        cost_low=0.01 / batch,
        cost_high=0.05 / batch,
    )


def _line(field: str, said: str, example: str, words: str) -> str:
    """A line of a file: what is said, or an example of it as a comment."""
    return f"{'' if said else '# '}{field} = {write_value(said or example)}  # {words}"


def _parts(split: str, rows: int) -> str:
    """The lines that say which rows are held out."""
    line = _line("split", split, "part", "column with train, validation or test; drawn if not given")
    if split:
        return line
    held_out = min(_MOST, max(2, int(_HELD_OUT * rows)))
    return f"""{line}
validation = {held_out}  # rows that credit is measured on; nobody's
test = {held_out}  # rows that the model is sold by; nobody's"""


def _shares(column: Column) -> Floats:
    """(C,) share of each value of a column."""
    counts = np.unique(column.values[~column.missing].astype(str), return_counts=True)[1]
    return np.asarray(counts / counts.sum(), dtype=np.float64)


def _seen(file: Path, folder: Path) -> str:
    """The path of a file as seen from a folder, where no more than two folders lie between; else its absolute path."""
    seen = Path(relpath(file.absolute(), folder.absolute()))
    return (file.absolute() if seen.parts[:3] == ("..", "..", "..") else seen).as_posix()


def _plain(name: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "._-" else "_" for sign in name) or "own"
