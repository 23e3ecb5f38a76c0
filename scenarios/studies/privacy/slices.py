"""Attacks on what a round shows of single samples: slices of a node, or of a principal, mode by mode."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch

from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.leaking.attackers import Knowledge, recovered, recovered_from_all_visits
from commonweal.economy.leaking.defences import Defence, returned_by_head
from commonweal.economy.leaking.inversion import Prior, Visit, label_means
from commonweal.economy.leaking.labels import labels_of, output_deltas_of
from commonweal.economy.leaking.measures import nmse
from commonweal.economy.leaking.sight import OPEN, Sight, seen
from commonweal.economy.learning.guards import Told, nopeek_deltas, spread_of
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.learning.traversal import PathPassage
from commonweal.economy.round.record import Lesson
from commonweal.economy.round.visits import samples
from commonweal.economy.wire.holding import spread_over_nodes
from commonweal.economy.wire.node import Summed
from commonweal.economy.world.world import World

_MOST_VISITS = 4  # of a sample that an attacker combines


class Visits:
    """What left the first layer in all rounds so far, where noise makes it worth keeping."""

    def __init__(self, defence: Defence) -> None:
        self.defence = defence
        self._rounds: list[tuple[Ints, Floats, list[Floats], Floats]] = []

    def note(self, lesson: Lesson) -> None:
        """Keep a round."""
        passage = _told(lesson).passage
        if self.defence.guard.cut_noise and isinstance(passage, PathPassage):
            first = list(lesson.before[0].numpy().astype(np.float64))  # one object for all visits of a round
            noise = noise_at_cut(lesson, self.defence)
            self._rounds.append((lesson.batch.sample, passage.inputs[1].numpy(), first, noise))

    def of(self, run: int, sample: int) -> list[Visit]:
        """All visits of a sample, the newest first."""
        found: list[Visit] = []
        for ids, activity, first, noise in reversed(self._rounds):
            for place in np.flatnonzero(ids[run] == sample):
                found.append(Visit(activity[run, place][None], first[run], float(noise[run])))
        return found[:_MOST_VISITS]


@dataclass(frozen=True)
class Look:
    """A round as attackers see it."""

    world: World  # without the defence
    lesson: Lesson
    defence: Defence
    visits: Visits | None  # of all rounds; None: this one alone
    nodes: int


def looked(look: Look, modes: tuple[str, ...], when: str) -> dict[str, Floats]:
    """(S,) by "mode|attacker|when|measure": errors of what is recovered, of guessing, and labels that are right."""
    runs, out = look.world.shape[0], {}
    combined = [_combined(look, run) for run in range(runs)] if set(modes) & {"cut", "cut-gradients"} else []
    for mode in modes:
        found = [_of_run(look, mode, run, combined[run] if combined else {}) for run in range(runs)]
        for name in dict.fromkeys(key for each in found for key in each):
            out[f"{mode}|{name[0]}|{when}|{name[1]}"] = np.array([each.get(name, np.nan) for each in found])
    return out


def _combined(look: Look, run: int) -> dict[str, Floats]:
    """(S, d) the batch's samples by attackers that put all visits of each together; none where this round says all."""
    if look.visits is None or not look.defence.guard.cut_noise:
        return {}
    visits = [look.visits.of(run, int(sample)) for sample in look.lesson.batch.sample[run]]
    return recovered_from_all_visits(visits, knowledge(look, run))


def _of_run(look: Look, mode: str, run: int, combined: dict[str, Floats]) -> dict[tuple[str, str], float]:
    """Means over the slices of a run."""
    sums: dict[tuple[str, str], list[float]] = defaultdict(list)
    features, labels = (each[run].numpy() for each in samples(look.lesson.batch, look.world))
    everything = look.world.features.rows.numpy()
    variance, known = float(everything.var()), knowledge(look, run)
    for columns in _slices(look, mode, run):
        sight = _sight(look, mode, run, columns)
        true = features[columns].astype(np.float64)
        guess = nmse(np.broadcast_to(known.prior.mean, true.shape), true, variance)
        sums["", "guess"].append(guess)
        together = {name: whole[columns] for name, whole in combined.items()}
        for attacker, found in (recovered(sight, _with_term(known, sight, look, run, columns)) | together).items():
            sums[attacker, "nmse"].append(nmse(found, true, variance))
        if sight.output is not None:
            right = labels_of(sight.output) == labels[columns]
            sums["labels", "right"].append(float(right.mean()))
    return {name: float(np.mean(values)) for name, values in sums.items()}


def _with_term(known: Knowledge, sight: Sight, look: Look, run: int, columns: Ints) -> Knowledge:
    """What is known of a slice where its deltas have a NoPeek term: how it follows from the samples."""
    weight, network = look.defence.guard.nopeek, look.world.network
    if not weight or sight.activity is None:
        return known
    assert isinstance(network, MLP)
    activity = torch.as_tensor(sight.activity)[None]
    owners = Summed(torch.as_tensor(look.lesson.batch.owner[run, columns])[None], look.world.shape[1])

    def term(samples: Floats) -> Floats:
        found = nopeek_deltas(torch.as_tensor(samples)[None], activity, owners, network, weight)[0].numpy()
        return found.astype(np.float64)

    return replace(known, term=term)


def knowledge(look: Look, run: int) -> Knowledge:
    """What the orchestrator knows: its own validation samples, the network, and how much noise there is."""
    world, lesson = look.world, look.lesson
    assert isinstance(world.network, MLP)
    held = world.exam.features[run, : world.exam.sizes[0]]
    parameters = tuple(p[run : run + 1] for p in lesson.before)
    noise = float(noise_at_cut(lesson, look.defence)[run])
    inner = parameters[0][0]
    sums = held @ inner[:, :-1].T + inner[:, -1]
    activity = (torch.relu(sums) if world.network.activation == "relu" else torch.tanh(sums)).numpy()
    activity = activity + noise * np.random.default_rng(run).standard_normal(activity.shape)
    own, labels = held.numpy().astype(np.float64), world.exam.labels[run, : len(held)].numpy()
    means = label_means(own, labels, world.holdings.classes)
    pairs = activity.astype(np.float64), own
    return Knowledge(Prior.of(own), pairs, world.network, parameters, means, noise)


def noise_at_cut(lesson: Lesson, defence: Defence) -> Floats:
    """(R,) standard deviation of the noise at the cut, as it can be told from what leaves; in the mean of squares."""
    passage, strength = _told(lesson).passage, defence.guard.cut_noise
    if not strength or not isinstance(passage, PathPassage):
        return np.zeros(len(lesson.exam.loss))
    spread = spread_of(passage.inputs[1], passage.owners)[..., 0].numpy().astype(np.float64)
    real = (passage.owners.owner >= 0).numpy()
    whole = np.sqrt((spread**2 * real).sum(axis=1) / np.maximum(real.sum(axis=1), 1))
    added: Floats = whole * strength / np.sqrt(1 + strength**2)
    return added


def _told(lesson: Lesson) -> Told:
    passage = lesson.passage
    assert isinstance(passage, Told)
    return passage


def _slices(look: Look, mode: str, run: int) -> Iterator[Ints]:
    """Places in the batch that stand together: all of a node, or one principal's under ``cut-gradients``."""
    owner = look.lesson.batch.owner[run]
    principals = look.world.shape[1]
    group = np.arange(principals) if mode == "cut-gradients" else spread_over_nodes(principals, look.nodes)
    at = np.where(owner >= 0, group[owner], -1)
    for each in np.unique(at[at >= 0]):
        yield np.flatnonzero(at == each)


def _sight(look: Look, mode: str, run: int, columns: Ints) -> Sight:
    """What is seen of a slice."""
    told = _told(look.lesson).passage
    if isinstance(told, PathPassage):
        sight = seen(mode, told, run, columns)
        return _u_shaped(look, sight, run) if look.defence.u_shaped else sight
    assert mode not in OPEN  # updates with noise leave no paths, and their scenarios have no such wire
    return Sight()


def _u_shaped(look: Look, sight: Sight, run: int) -> Sight:
    """The deltas of the logits stay; who knows the last layer has them from what comes back through it."""
    if sight.output is None:
        return sight
    head = look.lesson.before[-1][run]
    returned = returned_by_head(torch.as_tensor(sight.output).to(head), head).numpy().astype(np.float64)
    return replace(sight, output=output_deltas_of(returned, head.numpy().astype(np.float64)))
