"""One run that the page plays: the Mesa model and the chronicle that drawing reads."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.economy.round.record import Record
from commonweal.economy.runs.cooperative import Cooperative
from commonweal.economy.world.world import State
from commonweal.figures.browser.documents.glances import Glances
from commonweal.figures.browser.documents.layout import Layout, lay_out
from commonweal.figures.browser.notes.chronicle import Chronicle
from commonweal.scenarios.schema.scenario import Scenario

SAME = 1e-6  # relative difference of a metric that rounding explains: a run alone adds in another order than in a sweep


class Live:
    """A run of one economy.

    Args:
        scenario: the economy.
        seed: of the run.

    Raises:
        InputError: if the scenario asks for what the data or this machine cannot give.
    """

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self._begin(Cooperative(scenario, rng=seed))

    @classmethod
    def watching(cls, model: Cooperative) -> "Live":
        """The run of a model that others step, from where it stands."""
        live = cls.__new__(cls)
        live._begin(model)
        return live

    def _begin(self, model: Cooperative) -> None:
        self.scenario, self.seed, self.model = model.economy, model.run_seed, model
        self.chronicle, self.glances = Chronicle(model.world), Glances(model.world)
        self.chronicle.begin(model.state, model.people, model.opening)
        self.glances.note(self.chronicle.newest)
        self.layout: Layout = lay_out(model.world, model.run_seed)
        model.watchers.append(self._note)

    @property
    def round(self) -> int:
        """Rounds played."""
        return self.model.state.round

    def step(self) -> None:
        """Play one round and note it.

        Raises:
            InputError: if the network diverges.
        """
        self.model.step()

    def _note(self, record: Record, before: State) -> None:
        self.chronicle.note(record, before, self.model.state, self.model.people)
        self.glances.note(self.chronicle.newest)

    def release(self) -> None:
        """Release the model, which Mesa would keep for as long as the process lives."""
        self.model.release()


def play_until(live: Live, round: int, tell: Callable[[int], bool]) -> bool:
    """Play a run up to a round.

    Args:
        live: the run.
        round: rounds to have been played in the end.
        tell: is told every round played; answers whether to go on.

    Returns:
        Whether it got there.
    """
    while live.round < round:
        live.step()
        if not tell(live.round):
            return False
    return True


def agreement(chronicle: Chronicle, stored: pd.DataFrame, changes: Sequence[str] | None = None) -> str:
    """Whether a run played again is the run that was stored, in a sentence.

    Args:
        chronicle: of the run played again.
        stored: recorded rounds, counted from 0, with some of its metrics as columns.
        changes: what is otherwise in this version than in the one that stored it; None where that is not known.
    """
    course = chronicle.metrics()
    rows = stored["round"].to_numpy(dtype=np.int64)
    names = [name for name in course if name in stored.columns and name != "round"]
    if not names or rows.max(initial=-1) >= len(chronicle.rows):
        raise InputError("the stored rounds do not fit the run")
    gaps = np.stack([_gap(stored[name].to_numpy(dtype=np.float64), course[name][rows]) for name in names])
    widest, where = float(gaps.max(initial=0.0)), names[int(gaps.max(axis=1, initial=0.0).argmax())]
    told = f"{len(names)} metrics in {len(rows)} stored rounds"
    if widest == 0:
        return f"Played again and the same to the last bit: {told}."
    if widest < SAME:
        return f"Played again and the same but for rounding: {told}, largest relative difference {widest:.0e}."
    by = f"most in {where}, by {f'{widest:.1%}' if widest >= 0.001 else 'less than 0.1%'} of its range"
    if changes is None:
        return f"Differs from what was stored, {by}: played by another version?"
    if changes:
        return f"Differs from what was stored, {by}: {'; '.join(changes)}."
    until = int(rows[(gaps >= SAME).any(axis=0)][0])
    grown = f"then rounding has grown, since a run alone adds in another order than in a sweep; {by}"
    return f"Played again and the same but for rounding until round {until}; {grown}."


def _gap(kept: Floats, again: Floats) -> Floats:
    """(T,) how far a metric is from what was stored, as a share of its largest value; infinite where one is unknown."""
    scale = max(1e-9, float(np.nanmax(np.abs(kept), initial=0.0)))
    with np.errstate(invalid="ignore"):
        gap = np.nan_to_num(np.abs(kept - again), nan=0.0) / scale
    return np.where(np.isnan(kept) != np.isnan(again), np.inf, gap)
