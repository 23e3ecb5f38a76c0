"""Mechanisms: anything that touches a round besides learning. Each has its own terms, state and hooks.

Register your own with ``@mechanism("name", Terms)`` over a subclass of ``Mechanism``, or as an entry point of the group
``commonweal.mechanisms``; a scenario turns it on by a section ``[mechanisms.name]``.
"""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import numpy as np

from commonweal.agents.arrays import AnyArray, Floats, Ints
from commonweal.agents.population import Population
from commonweal.agents.registry import Registry
from commonweal.agents.streams import Streams
from commonweal.economy.round.record import Admitted, Effects, Foregone, Income, Moment, Payday, Produce
from commonweal.economy.world.terms import Terms
from commonweal.economy.world.world import State, World

NOTHING = Effects()


class Mechanism:
    """A mechanism that does nothing; a subclass overrides the hooks that it uses.

    One instance serves all runs of a world and never changes. What changes is its state: a frozen dataclass of arrays,
    run axis first; arrays with a place for each principal are declared ``per_principal``. A hook gets the state as
    ``own`` and answers the state from then on and the effects on the round. Money moves only through transfers.
    Futures, checkpoints and the browser page treat the state like any other.

    Hooks in the order of a round: ``show``, ``meant``, ``before``, ``admit``, ``deliver``, ``pay``, ``expect``, and
    ``remember``.

    Args:
        terms: of all runs.
    """

    name: str = ""  # what a scenario and the record call it; set at registration
    section: type | None = None  # dataclass of its section [mechanisms.name]; None: it reads sections of the schema

    def __init__(self, terms: Terms) -> None:
        """Set up what does not change."""

    @classmethod
    def on(cls, terms: Terms) -> bool:
        """Whether the scenario uses it."""
        return cls.name in terms.mechanisms

    def begin(self, world: World, state: State, people: Population, streams: Streams) -> Any:
        """Its state before the first round; ``state`` is the cooperative's, without mechanisms."""
        return None

    def show(self, own: Any, world: World) -> Any:
        """What principals see of it before they choose: ``Observation.shown`` has it under its name; None: nothing.

        Arrays with a place for each principal have one for each of ``world.graph``: spare names decide nothing.
        """
        return None

    def meant(self, own: Any, world: World) -> Ints | None:
        """(R, N) what each meant to do in the last round where it kept it from that, −1 elsewhere; None: nobody.

        Policies go on from it as from a last action of their own. Places are those of ``show``.
        """
        return None

    def before(self, own: Any, moment: Moment, world: World, streams: Streams) -> tuple[Any, Effects]:
        """Before anybody acts: amounts that are asked for, actions that people must take, fees, escrows."""
        return own, NOTHING

    def admit(self, own: Any, moment: Moment, lesson: Admitted, world: World) -> tuple[Any, Effects]:
        """After updates are screened by claimed limits, before the step: other limits for this round."""
        return own, NOTHING

    def deliver(self, own: Any, moment: Moment, income: Income, world: World, streams: Streams) -> tuple[Any, Effects]:
        """After data are delivered and before payments."""
        return own, NOTHING

    def pay(
        self, own: Any, moment: Moment, produce: Produce, income: Income, world: World, streams: Streams
    ) -> tuple[Any, Effects]:
        """After payments."""
        return own, NOTHING

    def remember(
        self, own: Any, moment: Moment, produce: Produce, payday: Payday, world: World, streams: Streams
    ) -> Any:
        """At the end of the round: its state for the next one."""
        return own

    def expect(self, own: Any, moment: Moment, foregone: Foregone, world: World) -> Floats | None:
        """(R, N, 4) money that it adds to the payoff of each action; None: nothing.

        For the action taken that is what it moved in this round, with chances at their expected value.
        """
        return None


Kind = TypeVar("Kind", bound=type[Mechanism])
MECHANISMS: Registry[type[Mechanism], None] = Registry("mechanism", "commonweal.mechanisms", "", None)


def mechanism(name: str, section: type | None = None) -> Callable[[Kind], Kind]:
    """Decorator that makes a subclass of ``Mechanism`` usable in any scenario.

    Args:
        name: what scenarios and records call it.
        section: dataclass of its section ``[mechanisms.name]``, each field with a default; numbers
            declared ``PerRun`` may differ between runs.
    """

    def add(kind: Kind) -> Kind:
        kind.name, kind.section = name, section
        MECHANISMS.register(name)(kind)
        return kind

    return add


def of_persons(values: AnyArray, world: World) -> AnyArray:
    """(R, N, …) what stands in (R, N + spare names, …) under the name that each principal uses.

    Args:
        values: with a place for each name.
        world: whose ``graph`` has N principals.
    """
    deciding = world.shape[1]
    if world.conduct is None:
        return values[:, :deciding]
    found: AnyArray = values[np.arange(len(values))[:, None], world.conduct.acts_as[:, :deciding]]
    return found


def state_of_others(state: State, world: World) -> dict[str, Floats]:
    """The states of mechanisms from outside, for code that shows them without knowing them.

    Args:
        state: of the cooperative.
        world: whose mechanisms it holds.

    Returns:
        Arrays (R,) or (R, N) by ``mechanism_field``: the numbers in their states with a place for each run, or for each
        principal of each run.
    """
    return {
        f"{each.name}_{part.name}": values
        for each in world.mechanisms
        if each.section is not None and is_dataclass(own := state.mechanisms[each.name])
        for part in fields(own)
        if isinstance(values := getattr(own, part.name), np.ndarray) and values.shape in (world.shape, world.shape[:1])
    }


def run_hooks(moment: Moment, world: World, hook: Callable[[Mechanism, Any, Moment], tuple[Any, Effects]]) -> Moment:
    """The moment after every mechanism has acted, in their order.

    Args:
        moment: before.
        world: whose mechanisms act.
        hook: calls one of the hooks of a mechanism with its state and the moment.
    """
    for each in world.mechanisms:
        own, effects = hook(each, moment.state.mechanisms[each.name], moment)
        if effects is not NOTHING or own is not moment.state.mechanisms[each.name]:
            moment = moment.after(each.name, own, effects)
    return moment
