"""Checkpoints: a long run goes on where it was stopped, to the same bits as without the stop.

One ``.npz`` file holds the arrays of the state, the states of all random generators, the notes taken so far, and the
scenario; never a pickle. What does not move (data, graph, network) is set up again from scenario and seed.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from commonweal.agents.documents import by_contents, differences, files_in, put_file
from commonweal.agents.errors import InputError
from commonweal.agents.population import Population
from commonweal.agents.registry import rules_from_elsewhere
from commonweal.agents.streams import Stream, Streams
from commonweal.economy.credit.alike import Seen
from commonweal.economy.credit.history import CreditHistory, Earned
from commonweal.economy.money.ledger import Ledger
from commonweal.economy.money.membership import Membership
from commonweal.economy.runs.archive import Packer, Tree, Unpacker, damaged, read_archive, write_archive
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.runs.results import Notebook, Results
from commonweal.economy.tasks.batch import Supply, Traversal
from commonweal.economy.world.world import State, World

_CLASSES = (State, Population, Supply, Traversal, CreditHistory, Earned, Ledger, Seen, Membership)
_MESA_OWN = {"model", "unique_id", "pos", "index"}  # attributes that every Mesa agent of ours has anyway


class Played(Protocol):
    """What can be kept: an ``Ensemble`` or a ``Cooperative``."""

    world: World
    state: State
    people: Population
    streams: Streams


def save(file: Path, played: Played, notebook: Notebook | None = None) -> None:
    """Keep where a run stands, whole or not at all. Call it between rounds.

    Args:
        file: to write; an older checkpoint there is replaced at once. One process may write a file at a time.
        played: the run.
        notebook: what has been noted so far, if anything.

    Raises:
        InputError: if the file cannot be written, or a principal's own attribute cannot be kept.
    """
    packer = Packer()
    document = {
        "origin": origin(played),
        "files": [{path: str(file) for path, file in files_in(each.model_dump())} for each in _scenarios(played)],
        "state": packer.pack(played.state, "state"),
        "people": packer.pack(played.people, "people"),
        "streams": _stream_states(played.streams),
        "notes": None if notebook is None else packer.pack(_notes(notebook), "notes"),
        "shell": packer.pack(_shell(played), "principals"),
    }
    write_archive(file, document, packer.arrays)


def restore(file: Path, played: Played, notebook: Notebook | None = None) -> None:
    """Let a run that was just set up continue from a checkpoint of the same run.

    Args:
        file: a checkpoint.
        played: the same scenarios and seeds, in any round.
        notebook: takes up the notes that were kept.

    Raises:
        InputError: if the file is missing, damaged, of another version or of another run; ``played`` is unchanged then.
    """
    document, arrays = read_archive(file)
    if difference := first_difference(document["origin"], origin(played)):
        raise InputError(f"{file}: is the checkpoint of another run ({difference}); remove it or name another file")
    if notebook is not None and document["notes"] is None:
        raise InputError(f"{file}: was kept without notes; the rounds before it are not known")
    classes = (*_CLASSES, *_classes_in(played.state.mechanisms))
    unpacker = Unpacker.of(arrays, classes, torch.device(played.world.terms.device))
    try:
        state, people = unpacker.unpack(document["state"]), unpacker.unpack(document["people"])
        notes = unpacker.unpack(document["notes"])
        shell, streams = unpacker.unpack(document["shell"]), _fresh_streams(document["streams"])
    except Exception as error:  # whatever does not fit together in a file that is not ours
        raise damaged(file, error) from None
    played.state, played.people, played.streams = state, people, streams
    _put_shell(played, shell)
    if notebook is not None:
        vars(notebook).update(notes)


def load(file: Path, read: Callable[[Mapping[str, Any]], Any]) -> Ensemble:
    """The ensemble of a checkpoint, where it stands.

    Args:
        file: a checkpoint.
        read: makes a scenario of its document (``scenarios.schema.validation.validate``); this package knows no schema.

    Raises:
        InputError: if the file is missing, damaged or of another version.
    """
    told = read_origin(file)
    ensemble = Ensemble([read(document) for document in told["scenarios"]], told["seeds"])
    restore(file, ensemble)
    return ensemble


def play_on(
    ensemble: Ensemble,
    file: Path,
    every: int,
    on_round: Callable[[], None] | None = None,
) -> Results:
    """Play all rounds of the scenario, keeping a checkpoint; where there is one of the same run, go on from there.

    Args:
        ensemble: set up anew.
        file: the checkpoint; it stays there when the last round is played.
        every: rounds between checkpoints.
        on_round: called after every round, also once for each that was played before.

    Returns:
        The frames of all rounds, the same as those of ``ensemble.run()``.

    Raises:
        InputError: if ``every`` is below 1, or the checkpoint is of another run or cannot be read or written.
    """
    if every < 1:
        raise InputError(f"rounds between checkpoints = {every}: must be at least 1")
    rounds, tell = ensemble.world.terms.rounds, on_round or (lambda: None)
    notebook = Notebook(ensemble.world, ensemble.opening, rounds, ensemble.keep_ledger)
    if file.exists():
        restore(file, ensemble, notebook)
    for _ in range(ensemble.state.round):
        tell()
    while ensemble.state.round < rounds:
        before = ensemble.state
        notebook.note(ensemble.step(), before, ensemble.state, ensemble.people)
        tell()
        if ensemble.state.round % every == 0:
            save(file, ensemble, notebook)
    return notebook.results(ensemble.state, ensemble.people)


def _classes_in(value: Any) -> tuple[type, ...]:
    """The dataclasses that mechanisms' states are made of."""
    if isinstance(value, Mapping):
        return tuple(kind for part in value.values() for kind in _classes_in(part))
    if not is_dataclass(value):
        return ()
    return (type(value), *(kind for part in vars(value).values() for kind in _classes_in(part)))


def origin(played: Played) -> dict[str, Any]:
    """What a run is set up from, as JSON: scenarios by what their files say, seeds, and rules from elsewhere."""
    seeds = [played.run_seed] if _alone(played) else played.seeds  # type: ignore[attr-defined]
    tables = [scenario.model_dump(exclude_none=True) for scenario in _scenarios(played)]
    rules = {rule: source for table in tables for rule, source in rules_from_elsewhere(table).items()}
    documents = json.loads(json.dumps([by_contents(table) for table in tables], default=str))
    return {"scenarios": documents, "seeds": [int(seed) for seed in seeds], "rules": rules}


def _alone(played: Played) -> bool:
    """Whether it is a Cooperative and no ensemble."""
    return hasattr(played, "run_seed")


def _scenarios(played: Played) -> Sequence[Any]:
    return [played.economy] if _alone(played) else played.scenarios  # type: ignore[attr-defined]


def read_origin(file: Path) -> dict[str, Any]:
    """Scenarios and seeds of a checkpoint; files that scenarios name are where they were.

    Raises:
        InputError: if the file is missing, damaged or of another version.
    """
    document = read_archive(file)[0]
    told: dict[str, Any] = document["origin"]
    for scenario, files in zip(told["scenarios"], document["files"], strict=True):
        for path, place in files.items():
            put_file(scenario, path, place)
    return told


def first_difference(kept: Any, given: Any) -> str:
    """Where two JSON documents first differ, in words; "" if nowhere."""
    found = differences(kept, given)
    return next((f"{path.removeprefix('scenarios[0].')} is {a!r} there and {b!r} here" for path, a, b in found), "")


def _stream_states(streams: Streams) -> dict[str, list[Any]]:
    named = {part.name: getattr(streams, part.name) for part in fields(streams)}
    return {name: [g.bit_generator.state for g in stream.generators] for name, stream in named.items()}


def _fresh_streams(states: Mapping[str, list[Any]]) -> Streams:
    return Streams(**{name: Stream(tuple(map(_generator, runs))) for name, runs in states.items()})


def _generator(state: Mapping[str, Any]) -> np.random.Generator:
    generator = np.random.default_rng(0)  # every stream is numpy's default kind
    generator.bit_generator.state = state  # refuses that of another kind
    return generator


def _notes(notebook: Notebook) -> dict[str, Any]:
    """All that a notebook has written, whatever its columns: everything but the world, which is set up again."""
    return {name: value for name, value in vars(notebook).items() if not isinstance(value, World)}


def _shell(played: Any) -> dict[str, Any] | None:
    """What a Cooperative has beyond an ensemble: Mesa's own generators and what principals of one's own remember."""
    if not hasattr(played, "run_seed"):
        return None
    own = [{k: v for k, v in vars(p).items() if k not in _MESA_OWN} for p in played.principals]
    return {
        "random": played.random.getstate(),
        "rng": played.rng.bit_generator.state,
        "metrics": played.metrics,
        "principals": tuple(own),
    }


def _put_shell(played: Any, shell: Tree) -> None:
    if shell is None or not hasattr(played, "run_seed"):
        return
    played.random.setstate(shell["random"])
    played.rng.bit_generator.state = shell["rng"]
    played.metrics = shell["metrics"]
    if hasattr(played, "steps"):  # Mesa 4 has its clock alone, which counts from where the model was made
        played.steps = played.state.round
    for principal, own in zip(played.principals, shell["principals"], strict=True):
        vars(principal).update(own)
