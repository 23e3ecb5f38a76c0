"""What happens in a round, as data: what is agreed, learned, earned and paid. Imports no step of the round."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.actions import Action, of_action
from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.conduct import Conduct
from commonweal.agents.population import Population
from commonweal.agents.settings import own_settings
from commonweal.economy.credit import Credit
from commonweal.economy.credit.alike import Seen
from commonweal.economy.credit.history import CreditHistory
from commonweal.economy.learning.network import Directions, Parameters, Passage, to_numpy
from commonweal.economy.money.groups import Groups
from commonweal.economy.money.ledger import Ledger, Reason, Transfer, net_of, post
from commonweal.economy.money.membership import Membership
from commonweal.economy.screening.admissible import Screened
from commonweal.economy.tasks import Batch, PutIn, Supply
from commonweal.economy.wire.trust import Checked
from commonweal.economy.world.world import State, World


@dataclass(frozen=True)
class Effects:
    """What a mechanism does to a round: None changes nothing. Effects of several mechanisms apply in their order."""

    actions: Ints | None = None  # (R, N) what everybody must do, in place of what it means to do
    amounts: Floats | None = None  # (R, N) samples that each puts in if it delegates
    left_out: Bools | None = None  # (R, N, C) classes of which each puts in nothing if it delegates
    excluded: Bools | None = None  # (R, N) who does not count as taking part, whatever it does
    outside: Floats | None = None  # (R, N) money per round of staying away
    declared: Floats | None = None  # (R, N, K) limits that agents file, in place of the true ones
    limits: Floats | None = None  # (R, N, K) limits that hold for this round's step
    rewards: Floats | None = None  # (R, N) accuracy of the model each is given, in place of what it is owed
    transfers: tuple[Transfer, ...] = ()  # money that moves now
    private: Floats | None = None  # (R, N) money gained or given up without a transfer
    value_costs: Floats | None = None  # (R, N, 4) what each action costs its principal in its own values, in money
    conduct: Conduct | None = None  # how everybody carries out what it does in this round
    note: Any = None  # what the mechanism tells of the round; the record keeps it under the mechanism's name


@dataclass(frozen=True)
class Moment:
    """A round so far: the cooperative, the people, what is agreed, and which money has moved."""

    state: State  # of the cooperative: the network before the step, the ledger with all transfers so far
    people: Population  # with their last actions in agree, with those of the round after it
    actions: Ints  # (R, N) what everybody does; in agree, what it means to do unless a mechanism says otherwise
    opening: Ledger  # before the round
    customers: Ints  # (R,) principals that the market's price scales with
    outside: Floats  # (R, N) or (R, 1) money per round of staying away
    excluded: Bools | None = None  # (R, N) who does not count as taking part; None: nobody
    declared: Floats | None = None  # (R, N, K) limits that agents file; None: the true ones
    left_out: Bools | None = None  # (R, N, C) classes of which each puts in nothing if it delegates; None: none
    limits: Floats | None = None  # (R, N, K) limits that hold for this round's step; None: the claimed ones
    given: Floats | None = None  # (R, N) accuracy of the model each is given; None: what it is owed
    transfers: tuple[Transfer, ...] = ()  # of the round so far
    private: Floats | None = None  # (R, N) money gained or given up without a transfer; None: none
    value_costs: Floats | None = None  # (R, N, 4) what each action costs in values, money; None: nothing
    conduct: Conduct | None = None  # how everybody carries out what it does in this round; None: as the world says
    notes: Mapping[str, Any] = field(default_factory=dict)  # by mechanism

    def in_world(self, world: World) -> World:
        """The world of the round: with its conduct."""
        return world if self.conduct is None else replace(world, conduct=self.conduct)

    @property
    def value_cost(self) -> Floats | None:
        """(R, N) what the round costs each in its own values, in money; None where nobody minds."""
        return None if self.value_costs is None else of_action(self.value_costs, self.actions)

    @cached_property
    def member(self) -> Bools:
        """(R, N) who takes part."""
        member: Bools = self.actions != Action.ABSTAIN
        return member if self.excluded is None else member & ~self.excluded

    def moved(self, transfers: tuple[Transfer, ...]) -> "Moment":
        """The moment after money has moved."""
        if not transfers:
            return self
        state = replace(self.state, ledger=post(self.state.ledger, transfers))
        return replace(self, state=state, transfers=(*self.transfers, *transfers))

    def after(self, name: str, own: Any, effects: Effects) -> "Moment":
        """The moment after a mechanism has acted.

        Args:
            name: of the mechanism.
            own: its state from now on.
            effects: what it does.
        """
        state = self.state
        if own is not state.mechanisms[name]:
            state = replace(state, mechanisms={**state.mechanisms, name: own})
        if effects.amounts is not None:
            state = replace(state, membership=replace(state.membership, amount=effects.amounts))
        changes: dict[str, Any] = {"state": state}
        replaced = {
            "actions": effects.actions,
            "outside": effects.outside,
            "declared": effects.declared,
            "left_out": effects.left_out,
            "limits": effects.limits,
            "given": effects.rewards,
            "value_costs": effects.value_costs,
            "conduct": effects.conduct,
        }
        changes |= {part: value for part, value in replaced.items() if value is not None}
        if effects.excluded is not None:
            changes["excluded"] = effects.excluded if self.excluded is None else self.excluded | effects.excluded
        if effects.private is not None:
            changes["private"] = effects.private if self.private is None else self.private + effects.private
        if effects.note is not None:
            changes["notes"] = {**self.notes, name: effects.note}
        return replace(self, **changes).moved(effects.transfers)


@dataclass(frozen=True)
class Exam:
    """Gradients of the validation loss and of the K probes before the step, and their products with all updates."""

    levels: Floats  # (R, K) probe losses
    loss: Floats  # (R,) validation loss
    directions: Directions  # gradients of the validation loss and of the K probes, each entry (R, 1 + K, *shape)
    curvature: Callable[[Parameters], Parameters]  # v ↦ H v of the validation loss
    slopes: Floats  # (R, N) ⟨∇L, u_i⟩
    alignments: Floats  # (R, N, K) ⟨p_k, u_i⟩
    gram: Floats  # (R, 1 + K, 1 + K) inner products of the directions
    by_sample: Tensor | None = None  # (R, S, 1 + K) products of every sample's part; None where nobody asks

    @property
    def probes(self) -> Directions:
        """Gradients p_k of the probes, each entry (R, K, *shape)."""
        return tuple(v[:, 1:] for v in self.directions)


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A lesson before its first step: the virtual batch is planned."""

    batch: Batch
    put: PutIn
    supply: Supply  # where everybody's walk through its data goes on
    luck: Floats | None = None  # (R, 1 + H, N) who opens its update, who is in which half; None: nobody


@dataclass(frozen=True, kw_only=True)
class Traversed(Drawn):
    """A lesson after its first step: the virtual batch has been visited."""

    before: Parameters  # θ before the step
    passage: Passage  # every principal's path
    exam: Exam
    recent: tuple[Seen, ...]  # samples by owner of the last rounds, which discounts look at; this round's last
    checked: Checked | None = None  # what became of claims; None: nothing is claimed

    @property
    def active(self) -> Bools:
        """(R, N) who put samples in."""
        active: Bools = self.put.total > 0
        return active


@dataclass(frozen=True)
class Sifted:
    """Samples that were left out before updates were screened."""

    kept: Bools  # (R, S) which samples stay in the step
    whole: Traversed  # the lesson with all of them

    @property
    def left_out(self) -> Floats:
        """(R, N) share of each one's samples that were left out."""
        batch, put = self.whole.batch, self.whole.put.total
        place = (batch.owner + put.shape[1] * np.arange(len(put))[:, None])[~self.kept]
        counted = np.bincount(place, minlength=put.size).reshape(put.shape)
        share: Floats = counted / np.maximum(put, 1)
        return share


@dataclass(frozen=True)
class Admitted(Traversed):
    """A lesson after its second step: updates are gated and screened.

    Where samples were left out, the passage and the exam are those of the updates without them.
    """

    sifted: Sifted | None  # samples that were left out; None: none
    gated: Bools  # (R, N) whose update the quality gate dropped
    room: Floats  # (R, 1 or N, K) how far each probe may move in the eyes of the scope's principals; ∞: no limit
    screened: Screened  # the admissible part of every update

    @property
    def samples_screened(self) -> Floats:
        """(R, N) share of each one's samples that were left out before updates were screened."""
        return np.zeros(self.gated.shape) if self.sifted is None else self.sifted.left_out

    @property
    def common_room(self) -> Floats:
        """(R, K) how far each probe may move: the smallest room of all."""
        tightest: Floats = self.room.min(axis=1)
        return tightest


@dataclass(frozen=True)
class Stepped(Admitted):
    """A lesson after its third step: the network has moved."""

    step: Parameters  # Σ_i ũ_i, the admissible step per unit of learning rate
    factor: Floats  # (R,) part of the step that the safeguard let through
    parameters: Parameters  # after the step
    levels: Floats  # (R, K) probe losses after it


@dataclass(frozen=True)
class Lesson(Stepped):
    """What the network learned from a round's virtual batch, and what every update was worth."""

    appraisal: Credit  # what every update was worth, and how that was found

    @property
    def credit(self) -> Floats:
        """(R, N) what every update was worth, in the unit of the rule."""
        return self.appraisal.values

    @cached_property
    def norms(self) -> Floats:
        """(R, N) ‖u_i‖."""
        return norms_of(self.passage)


def norms_of(passage: Passage) -> Floats:
    """(R, N) ‖u_i‖ of the updates of a passage."""
    with own_settings(), torch.inference_mode():
        norms: Floats = np.sqrt(np.maximum(to_numpy(passage.squared_norms()), 0.0))
    return norms


@dataclass(frozen=True)
class Produce:
    """The result of a round's contributions, in any market."""

    put: PutIn  # samples that everybody put in
    appraisal: Credit  # what they are worth, and how that was found
    quality: Floats  # (R,) what customers pay for: test accuracy, or what stands in its place
    loss: Floats  # (R,) validation loss, or what stands in its place; nan where nothing does
    lesson: Lesson | None = None  # None where nothing is learned
    groups: Groups | None = None  # who shares what with whom; None where no public good is produced
    permitted: Floats | None = None  # (R,) test accuracy on classes that nobody withholds; None: not known
    each: Floats | None = None  # (R, N) accuracy that each has in the end by a closed form; None: the model's
    worth: Floats | None = None  # (R,) of the model by a closed form, in the unit of credit; None: not known

    @property
    def credit(self) -> Floats:
        """(R, N) what every contribution was worth, in the unit of the rule."""
        return self.appraisal.values

    @property
    def taught(self) -> Lesson:
        """What the network learned.

        Raises:
            ValueError: in a market where nothing is learned.
        """
        if self.lesson is None:
            raise ValueError("nothing is learned in this market")
        return self.lesson


@dataclass(frozen=True)
class Income:
    """The revenue of a round, what is due to whom of it, and what contributing cost."""

    revenue: Ints  # (R,) micro-units
    payments: Ints  # (R, N) micro-units
    cost: Floats  # (R, N) money, of what principals put in
    netted: Floats  # (R, N) credit over the horizon with harm subtracted: a stake is judged by it
    credit: Floats  # (R, N) credit over the horizon that is paid for
    held: Floats  # (R, N) credit over the horizon that is held back until it is sure
    history: CreditHistory
    rewards: Floats  # (R, N) accuracy of the model each is owed
    membership: Membership  # after the round

    @classmethod
    def of_contributions(
        cls, moment: "Moment", produce: Produce, contributed: Ints, payments: Ints, revenue: Ints, cost: Floats
    ) -> "Income":
        """The income of a market without a model: what is contributed is credited at once, and no copy is owed.

        Args:
            moment: after contributions are made.
            produce: what they came to.
            contributed: (R, N) what counts for membership.
            payments: (R, N) micro-units.
            revenue: (R,) micro-units.
            cost: (R, N) money, of what principals put in.
        """
        nothing = np.zeros(payments.shape)
        return cls(
            revenue=revenue,
            payments=payments,
            cost=cost,
            netted=produce.credit,
            credit=produce.credit,
            held=nothing,
            history=moment.state.history,
            rewards=nothing,
            membership=moment.state.membership.after(contributed, moment.state.round),
        )


@dataclass(frozen=True)
class Payday:
    """Who got what in a round."""

    quality: Floats  # (R,) what customers paid for
    revenue: Ints  # (R,) micro-units
    payments: Ints  # (R, N) micro-units
    cumulated: Floats  # (R, N) credit over the horizon that is paid for
    held: Floats  # (R, N) credit over the horizon that is held back until it is sure
    owed: Floats  # (R, N) accuracy of the model each is owed
    rewards: Floats  # (R, N) accuracy of the model each is given
    payoffs: Floats  # (R, N) money
    value_cost: Floats | None  # (R, N) what the round cost each in its own values, in money; None: nobody minds
    transfers: tuple[Transfer, ...]  # of the whole round
    history: CreditHistory  # after the round
    membership: Membership  # after the round

    @property
    def utility(self) -> Floats:
        """(R, N) payoff less value cost, money."""
        return self.payoffs if self.value_cost is None else self.payoffs - self.value_cost

    def net(self, *reasons: Reason) -> Ints:
        """(R, N) micro-units that each received, less what it paid, in the round's transfers for these reasons."""
        return net_of(self.transfers, reasons, (len(self.payments), self.payments.shape[1]))


@dataclass(frozen=True)
class Foregone:
    """What each action would have brought its principal, everybody else's action given."""

    payoffs: Floats  # (R, N, 4) money; nan where an action is not available
    paid: Floats  # (R, N, 4) money: the part of it that is payment for credit
    harmful: Bools  # (R, N, 4) whether its netted credit would be below zero
    owed: Floats  # (R, N, 4) accuracy of the model owed

    @classmethod
    def none(cls, shape: tuple[int, ...]) -> "Foregone":
        """Nothing known yet of (R, N) principals; arrays to be filled."""
        size = (*shape, len(Action))
        return cls(np.full(size, np.nan), np.zeros(size), np.zeros(size, dtype=np.bool_), np.zeros(size))


@dataclass(frozen=True)
class Record:
    """Everything that happened in a round."""

    round: int  # rounds played before
    actions: Ints  # (R, N)
    produce: Produce
    payday: Payday
    notes: Mapping[str, Any]  # what each mechanism tells of the round
    limits: Floats  # (R, N, K) that principals really wanted in it

    @property
    def lesson(self) -> Lesson | None:
        """What the network learned; None in a market where nothing is learned."""
        return self.produce.lesson

    @property
    def taught(self) -> Lesson:
        """What the network learned.

        Raises:
            ValueError: in a market where nothing is learned.
        """
        return self.produce.taught
