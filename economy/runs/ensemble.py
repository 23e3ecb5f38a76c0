"""Many runs at once: the same round, computed together for R seeds or scenarios."""

from collections.abc import Callable, Sequence
from typing import Any

from commonweal.agents.arrays import Ints
from commonweal.agents.errors import InputError
from commonweal.agents.policies import Observation, decide
from commonweal.agents.streams import Streams
from commonweal.economy.money.ledger import Transfer
from commonweal.economy.round.play import Record, play_round
from commonweal.economy.runs.results import Notebook, Results
from commonweal.economy.world.world import State, World, found


class Ensemble:
    """R runs of an economy, computed together and each the same as alone.

    Args:
        scenario: one scenario for all seeds, or one per seed; they may differ in numbers, not in shapes or rules.
        seeds: R seeds.
        keep_ledger: whether ``run`` keeps every transfer.

    Raises:
        InputError: if a scenario asks for what the data or this machine cannot give.
    """

    def __init__(self, scenario: Any | Sequence[Any], seeds: Sequence[int], *, keep_ledger: bool = False) -> None:
        scenarios = list(scenario) if isinstance(scenario, Sequence) else [scenario] * len(seeds)
        if not seeds or len(scenarios) != len(seeds):
            raise InputError(f"an ensemble needs a seed per run: {len(scenarios)} scenarios and {len(seeds)} seeds")
        self.world: World
        self.state: State
        self.streams: Streams
        self.opening: tuple[Transfer, ...]
        self.world, self.state, self.streams, self.opening = found(scenarios, seeds)
        self.keep_ledger = keep_ledger
        self.scenarios, self.seeds = tuple(scenarios), tuple(seeds)  # what a checkpoint sets the world up from

    def decide(self) -> Ints:
        """(R, N) what every principal's policy chooses now; in the first round everybody does what it starts with."""
        return next_actions(self.state, self.world, self.streams)

    def step(self) -> Record:
        """Play one round."""
        self.state, record = play_round(self.state, self.decide(), self.world, self.streams)
        return record

    def run(self, rounds: int | None = None, on_round: Callable[[], None] | None = None) -> Results:
        """Play on and keep what researchers look at.

        Args:
            rounds: how many; as many as the scenario says if not given.
            on_round: called after every round.

        Returns:
            Frames of the rounds played in this call.
        """
        rounds = self.world.terms.rounds if rounds is None else rounds
        notebook = Notebook(self.world, self.state, self.opening, rounds, self.keep_ledger)
        for _ in range(rounds):
            before = self.state
            record = self.step()
            notebook.note(record, before, self.state)
            if on_round is not None:
                on_round()
        return notebook.results(self.state)


def next_actions(state: State, world: World, streams: Streams) -> Ints:
    """(R, N) what every principal's policy chooses; before the first round what it starts with."""
    if state.round == 0:
        return state.population.action
    return decide(observe(state, world), world.terms.policy, streams.choice)


def observe(state: State, world: World) -> Observation:
    """What principals see before they choose."""
    return Observation(state.population, world.graph, world.terms.available, state.quality, state.round)
