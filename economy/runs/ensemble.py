"""Many runs at once: the same round, computed together for R seeds or scenarios."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Ints
from commonweal.agents.errors import InputError, shown
from commonweal.agents.policies import POLICIES, decide
from commonweal.agents.population import Population
from commonweal.agents.streams import Streams, plain_seeds
from commonweal.economy.money.ledger import Transfer
from commonweal.economy.round.observe import observe
from commonweal.economy.round.play import play_round
from commonweal.economy.round.record import Record
from commonweal.economy.round.set_up import Economy, set_up
from commonweal.economy.runs.results import Notebook, Results, rounds_to_play
from commonweal.economy.wire.channel import OpenNodes, in_process
from commonweal.economy.world.world import State, World


class Ensemble:
    """R runs of an economy, computed together and each the same as alone.

    Args:
        scenario: one scenario for all seeds, or one per seed; they may differ in numbers, not in shapes or rules.
        seeds: R seeds, in a list, a range or an array of whole numbers.
        keep_ledger: whether ``run`` keeps every transfer.
        open_nodes: starts the nodes that hold the samples, where the scenario has a wire (``learning.wire``).

    Raises:
        InputError: if a scenario asks for what the data or this machine cannot give, or a seed is not a whole number.
    """

    def __init__(
        self,
        scenario: Any,
        seeds: Sequence[int] | Ints,
        *,
        keep_ledger: bool = False,
        open_nodes: OpenNodes = in_process,
    ) -> None:
        seeds = plain_seeds(seeds)
        several = isinstance(scenario, Sequence) and not isinstance(scenario, str)
        scenarios = list(scenario) if several else [scenario] * len(seeds)
        if not seeds or len(scenarios) != len(seeds):
            raise InputError(f"an ensemble needs a seed per run: {len(scenarios)} scenarios and {len(seeds)} seeds")
        economy = set_up(scenarios, seeds, open_nodes)
        self.world: World = economy.world
        self.state: State = economy.state
        self.people: Population = economy.people
        self.streams: Streams = economy.streams
        self.opening: tuple[Transfer, ...] = economy.opening
        self.keep_ledger = keep_ledger
        self.scenarios, self.seeds = tuple(scenarios), seeds  # what a checkpoint sets the world up from

    @property
    def snapshot(self) -> Economy:
        """The runs where they stand."""
        return Economy(self.world, self.state, self.people, self.streams)

    def decide(self) -> Ints:
        """(R, N) what every principal's policy chooses now; in the first round everybody does what it starts with."""
        return next_actions(self.state, self.people, self.world, self.streams)

    def step(self) -> Record:
        """Play one round."""
        return self._play(self.decide())

    def act(self, actions: Ints) -> Record:
        """Play one round in which everybody means to do as told, whatever its policy says.

        Args:
            actions: (R, N) codes of ``Action``.

        Raises:
            InputError: if they are not one action for each principal of each run.
        """
        return self._play(_demand_actions(actions, self.world.shape))

    def _play(self, actions: Ints) -> Record:
        self.state, self.people, record = play_round(self.state, self.people, actions, self.world, self.streams)
        return record

    def run(self, rounds: int | None = None, on_round: Callable[[], None] | None = None) -> Results:
        """Play on and keep what researchers look at.

        Args:
            rounds: how many; as many as the scenario says if not given.
            on_round: called after every round.

        Returns:
            Frames of the rounds played in this call.
        """
        rounds = rounds_to_play(rounds, self.world.terms.rounds)
        notebook = Notebook(self.world, self.opening, rounds, self.keep_ledger)
        for _ in range(rounds):
            before = self.state
            record = self.step()
            notebook.note(record, before, self.state, self.people)
            if on_round is not None:
                on_round()
        return notebook.results(self.state, self.people)


def _demand_actions(actions: Any, shape: tuple[int, int]) -> Ints:
    """Actions (R, N) as codes.

    Raises:
        InputError: if they are of another shape, or no actions.
    """
    try:
        given = np.asarray(actions)
    except ValueError:  # rows of different lengths
        given = np.empty(0)
    if given.shape != shape or not np.issubdtype(given.dtype, np.integer):
        kind = f"{given.dtype} of shape {given.shape}" if given.size else shown(actions)
        raise InputError(f"actions: {kind}: must be an action for each principal of each run, whole numbers {shape}")
    if (wrong := given[~np.isin(given, list(Action))]).size:
        codes = ", ".join(f"{action.value} {action.name.lower()}" for action in Action)
        raise InputError(f"actions: {wrong[0]} is no action: must be one of {codes}")
    return given.astype(np.int64)


def next_actions(state: State, people: Population, world: World, streams: Streams) -> Ints:
    """(R, N) what every policy chooses; before the first round what principals start with, unless they choose then."""
    names = world.terms.policy.names
    starting = [position for position, name in enumerate(names) if POLICIES.facts(name).starts]
    if state.round == 0 and not starting:
        return people.action
    chosen = decide(observe(state, people, world), world.terms.policy, streams.choice)
    return chosen if state.round else np.where(np.isin(people.policy, starting), chosen, people.action)
