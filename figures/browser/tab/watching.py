"""Watching a Mesa model from outside: what the drawing module gets of a cooperative, and of any model whose agents act.

A model to watch has agents with an ``action`` (a text or an enum member, of at most four kinds). Where they have
them, ``wealth`` (or ``samples``) is the size of their marks and ``reputation`` (0 to 1) their ring. The model reporters
of the model's data collector are its courses.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from enum import Enum
from typing import Any

import mesa
import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.economy.runs.cooperative import Cooperative
from commonweal.figures.browser.documents.layout import Layout, disc, places_document
from commonweal.figures.browser.documents.run_documents import frame, marks, setup_document
from commonweal.figures.browser.tab.cards import LOOKS
from commonweal.figures.browser.tab.live import Live

_INKS = ("delegate", "free-ride", "defect", "abstain")
_TOP = 65535
Send = Callable[..., None]


class Watch:
    """A model and the browser that shows it.

    Args:
        model: whose rounds are shown.
        names: of the measures to draw; those of the model's own panels where it has any, else all, if not given.
    """

    def __init__(self, model: mesa.Model, names: Sequence[str] | None = None) -> None:
        reader = Watched if isinstance(model, Cooperative) else Acting
        self._reader: Watched | Acting = reader(model, names)
        self._send: Send | None = None
        self._after = -1
        self._wish: Mapping[str, Any] | None = None  # what is looked at closely

    def connect(self, send: Send) -> None:
        """Take the way to a browser."""
        self._send = send

    def receive(self, document: Mapping[str, Any]) -> None:
        """Answer what the browser asks for."""
        if document.get("do") == "hello":
            self.begin()
        elif document.get("do") == "marks" and self._send is not None:
            told, buffers = self._reader.marks([int(round) for round in document["rounds"]])
            self._send(told, *buffers)
        elif document.get("do") == "rows" and self._send is not None:
            self._after = int(document["from"]) - 1
            self.update()
        elif document.get("do") in LOOKS:
            self._wish = document
            self._look_closely()

    def begin(self) -> None:
        """Send the model from its beginning."""
        if self._send is not None:
            self._send(self._reader.setup())
            self._after = -1
            self.update()

    def update(self) -> None:
        """Send what is new."""
        if self._send is None:
            return
        self._reader.look()
        if self._reader.round == self._after:
            return
        told, buffers = self._reader.frame(self._after)
        self._send(told, *buffers)
        self._after = self._reader.round
        if self._wish is not None and self._wish.get("round") is None:
            self._look_closely()

    def _look_closely(self) -> None:
        """Send a card, value rows or books of a cooperative; of other models there are none."""
        if self._wish is None or self._send is None or not isinstance(self._reader, Watched):
            return
        with suppress(InputError, ValueError, IndexError):  # what is wished is not there
            self._send(LOOKS[str(self._wish["do"])](self._reader.live, self._wish))


class Watched:
    """A cooperative, with all that our page knows of it."""

    def __init__(self, model: mesa.Model, names: Sequence[str] | None) -> None:
        assert isinstance(model, Cooperative)
        self.live, self._names = Live.watching(model), names

    @property
    def round(self) -> int:
        """Rounds played."""
        return self.live.round

    def look(self) -> None:
        """Nothing: the model tells of every round itself."""

    def setup(self) -> dict[str, Any]:
        """See ``setup_document``."""
        live = self.live
        document = setup_document(live.scenario, live.seed, live.model.world, live.glances, live.layout)
        if self._names is not None:
            document["panels"] = [panel for panel in document["panels"] if _shows(panel, self._names)]
        return {**document, "run": id(self.live.model), "ring": "reputation"}

    def frame(self, after: int) -> tuple[dict[str, Any], list[bytes]]:
        """See ``run_documents.frame``."""
        told, buffers = frame(self.live.chronicle, self.live.glances, after, "reputation")
        return {**told, "run": id(self.live.model)}, buffers

    def marks(self, rounds: Sequence[int]) -> tuple[dict[str, Any], list[bytes]]:
        """See ``run_documents.marks``."""
        told, buffers = marks(self.live.glances, rounds, "reputation")
        return {**told, "run": id(self.live.model)}, buffers


def _shows(panel: Mapping[str, Any], names: Sequence[str]) -> bool:
    return panel["id"] in names or any(line["measure"] in names for line in panel["lines"])


class Acting:
    """Any Mesa model whose agents have an ``action``."""

    def __init__(self, model: mesa.Model, names: Sequence[str] | None) -> None:
        self._model, self._names = model, names
        self._agents = sorted(model.agents, key=lambda agent: agent.unique_id)
        self._kinds: list[str] = []  # of action, in the order in which they were met
        self._rows: list[dict[str, float]] = []
        self._glances: dict[int, tuple[bytes, bytes, bytes]] = {}
        self._reported = tuple(self._reporters())
        self.look()

    @property
    def round(self) -> int:
        """Steps taken."""
        return int(self._model.steps)

    def look(self) -> None:
        """Note how everybody stands now."""
        if self.round in self._glances:
            return
        actions = np.array([self._code(agent.action) for agent in self._agents], dtype=np.uint8)
        rings = np.clip(self._all("reputation", 1.0), 0, 1) * _TOP
        sizes = self._all("wealth", np.nan) if hasattr(self._agents[0], "wealth") else self._all("samples", 1.0)
        self._glances[self.round] = actions.tobytes(), sizes.astype("<f4").tobytes(), rings.astype("<u2").tobytes()
        if self.round:
            shares = {f"share_{kind}": float((actions == code).mean()) for code, kind in enumerate(self._kinds)}
            reporters = self._reporters()
            told = {name: float(reporters[name][-1]) for name in self._reported if reporters.get(name)}
            self._rows += [{} for _ in range(self.round - 1 - len(self._rows))]  # steps that were not looked at
            self._rows.append(shares | told)

    def setup(self) -> dict[str, Any]:
        """What ``setup_document`` says, of what such a model has."""
        names = [name for name in self._reported if self._names is None or name in self._names]
        actions = [{"code": code, "name": kind, "does": f"{kind}s", "ink": _INKS[code % 4], "measure": f"share_{kind}"}
                   for code, kind in enumerate(self._kinds)]  # fmt: skip
        shares = {"id": "actions", "title": "what agents do, share", "low": 0.0, "high": 1.0, "percent": True,
                  "lines": [{"measure": each["measure"], "name": each["name"], "ink": each["ink"]} for each in actions]}
        panels, count = [_panel(name) for name in names], len(self._agents)
        return {
            "kind": "setup", "run": id(self._model), "name": type(self._model).__name__, "question": "", "seed": 0,
            "rounds": 0, "principals": count, "actions": actions, "size": {"name": "wealth", "unit": ""},
            "rings": ["reputation"], "ring": "reputation", "sized": True,
            "places": places_document(Layout(count, positions=disc(count))),
            "measures": [*(each["measure"] for each in actions), *names], "panels": [shares, *panels],
            "views": [],
        }  # fmt: skip

    def frame(self, after: int) -> tuple[dict[str, Any], list[bytes]]:
        """See ``run_documents.frame``."""
        measures = self.setup()["measures"]
        begin = max(after + 1, 1)
        new = [[row.get(name, np.nan) for name in measures] for row in self._rows[begin - 1 :]]
        told = {"kind": "frame", "run": id(self._model), "round": self.round, "first": begin, "rounds": len(new),
                "marks": [self.round]}  # fmt: skip
        return told, [np.array(new, dtype="<f4").tobytes(), b"".join(self._glances[self.round])]

    def marks(self, rounds: Sequence[int]) -> tuple[dict[str, Any], list[bytes]]:
        """See ``run_documents.marks``."""
        known = [round for round in rounds if round in self._glances]
        told = {"kind": "marks", "run": id(self._model), "marks": known, "ring": "reputation"}
        return told, [b"".join(part for round in known for part in self._glances[round])]

    def _code(self, action: Any) -> int:
        """Place of an action among those met, at most four."""
        kind = (action.name if isinstance(action, Enum) else str(action)).lower().replace("_", "-")
        if kind not in self._kinds:
            self._kinds.append(kind)
        return self._kinds.index(kind)

    def _all(self, name: str, otherwise: float) -> Floats:
        return np.array([float(getattr(agent, name, otherwise)) for agent in self._agents])

    def _reporters(self) -> Mapping[str, Sequence[Any]]:
        collector = getattr(self._model, "datacollector", None)
        return collector.model_vars if collector is not None else {}


def _panel(name: str) -> dict[str, Any]:
    line = {"measure": name, "name": name, "ink": "rule-0"}
    return {"id": name, "title": name, "low": None, "high": None, "percent": False, "lines": [line]}
