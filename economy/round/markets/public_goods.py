"""The linear public-goods game as a market: contributions are multiplied and shared in groups.

Isaac and Walker (1988); overlapping groups after Szabó and Hauert (2002); punishment after Fehr and Gächter (2000).
With ``market.lonely = "outside"`` a group in which only one takes part does not play, and who finds no group that does
has what staying away is worth (Hauert, De Monte, Hofbauer and Sigmund 2002).
Nothing is learned: credit is what everybody pays in, and quality is the share contributed of what could have been.
Settlement, ledger, memory and policies are those of every other economy.
"""

from dataclasses import replace

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Floats, Ints, ratio
from commonweal.agents.errors import InputError, apart
from commonweal.agents.population import Population
from commonweal.agents.streams import Stream, Streams
from commonweal.economy.credit import Credit
from commonweal.economy.money.groups import Groups, form_groups
from commonweal.economy.money.ledger import MICRO, to_micro
from commonweal.economy.money.market import LARGEST_REVENUE, MarketTerms
from commonweal.economy.round.gains import Gains
from commonweal.economy.round.market import market
from commonweal.economy.round.record import Foregone, Income, Moment, Payday, Produce
from commonweal.economy.round.regret import private_gains
from commonweal.economy.round.words import NOT_SOLD, Verb
from commonweal.economy.tasks import Form, PutIn
from commonweal.economy.world.world import State, World


@market(
    "public_goods", quality="contributions", unit="share of what could be", column="contributions",
    panel="Contributions", title="Contributions", credit_unit="money", labelled="contributed", told="contributions",
    reached="{} of what could be is contributed", welfare="surplus", each=True, cost="", lacks=NOT_SOLD,
    delegate=Verb("contribute", "contributes", "contributing", "contributed"),
    free_ride=Verb("keep", "keeps", "keeping", "kept"),
)
class PublicGoods:
    """Groups divide what they produce equally among their members who take part."""

    learns = False

    def produce(self, moment: Moment, world: World, streams: Streams) -> tuple[Moment, Produce]:
        """What everybody pays in; credit (R, N) is what each pays into each of its groups, money.

        Who is alone in all its groups does not count as taking part where ``market.lonely`` is outside.
        """
        groups = _groups(world, streams)
        if world.terms.market.lonely == "outside":
            moment = replace(moment, excluded=(moment.actions != Action.ABSTAIN) & _lonely(moment, groups))
        gifts = contributions(moment.actions, world) * moment.member / MICRO
        put = np.zeros(gifts.shape, dtype=np.int64)
        possible = world.terms.market.contribution[:, 0] * moment.customers
        share = ratio(gifts.sum(axis=1), possible)
        unknown = np.full(len(gifts), np.nan)
        return moment, Produce(PutIn(put, put), Credit(gifts, "contribution"), share, unknown, groups=groups)

    def income(self, moment: Moment, produce: Produce, world: World, streams: Streams) -> Income:
        """What the groups produce, what everybody receives of it, and what it paid in.

        A group's revenue, less the reserve, is divided equally among its members who take part, in whole micro-units;
        the remainder of a division stays in the treasury.
        """
        terms, member = world.terms.market, moment.actions != Action.ABSTAIN
        groups = _shared_by(produce)
        _demand_divisible(groups, terms)
        members = groups.sizes if member.all() else groups.total(member.astype(np.int64))
        gifts, playing = contributions(moment.actions, world) * moment.member, _playing(members, terms)
        produced = np.rint(terms.multiplication * groups.total(gifts) * playing).astype(np.int64)
        kept = np.rint(world.terms.settlement.reserve * produced).astype(np.int64)
        each = (produced - kept) // np.maximum(members, 1)
        cost = gifts * _paid_into(groups, playing, terms) / MICRO + _punishment(gifts, member, groups, terms, streams)
        payments = groups.received(each) * member
        return Income.of_contributions(moment, produce, gifts, payments, produced.sum(axis=1), cost)

    def foregone(self, moment: Moment, produce: Produce, payday: Payday, world: World, streams: Streams) -> Foregone:
        """What each action would have paid in the round's groups. Punishment counts with its expected value."""
        terms, actions, groups = world.terms.market, moment.actions, _shared_by(produce)
        member, gifts = actions != Action.ABSTAIN, contributions(actions, world)
        total, members = groups.total(gifts), groups.total(member.astype(np.int64))
        # Σ_g pot_g / size_g and Σ_g 1 / size_g, where a principal that joins makes its groups larger by one
        as_is, joined = ([groups.received(x * _playing(size, terms) / np.maximum(size, 1))
                          for x in (total, np.ones(total.shape))] for size in (members, members + 1))  # fmt: skip
        pot, part = (np.where(member, own, other) for own, other in zip(as_is, joined, strict=True))
        factor = (1 - world.terms.settlement.reserve) * terms.multiplication
        gives, punishment = gifts > 0, terms.punishment
        fine = punishment.fine * _met(groups, gives) * punishment.probability
        punishing = punishment.cost * _met(groups, member & ~gives) * punishment.probability
        outside, pays_into = moment, groups.memberships
        if terms.lonely == "outside":
            outside = replace(moment, excluded=_lonely(moment, groups))
            now, then = (_paid_into(groups, _playing(size, terms), terms) for size in (members, members + 1))
            pays_into = np.where(member, now, then)
        foregone, private = Foregone.none(actions.shape), private_gains(outside, world)
        for action in Action:
            if action in world.terms.available:
                own = contributions(np.full(actions.shape, int(action)), world)
                paid = factor * (pot + (own - gifts) * part) / MICRO * (action != Action.ABSTAIN)
                lost = np.where(own > 0, punishing, fine) * (action != Action.ABSTAIN)
                foregone.paid[..., action] = paid
                foregone.payoffs[..., action] = paid - own * pays_into / MICRO - lost + private[..., action]
        return foregone

    def gains(self, state: State, people: Population, intended: Ints, world: World) -> Gains:
        """What paying into each of one's groups brings, without punishment. Exact, since a public good is linear."""
        seller = (intended != Action.DELEGATE) & (intended != Action.ABSTAIN)
        member = intended != Action.ABSTAIN
        terms = world.terms.market
        groups = form_groups(terms, world.graph, Stream(()))  # no random groups where deals are made
        members = groups.total(member.astype(np.int64))
        playing = _playing(members, terms)
        part = playing / np.maximum(members, 1)  # (R, G) of each who takes part
        pays_into = _paid_into(groups, playing, terms)
        each = (1 - world.terms.settlement.reserve) * terms.multiplication * terms.contribution
        own = each * groups.received(part)
        others = np.maximum(each * pays_into - own, 0.0)

        def spread(price: Floats) -> Floats:
            weight = ratio(price, others)
            from_all = each * groups.received(part * groups.total(weight))
            return np.where(member, np.maximum(from_all - weight * own, 0.0), 0.0)

        return Gains(seller, terms.contribution * pays_into - own, others, spread)

    def usual_credit(
        self, real: Floats, put: Floats, quality: Floats, row: Ints, state: State, people: Population, world: World
    ) -> Floats:
        """What is contributed; nobody chooses amounts here."""
        return real


def contributions(actions: Ints, world: World) -> Ints:
    """(R, N) micro-units that each pays into each of its groups: who delegates all, the others nothing."""
    gives = actions == Action.DELEGATE
    amount = to_micro(world.terms.market.contribution)
    conduct = world.conduct
    if conduct is None:
        return np.where(gives, amount, 0)
    instead = (conduct.form == Form.OWN) & (actions != Action.ABSTAIN)
    gives = np.where(conduct.form < 0, gives, instead)  # junk is worth nothing here, and costs nothing
    return np.where(gives, np.rint(amount * conduct.share).astype(np.int64), 0)


def _lonely(moment: Moment, groups: Groups) -> Bools:
    """(R, N) who meets nobody else in any of its groups who takes part."""
    alone: Bools = _met(groups, moment.actions != Action.ABSTAIN) == 0
    return alone


def _playing(members: Ints, terms: MarketTerms) -> Ints:
    """(R, G) 1 for groups that play with so many (R, G) who take part, 0 for those that do not."""
    return np.where(members == 1, 0, 1) if terms.lonely == "outside" else np.ones_like(members)


def _paid_into(groups: Groups, playing: Ints, terms: MarketTerms) -> Ints:
    """(R, N) how many groups each pays into if it contributes."""
    return groups.received(playing) if terms.lonely == "outside" else groups.memberships


def _punishment(
    gifts: Ints, member: Bools, groups: Groups, terms: MarketTerms, streams: Streams
) -> Floats:
    """(R, N) money lost to punishing and to being punished, in all groups together.

    Each contributor punishes with ``probability``, and then all who take part and give nothing, in all its groups.
    """
    punishment = terms.punishment
    if not punishment.probability.any():
        return np.zeros(gifts.shape)
    gives = gifts > 0
    punishes = gives & (streams.shock.uniform(gifts.shape[1]) < punishment.probability)
    shirks = member & ~gives
    seen, by = (groups.received(groups.total(some.astype(np.int64))) for some in (shirks, punishes))
    return punishes * punishment.cost * seen + shirks * punishment.fine * by


def _met(groups: Groups, some: Bools) -> Ints:
    """(R, N) how many of ``some`` (R, N) each meets in its groups, itself left out."""
    met: Ints = groups.received(groups.total(some.astype(np.int64))) - some * groups.memberships
    return met


def _demand_divisible(groups: Groups, terms: MarketTerms) -> None:
    """Raise InputError where revenue could be too large to be divided exactly, or contributions to be counted."""
    most = (terms.contribution * np.maximum(terms.multiplication, 1.0) * groups.memberships.sum(axis=1)[:, None]).max()
    if most * MICRO > LARGEST_REVENUE:
        found, allowed = apart(most, LARGEST_REVENUE / MICRO)
        raise InputError(f"market.contribution: up to {found} money in a round; at most {allowed} is allowed")


def _shared_by(produce: Produce) -> Groups:
    """The groups of the round."""
    assert produce.groups is not None
    return produce.groups


def _groups(world: World, streams: Streams) -> Groups:
    terms = world.terms.market
    if terms.groups != "all" and world.graph.principals > world.customers:
        raise InputError(f"market.groups = {terms.groups!r}: a second name belongs to no group; must be all")
    return form_groups(terms, world.graph, streams.shock)
