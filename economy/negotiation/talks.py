"""Talks before a task: propose, accept, reject, counter or halt, three rounds at most, and a binding deal at the end.

The structured negotiation of Shapley-Coop (Hua et al. 2025, arXiv 2506.07388), for any negotiators.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.registry import Registry
from commonweal.agents.terms import PerRun
from commonweal.economy.money.ledger import to_micro

MOST_ROUNDS = 3


@dataclass(frozen=True)
class NegotiationTerms:
    """``scenario.negotiation``: what negotiated deals need."""

    kind: str  # none or shapley_coop
    negotiator: str  # name of the negotiator
    every: int  # rounds from one talk to the next
    returns: PerRun  # (R, 1) what one more contribution earns, as a share of what they earned on average
    concession: PerRun  # (R, 1) share of its gain that a party gives up in each further round of talks


class Kind(StrEnum):
    """What a move does."""

    PROPOSE = "propose"
    ACCEPT = "accept"
    REJECT = "reject"
    COUNTER = "counter"
    HALT = "halt"


@dataclass(frozen=True)
class Course:
    """What the parties could do together."""

    name: str
    payoffs: Floats  # (n,) money each expects of it, before transfers


@dataclass(frozen=True)
class Proposal:
    """A course, and the transfers for which everybody takes its part in it."""

    course: int  # which of the situation's courses; a plan in the words of talks
    transfers: tuple[int, ...]  # (n,) micro-units each receives, net; they sum to 0


@dataclass(frozen=True)
class Situation:
    """What n parties negotiate about; everybody sees all of it."""

    task: str  # in words
    parties: tuple[str, ...]  # n names
    courses: tuple[Course, ...]
    outside: Floats  # (n,) money each has without a deal
    funds: Ints  # (n,) micro-units each can put into escrow
    value: Callable[[Bools], Floats]  # (C, n) coalitions → (C,) money they can have together
    concession: float = 0.0  # share of its gain that a party gives up in each further round

    def payoffs(self, proposal: Proposal) -> Ints:
        """(n,) what everybody is to have under a proposal, micro-units."""
        payoffs: Ints = to_micro(self.courses[proposal.course].payoffs) + np.array(proposal.transfers)
        return payoffs

    def fault(self, proposal: Proposal) -> str:
        """Why a proposal cannot be put into escrow; empty where it can."""
        if not 0 <= proposal.course < len(self.courses):
            return f"there is no plan {proposal.course}; they are numbered 0 to {len(self.courses) - 1}"
        if len(proposal.transfers) != len(self.parties):
            return f"{len(proposal.transfers)} transfers for {len(self.parties)} parties"
        if total := sum(proposal.transfers):
            return f"the transfers sum to {total} micro, not to 0"
        if poor := [i for i, t in enumerate(proposal.transfers) if -t > self.funds[i]]:
            return f"{self.parties[poor[0]]} cannot pay {-proposal.transfers[poor[0]]} micro"
        return ""


@dataclass(frozen=True)
class Move:
    """What one party says."""

    party: int
    kind: Kind
    proposal: Proposal | None = None  # with propose and counter
    words: str = ""  # nobody acts on them


class Negotiator(Protocol):
    """Speaks for parties. What it may look at is the situation and what has been said."""

    def move(self, situation: Situation, party: int, said: Sequence[Move]) -> Move:
        """The next move of ``party``: propose or halt where nothing is on the table, else answer."""


@dataclass(frozen=True)
class NegotiatorFacts:
    """What must be known of a negotiator to tell its runs apart."""

    reads: str = ""  # environment variable with the path of a file that decides what it says


NEGOTIATORS: Registry[Callable[[], Negotiator], NegotiatorFacts] = Registry(
    "negotiator", "commonweal.negotiators", "negotiation.negotiator", NegotiatorFacts()
)
negotiator = NEGOTIATORS.register


@dataclass(frozen=True)
class Talks:
    """What was said, and the deal, if there is one."""

    situation: Situation
    said: tuple[Move, ...]
    deal: Proposal | None  # binding for everybody, or nothing at all


def on_the_table(said: Sequence[Move]) -> Proposal | None:
    """The proposal that is to be answered; None before the first and after a rejection."""
    for move in reversed(said):
        if move.kind is Kind.REJECT:
            return None
        if move.proposal is not None:
            return move.proposal
    return None


def rounds_begun(said: Sequence[Move]) -> int:
    """How many proposals have been made so far, counters included: each begins a round."""
    return sum(move.proposal is not None for move in said)


def fault_of(move: Move, situation: Situation, said: Sequence[Move]) -> str:
    """Why a move is not allowed now; empty where it is."""
    table = on_the_table(said)
    allowed = (Kind.PROPOSE, Kind.HALT) if table is None else (Kind.ACCEPT, Kind.REJECT, Kind.COUNTER, Kind.HALT)
    if move.kind not in allowed:
        return f"{move.kind} is no move now; allowed are {', '.join(allowed)}"
    offers = move.kind in (Kind.PROPOSE, Kind.COUNTER)
    if offers != (move.proposal is not None):
        return f"{move.kind} {'needs a' if offers else 'has no'} proposal"
    return situation.fault(move.proposal) if move.proposal is not None else ""


def negotiate(situation: Situation, negotiators: Sequence[Negotiator]) -> Talks:
    """Let the parties talk.

    The parties take turns. One proposes and the others answer in turn: when all have accepted, the deal is made. A
    rejection lets the next party propose, a counter is a proposal to all others, and whoever halts ends the talks.

    Args:
        situation: what it is about.
        negotiators: one for each party.

    Returns:
        The talks; without a deal where three proposals found no agreement. A move that is not allowed halts them.
    """
    said: list[Move] = []
    party, agreeing, count = 0, 0, len(situation.parties)
    while True:
        move = negotiators[party].move(situation, party, tuple(said))
        if fault := fault_of(move, situation, said):
            move = Move(party, Kind.HALT, words=fault)
        if move.proposal is not None and rounds_begun(said) == MOST_ROUNDS:
            move = Move(party, Kind.HALT, words=f"no agreement in {MOST_ROUNDS} rounds")
        said.append(move)
        if move.kind is Kind.HALT:
            return Talks(situation, tuple(said), None)
        agreeing = {Kind.ACCEPT: agreeing + 1, Kind.REJECT: 0}.get(move.kind, 1)
        if agreeing == count:
            return Talks(situation, tuple(said), on_the_table(said))
        party = (party + 1) % count
