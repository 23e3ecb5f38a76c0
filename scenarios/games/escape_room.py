"""Escape Room: two players, one door; who leaves needs the other to stay and hold the lever.

The payoffs of Shapley-Coop (Hua et al. 2025, arXiv 2506.07388), after Yang et al. (2020, arXiv 2006.06051).
"""
# mypy: disallow-subclassing-any=False

from collections.abc import Sequence
from itertools import product

import mesa
import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.economy.money.ledger import to_micro
from commonweal.economy.negotiation import Course, Negotiator, Situation
from commonweal.scenarios.games.negotiated_game import NegotiatedGame

CHOICES = ("take the door", "hold the lever")
PLANS = {"the first takes the door": (0, 1), "the second takes the door": (1, 0)}
PURSE = 10.0  # money each player starts with


def payoffs_of(first: int, second: int) -> Floats:
    """(2,) money: 10 for who takes the door while the other holds the lever; −1 otherwise."""
    return np.array([10.0 if (first, second) == (0, 1) else -1.0, 10.0 if (second, first) == (0, 1) else -1.0])


class Escaper(mesa.Agent):
    """One player.

    Args:
        model: the game.
        seat: 0 or 1.
    """

    def __init__(self, model: "EscapeRoom", seat: int) -> None:
        super().__init__(model)
        self.seat = seat
        self.choice = 0

    def choose(self) -> int:
        """What pays most on average over all that the other may do: to take the door, which is never worse."""
        own = [0.0] * len(CHOICES)
        for pair in product(range(len(CHOICES)), repeat=2):
            own[pair[self.seat]] += payoffs_of(*pair)[self.seat]
        return int(np.argmax(own))


class EscapeRoom(NegotiatedGame):
    """One attempt to get out. A step is the whole attempt; purses go on from one to the next.

    Args:
        negotiated: whether the players talk first.
        negotiators: one for each player; the default negotiator if not given.
        rng: seed; there is no luck in this game.
    """

    def __init__(
        self, *, negotiated: bool = False, negotiators: Sequence[Negotiator] | None = None, rng: int | None = None
    ) -> None:
        super().__init__(("first", "second"), PURSE, negotiated=negotiated, negotiators=negotiators, rng=rng)
        self.escapers = tuple(Escaper(self, seat) for seat in range(2))

    def situation(self) -> Situation:
        """Who holds the lever, and for how much; alone nobody gets out."""
        return Situation(
            task="getting out of a room whose door opens only while somebody stays and holds a lever",
            parties=self.players,
            courses=tuple(Course(name, payoffs_of(*plan)) for name, plan in PLANS.items()),
            outside=np.array([-1.0, -1.0]),
            funds=self.ledger.principals[0],
            value=lambda coalitions: np.where(coalitions.all(axis=1), 9.0, -1.0 * coalitions.sum(axis=1)),
        )

    def step(self) -> None:
        """Talk, if they do, choose, and be paid."""
        self.open_talks(self.situation)
        bound = None if self.deal is None else list(PLANS.values())[self.deal.course]
        for escaper in self.escapers:
            escaper.choice = escaper.choose() if bound is None else bound[escaper.seat]
        first, second = self.escapers
        self.pay_out(to_micro(payoffs_of(first.choice, second.choice)))
