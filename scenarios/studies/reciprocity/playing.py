"""Playing a scenario in which names count: who gives to whom, what it pays, and what learners come to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.reciprocity.norms import norm_of
from commonweal.economy.round.mechanisms.reciprocity import Judged
from commonweal.economy.round.record import Record
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.pieces import Piece, Tick
from commonweal.scenarios.studies.reciprocity.rules import LEARNS, Scored, Span, rules_meant, scored

TOGETHER = 4  # seeds that are played as one ensemble
COURSES = ("cooperation", "good", "accuracy", "welfare", "benefit", "cost")


@dataclass(frozen=True)
class Asked:
    """A scenario to play in S seeds."""

    scenario: Scenario
    seeds: tuple[int, ...]  # S
    last: int  # rounds at the end that means are over
    span: Span  # over which rules are valued
    steady: bool = False  # whether everybody means to do in all rounds what it does first

    @property
    def pieces(self) -> list[Piece]:
        """To play, some seeds at a time."""
        parts = [self.seeds[k : k + TOGETHER] for k in range(0, len(self.seeds), TOGETHER)]
        return [Piece(_play, replace(self, seeds=part), self.scenario.rounds * len(part), (Played, Scored))
                for part in parts]  # fmt: skip


@dataclass(frozen=True)
class Played:
    """What became of it: S seeds, T rounds, N principals."""

    courses: dict[str, Floats]  # (S, T) each of COURSES; welfare is money per head
    acts: Ints  # (S, N, 2, 2, 2) how often each refused, gave, by images of donor and recipient, in all rounds
    honest: Floats  # (S, N) share of verdicts, in the last rounds, that are what the scenario's norm says; nan: none
    pay: Floats  # (S, N) mean over the last rounds, money
    image: Floats  # (S, N) share of the last rounds, and where names are private of the others, with a good name
    gave: Floats  # (S, N) share of encounters of the last rounds in which each gave
    policy: Ints  # (S, N) position in policies
    policies: tuple[str, ...]
    giving: Floats  # (S, N, 2, 2) probability of meaning to give at the end; nan of those who follow no such rule
    judging: Floats  # (S, N, 2, 2, 2) probability of calling good at the end, before errors
    scored: Scored  # learners against their best rules, and judges against slander
    last: int  # rounds at the end that means are over

    def late(self, name: str) -> Floats:
        """(S,) mean over the last rounds of a course."""
        mean: Floats = self.courses[name][:, -self.last :].mean(axis=1)
        return mean

    @property
    def learns(self) -> Bools:
        """(S, N) who learns."""
        if LEARNS not in self.policies:
            return np.zeros(self.policy.shape, dtype=bool)
        learns: Bools = self.policy == self.policies.index(LEARNS)
        return learns


def joined(parts: Sequence[Played]) -> Played:
    """All seeds of parts (S', …)."""
    first = parts[0]
    arrays: dict[str, Any] = {name: np.concatenate([getattr(each, name) for each in parts])
                              for name, value in vars(first).items() if isinstance(value, np.ndarray)}  # fmt: skip
    courses = {name: np.concatenate([each.courses[name] for each in parts]) for name in first.courses}
    return replace(first, **arrays, courses=courses, scored=Scored.joined([each.scored for each in parts]))


@dataclass
class _Tally:
    """Sums over the last rounds, (S, N)."""

    pay: Floats
    image: Floats
    gave: Floats
    met: Floats
    honest: Floats
    said: Floats

    def add(self, told: Judged, payoffs: Floats, norm: Floats) -> None:
        """Count a round; ``norm`` (2, 2, 2) says what is good."""
        self.pay += payoffs
        self.image += told.good
        self.gave += told.gave & told.meets
        self.met += told.meets
        meant = norm[told.image, told.other, told.gave.astype(np.int64)][..., None] > 0.5
        right = (told.verdicts == meant) & told.meets[..., None]
        row = np.broadcast_to(np.arange(len(told.judges))[:, None, None], told.judges.shape)
        np.add.at(self.honest, (row, told.judges), right)
        np.add.at(self.said, (row, told.judges), np.broadcast_to(told.meets[..., None], right.shape))


def _play(asked: Asked, tick: Tick) -> Played:
    ensemble, rounds = Ensemble(asked.scenario, asked.seeds), asked.scenario.rounds
    norm = norm_of(asked.scenario.reciprocity.norm).assess
    courses: dict[str, list[Floats]] = {name: [] for name in COURSES}
    acts = np.zeros((*ensemble.people.shape, 2, 2, 2), dtype=np.int64)
    tally = _Tally(*(np.zeros(ensemble.people.shape) for _ in range(6)))
    first = ensemble.people.action
    for number in range(rounds):
        record = ensemble.act(first) if asked.steady else ensemble.step()
        told: Judged = record.notes["reciprocity"]
        for name, value in _course(record, told).items():
            courses[name].append(value)
        _count(acts, told)
        if number >= rounds - asked.last:
            tally.add(told, record.payday.payoffs, norm)
        tick(len(asked.seeds))
    with np.errstate(invalid="ignore"):
        gave, honest = tally.gave / tally.met, tally.honest / tally.said
    meant = rules_meant(ensemble)
    stacked = {name: np.stack(course, axis=1) for name, course in courses.items()}
    return Played(
        stacked, acts, honest, tally.pay / asked.last, tally.image / asked.last, gave, ensemble.people.policy,
        ensemble.world.terms.policy.names, meant.act, meant.assess,
        scored(ensemble, meant, gave, stacked["benefit"][:, -asked.last :].mean(axis=1), asked.span), asked.last,
    )  # fmt: skip


def _course(record: Record, told: Judged) -> dict[str, Floats]:
    """(R,) what a round was."""
    with np.errstate(invalid="ignore"):
        cooperation = (told.gave & told.meets).sum(axis=1) / told.meets.sum(axis=1)
    return {
        "cooperation": cooperation,
        "good": told.good.mean(axis=1),
        "accuracy": record.payday.quality,
        "welfare": record.payday.payoffs.mean(axis=1),
        "benefit": told.benefit,
        "cost": told.cost,
    }


def _count(acts: Ints, told: Judged) -> None:
    row, donor = np.nonzero(told.meets)
    np.add.at(acts, (row, donor, told.image[row, donor], told.other[row, donor], told.gave[row, donor].astype(int)), 1)

