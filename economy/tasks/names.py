"""What principals are called: the owners in the data, or their numbers."""

from typing import Any

from commonweal.economy.tasks.partition import OWNER
from commonweal.economy.tasks.tables import dataset_of, is_own


def names_of(of: Any) -> tuple[str, ...]:
    """(N,) names of the principals.

    Args:
        of: a scenario, or a world. Names that a study adds go by their numbers.

    Raises:
        InputError: if the scenario's data cannot be read.
    """
    if (holdings := getattr(of, "holdings", None)) is not None:
        return _named(holdings.owner_names, of.graph.principals)
    task = of.task
    owned = task.partition == OWNER and is_own(task.kind)
    return _named(dataset_of(task).owner_names if owned else (), of.population.count)


def _named(names: tuple[str, ...], count: int) -> tuple[str, ...]:
    return (*names[:count], *map(str, range(len(names), count)))
