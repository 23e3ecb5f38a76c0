"""What principals keep of a round: payoffs, the learned value of actions, and each other's reputation."""

from dataclasses import replace

import numpy as np

from agents.policies.base import Floats, PolicyTerms
from agents.population import Population


def remember(
    population: Population,
    payoffs: Floats,
    credit: Floats,
    foregone: Floats | None,
    terms: PolicyTerms,
    *,
    first: bool,
) -> Population:
    """Take a round's outcome into memory.

    Remembered payoff: m w + (1 - m) u, the payoff u itself in the first round. Learned value of the action taken:
    Q + rate (u - Q). Reputation: moving average of being credited, as in image scoring (Nowak and Sigmund 1998).

    Args:
        population: with ``action`` what was played in this round.
        payoffs: (R, N) u, money.
        credit: (R, N) credit of the round.
        foregone: (R, N, 4) counterfactual payoff of each action, money; None where not computed.
        terms: ``memory`` m and ``learning.rate``.
        first: whether this was the first round, before which there is nothing to remember.

    Returns:
        The population after the round.
    """
    memory = terms.memory
    return replace(
        population,
        payoff=payoffs if first else memory * population.payoff + (1 - memory) * payoffs,
        action_values=_learned(population, payoffs, terms.learning.rate),
        foregone=np.full_like(population.foregone, np.nan) if foregone is None else foregone,
        reputation=memory * population.reputation + (1 - memory) * (credit > 0),
    )


def _learned(population: Population, payoffs: Floats, rate: Floats) -> Floats:
    values = population.action_values
    taken = population.action[:, :, None] == np.arange(values.shape[2])
    return values + np.where(taken, rate[:, :, None] * (payoffs[:, :, None] - values), 0.0)
