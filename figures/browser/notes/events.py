"""What a reader of a run would want pointed out: waves, slashings, collapses, a half-life, broken limits."""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Bools, Floats
from commonweal.figures.browser.notes.chronicle import Chronicle
from commonweal.figures.browser.notes.shown import subject, words_of

Course = Floats  # (T,) one number per round

SPAN = 10  # rounds that events look back over, and that must pass before one of its kind is reported again
WAVE = 0.15  # of all principals
COLLAPSE = 0.1  # of the test samples


@dataclass(frozen=True)
class Event:
    """Something worth a mark."""

    round: int  # in which it happened
    kind: str  # defection wave, free-riding wave, slashing, clawback, collapse, half-life or broken limit
    text: str  # one line


def events(chronicle: Chronicle) -> list[Event]:
    """The events of a run so far, in order.

    - defection wave, free-riding wave: the share of principals that defect (free-ride) is ``WAVE`` or more above its
      lowest of the last ``SPAN`` rounds, for the first time since ``SPAN`` rounds;
    - slashing, clawback: stakes are slashed (payments clawed back), for the first time since ``SPAN`` rounds;
    - collapse: quality is ``COLLAPSE`` or more below its highest of the last ``SPAN`` rounds, for the first
      time since ``SPAN`` rounds;
    - half-life: the first round in which at most half as many delegate as in the run's first; not known of a run that
      is not noted from its first round on;
    - broken limit: a probe was within the limit that screening holds it to and is now beyond it by more than the
      safeguard's share of the limit, for the first time since ``SPAN`` rounds. A limit that is broken from the start
      is no event.

    Args:
        chronicle: of the run.
    """
    course = chronicle.metrics()
    if not course:
        return []
    found = [
        *_waves(course, "share_defect", "defection wave", "defectors"),
        *_waves(course, "share_free_ride", "free-riding wave", "free-riders"),
        *_takings(course, "slashed", "slashing", "slashed"),
        *_takings(course, "clawed", "clawback", "made to give back"),
        *_collapses(course, words_of(chronicle.world).quality), *_half_life(course),
        *(event for k in range(len(chronicle.world.senses)) for event in _broken_limits(chronicle, course, k)),
    ]
    return sorted(found, key=lambda event: event.round)


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


def _waves(course: dict[str, Course], metric: str, kind: str, who: str) -> list[Event]:
    share = course[metric]
    low = _lows(share)
    return [Event(int(course["round"][t]), kind, f"{who} up from {low[t]:.0%} to {share[t]:.0%}")
            for t in _first_of_spells(share - low >= WAVE - 1e-9)]


def _takings(course: dict[str, Course], metric: str, kind: str, done: str) -> list[Event]:
    count, money = course[f"{metric}_count"], course[metric]
    return [Event(int(course["round"][t]), kind,
                  f"{count[t]:.0f} principal{'s' if count[t] > 1 else ''} {done}, {money[t]:g} money")
            for t in _first_of_spells(count > 0)]


def _collapses(course: dict[str, Course], quality: str) -> list[Event]:
    accuracy = course["accuracy"]
    high = -_lows(-accuracy)
    return [Event(int(course["round"][t]), f"{quality} collapse",
                  f"{quality} down from {high[t]:.2f} to {accuracy[t]:.2f}")
            for t in _first_of_spells(high - accuracy >= COLLAPSE - 1e-9)]


def _half_life(course: dict[str, Course]) -> list[Event]:
    share, rounds = course["share_delegate"], course["round"]
    halved = np.flatnonzero(share <= share[0] / 2)
    if rounds[0] != 1 or share[0] == 0 or not halved.size:
        return []
    t = int(halved[0])
    return [Event(int(rounds[t]), "half-life", f"delegating halved from {share[0]:.0%} to {share[t]:.0%}")]


def _broken_limits(chronicle: Chronicle, course: dict[str, Course], dimension: int) -> list[Event]:
    sense = chronicle.world.senses[dimension]
    level, limit = course[f"level_{dimension}"], course[f"limit_{dimension}"]
    limit = np.where(np.isfinite(limit), limit, level)  # nobody limits it
    beyond = sense * (limit - level)  # above 0 on the forbidden side
    broken = beyond > chronicle.world.terms.screening.safeguard[0, 0] * np.abs(limit)
    kept_before = np.concatenate([[False], np.logical_or.accumulate(beyond <= 0)[:-1]])
    name = subject(chronicle.world, dimension)
    return [Event(int(course["round"][t]), "broken limit", f"{name} at {level[t]:.3g}, beyond its limit {limit[t]:.3g}")
            for t in _first_of_spells(broken & kept_before)]
