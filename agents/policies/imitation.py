"""Imitation: copy a principal that is paid more, the likelier the larger the difference.

Szabó and Tőke (1998), Traulsen, Nowak and Pacheco (2006): pairwise comparison with the Fermi function.
"""

import numpy as np
from scipy.special import expit

from commonweal.agents.actions import of_action
from commonweal.agents.arrays import Ints
from commonweal.agents.graphs import CompleteGraph
from commonweal.agents.policies.base import Observation, PolicyTerms, policy
from commonweal.agents.streams import Stream


@policy("imitation")
def imitation(observation: Observation, terms: PolicyTerms, stream: Stream) -> Ints:
    """Adopt the action of a random other j with probability 1 / (1 + exp(-β (w_j - w_i))).

    Where principals mind what becomes of their values, w_i is i's remembered utility, and w_j is j's remembered payoff
    less what j's action would cost i in its own values: nobody sees another's feelings.

    Args:
        observation: remembered payoffs, utilities and value costs, and last actions.
        terms: ``imitation.intensity`` is β; ``imitation.reach`` says whether j is any other principal or a neighbour.
        stream: takes 2 N numbers of each run.

    Returns:
        (R, N) actions; a principal without acquaintances keeps its own.
    """
    population = observation.population
    who, whether = stream.uniform(2, population.shape[1]).swapaxes(0, 1)
    anybody = terms.imitation.reach == "population"
    graph = CompleteGraph(*population.shape) if anybody else observation.graph
    other = graph.random_neighbour(who)
    other = other + other.shape[1] * np.arange(len(other))[:, None]  # its place among all of all runs
    promised, action = population.payoff.take(other), population.action.take(other)
    if population.minds:
        promised = promised - of_action(population.value_costs, action)
    lead = promised - population.utility
    adopts = whether < expit(terms.imitation.intensity * lead)
    return np.where(adopts, action, population.action)
