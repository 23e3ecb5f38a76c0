"""What a reader of a run would want pointed out: waves, slashings, collapses, a half-life, broken limits."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from commonweal.agents.arrays import Bools, Floats
from commonweal.figures.browser.notes.chronicle import Chronicle
from commonweal.figures.browser.notes.numbers import count, figure, percent
from commonweal.figures.browser.notes.shown import names_count, subject, words_of

Course = Floats  # (T,) one number per round

SPAN = 10  # rounds that events look back over, and that must pass before one of its kind is reported again
WAVE = 0.15  # of all principals
COLLAPSE = 0.1  # of the test samples, or what the market's result is a share of
_WAVES = {"defect": "defection wave", "free_ride": "free-riding wave"}
NAMED = 0.3  # of requests, or of names, by which they change
_OF_NAMES = {"cooperation": "requests fulfilled", "good_names": "good names"}  # courses where names count
_OF_VALUES = ("share_abstain", "violated")  # courses that count where somebody minds broken limits
_COURSES = ("round", "share_delegate", "share_free_ride", "share_defect", "accuracy", "slashed", "slashed_count",
            "clawed", "clawed_count")


@dataclass(frozen=True)
class Event:
    """Something worth a mark."""

    round: int  # in which it happened
    kind: str  # defection wave, slashing, …: what ``events`` lists
    text: str  # one line
    ink: str | None = None  # of the action that principals turn to or from; None: what rules and the model do


@dataclass
class Watch:
    """What was found in the rounds looked at, and what those that follow need to know of them."""

    rows: int = 0  # of the chronicle that were looked at
    found: list[Event] = field(default_factory=list)
    halved: bool = False  # whether the half-life is known
    within: dict[int, int] = field(default_factory=dict)  # row in which a dimension's probe was first within its limit
    violated: int | None = None  # row in which anybody was first violated


@dataclass(frozen=True)
class View:
    """The rounds that are new, with those before them that they are compared with."""

    chronicle: Chronicle
    course: dict[str, Course]  # (T,) by metric
    first: int  # row of the chronicle that the first of them is
    new: int  # place of the first that is new

    def firsts(self, happens: Bools) -> list[int]:
        """New places where something happens that did not in the ``SPAN`` places before."""
        if self.first:
            happens = happens & (np.arange(len(happens)) >= SPAN)  # what came before is not in view
        return [place for place in _first_of_spells(happens) if place >= self.new]

    def at(self, place: int) -> int:
        """The round at a place."""
        return int(self.course["round"][place])


def events(chronicle: Chronicle) -> list[Event]:
    """The events of a run so far, in order; what was found in earlier rounds is kept, so that a call costs little.

    - defection wave, free-riding wave: the share of principals that defect (free-ride) is ``WAVE`` or more above its
      lowest of the last ``SPAN`` rounds, for the first time since ``SPAN`` rounds;
    - slashing, clawback: stakes are slashed (payments clawed back), for the first time since ``SPAN`` rounds;
    - collapse: quality is ``COLLAPSE`` or more below its highest of the last ``SPAN`` rounds, for the first
      time since ``SPAN`` rounds;
    - half-life: the first round in which at most half as many delegate as in the run's first; not known of a run that
      is not noted from its first round on;
    - broken limit: a probe was within the limit that screening holds it to and is now beyond it by more than the
      safeguard's share of the limit, for the first time since ``SPAN`` rounds. A limit that is broken from the start
      is no event;
    - exit, and broken limits of many, where somebody minds them: the share that abstains (that has a limit broken) is
      ``WAVE`` or more above its lowest of the last ``SPAN`` rounds, for the first time since ``SPAN`` rounds;
    - requests fulfilled, good names, where names count: their share is ``NAMED`` or more below its highest, or above
      its lowest, of the last ``SPAN`` rounds, for the first time since ``SPAN`` rounds;
    - relief, there: nobody has had a limit broken for ``SPAN`` rounds, of whom somebody had before.

    Args:
        chronicle: of the run.
    """
    watch, rows = chronicle.remembered(Watch), len(chronicle.rows)
    if watch.rows < rows:
        first = max(0, watch.rows - 2 * SPAN)
        dimensions = range(len(chronicle.world.senses))
        names = [*_COURSES, *(f"{name}_{k}" for k in dimensions for name in ("level", "limit"))]
        names += _OF_VALUES if words_of(chronicle.world).minds else ()
        names += _OF_NAMES if names_count(chronicle.world) else ()
        part = chronicle.rows[first:rows]
        course = {name: np.array([row[name] for row in part]) for name in names}
        view = View(chronicle, course, first, watch.rows - first)
        watch.found += sorted(_new(view, watch), key=lambda event: event.round)
        watch.rows = rows
    return list(watch.found)


def _new(view: View, watch: Watch) -> Iterator[Event]:
    words = words_of(view.chronicle.world)
    for action, kind in _WAVES.items():
        if action in words.available:
            yield from _waves(view, action, kind, words.verb(action).doing)
    yield from _takings(view, "slashed", "slashing", "slashed")
    yield from _takings(view, "clawed", "clawback", "made to give back")
    yield from _collapses(view, words.result_told)
    yield from _half_life(view, watch, words.doing)
    for k in range(len(view.chronicle.world.senses)):
        yield from _broken_limits(view, watch, k)
    if words.minds:
        yield from _exits(view)
        yield from _violations(view, watch)
    if names_count(view.chronicle.world):
        for measure, name in _OF_NAMES.items():
            yield from _turns(view, measure, name)


def _lows(course: Course) -> Course:
    """(T,) lowest value of this round and the ``SPAN`` before it."""
    padded = np.concatenate([np.full(SPAN, np.inf), course])
    lows: Course = np.lib.stride_tricks.sliding_window_view(padded, SPAN + 1).min(axis=1)
    return lows


def _first_of_spells(happens: Bools) -> list[int]:
    """Places where something happens that did not in the ``SPAN`` places before."""
    places = np.flatnonzero(happens)
    firsts: list[int] = places[np.diff(places, prepend=-SPAN - 1) > SPAN].tolist()
    return firsts


def _waves(view: View, action: str, kind: str, doing: str) -> Iterator[Event]:
    share = view.course[f"share_{action}"]
    low = _lows(share)
    for t in view.firsts(share - low >= WAVE - 1e-9):
        text = f"{doing} rises from {percent(low[t])} to {percent(share[t])}"
        yield Event(view.at(t), kind, text, action.replace("_", "-"))


def _exits(view: View) -> Iterator[Event]:
    away = view.course["share_abstain"]
    low = _lows(away)
    for t in view.firsts(away - low >= WAVE - 1e-9):
        yield Event(view.at(t), "exit", f"{percent(away[t])} have left, up from {percent(low[t])}", "abstain")


def _turns(view: View, measure: str, name: str) -> Iterator[Event]:
    """Requests fulfilled, or good names, fall far below their highest of late, or rise far above their lowest."""
    course = view.course[measure]
    for way, ends in (("down", -_lows(-course)), ("up", _lows(course))):
        for t in view.firsts(np.abs(course - ends) >= NAMED - 1e-9):
            yield Event(view.at(t), name, f"{name} {way} from {percent(ends[t])} to {percent(course[t])}")


def _violations(view: View, watch: Watch) -> Iterator[Event]:
    """Many have a limit broken; nobody has one any more."""
    violated = view.course["violated"]
    low, high, rows = _lows(violated), -_lows(-violated), view.first + np.arange(len(violated))
    for t in view.firsts(violated - low >= WAVE - 1e-9):
        text = f"{percent(violated[t])} have a limit broken, up from {percent(low[t])}"
        yield Event(view.at(t), "broken limit", text)
    if watch.violated is None and (some := np.flatnonzero(violated > 0)).size:
        watch.violated = int(rows[some[0]])
    after = rows > (np.inf if watch.violated is None else watch.violated)
    for t in view.firsts((high == 0) & after):
        yield Event(view.at(t), "relief", f"nobody has a limit broken any more, for {SPAN} rounds")


def _takings(view: View, metric: str, kind: str, done: str) -> Iterator[Event]:
    who, money = view.course[f"{metric}_count"], view.course[metric]
    for t in view.firsts(who > 0):
        text = f"{count(who[t])} principal{'s' if who[t] > 1 else ''} {done}, {figure(money[t])} money"
        yield Event(view.at(t), kind, text)


def _collapses(view: View, result: str) -> Iterator[Event]:
    quality = view.course["accuracy"]
    high = -_lows(-quality)
    for t in view.firsts(high - quality >= COLLAPSE - 1e-9):
        yield Event(view.at(t), "collapse", f"{result} down from {high[t]:.2f} to {quality[t]:.2f}")


def _half_life(view: View, watch: Watch, doing: str) -> Iterator[Event]:
    first, share = view.chronicle.rows[0], view.course["share_delegate"]
    start = first["share_delegate"]
    halved = np.flatnonzero(share[view.new :] <= start / 2)
    if watch.halved or first["round"] != 1 or start == 0 or not halved.size:
        return
    watch.halved, t = True, view.new + int(halved[0])
    yield Event(view.at(t), "half-life", f"{doing} halved from {percent(start)} to {percent(share[t])}", "delegate")


def _broken_limits(view: View, watch: Watch, dimension: int) -> Iterator[Event]:
    world = view.chronicle.world
    level, limit = view.course[f"level_{dimension}"], view.course[f"limit_{dimension}"]
    limit = np.where(np.isfinite(limit), limit, level)  # nobody limits it
    beyond = world.senses[dimension] * (limit - level)  # above 0 on the forbidden side
    broken = beyond > world.terms.screening.safeguard[0, 0] * np.abs(limit)
    if dimension not in watch.within and (kept := np.flatnonzero(beyond <= 0)).size:
        watch.within[dimension] = view.first + int(kept[0])
    kept_before = view.first + np.arange(len(level)) > watch.within.get(dimension, np.inf)
    name = subject(world, dimension)
    for t in view.firsts(broken & kept_before):
        yield Event(view.at(t), "broken limit", f"{name} at {figure(level[t])}, beyond its limit {figure(limit[t])}")
