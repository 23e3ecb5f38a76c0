"""What became of requests and names in a round of one run, where names count."""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.reciprocity.learner import giving, judging
from commonweal.economy.money.ledger import MICRO, Reason
from commonweal.economy.round.mechanisms.reciprocity import Judged, Learning, Reputations
from commonweal.economy.round.record import Record
from commonweal.economy.world.world import State

_REASONS = (Reason.REQUEST, Reason.WITHHELD)


@dataclass(frozen=True)
class Requests:
    """Names before and after a round, who had whose request, and what came of it; no run axis."""

    before: Ints  # (N,) name of each before the round: 1 good, 0 bad
    after: Ints  # (N,) and after it; of private names that in its own eyes
    good: Floats  # (N,) share of others in whose eyes it is good after the round: 0 or 1 where names are public
    other: Ints  # (N,) name of the counterpart before the round
    counterpart: Ints  # (N,) whose request each had; itself where it met nobody
    meets: Bools  # (N,) who had a request of somebody who took part too
    gave: Bools  # (N,)
    judges: Ints  # (N, J)
    verdicts: Bools  # (N, J) which judges said good
    outvoted: Bools  # (N,) who lost its good name as a judge, by a verdict against the majority
    received: Floats  # (N,) money that came in by requests
    given: Floats  # (N,) money that went elsewhere: to the counterpart, into the pool, or back
    forfeit: Floats  # (N,) money that it had of what bad names forfeit, less what it forfeited itself
    away: Bools  # (N,) who had to stay away since its name had become bad
    benefit: float  # what a gift is worth, as known after the round, money
    costs: Floats  # (N,) what giving costs each, as it knows after the round, money
    learning: Learning | None  # after the round, with an axis of one run; None: nobody learns

    @property
    def giving(self) -> Floats | None:
        """(N, 2, 2) probability with which learners mean to give from now on."""
        return None if self.learning is None else giving(self.learning.learners)[0]

    @property
    def judging(self) -> Floats | None:
        """(N, 2, 2, 2) probability with which learners mean to call good from now on, if they choose that."""
        return None if self.learning is None else judging(self.learning.learners)[0]

    @property
    def numbers(self) -> int:
        """How many numbers are kept of each principal."""
        learned = 0 if self.learning is None else 24 + 3 * 12 + 1 + 4  # counts; logits, Adam's moments; updates; giving
        judges: int = self.judges.shape[1]
        seen = 4  # of names, by everybody before it chooses
        return 13 + seen + 2 * judges + learned


def standing_requests(state: State) -> Requests | None:
    """Names between two rounds, before anybody has met; None where names do not count."""
    own: Reputations | None = state.mechanisms.get("reciprocity")
    if own is None:
        return None
    image, nothing = own.image[0], np.zeros(own.image.shape[1])
    nobody = nothing.astype(np.bool_)
    judges = own.encounters.judges[0]
    return Requests(
        before=image, after=image, good=_by_others(own), other=image,
        counterpart=np.arange(len(image)), meets=nobody, gave=nobody,
        judges=judges, verdicts=np.zeros(judges.shape, dtype=np.bool_), outvoted=nobody,
        received=nothing, given=nothing, forfeit=nothing, away=nobody,
        benefit=float(own.benefit[0]), costs=own.costs[0], learning=own.learning,
    )  # fmt: skip


def _by_others(own: Reputations) -> Floats:
    """(N,) share of others in whose eyes each is good."""
    count = own.image.shape[1]
    share: Floats = (own.esteem[0] * count - own.image[0]) / (count - 1)
    return share


def requests_of(record: Record, after: State) -> Requests | None:
    """What became of the requests of a round; None where names do not count."""
    told: Judged | None = record.notes.get("reciprocity")
    standing = standing_requests(after)
    if told is None or standing is None:
        return None
    received, costs = told.received[0], record.notes.get("image_terms")
    return Requests(
        before=told.image[0], after=told.after[0].astype(np.int64), good=standing.good, other=told.other[0],
        counterpart=told.counterpart[0], meets=told.meets[0], gave=told.gave[0], judges=told.judges[0],
        verdicts=told.verdicts[0], outvoted=told.dissenters[0], received=received / MICRO,
        given=(received - record.payday.net(*_REASONS)[0]) / MICRO,
        forfeit=standing.forfeit if costs is None else costs.net[0] / MICRO,
        away=standing.away if costs is None else costs.away[0],
        benefit=standing.benefit, costs=standing.costs, learning=standing.learning,
    )  # fmt: skip
