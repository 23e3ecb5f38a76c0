"""The world of R runs: what is drawn once and then stays, and the state that moves from round to round."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from agents.graphs import Graph, build_graph
from agents.population import Population, draw_population
from agents.streams import Streams
from agents.values import draw_limits
from economy.contracts.stakes import endowment_transfer
from economy.credit.history import CreditHistory
from economy.learning import NETWORKS, Site
from economy.learning.network import Network, Objectives, Parameters
from economy.ledger import Ledger, Transfer, post
from economy.tasks import (
    FeatureTable,
    Holdings,
    Supply,
    draw_holdings,
    draw_rotation_generator,
    first_supply,
    load_examples,
    rotation,
)
from economy.terms import Terms


@dataclass(frozen=True)
class Trial:
    """What the network is tried on after every step: the probes first, then the test set."""

    features: Tensor  # (R, K·b + E, d)
    labels: Tensor  # (R, K·b + E)
    weights: Tensor  # (R, K·b + E) weight of a sample in its probe's or the test's mean
    bounded: Tensor  # (K·b + E,) True where the loss is 1 − p(label)


@dataclass(frozen=True)
class World:
    """What stays as it is while R runs of N principals with K value dimensions play."""

    terms: Terms
    graph: Graph
    holdings: Holdings
    truth: NDArray[np.int64]  # (F, M) right classes of all samples, F one or R
    features: FeatureTable
    network: Network
    exam: Objectives  # the validation set and the probes, before every step
    trial: Trial  # the probes and the test set, after it
    senses: NDArray[np.float64]  # (K,) +1 withhold, −1 protect
    drift: Tensor | None  # (R, d, d) rotation of the features in a round; None where nothing drifts

    @property
    def probe_samples(self) -> int:
        """Samples of all probes together, K·b."""
        return sum(self.exam.sizes[1:])


@dataclass(frozen=True)
class State:
    """What moves from round to round."""

    round: int  # rounds played
    parameters: Parameters
    population: Population
    supply: Supply
    history: CreditHistory
    ledger: Ledger
    rival: NDArray[np.float64]  # (R,) quality of the rival's model
    quality: NDArray[np.float64]  # (R,) test accuracy of the shared model after the last round


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
    examples = load_examples(terms.task, streams.task)
    holdings = draw_holdings(examples, principals, terms.task, terms.values.dimensions, streams.task)
    table = examples.table(terms.dtype, terms.device)
    network = NETWORKS[terms.learning.network](
        terms.learning, Site(holdings.features, holdings.classes, terms.dtype, terms.device)
    )
    parameters = network.initial(streams.task)
    limits = draw_limits(terms.values.dimensions, principals, streams.population)
    world = World(
        terms=terms,
        graph=build_graph(terms.graph, streams.graph),
        holdings=holdings,
        truth=examples.labels,
        features=table,
        network=network,
        exam=_exam(holdings, table, terms),
        trial=_trial(holdings, table, terms),
        senses=terms.values.strictness,
        drift=_drift(holdings.features, terms, streams),
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
    )
    return world, state, streams, opening


def _probes(holdings: Holdings) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """(R, K·b) sample ids and weights of all probes, one after another."""
    runs = len(holdings.probes)
    return holdings.probes.reshape(runs, -1), holdings.weights.reshape(runs, -1)


def _stack(
    ids: NDArray[np.int64], weights: NDArray[np.float64], holdings: Holdings, table: FeatureTable, terms: Terms
) -> tuple[Tensor, Tensor, Tensor]:
    labels = np.take_along_axis(holdings.labels, ids, axis=1)
    return (
        table.gather(ids),
        torch.as_tensor(labels, device=terms.device),
        torch.as_tensor(weights, dtype=terms.dtype, device=terms.device),
    )


def _bounded(terms: Terms, probe: int, before: int, after: int) -> Tensor:
    """Which samples have the bounded loss: those of withheld purposes, ``probe`` samples each."""
    of_probes = [dimension.sense == "withhold" for dimension in terms.values.dimensions for _ in range(probe)]
    return torch.tensor([False] * before + of_probes + [False] * after, device=terms.device)


def _exam(holdings: Holdings, table: FeatureTable, terms: Terms) -> Objectives:
    probes, weights = _probes(holdings)
    validation = holdings.validation
    ids = np.concatenate([validation, probes], axis=1)
    mean = np.full(validation.shape, 1 / validation.shape[1])
    features, labels, weight = _stack(ids, np.concatenate([mean, weights], axis=1), holdings, table, terms)
    _, dimensions, probe = holdings.probes.shape
    sizes = (validation.shape[1], *[probe] * dimensions)
    return Objectives(features, labels, weight, sizes, _bounded(terms, probe, validation.shape[1], 0))


def _trial(holdings: Holdings, table: FeatureTable, terms: Terms) -> Trial:
    probes, weights = _probes(holdings)
    test = holdings.test
    ids = np.concatenate([probes, test], axis=1)
    mean = np.full(test.shape, 1 / test.shape[1])
    stacked = _stack(ids, np.concatenate([weights, mean], axis=1), holdings, table, terms)
    return Trial(*stacked, _bounded(terms, holdings.probes.shape[2], 0, test.shape[1]))


def _drift(features: int, terms: Terms, streams: Streams) -> Tensor | None:
    if not terms.task.drift.any():
        return None
    turned = rotation(draw_rotation_generator(features, streams.task), terms.task.drift)
    return torch.as_tensor(turned, dtype=terms.dtype, device=terms.device)
