"""Rules that go wrong for the run with seed 3, for tests. Registered where this is imported, in workers too."""

import os
import signal
from typing import Any

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.policies import policy
from commonweal.economy.tasks import TASKS, task

POISON = 3  # the seed


def seed_of(generator: np.random.Generator) -> Any:
    return generator.bit_generator.seed_seq.entropy  # type: ignore[attr-defined]


@task("poisonous")
def poisonous_task(terms: Any, generator: np.random.Generator) -> Any:
    """Wine, but not for everybody."""
    if seed_of(generator) == POISON:
        raise ValueError("this wine is\npoisoned")
    return TASKS["wine"](terms, generator)


@policy("poisonous")
def poisonous_policy(observation: Any, terms: Any, stream: Any) -> Any:
    """Delegate, until round 2."""
    if observation.round == 2 and any(seed_of(generator) == POISON for generator in stream.generators):
        raise RuntimeError("a principal fainted")
    return np.full(observation.population.shape, Action.DELEGATE)


@policy("deadly")
def deadly_policy(observation: Any, terms: Any, stream: Any) -> Any:
    """Delegate, and take the process along in round 2."""
    if observation.round == 2 and any(seed_of(generator) == POISON for generator in stream.generators):
        os.kill(os.getpid(), signal.SIGKILL)
    return np.full(observation.population.shape, Action.DELEGATE)
