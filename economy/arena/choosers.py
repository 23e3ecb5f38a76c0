"""Choosers: principals who go by a tactic while a run is played."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from commonweal.agents.arrays import Floats
from commonweal.economy.arena.carrying import Doer, Round
from commonweal.economy.arena.sights import picked
from commonweal.economy.arena.tactics import Tactic


@dataclass(frozen=True)
class Chooser:
    """Principals who go by one tactic, each by what it sees itself."""

    tactic: Tactic
    doer: Doer
    memory: Any  # of all of them, run by run

    @classmethod
    def of(cls, tactic: Tactic, doer: Doer) -> "Chooser":
        """Before their first round."""
        return cls(tactic, doer, tactic.begin(len(doer.rows) * len(doer.members)))

    def choose(self, columns: Mapping[str, Floats], played: int, now: Round, reach: Floats) -> "Chooser":
        """Write the moves of a round into it; afterwards they remember it.

        Args:
            columns: what principals see, each (R, N).
            played: rounds before this one.
            now: the round; it changes.
            reach: (R, N + spares, K) what being looser by the whole of a limit adds to a claim, with its sign.
        """
        sights = picked(columns, self.tactic.sees, self.doer.rows, self.doer.members)
        runs, members, seen = sights.shape
        codes, memory = self.tactic.choose(sights.reshape(runs * members, seen), played, self.memory)
        now.write(self.tactic.moves.lay(codes.reshape(runs, members, -1)), self.doer, reach)
        return replace(self, memory=memory)
