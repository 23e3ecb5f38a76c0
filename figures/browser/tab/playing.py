"""Playing: which economy is played, how fast, and how far."""

from collections.abc import Mapping
from dataclasses import replace

from commonweal.agents.errors import InputError
from commonweal.figures.browser.fields.fields import SEED, blamed, fields_document, in_words, labels_of, problems
from commonweal.figures.browser.fields.parameters import changed
from commonweal.figures.browser.fields.scenarios import known, scenarios_document
from commonweal.figures.browser.tab.opening import Choice
from commonweal.figures.browser.tab.topic import Document, Host, Order, Topic
from commonweal.scenarios.schema.scenario import Scenario

# Seconds between rounds, by rounds a second; 0 is as fast as it goes.
SPEEDS: Mapping[int, float] = {1: 1.0, 2: 0.5, 5: 0.2, 10: 0.1, 20: 0.05, 0: 0.0}


class Playing(Topic):
    """Play, pause, step; fields changed and played; going back and on."""

    choice: Choice  # what the fields say
    _wrong: Mapping[str, str] = {}  # what is wrong with that, by path of the field

    def __init__(self, session: Host) -> None:
        super().__init__(session)
        session.worker.interval = SPEEDS[session.state["speed"]]

    def orders(self) -> Mapping[str, Order]:
        """See the module."""
        return {"play": self._play, "pause": self._pause, "step": self._step, "speed": self._speed,
                "scenario": self._scenario, "set": self._set, "undo": self._undo, "begin": self._begin,
                "again": self._again, "resume": self._resume, "stop": self._stop}  # fmt: skip

    @property
    def base(self) -> Scenario:
        """The scenario that was chosen, as it is."""
        return self.session.opening.scenarios[self.choice.scenario]

    def greeted(self) -> None:
        """A browser has come."""
        self.session.tell(speeds=list(SPEEDS))

    def begins(self) -> None:
        """Another run is about to be shown: fields say what it was played with."""
        shown = self.session.stage.shown
        assert shown is not None
        self.choice, self._wrong = shown.choice, {}

    def begun(self) -> None:
        """Another run is shown: say what can be chosen, and what fields hold."""
        self._tell_scenarios()
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
        opening = self.session.opening
        choice = opening.choose(known(opening.scenarios, str(document["name"])))
        self._set_up(choice, bool(document.get("play")))

    def _set(self, document: Document) -> None:
        """``values``: what fields hold now, by path; or one ``path`` and ``value``. The seed's path is "seed"."""
        given = document.get("values") or {document["path"]: document["value"]}
        values = {str(path): value for path, value in given.items()}
        seed = str(values.pop(SEED, self.choice.seed))
        known_paths = labels_of(self.base)
        if unknown := next((path for path in values if path not in known_paths), None):
            raise InputError(f"{unknown[:60]} is not a field that can be set here")
        kept = {path: value for path, value in self.choice.settings.items() if path not in values}
        self.choice = replace(self.choice, settings=kept | values, seed=seed)  # what was set last comes last
        self._judge()
        self._tell_fields()

    def _undo(self, document: Document) -> None:
        """Let the fields say again what is played."""
        shown = self.session.stage.shown
        assert shown is not None
        self.choice, self._wrong = shown.choice, {}
        self.session.tell(error=None)
        self._tell_fields()

    def _begin(self, document: Document) -> None:
        """Play with what the fields say, from the start; the run that is shown stays where they say nothing allowed."""
        self._judge()
        self._tell_fields()
        if not self._wrong:
            self._set_up(self.choice, play=True)

    def _judge(self) -> None:
        """Find out what is wrong with what the fields hold, and say the first of it."""
        had = bool(self._wrong)
        self._wrong = problems(self.base, changed(self.base, self.choice.settings), self.choice.seed)
        if self._wrong or had:
            path, text = next(iter(self._wrong.items()), ("", ""))
            self.session.tell(error={"text": text, "field": path} if text else None)

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
            if self._attempt(choice):
                session.until = None
                session.worker.playing = play

        session.order(done)

    def _attempt(self, choice: Choice) -> bool:
        """Whether it could be set up; what could not is said at the field that it is about, and the old run stays."""
        base = self.session.opening.scenarios[choice.scenario]
        try:
            self.session.stage.set_up(choice)
        except InputError as error:
            path = blamed(str(error), base, changed(base, choice.settings))
            told = in_words(str(error), base)
            if choice.scenario == self.choice.scenario:
                self._wrong = {path: told}
                self._tell_fields()
            self.session.say(InputError(told), path)
            return False
        return True

    def _tell_scenarios(self) -> None:
        opening = self.session.opening
        opened = [opening.stored.name] if opening.stored else []
        opened += [opening.begin] if opening.own else []
        self.session.send(scenarios_document(opening.scenarios, self.choice.scenario, opened))

    def _tell_fields(self) -> None:
        shown = self.session.stage.shown
        assert shown is not None
        told = fields_document(shown.scenario, self.base, self.choice.settings, self._wrong,
                               (self.choice.seed, str(shown.seed)))  # fmt: skip
        self.session.send(told)
