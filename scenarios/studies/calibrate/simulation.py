"""Series that candidates play: many as one ensemble, all with the same random numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats
from commonweal.agents.drawing import draw_population, with_concerns
from commonweal.agents.streams import Streams
from commonweal.economy.round.play import play_round
from commonweal.economy.round.set_up import Economy, set_up
from commonweal.economy.runs.ensemble import next_actions
from commonweal.economy.world.replicas import pick_streams
from commonweal.economy.world.terms import Terms
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.calibrate.parameters import placed
from commonweal.scenarios.studies.pieces import Piece, Tick


@dataclass(frozen=True)
class Simulator:
    """Plays candidates for the P parameters of one game, C at a time; what they share is made once."""

    scenario: Scenario
    names: tuple[str, ...]  # (P,) fitted parameters
    seeds: tuple[int, ...]  # (M,) of the runs of each candidate
    candidates: int  # C
    economy: Economy  # C M runs before the first round; its streams never move

    @classmethod
    def of(cls, scenario: Scenario, names: Sequence[str], seeds: Sequence[int], candidates: int) -> "Simulator":
        """Set up the game."""
        each = list(seeds) * candidates
        economy = replace(set_up([scenario] * len(each), each), streams=Streams.from_seeds(each))
        return cls(scenario, tuple(names), tuple(seeds), candidates, economy)

    def series(self, values: Floats) -> Floats:
        """(C', rounds) mean share delegating, over the seeds, of any number of candidates (C', P)."""
        mean: Floats = self.runs(values).mean(axis=1)
        return mean

    def piece(self, values: Floats, play: Callable[[Any, Tick], Floats]) -> Piece:
        """What candidates (C', P) play, as a piece of a study.

        Args:
            values: the candidates.
            play: ``played_series`` or ``played_runs`` of this simulator.
        """
        asked = (self.scenario, self.names, self.seeds, self.candidates, values)
        return Piece(play, asked, len(values) * len(self.seeds) * self.scenario.rounds)

    def played_series(self, asked: tuple[Any, ...], tick: Tick) -> Floats:
        """The series of the candidates that a piece asks for."""
        return self.series(asked[-1])

    def played_runs(self, asked: tuple[Any, ...], tick: Tick) -> Floats:
        """The runs of the candidates that a piece asks for."""
        return self.runs(asked[-1])

    def runs(self, values: Floats) -> Floats:
        """(C', M, rounds) share delegating in every run of any number of candidates (C', P)."""
        padded = np.concatenate([values, np.repeat(values[-1:], -len(values) % self.candidates, axis=0)])
        batches = padded.reshape(-1, self.candidates, values.shape[1])
        return np.concatenate([self._batch(batch) for batch in batches])[: len(values)]

    def _batch(self, values: Floats) -> Floats:
        each = [placed(self.scenario, self.names, candidate) for candidate in values]
        terms = Terms.of([scenario for scenario in each for _ in self.seeds])
        runs = self.candidates * len(self.seeds)
        streams = pick_streams(self.economy.streams, np.arange(runs))
        limits, camp = self.economy.people.limits, self.economy.people.camp
        people = draw_population(terms.population, terms.policy, terms.values, limits, streams.population)
        people = with_concerns(people, camp, terms.values, streams.values)
        world, state = replace(self.economy.world, terms=terms), self.economy.state
        shares = np.empty((terms.rounds, runs))
        for number in range(terms.rounds):
            actions = next_actions(state, people, world, streams)
            state, people, record = play_round(state, people, actions, world, streams)
            shares[number] = (record.actions == Action.DELEGATE).mean(axis=1)
        return shares.T.reshape(self.candidates, len(self.seeds), -1)
