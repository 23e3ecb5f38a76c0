"""What decided this run? The visitor's own changes of fields, or the luck of its episodes, played again in a thread.

What was found is kept until another run is shown; the run goes on meanwhile.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event, Thread
from time import monotonic, thread_time
from typing import Any

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.agents.population import Population
from commonweal.agents.threads import settle_for_one_thread
from commonweal.economy.explaining.changes import explain_changes
from commonweal.economy.explaining.episodes import LuckGame, explain_luck, luck_of
from commonweal.economy.explaining.explanation import Explanation
from commonweal.economy.explaining.tree import Outcome, stretches
from commonweal.economy.explaining.values import Effort
from commonweal.economy.round.record import Record
from commonweal.economy.round.set_up import Economy, set_up
from commonweal.economy.runs.metrics import round_metrics
from commonweal.economy.world.world import State, World
from commonweal.figures.browser.documents.decided import LAST, Episode, Measured, answers, outcomes
from commonweal.figures.browser.fields.fields import labels_of
from commonweal.figures.browser.fields.parameters import Settings, changed, economy, kind_of, setting
from commonweal.figures.browser.tab.topic import Document, Order, Topic
from commonweal.figures.browser.tab.worker import give_back
from commonweal.scenarios.schema.field_words import choice_words, plain
from commonweal.scenarios.schema.notation import value_at
from commonweal.scenarios.schema.scenario import Scenario

WAYS = {"changes": "What did my changes do?", "luck": "Which episodes decided it?"}
COMBINATIONS = 64  # of changes that are played, at most
SECONDS = 15.0  # of the processor that the luck of episodes may take, about
GAMES = ((10, 16), (8, 16), (6, 16), (5, 12), (4, 12), (4, 8), (3, 8), (3, 6), (2, 6), (2, 4))  # episodes, strangers
_PROBED = (3, 8)  # rounds and runs by which it is found out how long a round takes
_PARTS = 8  # of the combinations of episodes, between which it can be stopped
_TELL = 0.25  # seconds between words about how far it is


class _LeftOffError(Exception):
    """The visitor has no time for it any more."""


@dataclass(frozen=True)
class Watched(Outcome):
    """Outcomes that the page shows, and a word whenever a round of one was measured."""

    told: Callable[[], None] = lambda: None

    def of(
        self, record: Record, before: State, after: State, people: Population, world: World, bearer: Ints | None = None
    ) -> Floats:
        """See ``Outcome.of``; of ``welfare_each`` too. No outcome of the page counts the names of single principals."""
        self.told()
        found = round_metrics(record, before, after, people, world)
        found["welfare_each"] = found["welfare"] / world.shape[1]
        return np.stack([found[name] for name in self.metrics], axis=1)


@dataclass(frozen=True)
class Asked:
    """A run, and in which way it is asked what decided it."""

    way: str
    scenario: Scenario
    seed: int
    rounds: int
    base: Scenario  # without the visitor's changes
    edits: Settings  # these, by path
    outcomes: tuple[Measured, ...]


@dataclass
class _Work:
    """What is being played."""

    asked: Asked
    stop: Event = field(default_factory=Event)
    done: float = 0.0  # share


class Deciding(Topic):
    """What decided the run that is shown."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._found: dict[str, tuple[int, dict[str, Any]]] = {}  # rounds and answers, by way
        self._shown, self._error = "", ""
        self._outcomes: tuple[Measured, ...] = ()
        self._work: _Work | None = None
        self._told: tuple[Any, ...] = ()
        self._due = 0.0

    def orders(self) -> Mapping[str, Order]:
        """See the module."""
        return {"decided": self._ask, "decided stop": self._stop}

    def greeted(self) -> None:
        """A browser that connects again is told what is there."""
        self._tell()

    def begun(self) -> None:
        """Of another run nothing is known yet."""
        self._halt()
        self._found, self._shown, self._error, self._outcomes = {}, "", "", ()
        self._tell()

    def moved(self) -> None:
        """What was found is of fewer rounds by now."""
        if self._said() != self._told:
            self._tell()

    def close(self) -> None:
        """Stop playing."""
        self._halt()

    # Orders

    def _ask(self, document: Document) -> None:
        """``way``: one of WAYS."""
        way = str(document["way"])
        if way not in WAYS:
            raise InputError(f"way = {way[:40]!r}: must be one of {', '.join(WAYS)}")
        self.session.worker.order(lambda: self._begin(way))

    def _stop(self, document: Document) -> None:
        self._halt()
        self.session.worker.order(self._tell)

    # The worker's thread

    def _begin(self, way: str) -> None:
        live = self.session.stage.live
        work = self._work
        if live is None or not live.round or (work and (work.asked.way, work.asked.rounds) == (way, live.round)):
            return
        self._halt()
        self._shown, self._error = way, ""
        if way not in self._found or self._found[way][0] != live.round:
            self._found.pop(way, None)
            self._outcomes = outcomes(live.chronicle)
            edits = self._edits()
            work = _Work(Asked(way, live.scenario, live.seed, live.round, self._base(), edits, self._outcomes))
            self._work = work
            Thread(target=self._play, args=(work,), name="commonweal decided", daemon=True).start()
        self._tell()

    def _base(self) -> Scenario:
        shown = self.session.stage.shown
        assert shown is not None
        return self.session.opening.scenarios[shown.choice.scenario]

    def _edits(self) -> Settings:
        """What the run was played with that its scenario does not say."""
        shown = self.session.stage.shown
        return {} if shown is None else changed(self._base(), shown.choice.settings)

    def _halt(self) -> None:
        if self._work is not None:
            self._work.stop.set()
            self._work = None

    def _said(self) -> tuple[Any, ...]:
        """What the page shows depends on: whether anything was played, and how far what was found is behind."""
        live = self.session.stage.live
        round = 0 if live is None else live.round
        return bool(round), self._shown, self._shown in self._found and self._found[self._shown][0] < round

    def _tell(self) -> None:
        live = self.session.stage.live
        if live is None:
            return
        self._told = played, shown, behind = self._said()
        edits, work = self._edits(), self._work
        rounds, found = self._found.get(shown, (0, {}))
        ways = (*(("changes",) if edits else ()), "luck")
        stale = f"Of the first {rounds} rounds; the run has gone on." if behind else ""
        self.session.send({
            "kind": "decided", "ways": [{"way": way, "text": WAYS[way], "chosen": way == shown} for way in ways],
            "played": played, "intro": _intro(len(edits)), "busy": "" if work is None else _busy(work),
            "done": 0.0 if work is None else work.done, "stale": stale, "error": self._error,
            "outcomes": [{"id": each.measure, "name": each.words} for each in self._outcomes] if found else [],
            "answers": found,
        })  # fmt: skip

    # The thread of this topic

    def _play(self, work: _Work) -> None:
        """Find out, in a thread of its own."""
        settle_for_one_thread()
        asked = work.asked
        try:
            found, error = explained(asked, lambda done: self._go_on(work, done)), ""
        except _LeftOffError:
            return
        except InputError as problem:
            found, error = {}, str(problem)
        except Exception as problem:
            if not self.session.worker.closed:
                self.session.say(problem)
            found, error = {}, "That could not be worked out."
        finally:
            give_back()

        def take() -> None:
            if self._work is work:  # nothing else was asked meanwhile
                self._work, self._error = None, error
                if found:
                    self._found[asked.way] = asked.rounds, found
                self._tell()

        self.session.worker.order(take)

    def _go_on(self, work: _Work, done: float) -> None:
        if work.stop.is_set() or self.session.worker.closed:
            raise _LeftOffError
        work.done = min(done, 1.0)
        if monotonic() > self._due:
            self._due = monotonic() + _TELL
            self.session.worker.order(lambda: self._tell() if self._work is work else None)


def _intro(edits: int) -> str:
    """What can be asked."""
    kept = "Or the luck of its episodes: each keeps it, or has that of others." if edits else (
        "Each episode keeps its luck or has that of others, and the run is played again.")  # fmt: skip
    if not edits:
        return kept
    fields = "a field" if edits == 1 else f"{edits} fields"
    return f"You changed {fields}: each change is made or left out, and the run is played again. {kept}"


def _busy(work: _Work) -> str:
    return f"Playing the run again, {100 * work.done:.0f} % done"


def explained(asked: Asked, go_on: Callable[[float], None]) -> dict[str, Any]:
    """What decided a run, as ``answers`` says.

    Args:
        asked: which run, and in which way.
        go_on: is told which share is done; raises an error to stop.

    Raises:
        InputError: if it cannot be played so.
    """
    if asked.way == "changes":
        return answers(of_changes(asked, go_on), asked.outcomes)
    start = set_up([asked.scenario], [asked.seed])
    game = game_for(start, asked.rounds)
    found = of_luck(asked, start, game, go_on)
    parts = stretches(asked.rounds, game.episodes)
    return answers(found, asked.outcomes, [Episode(part[0] + 1, part[-1] + 1) for part in parts])


def of_changes(asked: Asked, go_on: Callable[[float], None]) -> Explanation:
    """What each change of a field adds; all of them as one where some of them cannot be made without the others."""
    paths, effort = list(asked.edits), Effort(budget=COMBINATIONS)
    names = [_named(path, asked) for path in paths]
    try:
        for place in range(len(paths)):
            _with(asked, paths[:place] + paths[place + 1 :])
            _with(asked, paths[: place + 1])
        groups = [[path] for path in paths]
    except InputError:
        groups, names = [paths], [f"all {len(paths)} changes, which only go together"]
    played = 0
    expected = 2 ** len(groups) if effort.is_exact(len(groups)) else COMBINATIONS

    def scenario(made: Bools) -> Scenario:
        nonlocal played
        go_on(played / expected)
        played += 1
        return _with(asked, [path for group, done in zip(groups, made, strict=True) if done for path in group])

    watched = Watched(tuple(each.measure for each in asked.outcomes), LAST, lambda: go_on(played / expected))
    return explain_changes(names, scenario, asked.seed, asked.rounds, watched, effort)


def _with(asked: Asked, paths: list[str]) -> Scenario:
    """The scenario with some of the changes."""
    return economy(asked.base, {path: asked.edits[path] for path in asked.edits if path in paths})


def _named(path: str, asked: Asked) -> str:
    """A change in words: "Settlement: equal instead of by credit"."""
    own, now = (setting(path, value_at(scenario, path)) for scenario in (asked.base, asked.scenario))
    told = [choice_words(path, plain(each)) if kind_of(path) == "choice" else plain(each) for each in (now, own)]
    return f"{labels_of(asked.base)[path]}: {told[0]} instead of {told[1]}"


def of_luck(asked: Asked, start: Economy, game: LuckGame, go_on: Callable[[float], None]) -> Explanation:
    """What the luck of each episode adds."""
    parts = -(-(2**game.episodes) // max(1, game.effort.together // game.strangers))
    expected, measured = parts * min(LAST, asked.rounds), 0

    def told() -> None:
        nonlocal measured
        go_on(measured / expected)
        measured += 1

    outcome = Watched(tuple(each.measure for each in asked.outcomes), LAST, told)
    return explain_luck(start, asked.rounds, LuckGame(game.episodes, game.strangers, 0, outcome, game.effort))


def game_for(start: Economy, rounds: int) -> LuckGame:
    """As many episodes and strangers as there is time for.

    Args:
        start: one run between two rounds; unchanged.
        rounds: that are played again.

    Raises:
        InputError: if there are fewer than two rounds.
    """
    if rounds < 2:
        raise InputError("Episodes need two rounds or more.")
    each = _seconds_of_a_round(start)
    for episodes, strangers in GAMES:
        if episodes <= rounds and 2 ** (episodes + 1) * strangers * rounds / episodes * each <= SECONDS:
            break
    together = max(strangers, strangers * 2**episodes // _PARTS)
    return LuckGame(episodes, strangers, effort=Effort(together=max(4, together)))


def _seconds_of_a_round(start: Economy) -> float:
    """What a round of a run takes among several that are played together."""
    rounds, runs = _PROBED
    began = thread_time()  # so that what else the machine does changes nothing
    luck_of(start, runs - 1, 0, [range(rounds)])
    return (thread_time() - began) / (rounds * runs)
