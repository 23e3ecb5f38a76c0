"""The server as it runs: who gets in, what it answers, and that the page works with a token."""

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from time import sleep
from typing import Any
from uuid import uuid4

import pytest
from shared.chromium import Server, Tab, served

from commonweal.figures.browser.page.gate import Gate, Message, Receive, Scope, Send, place
from commonweal.figures.browser.page.server import address, listening

pytest.importorskip("solara", reason="the extra 'browser' is not installed")

from websockets.exceptions import InvalidStatus  # comes with Solara
from websockets.sync.client import connect
from websockets.typing import Origin


@pytest.fixture(scope="module")
def alone(usual_server: Server) -> Iterator[Server]:
    """A server of this machine alone."""
    before = len(usual_server.complaints())  # of other modules
    yield usual_server
    assert usual_server.complaints()[before:] == []


@pytest.fixture(scope="module")
def shared() -> Iterator[Server]:
    """A server that others can reach."""
    with served("--host", "0.0.0.0") as running:
        yield running
        assert running.complaints() == []
        assert not any(token_of(running) in line for line in running.log)


def port_of(server: Server) -> int:
    return int(server.address.split(":")[2].split("/")[0])


def token_of(server: Server) -> str:
    return server.address.partition("?token=")[2]


def ask(server: Server, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
    """Status, headers and text of one answer; the path is sent as it is.

    Args:
        server: asked.
        path: with its query.
        headers: ``Host`` is the server's own address if not given.
    """
    connection = HTTPConnection("127.0.0.1", port_of(server), timeout=30)
    connection.putrequest("GET", path, skip_host=True)
    for name, value in ({"Host": f"127.0.0.1:{port_of(server)}"} | headers).items():
        connection.putheader(name, value)
    connection.endheaders()
    reply = connection.getresponse()
    text = reply.read().decode("utf-8", "replace")
    connection.close()
    return reply.status, {name.lower(): value for name, value in reply.getheaders()}, text


def open_socket(
    server: Server, query: str = "", host: str | None = None, origin: str | None = "own", cookie: str = ""
) -> int:
    """Status of the answer to a WebSocket that wants to open; one that opens is closed again.

    Args:
        server: asked.
        query: after what Solara's begins with.
        host: with port; the server's own if not given.
        origin: likewise.
        cookie: beside Solara's.
    """
    host = host or f"127.0.0.1:{port_of(server)}"
    try:
        with connect(
            f"ws://{host}/jupyter/api/kernels/{uuid4()}/channels?session_id=1{query}",
            sock=socket.create_connection(("127.0.0.1", port_of(server)), 30),
            origin=Origin(f"http://{host}") if origin == "own" else origin and Origin(origin),
            additional_headers={"Cookie": f"solara-session-id=1; {cookie}"},
        ):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


def test_another_name_that_points_here_is_refused(alone: Server) -> None:
    assert ask(alone, "/")[0] == 200
    assert ask(alone, "/", Host=f"localhost:{port_of(alone)}")[0] == 200
    for host in ("evil.example", f"evil.example:{port_of(alone)}", "127.0.0.1"):
        status, _, text = ask(alone, "/", Host=host)
        assert (status, text.count("\n")) == (421, 1)
        assert open_socket(alone, host=host) == 421


def test_a_websocket_opens_for_a_page_of_this_address_alone(alone: Server) -> None:
    assert open_socket(alone) == 101
    for origin in ("http://evil.example", f"http://localhost:{port_of(alone)}", "null", "", None):
        assert open_socket(alone, origin=origin) == 403


@pytest.mark.parametrize(
    "path",
    ["/readyz", "/resourcez", "/resourcez?verbose", "/jupyter/api/kernels", "/jupyter/api/kernels/x", "/page",
     "/jupyter/api/kernels/x/channels?session_id=1", "/jupyter/nbextensions/", "/static/public/", "/static/assets/",
     "/jupyter/nbextensions/jupyter-vue/extension.js", "/../../etc/passwd", "/static/assets/../main-vuetify.js",
     "/static/assets/%2e%2e/main-vuetify.js", "/static/..%2fserver.py", "/static/%252e%252e/server.py",
     "/static/..%5cserver.py", "/_solara/cdn/../../../etc/passwd", "/_solara/cdn/%2e%2e/%2e%2e/x.js",
     "/_solara/cdn/not-installed@1.0/dist/main.js"],
)  # fmt: skip
def test_listings_and_what_lies_elsewhere_are_not_served(path: str, alone: Server) -> None:
    status, headers, text = ask(alone, path)
    assert (status, text) == (404, "there is nothing here\n")
    assert headers["x-content-type-options"] == "nosniff"


def test_the_page_carries_its_rules_and_not_what_serves_it(alone: Server) -> None:
    _, headers, text = ask(alone, "/")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "server" not in headers
    assert '"/jupyter/nbextensions/' not in text  # where code of other packages would stand


def test_others_need_the_token_and_then_a_cookie_serves(shared: Server) -> None:
    token = token_of(shared)
    assert len(token) >= 40
    for path in ("/", "/?token=wrong", "/static/main-vuetify.js", "/resourcez"):
        status, _, text = ask(shared, path)
        assert status == 403
        assert "open that address" in text
    assert open_socket(shared) == open_socket(shared, "&token=wrong") == 403
    status, headers, _ = ask(shared, f"/?token={token}")
    assert (status, headers["location"]) == (303, "/")
    cookie, _, rules = headers["set-cookie"].partition("; ")
    assert rules == "Path=/; HttpOnly; SameSite=Strict"
    assert ask(shared, "/", Cookie=cookie)[0] == 200
    assert ask(shared, "/static/main-vuetify.js", Cookie=cookie)[0] == 200
    assert open_socket(shared, cookie=cookie) == 101
    assert open_socket(shared, f"&token={token}") == 101
    assert open_socket(shared, cookie=cookie, origin="http://evil.example") == 403
    assert ask(shared, "/", Cookie=cookie, Host=f"evil.example:{port_of(shared)}")[0] == 421
    assert ask(shared, "/resourcez", Cookie=cookie)[0] == 404


def test_the_page_works_in_a_browser(shared: Server, browser: Any) -> None:
    tab = Tab(browser.new_page(), shared.address)
    assert tab.page.url == shared.address.partition("?")[0]
    before = tab.page.evaluate("commonweal.store.newest")
    tab.page.evaluate("commonweal.send({do: 'step'})")
    tab.page.wait_for_function(f"commonweal.store.newest > {before}")
    module = "import(URL.createObjectURL(new Blob(['export const a = 41'], {type: 'text/javascript'})))"
    assert tab.page.evaluate(f"{module}.then(m => m.a)") == 41
    tab.page.close(run_before_unload=True)
    assert tab.wrong == []
    assert tab.outside == []


class Little:
    """A page behind a gate, in place of Solara's: tells the server when it is left.

    Attributes:
        asked: method and path of each request that got through.
    """

    PAGE = b"""<!doctype html><title>in</title><link rel=icon href=data:>
        <script>addEventListener("pagehide", () => navigator.sendBeacon("/_solara/api/close/a"))</script>"""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return
        self.asked.append(f"{scope.get('method', 'open')} {scope['path']}")
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close"})
            return
        start: Message = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]}
        await send(start)
        await send({"type": "http.response.body", "body": self.PAGE})


@contextmanager
def little(token: str | None, host: str = "127.0.0.1") -> Iterator[tuple[Little, str]]:
    """The page and its address while the block lasts."""
    import uvicorn

    with listening(host, 0) as listener:
        page = Little()
        gate = Gate(page, place(host, listener), token, Path())
        running = uvicorn.Server(uvicorn.Config(gate, log_level=logging.WARNING, lifespan="off"))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield page, address(listener)
        running.should_exit = True
        thread.join(10)


def test_without_a_token_names_are_still_checked() -> None:
    with little(None, "0.0.0.0") as (behind, home):
        for host, status in (("127.0.0.1", 200), ("evil.example", 421)):
            request = HTTPConnection("127.0.0.1", int(home.split(":")[2][:-1]), timeout=30)
            request.request("GET", "/", headers={"Host": f"{host}:{request.port}"})
            assert request.getresponse().status == status
            request.close()
        assert behind.asked == ["GET /"]


def test_a_browser_that_leaves_the_page_may_say_so(browser: Any) -> None:
    with little("secret") as (behind, home):
        page = browser.new_page()
        page.goto(f"{home}?token=secret")
        page.close(run_before_unload=True)
        for _ in range(100):
            if "POST /_solara/api/close/a" in behind.asked:
                break
            sleep(0.05)
        assert behind.asked == ["GET /", "POST /_solara/api/close/a"]


def test_a_link_of_another_site_opens_the_page_for_who_has_been_let_in(browser: Any) -> None:
    with little("secret") as (_, home):
        page = browser.new_page()

        def follow(link: str) -> None:
            other = home.replace("127.0.0.1", "localhost")  # another site to browsers; the gate has no icon there
            page.route(f"{other}elsewhere", lambda route: route.fulfill(
                content_type="text/html", body=f'<link rel=icon href=data:><a href="{link}">link</a>'))  # fmt: skip
            page.goto(f"{other}elsewhere")
            page.click("a")

        follow(home)
        page.wait_for_url(f"{home}?token=")  # asked once more and refused
        assert "open that address" in page.inner_text("body")
        follow(f"{home}?token=secret#seed=3")
        page.wait_for_url(f"{home}#seed=3")
        assert page.title() == "in"
        follow(f"{home}#seed=4")
        page.wait_for_url(f"{home}#seed=4")
        page.wait_for_function("document.title === 'in'")
        page.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_rules_of_the_page_let_it_open_its_own_socket_alone(host: str, browser: Any) -> None:
    with little("secret", host) as (behind, home):
        page = browser.new_page()
        told: list[str] = []
        page.on("console", lambda message: told.append(message.text))
        page.goto(f"{home}?token=secret")
        script = "url => new Promise(done => { try { const s = new WebSocket(url); s.onopen = () => done('open');" \
            " s.onerror = () => done('refused') } catch (error) { done(error.name) } })"
        own = home.replace("http", "ws") + "jupyter/api/kernels/a/channels"
        assert page.evaluate(script, own) == "open"
        assert told == []
        assert page.evaluate(script, "ws://localhost:9/") != "open"
        assert "Content Security Policy" in told[0]
        page.close()
        assert "open /jupyter/api/kernels/a/channels" in behind.asked
