"""What the page knows of one run: its metrics by round, a sight of every principal in the latest rounds, its transfers.

Drawing reads a chronicle and nothing else, so that a live run and a stored one look the same.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from commonweal.agents.arrays import AnyArray, Bools, Floats, Ints, ratio
from commonweal.agents.policies import Observation
from commonweal.agents.population import Population
from commonweal.agents.values import held_by
from commonweal.economy.money.ledger import MICRO, Reason, entries
from commonweal.economy.rewards.tariff import Tariff
from commonweal.economy.round.mechanism import state_of_others
from commonweal.economy.round.observe import observe
from commonweal.economy.round.record import Lesson, Payday, Record
from commonweal.economy.runs.metrics import broken_limits, kept_promises, round_metrics, taken_off
from commonweal.economy.world.world import State, World
from commonweal.figures.browser.notes.requests import Requests, requests_of, standing_requests

SIGHT_NUMBERS = 4_000_000  # numbers of sights kept at a time: 32 MB
Known = TypeVar("Known")
CLAWBACK = (Reason.CLAWBACK, Reason.REDISTRIBUTION)
TRANSFERS = 200_000  # transfers kept at a time


@dataclass(frozen=True)
class Beliefs:
    """What every agent thinks its principal's limits are, what it files, and what it asked, in a round."""

    mean: Floats  # (N, K) believed limits
    sd: Floats  # (N, K) standard deviations of the beliefs
    declared: Floats  # (N, K) limits that agents file
    question: Floats  # (N, K) levels that they asked about; nan where nothing was asked
    objects: Bools  # (N, K) whether the person objects to that level
    asked: Ints  # (N,) queries so far about each dimension


@dataclass(frozen=True)
class Sight:
    """Every principal of one run after a round; no run axis, since a page shows one run."""

    round: int  # rounds played, this one included; 0 before the first
    actions: Ints  # (N,) what each did in the round
    mechanisms: dict[str, Floats]  # (N,) or () what mechanisms from elsewhere know, by mechanism_field
    balances: Ints  # (2N + 2,) of every account, micro-units
    wealth: Floats  # (N,) balance and escrow, money
    payments: Floats  # (N,) paid in the round, money
    payoffs: Floats  # (N,) money
    slashed: Floats  # (N,) money
    credit: Floats  # (N,) of the round, loss units
    cumulated: Floats  # (N,) credit over the settlement's horizon
    reputation: Floats  # (N,) in [0, 1]
    remembered: Floats  # (N,) remembered payoff, money per round
    action_values: Floats  # (N, 4) learned payoff of each action
    foregone: Floats  # (N, 4) what each action would have paid; nan where not computed
    limits: Floats  # (N, K) limits on the probe losses
    samples: Ints | Floats  # (N,) samples put in
    screened: Floats  # (N,) share of its update that screening took off; nan where none was screened
    gated: Bools  # (N,) whose update the quality gate dropped
    cost: Floats  # (N,) cost of delegating one sample, money
    policy: Ints  # (N,) position of the principal's policy in PolicyTerms.names
    kind: Ints  # (N,) a ConditionalKind
    quality: float  # accuracy of the shared model
    joined: Ints  # (N,) rounds played before it first put samples in; NEVER before
    contributed: Floats  # (N,) samples put in so far
    line: Ints  # (N,) line of the menu it has chosen; NEVER without one
    worth: Floats  # (N, L) money per round that it would have of each line of the menu, its own cost paid
    alone: Floats  # (N,) money per round that it would have of a model of its own
    owed: Floats  # (N,) accuracy of the model that it was owed
    given: Floats  # (N,) accuracy of the model that it was given
    kept_promise: Bools  # (N,) whether that is near enough to what it was owed
    clawback: Floats  # (N,) money that it had of what was clawed back from others, less what was from itself
    held: Floats  # (N,) credit over the horizon that is held back
    sold: Floats  # (N,) money that it was paid for looser limits
    loosened: Floats  # (N, K) share of its limits that it gave up for that
    utility: Floats  # (N,) remembered utility, money per round; the payoff where nobody minds
    value_costs: Floats  # (N, 4) remembered value cost of each action, money per round; (N, 0) where nobody minds
    value_cost: Floats  # (N,) what the round cost it in its own values, money
    felt: Floats  # (N, 4) what each action would have cost it so; (N, 0) where nobody minds
    violated: Bools  # (N, K) whether the round left a limit broken that is its own
    own: Bools  # (N, K) whether a value is its own, since its camp gives it weight
    camp: Ints  # (N,) its camp; 0 where there are none
    beliefs: Beliefs | None  # what agents think and file; None where they know
    stricter: Floats  # (N, K) by how much it claimed stricter limits than were filed, as its voice
    requests: Requests | None  # what became of requests and names; None where names do not count
    observed: Observation  # what everybody sees before the next round, with an axis of one run


@dataclass
class Chronicle:
    """The notes of one run, in order of rounds."""

    world: World  # of that one run
    rows: list[dict[str, float]] = field(default_factory=list)  # metrics of every round, with ``round`` from 1
    sights: deque[Sight] = field(default_factory=deque)  # of the latest rounds; the last one is the newest
    books: deque[dict[str, AnyArray]] = field(default_factory=deque)  # entries of the latest rounds, by column
    memory: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)  # what readers know of the rows

    def begin(self, state: State, people: Population, opening: tuple[Any, ...] = ()) -> None:
        """Note how a run stands before it is played on."""
        if opening and state.round == 0:
            self.books.append(entries(opening, 0))
        self._see(_standing(state, people, self.world))

    def note(self, record: Record, before: State, after: State, people: Population) -> None:
        """Take in one round."""
        metrics = round_metrics(record, before, after, people, self.world)
        self.rows.append({
            "round": after.round,
            **{name: float(values[0]) for name, values in metrics.items()},
            **_taken(record.payday),
            "held_share": _held_share(record.payday),
            "welfare_each": float(metrics["welfare"][0]) / people.shape[1],
        })
        self.books.append(entries(record.payday.transfers, after.round))
        while len(self.books) > 1 and sum(len(book["round"]) for book in self.books) > TRANSFERS:
            self.books.popleft()
        self._see(_sight(record, after, people, self.world))

    @property
    def newest(self) -> Sight:
        """How everybody stands now."""
        return self.sights[-1]

    def at(self, round: int) -> Sight:
        """The sight after that many rounds, or the nearest that is kept."""
        return min(list(self.sights), key=lambda sight: abs(sight.round - round))  # a copy: the run may play on

    def row(self, round: int) -> dict[str, float] | None:
        """The metrics of a round; None where it was not noted."""
        if not self.rows:
            return None
        place = round - int(self.rows[0]["round"])
        return self.rows[place] if 0 <= place < len(self.rows) else None

    def remembered(self, kind: Callable[[], Known]) -> Known:
        """What a reader of the rows knows of those that it has read: made by its kind at the first call."""
        known: Known = self.memory.setdefault(kind, kind())
        return known

    def window(self, upto: int, rounds: int) -> list[Sight]:
        """The sights of the last rounds up to one; the nearest that is kept where there are none."""
        kept = [sight for sight in list(self.sights) if upto - rounds < sight.round <= upto]
        return kept or [self.at(upto)]

    def metrics(self, upto: int | None = None) -> dict[str, Floats]:
        """(T,) course of every metric over the rounds noted, or those up to round ``upto``, with ``round``."""
        rows = [row for row in self.rows if upto is None or row["round"] <= upto]
        table = np.array([tuple(row.values()) for row in rows], dtype=np.float64)  # all rows name the same metrics
        return {name: table[:, place] for place, name in enumerate(rows[0] if rows else {})}

    def transfers(self) -> dict[str, AnyArray]:
        """Columns round, run, source, target, amount (micro-units), reason of all transfers kept."""
        if not self.books:
            return {}
        return {name: np.concatenate([book[name] for book in self.books]) for name in self.books[0]}

    def _see(self, sight: Sight) -> None:
        self.sights.append(sight)
        principals, dimensions = sight.limits.shape
        named = 0 if sight.requests is None else sight.requests.numbers
        most = max(2, SIGHT_NUMBERS // (principals * (13 * dimensions + sight.worth.shape[1] + 48 + named)))
        while len(self.sights) > most:
            self.sights.popleft()


def _taken(payday: Payday) -> dict[str, float]:
    """What was taken from principals in a round, money, and from how many."""
    taken = {
        "slashed": -payday.net(Reason.SLASH),
        "clawed": np.maximum(-payday.net(*CLAWBACK), 0),
        "fees": -payday.net(Reason.IDENTITY),
    }
    counts = {f"{name}_count": float(np.count_nonzero(amount[0])) for name, amount in taken.items()}
    return {name: float(amount[0].sum() / MICRO) for name, amount in taken.items()} | counts


def _held_share(payday: Payday) -> float:
    """The part of all credit above zero that is held back."""
    earned = np.maximum(payday.cumulated + payday.held, 0.0)[0].sum()
    return float(1 - np.maximum(payday.cumulated, 0.0)[0].sum() / earned) if earned > 0 else 0.0


def _screened(lesson: Lesson, world: World) -> Floats:
    """(N,) share of each update that was taken off; nan for who had none to screen."""
    offered = np.where((lesson.active & ~lesson.gated)[0], 1.0, np.nan)
    if world.terms.screening.mode == "off" or not len(world.senses):
        return np.zeros_like(offered) * offered
    norms, taken = taken_off(lesson)
    return ratio(taken[0], norms[0]) * offered


def _sight(record: Record, after: State, people: Population, world: World) -> Sight:
    lesson, payday, sale = record.lesson, record.payday, record.notes.get("tolerance")
    standing, nothing = _standing(after, people, world), np.zeros(people.shape[1])
    minded, values = record.notes.get("concern"), len(world.senses) > 0
    nobody = np.where(record.produce.credit[0] > 0, 0.0, np.nan)
    return Sight(
        **{
            **vars(standing),
            "payments": payday.payments[0] / MICRO,
            "payoffs": payday.payoffs[0],
            "slashed": -payday.net(Reason.SLASH)[0] / MICRO,
            "credit": record.produce.credit[0],
            "cumulated": payday.cumulated[0],
            "samples": record.produce.put.total[0],
            "screened": nobody if lesson is None else _screened(lesson, world),
            "gated": standing.gated if lesson is None else lesson.gated[0],
            "quality": float(payday.quality[0]),
            "owed": payday.owed[0],
            "given": payday.rewards[0],
            "kept_promise": kept_promises(record)[0],
            "clawback": payday.net(*CLAWBACK)[0] / MICRO,
            "held": payday.held[0],
            "sold": nothing if sale is None else sale.payments[0] / MICRO,
            "loosened": standing.loosened if sale is None else sale.loosened[0],
            "value_cost": nothing if payday.value_cost is None else payday.value_cost[0],
            "felt": standing.felt if minded is None else minded.costs[0],
            "violated": broken_limits(record, people, world)[0] > 0 if lesson and values else standing.violated,
            "beliefs": _beliefs(record),
            "stricter": standing.stricter if (spoken := record.notes.get("voice")) is None else spoken.stricter[0],
            "requests": requests_of(record, after),
        }
    )


def _beliefs(record: Record) -> Beliefs | None:
    told = record.notes.get("beliefs")
    if told is None:
        return None
    names = ("mean", "sd", "declared", "question", "objects", "asked")
    return Beliefs(**{name: getattr(told, name)[0] for name in names})


def _standing(state: State, people: Population, world: World) -> Sight:
    """What can be seen between two rounds."""
    ledger, membership, count = state.ledger, state.membership, people.shape[1]
    menu = state.mechanisms.get("menu", Tariff.none(1, count))
    nothing = np.zeros(count)
    return Sight(
        round=state.round,
        actions=people.action[0],
        mechanisms={name: values[0] for name, values in state_of_others(state, world).items()},
        balances=ledger.balances[0],
        wealth=ledger.owned[0] / MICRO,
        payments=nothing,
        payoffs=nothing,
        slashed=nothing,
        credit=nothing,
        cumulated=nothing,
        reputation=people.reputation[0],
        remembered=people.payoff[0],
        action_values=people.action_values[0],
        foregone=people.foregone[0],
        limits=people.limits[0],
        samples=nothing,
        screened=np.full(count, np.nan),
        gated=np.zeros(count, dtype=bool),
        cost=people.cost[0],
        policy=people.policy[0],
        kind=people.conditional_kind[0],
        quality=float(state.quality[0]),
        joined=membership.joined[0],
        contributed=membership.contributed[0],
        line=menu.line[0],
        worth=menu.values[0] - people.cost[0][:, None] * menu.amounts[0],
        alone=menu.alone[0],
        owed=nothing,
        given=nothing,
        kept_promise=np.ones(count, dtype=bool),
        clawback=nothing,
        held=nothing,
        sold=nothing,
        loosened=np.zeros(people.limits.shape[1:]),
        utility=people.utility[0],
        value_costs=people.value_costs[0],
        value_cost=nothing,
        felt=np.zeros(people.value_costs.shape[1:]),
        violated=np.zeros(people.limits.shape[1:], dtype=np.bool_),
        own=held_by(world.terms.values, people.camp)[0],
        camp=people.camp[0],
        beliefs=None,
        stricter=np.zeros(people.limits.shape[1:]),
        requests=standing_requests(state),
        observed=observe(state, people, world),
    )
