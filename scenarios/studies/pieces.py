"""Pieces: parts of a study that are played by themselves, in one process or several, and kept until the study is done.

What a piece gives follows from what it is asked alone. So one that lies in the study's folder is not played again, and
a study that was interrupted goes on to the same numbers.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from pydantic import BaseModel

from commonweal.agents.documents import by_contents
from commonweal.agents.errors import InputError
from commonweal.agents.files import fingerprint, sweep_up
from commonweal.agents.foreign_code import raised_in_foreign_code
from commonweal.agents.registry import plugin_modules, rules_from_elsewhere
from commonweal.agents.rule_files import import_modules
from commonweal.agents.threads import one_thread
from commonweal.scenarios.runs.progress import Progress, silent
from commonweal.scenarios.schema.notation import as_json
from commonweal.scenarios.sweeps.executors import engine_named
from commonweal.scenarios.sweeps.manifest import DECISIVE, code_version, locked
from commonweal.scenarios.sweeps.plan import Plan

SMALL = 30_000  # rounds of single runs, below which starting processes does not pay
_LOCK = ".lock"
DECIDING = (*DECISIVE, "scenarios")  # packages whose code decides what a piece gives

Tick = Callable[[int], None]  # told how many rounds of single runs were just played
Play = Callable[[Any, Tick], Any]


@dataclass(frozen=True)
class Piece:
    """A part of a study.

    What it gives is made of numbers, texts and arrays, of tuples, lists and dicts of them, and of the dataclasses that
    it names.
    """

    play: Play  # a function of a module: from what is asked to what it gives; told of rounds where they take long
    asked: Any  # everything that decides what it gives: scenarios, seeds, deviations, numbers
    rounds: int  # rounds of single runs that are played, for progress
    makes: tuple[type, ...] = ()  # dataclasses that what it gives is made of

    @property
    def identity(self) -> str:
        """What tells it apart from all others: the same question to the same code, wherever files lie."""
        asked = [self.play.__module__, self.play.__qualname__, plain(self.asked), code_version(DECIDING)]
        return fingerprint(json.dumps(asked, default=as_json).encode())


def plain(value: Any) -> Any:
    """What is asked of a piece, as JSON: equal exactly where it asks the same.

    Raises:
        TypeError: if there is something inside that cannot be told from others.
    """
    match value:
        case None | str() | bool() | int() | float() | np.generic():
            return value.name if isinstance(value, Enum) else value
        case np.ndarray():
            return [value.dtype.str, value.shape, fingerprint(np.ascontiguousarray(value).tobytes())]
        case BaseModel():
            document = value.model_dump()
            return [by_contents(document), rules_from_elsewhere(document)]
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case tuple() | list() | range():
            same: dict[int, Any] = {}  # a scenario of many runs is written out once
            return [same[id(item)] if id(item) in same else same.setdefault(id(item), plain(item)) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {type(value).__name__: {part.name: plain(getattr(value, part.name)) for part in fields(value)}}
    raise TypeError(f"a piece of a study is asked about a {type(value).__name__}, which cannot be told from others")


class Pieces:
    """Plays the pieces of a study, keeps them, and tells how far the study is.

    Args:
        title: of the study, for progress.
        folder: where pieces are kept; nowhere if None.
        tell: told the rounds of single runs that are done, of all that are known to come.
    """

    def __init__(self, title: str = "a study", folder: Path | None = None, tell: Progress = silent) -> None:
        self._folder, self._tell = folder, tell
        self._what = f"rounds of {title}"
        self._done = self._known = 0
        self._announced: tuple[str, ...] = ()
        self.weight = 1.0  # usual rounds that one of this study's takes, where they are dearer

    def expect(self, rounds: int, *, at_most: bool = False) -> None:
        """Say how many more rounds of single runs will be played.

        Args:
            rounds: that are known to come.
            at_most: whether there may be fewer.
        """
        self._known += rounds
        self._what += ", at most" * (at_most and not self._what.endswith(", at most"))

    def announce(self, line: str) -> None:
        """Say something of the whole study, beside how far it is."""
        self._announced = (line,)
        self._tell(self._what, self._done, self._known, line)

    def play(self, what: str, pieces: Sequence[Piece], workers: int | None = 1) -> list[Any]:
        """What pieces give, in their order; those that are kept are not played again.

        Args:
            what: they are, for progress.
            pieces: to play.
            workers: processes; as many as cores if None; 1 plays all in this process, which knows a notebook's rules.

        Raises:
            InputError: if one cannot be played or kept.
        """
        given = {number: found[0] for number, piece in enumerate(pieces) if (found := read(self._file(piece), piece))}
        left = {number: piece for number, piece in enumerate(pieces) if number not in given}
        part = _Part(what, len(pieces))
        self._begin(sum(piece.rounds for piece in pieces))
        self._advance(part, sum(pieces[number].rounds for number in given), len(given))
        single = workers == 1 or self.weight * sum(piece.rounds for piece in left.values()) < SMALL
        given |= self._here(left, part) if single else self._apart(left, part, workers)
        return [given[number] for number in range(len(pieces))]

    def _file(self, piece: Piece) -> Path | None:
        return None if self._folder is None else self._folder / f"{piece.identity}.npz"

    def _here(self, left: Mapping[int, Piece], part: "_Part") -> dict[int, Any]:
        """Play in this process."""
        given = {}
        for number, piece in left.items():
            told = 0

            def tick(rounds: int, most: int = piece.rounds) -> None:
                nonlocal told
                rounds = min(rounds, most - told)
                told += rounds
                self._advance(part, rounds)

            given[number] = played(piece, self._file(piece), tick)
            self._advance(part, piece.rounds - told, 1)
        return given

    def _apart(self, left: Mapping[int, Piece], part: "_Part", workers: int | None) -> dict[int, Any]:
        """Play in processes."""
        engine, plugins, given = engine_named("processes", workers, None), plugin_modules(), {}
        try:
            with engine.pool(engine.workers) as pool:
                futures = {
                    pool.submit(played_apart, piece, self._file(piece), plugins): number
                    for number, piece in left.items()
                }
                for future in as_completed(futures):
                    given[futures[future]] = future.result()
                    self._advance(part, left[futures[future]].rounds, 1)
        except BrokenExecutor:
            said = "a worker process died, as where memory is short; fewer workers need less"
            raise InputError(f"{part.what}: {said}") from None
        return given

    @contextmanager
    def place(self, plan: Plan) -> Iterator[Path]:
        """A folder for a sweep that is part of the study and continues as sweeps do."""
        if self._folder is not None:
            name = fingerprint(json.dumps([plan.contents(), plan.rules], default=as_json).encode())
            yield self._folder / f"sweep-{name}"
            return
        with TemporaryDirectory() as folder:
            yield Path(folder, "sweep")

    def share(self, what: str, rounds: int) -> Progress:
        """What to tell of a part that is played elsewhere.

        Args:
            what: it is.
            rounds: of single runs in it.
        """
        self._begin(rounds)
        before = self._done

        def told(_: str, done: int, of: int, *more: str) -> None:
            self._advance(_Part(what, of, done), before + rounds * done // max(1, of) - self._done)

        return told

    def _begin(self, rounds: int) -> None:
        self._known = max(self._known, self._done + rounds)

    def _advance(self, part: "_Part", rounds: int, finished: int = 0) -> None:
        part.done += finished
        self._done += rounds
        self._tell(self._what, self._done, self._known, f"{part.what}: {part.done} of {part.of}", *self._announced)


@dataclass
class _Part:
    """Pieces that are played one after another, for progress."""

    what: str
    of: int
    done: int = 0


@contextmanager
def keeping(folder: Path | None, title: str, tell: Progress) -> Iterator[Pieces]:
    """Pieces of a study that are kept in a folder, while the block runs; the folder remains if something lies in it.

    Raises:
        InputError: if another process plays there, or it cannot be written.
    """
    if folder is None:
        yield Pieces(title, None, tell)
        return
    try:
        with locked(folder):
            sweep_up(folder)
            yield Pieces(title, folder, tell)
    finally:
        if folder.is_dir() and not kept(folder):
            (folder / _LOCK).unlink(missing_ok=True)
            folder.rmdir()


def kept(folder: Path) -> bool:
    """Whether anything that was played lies in a folder."""
    return folder.is_dir() and any(entry.name != _LOCK for entry in folder.iterdir())


def played_apart(piece: Piece, file: Path | None, plugins: Sequence[str]) -> Any:
    """Play and keep a piece in a worker process, whose modules may have registered no rules yet."""
    import_modules(plugins)
    with one_thread():
        return played(piece, file, lambda rounds: None)


def played(piece: Piece, file: Path | None, tick: Tick) -> Any:
    """Play a piece, and keep what it gives in a file, if there is one; it is then as it will be read.

    Raises:
        InputError: if it cannot be played, or the file cannot be written.
    """
    from commonweal.economy.runs.archive import Packer, write_archive  # imports torch

    packer = Packer()
    try:
        given = piece.play(piece.asked, tick)
    except Exception as error:
        if (reason := raised_in_foreign_code(error)) is None:
            raise
        raise InputError(reason) from error  # a worker process takes no traceback along
    tree = packer.pack(given, "what a piece of a study gives")
    arrays = {name: np.array(values, order="C") for name, values in packer.arrays.items()}  # sums keep their order
    if file is not None:
        write_archive(file, {"given": tree}, arrays)
    return _made(piece, tree, arrays)


def read(file: Path | None, piece: Piece) -> tuple[Any] | None:
    """What a piece gives, if it is kept; a damaged file is removed."""
    from commonweal.economy.runs.archive import read_archive

    if file is None or not file.exists():
        return None
    try:
        document, arrays = read_archive(file)
        return (_made(piece, document["given"], arrays),)
    except Exception:  # each way in which a file may be damaged
        file.unlink(missing_ok=True)
        return None


def _made(piece: Piece, tree: Any, arrays: Mapping[str, Any]) -> Any:
    """What a tree and its arrays stand for."""
    import torch

    from commonweal.economy.runs.archive import Unpacker

    return Unpacker.of(arrays, piece.makes, torch.device("cpu")).unpack(tree)
