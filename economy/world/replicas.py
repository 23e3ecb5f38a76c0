"""Replicas: runs taken out of a world and a state, in any order and as often as wanted, each free to go its own way."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import fields, replace
from typing import Any

import numpy as np
import torch
from torch.nn.functional import pad

from commonweal.agents.arrays import AnyArray, Ints
from commonweal.agents.population import Population
from commonweal.agents.streams import Stream, Streams
from commonweal.agents.terms import pick
from commonweal.economy.credit.history import CreditHistory
from commonweal.economy.credit.novelty import Seen
from commonweal.economy.learning.network import Objectives
from commonweal.economy.money.ledger import Ledger
from commonweal.economy.money.membership import NEVER, Membership
from commonweal.economy.rewards.copies import Snapshots
from commonweal.economy.rewards.tariff import Tariff
from commonweal.economy.tasks import FeatureTable, Holdings, Supply, Traversal
from commonweal.economy.world.world import State, World


def pick_world(world: World, runs: Ints, spares: int = 0) -> World:
    """The world of some of the runs.

    Args:
        world: of R runs.
        runs: (R',) which runs.
        spares: names added behind the N principals, which hold the first sample of the first principal and know
            nobody, until a study makes something of them.
    """
    chosen = torch.as_tensor(runs, device=world.test[0].device)
    exam = _pick_objectives(world.exam, chosen)
    return replace(
        world,
        terms=pick(world.terms, runs),
        graph=world.graph.pick(runs, spares),
        holdings=_pick_holdings(world.holdings, runs, spares),
        truth=world.truth if len(world.truth) == 1 else world.truth[runs],
        features=_pick_table(world.features, chosen),
        exam=exam,
        probes=None if world.probes is None else exam.tail(),
        test=(world.test[0][chosen], world.test[1][chosen]),
        drift=None if world.drift is None else world.drift[chosen],
        conduct=None,
    )


def pick_state(state: State, runs: Ints, spares: int = 0) -> State:
    """The state of some of the runs; spare names own nothing."""
    chosen = torch.as_tensor(runs, device=state.parameters[0].device)
    return State(
        round=state.round,
        parameters=tuple(p[chosen] for p in state.parameters),
        population=_pick_population(state.population, runs, spares),
        supply=Supply(_padded(state.supply.cursor[runs], spares), _pick_traversals(state.supply, runs, spares)),
        history=_pick_history(state.history, runs, spares),
        ledger=_pick_ledger(state.ledger, runs, spares),
        rival=state.rival[runs],
        quality=state.quality[runs],
        entered=_padded(state.entered[runs], spares),
        membership=_pick_membership(state.membership, runs, spares),
        snapshots=_pick_snapshots(state.snapshots, chosen),
        tariff=_pick_tariff(state.tariff, runs, spares),
        offers=tuple(_pick_offers(each, chosen, spares) for each in state.offers),
        change=tuple(p[chosen] for p in state.change),
    )


def pick_streams(streams: Streams, runs: Ints) -> Streams:
    """Copies of some of the runs' generators: they draw the same numbers and do not move the originals."""
    return _each_stream(lambda stream: Stream(tuple(deepcopy(stream.generators[run]) for run in runs)), streams)


def reseeded(streams: Streams, seed: int) -> Streams:
    """The runs with luck of their own from now on, except the first, which keeps its own."""
    fresh = Streams.from_seeds([int(s) for s in np.random.SeedSequence(seed).generate_state(len(streams.choice))])
    names = [part.name for part in fields(Streams)]
    pairs = {name: (getattr(streams, name).generators[:1], getattr(fresh, name).generators[1:]) for name in names}
    return Streams(**{name: Stream((*own, *new)) for name, (own, new) in pairs.items()})


def _each_stream(change: Callable[[Stream], Stream], streams: Streams) -> Streams:
    return Streams(**{part.name: change(getattr(streams, part.name)) for part in fields(Streams)})


def _padded(values: AnyArray, spares: int, fill: float = 0) -> AnyArray:
    """(R, N + spares, …) with ``fill`` for the spare names."""
    width = [(0, 0), (0, spares), *[(0, 0)] * (values.ndim - 2)]
    return np.pad(values, width, constant_values=fill) if spares else values


def _pick_population(population: Population, runs: Ints, spares: int) -> Population:
    values = {part.name: _padded(getattr(population, part.name)[runs], spares) for part in fields(Population)}
    if spares:
        values["action"][:, -spares:] = values["action"][:, :1]
        values["foregone"][:, -spares:] = np.nan
    return Population(**values)


def _pick_holdings(holdings: Holdings, runs: Ints, spares: int) -> Holdings:
    by_run = ("labels", "held", "validation", "test", "probes", "weights")
    picked = {name: getattr(holdings, name)[runs] for name in by_run}
    start, count = _padded(holdings.start[runs], spares), _padded(holdings.count[runs], spares, 1)
    return replace(holdings, **picked, start=start, count=count)


def _pick_table(table: FeatureTable, chosen: torch.Tensor) -> FeatureTable:
    return table if len(table.first) == 1 else FeatureTable(table.rows, table.first[chosen])


def _pick_objectives(exam: Objectives, chosen: torch.Tensor) -> Objectives:
    return replace(exam, features=exam.features[chosen], labels=exam.labels[chosen], weights=exam.weights[chosen])


def _pick_traversals(supply: Supply, runs: Ints, spares: int) -> tuple[Traversal, ...]:
    picked = [supply.traversals[run] for run in runs] if supply.traversals else []
    return tuple(replace(each, form=np.pad(each.form, (0, spares))) for each in picked)


def _pick_history(history: CreditHistory, runs: Ints, spares: int) -> CreditHistory:
    kept = {name: value for name, value in vars(history).items() if isinstance(value, np.ndarray)}  # (H, R, N) each
    changes: dict[str, Any] = {
        name: np.pad(values[:, runs], ((0, 0), (0, 0), (0, spares))) for name, values in kept.items()
    }
    return replace(history, **changes)


def _pick_membership(membership: Membership, runs: Ints, spares: int) -> Membership:
    fills = {"joined": NEVER, "line": NEVER}
    picked = {name: _padded(values, spares, fills.get(name, 0)) for name, values in vars(membership.pick(runs)).items()}
    if spares:
        picked["amount"][:, -spares:] = picked["amount"][:, :1]
    return Membership(**picked)


def _pick_snapshots(kept: Snapshots, chosen: torch.Tensor) -> Snapshots:
    return Snapshots(tuple(p[chosen] for p in kept.parameters), kept.accuracy[chosen.cpu().numpy()])


def _pick_tariff(tariff: Tariff, runs: Ints, spares: int) -> Tariff:
    picked = {part.name: getattr(tariff, part.name)[runs] for part in fields(Tariff)}
    return Tariff(**{**picked, "alone": _padded(picked["alone"], spares)})


def _pick_offers(past: Seen, chosen: torch.Tensor, spares: int) -> Seen:
    widths = (0, 0, 0, spares)  # of the last axis, then of the principals
    return Seen(pad(past.features[chosen], (0, 0, *widths)), pad(past.real[chosen], widths))


def _pick_ledger(ledger: Ledger, runs: Ints, spares: int) -> Ledger:
    blocks = (_padded(ledger.principals[runs], spares), _padded(ledger.escrows[runs], spares))
    return Ledger(np.concatenate([*blocks, ledger.balances[runs, -2:]], axis=1))
