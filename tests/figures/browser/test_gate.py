"""The gate before the page: who is let in, what is answered, what the application behind it gets to see."""

import asyncio
import re
import socket
from pathlib import Path
from typing import Any

import pytest

from commonweal.figures.browser.page.gate import Gate, Message, Place, Receive, Scope, Send, place

TOKEN = "tOkEn-1234_56789"
OWN = Place(frozenset({"127.0.0.1", "localhost", "::1"}), 8765)
OPEN = Place(frozenset({"0.0.0.0", "127.0.0.1", "localhost", "::1", "box"}), 8765, any_number=True)
SOCKET = "/jupyter/api/kernels/a-1/channels"
HERE = ("host", "127.0.0.1:8765")
FROM_HERE = ("origin", "http://127.0.0.1:8765")


class Reply:
    """What came back.

    Args:
        messages: the gate or the application sent.
        seen: scopes that the application got.
    """

    def __init__(self, messages: list[Message], seen: list[Scope]) -> None:
        self.seen = seen
        self.kind = messages[0]["type"]
        self.status = messages[0].get("status", 101 if self.kind == "websocket.accept" else 403)
        self.headers = {key.decode(): value.decode() for key, value in messages[0].get("headers", ())}
        self.text = b"".join(message.get("body", b"") for message in messages).decode()


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    """Installed files: one library, with a folder."""
    (tmp_path / "cdn" / "@vue@2.1" / "dist").mkdir(parents=True)
    (tmp_path / "cdn" / "@vue@2.1" / "dist" / "vue.js").write_text("1", encoding="utf-8")
    (tmp_path / "secret").write_text("2", encoding="utf-8")
    return tmp_path / "cdn"


def ask(
    assets: Path, path: str = "/", *headers: tuple[str, str], at: Place = OWN, token: str | None = None,
    method: str = "GET", query: str = "", extensions: bool = True,
) -> Reply:  # fmt: skip
    """One request through a gate; the method ``websocket`` opens a WebSocket."""
    seen: list[Scope] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-own", b"1")]})
        await send({"type": "http.response.body", "body": b"page"})

    scope: dict[str, Any] = {
        "type": "websocket" if method == "websocket" else "http", "path": path, "query_string": query.encode(),
        "headers": [(key.encode(), value.encode("latin-1")) for key, value in headers],
        "extensions": {"websocket.http.response": {}} if extensions else {},
    }  # fmt: skip
    if method != "websocket":
        scope["method"] = method
    messages: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("nothing is read")

    async def send(message: Message) -> None:
        messages.append(message)

    asyncio.run(Gate(application, at, token, assets)(scope, receive, send))
    return Reply(messages, seen)


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8765", 200), ("localhost:8765", 200), ("LocalHost:8765", 200), ("[::1]:8765", 200),
        ("[0:0:0:0:0:0:0:1]:8765", 200),
        ("evil.example", 421), ("evil.example:8765", 421), ("127.0.0.1", 421), ("127.0.0.1:80", 421),
        ("127.0.0.1:87650", 421), ("127.0.0.1:", 421), ("::1:8765", 421), ("localhost.evil.example:8765", 421),
        ("localhost.:8765", 421), ("localhost:8765@evil.example", 421), ("evil.example/127.0.0.1:8765", 421),
        ("0.0.0.0:8765", 421), ("192.168.1.4:8765", 421), ("[::ffff:127.0.0.1]:8765", 421), ("", 421), (" ", 421),
        ("127.0.0.1:8765, 127.0.0.1:8765", 421), ("l\xf6calhost:8765", 421), ("127.0.0.1:\xb2", 421),
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "websocket"])
def test_only_the_served_address_is_answered(host: str, status: int, method: str, assets: Path) -> None:
    path = {"GET": "/", "POST": "/_solara/api/close/a-1", "websocket": SOCKET}[method]
    reply = ask(assets, path, ("host", host), ("origin", f"http://{host}"), method=method)
    assert reply.status == (101 if method == "websocket" and status == 200 else status)
    assert len(reply.seen) == (status == 200)


def test_a_request_names_one_host(assets: Path) -> None:
    assert ask(assets, "/").status == 421
    assert ask(assets, "/", HERE, HERE).status == 421


def test_browsers_leave_the_usual_port_out(assets: Path) -> None:
    at = Place(OWN.names, 80)
    assert ask(assets, "/", ("host", "localhost"), at=at).status == 200
    assert ask(assets, "/", ("host", "localhost:80"), ("origin", "http://localhost"), at=at).status == 200
    assert ask(assets, "/", ("host", "localhost:8765"), at=at).status == 421


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("192.168.1.4:8765", 200), ("[fe80::1]:8765", 200), ("0.0.0.0:8765", 200), ("BOX:8765", 200),
        ("localhost:8765", 200), ("evil.example:8765", 421), ("box.evil.example:8765", 421), ("192.168.1.4:80", 421),
        ("1.2.3.4.evil.example:8765", 421), ("127.1:8765", 421), ("0x7f000001:8765", 421),
    ],
)  # fmt: skip
def test_where_all_numbers_are_served_no_name_is_but_the_machines(host: str, status: int, assets: Path) -> None:
    assert ask(assets, "/", ("host", host), at=OPEN).status == status


@pytest.mark.parametrize(
    ("host", "known", "unknown"),
    [
        ("127.0.0.1", ["127.0.0.1", "localhost", "[::1]"], ["192.168.1.4", "box"]),
        ("localhost", ["127.0.0.1", "localhost", "[::1]"], ["0.0.0.0"]),
        ("127.0.0.2", ["127.0.0.1", "127.0.0.2", "localhost"], ["127.0.0.3"]),
        ("0.0.0.0", ["0.0.0.0", "localhost", "10.1.2.3", "[fe80::1]", socket.gethostname()], ["evil.example"]),
    ],
)
def test_the_place_is_known_by_the_names_it_was_asked_for(host: str, known: list[str], unknown: list[str]) -> None:
    with socket.socket() as listener:
        listener.bind((host, 0))
        served = place(host, listener)
        port = listener.getsockname()[1]
    assert [name for name in [*known, *unknown] if served.has(f"{name}:{port}")] == known
    assert not any(served.has(f"{name}:{port + 1}") for name in known)


@pytest.mark.parametrize(
    ("host", "bound", "known", "unknown"),
    [
        ("192.168.1.4", "192.168.1.4", ["192.168.1.4"], ["localhost", "127.0.0.1", "192.168.1.5"]),
        ("Box.example", "192.168.1.4", ["box.example", "192.168.1.4"], ["box", "evil.example"]),
        ("fe80::1", "fe80::1%eth0", ["[fe80::1]"], ["[::1]"]),
    ],
)
def test_one_address_is_known_by_itself_and_its_name(
    host: str, bound: str, known: list[str], unknown: list[str]
) -> None:
    class Listener:
        def getsockname(self) -> tuple[str, int]:
            return bound, 8765

    served = place(host, Listener())  # type: ignore[arg-type]
    assert [name for name in [*known, *unknown] if served.has(f"{name}:8765")] == known


@pytest.mark.parametrize(
    ("origin", "own"),
    [
        ("http://127.0.0.1:8765", True), ("HTTP://127.0.0.1:8765", False), ("http://localhost:8765", False),
        ("https://127.0.0.1:8765", False), ("http://127.0.0.1", False), ("http://127.0.0.1:8766", False),
        ("http://evil.example", False), ("http://evil.example:8765", False), ("null", False), ("file://", False),
        ("http://127.0.0.1:8765.evil.example", False), ("http://127.0.0.1:8765/", False), ("127.0.0.1:8765", False),
        ("http://", False), ("http://127.0.0.1:8765 http://evil.example", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "websocket"])
def test_whatever_tells_where_it_comes_from_must_come_from_here(
    origin: str, own: bool, method: str, assets: Path
) -> None:
    path = {"GET": "/", "POST": "/_solara/api/close/a-1", "websocket": SOCKET}[method]
    reply = ask(assets, path, HERE, ("origin", origin), method=method)
    assert reply.status == (403 if not own else 101 if method == "websocket" else 200)
    assert len(reply.seen) == own


@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("HEAD", 200), ("POST", 403), ("websocket", 403)])
def test_only_what_changes_nothing_may_come_from_nowhere(method: str, status: int, assets: Path) -> None:
    path = {"POST": "/_solara/api/close/a-1", "websocket": SOCKET}.get(method, "/")
    assert ask(assets, path, HERE, method=method).status == status
    assert ask(assets, path, HERE, ("origin", ""), method=method).status == status
    assert ask(assets, path, HERE, FROM_HERE, FROM_HERE, method=method).status == 403  # two do not make one


def test_two_names_of_this_machine_are_two_addresses(assets: Path) -> None:
    reply = ask(assets, SOCKET, ("host", "localhost:8765"), FROM_HERE, method="websocket")
    assert reply.status == 403
    assert reply.seen == []


def test_a_websocket_is_refused_before_it_opens(assets: Path) -> None:
    evil = ("origin", "http://evil.example")
    assert ask(assets, SOCKET, HERE, evil, method="websocket").kind == "websocket.http.response.start"
    assert ask(assets, SOCKET, HERE, evil, method="websocket", extensions=False).kind == "websocket.close"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"), ("HEAD", "/"), ("GET", "/static/main-vuetify.js"), ("GET", "/static/highlight.css"),
        ("GET", "/static/assets/style.css"), ("GET", "/static/assets/fonts/a.woff2"),
        ("GET", "/_solara/cdn/@vue@2.1/dist/vue.js"), ("GET", "/jupyter/nbextensions/jupyter-vue/nodeps.js"),
        ("GET", "/jupyter/nbextensions/jupyter-vuetify/nodeps.js"), ("POST", "/_solara/api/close/a-1"),
        ("websocket", SOCKET),
    ],
)  # fmt: skip
def test_what_the_page_needs_is_handed_on(method: str, path: str, assets: Path) -> None:
    reply = ask(assets, path, HERE, FROM_HERE, method=method, query="a=1&session_id=2")
    assert reply.status in (101, 200)
    assert reply.seen[0]["query_string"] == b"a=1&session_id=2"
    assert reply.seen[0]["path"] == path


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/readyz"), ("GET", "/resourcez"), ("GET", "/jupyter/api/kernels/a-1"), ("GET", "/jupyter/api/kernels"),
        ("GET", SOCKET), ("GET", "/_solara/api/close/a-1"), ("POST", "/_solara/api/evict/a-1"), ("POST", "/"),
        ("GET", "/anything"), ("GET", "//"), ("GET", "/static"), ("GET", "/static/"), ("GET", "/static/public/a.js"),
        ("GET", "/static/solara_bootstrap.py"), ("GET", "/static/assets/"), ("GET", "/static/assets/.hidden"),
        ("GET", "/static/assets/../main.js"), ("GET", "/static/assets/..\\main.js"), ("GET", "/static/%2e%2e/a.js"),
        ("GET", "/static/assets/a\n"), ("GET", "/static/assets/a\0.css"), ("GET", "/jupyter/nbextensions/"),
        ("GET", "/jupyter/nbextensions/other/extension.js"), ("GET", "/jupyter/nbextensions/jupyter-vue/../nodeps.js"),
        ("GET", "/_solara/cdn/vue/dist/missing.js"), ("GET", "/_solara/cdn/vue"), ("GET", "/_solara/cdn/"),
        ("GET", "/_solara/cdn/@vue@2.1/dist"), ("GET", "/_solara/cdn/@vue@2.1"),  # folders, which Solara would delete
        ("GET", "/_solara/cdn/@vue@2.1/../../secret"), ("GET", "/_solara/cdn/../secret"),
        ("GET", "/_solara/cdn//etc/passwd"), ("OPTIONS", "/"), ("DELETE", "/"), ("TRACE", "/"),
        ("websocket", "/jupyter/api/kernels/a-1/other"), ("websocket", "/"), ("websocket", f"{SOCKET}/.."),
    ],
)  # fmt: skip
def test_what_the_page_does_not_need_is_not_there(method: str, path: str, assets: Path) -> None:
    reply = ask(assets, path, HERE, FROM_HERE, method=method)
    assert reply.status == 404
    assert reply.seen == []


class TestToken:
    """Where a token is demanded."""

    HOST = ("host", "192.168.1.4:8765")
    ORIGIN = ("origin", "http://192.168.1.4:8765")
    COOKIE = ("cookie", f"other=1; commonweal-token-8765={TOKEN}; more=2")

    def ask(self, assets: Path, path: str = "/", *headers: tuple[str, str], **more: Any) -> Reply:
        return ask(assets, path, self.HOST, *headers, at=OPEN, token=TOKEN, **more)

    @pytest.mark.parametrize(
        ("method", "path"),
        [("GET", "/"), ("GET", "/static/main-vuetify.js"), ("POST", "/_solara/api/close/a-1"), ("websocket", SOCKET),
         ("GET", "/readyz"), ("GET", "/nothing")],
    )  # fmt: skip
    @pytest.mark.parametrize(
        ("query", "cookie"),
        [("", ""), ("token=", ""), ("token=wrong", ""), (f"token={TOKEN[:-1]}", ""), (f"token={TOKEN.lower()}", ""),
         ("token=%FF", ""), (f"xtoken={TOKEN}", ""), ("", "commonweal-token-8765="),
         ("", "commonweal-token-8765=wrong"), ("", f"commonweal-token-8766={TOKEN}"), ("", f"x={TOKEN}")],
    )  # fmt: skip
    def test_without_the_token_nothing_is_answered(
        self, method: str, path: str, query: str, cookie: str, assets: Path
    ) -> None:
        reply = self.ask(assets, path, self.ORIGIN, ("cookie", cookie), method=method, query=query)
        assert reply.status == 403
        assert reply.seen == []
        assert "open that address" in reply.text
        assert TOKEN not in reply.text

    def test_the_first_visit_leaves_a_cookie_and_the_address_without_the_token(self, assets: Path) -> None:
        reply = self.ask(assets, query=f"a=1&token={TOKEN}")
        assert (reply.status, reply.headers["location"]) == (303, "/?a=1")
        assert reply.headers["set-cookie"] == f"commonweal-token-8765={TOKEN}; Path=/; HttpOnly; SameSite=Strict"
        assert reply.headers["cache-control"] == "no-store"
        assert self.ask(assets, query=f"token={TOKEN}").headers["location"] == "/"
        assert self.ask(assets, query="token=old").status == 403
        assert self.ask(assets, "/", self.COOKIE, query="token=old").status == 303

    def test_nobody_is_sent_to_another_site(self, assets: Path) -> None:
        assert self.ask(assets, "//evil.example/", query=f"token={TOKEN}").status == 404

    @pytest.mark.parametrize(("method", "path"), [("GET", "/static/main-vuetify.js"), ("websocket", SOCKET)])
    def test_the_token_serves_scripts_everywhere(self, method: str, path: str, assets: Path) -> None:
        reply = self.ask(assets, path, self.ORIGIN, method=method, query=f"session_id=1&token={TOKEN}")
        assert reply.status in (101, 200)

    @pytest.mark.parametrize(
        ("method", "path"), [("GET", "/"), ("POST", "/_solara/api/close/a-1"), ("websocket", SOCKET)]
    )
    def test_the_cookie_lets_in_and_the_application_never_sees_the_token(
        self, method: str, path: str, assets: Path
    ) -> None:
        query = "" if path == "/" else f"token={TOKEN}"
        reply = self.ask(assets, path, self.ORIGIN, self.COOKIE, method=method, query=query)
        assert reply.status in (101, 200)
        assert TOKEN not in str(reply.seen)
        assert (b"cookie", b"other=1; more=2") in reply.seen[0]["headers"]

    def test_a_cookie_does_not_help_a_foreign_page(self, assets: Path) -> None:
        foreign = ("origin", "http://evil.example")
        assert self.ask(assets, SOCKET, foreign, self.COOKIE, method="websocket").status == 403

    def test_who_follows_a_link_of_another_site_asks_once_more(self, assets: Path) -> None:
        assert 'location.replace("/?token=" + location.hash)' in self.ask(assets).text
        assert "<" not in self.ask(assets, query="token=").text  # and no more than once
        assert "<" not in self.ask(assets, "/readyz").text


def test_an_address_with_an_old_token_opens_where_none_is_demanded(assets: Path) -> None:
    reply = ask(assets, "/", HERE, query="token=old")
    assert (reply.status, reply.headers["location"]) == (303, "/")
    assert "set-cookie" not in reply.headers


def test_headers_that_would_move_the_page_are_not_handed_on(assets: Path) -> None:
    bad = [("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "https"), ("Forwarded", "host=evil.example"),
           ("Script-Name", "/evil"), ("X-Script-Name", "/evil")]  # fmt: skip
    reply = ask(assets, "/", HERE, ("accept", "text/html"), *bad)
    assert reply.seen[0]["headers"] == [(b"host", b"127.0.0.1:8765"), (b"accept", b"text/html")]


@pytest.mark.parametrize("path", ["/", "/readyz"])
def test_browsers_are_told_to_use_nothing_elsewhere(path: str, assets: Path) -> None:
    headers = ask(assets, path, HERE).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "connect-src 'self' ws://127.0.0.1:8765 " in policy
    assert not re.search(r"https?:|\*", policy)
    assert ("x-own" in headers) == (path == "/")


@pytest.mark.parametrize("host", ["evil.example", "[::1]:8765"])
def test_a_foreign_name_does_not_come_into_the_policy(host: str, assets: Path) -> None:
    assert "ws:" not in ask(assets, "/", ("host", host)).headers["content-security-policy"]


def test_the_application_is_told_of_begin_and_end(assets: Path) -> None:
    seen: list[Scope] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)

    asyncio.run(Gate(application, OWN, TOKEN, assets)({"type": "lifespan"}, None, None))  # type: ignore[arg-type]
    assert seen == [{"type": "lifespan"}]
