"""Imitation: copy a principal that is paid more, the likelier the larger the difference.

Szabó and Tőke (1998), Traulsen, Nowak and Pacheco (2006): pairwise comparison with the Fermi function.
"""

from itertools import product

import numpy as np
from scipy.special import expit

from commonweal.agents.actions import CODES, of_action
from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.graphs import CompleteGraph, SparseGraph
from commonweal.agents.policies.base import Observation, PolicyTerms, certainly, policy
from commonweal.agents.population import Population
from commonweal.agents.streams import Stream

_PAIRS = 1 << 20  # who is compared with whom at a time


def imitation_law(observation: Observation, terms: PolicyTerms) -> Floats:
    """(R, N, 4) each other's action as likely as it is met and adopted, else the last action.

    Everybody is compared with each of its acquaintances: N² numbers of a run where all know each other.
    """
    people, intensity = observation.population, np.broadcast_to(terms.imitation.intensity, observation.population.shape)
    if isinstance(observation.graph, SparseGraph) and terms.imitation.reach != "population":
        copied = _from_neighbours(people, observation.graph, intensity)
    else:
        copied = _from_anybody(people, intensity)
    law: Floats = copied + (1 - copied.sum(axis=2, keepdims=True)) * certainly(people.action)
    return law


def _from_anybody(people: Population, intensity: Floats) -> Floats:
    """(R, N, 4) chances of copying each action where anybody may be met."""
    runs, principals = people.shape
    copied, acts = np.zeros((runs, principals, len(CODES))), certainly(people.action)
    step = max(1, _PAIRS // principals)
    for run, first in product(range(runs), range(0, principals, step)):
        who = np.arange(first, min(first + step, principals))
        promised = people.payoff[run]
        if people.minds:
            promised = promised - people.value_costs[run, who][:, people.action[run]]
        chance = expit(intensity[run, who, None] * (promised - people.utility[run, who, None]))
        chance[np.arange(len(who)), who] = 0.0  # nobody meets itself
        copied[run, who] = chance @ acts[run] / max(1, principals - 1)
    return copied


def _from_neighbours(people: Population, graph: SparseGraph, intensity: Floats) -> Floats:
    """(R, N, 4) chances of copying each action where neighbours are met; whoever meets nobody copies nothing."""
    who, other = np.repeat(np.arange(len(graph.indptr) - 1), np.diff(graph.indptr)), graph.indices
    action = people.action.take(other)
    promised = people.payoff.take(other)
    if people.minds:
        promised = promised - people.value_costs.reshape(-1, len(CODES))[who, action]
    chance = expit(intensity.take(who) * (promised - people.utility.take(who)))
    size = people.action.size
    share = chance / np.bincount(who, minlength=size)[who]
    counted = np.bincount(who * len(CODES) + action, share, size * len(CODES)).astype(np.float64)
    copied: Floats = counted.reshape(*people.shape, len(CODES))
    return copied


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
