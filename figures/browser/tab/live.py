"""One run that the page plays: the Mesa model and the chronicle that drawing reads."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from commonweal.agents.errors import InputError
from commonweal.economy.round.record import Record
from commonweal.economy.runs.cooperative import Cooperative
from commonweal.economy.world.world import State
from commonweal.figures.browser.notes.chronicle import Chronicle
from commonweal.figures.browser.notes.glances import Glances
from commonweal.figures.browser.notes.layout import Layout, lay_out
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


def agreement(chronicle: Chronicle, stored: pd.DataFrame) -> str:
    """Whether a run played again is the run that was stored, in a sentence.

    Args:
        chronicle: of the run played again.
        stored: recorded rounds, counted from 0, with some of its metrics as columns.
    """
    course = chronicle.metrics()
    rows = stored["round"].to_numpy(dtype=np.int64)
    names = [name for name in course if name in stored.columns and name != "round"]
    if not names or rows.max(initial=-1) >= len(chronicle.rows):
        raise InputError("the stored rounds do not fit the run")
    widest, where = 0.0, ""
    for name in names:
        kept, again = stored[name].to_numpy(dtype=np.float64), course[name][rows]
        scale = max(1e-9, float(np.nanmax(np.abs(kept), initial=0.0)))
        gap = float(np.nanmax(np.abs(kept - again), initial=0.0)) / scale
        gap = np.inf if (np.isnan(kept) != np.isnan(again)).any() else gap
        widest, where = max((widest, where), (gap, name))
    told = f"{len(names)} metrics in {len(rows)} stored rounds"
    if widest == 0:
        return f"Played again and the same to the last bit: {told}."
    if widest < SAME:
        return f"Played again and the same but for rounding: {told}, largest relative difference {widest:.0e}."
    return f"Differs from what was stored, most in {where} ({widest:.0%} of its range): played by another version?"
