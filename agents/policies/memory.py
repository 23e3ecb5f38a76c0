"""What principals keep of a round: payoffs, the learned value of actions, and each other's reputation."""

from dataclasses import dataclass, replace

import numpy as np

from commonweal.agents.actions import of_action
from commonweal.agents.arrays import Floats
from commonweal.agents.policies.base import PolicyTerms
from commonweal.agents.population import Population


@dataclass(frozen=True)
class Outcome:
    """What a round brought R runs of N principals."""

    payoffs: Floats  # (R, N) u, money
    credit: Floats  # (R, N) of the round
    foregone: Floats | None = None  # (R, N, 4) counterfactual utility of each action, money; None where not computed
    limits: Floats | None = None  # (R, N, K) what they limit probes to from now on; None: as before
    first: bool = False  # whether this was the first round, before which there is nothing to remember
    value_costs: Floats | None = None  # (R, N, 4) what each action cost in values, money; None where nobody minds


def remember(population: Population, outcome: Outcome, terms: PolicyTerms) -> Population:
    """Take a round's outcome into memory.

    Remembered payoff: m w + (1 - m) u, the payoff u itself in the first round. Learned value of the action taken:
    Q + rate (u - Q), where a loss u < 0 counts ``loss_aversion`` times (Benartzi and Thaler 1995). Reputation: moving
    average of being credited, as in image scoring (Nowak and Sigmund 1998). Where principals mind what becomes of their
    values, what they learn from and remember beside the payoff is utility, u less the value cost of the action taken.

    Args:
        population: with ``action`` what was played in this round.
        outcome: of the round.
        terms: ``memory`` m, ``learning.rate`` and ``learning.loss_aversion``.

    Returns:
        The population after the round.
    """
    foregone, costs = outcome.foregone, outcome.value_costs
    gained = outcome.payoffs if costs is None else outcome.payoffs - of_action(costs, population.action)

    def kept(before: Floats, newest: Floats) -> Floats:
        weight = terms.memory if newest.ndim == 2 else terms.memory[..., None]
        return newest if outcome.first else weight * before + (1 - weight) * newest

    payoff = kept(population.payoff, outcome.payoffs)
    return replace(
        population,
        payoff=payoff,
        utility=payoff if costs is None else kept(population.utility, gained),
        value_costs=population.value_costs if costs is None else kept(population.value_costs, costs),
        action_values=_learned(population, _felt(gained, terms.learning.loss_aversion), terms.learning.rate),
        foregone=np.broadcast_to(np.nan, population.foregone.shape) if foregone is None else foregone,
        reputation=terms.memory * population.reputation + (1 - terms.memory) * (outcome.credit > 0),
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
