"""Telling: a sentence for every view, and the events of a run."""

from dataclasses import asdict

from commonweal.figures.browser.notes.events import events
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
        row = chronicle.row(live.round)
        sentence = f"{row['share_delegate']:.0%} delegate." if row else live.scenario.description
        told = {"sentence": sentence, "context": live.scenario.description}
        self.session.send({
            "kind": "told",
            "round": live.round,
            "sentences": dict.fromkeys(("society", "dynamics", "values", "ledger", "compare", "sweeps"), told),
            "events": [asdict(event) for event in events(chronicle)],
        })
