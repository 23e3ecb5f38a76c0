"""Playing a defence: what attackers recover of samples, labels and members, and what is left of credit and accuracy."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.credit.game import CREDITS
from commonweal.economy.leaking.defences import Defence, OverheardMLP
from commonweal.economy.leaking.measures import area_under_curve
from commonweal.economy.learning.guards import Told
from commonweal.economy.learning.losses import log_probabilities, sample_losses
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.learning.nopeek import distance_correlation
from commonweal.economy.learning.traversal import PathPassage
from commonweal.economy.round.learn import examine, game_of
from commonweal.economy.round.record import Lesson
from commonweal.economy.round.visits import samples
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.world.world import World
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.fairness.measures import pearson, spearman
from commonweal.scenarios.studies.pieces import Piece, Tick
from commonweal.scenarios.studies.privacy.designs import MOST_PLAYERS
from commonweal.scenarios.studies.privacy.products import Products, attacked
from commonweal.scenarios.studies.privacy.slices import Look, Visits, looked


@dataclass(frozen=True)
class Asked:
    """A defence to play and to attack in S seeds."""

    scenario: Scenario
    seeds: tuple[int, ...]  # S
    defence: Defence
    modes: tuple[str, ...]
    nodes: int
    judged: int  # rounds at which credit is compared
    watched: int  # rounds whose products are attacked
    targets: int  # holdings attacked in each run
    holdings: tuple[int, ...]  # their sizes

    @property
    def piece(self) -> Piece:
        """To play, as one ensemble."""
        return Piece(_play, self, self.scenario.rounds * len(self.seeds), (Played,))


@dataclass(frozen=True)
class Played:
    """What became of it, a number for each of S seeds."""

    outcomes: dict[str, Floats]  # accuracy, membership, share taking part, correlations of credit, each (S,)
    leaks: dict[str, Floats]  # (S,) by "mode|attacker|when|measure": nmse, guess, labels
    products: dict[str, Floats]  # (S,) by "samples|measure": nmse, guess


def _play(asked: Asked, tick: Tick) -> Played:
    ensemble = Ensemble(asked.scenario, asked.seeds)
    world, guard = replace(ensemble.world, nodes=None), asked.defence.guard  # one place, where all can be read off
    assert isinstance(world.network, MLP)
    ensemble.world = world if guard.on else replace(world, network=OverheardMLP.of(world.network))
    everybody = np.full(world.shape, int(Action.DELEGATE))
    rounds = asked.scenario.rounds
    judged = set(np.unique(np.linspace(0, rounds - 1, asked.judged).round().astype(int)).tolist())
    leaks: dict[str, Floats] = {}
    fidelity, products, visits = _Fidelity(world), Products(asked.watched), Visits(asked.defence)
    for number in range(rounds):
        record = ensemble.act(everybody)
        lesson = record.taught
        products.note(lesson)
        visits.note(lesson)
        if number in judged:
            fidelity.note(lesson, ensemble)
        if number in (0, rounds - 1):
            when = "trained" if number else "first"
            look = Look(world, lesson, asked.defence, visits if number else None, asked.nodes)
            leaks |= looked(look, asked.modes, when)
        tick(len(asked.seeds))
    outcomes = {
        **fidelity.found(),
        "accuracy": record.payday.quality,
        "membership": membership(world, ensemble),
        "taking_part": (record.actions == Action.DELEGATE).mean(axis=1),
        "correlation": correlation(lesson),
    }
    sizes = asked.holdings if "secure" in asked.modes or "two-servers" in asked.modes else ()
    found = attacked(products, world, asked.defence, sizes, asked.targets) if sizes else {}
    return Played(outcomes, leaks, found)


def correlation(lesson: Lesson) -> Floats:
    """(S,) distance correlation of a batch's samples with what leaves the first layer; nan where no paths do."""
    told = lesson.passage
    paths = told.passage if isinstance(told, Told) else told
    if not isinstance(paths, PathPassage) or not paths.inputs[0].shape[1]:
        return np.full(len(lesson.exam.loss), np.nan)
    found = distance_correlation(paths.inputs[0], paths.inputs[1], paths.owners.owner >= 0)
    return found.numpy().astype(np.float64)


class _Fidelity:
    """Credit against that of the undisturbed step, round by round and summed over judged rounds."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._pairs: dict[str, list[tuple[Floats, Floats]]] = defaultdict(list)

    def note(self, lesson: Lesson, ensemble: Ensemble) -> None:
        """Compare the credit of a round."""
        credit = lesson.appraisal.values
        for name, other in self._undisturbed(lesson, ensemble):
            self._pairs[name].append((credit, other))

    def _undisturbed(self, lesson: Lesson, ensemble: Ensemble) -> Iterator[tuple[str, Floats]]:
        """(R, N) by name: the same rule's credit, and the exact Shapley value where coalitions are few."""
        world = self.world
        features, labels = samples(lesson.batch, world)
        passage = world.network.traverse(lesson.before, features, labels, lesson.passage.owners)
        step = passage.weighted_sum(torch.as_tensor(lesson.screened.weights).to(passage.loss))
        exam = examine(passage, lesson.before, world)
        clean = replace(lesson, passage=passage, step=step, exam=exam)
        game = game_of(clean, world, ensemble.streams.credit)
        yield "undisturbed", CREDITS[world.terms.credit.kind](game).values
        if world.shape[1] <= MOST_PLAYERS:
            yield "shapley", CREDITS["shapley"](game).values

    def found(self) -> dict[str, Floats]:
        """(S,) correlations: means over judged rounds, and of the sums over them."""
        out = {}
        for name, pairs in self._pairs.items():
            for measure, of in (("pearson", pearson), ("spearman", spearman)):
                out[f"{measure}_{name}"] = _mean_of_known(np.stack([of(*pair) for pair in pairs]))
            own, other = (np.sum([pair[side] for pair in pairs], axis=0) for side in (0, 1))
            out[f"whole_run_{name}"] = pearson(own, other)
        return out


def _mean_of_known(values: Floats) -> Floats:
    """(S,) means of (T, S) over what is known; nan where nothing is."""
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        mean: Floats = np.where(known, values, 0.0).sum(axis=0) / known.sum(axis=0)
    return mean


def membership(world: World, ensemble: Ensemble) -> Floats:
    """(S,) AUC of an attacker who takes samples with a small loss for those that were learned from."""
    areas = []
    test, known = world.test
    for run in range(world.shape[0]):
        own: Ints = world.holdings.held[run]
        parameters = tuple(p[run : run + 1] for p in ensemble.state.parameters)
        first = int(world.features.first[run % len(world.features.first), 0])
        rows = world.features.rows[torch.as_tensor(first + own)]
        losses = []
        for features, labels in ((rows, torch.as_tensor(world.holdings.labels[run, own])), (test[run], known[run])):
            scores = log_probabilities(world.network.logits(parameters, features[None]))
            losses.append(sample_losses(scores, labels[None])[0].numpy())
        areas.append(area_under_curve(-losses[0], -losses[1]))
    return np.array(areas)


