"""Sweeps and stored runs that are opened: a folder is read again when it changes, and a run of it is played again."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.figures.browser.notes.numbers import figure
from commonweal.figures.browser.swept.point_documents import point_document
from commonweal.figures.browser.swept.sweep_cells import View, atlas_of, view_after
from commonweal.figures.browser.swept.sweep_documents import sweep_document
from commonweal.figures.browser.tab.topic import Document, Host, Order, Topic
from commonweal.scenarios.reading.continuing import more_seeds
from commonweal.scenarios.reading.one_run import find_run
from commonweal.scenarios.reading.replaying import StoredRun, stored_run
from commonweal.scenarios.reading.survey import Survey, stamp, survey

_PATIENCE = 3.0  # seconds between two looks at a folder whose sweep may be running
_REST = 20.0  # times as long as reading took, before it is read again



class Sweeping(Topic):
    """The folder of results that a tab has open.

    It reads in a thread of its own, so that a run goes on while a large sweep is read.
    """

    def __init__(self, session: Host) -> None:
        super().__init__(session)
        self._folders = session.opening.folders
        self._name = session.opening.results  # of the folder that is open; "" for none
        self._view = View()
        self._survey: Survey | None = None
        self._stamp: Any = None
        self._more: dict[str, Any] | None = None  # how to play more seeds
        self._due = 0.0
        self._changes: deque[Mapping[str, Any]] = deque()  # of the view, not made yet
        self._tasks: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._turned = not (self._name and session.opening.stored is None)

    def orders(self) -> Mapping[str, Order]:
        """See the module."""
        return {"folders": self._list, "sweep": self._look, "open": self._open}

    def greeted(self) -> None:
        """Tell of the folder that the server was started with, in its view."""
        if not self._turned:
            self.session.send({"kind": "turn", "view": "sweeps"})
            self._turned = True
        if self._name:
            self._begin(self._tell)

    def close(self) -> None:
        """End the thread."""
        self._tasks.put(None)

    # Orders

    def _list(self, document: Document) -> None:
        """The folders that can be opened."""
        self._begin(lambda: self.session.send(self._folders.document()))

    def _look(self, document: Document) -> None:
        """``folder``: another one to open, by its name in the list; else what to look at, as ``View`` has it."""
        if "folder" in document:
            name = str(document["folder"])
            self._begin(lambda: self._turn_to(name))
            return
        self._changes.append(dict(document))
        self._begin(self._change)

    def _open(self, document: Document) -> None:
        """``run``: of the folder that is open, by its whole number; played again, to look at and go on from."""
        number = str(document["run"])
        self._begin(lambda: self._replay(number))

    # The thread of this topic

    def _begin(self, task: Callable[[], None]) -> None:
        if self._thread is None:
            self._thread = Thread(target=self._work, name="commonweal sweeps", daemon=True)
            self._thread.start()
        self._tasks.put(task)

    def _work(self) -> None:
        while True:
            try:
                task = self._tasks.get(timeout=_PATIENCE if self._name else None)
            except Empty:
                task = self._look_again
            if task is None:
                return
            try:
                task()
            except Exception as error:
                self.session.say(error)

    def _turn_to(self, name: str) -> None:
        self._folders.find(name)  # before anything is forgotten
        self._name, self._view, self._survey, self._stamp = name, View(), None, None
        self._tell()

    def _change(self) -> None:
        """Make all changes that were asked for by now, and tell of them once."""
        if not self._changes:
            return
        while self._changes:
            self._view = view_after(self._view, self._changes.popleft())
        self._tell()

    def _look_again(self) -> None:
        """Read the folder again where something was stored since, unless that took long just now."""
        if monotonic() > self._due and stamp(self._folders.find(self._name)) != self._stamp:
            self._tell()

    def _tell(self) -> None:
        """Send what is looked at, of the folder as it is now."""
        atlas = atlas_of(self._read(), self._view)
        if atlas.names:
            self._view = atlas.view  # what was chosen stays chosen while a sweep goes on
        place = self._folders.place(self._name)
        document = sweep_document(atlas, place)
        names = self._folders.names()
        others = {"name": "Folder", "field": "folder", "chosen": names.index(self._name) if self._name in names else 0,
                  "options": [{"name": self._folders.place(name), "value": name} for name in names]}  # fmt: skip
        self.session.send({**document, "choices": [*document["choices"], others], "more": self._more})
        point = point_document(atlas)
        if point is not None:
            self.session.send(point)

    def _read(self) -> Survey:
        folder = self._folders.find(self._name)
        now = stamp(folder)
        if self._survey is None or now != self._stamp:
            began = monotonic()
            self._survey, self._stamp = survey(folder), now
            more = more_seeds(self._survey, self._folders.place(self._name))
            self._more = None if more is None else {**more, "told": _told(more["seeds"], more["seconds"])}
            self._due = monotonic() + _REST * (monotonic() - began)
        return self._survey

    def _replay(self, number: str) -> None:
        found = self._read()
        if found.stored is None:
            raise InputError(f"{found.folder}: no run is finished yet")
        stored = stored_run(found, find_run(found.runs, number))
        self.session.worker.playing = False
        self.session.interrupted.set()
        self.session.order(lambda: self._show(stored))

    def _show(self, stored: StoredRun) -> None:
        """Play a stored run again; its scenario can be chosen from now on. In the worker's thread."""
        session = self.session
        session.opening = session.stage.opening = replace(session.opening, stored=stored)
        session.stage.replay(stored)


def _told(seeds: int, seconds: float) -> str:
    """What more seeds take, in words."""
    took = f"{figure(seconds, 2)} s" if seconds < 100 else f"{figure(seconds / 60, 2)} minutes"
    return f"{seeds} more seeds at all points, about {took} on one core"
