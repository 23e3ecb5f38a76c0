"""Markets: how a round's contributions become quality, revenue and payments.

A market is one class; register your own with ``@market("name")`` or as an entry point of ``commonweal.markets``.
"""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.population import Population
from commonweal.agents.registry import Registry
from commonweal.agents.streams import Streams
from commonweal.economy.round.gains import Gains
from commonweal.economy.round.record import Foregone, Income, Moment, Payday, Produce
from commonweal.economy.round.words import MarketFacts
from commonweal.economy.world.world import State, World


class Market(Protocol):
    """What a round asks of a market. A market keeps nothing: all that changes is in the state."""

    learns: bool  # whether there are a task, data and a network that learns it

    def produce(self, moment: Moment, world: World, streams: Streams) -> tuple[Moment, Produce]:
        """The result of the round's contributions, and the moment after they are made."""
        ...

    def income(self, moment: Moment, produce: Produce, world: World, streams: Streams) -> Income:
        """What customers pay for it, and what is due to whom."""
        ...

    def foregone(self, moment: Moment, produce: Produce, payday: Payday, world: World, streams: Streams) -> Foregone:
        """What each action would have brought its principal, everybody else's given; without mechanisms."""
        ...

    def gains(self, state: State, people: Population, intended: Ints, world: World) -> Gains:
        """What everybody would gain or lose if a principal delegated: what data deals are priced by."""
        ...

    def usual_credit(
        self, real: Floats, put: Floats, quality: Floats, row: Ints, state: State, people: Population, world: World
    ) -> Floats:
        """(R', N) cumulated credit if all always put in ``put`` (R', N) samples, ``real`` (R', N) of them their own."""
        ...


Kind = TypeVar("Kind", bound=Callable[[], Market])


MARKETS: Registry[Market, MarketFacts] = Registry("market", "commonweal.markets", "market.kind", MarketFacts())


def market(name: str, **facts: Any) -> Callable[[Kind], Kind]:
    """Decorator that makes a market usable as ``market.kind`` of any scenario.

    Args:
        name: as scenarios write it.
        facts: what it calls things, as ``MarketFacts``.
    """

    def add(kind: Kind) -> Kind:
        MARKETS.register(name, **facts)(kind())
        return kind

    return add
