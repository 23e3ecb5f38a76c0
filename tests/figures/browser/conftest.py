"""What tests of the page share: a real Chromium, and tabs without one."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from shared.chromium import FLAGS, Server, chromium, served

from tests.helpers.tabs import Tab


@pytest.hookimpl(tryfirst=True)  # before those that are slow are left out
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test in a real browser is slow: what it opens takes seconds."""
    for item in items:
        if "chromium_browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="module")
def chromium_browser() -> Iterator[Any]:
    """A headless Chromium."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = chromium()
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=path, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def browser(chromium_browser: Any) -> Any:
    """One context for all pages: a page that takes its context along when it closes cannot tell the server."""
    return chromium_browser.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True)


@pytest.fixture(scope="session")
def usual_server() -> Iterator[Server]:
    """A server of the usual page for all modules: starting one takes longer than most tests of it."""
    with served() as running:
        yield running


@pytest.fixture(scope="module")
def server(browser: Any, request: pytest.FixtureRequest) -> Iterator[Server]:
    """The server of the usual page; nothing may have gone wrong in the end."""
    running: Server = request.getfixturevalue("usual_server")  # once it is known that there is a browser
    before = len(running.complaints())  # of other modules
    yield running
    assert running.complaints()[before:] == []


@pytest.fixture
def opened() -> Iterator[Callable[..., Tab]]:
    """Opens tabs without a browser and closes them after the test."""
    tabs: list[Tab] = []

    def open_tab(*what: Any, **more: Any) -> Tab:
        tabs.append(Tab(*what, **more))
        return tabs[-1]

    yield open_tab
    for tab in tabs:
        tab.close()
