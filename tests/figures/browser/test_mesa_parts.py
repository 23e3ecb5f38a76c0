"""Parts of the page in Mesa's own visualisation: of a cooperative, and of any model whose agents act."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from commonweal.agents.actions import Action
from commonweal.economy.runs.cooperative import Cooperative
from commonweal.figures.browser.tab.watching import Watch
from commonweal.scenarios.schema.loading import load
from tests.helpers.tabs import small

pytest.importorskip("solara", reason="the extra 'browser' is not installed")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"


@contextmanager
def solara_runs(example: str) -> Iterator[str]:
    """The address of Solara's own server while the block lasts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "solara", "run", str(EXAMPLES / example), "--port", str(port), "--no-open"]
    settings = {"OMP_NUM_THREADS": "1", "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "False", "SOLARA_MODE": "production"}
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(words, env={**os.environ, **settings}, **silent)
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        server.kill()
        server.wait()


def opened(page: Any, address: str) -> None:
    """Open a page whose server may have yet to come."""
    for _ in range(120):
        try:
            page.goto(address)
            break
        except playwright.Error:
            page.wait_for_timeout(500)
    page.wait_for_function("window.commonwealParts?.strip?.store.newest >= 0", timeout=60_000)


@pytest.mark.slow
@pytest.mark.parametrize(("example", "actions"), [
    ("watch_cooperative.py", {"delegate", "free-ride", "poison"}), ("watch_any_model.py", {"yes", "no"})])
def test_parts_step_and_reset_with_mesa(chromium_browser: Any, example: str, actions: set[str]) -> None:
    wrong: list[str] = []
    with solara_runs(example) as address:
        page = chromium_browser.new_page(viewport={"width": 1600, "height": 1200})
        page.on("pageerror", lambda error: wrong.append(str(error)))
        opened(page, address)
        parts = "Object.values(commonwealParts)"
        for step in (1, 2, 3):
            page.click("button:has-text('Step')")
            page.wait_for_function(f"{parts}.every((part) => part.store.newest === {step})", timeout=40_000)
        told = page.evaluate("commonwealParts.strip.store.setup.actions.map((action) => action.name)")
        assert set(told) == actions
        assert page.locator(".cw-panel-picture path.cw-line").count() >= 3
        page.evaluate("commonwealParts.strip.look(1)")
        assert page.evaluate(f"{parts}.map((part) => part.round)") == [1, 1, 1]
        page.click("button:has-text('Reset')")
        page.wait_for_function(f"{parts}.every((part) => part.store.newest === 0)", timeout=40_000)
        page.click("button:has-text('Step')")
        page.wait_for_function(f"{parts}.every((part) => part.store.newest === 1)", timeout=40_000)
        page.close()
    assert wrong == []


class Sink:
    """What a browser would be sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[dict[str, Any], tuple[bytes, ...]]] = []

    def __call__(self, document: dict[str, Any], *buffers: bytes) -> None:
        self.sent.append((document, buffers))


def test_a_cooperative_that_others_step_is_told_to_the_last_round() -> None:
    model, sink = Cooperative(small(), rng=3), Sink()
    watch = Watch(model, ["actions"])
    watch.connect(sink)
    watch.receive({"do": "hello"})
    for _ in range(4):
        model.step()
    watch.update()
    setup, frame = sink.sent[0][0], sink.sent[-1]
    assert [panel["id"] for panel in setup["panels"]] == ["actions"]
    assert (frame[0]["first"], frame[0]["rounds"], frame[0]["round"]) == (1, 4, 4)
    rows = np.frombuffer(frame[1][0], dtype="<f4").reshape(4, -1)
    share = setup["measures"].index("share_delegate")
    assert rows[-1, share] == np.float32(model.metrics["share_delegate"])
    model.release()


def test_value_rows_of_a_watched_cooperative_follow_it() -> None:
    model, sink = Cooperative(load("value-conflict", {"population.count": 6, "learning.hidden": [8]}), rng=0), Sink()
    watch = Watch(model)
    watch.connect(sink)
    watch.receive({"do": "hello"})
    watch.receive({"do": "values", "round": None})
    assert (sink.sent[-1][0]["kind"], sink.sent[-1][0]["round"]) == ("values", 0)
    model.step()
    watch.update()
    assert (sink.sent[-1][0]["kind"], sink.sent[-1][0]["round"]) == ("values", 1)
    watch.receive({"do": "card", "round": None, "principal": 99})  # nobody: nothing is sent
    assert sink.sent[-1][0]["kind"] == "values"
    model.release()


def test_any_model_whose_agents_act_is_told_of() -> None:
    import mesa

    class Model(mesa.Model):
        def step(self) -> None:
            for agent in self.agents:
                agent.action = Action.DEFECT

    model, sink = Model(seed=1), Sink()
    for agent, action in zip(mesa.Agent.create_agents(model, 3), ("keep", Action.DEFECT, "keep"), strict=True):
        agent.action, agent.wealth, agent.reputation = action, 2.5, 0.5
    watch = Watch(model)
    watch.connect(sink)
    watch.receive({"do": "hello"})
    assert [each["name"] for each in sink.sent[0][0]["actions"]] == ["keep", "defect"]
    assert list(sink.sent[1][1][1][:3]) == [0, 1, 0]
    np.testing.assert_array_equal(np.frombuffer(sink.sent[1][1][1][3:15], dtype="<f4"), 2.5)
    model.step()
    model.step()
    watch.update()
    (document, (rows, marks)) = sink.sent[-1]
    assert (document["round"], document["first"], document["rounds"]) == (2, 1, 2)
    seen = np.frombuffer(rows, dtype="<f4").reshape(2, -1)
    assert np.isnan(seen[0]).all()  # a step that nobody looked at
    assert seen[1].tolist() == [0, 1]
    assert list(marks[:3]) == [1, 1, 1]
