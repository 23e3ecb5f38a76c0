"""Training an attacker: one principal learns in the arena what pays best against the scenario's own population.

What was learned is frozen as a tactic, judged like any other deviation on seeds that were never played in training, and
kept in a file that scenarios can name.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.agents.files import fingerprint
from commonweal.economy.arena.arena import Arena
from commonweal.economy.arena.moves import Moves
from commonweal.economy.arena.tactics import Constant, Tactic
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.learners.environment import Progress, drawn_seeds
from commonweal.economy.learners.population import Population, Steps, by_programmes, by_weights
from commonweal.economy.learners.ppo import PPO, by_gradient
from commonweal.economy.round.worth import Judge
from commonweal.scenarios.runs.intervals import mean_interval
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.schema.sources import files_of, rules_of
from commonweal.scenarios.studies.attacks.menu import moves_of

Method = Literal["programmes", "networks", "ppo"]
METHODS: tuple[Method, ...] = get_args(Method)


@dataclass(frozen=True)
class Training:
    """Who learns, by which method, and for how long."""

    method: Method = "programmes"
    member: int = 0  # the principal that learns
    start: int = 0  # rounds before it does anything of its own
    horizon: int = 50  # rounds of an episode
    runs: int = 32  # episodes played at once
    updates: int = 40  # batches of episodes: updates of PPO, generations of a population
    judge: Judge = "utility"  # what is to be large
    ppo: PPO = field(default_factory=PPO)
    population: Population = field(default_factory=Population)

    def __post_init__(self) -> None:
        if min(self.horizon, self.runs, self.updates) < 1 or self.start < 0:
            raise InputError("training: horizon, runs and updates must be 1 or more, start 0 or more")


@dataclass(frozen=True)
class Trained:
    """What one training came to."""

    tactic: Tactic
    course: Floats  # (U,) mean reward in a round, by update: of the policy as it was, or of the best of a generation
    rounds: int  # of single runs that were played
    head: Mapping[str, Any]  # what its file says of how it came about

    def as_deviation(self, name: str, member: int) -> Deviation:
        """The tactic as a deviation of one principal."""
        return Deviation(name, (member,), tactic=self.tactic)


def arena_of(scenario: Scenario, training: Training, moves: Moves | None = None) -> Arena:
    """The arena in which one principal learns.

    Args:
        scenario: whose population the others are.
        training: who learns, and how long episodes are.
        moves: its menu; all that makes sense in the scenario if not given.
    """
    menu = moves_of(scenario) if moves is None else moves
    return Arena(
        scenario, range(training.runs), focal=(training.member,), moves=menu, horizon=training.horizon,
        warm_up=training.start, judge=training.judge,
    )  # fmt: skip


def train(
    scenario: Scenario,
    training: Training,
    seed: int,
    *,
    moves: Moves | None = None,
    on_rounds: Progress | None = None,
) -> Trained:
    """Let one principal learn; the same seed learns the same.

    Args:
        scenario: whose population the others are.
        training: who learns, by which method, and for how long.
        seed: of everything that is drawn.
        moves: its menu; all that makes sense in the scenario if not given.
        on_rounds: is told of rounds played.

    Raises:
        InputError: if a part of the training is not allowed, or the library ``cmaes`` is missing.
    """
    return train_in(arena_of(scenario, training, moves), scenario, training, seed, on_rounds)


def train_in(
    arena: Arena,
    scenario: Scenario,
    training: Training,
    seed: int,
    on_rounds: Progress | None = None,
    starts: Sequence[Steps] = (),
) -> Trained:
    """Let the focal principal of an arena learn; its scenario, horizon and member must be those that are given.

    Args:
        arena: in which it learns.
        scenario: of the arena.
        training: by which method, and for how long.
        seed: of everything that is drawn.
        on_rounds: is told of rounds played.
        starts: programmes in the arena's moves with which a search over programmes begins.
    """
    rng = np.random.default_rng(seed)
    population = replace(training.population, generations=training.updates)
    tactic: Tactic
    if training.method == "programmes":
        found = by_programmes(arena, population, rng, on_rounds, starts)
        tactic, course, rounds = found.tactic(arena.moves), found.course, found.rounds
    else:
        if training.method == "ppo":
            learned = by_gradient(arena, replace(training.ppo, updates=training.updates), rng, on_rounds)
        else:
            learned = by_weights(arena, population, rng, on_rounds)
        tactic, course, rounds = learned.actor.tactic(arena.moves, arena.sight_names), learned.course, learned.rounds
    return Trained(tactic, course, rounds, _head(scenario, training, seed, rounds, course))


def _head(scenario: Scenario, training: Training, seed: int, rounds: int, course: Floats) -> dict[str, Any]:
    """What a file says of how its tactic came about."""
    terms = {"ppo": asdict(training.ppo)} if training.method == "ppo" else {"population": asdict(training.population)}
    shared = {name: value for name, value in asdict(training).items() if name not in ("ppo", "population")}
    return {
        "scenario": scenario.name, "content": content_of(scenario), **shared, **terms, "seed": seed, "rounds": rounds,
        "course": [round(value, 8) for value in course.tolist()],
    }  # fmt: skip


def content_of(scenario: Scenario) -> str:
    """A fingerprint of all that decides on a scenario's runs beside this library."""
    beside = files_of([scenario]) | rules_of([scenario])
    return fingerprint(scenario.model_dump_json().encode(), json.dumps(beside, sort_keys=True).encode())


def learning_curve(courses: Floats, confidence: float = 0.95) -> pd.DataFrame:
    """Mean reward in a round by update, with the interval over training seeds.

    Args:
        courses: (S, U) of S training seeds.
        confidence: of the intervals.
    """
    update = np.arange(1, courses.shape[1] + 1)
    return pd.DataFrame({"update": update, **mean_interval(courses, confidence).columns("reward")})


def constants(moves: Moves, member: int) -> tuple[Deviation, ...]:
    """Every move of a menu as a deviation of one principal that always makes it; the first is to do as before."""
    tactics = [Constant(moves, tuple(code)) for code in moves.codes(np.arange(moves.count)).tolist()]
    return tuple(Deviation(moves.at(each.codes).name, (member,), tactic=each) for each in tactics)


def fresh_seeds(seed: int, count: int) -> tuple[int, ...]:
    """Seeds on which what was learned is judged, drawn from another stream than those of its training."""
    return tuple(drawn_seeds(np.random.default_rng([seed, 1]), count))
