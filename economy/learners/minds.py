"""Minds of the policies ``learned:FILE``: the tactic in a file, for all principals of a scenario at once."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.agents.files import contents_of
from commonweal.agents.policies import Observation
from commonweal.agents.policies.learned import Chosen, Known, Recalled
from commonweal.economy.arena.history import Past
from commonweal.economy.arena.moves import DOES_NAMED
from commonweal.economy.arena.sights import seen_columns, sight_names
from commonweal.economy.arena.tactics import Tactic
from commonweal.economy.learners.files import read_tactic
from commonweal.economy.world.world import World


@dataclass(frozen=True)
class FileMind:
    """The tactic in a file."""

    file: Path
    tactic: Tactic

    def __post_init__(self) -> None:
        if not isinstance(self.tactic.begin(1), Past | None):
            raise InputError(f"{self.file}: a tactic of kind {self.tactic.kind!r} remembers what a policy cannot keep")

    def begin(self, runs: int, principals: int) -> Recalled:
        """Nothing is remembered."""
        past = self.tactic.begin(runs * principals)
        nothing = Past(np.zeros((runs * principals, 0), dtype=np.int64), np.zeros((runs * principals, 0)))
        return _by_run(nothing if past is None else past, runs, principals)

    def demand(self, world: World) -> None:
        """Raise InputError where it needs to see or to do what there is not in a world."""
        names = sight_names(world)
        if unknown := [name for name in self.tactic.sees if name not in names]:
            where = f"{self.file}: its tactic looks at {unknown[0]!r}"
            raise InputError(f"{where}, which nobody sees here: there are {', '.join(names)}")
        does = self.tactic.moves.factors.get("does", ())  # not all moves: a file may have a menu of any size
        actions = {int(action) for each in does if (action := DOES_NAMED[str(each)][0]) is not None}
        if wrong := sorted(actions - set(world.terms.available.tolist())):
            name = Action(wrong[0]).name.lower()
            raise InputError(f"{self.file}: its tactic may {name}, which actions.available does not hold")

    def choose(self, observation: Observation, known: Known, recalled: Recalled) -> tuple[Chosen, Recalled]:
        """The moves of a round, and what is remembered from then on."""
        runs, principals = observation.population.shape
        columns = seen_columns(observation, observation.round / known.rounds, known.paid, known.balance)
        seen = [columns[name].reshape(-1) for name in self.tactic.sees]
        sights = np.stack(seen, axis=1) if seen else np.zeros((runs * principals, 0))
        codes, past = self.tactic.choose(sights, observation.round, self._past(recalled))
        laid = self.tactic.moves.lay(codes.reshape(runs, principals, -1))
        chosen = Chosen(**{name: values.astype(np.int64) if name == "form" else values
                           for name, values in vars(laid).items()})  # fmt: skip
        if not isinstance(past, Past):
            return chosen, recalled
        return chosen, _by_run(past, runs, principals)

    def _past(self, recalled: Recalled) -> Past | None:
        """What the tactic remembers, one principal after another."""
        if self.tactic.begin(0) is None:
            return None
        last, means = recalled.last, recalled.means
        return Past(last.reshape(-1, *last.shape[2:]), means.reshape(-1, *means.shape[2:]))


def _by_run(past: Past, runs: int, principals: int) -> Recalled:
    """What the principals of all runs remember, with an axis of runs."""
    last = past.last.reshape(runs, principals, *past.last.shape[1:])
    return Recalled(last, past.means.reshape(runs, principals, *past.means.shape[1:]))


def mind_in(file: Path) -> FileMind:
    """The mind in a file, as the file is now.

    Raises:
        InputError: if it cannot be read, or holds no tactic that a policy can go by.
    """
    return _mind(file, contents_of(file))


@lru_cache(maxsize=64)
def _mind(file: Path, contents: str) -> FileMind:
    return FileMind(file, read_tactic(file).tactic)
