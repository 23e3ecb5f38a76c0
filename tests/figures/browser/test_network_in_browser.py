"""A network of one's own in a real browser: the page plays a scenario that names its file."""

from pathlib import Path
from typing import Any

import pytest
from shared.chromium import Tab, served

pytest.importorskip("solara", reason="the extra 'browser' is not installed")
pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

NETWORK = """
from torch import nn


class Own(nn.Module):
    def __init__(self, features, classes):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(features, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Linear(12, classes))

    def forward(self, x):
        return self.layers(x)
"""
SCENARIO = """
rounds = 20
task.kind = "wine"
task.validation = 40
task.test = 40
population.count = 6
learning.network = "module:nets.py:Own"
"""


@pytest.mark.slow
def test_the_page_plays_a_network_of_ones_own(chromium_browser: Any, tmp_path: Path) -> None:
    (tmp_path / "nets.py").write_text(NETWORK)
    (tmp_path / "own.toml").write_text(SCENARIO)
    with served("own.toml", place=tmp_path) as server:
        tab = Tab(chromium_browser.new_page(), server.address)
        tab.tell("speed", speed=0)
        tab.tell("play")
        tab.until(lambda: tab.of("commonweal.store.newest >= 20"))
        first, last = (tab.of(f"commonweal.store.value('accuracy', {round})") for round in (1, 20))
        assert 0 < first < last <= 1
        assert (tab.wrong, tab.outside, server.complaints()) == ([], [], [])
