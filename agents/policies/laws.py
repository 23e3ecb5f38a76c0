"""The law of an action: with which probability each principal takes which action, given what it sees."""

import numpy as np

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.policies.base import POLICIES, Observation, PolicyTerms, anything, certainly
from commonweal.agents.streams import Stream

DRAWS = 64  # of a policy that does not say its law


def action_law(observation: Observation, terms: PolicyTerms, draws: int = DRAWS) -> Floats:
    """The law of what ``decide`` chooses: (1 − m) [(1 − r) 1{last action} + r π] + m / |A|.

    Args:
        observation: what principals see.
        terms: the mix of policies, revision r and mutation m.
        draws: of policies whose registration names no law; one suffices where they draw nothing.

    Returns:
        (R, N, 4) probabilities, in the order of ``Action``. What mechanisms make of an action afterwards is not in it.

    Raises:
        InputError: if a policy in the mix is unknown.
    """
    population = observation.population
    proposed = np.zeros((*population.shape, certainly(population.action).shape[2]))
    for position, name in enumerate(terms.names):
        follows = (population.policy == position)[..., None]
        if follows.any():
            proposed = np.where(follows, policy_law(name, observation, terms, draws), proposed)
    return by_revision(proposed, population.action, observation.available, terms)


def by_revision(proposed: Floats, last: Ints, available: Ints, terms: PolicyTerms) -> Floats:
    """(R, N, 4) (1 − m) [(1 − r) 1{last} + r π] + m / |A|, the law of what is done where a law π is proposed.

    Args:
        proposed: (R, N, 4) π.
        last: (R, N) last actions.
        available: (A,) action codes.
        terms: revision r and mutation m.
    """
    revision, mutation = terms.revision[..., None], terms.mutation[..., None]
    chosen = (1 - revision) * certainly(last) + revision * proposed
    done: Floats = (1 - mutation) * chosen + mutation * anything(available)
    return done


def policy_law(name: str, observation: Observation, terms: PolicyTerms, draws: int = DRAWS) -> Floats:
    """(R, N, 4) π, the law of what one policy proposes to everybody: as it says, or shares among draws."""
    if (law := POLICIES.facts(name).law) is not None:
        return law(observation, terms)
    runs = observation.population.shape[0]
    seeds = np.random.SeedSequence(0).spawn(runs)  # never a run's own streams, which asking must not move
    stream = Stream(tuple(np.random.default_rng(seed) for seed in seeds))
    drawn = [certainly(np.asarray(POLICIES[name](observation, terms, stream))) for _ in range(draws)]
    share: Floats = np.mean(drawn, axis=0)
    return share
