"""Tabs that come, play and go leave nothing behind in the server."""

from time import sleep
from typing import Any

import pytest
from shared.chromium import Tab, served

pytest.importorskip("solara", reason="the extra 'browser' is not installed")
pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

TABS, ROUNDS, GROWTH = 20, 500, 100  # tabs, rounds in each, megabytes


@pytest.mark.slow
def test_twenty_tabs_of_five_hundred_rounds_leave_nothing_behind(browser: Any) -> None:
    with served() as server:
        def play() -> None:
            tab = Tab(browser.new_page(), server.address)
            tab.tell("speed", speed=0)
            tab.page.locator(".cw-play").click()
            tab.until(lambda: tab.round >= ROUNDS, seconds=120)
            tab.page.locator(".cw-play").click()
            tab.page.close(run_before_unload=True)
            assert (tab.wrong, tab.outside) == ([], [])

        play()  # what is loaded once
        sleep(2)
        before, threads = server.resident, server.threads
        for _ in range(TABS):
            play()
        sleep(5)  # a closed tab's memory is handed back soon after
        print(f"memory {before:.0f} → {server.resident:.0f} MB, threads {threads} → {server.threads}")
        assert server.resident - before < GROWTH
        assert server.threads <= threads + 2
        assert server.complaints() == []
