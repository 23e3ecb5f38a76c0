"""Returns of a policy that is masked at one state of a known Markov decision process: at each visit, or at the first.

Beechey and Şimşek (2025, arXiv 2511.06094) let the masked policy act at every visit of the state. Where it acts at the
first alone the return is Σ_a b_a(C) Q(s, a), linear in the masked policy.
"""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Floats


@dataclass(frozen=True)
class Process:
    """A Markov decision process of S states and A actions."""

    rewards: Floats  # (S, A) mean reward of an action
    moves: Floats  # (S, A, S) probability of the next state
    discount: float  # of a step, below 1

    def values(self, policy: Floats) -> Floats:
        """(S,) V, the return of a policy (S, A) from each state on."""
        moves = np.einsum("sa,sat->st", policy, self.moves)
        gained = (policy * self.rewards).sum(axis=1)
        found: Floats = np.linalg.solve(np.eye(len(gained)) - self.discount * moves, gained)
        return found

    def action_values(self, policy: Floats) -> Floats:
        """(S, A) Q, the return of an action and a policy (S, A) after it."""
        found: Floats = self.rewards + self.discount * (self.moves @ self.values(policy))
        return found


def masked_returns(process: Process, policy: Floats, state: int, laws: Floats, *, every_visit: bool) -> Floats:
    """The return from a state on if a masked policy acts in it, and the policy everywhere else.

    Args:
        process: that is played.
        policy: (S, A).
        state: where the features are masked.
        laws: (C, A) what each masked policy does there.
        every_visit: whether it acts whenever the state comes back, or at the first visit alone.

    Returns:
        (C,).
    """
    if not every_visit:
        once: Floats = laws @ process.action_values(policy)[state]
        return once
    returns = np.empty(len(laws))
    for place, law in enumerate(laws):
        masked = policy.copy()
        masked[state] = law
        returns[place] = process.values(masked)[state]
    return returns
