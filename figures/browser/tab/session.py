"""What one browser tab holds: its controls, its runs, and what it shows now. Two tabs share nothing.

The page reads reactive values and calls methods that return at once; the tab's worker does what they ask for.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any

import numpy as np
import solara

from commonweal.agents.errors import InputError
from commonweal.economy.world.replicas import pick_streams
from commonweal.figures.browser.notes.tables import ledger_csv
from commonweal.figures.browser.pictures.layout import principal_at
from commonweal.figures.browser.tab.live import Live
from commonweal.figures.browser.tab.opening import Choice, Opening
from commonweal.figures.browser.tab.parameters import whole_number
from commonweal.figures.browser.tab.scenes import Looks, Scene, scene
from commonweal.figures.browser.tab.stage import Shown, Stage, Variant
from commonweal.figures.browser.tab.what_if import Answer, Question, answer
from commonweal.figures.browser.tab.worker import Worker, give_back_soon

SPEEDS: Mapping[str, float] = {  # seconds between rounds
    "1 round a second": 1.0, "2 rounds a second": 0.5, "5 rounds a second": 0.2, "10 rounds a second": 0.1,
    "20 rounds a second": 0.05, "as fast as it goes": 0.0,
}
_TELL = 0.2  # seconds between words about how far something is

logger = logging.getLogger(__name__)


class Session:
    """One tab.

    Args:
        opening: what it begins with.
    """

    def __init__(self, opening: Opening) -> None:
        self.opening = opening
        self.choice = solara.reactive(opening.first)  # what the controls say
        self.shown: solara.Reactive[Shown | None] = solara.reactive(None)  # the run that is shown
        self.scene: solara.Reactive[Scene | None] = solara.reactive(None)  # what is drawn of it
        self.looks = solara.reactive(Looks())  # what is to be drawn of it
        self.playing = solara.reactive(False)
        self.speed = solara.reactive("10 rounds a second")
        self.busy = solara.reactive("")  # what takes long now
        self.error = solara.reactive("")  # what went wrong last
        self.answer: solara.Reactive[Answer | None] = solara.reactive(None)  # to the last what-if
        self.asking = solara.reactive(False)  # whether a what-if is being played
        self._told, self._books, self._interrupted = 0.0, Lock(), Event()
        self._stage = Stage(opening, self._tell)
        self._worker = Worker(self._step, self._draw, self._fail, self._stage.release)
        self._worker.interval = SPEEDS[self.speed.value]
        self._worker.start()
        self._order(self._begin)

    def choose_scenario(self, name: str) -> None:
        """Set the controls to a scenario, to be played when Play, Step or Reset is pressed next."""
        self.choice.value = self.opening.choose(name, self.choice.value.seed)

    @property
    def other_scenario(self) -> bool:
        """Whether the controls name another scenario than that of the run that is shown."""
        shown = self.shown.value
        return shown is not None and shown.choice.scenario != self.choice.value.scenario

    def set_parameter(self, path: str, value: Any) -> None:
        """Set one control, for the next reset."""
        self.choice.value = replace(self.choice.value, settings={**self.choice.value.settings, path: value})

    def set_seed(self, seed: str) -> None:
        """Set the seed, for the next reset."""
        self.choice.value = replace(self.choice.value, seed=seed)

    def reset(self) -> None:
        """Set up a new run from what the controls say, and release the old one."""
        self.pause()
        self._interrupted.set()
        choice = self.choice.value
        self._order(lambda: self._set_up(choice))

    def step(self) -> None:
        """Play one round, of the chosen scenario."""
        if self.other_scenario:
            choice = self.choice.value
            self._interrupted.set()
            self._order(lambda: self._begin_other(choice))
            return
        self.looks.value = replace(self.looks.value, round=None)
        self._order(self._step)

    def play(self) -> None:
        """Play on until paused; begin the chosen scenario if that is another one than is shown."""
        if self.other_scenario:
            choice = self.choice.value
            self._interrupted.set()
            self.playing.value = True
            self._order(lambda: self._begin_other(choice))
            return
        self.error.value = ""
        self.looks.value = replace(self.looks.value, round=None)
        self.playing.value = self._worker.playing = True
        self._worker.order(lambda: None)

    def pause(self) -> None:
        """Stop playing: the round being played is the last one."""
        self._worker.playing = False
        self.playing.value = False
        self._worker.order(lambda: None)  # draws the last round at once

    def set_speed(self, speed: str) -> None:
        """Choose one of the speeds."""
        self.speed.value = speed
        self._worker.interval = SPEEDS[speed]

    def look(self, **changes: Any) -> None:
        """Look at something else: another tab, round, principal, or other axes."""
        self.looks.value = replace(self.looks.value, **changes)
        self._worker.order(lambda: None)

    def select(self, typed: str) -> None:
        """Select the principal with the number that was typed; none where nothing was."""
        shown = self.shown.value
        if shown is None:
            return
        try:
            selected = whole_number("principal", typed) if typed.strip() else None
            if selected is not None and selected >= shown.principals:
                raise InputError(f"principal = {selected}: must be below {shown.principals}")
        except InputError as error:
            self.error.value = str(error)
            return
        self.error.value = ""
        self.look(selected=selected)

    def point(self, place: list[float]) -> None:
        """Select the principal at a place in the picture of the society; nobody where nobody is."""
        if self._stage.live is not None:
            self.look(selected=principal_at(self._stage.live.layout, *place))

    def compare(self, variant: Variant | None) -> None:
        """Play the run with one field changed beside it; None to end that."""
        self._order(lambda: self._stage.compare(variant))

    def resume(self, round: int) -> None:
        """Play on, live, from a round of a stored run."""
        self._order(lambda: self._stage.resume(round))
        self.answer.value, self.looks.value = None, replace(self.looks.value, round=None)

    def reopen(self) -> None:
        """Look at the stored run again."""
        self.pause()
        self._interrupted.set()
        self._order(self._stage.replay)
        self.answer.value, self.choice.value = None, self.opening.first

    def ask(self, question: Question) -> None:
        """Play what would become of the run if one deviated, without touching it or keeping the page waiting."""
        self.asking.value = True
        self._order(lambda: self._ask(question))

    def csv(self) -> str:
        """All transfers kept, as CSV."""
        live = self._stage.live
        with self._books:
            return ledger_csv(live.chronicle) if live else ""

    def close(self) -> None:
        """Stop the thread and release the models soon."""
        self._interrupted.set()
        self._worker.close()
        give_back_soon()

    def ended(self, seconds: float = 10.0) -> bool:
        """Wait until everything is released; whether that happened in time."""
        return self._worker.join(seconds)

    def _order(self, task: Callable[[], None]) -> None:
        def done() -> None:
            self.error.value = ""
            self._interrupted.clear()
            try:
                task()
            finally:
                self.busy.value = ""
                self.shown.value = self._stage.shown

        self._worker.order(done)

    def _begin(self) -> None:
        if self.opening.stored is not None:
            self._stage.replay()
        else:
            self._stage.set_up(self.opening.first)

    def _set_up(self, choice: Choice) -> None:
        self.busy.value = "Setting up"
        self._stage.set_up(choice)
        self.answer.value = None
        self.looks.value = replace(self.looks.value, round=None, selected=None)

    def _begin_other(self, choice: Choice) -> None:
        """Set up another scenario and play its first round; go on if the page plays and was not paused meanwhile."""
        self._set_up(choice)
        self._step()
        self._worker.playing = self.playing.value

    def _step(self) -> None:
        with self._books:
            self._stage.step()

    def _draw(self) -> None:
        stage = self._stage
        if stage.live is not None and stage.shown is not None:
            self.scene.value = scene(stage.live, stage.shown, stage.variant, self.looks.value)

    def _tell(self, how_far: str) -> bool:
        if monotonic() - self._told > _TELL:
            self._told, self.busy.value = monotonic(), how_far
        return not (self._interrupted.is_set() or self._worker.closed)

    def _fail(self, error: Exception) -> None:
        """The worker has stopped to play."""
        self.playing.value = self.asking.value = False
        self._say(error)

    def _say(self, error: Exception) -> None:
        """Say in the page what went wrong; a fault of ours goes to the log as well."""
        if isinstance(error, InputError):
            self.error.value = str(error)
        else:
            logger.exception("the browser page failed", exc_info=error)
            self.error.value = f"This should not have happened: {type(error).__name__}: {error}"

    def _ask(self, question: Question) -> None:
        live = self._stage.live
        assert live is not None
        streams = pick_streams(live.model.streams, np.zeros(1, dtype=np.int64))
        weighing = partial(answer, replace(live.model.snapshot, streams=streams), question)
        Thread(target=self._weigh, args=(live, weighing), name="commonweal what-if", daemon=True).start()

    def _weigh(self, live: Live, weighing: Callable[[], Answer]) -> None:
        try:
            found = weighing()
            if self._stage.live is live:  # else it is of a run that is no longer shown
                self.answer.value = found
        except Exception as error:
            if not self._worker.closed:
                self._say(error)
        finally:
            self.asking.value = False
