"""Playing: which economy is played, how fast, and how far."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from commonweal.figures.browser.tab.opening import Choice
from commonweal.figures.browser.tab.parameters import settings_of
from commonweal.figures.browser.tab.topic import Document, Host, Order, Topic

# Seconds between rounds, by rounds a second; 0 is as fast as it goes.
SPEEDS: Mapping[int, float] = {1: 1.0, 2: 0.5, 5: 0.2, 10: 0.1, 20: 0.05, 0: 0.0}


class Playing(Topic):
    """Play, pause, step; fields changed and played; going back and on."""

    choice: Choice  # what the fields say

    def __init__(self, session: Host) -> None:
        super().__init__(session)
        session.worker.interval = SPEEDS[session.state["speed"]]

    def orders(self) -> Mapping[str, Order]:
        """See the module."""
        return {"play": self._play, "pause": self._pause, "step": self._step, "speed": self._speed,
                "scenario": self._scenario, "set": self._set, "seed": self._seed, "undo": self._undo,
                "begin": self._begin, "again": self._again, "resume": self._resume, "stop": self._stop}  # fmt: skip

    def greeted(self) -> None:
        """A browser has come."""
        self.session.tell(speeds=list(SPEEDS))

    def begun(self) -> None:
        """Another run is shown: fields say what it was played with."""
        shown = self.session.stage.shown
        assert shown is not None
        self.choice = shown.choice
        self._tell_fields()

    def _play(self, document: Document) -> None:
        """``until``: round to pause at, if any."""
        worker = self.session.worker
        self.session.until = int(document["until"]) if document.get("until") else None
        worker.playing = True
        self.session.tell(playing=True, error=None)
        worker.order(lambda: None)

    def _pause(self, document: Document) -> None:
        self.session.worker.playing = False
        self.session.tell(playing=False)
        self.session.worker.order(lambda: None)  # sends the last round at once

    def _step(self, document: Document) -> None:
        self.session.order(self.session.stage.step)

    def _speed(self, document: Document) -> None:
        """``speed``: one of SPEEDS."""
        speed = int(document["speed"])
        self.session.worker.interval = SPEEDS[speed]
        self.session.tell(speed=speed)

    def _scenario(self, document: Document) -> None:
        """``name``: a scenario of the opening, set up at once; ``play``: whether to play it."""
        choice = self.session.opening.choose(str(document["name"]))
        self._set_up(choice, bool(document.get("play")))

    def _set(self, document: Document) -> None:
        """``path``, ``value``: what a field says now."""
        self.choice = replace(self.choice, settings={**self.choice.settings, str(document["path"]): document["value"]})
        self._tell_fields()

    def _seed(self, document: Document) -> None:
        self.choice = replace(self.choice, seed=str(document["seed"]))
        self._tell_fields()

    def _undo(self, document: Document) -> None:
        """Let the fields say again what is played."""
        shown = self.session.stage.shown
        assert shown is not None
        self.choice = shown.choice
        self.session.tell(error=None)
        self._tell_fields()

    def _begin(self, document: Document) -> None:
        """Play with what the fields say, from the start."""
        self._set_up(self.choice, play=True)

    def _again(self, document: Document) -> None:
        """The same run from the start."""
        shown = self.session.stage.shown
        assert shown is not None
        self._set_up(shown.choice, play=False)

    def _resume(self, document: Document) -> None:
        """``round``: go on live from there."""
        round = int(document["round"])
        self.session.interrupted.set()
        self.session.order(lambda: self.session.stage.resume(round))

    def _stop(self, document: Document) -> None:
        """Leave off what takes long now."""
        self.session.interrupted.set()

    def _set_up(self, choice: Choice, play: bool) -> None:
        session = self.session
        session.worker.playing = False
        session.interrupted.set()

        def done() -> None:
            session.tell(busy="Setting up")
            session.stage.set_up(choice)
            session.until = None
            session.worker.playing = play

        session.order(done)

    def _tell_fields(self) -> None:
        self.session.send(fields_document(self.session, self.choice))


def fields_document(session: Host, choice: Choice) -> dict[str, Any]:
    """The fields as the browser shows them: scenario, seed, and settings by path, with those not played yet."""
    shown = session.stage.shown
    played = shown.choice if shown else choice
    own = settings_of(session.opening.scenarios[choice.scenario])
    changed = [path for path, value in choice.settings.items() if value != played.settings.get(path)]
    changed += ["seed"] * (choice.seed != played.seed)
    return {"kind": "fields", "scenario": choice.scenario, "scenarios": list(session.opening.scenarios),
            "seed": choice.seed, "settings": dict(choice.settings), "own": own, "changed": changed}  # fmt: skip
