"""What explanations cost on the page: why a principal acted, noting for that while a run is played, what decided a run.

    python benchmarks/explain_page.py               all tables (about three minutes on one core)
    python benchmarks/explain_page.py why           one of them
    python benchmarks/explain_page.py --write       all tables, into docs/explanations.md

Times are of the processor, on one thread, without a browser.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from results_page import main, markdown

from commonweal.economy.runs.ensemble import Ensemble
from commonweal.figures.browser.documents.cards import card_document
from commonweal.figures.browser.documents.decided import outcomes
from commonweal.figures.browser.fields.parameters import economy
from commonweal.figures.browser.notes import chronicle as notes
from commonweal.figures.browser.notes.chronicle import Chronicle
from commonweal.figures.browser.notes.why import why
from commonweal.figures.browser.tab.deciding import Asked, explained
from commonweal.figures.browser.tab.live import Live
from commonweal.scenarios.schema.loading import load

PAGE = Path(__file__).parents[1] / "docs" / "explanations.md"
MIXED = {"policy.mix": {"imitation": 0.25, "learning": 0.25, "best_response": 0.25, "conditional": 0.25}}
RUNS: Sequence[tuple[str, Mapping[str, Any], int]] = (
    ("commons", {}, 101), ("commons", MIXED, 101), ("exit-and-voice", MIXED, 101),
    ("commons", {"population.count": 1000}, 6), ("spatial-public-goods", {}, 6),
)  # fmt: skip
TIMES, NOTED = 5, 60
DECIDED: Sequence[tuple[str, str, Mapping[str, Any], int]] = (
    ("commons", "changes", {"settlement.kind": "equal", "market.price": 0.02, "policy.revision": 0.2}, 100),
    ("commons", "luck", {}, 100), ("public-goods", "luck", {}, 100), ("big-firms", "luck", {}, 100),
)  # fmt: skip


class Played:
    """A run with its chronicle.

    Args:
        scenario: of the library.
        changes: of its fields.
    """

    def __init__(self, scenario: str, changes: Mapping[str, Any]) -> None:
        self.ensemble = Ensemble(load(scenario, dict(changes)), [0])
        self.chronicle = Chronicle(self.ensemble.world)
        self.chronicle.begin(self.ensemble.state, self.ensemble.people, self.ensemble.opening)

    def step(self) -> tuple[float, float]:
        """Milliseconds of playing a round and of noting it."""
        before, began = self.ensemble.state, time.process_time()
        record = self.ensemble.step()
        done = time.process_time()
        self.chronicle.note(record, before, self.ensemble.state, self.ensemble.people)
        return 1000 * (done - began), 1000 * (time.process_time() - done)


def timed(task: Any) -> float:
    """Milliseconds."""
    began = time.process_time()
    task()
    return 1000 * (time.process_time() - began)


def whys() -> str:
    """A principal's card with its Why: when it is opened, and in the round after; of that the explanation alone."""
    rows = []
    for scenario, changes, rounds in RUNS:
        run = Played(scenario, changes)
        for _ in range(rounds - 1):
            run.step()
        chronicle, first, following, alone = run.chronicle, [], [], []
        for principal in range(TIMES):
            run.step()
            following.append(timed(partial(card_document, chronicle, principal)))
        for principal in range(TIMES):
            chronicle.memory.clear()
            first.append(timed(partial(card_document, chronicle, principal)))
            alone.append(timed(partial(why, chronicle, principal, chronicle.newest.round)))
        found = why(chronicle, 0, chronicle.newest.round)
        assert found is not None
        policies = len(run.ensemble.world.terms.policy.names)
        rows.append([scenario, f"{run.ensemble.world.shape[1]}", f"{policies}", f"{len(found.explanation.names)}",
                     f"{found.explanation.evaluations}", f"{median(first):.0f}", f"{median(following[1:]):.0f}",
                     f"{median(alone):.1f}"])  # fmt: skip
    heads = ["run", "principals", "policies", "things seen", "decisions", "opened, ms", "a round later, ms"]
    return markdown([*heads, "explanation, ms"], rows)


def noting() -> str:
    """What noting for it takes while a run is played: rounds with and without, by turns, in one run."""
    rows = []
    for scenario, changes in (("commons", {}), ("commons", {"population.count": 1000}), ("reciprocity", {}),
                              ("spatial-public-goods", {})):  # fmt: skip
        run = Played(scenario, changes)
        seen = run.chronicle.newest.observed
        times: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
        for number in range(NOTED):
            noted = number % 2 == 0
            with nullcontext() if noted else patch.object(notes, "observe", partial(_same, seen)):
                times[noted].append(run.step())
        with_it, without = (median(took for _, took in times[each]) for each in (True, False))
        played = median(played for played, _ in times[True] + times[False])
        more = (with_it - without) / (played + without)
        rows.append([scenario, f"{run.ensemble.world.shape[1]}", f"{played:.2f}", f"{without:.3f}", f"{with_it:.3f}",
                     f"{100 * more:.1f} %"])  # fmt: skip
    heads = ["run", "principals", "playing a round, ms", "noting it, ms", "with what is seen, ms", "more"]
    return markdown(heads, rows)


def _same(seen: Any, *_: Any) -> Any:
    return seen


def decided() -> str:
    """Seconds until it is known what decided a run."""
    rows = []
    for scenario, way, edits, rounds in DECIDED:
        base = load(scenario)
        now = economy(base, edits)
        live = Live(now, 0)
        for _ in range(rounds):
            live.step()
        asked = Asked(way, now, 0, rounds, base, edits, outcomes(live.chronicle))
        began = time.process_time()
        found = explained(asked, lambda done: None)
        seconds = time.process_time() - began
        answer = found["share_delegate"]
        clear = sum(row["sure"] for row in answer["rows"])
        rows.append([scenario, f"{live.chronicle.world.shape[1]}", f"{rounds}", way, f"{len(answer['rows'])}",
                     f"{len(found)}", f"{seconds:.1f}", f"{clear}", answer["sentence"]])  # fmt: skip
        live.release()
    heads = ["run", "principals", "rounds", "reasons are", "reasons", "outcomes", "s", "clear", "what is said"]
    return markdown(heads, rows)


if __name__ == "__main__":
    main(__doc__, {"why": whys, "noting": noting, "decided": decided}, "page-", PAGE)
