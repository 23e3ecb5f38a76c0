"""What the server does for a frame, under the code that it is run with: milliseconds of processor time as JSON.

    python benchmarks/shared/frame_work.py SCENARIO ROUNDS

A list for every kind of work, a number a round. Runs under the page that is drawn in the browser and under the one
before it, which made a picture for every frame.
"""

import json
import sys
from collections.abc import Callable, Mapping
from threading import Event
from time import thread_time
from typing import Any

from commonweal.agents.threads import settle_for_one_thread
from commonweal.figures.browser.tab import session as sessions
from commonweal.figures.browser.tab.opening import open_with

Work = dict[str, list[float]]
WARM = 3  # frames before it counts


def spent(work: Callable[[], Any]) -> float:
    """Milliseconds of this thread's processor time."""
    began = thread_time()
    work()
    return 1000 * (thread_time() - began)


def former(scenario: str, rounds: int) -> Work:
    """A picture for a frame, of the society and of the courses."""
    from commonweal.figures.browser.tab.live import Live
    from commonweal.figures.browser.tab.scenes import Looks, scene
    from commonweal.figures.browser.tab.stage import shown_of

    opening = open_with(scenario, None)
    live = Live(opening.scenarios[opening.first.scenario], 0)
    shown, work = shown_of(live, opening.first), Work(society=[], dynamics=[])
    for _ in range(rounds):
        live.step()
        for name, took in work.items():
            took.append(spent(lambda name=name: scene(live, shown, None, Looks(tab=name.capitalize()))))
    return work


def drawn_in_the_browser(scenario: str, rounds: int) -> Work:
    """A frame with bytes, and what is told of the run besides, at most four times a second."""
    from commonweal.figures.browser.tab.topics import TOPICS

    work, painted = Work(frame=[], told=[]), Event()
    told: list[float] = []

    class Timed(sessions.Session):
        def _draw(self) -> None:
            before = self._after
            told.clear()
            took = spent(super()._draw)
            if self._after > max(before, 0):
                work["told"].append(sum(told))
                work["frame"].append(took - sum(told))
                painted.set()

    def take(document: Mapping[str, Any], *buffers: bytes) -> None:
        json.dumps(document)
        if document["kind"] == "frame":
            tab.receive({"do": "seen"})

    tab = Timed(open_with(scenario, None), TOPICS)
    for topic in tab.topics:
        topic.moved = lambda moved=topic.moved: told.append(spent(moved))
    tab.connect(take)
    tab.receive({"do": "hello"})
    for _ in range(rounds):
        painted.clear()
        tab.receive({"do": "step"})
        assert painted.wait(60), tab.state["error"]
    tab.close()
    return work


def main(scenario: str, rounds: int) -> Mapping[str, list[float]]:
    """Milliseconds a round by kind of work."""
    settle_for_one_thread()
    measure = drawn_in_the_browser if hasattr(sessions, "rows_bytes") else former
    return {name: took[WARM:] for name, took in measure(scenario, rounds + WARM).items()}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]))))
