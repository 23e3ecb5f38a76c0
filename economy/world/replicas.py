"""Replicas: copies of runs, taken out of a world and a state in any order and as often as wanted."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

import numpy as np
import torch
from torch.nn.functional import pad

from commonweal.agents.arrays import AnyArray, Ints
from commonweal.agents.errors import InputError
from commonweal.agents.streams import SharedStream, Stream, Streams
from commonweal.agents.terms import pick
from commonweal.economy.learning.network import Objectives
from commonweal.economy.money.ledger import Ledger
from commonweal.economy.tasks import FeatureTable, Holdings, Supply, Traversal
from commonweal.economy.world.world import World


def pick_world(world: World, runs: Ints, spares: int = 0) -> World:
    """The world of some of the runs.

    Args:
        world: of R runs.
        runs: (R',) which runs.
        spares: names added behind the N principals. They hold the first sample of the first principal and know
            nobody until a deviation uses them.

    Raises:
        InputError: if the samples are on nodes, where what might have been cannot be played.
    """
    if not world.has_samples:
        raise InputError("learning.wire: what might have been is played where the samples are: leave --nodes out")
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
        test=(_rows(world.test[0], chosen), _rows(world.test[1], chosen)),
        drift=None if world.drift is None else world.drift[chosen],
        balance=None if world.balance is None else world.balance[chosen],
        nodes=None,
        secrets=None if world.secrets is None else world.secrets[runs],
        bearer=None if world.bearer is None else world.bearer[runs],
        conduct=None,
    )


T = TypeVar("T")


def pick_runs(value: T, runs: Ints, spares: int = 0) -> T:
    """Some of the runs of a cooperative's state, of people, or of anything made of arrays with a run axis.

    Args:
        value: dataclasses, mappings and tuples of arrays, the run axis first unless ``per_principal`` says otherwise.
        runs: (R',) which runs.
        spares: names added behind the N principals in all that is declared ``per_principal``.
    """
    picked: Any = value
    if isinstance(value, Ledger):
        picked = _pick_ledger(value, runs, spares)
    elif isinstance(value, Supply):
        picked = Supply(_padded(value.cursor[runs], spares), _pick_traversals(value, runs, spares))
    elif is_dataclass(value) and not isinstance(value, type):
        picked = type(value)(
            **{part.name: _pick_part(getattr(value, part.name), part.metadata, runs, spares) for part in fields(value)}
        )
    elif isinstance(value, np.ndarray):
        picked = value[runs]
    elif isinstance(value, torch.Tensor):
        picked = value[torch.as_tensor(runs, device=value.device)]
    elif isinstance(value, Mapping):
        picked = {name: pick_runs(part, runs, spares) for name, part in value.items()}
    elif isinstance(value, tuple):
        picked = tuple(pick_runs(part, runs, spares) for part in value)
    return cast(T, picked)


def _pick_part(part: Any, declared: Mapping[str, Any], runs: Ints, spares: int) -> Any:
    """One field of a dataclass, as it is declared."""
    if "axis" not in declared or part is None:
        return pick_runs(part, runs, spares)
    axis, spare = declared["axis"], declared["spare"]
    if isinstance(part, torch.Tensor):
        assert isinstance(axis, int)  # no tensor has a place for each pair
        widths = [0, 0] * (part.dim() - 1 - axis) + [0, spares]  # of the last axis first
        return pad(part[torch.as_tensor(runs, device=part.device)], widths)
    values = np.take(part, runs, axis=declared["runs"])
    if not spares:
        return values
    if spare == "first":
        return np.concatenate([values, np.repeat(np.take(values, [0], axis=axis), spares, axis=axis)], axis=axis)
    axes = axis if isinstance(axis, tuple) else (axis,)
    pads = [(0, spares if place in axes else 0) for place in range(values.ndim)]
    return np.pad(values, pads, constant_values=spare)


def pick_streams(streams: Streams, runs: Ints) -> Streams:
    """Copies of some of the runs' generators: they draw the same numbers and do not move the originals."""
    return _each_stream(lambda stream: Stream(tuple(deepcopy(stream.generators[run]) for run in runs)), streams)


def share_streams(streams: Streams, runs: Ints) -> Streams:
    """As ``pick_streams``, but what copies of the same run draw is drawn once."""
    return _each_stream(lambda stream: _shared(stream).copied(runs), streams)


def _shared(stream: Stream) -> SharedStream:
    if isinstance(stream, SharedStream):
        return stream
    return SharedStream(stream.generators, np.arange(len(stream)))


def reseeded(streams: Streams, seed: int) -> Streams:
    """New random streams for all runs but the first, which keeps its own."""
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


def _pick_holdings(holdings: Holdings, runs: Ints, spares: int) -> Holdings:
    by_run = ("labels", "held", "validation", "test", "probes", "weights")
    picked = {name: getattr(holdings, name)[runs] for name in by_run}
    if holdings.sample_weights is not None:
        picked["sample_weights"] = holdings.sample_weights[runs]
    start, count = _padded(holdings.start[runs], spares), _padded(holdings.count[runs], spares, 1)
    return replace(holdings, **picked, start=start, count=count)


def _pick_table(table: FeatureTable, chosen: torch.Tensor) -> FeatureTable:
    return table if len(table.first) == 1 else FeatureTable(table.rows, table.first[chosen])


def _pick_objectives(exam: Objectives, chosen: torch.Tensor) -> Objectives:
    features, labels, weights = (_rows(values, chosen) for values in (exam.features, exam.labels, exam.weights))
    return replace(exam, features=features, labels=labels, weights=weights)


def _rows(values: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
    """The values of the chosen runs, read only: those of a single run stand in memory once, and so in the cache."""
    if len(chosen) and (chosen == chosen[0]).all():
        return values[chosen[0]].expand(len(chosen), *values.shape[1:])
    return values[chosen]


def _pick_traversals(supply: Supply, runs: Ints, spares: int) -> tuple[Traversal, ...]:
    picked = [supply.traversals[run] for run in runs] if supply.traversals else []
    return tuple(
        replace(each, form=np.pad(each.form, (0, spares)), amount=np.pad(each.amount, (0, spares))) for each in picked
    )


def _pick_ledger(ledger: Ledger, runs: Ints, spares: int) -> Ledger:
    blocks = (_padded(ledger.principals[runs], spares), _padded(ledger.escrows[runs], spares))
    return Ledger(np.concatenate([*blocks, ledger.balances[runs, -2:]], axis=1))
