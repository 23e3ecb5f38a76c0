"""The worker of a tab: orders in order, frames that are not drawn in time left out."""

import time

import pytest

from tests.helpers.tabs import until

pytest.importorskip("solara", reason="the extra 'browser' is not installed")

from commonweal.figures.browser.tab.worker import Worker


def test_frames_that_are_not_drawn_in_time_are_left_out() -> None:
    rounds, frames = [], []

    def draw() -> None:
        frames.append(len(rounds))
        time.sleep(0.1)

    worker = Worker(lambda: rounds.append(time.sleep(0.001)), draw, pytest.fail, lambda: None)
    worker.start()
    worker.playing = True
    worker.order(lambda: None)
    began = time.monotonic()
    until(lambda: frames)
    time.sleep(1.0)
    worker.playing = False
    passed = time.monotonic() - began  # a busy machine sleeps longer
    seen = len(rounds)
    worker.close()
    assert worker.join(10)
    assert len(rounds) <= seen + 1
    assert len(frames) < 8 * passed  # drawing takes half of the time at most
    assert seen > len(frames)  # no round waits for its frame


def test_orders_that_pile_up_are_done_in_order_and_drawn_once() -> None:
    done: list[int] = []
    frames = []
    worker = Worker(lambda: None, lambda: frames.append(list(done)), pytest.fail, lambda: None)
    for number in range(5):
        worker.order(lambda number=number: done.append(number))
    worker.start()
    until(lambda: frames)
    assert frames == [[0, 1, 2, 3, 4]]
    worker.close()
