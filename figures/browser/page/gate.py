"""The gate before Solara's application: who may speak with the page, and what it may be asked for.

A page of another site can have a browser send requests to this server, also under a name of its own that it lets point
here. So a request must name the address that is served, and what a page sends must come from a page of that address.
Browsers say where a page comes from whenever it opens a WebSocket or posts; what does not say so is refused as well.
Beyond this machine a token is demanded, and everywhere only the files and calls that the page needs are answered.
"""

import re
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from secrets import compare_digest
from typing import Any
from urllib.parse import unquote_plus

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

EXTENSIONS = ("jupyter-vue", "jupyter-vuetify")  # of the notebook, whose browser code the page uses

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?")
_NAME = r"[A-Za-z0-9_@-][A-Za-z0-9_@.+-]*"  # of a file or folder; cannot be "..", nor hidden, nor hold "%" or "\"
_ASSET = re.compile(rf"/_solara/cdn/((?:{_NAME}/)+{_NAME})")
_NEEDED = {
    "GET": re.compile(
        rf"/|/static/{_NAME}\.(?:js|css)|/static/assets/(?:{_NAME}/)*{_NAME}"
        rf"|/jupyter/nbextensions/(?:{'|'.join(EXTENSIONS)})/nodeps\.js|{_ASSET.pattern}"
    ),
    "POST": re.compile(r"/_solara/api/close/[A-Za-z0-9_-]+"),
    "websocket": re.compile(r"/jupyter/api/kernels/[A-Za-z0-9_-]+/channels"),
}
_PROXIES = (b"x-forwarded-", b"forwarded", b"script-name", b"x-script-name")  # would move all addresses of the page
_FIXED = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"same-origin"),  # with no-referrer the page's own posts would come from "null"
]
_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",  # Vue compiles templates in the browser
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' {socket} data: blob:",
        "worker-src 'self' blob:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)
_NO_TOKEN = "this page needs the token of the address that commonweal serve printed when it began: open that address"
# A cookie of this kind is not sent when a link of another site is followed, so a page of our own asks once more.
_ASK_AGAIN = '<!doctype html><title>No token</title><p>{}<script>location.replace("/?token=" + location.hash)</script>'


@dataclass(frozen=True)
class Place:
    """The address that is served.

    Attributes:
        names: and numbers of the server, in small letters, IPv6 without brackets.
        port: it listens on.
        any_number: whether every IP address counts as the server's. Other sites can let their names point here, but
            what a browser gets from a number comes from that number.
    """

    names: frozenset[str]
    port: int
    any_number: bool = False

    def has(self, host: str) -> bool:
        """Whether a ``Host`` header names it."""
        found = _name_and_port(host)
        if found is None or found[1] != self.port:
            return False
        return found[0] in self.names or (self.any_number and _is_number(found[0]))


def place(host: str, listener: socket.socket) -> Place:
    """What a listening socket may be called.

    Args:
        host: as it was asked for.
        listener: bound to it.
    """
    bound, port = listener.getsockname()[:2]
    number, names = ip_address(bound), {host.lower(), bound}
    if number.is_loopback or number.is_unspecified:
        names |= _LOOPBACK
    if number.is_unspecified:
        names.add(socket.gethostname().lower())
    return Place(frozenset(names), port, number.is_unspecified)


@dataclass(frozen=True)
class Answer:
    """What the gate answers itself."""

    status: int
    text: str = ""
    kind: str = "text/plain"
    headers: tuple[tuple[str, str], ...] = ()


class Gate:
    """An ASGI application that lets only those through to another one who belong.

    Args:
        application: behind the gate.
        place: where it is served.
        token: demanded of everybody, in the address or as a cookie; none if not given.
        assets: folder of the installed files beneath ``/_solara/cdn/``. What it lacks Solara would fetch from the
            network, and folders named there it would delete.
    """

    def __init__(self, application: Application, place: Place, token: str | None, assets: Path) -> None:
        self._application, self._place, self._token, self._assets = application, place, token, assets
        self._cookie = f"commonweal-token-{place.port}"  # browsers keep cookies by host, whatever the port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        if scope["type"] not in ("http", "websocket"):
            await self._application(scope, receive, send)
            return
        request = Request.read(scope, self._cookie)
        guarded = _with_headers(send, request.host if self._place.has(request.host) else "[]")
        answer = self._answer(request)
        if answer is None:
            await self._application(request.passed_on(scope), receive, guarded)
        else:
            await _reply(answer, scope, guarded)

    def _answer(self, request: "Request") -> Answer | None:
        if not self._place.has(request.host):
            return Answer(421, "this is not the address that is served: open the one that commonweal serve printed")
        if request.must_tell_origin and not request.is_of_own_page:
            return Answer(403, "only a page of this same address may ask this")
        if self._token is not None and not request.is_entitled(self._token):
            asks_again = request.path == "/" and not request.tokens
            return Answer(403, _ASK_AGAIN.format(_NO_TOKEN), "text/html") if asks_again else Answer(403, _NO_TOKEN)
        if request.tokens and request.path == "/":
            return self._without_token(request)
        return None if self._is_needed(request) else Answer(404, "there is nothing here")

    def _without_token(self, request: "Request") -> Answer:
        headers = [("location", f"/?{request.query}" if request.query else "/")]
        if self._token is not None:
            headers += [("set-cookie", f"{self._cookie}={self._token}; Path=/; HttpOnly; SameSite=Strict")]
        return Answer(303, headers=tuple(headers))

    def _is_needed(self, request: "Request") -> bool:
        needed = _NEEDED.get("GET" if request.method == "HEAD" else request.method)
        if needed is None or needed.fullmatch(request.path) is None:
            return False
        asset = _ASSET.fullmatch(request.path)
        return asset is None or (self._assets / asset[1]).is_file()


@dataclass(frozen=True)
class Request:
    """What the gate looks at.

    Attributes:
        method: of HTTP, or ``websocket``.
        path: without escapes.
        query: without tokens.
        tokens: of the query.
        host: the header; several are joined, and so are no address.
        origin: likewise.
        cookies: values of the gate's.
        headers: for the application: without the gate's cookies, and without those that proxies set.
    """

    method: str
    path: str
    query: str
    tokens: tuple[str, ...]
    host: str
    origin: str
    cookies: tuple[str, ...]
    headers: Headers

    @staticmethod
    def read(scope: Scope, cookie: str) -> "Request":
        """What a request says.

        Args:
            scope: of ASGI.
            cookie: name of the gate's.
        """
        parts = scope["query_string"].decode("latin-1").split("&")
        given = [part for part in parts if unquote_plus(part.partition("=")[0]) == "token"]
        request = Request(
            "websocket" if scope["type"] == "websocket" else scope["method"],
            scope["path"],
            "&".join(part for part in parts if part not in given),
            tuple(unquote_plus(part.partition("=")[2]) for part in given),
            _header(scope["headers"], b"host"),
            _header(scope["headers"], b"origin"),
            (),
            [pair for pair in scope["headers"] if not pair[0].lower().startswith(_PROXIES)],
        )
        return request._without_cookie(cookie)

    def _without_cookie(self, name: str) -> "Request":
        pairs = [pair.strip() for pair in _header(self.headers, b"cookie", "; ").split(";")]
        own = [pair for pair in pairs if pair.partition("=")[0] == name]
        others = "; ".join(pair for pair in pairs if pair and pair not in own)
        headers = [pair for pair in self.headers if pair[0].lower() != b"cookie"]
        headers += [(b"cookie", others.encode("latin-1"))] * bool(others)
        return replace(self, cookies=tuple(pair.partition("=")[2] for pair in own), headers=headers)

    @property
    def must_tell_origin(self) -> bool:
        """Whether it must come from a page of the address; other requests may come from nowhere, as typed ones do."""
        return bool(self.origin) or self.method not in ("GET", "HEAD")

    @property
    def is_of_own_page(self) -> bool:
        """Whether the page that sends it has the address that it is sent to."""
        scheme, _, sender = self.origin.partition("://")
        return scheme == "http" and _name_and_port(sender) == _name_and_port(self.host) is not None

    def is_entitled(self, token: str) -> bool:
        """Whether it brings the token."""
        return any(compare_digest(token.encode(), one.encode()) for one in (*self.tokens, *self.cookies))

    def passed_on(self, scope: Scope) -> Scope:
        """The scope for the application, which sees and so can log no token."""
        return {**scope, "query_string": self.query.encode("latin-1"), "headers": self.headers}


def _header(headers: Headers, name: bytes, between: str = ", ") -> str:
    return between.join(value.decode("latin-1") for key, value in headers if key.lower() == name)


def _name_and_port(host: str) -> tuple[str, int] | None:
    """The two parts of an address; numbers as they are usually written, so that they can be compared."""
    match = _HOST.fullmatch(host.lower())
    if match is None:
        return None
    name = match[1].strip("[]")
    with suppress(ValueError):
        name = str(ip_address(name))
    return name, int(match[2] or 80)


def _is_number(name: str) -> bool:
    with suppress(ValueError):
        return bool(ip_address(name))
    return False


def _with_headers(send: Send, host: str) -> Send:
    """Adds to each response what keeps a browser from using it elsewhere."""
    own = "" if host.startswith("[") else f"ws://{host}"  # policies know no IPv6; to most browsers it is 'self' anyway
    added = [*_FIXED, (b"content-security-policy", _POLICY.format(socket=own).encode("latin-1"))]

    async def guarded(message: Message) -> None:
        if message["type"].endswith("http.response.start"):
            message = {**message, "headers": [*message.get("headers", ()), *added]}
        await send(message)

    return guarded


async def _reply(answer: Answer, scope: Scope, send: Send) -> None:
    kind = "http.response"
    if scope["type"] == "websocket":
        if "websocket.http.response" not in (scope.get("extensions") or {}):
            await send({"type": "websocket.close", "code": 1008})  # the server makes a 403 of it
            return
        kind = "websocket.http.response"
    body = f"{answer.text}\n".encode() if answer.text else b""
    headers = {
        "content-type": f"{answer.kind}; charset=utf-8",
        "content-length": str(len(body)),
        "cache-control": "no-store",
        **dict(answer.headers),
    }
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": f"{kind}.start", "status": answer.status, "headers": encoded})
    await send({"type": f"{kind}.body", "body": body})
