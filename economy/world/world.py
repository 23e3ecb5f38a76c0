"""The world of R runs: what is drawn once and then stays, and the state that moves from round to round."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.conduct import Conduct
from commonweal.agents.graphs import Graph, build_graph
from commonweal.agents.population import Population, draw_population
from commonweal.agents.streams import Streams
from commonweal.agents.values import draw_limits
from commonweal.economy.credit.history import CreditHistory
from commonweal.economy.credit.novelty import Seen
from commonweal.economy.learning import NETWORKS, Site
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.learning.network import Network, Objectives, Parameters
from commonweal.economy.money.ledger import Ledger, Transfer, post
from commonweal.economy.money.membership import Membership
from commonweal.economy.money.stakes import endowment_transfer
from commonweal.economy.negotiation import NEGOTIATORS, Negotiator
from commonweal.economy.rewards.copies import Snapshots
from commonweal.economy.rewards.learning_curve import SEEN
from commonweal.economy.rewards.tariff import Tariff
from commonweal.economy.tasks import (
    Examples,
    FeatureTable,
    Holdings,
    ProbeTerms,
    Supply,
    draw_holdings,
    draw_rotation_generator,
    first_supply,
    load_examples,
    no_examples,
    no_holdings,
    rotation,
)
from commonweal.economy.world.terms import Terms


@dataclass(frozen=True)
class World:
    """What stays as it is while R runs of N principals with K value dimensions play."""

    terms: Terms
    graph: Graph
    holdings: Holdings
    truth: Ints  # (F, M) right classes of all samples, F one or R
    features: FeatureTable
    network: Network
    exam: Objectives  # the validation loss and the K probe losses
    probes: Objectives | None  # the probe losses alone; None where nobody values anything
    test: tuple[Tensor, Tensor]  # features (R, E, d) and labels (R, E) that revenue is measured on
    senses: Floats  # (K,) +1 withhold, −1 protect
    drift: Tensor | None  # (R, d, d) rotation of the features in a round; None where nothing drifts
    customers: int  # what revenue scales with: the number of principals the cooperative was founded with
    conduct: Conduct | None = None  # how single principals differ from what the scenario says
    negotiator: Negotiator | None = None  # who speaks for all in talks; None: the default, for all at once


@dataclass(frozen=True)
class State:
    """What moves from round to round."""

    round: int  # rounds played
    parameters: Parameters
    population: Population
    supply: Supply
    history: CreditHistory
    ledger: Ledger
    rival: Floats  # (R,) quality of the rival's model
    quality: Floats  # (R,) test accuracy of the shared model after the last round
    membership: Membership  # since when everybody takes part, and what it put in
    tariff: Tariff  # what the cooperative offers
    snapshots: Snapshots  # the shared model as it was in earlier rounds, where copies are made of these
    entered: Bools  # (R, N) names under which somebody has taken part where names cost something
    offers: tuple[Seen, ...] = ()  # samples by owner of the last rounds, where credit is discounted by them
    change: Parameters = ()  # the last step per unit of rate under FedAvg, where it may be sent back; else empty


def found(scenarios: Sequence[Any], seeds: Sequence[int]) -> tuple[World, State, Streams, tuple[Transfer, ...]]:
    """Set up one run per scenario and seed.

    Args:
        scenarios: R scenarios; they may differ in numbers, not in shapes or rules.
        seeds: R seeds.

    Returns:
        The world, the state before the first round, the runs' streams, and the transfers that opened the ledger.

    Raises:
        InputError: if a scenario asks for what the data or this machine cannot give.
    """
    terms = Terms.of(scenarios)
    streams = Streams.from_seeds(seeds)
    principals = terms.graph.count
    examples, holdings = _data(terms, streams)
    table = examples.table(terms.dtype, terms.device)
    network = _network(holdings, terms)
    parameters = network.initial(streams.task)
    exam = _exam(holdings, table, terms)
    limits = draw_limits(terms.values.dimensions, principals, streams.population)
    world = World(
        terms=terms,
        graph=build_graph(terms.graph, streams.graph),
        holdings=holdings,
        truth=examples.labels,
        features=table,
        network=network,
        exam=exam,
        probes=exam.tail() if terms.values.dimensions else None,
        test=(table.gather(holdings.test), _labels(holdings.test, holdings, terms)),
        senses=terms.values.strictness,
        drift=_drift(holdings.features, terms, streams),
        customers=principals,
        negotiator=_negotiator(terms),
    )
    opening = (endowment_transfer(principals, terms.contract),) if terms.contract.endowment.any() else ()
    state = State(
        round=0,
        parameters=parameters,
        population=draw_population(terms.population, limits, streams.population),
        supply=first_supply(holdings),
        history=CreditHistory.empty(terms.settlement.horizon, len(seeds), principals),
        ledger=post(Ledger.empty(len(seeds), principals), opening),
        rival=np.zeros(len(seeds)),
        quality=np.zeros(len(seeds)),
        entered=np.zeros((len(seeds), principals), dtype=np.bool_),
        membership=Membership.none(len(seeds), principals, terms.supply.learning.samples),
        snapshots=Snapshots.none(parameters),
        tariff=_no_tariff(terms, len(seeds), principals),
    )
    return world, state, streams, opening


def _data(terms: Terms, streams: Streams) -> tuple[Examples, Holdings]:
    """The data and who holds them; none where nothing is learned."""
    principals = terms.graph.count
    if not terms.learns:
        return no_examples(), no_holdings(len(streams.task), principals)
    examples = load_examples(terms.task, streams.task)
    probes = [ProbeTerms(d.label, d.feature, d.samples) for d in terms.values.dimensions]
    return examples, draw_holdings(examples, principals, terms.task, probes, streams.task)


def _network(holdings: Holdings, terms: Terms) -> Network:
    """The shared network; where nothing is learned the smallest there is, which nobody asks."""
    if not terms.learns:
        return MLP((holdings.features, holdings.classes), dtype=terms.dtype, device=terms.device)
    site = Site(holdings.features, holdings.classes, terms.dtype, terms.device)
    return NETWORKS[terms.learning.network](terms.learning, site)


def _exam(holdings: Holdings, table: FeatureTable, terms: Terms) -> Objectives:
    """The validation set, then the probes of all value dimensions, one after another."""
    runs, samples = holdings.validation.shape
    _, dimensions, probe = holdings.probes.shape
    ids = np.concatenate([holdings.validation, holdings.probes.reshape(runs, -1)], axis=1)
    mean = np.full((runs, samples), 1 / max(samples, 1))
    weights = np.concatenate([mean, holdings.weights.reshape(runs, -1)], axis=1)
    withheld = [dimension.sense == "withhold" for dimension in terms.values.dimensions for _ in range(probe)]
    return Objectives(
        features=table.gather(ids),
        labels=_labels(ids, holdings, terms),
        weights=torch.as_tensor(weights, dtype=terms.dtype, device=terms.device),
        sizes=(samples, *[probe] * dimensions),
        bounded=torch.tensor([False] * samples + withheld, device=terms.device),
    )


def _labels(ids: Ints, holdings: Holdings, terms: Terms) -> Tensor:
    return torch.as_tensor(np.take_along_axis(holdings.labels, ids, axis=1), device=terms.device)


def _negotiator(terms: Terms) -> Negotiator | None:
    talks = terms.negotiation
    return None if talks.negotiation == "none" or talks.negotiator == "shapley" else NEGOTIATORS[talks.negotiator]()


def _no_tariff(terms: Terms, runs: int, principals: int) -> Tariff:
    lines = len(terms.population.population.cost_types) if terms.rewards.offer == "menu" else 0
    return Tariff.none(runs, principals, lines, SEEN if terms.rewards.accuracy.kind == "fitted" else 0)


def _drift(features: int, terms: Terms, streams: Streams) -> Tensor | None:
    if not terms.learns or not terms.task.drift.any():
        return None
    turned = rotation(draw_rotation_generator(features, streams.task), terms.task.drift)
    return torch.as_tensor(turned, dtype=terms.dtype, device=terms.device)
