"""Imitation: copy a principal that is paid more, the likelier the larger the difference.

Szabó and Tőke (1998), Traulsen, Nowak and Pacheco (2006): pairwise comparison with the Fermi function.
"""

from collections.abc import Iterator

import numpy as np
from scipy.special import expit

from commonweal.agents.actions import CODES, of_action
from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.graphs import CompleteGraph, Graph, SparseGraph
from commonweal.agents.policies.base import Observation, PolicyTerms, certainly, policy
from commonweal.agents.streams import Stream


def imitation_law(observation: Observation, terms: PolicyTerms) -> Floats:
    """(R, N, 4) each other's action as likely as it is met and adopted, else the last action.

    Everybody is compared with each of its acquaintances: N² numbers of a run where all know each other.
    """
    population = observation.population
    anybody = terms.imitation.reach == "population"
    graph: Graph = CompleteGraph(*population.shape) if anybody else observation.graph
    adopted = np.zeros((population.action.size, len(CODES)))
    for who, other in _pairs(graph):
        action = population.action.take(other)
        promised = population.payoff.take(other)
        if population.minds:
            promised = promised - population.value_costs.reshape(-1, len(CODES))[who, action]
        strength = np.broadcast_to(terms.imitation.intensity, population.shape).take(who)
        chance = expit(strength * (promised - population.utility.take(who)))
        np.add.at(adopted, (who, action), chance / np.bincount(who, minlength=len(adopted))[who])
    copied = adopted.reshape(*population.shape, len(CODES))
    law: Floats = copied + (1 - copied.sum(axis=2, keepdims=True)) * certainly(population.action)
    return law


def _pairs(graph: Graph) -> Iterator[tuple[Ints, Ints]]:
    """Places among all of all runs of everybody and of each that it may meet; whoever meets nobody is left out.

    All pairs of a principal come together; runs in which everybody knows everybody one at a time.
    """
    if isinstance(graph, SparseGraph):
        yield np.repeat(np.arange(len(graph.indptr) - 1), np.diff(graph.indptr)), graph.indices
        return
    who, other = np.nonzero(~np.eye(graph.principals, dtype=bool))
    for run in range(graph.runs):
        yield who + run * graph.principals, other + run * graph.principals


@policy("imitation", law=imitation_law)
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
