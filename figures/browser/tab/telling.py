"""Telling: a sentence for every view, and the events of a run."""

from dataclasses import asdict

from commonweal.figures.browser.notes.events import events
from commonweal.figures.browser.notes.sentences import sentences
from commonweal.figures.browser.tab.topic import Topic


class Telling(Topic):
    """What happened, in words."""

    def begun(self) -> None:
        """A run is shown."""
        self.moved()

    def moved(self) -> None:
        """The run has gone on."""
        live = self.session.stage.live
        assert live is not None
        chronicle = live.chronicle
        told = sentences(chronicle, live.scenario.description, live.scenario.rounds)
        told = dict.fromkeys(("compare", "sweeps"), told["society"]) | told  # until those views say their own
        self.session.send({
            "kind": "told",
            "round": live.round,
            "sentences": {view: each._asdict() for view, each in told.items()},
            "events": [asdict(event) for event in events(chronicle)],
        })
