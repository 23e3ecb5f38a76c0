"""Which samples are for training, validation and test, and whether owners of the samples can be the principals."""

import numpy as np

from commonweal.agents.arrays import Ints
from commonweal.agents.errors import InputError
from commonweal.economy.tasks.dataset import Dataset
from commonweal.economy.tasks.examples import Examples
from commonweal.economy.tasks.partition import OWNER


def demand_owners(data: Dataset | Examples, principals: int) -> None:
    """Check that samples have owners, who are the principals, each with something to train on.

    Raises:
        InputError: if they do not.
    """
    if data.owners is None:
        raise InputError(
            f"task.partition = {OWNER!r}: samples of {data.name} have no owners; name their column in task.owner"
        )
    if principals != len(data.owner_names):
        raise InputError(
            f"population.count = {principals}: must be {len(data.owner_names)}, the owners in {data.name}, "
            f"where task.partition = {OWNER!r}; leave it out"
        )
    if data.split is None:
        return
    trains = np.bincount(data.owners[data.split == 0], minlength=principals) > 0
    if not trains.all():
        raise InputError(
            f"{data.name}: owner {data.owner_names[int(np.argmin(trains))]!r} has no training row by task.split "
            f"({np.count_nonzero(~trains)} such owners); every owner needs one"
        )


def divided(
    order: Ints, owners: Ints | None, split: Ints | None, test: int, validation: int
) -> tuple[Ints, Ints, Ints]:
    """Ids of test, validation and training samples, each in random order.

    Args:
        order: (M,) all ids in random order.
        owners: (M,) who owns them, where owners are the principals: each keeps a sample to train on.
        split: (M,) 0 training, 1 validation, 2 test, where the data say so.
        test: samples that are drawn for it, where the data do not say.
        validation: the same.
    """
    if split is not None:
        return order[split[order] == 2], order[split[order] == 1], order[split[order] == 0]
    drawn = order
    if owners is not None:
        kept = len(order) - 1 - np.unique(owners[order[::-1]], return_index=True)[1]  # the last place of each owner
        drawn = np.delete(order, kept)
    taken = np.zeros(len(order), dtype=bool)
    taken[drawn[: test + validation]] = True
    return drawn[:test], drawn[test : test + validation], order[~taken[order]]


def sized(held: Ints, count: Ints, sizes: Ints, owners: tuple[str, ...]) -> tuple[Ints, Ints]:
    """Training samples where each principal holds as many as it is said to hold; the others are nobody's.

    Args:
        held: (T,) ids by principal, each one's in random order.
        count: (N,) how many each holds by the partition.
        sizes: (N,) how many each shall hold.
        owners: (N,) names, where the data say whose a sample is; empty: any sample may be anybody's.

    Returns:
        (Σ sizes,) ids by principal, and sizes.

    Raises:
        InputError: if there are too few.
    """
    if not owners:
        if (wanted := int(sizes.sum())) > len(held):
            raise InputError(
                f"population.table: samples sum to {wanted}, more than the {len(held)} there are to train on"
            )
        return held[:wanted], sizes
    short = sizes > count
    if short.any():
        who = int(np.argmax(short))
        raise InputError(
            f"population.table: samples = {sizes[who]} of {owners[who]!r}, who has {count[who]} to train on; "
            "it must be at most as many"
        )
    number = np.arange(len(held)) - np.repeat(np.cumsum(count) - count, count)
    return held[number < np.repeat(sizes, count)], sizes
