"""Setting up runs: data, network, people, and the cooperative before its first round."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.arrays import Ints
from commonweal.agents.drawing import draw_camps, draw_population, with_concerns
from commonweal.agents.errors import InputError, shown, within_memory
from commonweal.agents.graphs import build_graph
from commonweal.agents.population import Population
from commonweal.agents.settings import own_settings
from commonweal.agents.streams import Streams
from commonweal.agents.values import camp_limits, draw_limits
from commonweal.economy.credit.history import CreditHistory
from commonweal.economy.learning import NETWORKS, LearningTerms, Site
from commonweal.economy.learning.losses import LOSSES
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.learning.network import Network, Objectives
from commonweal.economy.learning.own.network import prepared, with_secrets
from commonweal.economy.money.ledger import Ledger, Transfer, post
from commonweal.economy.money.membership import Membership
from commonweal.economy.money.stakes import endowment_transfer
from commonweal.economy.round import markets, mechanisms  # noqa: F401  registers them
from commonweal.economy.round.fits import demand_fitting
from commonweal.economy.round.market import MARKETS, Market
from commonweal.economy.round.mechanism import MECHANISMS, Mechanism
from commonweal.economy.round.visits import label_tensor
from commonweal.economy.tasks import (
    Examples,
    FeatureTable,
    Holdings,
    ProbeTerms,
    draw_holdings,
    draw_rotation_generator,
    first_supply,
    load_examples,
    no_examples,
    no_holdings,
    rotation,
)
from commonweal.economy.tasks.metrics import METRICS, metric_of
from commonweal.economy.tasks.partition import OWNER
from commonweal.economy.wire.channel import OpenNodes, in_process
from commonweal.economy.wire.holding import distribute, spread_over_nodes
from commonweal.economy.wire.modes import SECRET
from commonweal.economy.wire.nodes import Nodes
from commonweal.economy.world.principals_table import read_principals
from commonweal.economy.world.terms import Terms
from commonweal.economy.world.world import State, World

STEPS = 2  # sums of a round: the step, and the round that gated updates join
LIARS = 4  # in one round that a search can find, one after another, before nodes answer no more sums
ASKED_BY_CREDIT = 4  # directions beside the exam's 1 + K; the closed forms ask for one, two where updates are gated

# Hooks run in this order; mechanisms from elsewhere come after, by name.
ORDER = (
    "q_network", "learned", "menu", "identity", "deals", "beliefs", "voice", "tolerance", "reciprocity", "image_terms",
    "stakes", "clawback", "copies", "concern", "selection", "wire",
)  # fmt: skip


@dataclass(frozen=True)
class Economy:
    """R runs between two rounds: the world, the cooperative, the people, and their random streams."""

    world: World
    state: State  # of the cooperative
    people: Population
    streams: Streams
    opening: tuple[Transfer, ...] = ()  # the transfers that open the ledger


@within_memory()
@own_settings()
def set_up(scenarios: Sequence[Any], seeds: Sequence[int], open_nodes: OpenNodes = in_process) -> Economy:
    """Set up one run per scenario and seed.

    Args:
        scenarios: R scenarios; they may differ in numbers, not in shapes or rules.
        seeds: R seeds.
        open_nodes: starts the nodes that hold the samples, where the scenario has a wire.

    Raises:
        InputError: if a scenario asks for what the data or this machine cannot give.
    """
    if wrong := [each for each in scenarios if not all(hasattr(each, part.name) for part in fields(Terms))]:
        name = repr(str(wrong[0])) if isinstance(wrong[0], str | Path) else None
        found, like = (name, name) if name else (shown(wrong[0]), "'commons'")
        batch = "" if name else "; mesa.batch_run takes a list of them"
        raise InputError(f"{found} is no scenario: must be one that is loaded, like load({like}){batch}")
    terms = Terms.of(scenarios)
    streams = Streams.from_seeds(seeds)
    runs, principals = len(seeds), terms.population.count
    market: Market = MARKETS[terms.market.kind]
    examples = load_examples(terms.task, streams.task) if market.learns else no_examples()
    said = read_principals(terms, examples.owner_names if terms.task.partition == OWNER else ())
    holdings = _holdings(terms, examples, streams, None if said is None else said.samples())
    table = examples.table(terms.dtype, terms.device)
    network = prepared(_network(holdings, terms, market, examples.shape), table.rows)
    parameters = with_secrets(network, network.initial(streams.task), streams.masks)
    balance = None
    if market.learns:
        demand_fitting(terms, holdings, network)
        balance = _balance(holdings, terms)
    exam = _exam(holdings, table, terms, balance)
    camp = draw_camps(terms.values, principals, streams.values)
    middle = camp_limits(terms.values, camp)
    limits = draw_limits(terms.values.dimensions, principals, streams.population, middle)
    world = World(
        terms=terms,
        graph=build_graph(terms.population, streams.graph),
        customers=principals,
        holdings=holdings,
        truth=examples.labels,
        features=table,
        network=network,
        exam=exam,
        probes=exam.tail() if terms.values.dimensions else None,
        test=(table.gather(holdings.test), _labels(holdings.test, holdings, terms)),
        senses=terms.values.strictness,
        drift=_drift(holdings.features, terms, streams) if market.learns else None,
        balance=balance,
        market=market,
        mechanisms=_mechanisms(terms),
        secrets=_secrets(streams) if terms.learning.privacy.on else None,
    )
    if terms.learning.wire != "off" and market.learns:
        world = over_nodes(world, open_nodes)
    endowment = terms.population.endowment if said is None else said.endowment(terms.population.endowment)
    opening = (endowment_transfer(principals, endowment),) if endowment.any() else ()
    state = State(
        round=0,
        parameters=parameters,
        last_delta=(),
        quality=np.zeros(runs),
        revenue=np.zeros(runs),
        supply=first_supply(holdings),
        history=CreditHistory.empty(terms.settlement.horizon, runs, principals),
        recent=(),
        membership=Membership.none(runs, principals, terms.population.samples or terms.learning.samples),
        ledger=post(Ledger.empty(runs, principals), opening),
        rival=np.zeros(runs),
        mechanisms={},
    )
    people = draw_population(terms.population, terms.policy, terms.values, limits, streams.population)
    people = people if said is None else said.on(people)
    people = with_concerns(people, camp, terms.values, streams.values)
    begun = {each.name: each.begin(world, state, people, streams) for each in world.mechanisms}
    state = replace(state, mechanisms=begun)
    return Economy(world, state, people, streams, opening)


def over_nodes(world: World, open_nodes: OpenNodes) -> World:
    """The world whose samples are on nodes.

    Args:
        world: with all samples.
        open_nodes: starts the nodes.
    """
    learning, network = world.terms.learning, world.network
    assert isinstance(network, MLP)
    node = spread_over_nodes(world.graph.principals, learning.nodes)
    roster, holdings = distribute(world.features, world.holdings, node, learning.nodes)
    directions, sums = 1 + len(world.senses) + ASKED_BY_CREDIT, _sums_of(learning, world.graph.principals)
    holdings = [replace(each, directions=directions, sums=sums) for each in holdings]
    if learning.privacy.on:
        keys = world.keys
        holdings = [replace(each, guard=learning.privacy, keys=keys[:, each.principals]) for each in holdings]
    channels = open_nodes(holdings, network, learning.wire)
    nodes = Nodes(roster, channels, network, learning.wire, learning.patience, learning.quorum)
    return replace(world, nodes=nodes)


def _secrets(streams: Streams) -> Ints:
    """(R,) a number of each run that the keys of its principals come from."""
    return np.array([generator.integers(2**62) for generator in streams.privacy.generators])


def _sums_of(learning: LearningTerms, principals: int) -> int:
    """Weighted sums that may be asked for in a round: of the step, of gated updates that join, and of checks."""
    if learning.wire not in SECRET:
        return STEPS
    halvings = math.ceil(math.log2(max(principals, 2)))
    return STEPS + learning.halves + (LIARS * halvings if learning.distrust == "search" else 0)


def _mechanisms(terms: Terms) -> tuple[Mechanism, ...]:
    """The mechanisms that are on, each made for these runs."""
    others = [name for name in MECHANISMS if name not in ORDER]
    return tuple(kind(terms) for name in (*ORDER, *others) if (kind := MECHANISMS[name]).on(terms))


def _holdings(terms: Terms, examples: Examples, streams: Streams, sizes: Ints | None) -> Holdings:
    """Who holds the data; nobody where nothing is learned."""
    principals = terms.population.count
    if not examples.labels.size:
        return no_holdings(len(streams.task), principals)
    probes = [ProbeTerms(d.label, d.feature, d.samples, d.probe) for d in terms.values.dimensions]
    return draw_holdings(examples, principals, terms.task, probes, streams, sizes)


def _network(holdings: Holdings, terms: Terms, market: Market, shape: tuple[int, int] | None) -> Network:
    """The shared network; where nothing is learned, the smallest possible one, which nobody uses."""
    if not market.learns:
        return MLP((holdings.features, holdings.classes), dtype=terms.dtype, device=torch.device(terms.device))
    loss, drifts = LOSSES[holdings.target], bool(terms.task.drift.any())
    site = Site(holdings.features, holdings.classes, terms.dtype, torch.device(terms.device), loss, shape, drifts)
    return NETWORKS[terms.learning.network](terms.learning, site)


def _balance(holdings: Holdings, terms: Terms) -> Tensor | None:
    """(R, C) what a sample of each class counts for, so that all classes of the validation set count alike.

    1 on average over that set; one that is not in it counts as if there were one sample. None: all samples alike.
    """
    if not METRICS.facts(metric_of(terms.task.metric, holdings.target)).balanced:
        return None
    labels = np.take_along_axis(holdings.labels, holdings.validation, axis=1)
    own = (labels[..., None] == np.arange(holdings.classes)).astype(np.float64)  # (R, V, C)
    if holdings.sample_weights is not None:
        counted = np.take_along_axis(holdings.sample_weights, holdings.validation, axis=1)
        own *= (counted / counted.mean(axis=1, keepdims=True))[..., None]
    counts = own.sum(axis=1)  # (R, C)
    there = (counts > 0).sum(axis=1, keepdims=True)
    weights = labels.shape[1] / (there * np.where(counts > 0, counts, 1.0))
    return torch.as_tensor(weights, dtype=terms.dtype, device=torch.device(terms.device))


def _exam(holdings: Holdings, table: FeatureTable, terms: Terms, balance: Tensor | None) -> Objectives:
    """The validation set, then the probes of all value dimensions, one after another."""
    runs, samples = holdings.validation.shape
    _, dimensions, probe = holdings.probes.shape
    ids = np.concatenate([holdings.validation, holdings.probes.reshape(runs, -1)], axis=1)
    mean = np.full((runs, samples), 1 / max(samples, 1))
    if holdings.sample_weights is not None:
        mean = np.take_along_axis(holdings.sample_weights, holdings.validation, axis=1)
        mean /= mean.sum(axis=1, keepdims=True)
    weights = np.concatenate([mean, holdings.weights.reshape(runs, -1)], axis=1)
    withheld = [dimension.sense == "withhold" for dimension in terms.values.dimensions for _ in range(probe)]
    features, labels = table.gather(ids), _labels(ids, holdings, terms)
    for run, k, made in holdings.made:
        place = slice(samples + k * probe, samples + k * probe + len(made))
        features[run, place] = torch.as_tensor(made.features, dtype=features.dtype, device=features.device)
        labels[run, place] = torch.as_tensor(made.labels, dtype=labels.dtype, device=labels.device)
    shares = torch.as_tensor(weights, dtype=terms.dtype, device=torch.device(terms.device))
    if balance is not None:  # the validation loss alone: a probe is of one group
        shares[:, :samples] *= balance.gather(1, labels[:, :samples])
    return Objectives(
        features=features,
        labels=labels,
        weights=shares,
        sizes=(samples, *[probe] * dimensions),
        bounded=torch.tensor([False] * samples + withheld, device=terms.device),
        loss=LOSSES[holdings.target],
    )


def _labels(ids: Ints, holdings: Holdings, terms: Terms) -> Tensor:
    return label_tensor(np.take_along_axis(holdings.labels, ids, axis=1), terms)


def _drift(features: int, terms: Terms, streams: Streams) -> Tensor | None:
    if not terms.task.drift.any():
        return None
    turned = rotation(draw_rotation_generator(features, streams.task), terms.task.drift)
    return torch.as_tensor(turned, dtype=terms.dtype, device=torch.device(terms.device))
