"""Choosing: members of deviations that have a tactic, who choose what they do anew in each round."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.conduct import Conduct
from commonweal.agents.population import Population
from commonweal.economy.arena.carrying import Doer, Round
from commonweal.economy.arena.names import Names
from commonweal.economy.arena.sights import picked
from commonweal.economy.arena.tactics import Tactic
from commonweal.economy.futures.deviations import Deviation, divided, spares_of
from commonweal.economy.world.world import World


@dataclass(frozen=True)
class Chooser:
    """The members of one deviation, in the runs in which it is tried."""

    deviation: Deviation
    tactic: Tactic
    doer: Doer
    memory: Any  # of all its members, run by run

    def choose(self, columns: Mapping[str, Floats], played: int, now: Round, reach: Floats) -> "Chooser":
        """Write the moves of a round into it; afterwards they remember it."""
        sights = picked(columns, self.tactic.sees, self.doer.rows, self.doer.members)
        shape = sights.shape[:2]
        codes, memory = self.tactic.choose(sights.reshape(shape[0] * shape[1], -1), played, self.memory)
        now.write(self.tactic.moves.lay(codes.reshape(*shape, -1)), self.doer, reach)
        return replace(self, memory=memory)


@dataclass(frozen=True)
class Choosing:
    """All who choose anew in each round."""

    choosers: tuple[Chooser, ...]
    reach: Floats  # (R, N + spares, K) what being looser by the whole of a limit adds to a claim, with its sign

    @classmethod
    def of(
        cls, deviations: Sequence[Deviation], names: Names, world: World, people: Population
    ) -> "Choosing | None":
        """Nobody has chosen yet; None where no deviation has a tactic.

        Args:
            deviations: D of them.
            names: whose name is whose.
            world: of B (1 + D) runs.
            people: of these, before the first round.
        """
        runs, choosers = np.arange(len(people.action)), []
        for k, each in enumerate(deviations, start=1):
            if each.tactic is None:
                continue
            own = np.array([*each.members, *spares_of(each, names.principals)])
            bearer = np.array([each.members.index(member) for member in names.bearer[k, own]])
            doer = Doer(runs[k :: 1 + len(deviations)], each.members, own, bearer, divided(each, world))
            memory = each.tactic.begin(len(doer.rows) * len(each.members))
            choosers.append(Chooser(each, each.tactic, doer, memory))
        return cls(tuple(choosers), world.senses * people.limits) if choosers else None

    def choose(
        self, columns: Mapping[str, Floats], played: int, conduct: Conduct, forced: Ints
    ) -> tuple["Choosing", Round]:
        """What a round is played with, and all who remember it.

        Args:
            columns: what principals see, each (R, N).
            played: rounds before this one.
            conduct: of everybody, as deviations say it for all rounds.
            forced: (R, N + spares) codes of actions that deviations force; FREE elsewhere.
        """
        now = Round.fresh(conduct, forced)
        choosers = tuple(
            each.choose(columns, played, now, self.reach) if each.deviation.is_on(played) else each
            for each in self.choosers
        )
        return replace(self, choosers=choosers), now
