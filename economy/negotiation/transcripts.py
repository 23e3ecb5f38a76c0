"""Transcripts: what was asked and answered, one JSON object a line, and a negotiator that repeats them."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.agents.files import refusals
from commonweal.economy.negotiation.endpoint import EndpointError
from commonweal.economy.negotiation.talks import Move, Situation, negotiator
from commonweal.economy.negotiation.wording import as_document, read_move, told_to

TRANSCRIPT = "COMMONWEAL_NEGOTIATOR_TRANSCRIPT"


@dataclass
class Transcript:
    """Lines as they come; they are also appended to a file, if there is one."""

    file: Path | None = None
    lines: list[dict[str, Any]] = field(default_factory=list)

    def note(self, situation: Situation, move: Move, said: Sequence[Move], source: str, problem: str = "") -> None:
        """Record one move.

        Args:
            situation: what it is about.
            move: what was said.
            said: before it.
            source: who said it: endpoint or fallback.
            problem: why the endpoint did not.

        Raises:
            InputError: if the file cannot be written.
        """
        told = told_to(situation, move.party, said)
        line = {"asked": fingerprint(told), "told": told, "answer": as_document(move)}
        self.lines.append(line | {"source": source, "problem": problem})
        if self.file is not None:
            with refusals(self.file), self.file.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(self.lines[-1], ensure_ascii=False) + "\n")


def fingerprint(told: Mapping[str, Any]) -> str:
    """What a line of a transcript is found by: the same question, the same text."""
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class ReplayedNegotiator:
    """Says what was said before: the same question gets the same answer."""

    answers: Mapping[str, str]  # by fingerprint

    @classmethod
    def from_file(cls, file: Path) -> "ReplayedNegotiator":
        """The answers of a transcript.

        Raises:
            InputError: if it cannot be read or is not one.
        """
        try:
            lines = [json.loads(line) for line in file.read_text(encoding="utf-8-sig").splitlines()]
            return cls({str(line["asked"]): json.dumps(line["answer"]) for line in lines})
        except OSError as error:
            raise InputError(f"{file}: cannot be read: {error.strerror}") from None
        except (ValueError, KeyError, TypeError, RecursionError):
            raise InputError(f"{file}: is not a transcript of negotiations") from None

    def move(self, situation: Situation, party: int, said: Sequence[Move]) -> Move:
        """The move recorded for this very question.

        Raises:
            InputError: if there is none, or it is not allowed.
        """
        where = f"the transcript's answer of {situation.parties[party]} about {situation.task!r}"
        recorded = self.answers.get(fingerprint(told_to(situation, party, said)))
        if recorded is None:
            raise InputError(f"{where} is missing: it must be of the same scenario and seeds")
        try:
            return read_move(recorded, situation, party, said)
        except EndpointError as error:
            raise InputError(f"{where}: {error}") from None


@negotiator("replay", reads=TRANSCRIPT)
def replay_from_environment() -> ReplayedNegotiator:
    """Repeats the transcript that the environment names."""
    if not os.environ.get(TRANSCRIPT):
        raise InputError(f"{TRANSCRIPT} is missing: must be the file of a transcript")
    return ReplayedNegotiator.from_file(Path(os.environ[TRANSCRIPT]))
