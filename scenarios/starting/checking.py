"""What a scenario would do, said before it is played: whose data, how much, what is learned, for what, how long."""

from collections.abc import Iterator
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats
from commonweal.agents.threads import one_thread
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.tasks.dataset import Dataset
from commonweal.economy.tasks.datasets import draw_dataset
from commonweal.economy.tasks.metrics import METRICS, metric_of
from commonweal.economy.tasks.names import names_of
from commonweal.economy.world.world import World
from commonweal.scenarios.schema.scenario import Scenario

_TRIED = 3  # rounds whose time is taken
_FEW, _RARE, _LOPSIDED = 5, 10, 0.8  # training rows of an owner, test rows of a class, share of one class
_STEEP, _USUAL = 0.2, "0.05 to 0.2"  # learning rates for numbers
_OFF = 0.08  # of the quality that is worth nothing from that of guessing: more is told


_NOTHING = Dataset("none", np.zeros((0, 1)), np.zeros(0, np.int64), 1)


@dataclass(frozen=True)
class Checked:
    """What a scenario would do."""

    said: tuple[tuple[str, str], ...]  # a word, and what is said of it
    owners: pd.DataFrame  # a row per principal: name, samples, and in a task of classes the share of the commonest
    doubts: tuple[str, ...]  # what its user may not expect


def check(scenario: Scenario, seeds: int = 8) -> Checked:
    """Set a scenario up and say what it would do. Some rounds are tried to tell the time; nothing is kept.

    Args:
        scenario: to check.
        seeds: that the time is told for.

    Raises:
        InputError: if it cannot be set up.
    """
    with one_thread():
        ensemble = Ensemble(scenario, [0])
        world = ensemble.world
        seconds = _timed(scenario, seeds)
    data = draw_dataset(world.terms.task, np.random.default_rng(0)) if world.market.learns else _NOTHING
    names = names_of(world)
    owners = _owners(world, data, names)
    said = (
        ("principals", _principals(owners)),
        *_data(world, data),
        *_rules(scenario),
        ("costs", _costs(ensemble.people.cost)),
        ("time", f"{scenario.rounds} rounds of {seeds} seeds take about {_duration(seconds)} on one core"),
    )
    return Checked(said, owners, tuple(_doubts(world, data, owners)))


def _timed(scenario: Scenario, seeds: int) -> float:
    """Seconds that so many seeds take on one core, from some rounds of all of them."""
    began = perf_counter()
    ensemble = Ensemble(scenario, range(seeds))
    founded = perf_counter()
    ensemble.step()  # the first round makes what is made once
    first = perf_counter()
    tried = min(_TRIED, scenario.rounds)
    for _ in range(tried):
        ensemble.step()
    return founded - began + (perf_counter() - first) / tried * scenario.rounds


def _owners(world: World, data: Dataset, names: tuple[str, ...]) -> pd.DataFrame:
    """A row per principal, who holds most first."""
    holdings = world.holdings
    frame = pd.DataFrame({"principal": names, "samples": holdings.count[0]})
    if world.market.learns and holdings.classes > 1:
        counts = _by_class(world)
        called = np.array(_classes(data))
        frame["mostly"] = called[counts.argmax(axis=1)]
        frame["share"] = counts.max(axis=1) / np.maximum(counts.sum(axis=1), 1)
    return frame.sort_values("samples", ascending=False, kind="stable").reset_index(drop=True)


def _classes(data: Dataset) -> tuple[str, ...]:
    """(C,) what classes are called: their numbers where they have no names."""
    return data.class_names or tuple(map(str, range(data.classes)))


def _by_class(world: World) -> Floats:
    """(N, C) training samples of each class that principals hold in the first run."""
    holdings = world.holdings
    owner = np.repeat(np.arange(holdings.count.shape[1]), holdings.count[0])
    counts = np.zeros((holdings.count.shape[1], holdings.classes))
    np.add.at(counts, (owner, holdings.labels[0, holdings.held[0]].astype(np.int64)), 1.0)
    return counts


def _principals(owners: pd.DataFrame) -> str:
    most, least = (f"{row['principal']} with {row['samples']}" for _, row in owners.iloc[[0, -1]].iterrows())
    return f"{len(owners)}, from {most} samples to {least}"


def _data(world: World, data: Dataset) -> Iterator[tuple[str, str]]:
    """Rows, features and classes, and the network that learns them."""
    if not world.market.learns:
        yield "data", "none: this market has no model to train"
        return
    holdings = world.holdings
    sizes = (ids.shape[1] for ids in (holdings.held, holdings.validation, holdings.test))
    parts = "{} rows to train, {} for validation, {} for test".format(*sizes)
    yield "data", f"{data.name}: {parts}; {holdings.features} features"
    if holdings.classes > 1:
        share = np.bincount(holdings.labels[0].astype(np.int64), minlength=holdings.classes) / holdings.labels.shape[1]
        yield "classes", ", ".join(f"{name} {part:.0%}" for name, part in zip(_classes(data), share, strict=True))
    yield "network", world.terms.learning.network
    metric = metric_of(world.terms.task.metric, holdings.target)
    counted = f"; rows count by {world.terms.task.weight}" if world.terms.task.weight else ""
    yield "quality", f"{METRICS.facts(metric).called(metric)}{counted}"


def _rules(scenario: Scenario) -> Iterator[tuple[str, str]]:
    rules = f"settlement {scenario.settlement.kind}, credit {scenario.credit.kind}"
    yield "rules", f"{rules}, screening {scenario.screening.mode}"
    yield "policies", ", ".join(f"{name} {share:g}" for name, share in scenario.policy.mix.items())
    yield "actions", ", ".join(scenario.actions.available)


def _costs(cost: Floats) -> str:
    return f"{cost.min():.2g} to {cost.max():.2g} money a sample"


def _duration(seconds: float) -> str:
    if seconds >= 120:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds:.1f} seconds" if seconds < 10 else f"{seconds:.0f} seconds"


def _doubts(world: World, data: Dataset, owners: pd.DataFrame) -> Iterator[str]:
    """What a user may not expect of the data."""
    few = owners[owners["samples"] < _FEW]
    if len(few):
        yield f"{len(few)} principals hold fewer than {_FEW} training samples, such as {few.iloc[-1]['principal']}"
    if not world.market.learns:
        return
    rate = float(world.terms.learning.rate.max())
    if world.holdings.target == "number" and rate > _STEEP:
        yield f"learning.rate = {rate:g} is large for a target of numbers, and a run may diverge: {_USUAL} are usual"
    if world.holdings.classes < 2:
        return
    holdings = world.holdings
    tested = np.bincount(holdings.labels[0, holdings.test[0]].astype(np.int64), minlength=holdings.classes)
    called = np.array(_classes(data))
    if (rare := tested < _RARE).any():
        yield f"the test set has fewer than {_RARE} samples of {', '.join(called[rare])}: raise task.test"
    metric, most = metric_of(world.terms.task.metric, holdings.target), tested.max() / tested.sum()
    if metric == "accuracy" and most > _LOPSIDED:
        always = f"always guessing {called[tested.argmax()]} is right in {most:.0%}"
        yield f"{always}: task.metric = 'balanced_accuracy' tells more"
    facts, baseline = METRICS.facts(metric), float(world.terms.market.baseline[0, 0])
    if facts.guessing is not None and abs(baseline - (guessed := facts.guessing(tested / tested.sum()))) > _OFF:
        said = f"a model that only guesses has {facts.called(metric)} {guessed:.2f}"
        yield f"{said}, and customers pay for all above market.baseline = {baseline:g}: they should be about the same"
