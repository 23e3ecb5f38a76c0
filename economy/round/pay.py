"""Third step of a round, pay: the market brings income, settlement divides it, mechanisms move more, payoffs result.

In: the moment after learning, and its produce. Out: the moment with all money moved, and who got what. Changes: the
ledger, and what mechanisms know. Scenario sections: ``market``, ``settlement``, ``rewards``, ``stakes``, ``clawback``,
``negotiation``, ``mechanisms``; fields: ``population.outside_option``, ``actions.defect_gain``.
"""

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats
from commonweal.agents.streams import Streams
from commonweal.economy.money.ledger import MICRO
from commonweal.economy.money.settlement import settlement_transfers
from commonweal.economy.round.mechanism import run_hooks
from commonweal.economy.round.record import Income, Moment, Payday, Produce
from commonweal.economy.world.claims import felt
from commonweal.economy.world.world import World


def pay(moment: Moment, produce: Produce, world: World, streams: Streams) -> tuple[Moment, Payday]:
    """Pay for a round; every transfer goes through the ledger.

    Args:
        moment: after learning, with the number of customers.
        produce: what the round's contributions came to.
        world: what does not change.
        streams: audits and noise are drawn from the shock stream.

    Returns:
        The moment with all money moved, and who got what.
    """
    income = world.market.income(moment, produce, world, streams)
    moment = run_hooks(moment, world, lambda each, own, now: each.deliver(own, now, income, world, streams))
    moment = moment.moved(settlement_transfers(income.revenue, income.payments))
    moment = run_hooks(moment, world, lambda each, own, now: each.pay(own, now, produce, income, world, streams))
    given = income.rewards if moment.given is None else moment.given
    payday = Payday(
        quality=produce.quality,
        revenue=income.revenue,
        payments=income.payments,
        cumulated=income.credit,
        held=income.held,
        owed=income.rewards,
        rewards=given,
        payoffs=payoffs(moment, income, given, world),
        value_cost=moment.value_cost,
        transfers=moment.transfers,
        history=income.history,
        membership=income.membership,
    )
    return moment, payday


def payoffs(moment: Moment, income: Income, given: Floats, world: World) -> Floats:
    """(R, N) money that the round is worth to each: received, plus private gains, less the cost of what it put in.

    Args:
        moment: with all money moved.
        income: of the round.
        given: (R, N) accuracy of the model each is given.
        world: what does not change.
    """
    terms = world.terms
    received = moment.state.ledger.owned - moment.opening.owned
    gain = (moment.actions == Action.DEFECT) * terms.actions.defect_gain + ~moment.member * moment.outside
    total: Floats = received / MICRO + felt(gain + terms.market.model_value * given, world) - income.cost
    return total if moment.private is None else total + moment.private
