"""Stakes: participants hold money in escrow and lose a share of it when caught (``economy.money.stakes``)."""

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.reciprocity.norms import BAD
from commonweal.agents.streams import Streams
from commonweal.economy.money.ledger import Reason, net_of, post
from commonweal.economy.money.stakes import caught, expected_loss, slash_transfer, stake_transfers
from commonweal.economy.round.mechanism import Mechanism, mechanism
from commonweal.economy.round.record import Effects, Foregone, Income, Moment
from commonweal.economy.round.trust import caught_lying
from commonweal.economy.tasks import Form
from commonweal.economy.tasks.supply import carried_out
from commonweal.economy.world.terms import Terms
from commonweal.economy.world.world import State, World


@mechanism("stakes")
class Stakes(Mechanism):
    """Scenario fields: those of the section ``stakes``. Note: (R, N) micro-units slashed."""

    @classmethod
    def on(cls, terms: Terms) -> bool:
        """Where a stake is asked for."""
        return bool(terms.stakes.stake.any())

    def deliver(
        self, own: None, moment: Moment, income: Income, world: World, streams: Streams
    ) -> tuple[None, Effects]:
        """Post stakes, audit, and slash those caught: by netted credit below zero, or by what an audit reveals.

        Whose update was opened and is not what was claimed of it is caught as well.
        """
        terms, ledger, actions = world.terms.stakes, moment.state.ledger, moment.actions
        staked = stake_transfers(ledger, actions != Action.ABSTAIN, terms, _multiple(moment.state, world))
        uniforms = streams.shock.uniform(2, actions.shape[1])
        guilty = caught(actions, income.netted, uniforms, terms, _bogus(actions, world)) | caught_lying(moment)
        slash = slash_transfer(post(ledger, staked), guilty, terms)
        return own, Effects(transfers=(*staked, slash), note=slash.amount)

    def expect(self, own: None, moment: Moment, foregone: Foregone, world: World) -> Floats:
        """A principal that cheats, or does harm, loses its stake with the probability of being caught."""
        expected, owned = np.zeros(foregone.payoffs.shape), _owned_before_audits(moment)
        terms, due = world.terms.stakes, _multiple(moment.state, world)
        for action in (Action.DELEGATE, Action.FREE_RIDE, Action.DEFECT):
            cheats = action != Action.DELEGATE
            harmful = foregone.harmful[..., action]
            expected[..., action] = -expected_loss(cheats, harmful, owned, terms, due)
        return expected


def _bogus(actions: Ints, world: World) -> Bools | None:
    """(R, N) who puts in what is no data of anybody, or nothing; None where audits do not look at samples.

    Data of somebody else look like data.
    """
    if world.terms.stakes.sees == "action":
        return None
    form, _ = carried_out(actions, np.int64(1), world.terms.actions, world.conduct)
    bogus: Bools = (actions != Action.ABSTAIN) & ~np.isin(form, (Form.OWN, Form.COPY))
    return bogus


def _multiple(state: State, world: World) -> Floats | None:
    """(R, N) multiple of the stake that each must hold, by the name with which it came; None: the same for all."""
    terms = world.terms.reciprocity
    if terms.kind == "none" or (terms.terms.stake == 1).all():
        return None
    return np.where(state.mechanisms["reciprocity"].image == BAD, terms.terms.stake, 1.0)


def _owned_before_audits(moment: Moment) -> Ints:
    """(R, N) micro-units from which stakes were posted: before anybody was slashed or paid."""
    shape = moment.actions.shape
    reasons = [each.reason for each in moment.transfers]
    before = moment.transfers[: reasons.index(Reason.REVENUE)]
    return post(moment.opening, before).owned - net_of(before, (Reason.SLASH,), shape)
