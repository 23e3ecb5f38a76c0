"""Who the principals are: a population drawn before its first round."""

from dataclasses import replace

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, Ints, apportioned
from commonweal.agents.policies.base import ConditionalTerms, PolicyTerms
from commonweal.agents.population import Population, PopulationTerms
from commonweal.agents.streams import Stream
from commonweal.agents.values import ValueTerms, concern_weights


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
        The population before its first round: nothing paid, nothing learned, reputations even at one half; nobody
        minds what becomes of its values.
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
        camp=np.zeros(shape, dtype=np.int64),
        outcome_concern=np.zeros_like(limits),
        complicity_concern=np.zeros_like(limits),
        utility=np.zeros(shape),
        value_costs=np.zeros((*shape, 0)),
    )


def draw_camps(values: ValueTerms, principals: int, stream: Stream) -> Ints:
    """(R, N) camp of each principal: exact numbers, dealt at random or, by ``values.homophily``, to neighbours.

    Args:
        values: shares of the camps; with ``homophily`` 1 a camp holds consecutive places, with 0 any.
        principals: N.
        stream: the runs' value streams; takes N numbers of each where there are camps.
    """
    if not values.camps:
        return np.zeros((len(stream), principals), dtype=np.int64)
    place = (np.arange(principals) + 0.5) / principals
    shares = np.hstack([camp.share for camp in values.camps])
    uniform = stream.uniform(principals)
    return _dealt(shares, values.homophily * place + (1 - values.homophily) * uniform)


def with_concerns(people: Population, camp: Ints, values: ValueTerms, stream: Stream) -> Population:
    """The people with their camps and with what violated limits cost them.

    Args:
        people: as drawn.
        camp: (R, N).
        values: how large concerns are; nobody minds where ``values.concern`` is none.
        stream: the runs' value streams; takes 2 N K numbers of each where somebody minds.
    """
    people = replace(people, camp=camp)
    if values.concern == "none":
        return people
    runs, principals, dimensions = people.limits.shape
    outcome, complicity = np.moveaxis(stream.uniform(2, principals, dimensions), 1, 0)
    weight = concern_weights(values, camp)
    low, high = values.outcome_low[..., None], values.outcome_high[..., None]
    part_low, part_high = values.complicity_low[..., None], values.complicity_high[..., None]
    return replace(
        people,
        outcome_concern=weight * (low + (high - low) * outcome),
        complicity_concern=weight * (part_low + (part_high - part_low) * complicity),
        value_costs=np.zeros((runs, principals, len(Action))),
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
