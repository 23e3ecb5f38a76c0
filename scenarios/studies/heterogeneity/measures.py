"""From courses of accuracy and bytes per round to what is compared: bytes to a target, accuracy at equal bytes."""

import numpy as np

from commonweal.agents.arrays import Floats

SHARE = 0.95  # of the accuracy of training on pooled data


def at_last(accuracy: Floats, rounds: int | None = None) -> Floats:
    """(R,) mean over the last tenth of the first ``rounds`` rounds of (R, T); nan where there is none."""
    rounds = accuracy.shape[1] if rounds is None else min(rounds, accuracy.shape[1])
    if rounds < 1:
        return np.full(len(accuracy), np.nan)
    first = rounds - max(1, rounds // 10)
    mean: Floats = accuracy[:, first:rounds].mean(axis=1)
    return mean


def rounds_to(accuracy: Floats, target: Floats) -> Floats:
    """(R,) rounds until accuracy (R, T) first reaches its target (R,); nan where it never does."""
    reached = accuracy >= target[:, None]
    return np.where(reached.any(axis=1), reached.argmax(axis=1) + 1.0, np.nan)


def at_equal_bytes(courses: dict[str, Floats], per_round: dict[str, int]) -> dict[str, Floats]:
    """(R,) accuracy of each way once it has sent as much as the thriftiest has in all its rounds.

    Args:
        courses: (R, T) accuracy by way.
        per_round: bytes of a round by way.
    """
    budget = min(per_round[way] * accuracy.shape[1] for way, accuracy in courses.items())
    return {way: at_last(accuracy, budget // per_round[way]) for way, accuracy in courses.items()}
