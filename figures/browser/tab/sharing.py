"""Sharing: a link and a command that play the same run, its transfers, and the run as one file."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

from commonweal.figures.browser.documents.html_file import html_file
from commonweal.figures.browser.fields.parameters import Settings, changed, typed
from commonweal.figures.browser.notes.shown import pays_money
from commonweal.figures.browser.notes.tables import ledger_csv
from commonweal.figures.browser.tab.opening import Choice, Opening
from commonweal.figures.browser.tab.topic import Document, Order, Topic
from commonweal.scenarios.schema.notation import write_value


class Sharing(Topic):
    """What can be taken away from the page."""

    def orders(self) -> Mapping[str, Order]:
        """See the module."""
        return {"share": self._share, "link": self._link, "file": self._file, "transfers": self._transfers}

    def _share(self, document: Document) -> None:
        self.session.worker.order(self._tell)

    def _link(self, document: Document) -> None:
        """``scenario``, ``seed``, ``settings``, ``round``: play that run up to the round."""
        opening = self.session.opening
        choice = opening.choose(str(document["scenario"]), str(document["seed"]))
        choice = Choice(choice.scenario, {**choice.settings, **document["settings"]}, choice.seed)
        self.session.interrupted.set()
        self.session.order(lambda: self.session.stage.set_up(choice, int(document["round"])))

    def _file(self, document: Document) -> None:
        self.session.worker.order(self._send_file)

    def _transfers(self, document: Document) -> None:
        self.session.worker.order(self._send_transfers)

    # The worker's thread

    def _tell(self) -> None:
        live, shown = self.session.stage.live, self.session.stage.shown
        if live is None or shown is None:
            return
        document: dict[str, Any] = {"kind": "share", "ledger": pays_money(live.model.world)}
        if not shown.stored:
            document |= {"link": link_parts(self.session.opening, shown.choice),
                         "command": command(self.session.opening, shown.choice, live.round)}  # fmt: skip
        self.session.send(document)

    def _send_file(self) -> None:
        live, shown = self.session.stage.live, self.session.stage.shown
        if live is None or shown is None:
            return
        session = self.session
        name = shown.stored or f"{live.scenario.name}, seed {live.seed}"
        state = {**session.state, "playing": False, "stored": {"name": name, "agreement": shown.agreement}}
        told = [session.sent[kind] for kind in ("told",) if kind in session.sent]
        text = html_file(session.sent["setup"], [state, *told], live.chronicle, live.glances, session.ring)
        file = f"{live.scenario.name}-{live.seed}.html"
        session.send({"kind": "file", "name": file, "text": text, "type": "text/html"})

    def _send_transfers(self) -> None:
        live = self.session.stage.live
        if live is not None:
            text = ledger_csv(live.chronicle)
            self.session.send({"kind": "file", "name": "ledger.csv", "text": text, "type": "text/csv"})


def changes(opening: Opening, choice: Choice) -> Settings:
    """The settings in which a choice differs from its scenario, typed as their fields want them."""
    found = changed(opening.scenarios[choice.scenario], choice.settings)
    return {path: typed(path, value) for path, value in found.items()}


def link_parts(opening: Opening, choice: Choice) -> dict[str, str]:
    """What the fragment of a link says: scenario, seed, and each changed field as JSON under ``set.`` and its path."""
    settings = {f"set.{path}": json.dumps(value) for path, value in changes(opening, choice).items()}
    return {"scenario": choice.scenario, "seed": choice.seed, **settings}


def command(opening: Opening, choice: Choice, rounds: int) -> str:
    """The command line that plays the same run."""
    words = ["commonweal", "run", choice.scenario, "--seeds", f"{choice.seed},", "--rounds", str(max(rounds, 1))]
    for path, value in changes(opening, choice).items():
        words += ["--set", f"{path}={value if isinstance(value, str) else write_value(value)}"]
    return shlex.join(words)
