"""What negotiators promise, held in drawn situations of two to five parties."""

from collections.abc import Iterator

import numpy as np

from commonweal.agents.arrays import Bools, Floats
from commonweal.economy.money.ledger import MICRO
from commonweal.economy.negotiation import NEGOTIATORS, Course, Kind, Negotiator, ShapleyNegotiator, Situation
from commonweal.economy.negotiation.pricing import fair_proposal
from commonweal.economy.negotiation.talks import MOST_ROUNDS, Move, fault_of, on_the_table, rounds_begun
from commonweal.testing.promises import Promises

ROUNDING = 2  # micro-units by which a deal may fall short of going alone


def drawn_situations(count: int = 50, seed: int = 0) -> Iterator[Situation]:
    """Games in which only all parties together can have what the one course pays; alone they have what is outside."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        parties = int(random.integers(2, 6))
        payoffs, outside = random.uniform(-50, 50, (2, parties)).round(3)

        def value(coalitions: Bools, total: float = payoffs.sum(), alone: Floats = outside) -> Floats:
            return np.where(coalitions.all(axis=1), total, coalitions @ alone)

        purse = np.full(parties, random.integers(0, 100) * MICRO)
        names = tuple(f"party {i}" for i in range(parties))
        courses = (Course("do it", payoffs),)
        yield Situation("a task", names, courses, outside, purse, value, float(random.choice([0.0, 0.1, 1.0])))


def check_negotiator(name: str) -> None:
    """Hold a registered negotiator to what every negotiator promises.

    It answers with a move of its own party that is allowed, whether it opens talks or answers a fair or a greedy
    offer; what it proposes and accepts leaves its party no worse off than going alone; and talks with the default
    negotiator end within three rounds.

    Args:
        name: as a scenario file says it.

    Raises:
        AssertionError: which promise is broken, and in which case.
        InputError: if there is no such negotiator, or it cannot be had.
    """
    held, says = NEGOTIATORS[name](), Promises(f"negotiator {name!r}")
    for number, situation in enumerate(drawn_situations()):
        case = f"case {number}: {situation.courses[0].payoffs.tolist()}, without a deal {situation.outside.tolist()}"
        _talk(held, says, situation, case)
        fair = fair_proposal(situation)
        greedy = np.full(len(situation.parties), -situation.funds[0])
        greedy[0] = -greedy[1:].sum()
        for offer in (fair, type(fair)(0, tuple(greedy.tolist()))):
            _answer(held, says, situation, 1, (Move(0, Kind.PROPOSE, offer),), case)


def _talk(held: Negotiator, says: Promises, situation: Situation, case: str) -> None:
    """Talks in which it speaks for every second party, beginning with the first."""
    said: tuple[Move, ...] = ()
    agreeing, default = 0, ShapleyNegotiator()
    while agreeing < len(situation.parties):
        party = len(said) % len(situation.parties)
        move = default.move(situation, party, said) if party % 2 else _answer(held, says, situation, party, said, case)
        said = (*said, move)
        if move.kind is Kind.HALT or rounds_begun(said) > MOST_ROUNDS:
            return
        agreeing = {Kind.ACCEPT: agreeing + 1, Kind.REJECT: 0}.get(move.kind, 1)
        says.demand(len(said) <= MOST_ROUNDS * 2 * len(situation.parties), "talks end", case)


def _answer(
    held: Negotiator, says: Promises, situation: Situation, party: int, said: tuple[Move, ...], case: str
) -> Move:
    """Its move, held to what is promised of one."""
    move = held.move(situation, party, said)
    says.demand(isinstance(move, Move), f"it answers with a move, and gave {type(move).__name__}", case)
    says.demand(move.party == party, f"it speaks for its party {party}, and spoke for {move.party}", case)
    fault = fault_of(move, situation, said)
    says.demand(not fault, f"its moves are allowed, and this one is not: {fault}", case)
    agreed = on_the_table(said) if move.kind is Kind.ACCEPT else move.proposal
    if agreed is not None:
        least = situation.outside[party] * MICRO - ROUNDING
        kept = situation.payoffs(agreed)[party] >= least
        says.demand(kept, "its party has no less by what it proposes or accepts than alone", case)
    return move
