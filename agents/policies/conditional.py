"""Conditional cooperation: delegate as others do, each kind in its own way (Fischbacher and Gächter 2010)."""

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.policies.base import Observation, PolicyTerms, anything, certainly, drawn_action, policy
from commonweal.agents.population import ConditionalKind
from commonweal.agents.streams import Stream


def conditional_law(observation: Observation, terms: PolicyTerms) -> Floats:
    """(R, N, 4) delegating as far as each is willing, else shirking; anything for the kind ``RANDOM``."""
    population = observation.population
    delegates = certainly(population.action)[..., Action.DELEGATE]
    share = observation.graph.neighbour_mean(delegates)
    willing = willingness(population.conditional_kind, share, terms.conditional.slope)
    law = either(willing, *delegating_and_shirking(observation.available))
    random = population.conditional_kind == ConditionalKind.RANDOM
    return np.where(random[..., None], anything(observation.available), law)


@policy("conditional", remembers=False, law=conditional_law)
def conditional(observation: Observation, terms: PolicyTerms, stream: Stream) -> Ints:
    """Delegate with a probability that depends on the share of neighbours that delegated last round.

    Args:
        observation: last actions of the neighbours; the principals' kinds.
        terms: ``conditional.slope``.
        stream: takes 2 N numbers of each run.

    Returns:
        (R, N) actions. A principal that does not delegate free-rides, abstains where that is not available, or else
        defects; everybody does so where delegating is not available. The kind ``RANDOM`` takes any available action.
    """
    population = observation.population
    whether, which = stream.uniform(2, population.shape[1]).swapaxes(0, 1)
    share = observation.graph.neighbour_mean((population.action == Action.DELEGATE).astype(np.float64))
    delegating, shirking = delegating_and_shirking(observation.available)
    willing = whether < willingness(population.conditional_kind, share, terms.conditional.slope)
    answer = np.where(willing, delegating, shirking)
    drawn = drawn_action(observation.available, which)
    return np.where(population.conditional_kind == ConditionalKind.RANDOM, drawn, answer)


def willingness(kind: Ints, share: Floats, slope: Floats) -> Floats:
    """Probability of delegating, by kind.

    Args:
        kind: (R, N) a ``ConditionalKind`` each.
        share: (R, N) share of neighbours that delegate.
        slope: (R, 1) how strongly conditional cooperators follow.

    Returns:
        (R, N) min(1, slope · share) for conditional cooperators, 1 - |2 share - 1| for hump-shaped ones, else 0.
    """
    follows = np.minimum(slope * share, 1.0)
    hump = 1 - np.abs(2 * share - 1)
    return np.where(
        kind == ConditionalKind.COOPERATOR, follows, np.where(kind == ConditionalKind.HUMP_SHAPED, hump, 0.0)
    )


def delegating_and_shirking(available: Ints) -> tuple[int, int]:
    """The actions that stand for delegating and for not delegating among those available."""
    allowed = available.tolist()
    shirks = [action for action in (Action.FREE_RIDE, Action.ABSTAIN, Action.DEFECT) if action in allowed]
    shirking = shirks[0] if shirks else Action.DELEGATE
    return (Action.DELEGATE if Action.DELEGATE in allowed else shirking), shirking


def either(chance: Floats, delegating: int, shirking: int) -> Floats:
    """(R, N, 4) the law of delegating with a chance (R, N), and of shirking otherwise; both may be the same action."""
    law = np.zeros((*chance.shape, len(Action)))
    law[..., delegating] += chance
    law[..., shirking] += 1 - chance
    return law
