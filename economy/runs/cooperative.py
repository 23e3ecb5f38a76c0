"""One run as a Mesa model: the same round as an ensemble's, with principals as agents.

What is ours has names that no Mesa from 3.3 to 4.0 uses: ``economy`` is no Mesa ``scenario``, and ``play`` answers what
Mesa's ``run_for`` does not. ``mesa.batch_run`` of Mesa 3 plays it for the rounds of its scenario, and a model can be
pickled.
"""

from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import Any

import mesa
import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.agents.principal import Principal, View
from commonweal.agents.streams import plain_seeds
from commonweal.economy.money.ledger import MICRO
from commonweal.economy.round.observe import observe
from commonweal.economy.round.play import play_round
from commonweal.economy.round.record import Record
from commonweal.economy.round.set_up import Economy, set_up
from commonweal.economy.runs.ensemble import next_actions
from commonweal.economy.runs.metrics import round_metrics
from commonweal.economy.runs.results import Notebook, Results, rounds_to_play
from commonweal.economy.world.world import State


class Cooperative(mesa.Model):
    """A data cooperative of N principals.

    An agent that is removed stays away from then on, where the scenario lets principals abstain.

    Args:
        scenario: the economy.
        rng: seed of the run; the same seed gives the same run, here or in an ensemble. Fresh entropy if not given.
        principals: classes of single principals by index; the others are plain ``Principal``. A class may be given
            instead, for all.

    Raises:
        InputError: if the scenario asks for what the data or this machine cannot give, the seed is not a whole number,
            or an index does not exist.
    """

    def __init__(
        self,
        scenario: Any,
        *,
        rng: int | None = None,
        principals: Mapping[int, type[Principal]] | type[Principal] = Principal,
    ) -> None:
        (seed,) = plain_seeds([np.random.SeedSequence().generate_state(1)[0] if rng is None else rng], "rng")
        super().__init__(rng=seed)
        self.economy = scenario
        self.run_seed = seed
        economy = set_up([scenario], [seed])
        self.world, self.state, self.people = economy.world, economy.state, economy.people
        self.streams, self.opening = economy.streams, economy.opening
        self.record: Record | None = None
        self.watchers: list[Callable[[Record, State], None]] = []  # told each round, with the state before it
        count = self.world.terms.population.count
        chosen = principals if isinstance(principals, Mapping) else dict.fromkeys(range(count), principals)
        if wrong := [index for index in chosen if index not in range(count)]:
            raise InputError(f"principals: there is no principal {wrong[0]!r}; they are numbered 0 to {count - 1}")
        if odd := [kind for kind in chosen.values() if not (isinstance(kind, type) and issubclass(kind, Principal))]:
            raise InputError(f"principals: {odd[0]!r} is no class of principals: give subclasses of Principal")
        self.principals = tuple(chosen.get(index, Principal)(self, index) for index in range(count))
        self.datacollector = mesa.DataCollector()  # the metrics of every round, for Mesa's tools
        self._gone = np.zeros(count, dtype=np.bool_)  # (N,) removed
        self._before = self.state  # the last round
        self._deciding = tuple(p for p in self.principals if type(p).choose is not Principal.choose)

    def step(self) -> None:
        """Play one round. Mesa wraps it, to count rounds."""
        self._before = self.state
        self.state, self.people, self.record = play_round(
            self._before, self.people, self._chosen(), self.world, self.streams
        )
        self.__dict__.pop("metrics", None)
        if not self.datacollector.model_reporters:  # a round must be played to know which metrics there are
            self.datacollector = mesa.DataCollector({name: partial(_metric, name=name) for name in self.metrics})
        self.datacollector.collect(self)
        self.running = self.state.round < self.world.terms.rounds  # whether Mesa's tools go on
        for tell in self.watchers:
            tell(self.record, self._before)

    def play(self, rounds: int | None = None) -> Results:
        """Play on.

        Args:
            rounds: how many; as many as the scenario says if not given.

        Returns:
            Frames of the rounds played in this call, with every transfer.
        """
        rounds = rounds_to_play(rounds, self.world.terms.rounds)
        notebook = Notebook(self.world, self.opening, rounds, ledger=True)
        for _ in range(rounds):
            before = self.state
            self.step()
            if self.record is None or self.state is before:
                raise RuntimeError("nothing is played after a round that failed: make the model anew")
            notebook.note(self.record, before, self.state, self.people)
        return notebook.results(self.state, self.people)

    def deregister_agent(self, agent: mesa.Agent) -> None:
        """Mesa's end of ``agent.remove()``: a principal stays away from then on.

        Raises:
            InputError: if nobody can stay away.
        """
        if agent in self.principals:
            if Action.ABSTAIN not in self.world.terms.available:
                raise InputError(
                    f"principal {agent.index} cannot be removed: nobody can stay away here; add 'abstain' to"
                    " actions.available"
                )
            self._gone[agent.index] = True
        super().deregister_agent(agent)

    def release(self) -> None:
        """Let go of the agents, which Mesa before 3.5 otherwise keeps for ever (``Agent._ids``)."""
        for agent in list(self.agents):
            super().deregister_agent(agent)
        getattr(mesa.Agent, "_ids", {}).pop(self, None)

    @cached_property
    def metrics(self) -> dict[str, float]:
        """Metrics of the last round by name, computed when first asked for; none before the first round."""
        if self.record is None:
            return {}
        metrics = round_metrics(self.record, self._before, self.state, self.people, self.world)
        return {name: float(values[0]) for name, values in metrics.items()}

    @property
    def snapshot(self) -> Economy:
        """The run where it stands."""
        return Economy(self.world, self.state, self.people, self.streams)

    @property
    def wealth(self) -> Floats:
        """(N,) balance and escrow of every principal, money."""
        wealth: Floats = self.state.ledger.owned[0] / MICRO
        return wealth

    def _chosen(self) -> Ints:
        """(1, N) actions: the policies', except of principals that choose for themselves."""
        actions = next_actions(self.state, self.people, self.world, self.streams)
        if self._gone.any():
            actions = np.where(self._gone, np.int64(Action.ABSTAIN), actions)
        if not self._deciding:
            return actions
        observation, available = observe(self.state, self.people, self.world), self.world.terms.available
        actions = actions.copy()
        for principal in (each for each in self._deciding if not self._gone[each.index]):
            view = View(observation, principal.index, Action(actions[0, principal.index]))
            chosen = principal.choose(view)
            if isinstance(chosen, bool) or not (isinstance(chosen, int | np.integer) and chosen in available):
                shown = f"Action.{chosen.name}" if isinstance(chosen, Action) else repr(chosen)
                names = " or ".join(f"Action.{Action(code).name}" for code in available)
                raise InputError(f"{type(principal).__name__} {principal.index} chose {shown}: must be {names}")
            actions[0, principal.index] = chosen
        return actions


def _metric(model: Cooperative, name: str) -> float:
    return model.metrics[name]
