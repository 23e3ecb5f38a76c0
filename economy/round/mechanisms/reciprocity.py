"""Reciprocity: who gives to whom by its name, who judges what is done, and where the money goes.

In every round each principal has the request of another, its counterpart. Delegating is a gift to it; judges, who are
third parties, call the donor good or bad for it (``agents.reciprocity``).
"""

from dataclasses import dataclass, replace

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import AnyArray, Bools, Floats, Ints, per_principal, ratio
from commonweal.agents.policies.conditional import delegating_and_shirking
from commonweal.agents.population import Population
from commonweal.agents.reciprocity.encounters import (
    Encounters,
    Seen,
    blamed,
    draw_encounters,
    gifts_received,
    images_of_others,
    majority,
)
from commonweal.agents.reciprocity.estimates import Counts, counted, first_counts
from commonweal.agents.reciprocity.estimates import Record as PublicRecord
from commonweal.agents.reciprocity.learner import Learners, Situation, first_learners, giving, judging, updated
from commonweal.agents.reciprocity.norms import BAD, GOOD, norm_of
from commonweal.agents.reciprocity.private import all_good
from commonweal.agents.reciprocity.terms import ImageTerms
from commonweal.agents.streams import Streams
from commonweal.economy.money.ledger import MICRO, Reason, net_of
from commonweal.economy.money.requests import handed_on, pooled, withheld
from commonweal.economy.round.judges import RulesByPolicy, at, chances_of_each, let_in, verdicts_of
from commonweal.economy.round.mechanism import NOTHING, Mechanism, mechanism, of_persons
from commonweal.economy.round.opinions import Encountered, opinions_after
from commonweal.economy.round.record import Effects, Foregone, Income, Moment, Payday, Produce
from commonweal.economy.round.regret import taking_part
from commonweal.economy.world.terms import Terms
from commonweal.economy.world.world import State, World

_REASONS = (Reason.REQUEST, Reason.WITHHELD)


@dataclass(frozen=True)
class Learning:
    """What learners have seen, and what they have come to."""

    counts: Counts
    learners: Learners


@dataclass(frozen=True)
class Reputations:
    """What everybody knows between two rounds: names, whose request everybody has next, and what gifts are worth."""

    encounters: Encounters
    pay: Floats  # (R, 2) remembered mean pay of who refused and of who gave, before it is handed on, money; nan: none
    image: Ints = per_principal(spare=GOOD)  # (R, N) public name, or in its own eyes: 1 good, 0 bad
    failed: Bools = per_principal()  # (R, N) whose gift failed in the last round
    cost: Floats = per_principal(spare=np.nan)  # (R, N) what giving cost each when it last gave, money; nan: never
    opinions: AnyArray | None = per_principal(axis=(1, 2), spare=GOOD)  # (R, N, N) int8 by viewer and subject
    learning: Learning | None = None  # None: nobody learns

    @property
    def other(self) -> Ints:
        """(R, N) name of everybody's counterpart: the public one, or the one it has in the eyes of whom it meets."""
        counterpart = self.encounters.counterpart
        return images_of_others(self.image if self.opinions is None else self.opinions, counterpart)

    @property
    def esteem(self) -> Floats:
        """(R, N) share of those in whose eyes each is good: 0 or 1 where names are public."""
        share: Floats = self.image.astype(np.float64) if self.opinions is None else self.opinions.mean(axis=1)
        return share

    @property
    def benefit(self) -> Floats:
        """(R,) what a gift is worth to who receives it: mean pay of delegated less that of not delegated data."""
        refused, gave = np.nan_to_num(self.pay).T
        worth: Floats = gave - refused
        return worth

    @property
    def costs(self) -> Floats:
        """(R, N) what giving costs each, as it knows: what it last cost it, or who has given on average."""
        known = np.isfinite(self.cost)
        mean = ratio(np.where(known, self.cost, 0.0).sum(axis=1), known.sum(axis=1))
        return np.where(known, self.cost, mean[:, None])


@dataclass(frozen=True)
class Judged:
    """What was done to whom in a round, and what names came of it."""

    image: Ints  # (R, N) name before the round
    other: Ints  # (R, N) name of its counterpart
    counterpart: Ints  # (R, N)
    meets: Bools  # (R, N) who had a request of somebody who took part too
    gave: Bools  # (R, N)
    judges: Ints  # (R, N, J)
    verdicts: Bools  # (R, N, J) who says good
    dissenters: Bools  # (R, N) judges who lost their good name by a verdict against the majority
    after: Ints  # (R, N) name after the round
    good: Floats  # (R, N) share of those who call each good after the round: 0 or 1 where names are public
    passes: Bools  # (R, N) whose pay goes elsewhere: to its counterpart, into the pool, or back if it is not let in
    received: Ints  # (R, N) micro-units that came in by requests
    benefit: Floats  # (R,) what a gift is worth, as known after the round, money
    cost: Floats  # (R,) what giving costs on average, as known after the round, money


@dataclass(frozen=True)
class _Said:
    """What judges say in a round, and what becomes of names."""

    verdicts: Bools  # (R, N, J) who says good
    dissenters: Bools  # (R, N) judges who lose their good name by it
    changed: Reputations  # with the names after it
    votes: Floats  # (R, N, J) uniform numbers that decide on votes


@mechanism("reciprocity")
class Reciprocity(Mechanism):
    """Scenario section: ``reciprocity``. Note: ``Judged``."""

    def __init__(self, terms: Terms) -> None:
        """Look the rules up by which everybody gives and judges."""
        names = terms.policy.names
        self.rules = RulesByPolicy.of(names, terms.reciprocity.norm)
        self.norm = norm_of(terms.reciprocity.norm)
        self.learning = names.index("reciprocity") if "reciprocity" in names else None  # position of the policy

    @classmethod
    def on(cls, terms: Terms) -> bool:
        """Where names count."""
        return terms.reciprocity.kind != "none"

    def begin(self, world: World, state: State, people: Population, streams: Streams) -> Reputations:
        """Everybody is good."""
        unknown, good = np.full(world.shape, np.nan), np.full(world.shape, GOOD)
        encounters = drawn(people.action != Action.ABSTAIN, world, streams)
        learning = None
        if self.learning is not None:
            learning = Learning(first_counts(*world.shape), first_learners(*world.shape))
        opinions = all_good(*world.shape) if world.terms.reciprocity.images == "private" else None
        return Reputations(encounters, unknown[:, :2], good, good != GOOD, unknown, opinions, learning)

    def show(self, own: Reputations, world: World) -> Seen:
        """Everybody's name, and that of its counterpart."""
        given = None if own.learning is None else giving(own.learning.learners)[:, : world.shape[1]]
        met = own.encounters
        known = (own.image, own.other, met.meets, met.counterpart)
        image, other, meets, counterpart = (of_persons(each, world) for each in known)
        return Seen(image, other, meets, counterpart, given)

    def meant(self, own: Reputations, world: World) -> Ints | None:
        """Who made a gift that failed meant to make it."""
        failed = of_persons(own.failed, world)
        return np.where(failed, np.int64(Action.DELEGATE), -1) if failed.any() else None

    def before(self, own: Reputations, moment: Moment, world: World, streams: Streams) -> tuple[Reputations, Effects]:
        """Some gifts fail."""
        delegating, shirking = delegating_and_shirking(world.terms.available)
        luck = streams.encounter.uniform(world.shape[1])
        gives = meeting(own.encounters, moment) & (moment.actions == delegating)
        fails = gives & (luck < world.terms.reciprocity.execution)
        effects = Effects(actions=np.where(fails, np.int64(shirking), moment.actions)) if fails.any() else NOTHING
        return replace(own, failed=fails), effects

    def pay(
        self, own: Reputations, moment: Moment, produce: Produce, income: Income, world: World, streams: Streams
    ) -> tuple[Reputations, Effects]:
        """Money goes where requests and names say, and judges say what they think."""
        terms, judges = world.terms.reciprocity, own.encounters.judges
        meets, gave = meeting(own.encounters, moment), moment.actions == Action.DELEGATE
        said = self._judged(own, moment, meets, gave, world, streams)
        own = _measured(own, moment, income, world)
        passes = meets
        if terms.kind == "admission":
            passes = meets & ~let_in(self.rules, moment.people.policy, own.image, judges, said.votes, world.conduct)
            transfers = withheld(income.payments, passes)
        elif terms.kind == "pool":
            transfers = pooled(income.payments, passes, moment.member)
        else:
            transfers = handed_on(income.payments, passes, own.encounters.counterpart)
        note = Judged(
            image=own.image,
            other=own.other,
            counterpart=own.encounters.counterpart,
            meets=meets,
            gave=gave,
            judges=judges,
            verdicts=said.verdicts,
            dissenters=said.dissenters,
            after=said.changed.image,
            good=said.changed.esteem,
            passes=passes,
            received=net_of(transfers, _REASONS, moment.actions.shape) + np.where(passes, income.payments, 0),
            benefit=own.benefit,
            cost=own.costs.mean(axis=1),
        )
        return replace(own, opinions=said.changed.opinions), Effects(transfers=transfers, note=note)

    def _judged(
        self, own: Reputations, moment: Moment, meets: Bools, gave: Bools, world: World, streams: Streams
    ) -> "_Said":
        """What judges say, and what becomes of names."""
        judges, policy = own.encounters.judges, moment.people.policy
        if own.opinions is not None:
            luck = streams.encounter.uniform(*own.opinions.shape[1:])
            encounter = Encountered(own.encounters.counterpart, meets, gave, moment.member)
            opinions = opinions_after(own.opinions, encounter, self.rules, policy, world.terms.reciprocity, luck)
            image = np.diagonal(opinions, axis1=1, axis2=2).astype(np.int64)
            donor = np.arange(len(opinions))[:, None, None], judges, np.arange(judges.shape[1])[:, None]
            changed = replace(own, image=image, opinions=opinions)
            return _Said(opinions[donor] == GOOD, np.zeros(meets.shape, dtype=np.bool_), changed, luck)
        luck = streams.encounter.uniform(3, *judges.shape[1:])  # (R, 3, N, J), the same numbers whatever happens
        chances = self._chances(own, moment, own.other, gave.astype(np.int64), world)
        verdicts = verdicts_of(chances, luck[:, 0], judges, world.conduct)
        punished = (luck[:, 2] < world.terms.reciprocity.dissent[..., None]) & meets[..., None]
        dissenters = blamed(verdicts, judges, punished)
        image = np.where(dissenters, BAD, np.where(meets, majority(verdicts), own.image))
        return _Said(verdicts, dissenters, replace(own, image=image), luck[:, 1])

    def _chances(self, own: Reputations, moment: Moment, other: Ints, gave: Ints, world: World) -> Floats:
        """(R, N, J) probability that judges say good, if they say what they think."""
        terms, judges, policy = world.terms.reciprocity, own.encounters.judges, moment.people.policy
        case = (own.image[..., None], other[..., None], gave[..., None])
        chances = self.rules.chances(at(policy, judges), *case, terms)
        if own.learning is None or terms.learner.signals == "norm":
            return chances
        learned = chances_of_each(judging(own.learning.learners), judges, case, terms)
        return np.where(at(policy, judges) == self.learning, learned, chances)

    def expect(self, own: Reputations, moment: Moment, foregone: Foregone, world: World) -> Floats:
        """What one would be paid goes elsewhere, and what comes in comes in, while one takes part.

        Under admission, who stayed away is taken to be let in.
        """
        told: Judged = moment.notes[self.name]
        kind, counterpart = world.terms.reciprocity.kind, own.encounters.counterpart
        meets = own.encounters.meets & np.take_along_axis(moment.member, counterpart, axis=1)  # if it takes part
        leaves = np.where(meets[..., None], foregone.paid, 0.0)
        if kind == "admission":
            leaves, comes = np.where(told.passes[..., None], foregone.paid, 0.0), np.zeros((1, 1, 1))
        elif kind == "pool":
            comes = self._share_of_pool(own, moment, leaves)
        else:
            comes = self._coming(own, moment)[..., None]
        return np.where(taking_part(moment), comes - leaves, 0.0)

    def _coming(self, own: Reputations, moment: Moment) -> Floats:
        """(R, N) money that is paid for data given for each, whether it takes part or not."""
        payments = net_of(moment.transfers, (Reason.PAYMENT,), moment.actions.shape)
        gives = own.encounters.meets & moment.member
        return gifts_received(np.where(gives, payments, 0), own.encounters.counterpart) / MICRO

    def _share_of_pool(self, own: Reputations, moment: Moment, leaves: Floats) -> Floats:
        """(R, N, 4) money that each gets from the pool if it puts in ``leaves`` and all others what they do."""
        told: Judged = moment.notes[self.name]
        paid = net_of(moment.transfers, (Reason.PAYMENT,), moment.actions.shape) / MICRO
        put_in = np.where(told.meets, paid, 0.0)
        others = put_in.sum(axis=1, keepdims=True) - put_in
        others += np.where(moment.member, 0.0, self._coming(own, moment))  # who has its request would meet it
        size = moment.member.sum(axis=1, keepdims=True) + ~moment.member
        share: Floats = (others[..., None] + leaves) / size[..., None]
        return share

    def remember(
        self, own: Reputations, moment: Moment, produce: Produce, payday: Payday, world: World, streams: Streams
    ) -> Reputations:
        """Names follow the majority of judges, learners learn, and the next requests are drawn."""
        told: Judged = moment.notes[self.name]
        learning = own.learning
        if learning is not None:
            learning = self._learned(learning, own, moment, world, streams)
        coming = moment.member & ~shut_out(told, world.terms.reciprocity.terms)
        return replace(own, image=told.after, encounters=drawn(coming, world, streams), learning=learning)

    def _learned(
        self, learning: Learning, own: Reputations, moment: Moment, world: World, streams: Streams
    ) -> Learning:
        """What learners have seen and come to after the round."""
        terms, told = world.terms.reciprocity, moment.notes[self.name]
        record = PublicRecord(
            told.image, told.counterpart, told.gave.astype(np.int64), told.meets, told.judges,
            told.verdicts.astype(np.int64),
        )  # fmt: skip
        counts = counted(learning.counts, record, terms.learner.memory)
        benefit = np.broadcast_to(own.benefit[:, None], told.image.shape)
        situation = Situation(
            told.after, counts, benefit, own.costs, terms.errors, self.norm, terms.judges, terms.dissent
        )
        luck = streams.encounter.uniform(terms.learner.ahead, terms.learner.schedules, told.image.shape[1])
        who = moment.people.policy == self.learning
        return Learning(counts, updated(learning.learners, who, situation, terms.learner, luck))


def shut_out(told: Judged, terms: ImageTerms) -> Bools:
    """(R, N) whose name has become bad in the round, where that keeps it from the next ones."""
    out: Bools = told.meets & (told.after == BAD) & (terms.out > 0)
    return out


def drawn(present: Bools, world: World, streams: Streams) -> Encounters:
    """The requests and judges of the next round, among those who take part now."""
    uniforms = streams.encounter.uniform(2, present.shape[1])
    return draw_encounters(present, uniforms, world.terms.reciprocity.judges)


def meeting(encounters: Encounters, moment: Moment) -> Bools:
    """(R, N) who has a request of somebody who takes part too."""
    both: Bools = encounters.meets & moment.member & np.take_along_axis(moment.member, encounters.counterpart, axis=1)
    return both


def _measured(own: Reputations, moment: Moment, income: Income, world: World) -> Reputations:
    """What gifts are worth and cost, where the newest round counts as much as it does in remembered payoffs."""
    gave = moment.actions == Action.DELEGATE
    some = np.stack([moment.member & ~gave, gave], axis=2)  # (R, N, 2)
    paid = np.where(some, income.payments[..., None], 0).sum(axis=1) / MICRO
    mean, seen = ratio(paid, some.sum(axis=1)), some.any(axis=1)
    past = np.where(np.isnan(own.pay), mean, own.pay)
    weight = world.terms.policy.memory
    pay = np.where(seen, weight * past + (1 - weight) * mean, own.pay)
    return replace(own, pay=pay, cost=np.where(gave, income.cost, own.cost))
