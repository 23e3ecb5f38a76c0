"""What principals keep of a round: payoffs, the learned value of actions, and each other's reputation."""

from dataclasses import dataclass, replace

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.agents.policies.base import PolicyTerms
from commonweal.agents.population import Population


@dataclass(frozen=True)
class Outcome:
    """What a round brought R runs of N principals."""

    payoffs: Floats  # (R, N) u, money
    credit: Floats  # (R, N) of the round
    foregone: Floats | None = None  # (R, N, 4) counterfactual payoff of each action, money; None where not computed
    limits: Floats | None = None  # (R, N, K) what they limit probes to from now on; None: as before
    first: bool = False  # whether this was the first round, before which there is nothing to remember


def remember(population: Population, outcome: Outcome, terms: PolicyTerms) -> Population:
    """Take a round's outcome into memory.

    Remembered payoff: m w + (1 - m) u, the payoff u itself in the first round. Learned value of the action taken:
    Q + rate (u - Q), where a loss u < 0 counts ``loss_aversion`` times (Benartzi and Thaler 1995). Reputation: moving
    average of being credited, as in image scoring (Nowak and Sigmund 1998).

    Args:
        population: with ``action`` what was played in this round.
        outcome: of the round.
        terms: ``memory`` m, ``learning.rate`` and ``learning.loss_aversion``.

    Returns:
        The population after the round.
    """
    memory, payoffs, foregone = terms.memory, outcome.payoffs, outcome.foregone
    return replace(
        population,
        payoff=payoffs if outcome.first else memory * population.payoff + (1 - memory) * payoffs,
        action_values=_learned(population, _felt(payoffs, terms.learning.loss_aversion), terms.learning.rate),
        foregone=np.broadcast_to(np.nan, population.foregone.shape) if foregone is None else foregone,
        reputation=memory * population.reputation + (1 - memory) * (outcome.credit > 0),
        limits=population.limits if outcome.limits is None else outcome.limits,
    )


def _felt(payoffs: Floats, loss_aversion: Floats) -> Floats:
    if (loss_aversion == 1).all():
        return payoffs
    return np.where(payoffs < 0, loss_aversion * payoffs, payoffs)


def _learned(population: Population, payoffs: Floats, rate: Floats) -> Floats:
    values = population.action_values.copy()
    flat = values.reshape(-1)
    taken = np.arange(0, flat.size, values.shape[2]).reshape(payoffs.shape) + population.action
    before = flat[taken]
    flat[taken] = before + rate * (payoffs - before)
    return values
