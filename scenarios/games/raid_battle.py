"""Raid Battle: damage done is what pays a hero, so that nobody protects the others, unless a deal pays for it.

The game of Shapley-Coop (Hua et al. 2025, arXiv 2506.07388); the rules are in ``commonweal.scenarios.games.battle``.
"""
# mypy: disallow-subclassing-any=False

from collections.abc import Sequence

import mesa
import numpy as np

from commonweal.agents.arrays import Ints
from commonweal.agents.errors import InputError, apart
from commonweal.economy.credit.exact import all_coalitions
from commonweal.economy.money.ledger import to_micro
from commonweal.economy.negotiation import Course, Negotiator, Situation
from commonweal.scenarios.games.battle import HEROES, TURNS, Role, fight, fight_turn, muster, rewards
from commonweal.scenarios.games.negotiated_game import NegotiatedGame

PURSE = 100.0  # money each hero starts with
REHEARSALS = 100  # battles imagined of each coalition before the talks

SELFISH = np.full(HEROES, Role.FIGHTER)
TOGETHER = np.array([Role.TANK, Role.TANK, Role.HEALER, Role.HEALER])
PLANS = {"every hero fights for itself": SELFISH, "two taunt and two heal": TOGETHER}


class Hero(mesa.Agent):
    """One hero.

    Args:
        model: the raid.
        seat: 0 to 3.
    """

    def __init__(self, model: "RaidBattle", seat: int) -> None:
        super().__init__(model)
        self.seat = seat
        self.role = Role.FIGHTER

    @property
    def health(self) -> float:
        """What the boss has left of it."""
        return float(self.model.battle.health[0, self.seat])


class RaidBattle(NegotiatedGame):
    """One raid. A step is a turn; ``running`` ends with the battle.

    Args:
        boss: its health; at 300 fireballs win at once, at 2000 they do not.
        negotiated: whether the heroes talk first.
        negotiators: one for each hero; the default negotiator if not given.
        rng: seed of all luck.

    Raises:
        InputError: if the boss has no health.
    """

    def __init__(
        self,
        boss: float = 2000.0,
        *,
        negotiated: bool = False,
        negotiators: Sequence[Negotiator] | None = None,
        rng: int | None = None,
    ) -> None:
        if not 0 < boss <= 1e6:
            raise InputError(f"boss = {apart(boss, 0, 1e6)[0]}: must be more than 0 and at most 1_000_000 health")
        names = [f"hero {seat + 1}" for seat in range(HEROES)]
        super().__init__(names, PURSE, negotiated=negotiated, negotiators=negotiators, rng=rng)
        self.boss = boss
        self.battle = muster(boss, 1)
        self._luck, self._imagined = self.rng.spawn(2)
        self.heroes = tuple(Hero(self, seat) for seat in range(HEROES))

    @property
    def score(self) -> float:
        """Team reward; nan while fighting."""
        return float(self.battle.score[0])

    def situation(self) -> Situation:
        """Whether to protect each other, and for how much.

        A coalition's worth is the mean reward of the team if only its members protect; all imagine the same luck.
        """
        luck = self._imagined.random((REHEARSALS, TURNS, HEROES))
        roles = np.where(all_coalitions(HEROES), TOGETHER, SELFISH).repeat(REHEARSALS, axis=0)
        many = np.tile(luck, (2**HEROES, 1, 1))
        worth = fight(self.boss, roles, many).score.reshape(-1, REHEARSALS).mean(axis=1)
        expected = {name: rewards(fight(self.boss, roles, luck)).mean(axis=0) for name, roles in PLANS.items()}
        return Situation(
            task=f"a raid on a boss of {self.boss:g} health",
            parties=self.players,
            courses=tuple(Course(name, payoffs) for name, payoffs in expected.items()),
            outside=next(iter(expected.values())),
            funds=self.ledger.principals[0],
            value=lambda coalitions: worth[coalitions @ 2 ** np.arange(HEROES)],
        )

    def step(self) -> None:
        """One turn; talks before the first, payment after the last."""
        if self.battle.turn == 0:
            self.open_talks(self.situation)
            roles = SELFISH if self.deal is None else list(PLANS.values())[self.deal.course]
            for hero in self.heroes:
                hero.role = Role(roles[hero.seat])
        taken: Ints = np.array([hero.role for hero in self.heroes])
        self.battle = fight_turn(self.battle, taken, self._luck.random((1, HEROES)))
        if self.battle.over.all():
            self.running = False
            self.pay_out(to_micro(rewards(self.battle)[0]))
