"""Who the principals are: a population drawn before its first round."""

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, Ints, apportioned
from commonweal.agents.policies.base import ConditionalTerms, PolicyTerms
from commonweal.agents.population import Population, PopulationTerms
from commonweal.agents.streams import Stream
from commonweal.agents.values import ValueTerms


def draw_population(
    start: PopulationTerms, policy: PolicyTerms, values: ValueTerms, limits: Floats, stream: Stream
) -> Population:
    """Draw the principals of every run.

    The numbers starting with each action, following each policy and of each kind are exact; who they are is random.

    Args:
        start: how many there are, their first actions and their costs.
        policy: who follows which policy, and who is of which kind.
        values: what looser limits cost.
        limits: (R, N, K) limits drawn by ``commonweal.agents.values.draw_limits``.
        stream: the runs' population streams; takes 5 N numbers of each.

    Returns:
        The population before its first round: nothing paid, nothing learned, reputations even at one half.
    """
    shape = (len(stream), start.count)
    costs, actions, policies, kinds, asked = stream.uniform(5, start.count).transpose(1, 0, 2)
    return Population(
        cost=_costs(start, costs),
        policy=_dealt(_policy_shares(policy), policies),
        conditional_kind=_dealt(_kind_shares(policy.conditional), kinds),
        limits=limits,
        anchor=limits,
        action=_dealt(_action_shares(start), actions),
        payoff=np.zeros(shape),
        action_values=np.zeros((*shape, len(Action))),
        foregone=np.full((*shape, len(Action)), np.nan),
        reputation=np.full(shape, 0.5),
        price=values.price_low + (values.price_high - values.price_low) * asked,
    )


def _costs(start: PopulationTerms, uniform: Floats) -> Floats:
    """(R, N) money per sample: of a type drawn for each principal on its own, or anywhere between two bounds."""
    if not start.cost_types:
        spread: Floats = start.cost_low + (start.cost_high - start.cost_low) * uniform
        return spread
    types = np.array(start.cost_types)
    shares = np.array(start.type_shares or [1 / len(types)] * len(types))
    drawn: Floats = types[np.minimum(np.searchsorted(np.cumsum(shares), uniform, side="right"), len(types) - 1)]
    return drawn


def _dealt(shares: Floats, uniform: Floats) -> Ints:
    """(R, N) category of each principal: exactly apportioned, then dealt out in the random order of ``uniform``."""
    card = np.argsort(uniform, axis=1)
    ends = np.cumsum(apportioned(shares * uniform.shape[1], uniform.shape[1]), axis=1)
    passed: Ints = (card[:, :, None] >= ends[:, None, :]).sum(axis=2)
    return passed


def _action_shares(start: PopulationTerms) -> Floats:
    """(R, 4) shares, columns in the order of ``Action``."""
    return np.hstack([start.start_abstain, start.start_delegate, start.start_free_ride, start.start_defect])


def _policy_shares(policy: PolicyTerms) -> Floats:
    """(R, number of policies) shares in the order of ``PolicyTerms.names``."""
    return np.hstack([policy.mix[name] for name in sorted(policy.mix)])


def _kind_shares(kinds: ConditionalTerms) -> Floats:
    """(R, 4) shares, columns in the order of ``ConditionalKind``."""
    named = np.hstack([kinds.cooperators, kinds.free_riders, kinds.hump_shaped])
    return np.hstack([named, np.maximum(1 - named.sum(axis=1, keepdims=True), 0.0)])
