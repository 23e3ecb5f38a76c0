"""Causal truth of runs: courses of runs with what their episodes really did, against which explainers are scored."""

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from commonweal.agents.arrays import AnyArray, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.agents.files import refusals, replacing, sweep_up
from commonweal.economy.explaining.explanation import Explanation
from commonweal.economy.explaining.post_hoc.courses import Courses
from commonweal.economy.explaining.tree import Outcome, counted
from commonweal.economy.round.play import play_round
from commonweal.economy.round.set_up import Economy
from commonweal.economy.runs.ensemble import next_actions
from commonweal.economy.runs.metrics import round_metrics

FORMAT = "commonweal causal truth 1"
LUCK, COMMITMENT = "luck", "commitment"  # kinds of truth: over all coalitions, and along the course
AGAIN = "_again"  # the same with other strangers


@dataclass(frozen=True, eq=False)
class Truth:
    """Causal values of episodes; nan where they have not been worked out."""

    values: Floats  # (R, E)
    standard_error: Floats  # (R, E)

    @classmethod
    def of(cls, found: Explanation) -> "Truth":
        """The first answer of an explanation."""
        assert found.standard_error is not None
        return cls(found.values[..., 0], found.standard_error[..., 0])

    @property
    def known(self) -> Ints:
        """Of which runs."""
        return np.flatnonzero(np.isfinite(self.values).all(axis=1))


@dataclass(frozen=True, eq=False)
class CausalTruth:
    """Training runs without truth, and test runs with it.

    Raises:
        InputError: if shapes do not fit each other.
    """

    training: Courses
    test: Courses
    seeds: Ints  # (R,) of test runs
    bounds: Ints  # (E + 1,) first rounds of episodes, and the last one's end
    high: float  # outcome from which a run counts as a good one
    truths: Mapping[str, Truth] = field(default_factory=dict)  # by kind; "…_again" with other strangers

    def __post_init__(self) -> None:
        shape = (len(self.test.outcome), len(self.bounds) - 1)
        for kind, truth in self.truths.items():
            if truth.values.shape != shape or truth.standard_error.shape != shape:
                raise InputError(f"truth {kind} of shape {truth.values.shape}: must be {shape}")

    @property
    def episodes(self) -> list[range]:
        """E of them."""
        return [range(int(a), int(b)) for a, b in zip(self.bounds[:-1], self.bounds[1:], strict=True)]

    def until(self, rounds: int) -> "CausalTruth":
        """What is seen after some rounds: the episodes that are over, with what they did to the outcome in the end.

        Raises:
            InputError: if no episode ends there.
        """
        count = int(np.searchsorted(self.bounds, rounds))
        if count == 0 or count >= len(self.bounds) or self.bounds[count] != rounds:
            ends = ", ".join(map(str, self.bounds[1:]))
            raise InputError(f"rounds = {rounds}: must be the end of an episode: {ends}")
        cut = {
            kind: Truth(truth.values[:, :count], truth.standard_error[:, :count]) for kind, truth in self.truths.items()
        }
        training, test = self.training.until(rounds), self.test.until(rounds)
        return CausalTruth(training, test, self.seeds, self.bounds[: count + 1], self.high, cut)

    def save(self, file: Path) -> None:
        """Write it as compressed arrays, whole or not at all.

        Raises:
            InputError: if it cannot be written.
        """
        arrays: dict[str, AnyArray] = {
            "format": np.array(FORMAT),
            "channels": np.array(self.training.channels),
            "seeds": self.seeds,
            "bounds": self.bounds,
            "high": np.array(self.high),
        }
        for name, courses in (("training", self.training), ("test", self.test)):
            arrays |= {f"{name}_series": courses.series.astype(np.float32), f"{name}_outcome": courses.outcome}
        for kind, truth in self.truths.items():
            arrays |= {f"truth_{kind}": truth.values, f"error_{kind}": truth.standard_error}
        with refusals(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            sweep_up(file.parent, file.name)
            with replacing(file) as partial, partial.open("wb") as opened:
                np.savez_compressed(opened, allow_pickle=False, **arrays)

    @classmethod
    def load(cls, file: Path) -> "CausalTruth":
        """Read what ``save`` has written.

        Raises:
            InputError: if the file is missing, or holds something else.
        """
        try:
            with np.load(file, allow_pickle=False) as stored:
                arrays = dict(stored)
            if str(arrays["format"]) != FORMAT:
                raise ValueError(f"it is {arrays['format']}")
            channels = tuple(map(str, arrays["channels"]))
            training, test = (
                Courses(arrays[f"{name}_series"].astype(np.float64), arrays[f"{name}_outcome"], channels)
                for name in ("training", "test")
            )
            kinds = [name.removeprefix("truth_") for name in arrays if name.startswith("truth_")]
            truths = {kind: Truth(arrays[f"truth_{kind}"], arrays[f"error_{kind}"]) for kind in kinds}
            return cls(training, test, arrays["seeds"], arrays["bounds"], float(arrays["high"]), truths)
        except FileNotFoundError:
            raise InputError(f"{file}: there is no such causal truth") from None
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            reason = " ".join(str(error).split())[:80]
            raise InputError(f"{file}: is no causal truth of this version ({reason})") from None


def play_courses(economy: Economy, rounds: int, metrics: Sequence[str], outcome: Outcome) -> Courses:
    """Play runs, and note their courses.

    Args:
        economy: R runs between two rounds; unchanged where its streams are copies.
        rounds: T.
        metrics: C that are noted in each round.
        outcome: of a run; its first metric counts.
    """
    state, people, world, streams = economy.state, economy.people, economy.world, economy.streams
    noted, total = [], np.zeros(len(state.quality))
    for count in counted(outcome, rounds):
        before = state
        actions = next_actions(before, people, world, streams)
        state, people, record = play_round(before, people, actions, world, streams)
        found = round_metrics(record, before, state, people, world)
        noted.append(np.stack([found[name] for name in metrics], axis=1))
        if count:
            total += outcome.of(record, before, state, people, world)[:, 0]
    return Courses(np.stack(noted, axis=1), total / min(outcome.last, rounds), tuple(metrics))
