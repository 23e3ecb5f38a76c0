"""Certificates as files: contents with their digest, and a chain of verdicts, each of which holds the digest before it.

A certificate is signed by its content: the digest is SHA-256 of the content as canonical JSON. The file is written in
one way only, so a change of any byte is noticed. A digest says that nothing was changed since, not that the content is
true; for that it is played again (``rerunning``).
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.agents.files import refusals, replacing
from commonweal.scenarios.studies.attacks.written import read_json, read_text

FORMAT = "commonweal certificate 1"
_PARTS = ("format", "content", "digest", "verdicts")


@dataclass(frozen=True)
class Verdict:
    """What an attempt to break a certificate came to."""

    content: Mapping[str, Any]  # its ``after`` is the digest of what stood before it
    digest: str


@dataclass(frozen=True)
class Certificate:
    """What was found about a scenario's rules, and what later attempts to break it came to."""

    content: Mapping[str, Any]
    digest: str
    verdicts: tuple[Verdict, ...] = ()

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> "Certificate":
        """A certificate without verdicts."""
        return cls(content, digest_of(content))

    @property
    def head(self) -> str:
        """The digest of what stands last: whoever knows it knows all that stands before."""
        return self.verdicts[-1].digest if self.verdicts else self.digest

    @property
    def stands(self) -> bool:
        """Whether no verdict says that it fell."""
        return not any(verdict.content["falls"] for verdict in self.verdicts)

    def with_verdict(self, found: Mapping[str, Any]) -> "Certificate":
        """The certificate with one more verdict, chained to what stands before it."""
        content = {"after": self.head, **found}
        return replace(self, verdicts=(*self.verdicts, Verdict(content, digest_of(content))))

    def text(self) -> str:
        """The file, in the only way in which it is written."""
        verdicts = [{"content": verdict.content, "digest": verdict.digest} for verdict in self.verdicts]
        return _written({"format": FORMAT, "content": self.content, "digest": self.digest, "verdicts": verdicts})


def digest_of(content: Mapping[str, Any]) -> str:
    """64 hexadecimal digits: SHA-256 of a content as JSON with sorted keys and no blanks."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def read_certificate(file: Path) -> Certificate:
    """The certificate in a file, if nothing was changed in it.

    Raises:
        InputError: if there is none, or a byte of it was changed; says what.
    """
    text, document = read_text(file), read_json(file)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise InputError(f"{file}: is no certificate of commonweal (format must be {FORMAT!r})")
    try:
        if tuple(document) != _PARTS or _written(document) != text:
            raise InputError(f"{file}: was changed: it is not written as certificates are")
        return _checked(file, document)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{file}: was changed: parts of a certificate are missing or of another type") from None


def write_certificate(certificate: Certificate, file: Path) -> None:
    """Write a certificate, whole or not at all.

    Raises:
        InputError: if it cannot be written.
    """
    with refusals(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        with replacing(file) as partial:
            partial.write_bytes(certificate.text().encode())


def append_verdict(file: Path, before: Certificate, found: Mapping[str, Any]) -> Certificate:
    """Append a verdict to the certificate in a file; verdicts that others appended meanwhile stay.

    Raises:
        InputError: if it holds another certificate by now, or cannot be written.
    """
    now = read_certificate(file)
    if now.digest != before.digest:
        raise InputError(f"{file}: holds another certificate than it did; the verdict is not appended")
    after = now.with_verdict(found)
    write_certificate(after, file)
    return after


def _checked(file: Path, document: Mapping[str, Any]) -> Certificate:
    """The certificate, if all digests are those of the contents and the chain holds."""
    if digest_of(document["content"]) != document["digest"]:
        raise InputError(f"{file}: was changed: its content has another digest than it says")
    certificate = Certificate(document["content"], document["digest"])
    for number, table in enumerate(document["verdicts"], start=1):
        verdict = Verdict(table["content"], table["digest"])
        if digest_of(verdict.content) != verdict.digest or len(table) != 2:
            raise InputError(f"{file}: was changed: verdict {number} has another digest than it says")
        if verdict.content["after"] != certificate.head or not isinstance(verdict.content["falls"], bool):
            raise InputError(f"{file}: was changed: verdict {number} does not follow what stands before it")
        certificate = replace(certificate, verdicts=(*certificate.verdicts, verdict))
    return certificate


def _written(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=1, allow_nan=False) + "\n"
