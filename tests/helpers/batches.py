"""What tests ask of virtual batches."""

import numpy as np

from commonweal.economy.tasks import Batch


def audit_trail(batch: Batch, run: int) -> list[tuple[int, int]]:
    """Whom the step visited: (principal, samples) in order of first arrival.

    Args:
        batch: the round's virtual batches.
        run: which run.
    """
    owner = batch.owner[run]
    visited, arrival, samples = np.unique(owner[owner >= 0], return_index=True, return_counts=True)
    order = np.argsort(arrival)
    return list(zip(visited[order].tolist(), samples[order].tolist(), strict=True))
