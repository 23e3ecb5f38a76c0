"""The server of the browser page: Solara's application in this process, on this machine only unless asked otherwise."""

import os
import secrets
import socket
import sys
import warnings
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.agents.threads import settle_for_one_thread
from commonweal.figures.browser.page.gate import EXTENSIONS, Gate, Place, place

_NEEDED = ("solara", "solara-server", "solara-assets", "ipyvuetify", "ipyvue")
_SETTINGS = {  # read when solara is imported
    "SOLARA_APP": "commonweal.figures.browser.page.page",
    "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False",
    "SOLARA_THEME_SHOW_BANNER": "False",
    "SOLARA_THEME_TITLE": "Commonweal",
    "SOLARA_SESSION_SAME_SITE": "lax",
    "SOLARA_MODE": "production",
    "SOLARA_KERNEL_CULL_TIMEOUT": "5m",  # a tab that lost its connection and does not come back
}


def serve(scenario: str | None, run: Path | None, host: str, port: int, with_token: bool = True) -> None:
    """Serve the page until interrupted.

    Args:
        scenario: that a tab begins with; the commons if not given.
        run: DIR/ID of a stored run that a tab begins with instead.
        host: address to listen on.
        port: to listen on; 0 for any that is free.
        with_token: whether others than this machine must know a token, which is made anew and printed.

    Raises:
        InputError: if the libraries of the page are not installed, the port is taken, or there is no such run.
    """
    demand_libraries()
    from commonweal.figures.browser.tab.opening import open_with  # reads the schema and the rules

    opening = open_with(scenario, run)
    token = secrets.token_urlsafe() if with_token and not is_loopback(host) else None
    with listening(host, port) as listener:
        served = place(host, listener)
        print(f"serving  {address(listener, token)}", flush=True)
        if not is_loopback(host):
            _caution(host, served, token)
        print("Ctrl-C ends it", flush=True)
        _run(opening, served, token, listener)


def demand_libraries() -> None:
    """Check that the libraries of the page are installed.

    Raises:
        InputError: if one is missing; says what to install.
    """
    for name in _NEEDED:
        try:
            version(name)
        except PackageNotFoundError:
            raise InputError(
                f"the browser page needs {name}, which is not installed: pip install 'commonweal[browser]'"
            ) from None


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens on the address.

    Raises:
        InputError: if the port is taken or the address is not one of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)  # a browser that comes before the libraries are loaded waits
    except OSError as error:
        listener.close()
        raise InputError(f"--host {host} --port {port}: {error.strerror}; name another port with --port") from None
    return listener


def address(listener: socket.socket, token: str | None = None) -> str:
    """Where a browser finds the page."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/{f'?token={token}' if token else ''}"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _caution(host: str, served: Place, token: str | None) -> None:
    login = "the page has no login" if token is None else "whoever has this address with its token can use the page"
    print(f"caution  {host} can be reached by others and {login}; nothing is encrypted", file=sys.stderr, flush=True)
    if served.any_number:
        print(f"caution  others write {socket.gethostname()} in place of {host}", file=sys.stderr, flush=True)


def _run(opening: Any, place: Place, token: str | None, listener: socket.socket) -> None:
    os.environ.update(_SETTINGS)
    import uvicorn

    settle_for_one_thread()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Solara and Mesa about their own code
        from solara.server import server as pages
        from solara.server import settings
        from solara.server.starlette import app

        from commonweal.figures.browser.page.page import begin_with

        begin_with(opening)
        names, hashes = pages.get_nbextensions()  # also of other packages, whose code the page does not need
        needed = [name for name in names if name.partition("/")[0] in EXTENSIONS]
        pages.get_nbextensions = lambda: (needed, {name: hashes[name] for name in needed})
        gate = Gate(app, place, token, settings.assets.proxy_cache_dir)
        # Open tabs are given a second to go when the server ends.
        config = uvicorn.Config(
            gate, log_level="warning", access_log=False, loop="asyncio", timeout_graceful_shutdown=1,
            proxy_headers=False, server_header=False,
        )  # fmt: skip
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listener])
