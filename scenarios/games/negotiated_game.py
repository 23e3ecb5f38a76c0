"""A game as a Mesa model whose players may negotiate first: talks, escrow, the task, payment, redistribution."""
# mypy: disallow-subclassing-any=False

from collections.abc import Callable, Sequence

import mesa
import numpy as np

from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.money.ledger import MICRO, Accounts, Ledger, Reason, Transfer, post
from commonweal.economy.negotiation import (
    Negotiator,
    Proposal,
    ShapleyNegotiator,
    Situation,
    Talks,
    negotiate,
    redistribution,
)


class NegotiatedGame(mesa.Model):
    """n players with purses; a subclass plays the task and says what it pays.

    Args:
        players: names of the n players.
        purse: money each starts with; what it can stake on a deal.
        negotiated: whether the players talk first.
        negotiators: one for each player; the default negotiator if not given.
        rng: seed; fresh entropy if not given.
    """

    def __init__(
        self,
        players: Sequence[str],
        purse: float,
        *,
        negotiated: bool = False,
        negotiators: Sequence[Negotiator] | None = None,
        rng: int | None = None,
    ) -> None:
        super().__init__(rng=int(np.random.SeedSequence().generate_state(1)[0]) if rng is None else rng)
        self.players = tuple(players)
        self.negotiated = negotiated
        self.negotiators = [ShapleyNegotiator()] * len(players) if negotiators is None else list(negotiators)
        self.talks: Talks | None = None
        amount = np.full((1, len(players)), round(purse * MICRO), dtype=np.int64)
        opening = Transfer(Reason.ENDOWMENT, Accounts(len(players)).market, Accounts(len(players)).principals, amount)
        self.ledger = self._opened = post(Ledger.empty(1, len(players)), [opening])

    @property
    def payoffs(self) -> Floats:
        """(n,) money each has more than it started with."""
        gained: Floats = (self.ledger.principals - self._opened.principals)[0] / MICRO
        return gained

    @property
    def deal(self) -> Proposal | None:
        """What binds the players."""
        return None if self.talks is None else self.talks.deal

    def open_talks(self, situation: Callable[[], Situation]) -> None:
        """Before the task: negotiate about a situation, and put what was agreed into escrow.

        Args:
            situation: says what it is; not asked where nobody negotiates, since imagining it may take luck.
        """
        if not self.negotiated:
            return
        self.talks = negotiate(situation(), self.negotiators)
        if self.deal is not None:
            accounts, paid = self.ledger.accounts, np.maximum(-np.array(self.deal.transfers), 0)[None]
            self.ledger = post(self.ledger, [Transfer(Reason.ESCROW, accounts.principals, accounts.escrows, paid)])

    def pay_out(self, earned: Ints) -> None:
        """After the task: book what it paid (n,), micro-units, pay the deal, and divide what was not foreseen."""
        self._book(Reason.PAYMENT, self.ledger.accounts.market, earned)
        if self.talks is None or self.deal is None:
            return
        accounts, transfers = self.ledger.accounts, np.array(self.deal.transfers)
        paid = Transfer(Reason.DEAL, accounts.escrows, accounts.treasury, np.maximum(-transfers, 0)[None])
        received = Transfer(Reason.DEAL, accounts.treasury, accounts.principals, np.maximum(transfers, 0)[None])
        self.ledger = post(self.ledger, [paid, received])
        agreed = self.talks.situation.payoffs(self.deal)
        self._book(Reason.DEAL, accounts.treasury, redistribution(earned + transfers, agreed))

    def _book(self, reason: Reason, account: int, net: Ints) -> None:
        """Money (n,) from the players to one account, where negative, and from there to the players."""
        own = self.ledger.accounts.principals
        lost, won = np.maximum(-net, 0)[None], np.maximum(net, 0)[None]
        self.ledger = post(self.ledger, [Transfer(reason, own, account, lost), Transfer(reason, account, own, won)])
