"""Playing a design: what becomes of accuracy, violations and participation, round by round and of every principal."""

from dataclasses import dataclass, replace

import numpy as np

from commonweal.agents.actions import ABSTAIN, Action
from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.concerns import violations
from commonweal.agents.conduct import Conduct
from commonweal.agents.population import Population
from commonweal.agents.values import concern_weights
from commonweal.economy.round.record import Record
from commonweal.economy.round.worth import cost_of_staying_away
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.runs.metrics import broken_limits
from commonweal.economy.runs.outside import model_outside
from commonweal.economy.world.world import World
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.pieces import Piece, Tick
from commonweal.scenarios.studies.pluralism.measures import loosened

OF_PEOPLE = ("utility", "outside", "violated", "delegating", "away")  # means of every principal over the last rounds
OF_CAMPS = ("violated", "first_violated", "delegating", "away")  # shares of a camp, in every round


@dataclass(frozen=True)
class Asked:
    """A cooperative to play in S seeds."""

    scenario: Scenario
    seeds: tuple[int, ...]  # S
    last: int  # rounds at the end that means of principals are over
    strictest: float = 0.0  # share of principals, the strictest, who claim the next ones' limits; 0: nobody does

    @property
    def piece(self) -> Piece:
        """To play, as one ensemble."""
        return Piece(_play, self, self.scenario.rounds * len(self.seeds), (Played,))


@dataclass(frozen=True)
class Played:
    """What became of it: S seeds, T rounds, N principals, C camps (one where there are none), K value dimensions."""

    accuracy: Floats  # (S, T) of the model, on classes that nobody withholds
    camps: dict[str, Floats]  # (S, T, C) each of OF_CAMPS; nan where a camp has no member
    limits: Floats  # (S, T, C, K) mean true limits of each camp
    people: dict[str, Floats]  # (S, N) each of OF_PEOPLE
    camp: Ints  # (S, N)
    action: Ints  # (S, N) at the end
    policy: Ints  # (S, N) position in policies
    policies: tuple[str, ...]
    last: int  # rounds at the end that means are over

    def late(self, course: Floats) -> Floats:
        """(S, ...) means of (S, T, ...) over the last rounds."""
        mean: Floats = course[:, -self.last :].mean(axis=1)
        return mean

    def share(self, name: str) -> Floats:
        """(S,) of all principals, in the mean over the last rounds."""
        mean: Floats = self.people[name].mean(axis=1)
        return mean


def _play(asked: Asked, tick: Tick) -> Played:
    ensemble, rounds = Ensemble(asked.scenario, asked.seeds), asked.scenario.rounds
    accuracy: list[Floats] = []
    camps: dict[str, list[Floats]] = {name: [] for name in OF_CAMPS}
    limits: list[Floats] = []
    people = {name: np.zeros(ensemble.people.shape) for name in OF_PEOPLE}
    members = _members(ensemble.people.camp, len(ensemble.world.terms.values.camps))
    held = _held(ensemble.world, ensemble.people)
    claimed_for: Floats | None = None
    for number in range(rounds):
        if asked.strictest and ensemble.people.limits is not claimed_for:
            claimed_for = ensemble.people.limits
            ensemble.world = _claiming(ensemble.world, ensemble.people, asked.strictest)
        state, people_before = ensemble.state, ensemble.people
        record = ensemble.step()
        told = _told(record, ensemble, held, model_outside(ensemble, state, people_before, record))
        permitted = record.produce.permitted
        accuracy.append(record.payday.quality if permitted is None else permitted)
        for name, course in camps.items():
            course.append(_means(told[name], members))
        limits.append(np.stack([_means(one, members) for one in np.moveaxis(record.limits, 2, 0)], axis=-1))
        if number >= rounds - asked.last:
            for name, total in people.items():
                total += told[name] / asked.last
        tick(len(asked.seeds))
    return Played(
        np.stack(accuracy, axis=1), {name: np.stack(course, axis=1) for name, course in camps.items()},
        np.stack(limits, axis=1), people, ensemble.people.camp, record.actions.astype(np.int64),
        ensemble.people.policy, ensemble.world.terms.policy.names, asked.last,
    )  # fmt: skip


def _told(record: Record, ensemble: Ensemble, held: Bools, given: Floats | float) -> dict[str, Floats]:
    """(R, N) what a round was to each principal; ``given``, money, is what the model would have been worth outside."""
    world, people = ensemble.world, ensemble.people
    broken = broken_limits(record, people, world)
    first = violations(people.anchor, record.taught.levels, world.senses) * held
    option = world.terms.population.outside_option
    return {
        "utility": record.payday.utility,
        "outside": option + given - cost_of_staying_away(record, "utility"),
        "violated": broken.any(axis=2).astype(np.float64),
        "first_violated": first.any(axis=2).astype(np.float64),
        "delegating": (record.actions == Action.DELEGATE).astype(np.float64),
        "away": (record.actions == ABSTAIN).astype(np.float64),
    }


def _held(world: World, people: Population) -> Bools:
    """(R, N, K) the values that each holds: to those without weight it is indifferent."""
    held: Bools = concern_weights(world.terms.values, people.camp) > 0
    return held


def _members(camp: Ints, camps: int) -> Bools:
    """(R, N, C) who is in which camp; all in the only one where there are none."""
    member: Bools = camp[..., None] == np.arange(max(1, camps))
    return member


def _means(values: Floats, members: Bools) -> Floats:
    """(R, C) means of (R, N) over the members of each camp."""
    with np.errstate(invalid="ignore"):
        mean: Floats = (values[..., None] * members).sum(axis=1) / members.sum(axis=1)
    return mean


def _claiming(world: World, people: Population, strictest: float) -> World:
    """The world in which the strictest claim the limits of the strictest among the others."""
    claimed = loosened(people.limits, world.senses, strictest)
    return replace(world, conduct=replace(Conduct.plain(*people.shape, len(world.senses)), claimed=claimed))
