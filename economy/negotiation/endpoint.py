"""A chat endpoint of the OpenAI kind, asked over HTTP: a few attempts, a limit on time and size, and no redirects.

Standard library only. What it answers is text for somebody else to judge; the key goes nowhere but into the request.
"""

import json
import os
import re
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, TypeVar
from urllib.parse import SplitResult, urlsplit

from commonweal.agents.errors import InputError

URL, MODEL, KEY = (f"COMMONWEAL_NEGOTIATOR_{name}" for name in ("URL", "MODEL", "KEY"))

LARGEST_REPLY = 1 << 16  # bytes
LONGEST_WAIT = 10.0  # s before another attempt, whatever the endpoint asks for

T = TypeVar("T")


class EndpointError(Exception):
    """No usable answer; the text says why and never holds the key or what was answered."""

    def __init__(self, reason: str, *, passing: bool = True, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.passing, self.wait = passing, wait


@dataclass(frozen=True)
class Endpoint:
    """Where to ask, and how patiently.

    Raises:
        InputError: if the address or the key cannot be one.
    """

    url: str  # base address, to which /chat/completions is added
    model: str
    key: str = field(default="", repr=False)
    timeout: float = 30.0  # s for an attempt as a whole
    retries: int = 2  # attempts after the first
    backoff: float = 0.5  # s before the second attempt; twice as long before each further one
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def __post_init__(self) -> None:
        _address(self.url)
        if not self.model:
            raise InputError(f"{MODEL} is missing: must be the name of a model")
        if not re.fullmatch(r"[!-~]*", self.key):  # http.client would show it in its complaint
            raise InputError(f"{KEY}: must be printable ASCII without spaces")

    @classmethod
    def from_environment(cls) -> "Endpoint":
        """The endpoint that the environment names.

        Raises:
            InputError: if it names none, or one that cannot be.
        """
        if not os.environ.get(URL):
            raise InputError(f"{URL} is missing: must be the address of an OpenAI-compatible endpoint")
        return cls(os.environ[URL], os.environ.get(MODEL, ""), os.environ.get(KEY, ""))

    def ask(self, request: Mapping[str, Any], read: Callable[[str], T]) -> T:
        """Ask until an answer can be read, as often as allowed.

        Args:
            request: of a chat completion, less the model.
            read: makes something of the text answered; raises EndpointError where it cannot.

        Raises:
            EndpointError: why the last attempt failed.
        """
        body = json.dumps({"model": self.model} | dict(request)).encode()
        for attempt in range(self.retries + 1):
            try:
                return read(content(self._post(body)))
            except EndpointError as error:
                if not error.passing or attempt == self.retries:
                    raise
                self.sleep(min(max(self.backoff * 2**attempt, error.wait), LONGEST_WAIT))
        raise AssertionError("the last attempt answers or raises")

    def redacted(self, text: str) -> str:
        """The text without the key, should an answer have repeated it."""
        return text.replace(self.key, "[key]") if self.key else text

    def _post(self, body: bytes) -> bytes:
        """The answer to one request."""
        address = _address(self.url)
        kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
        connection = kind(address.hostname or "", address.port, timeout=self.timeout)
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Connection": "close"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        clock: threading.Timer | None = None
        try:
            connection.connect()
            # A socket's own limit starts anew with every byte; an answer that trickles would never meet it.
            clock = threading.Timer(self.timeout, _hang_up, [connection.sock])
            clock.daemon = True
            clock.start()
            connection.request("POST", address.path.rstrip("/") + "/chat/completions", body, headers)
            return _body(connection.getresponse())
        except (OSError, HTTPException, ValueError) as error:
            raise EndpointError(f"no answer ({type(error).__name__})") from None
        finally:
            if clock is not None:
                clock.cancel()
            connection.close()


def _address(url: str) -> SplitResult:
    """The parts of a base address.

    Raises:
        InputError: if it is not one of http or https, or holds a name and password, which it would show.
    """
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits or parts.username is not None or parts.query or parts.fragment or not re.fullmatch(r"[!-~]+", url):
        raise InputError(f"{URL}: must be an http or https address like https://host/v1, with no password and no query")
    return parts


def _hang_up(open_socket: socket.socket) -> None:
    with suppress(OSError):
        open_socket.shutdown(socket.SHUT_RDWR)


def _body(response: HTTPResponse) -> bytes:
    if response.status != 200:
        passing = response.status in (408, 409, 425, 429) or response.status >= 500
        wait = _seconds(response.getheader("Retry-After"))
        raise EndpointError(f"status {response.status}", passing=passing, wait=wait)
    body = response.read(LARGEST_REPLY + 1)
    if len(body) > LARGEST_REPLY:
        raise EndpointError(f"an answer of more than {LARGEST_REPLY} bytes")
    return body


def _seconds(text: str | None) -> float:
    return float(text) if text is not None and re.fullmatch(r"[0-9]{1,6}", text) else 0.0


def plain(text: str | bytes) -> Any:
    """What JSON text says.

    Raises:
        EndpointError: if it is not JSON; NaN and infinities are not.
    """
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise EndpointError("the answer is not JSON") from None


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def content(body: bytes) -> str:
    """The text of a chat completion's first choice.

    Raises:
        EndpointError: if there is none.
    """
    document = plain(body)
    try:
        text = document["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        raise EndpointError("the answer is no chat completion") from None
    if not isinstance(text, str):
        raise EndpointError("the answer has no text")
    return text
