"""``population.table``: a file with a row per principal, by name, that says what is drawn for all others.

Columns beside ``name``: ``cost`` (money per sample), ``policy`` (of ``policy.mix``), ``action`` (the first one),
``limit_0``, ``limit_1``, … (one for each value dimension), ``price`` (money per round), ``endowment`` (money) and
``samples`` (held for training; of all or of nobody). An empty cell leaves what is drawn.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import AnyArray, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.agents.population import Population
from commonweal.economy.tasks.tables.reading import READERS, read_table
from commonweal.economy.tasks.tables.table import Column, Table, listed
from commonweal.economy.world.terms import Terms

NAME = "name"
NUMBERS = ("cost", "price", "endowment", "samples")
FIELD = "population.table"
MOST = 1e6  # of any number: as of the scenario's fields


@dataclass(frozen=True)
class PrincipalsTable:
    """What a table says of some of N principals; nan, or −1 where a code is meant, where it says nothing."""

    numbers: Mapping[str, Floats]  # (N,) by column of NUMBERS
    limits: Floats | None  # (N, K); None: none is given
    policy: Ints | None  # (N,) position in PolicyTerms.names
    action: Ints | None  # (N,) code of Action

    def samples(self) -> Ints | None:
        """(N,) samples that each holds for training; None where nothing is said."""
        given = self.numbers.get("samples")
        return None if given is None else given.astype(np.int64)

    def endowment(self, usual: Floats) -> Floats:
        """(R, N) money that each starts with, from what is usual (R, 1); (R, 1) where the table says nothing."""
        given = self.numbers.get("endowment")
        return usual if given is None else _over(given, np.broadcast_to(usual, (len(usual), len(given))))

    def on(self, people: Population) -> Population:
        """The people with what the table says of them."""
        cost, price = (self.numbers.get(name) for name in ("cost", "price"))
        limits = people.limits if self.limits is None else _over(self.limits, people.limits)
        return replace(
            people,
            cost=people.cost if cost is None else _over(cost, people.cost),
            price=people.price if price is None else _over(price, people.price),
            limits=limits,
            anchor=people.anchor if self.limits is None else limits,
            policy=people.policy if self.policy is None else np.where(self.policy < 0, people.policy, self.policy),
            action=people.action if self.action is None else np.where(self.action < 0, people.action, self.action),
        )


def _over(given: Floats, drawn: Floats) -> Floats:
    """What is given where it is, else what was drawn."""
    return np.where(np.isnan(given), drawn, given)


def read_principals(terms: Terms, names: tuple[str, ...]) -> PrincipalsTable | None:
    """The table that a scenario names; None where it names none.

    Args:
        terms: of the economy.
        names: (N,) of the principals; empty: they go by their numbers.

    Raises:
        InputError: if it cannot be read, has an unknown column or principal, names one twice, or holds a value that
            is not allowed; names the file and the row.
    """
    if terms.population.table is None:
        return None
    names = names or tuple(map(str, range(terms.population.count)))
    table = _table(terms.population.table)
    place = _places(table, names)
    dimensions = len(terms.values.dimensions)
    limits = [f"limit_{k}" for k in range(dimensions)]
    _demand_columns(table, limits, terms)

    def spread(name: str, values: AnyArray, spare: float) -> AnyArray:
        """(N,) values of the rows at the places of their principals."""
        result = np.full(len(names), spare, dtype=values.dtype)
        result[place] = values
        return result

    numbers = {name: spread(name, _numbers(table, name), np.nan) for name in NUMBERS if name in table.columns}
    _demand_endowment(table, numbers.get("endowment"), names, terms)
    if "samples" in numbers and (unsaid := np.isnan(numbers["samples"])).any():
        who = names[int(np.argmax(unsaid))]
        raise InputError(f"{table.name}: says no samples of {who!r}; it must for every principal")
    some = any(name in table.columns for name in limits)
    no_limit = np.full(len(names), np.nan)
    return PrincipalsTable(
        numbers=numbers,
        limits=np.stack([
            spread(name, _limits(table, name, terms.values.dimensions[k].sense), np.nan) if name in table.columns
            else no_limit for k, name in enumerate(limits)
        ], axis=1) if some else None,
        policy=_codes(table, "policy", sorted(terms.policy.mix), "policy.mix", spread),
        action=_actions(table, terms, spread),
    )  # fmt: skip


def _table(file: Path) -> Table:
    kind = file.suffix.removeprefix(".")
    if kind not in READERS:
        raise InputError(f"{FIELD} = '{file.name}': must be a .csv or .parquet file")
    table = read_table(kind, file)
    table.scalar(NAME, "the column of principals' names")
    return table


def _places(table: Table, names: tuple[str, ...]) -> Ints:
    """(n,) which principal each row is of."""
    column, known = table.columns[NAME], {name: place for place, name in enumerate(names)}
    found: list[int] = []
    for row, name in zip(table.rows.tolist(), column.written(), strict=True):
        if name not in known:
            raise InputError(f"{table.name}: row {row} is of {name!r}, who is no principal; there are {listed(names)}")
        if known[name] in found:
            raise InputError(f"{table.name}: row {row} is of {name!r} again; a principal has one row")
        found.append(known[name])
    return np.array(found, dtype=np.int64)


def _demand_columns(table: Table, limits: list[str], terms: Terms) -> None:
    allowed = [NAME, *NUMBERS, "policy", "action", *limits]
    for name in table.columns:
        if name not in allowed:
            raise InputError(
                f"{table.name}: column {name!r} says nothing of principals; allowed are {', '.join(allowed)}"
            )
    if "cost" in table.columns and terms.population.cost_types:
        raise InputError(f"{table.name}: column 'cost' needs population.cost_types empty: costs are of types there")
    partition = terms.task.partition
    if "samples" in table.columns and partition not in ("owner", "equal"):
        raise InputError(f"{table.name}: column 'samples' needs task.partition = 'owner' or 'equal', not {partition!r}")


def _numbers(table: Table, name: str, most: float = MOST) -> Floats:
    column = table.scalar(name, FIELD)
    wrong = ~column.missing
    if column.numeric:
        wrong &= ~((column.values >= (1 if name == "samples" else 0)) & (column.values <= most))
        if name == "samples":
            wrong |= ~column.missing & (column.values != np.round(column.values))
    if wrong.any():
        kind = f"a whole number of at least 1, up to {most:g}" if name == "samples" else f"a number from 0 to {most:g}"
        shown = _shown(column, wrong)
        raise InputError(f"{table.name}: row {table.row(wrong)} has {name} = {shown}; it must be {kind}")
    return np.full(len(table), np.nan) if not column.numeric else column.values


def _limits(table: Table, name: str, sense: str) -> Floats:
    return _numbers(table, name, 1.0 if sense == "withhold" else MOST)


def _shown(column: Column, where: AnyArray) -> str:
    return str(column.written()[np.argmax(where)])


def _codes(
    table: Table, name: str, known: list[str], field: str, spread: Callable[[str, AnyArray, float], AnyArray]
) -> Ints | None:
    """(N,) positions of names among those that are known, −1 where none is given."""
    if name not in table.columns:
        return None
    column = table.scalar(name, FIELD)
    wrong = ~column.missing & ~np.isin(column.written().astype(str), known)
    if wrong.any():
        raise InputError(
            f"{table.name}: row {table.row(wrong)} has {name} = {_shown(column, wrong)!r}; it must be one of "
            f"{', '.join(known)} ({field})"
        )
    codes = [-1 if gone else known.index(word) for word, gone in zip(column.written(), column.missing, strict=True)]
    return spread(name, np.array(codes, dtype=np.int64), -1)


def _actions(table: Table, terms: Terms, spread: Callable[[str, AnyArray, float], AnyArray]) -> Ints | None:
    available = sorted(terms.actions.available)
    found = _codes(table, "action", available, "actions.available", spread)
    codes = np.array([Action[name.upper()] for name in available] + [-1], dtype=np.int64)
    return None if found is None else codes[found]


def _demand_endowment(table: Table, given: Floats | None, names: tuple[str, ...], terms: Terms) -> None:
    """Raise InputError where somebody could not pay for its name."""
    short = np.zeros(len(names), dtype=bool) if given is None else given < terms.identity.cost.max()
    if short.any():
        who, cost = int(np.argmax(short)), terms.identity.cost.max()
        assert given is not None
        raise InputError(
            f"{table.name}: {names[who]!r} has an endowment of {given[who]:g}, less than identity.cost = {cost:g}"
        )
