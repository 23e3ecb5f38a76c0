"""Judging what was learned: frozen, on seeds that training never saw, beside the best move that is kept for all rounds.

Gains are differences between runs that draw the same random numbers. The best constant move is chosen on seeds of its
own, so that neither is judged by its luck.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.economy.futures.deviations import Deviation
from commonweal.scenarios.runs.intervals import mean_interval
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.incentives.playing import Span, play_deviations
from commonweal.scenarios.studies.training.training import Trained, Training, constants


@dataclass(frozen=True)
class Judged:
    """What a tactic gains in a round over going by one's policy, on fresh seeds."""

    gain: float  # money, or utility
    low: float  # end of the 95 % interval
    high: float

    def sentence(self, seeds: int) -> str:
        """What came out, in words."""
        sure = "surely gains" if self.low > 0 else "surely loses" if self.high < 0 else "may gain or lose"
        numbers = f"{self.gain:.2g} [{self.low:.2g}, {self.high:.2g}]"
        return f"On {seeds} seeds that it never saw, who goes by it {sure} over its own policy: {numbers} a round."


def judge(scenario: Scenario, training: Training, trained: Trained, seeds: Sequence[int]) -> Judged:
    """What a tactic gains where it was trained for, on fresh seeds."""
    gains = gains_of(scenario, training, [trained.as_deviation("learned", training.member)], seeds)
    found = mean_interval(gains[:, 0])
    return Judged(float(found.value), float(found.low), float(found.high))


def gains_of(scenario: Scenario, training: Training, tried: Sequence[Deviation], seeds: Sequence[int]) -> Floats:
    """(S, D) gains of deviations per round, others adapting."""
    span = Span(training.start, training.horizon, "adapt", training.judge)
    gains: Floats = play_deviations(scenario, seeds, [list(tried)] * len(seeds), span, workers=1).gains
    return gains


def best_constant(scenario: Scenario, training: Training, trained: Trained, seeds: Sequence[int]) -> Deviation:
    """The move of the tactic's menu that gains most on some seeds if it is made in all rounds."""
    every = constants(trained.tactic.moves, training.member)
    means: Floats = gains_of(scenario, training, every, seeds).mean(axis=0)
    return every[int(np.argmax(means))]
