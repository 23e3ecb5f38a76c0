"""What is looked at closely: the card of a principal with both its futures, value rows and the ledger.

The newest wish is kept, and told again as the run goes on; an earlier round stays as it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from threading import Thread
from typing import Any

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.economy.round.set_up import Economy
from commonweal.economy.world.replicas import pick_streams
from commonweal.figures.browser.documents.cards import card_document
from commonweal.figures.browser.documents.ledger import ledger_document
from commonweal.figures.browser.documents.value_map import axes_from
from commonweal.figures.browser.documents.values import values_document
from commonweal.figures.browser.tab.live import Live
from commonweal.figures.browser.tab.topic import Document, Order, Topic
from commonweal.figures.browser.tab.what_if import FUTURES, ROUNDS, Question, answer_document, weigh

Draw = Callable[[Live, Document], dict[str, Any]]


class Cards(Topic):
    """Cards of principals, what they value, the ledger, and what would become of the run if one deviated."""

    _wish: Document | None = None  # the newest: what is looked at now

    def orders(self) -> Mapping[str, Order]:
        """See the module."""
        return dict.fromkeys(LOOKS, self._look) | {"ask": self._ask}

    def moved(self) -> None:
        """The run has gone on: tell again what follows the newest round."""
        if self._wish is not None and self._wish.get("round") is None:
            self._tell(self._wish)

    def begun(self) -> None:
        """Another run is shown, of which nobody has been chosen yet."""
        self._wish = None

    def _look(self, document: Document) -> None:
        """``do``: card, values or ledger; ``round``: which, the newest if null; what else each ``_…_of`` takes."""
        self.session.worker.order(partial(self._take, document))

    def _take(self, wish: Document) -> None:
        """Keep it, in the worker's thread: a wish that comes while another run is being shown is one of that run."""
        self._wish = wish
        self._tell(wish)

    def _tell(self, wish: Document) -> None:
        live = self.session.stage.live
        if live is not None:
            try:
                self.session.send(LOOKS[str(wish["do"])](live, wish))
            except (InputError, ValueError, IndexError) as error:
                self._wish = None
                self.session.say(error)

    def _ask(self, document: Document) -> None:
        """``principal``, and the ``action`` or ``line`` of the menu that it takes in every round from now on."""
        action, line = document.get("action"), document.get("line")
        question = Question(int(document["principal"]), None if action is None else Action(int(action)),
                            None if line is None else int(line))
        about = {"kind": "answer", "principal": question.principal, "action": question.action, "line": question.line}
        self.session.send({**about, "busy": f"Playing both futures, {FUTURES} times {ROUNDS} rounds"})

        def begin() -> None:
            live = self.session.stage.live
            assert live is not None
            streams = pick_streams(live.model.streams, np.zeros(1, dtype=np.int64))
            economy = replace(live.model.snapshot, streams=streams)
            Thread(target=self._weigh, args=(live, economy, question, about), daemon=True,
                   name="commonweal what-if").start()

        self.session.worker.order(begin)

    def _weigh(self, live: Live, economy: Economy, question: Question, about: Document) -> None:
        """In a thread of its own, so that the page goes on."""
        try:
            found = answer_document(weigh(economy, question), economy.world)
        except Exception as error:
            if not self.session.worker.closed:
                self.session.say(error)
            found = {**about, "busy": ""}
        if self.session.stage.live is live:  # else it is of a run that is no longer shown
            self.session.send(found)


def _card_of(live: Live, wish: Document) -> dict[str, Any]:
    """``principal``: whose.

    Raises:
        InputError: if there is none with that number.
    """
    principal = _principal(live, wish)
    if principal is None:
        raise InputError("principal: say which")
    return card_document(live.chronicle, principal, _round(wish), live.glances)


def _values_of(live: Live, wish: Document) -> dict[str, Any]:
    """``sort``: a key; ``principal``: who has a row in any case; ``axes``: of the map, no map if null."""
    axes = wish.get("axes")
    return values_document(live.chronicle, _round(wish), sort=str(wish.get("sort") or ""),
                           principal=_principal(live, wish), axes=None if axes is None else axes_from(str(axes)))


def _ledger_of(live: Live, wish: Document) -> dict[str, Any]:
    """``principal`` and ``stretch``, from and to: what to filter by, if any."""
    stretch = wish.get("stretch")
    rounds = None if stretch is None else (int(stretch["from"]), int(stretch["to"]))
    return ledger_document(live.chronicle, _round(wish), _principal(live, wish), rounds)


LOOKS: Mapping[str, Draw] = {"card": _card_of, "values": _values_of, "ledger": _ledger_of}


def _round(wish: Document) -> int | None:
    return None if wish.get("round") is None else int(wish["round"])


def _principal(live: Live, wish: Document) -> int | None:
    """The principal that was chosen.

    Raises:
        InputError: if there is none with that number.
    """
    if wish.get("principal") is None:
        return None
    principal, count = int(wish["principal"]), len(live.chronicle.newest.actions)
    if not 0 <= principal < count:
        raise InputError(f"principal = {principal}: must be below {count}")
    return principal
