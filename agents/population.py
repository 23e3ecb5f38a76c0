"""Population: every principal's state as arrays, run axis first. A Mesa agent is a view of one column."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Population:
    """R runs of N principals with K value dimensions and 4 actions. Arrays are replaced, never written to."""

    cost: Floats  # (R, N) cost of delegating one sample, money
    policy: Ints  # (R, N) position of the principal's policy in PolicyTerms.names
    kind: Ints  # (R, N) conditional-cooperation type: a ConditionalKind
    limits: Floats  # (R, N, K) limit on each probe's level
    anchor: Floats  # (R, N, K) the limits it started with
    action: Ints  # (R, N) last action
    payoff: Floats  # (R, N) remembered payoff, money per round
    action_values: Floats  # (R, N, 4) learned payoff of each action, money per round
    foregone: Floats  # (R, N, 4) last round's counterfactual payoff of each action; nan where not computed
    reputation: Floats  # (R, N) moving average of being credited, in [0, 1]

    @property
    def shape(self) -> tuple[int, int]:
        """(R, N)."""
        runs, principals = self.cost.shape
        return runs, principals
