"""Choosing: members of deviations that have a tactic, who choose what they do anew in each round."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.conduct import Conduct
from commonweal.agents.population import Population
from commonweal.economy.arena.carrying import Doer, Round
from commonweal.economy.arena.choosers import Chooser
from commonweal.economy.arena.names import Names
from commonweal.economy.futures.deviations import Deviation, divided, spares_of
from commonweal.economy.world.world import World


@dataclass(frozen=True)
class Choosing:
    """All who choose anew in each round, by the deviation that lets them."""

    choosers: tuple[tuple[Deviation, Chooser], ...]
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
            if each.tactic is not None:
                own = np.array([*each.members, *spares_of(each, names.principals)])
                bearer = np.array([each.members.index(member) for member in names.bearer[k, own]])
                doer = Doer(runs[k :: 1 + len(deviations)], each.members, own, bearer, divided(each, world))
                choosers.append((each, Chooser.of(each.tactic, doer)))
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
            (each, own.choose(columns, played, now, self.reach) if each.is_on(played) else own)
            for each, own in self.choosers
        )
        return replace(self, choosers=choosers), now
