"""Identity cost: taking part under a name for the first time costs money (``economy.money.identity``)."""

from dataclasses import dataclass, replace

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Floats, per_principal
from commonweal.agents.population import Population
from commonweal.agents.streams import Streams
from commonweal.economy.money.identity import charge_entry
from commonweal.economy.round.mechanism import Mechanism, mechanism
from commonweal.economy.round.record import Effects, Foregone, Moment
from commonweal.economy.world.terms import Terms
from commonweal.economy.world.world import State, World


@dataclass(frozen=True)
class Names:
    """Who may take part."""

    paid: Bools = per_principal()  # (R, N) names that have been paid for


@mechanism("identity")
class IdentityCost(Mechanism):
    """Scenario field: ``identity.cost``. Note: the transfer of fees."""

    @classmethod
    def on(cls, terms: Terms) -> bool:
        """Where a name costs something."""
        return bool(terms.identity.cost.any())

    def begin(self, world: World, state: State, people: Population, streams: Streams) -> Names:
        """Nobody has paid."""
        return Names(np.zeros(world.shape, dtype=np.bool_))

    def before(self, own: Names, moment: Moment, world: World, streams: Streams) -> tuple[Names, Effects]:
        """New names pay; a name that cannot pay stays away."""
        actions, fees = charge_entry(moment.state.ledger, own.paid, moment.actions, world.terms.identity)
        paid = own.paid | (actions != Action.ABSTAIN)
        return replace(own, paid=paid), Effects(actions=actions, transfers=(fees,), note=fees)

    def expect(self, own: Names, moment: Moment, foregone: Foregone, world: World) -> Floats:
        """Taking part costs those who have not paid yet; what was paid in this round is paid for good."""
        expected = np.zeros(foregone.payoffs.shape)
        expected[..., Action.ABSTAIN + 1 :] = -(world.terms.identity.cost * ~own.paid)[:, :, None]
        return expected
