"""What decided a run, as a document: what the visitor's changes, or the luck of episodes, added to an outcome."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtri, stdtrit

from commonweal.economy.explaining.explanation import Explanation
from commonweal.economy.world.world import World
from commonweal.figures.browser.documents.panels import panels
from commonweal.figures.browser.documents.why import points
from commonweal.figures.browser.notes.chronicle import Chronicle
from commonweal.figures.browser.notes.numbers import change, figure, known_or_none, percent
from commonweal.figures.browser.notes.sentences import listed

Document = dict[str, Any]
LAST = 10  # rounds at the end of the run that an outcome is the mean of
_BEYOND = 0.025  # probability beyond either end of a 95 % interval
_OF_THE_PAGE = {"slashed", "clawed", "fees", "held_share"}  # measures that only the chronicle has


@dataclass(frozen=True)
class Measured:
    """An outcome of a run that can be explained: a course of its panels."""

    measure: str
    words: str
    share: bool  # whether it is told in percent


def outcomes(chronicle: Chronicle) -> tuple[Measured, ...]:
    """What of a run can be explained: all courses that the page shows, as far as they are known in every round."""
    rows, found = chronicle.rows, _measured(chronicle.world)
    return tuple(each for each in found if all(np.isfinite(row[each.measure]) for row in rows))


def _measured(world: World) -> list[Measured]:
    shown = [Measured(line.measure, f"{line.name} ({panel.title})", panel.percent)
             for panel in panels(world) for line in panel.lines]  # fmt: skip
    return [each for each in shown if each.measure not in _OF_THE_PAGE and not each.measure.startswith("limit_")]


@dataclass(frozen=True)
class Episode:
    """Rounds of a run, as the page counts them."""

    first: int
    last: int


def answers(found: Explanation, told: Sequence[Measured], episodes: Sequence[Episode] = ()) -> dict[str, Document]:
    """What is told of an explanation, for every outcome.

    Args:
        found: of one run.
        told: its outcomes, in the order of its answers.
        episodes: that its reasons are, where it is about luck; else they are changes.

    Returns:
        By measure: ``sentence``; ``rows``, each with ``text``, ``value``, ``said``, ``low`` and ``high`` (the ends of a
        95 % interval, None where it is exact), ``sure`` (the interval leaves out 0), and of episodes ``letter``,
        ``from`` and ``to``; ``note``.
    """
    return {each.measure: _answer(found, place, each, episodes) for place, each in enumerate(told)}


def _answer(found: Explanation, answer: int, told: Measured, episodes: Sequence[Episode]) -> Document:
    rows = [_row(found, place, answer, told) | _place(episodes, place) for place in range(len(found.names))]
    return {"sentence": _sentence(found, answer, told, rows, bool(episodes)), "rows": rows, "note": _note(found)}


def _row(found: Explanation, reason: int, answer: int, told: Measured) -> Document:
    value = float(found.values[0, reason, answer])
    error = 0.0 if found.standard_error is None else float(found.standard_error[0, reason, answer])
    margin = _errors_to_each_side(found) * error
    within = f" ± {_size(margin, told)}" if np.isfinite(margin) and margin > 0 else ""
    ends = (value - margin, value + margin) if within else (np.nan, np.nan)
    return {
        "text": found.names[reason], "value": value, "said": _part(value, told) + within,
        "low": known_or_none(ends[0]), "high": known_or_none(ends[1]), "sure": bool(abs(value) > margin),
    }  # fmt: skip


def _errors_to_each_side(found: Explanation, tried: int = 1) -> float:
    """Standard errors to each side of intervals that hold together in 95 %: Student's, since strangers are few."""
    strangers = int(found.provenance["strangers"].partition(",")[0]) if found.kind == "luck" else 0
    side = 1 - _BEYOND / tried
    return float(stdtrit(strangers - 1, side) if strangers else ndtri(side))


def _place(episodes: Sequence[Episode], place: int) -> Document:
    """Where an episode lies, and what it is called."""
    if not episodes:
        return {}
    episode = episodes[place]
    rounds = f"round {episode.first}" if episode.first == episode.last else f"rounds {episode.first}–{episode.last}"
    return {"letter": chr(ord("A") + place), "from": episode.first, "to": episode.last, "text": rounds}


def _sentence(found: Explanation, answer: int, told: Measured, rows: Sequence[Document], luck: bool) -> str:
    """What the outcome was, what it would have been, and the two largest reasons."""
    ended, would = (_level(float(each[0, answer]), told) for each in (found.value, found.base))
    count = min(LAST, int(found.provenance["rounds"]))
    when = "in the last round" if count == 1 else f"in the last {count} rounds"
    without = "with other luck" if luck else f"without {'this change' if len(rows) == 1 else 'these changes'}"
    said = f"{told.words}: {ended} {when}, {would} {without}."
    clear = [place for place in np.argsort(-np.abs(found.values[0, :, answer]), kind="stable") if _is_clear(
        found, int(place), answer)][:2]  # fmt: skip
    if not clear:
        none = "no episode stands out among all of them" if luck else "nothing that was changed made a difference"
        return f"{_capital(said)} {_capital(none)}."
    reasons = [f"{rows[place]['text']} ({_part(rows[place]['value'], told)})" for place in clear]
    return f"{_capital(said)} Mostly because of {listed(reasons)}."


def _is_clear(found: Explanation, reason: int, answer: int) -> bool:
    """Whether a part is not 0, as one of all that were tried (Bonferroni)."""
    error = 0.0 if found.standard_error is None else float(found.standard_error[0, reason, answer])
    return bool(abs(found.values[0, reason, answer]) > _errors_to_each_side(found, len(found.names)) * error)


def _note(found: Explanation) -> str:
    """How it was found."""
    rounds = found.provenance["rounds"]
    if found.kind == "luck":
        strangers = found.provenance["strangers"].partition(",")[0]
        return (f"{rounds} rounds, played again with the luck of each episode kept or that of {strangers} others, "
                "in every combination; ± 95 %; hatched: the interval holds 0")  # fmt: skip
    every = f"each of {found.evaluations} combinations" if found.exact else f"{found.evaluations} combinations"
    how = "exact" if found.exact else "estimated"
    return (f"{how} for this seed: {rounds} rounds, played from the start with {every} of the changes, "
            "on the same random numbers")  # fmt: skip


def _level(value: float, told: Measured) -> str:
    return percent(value) if told.share else figure(value)


def _part(value: float, told: Measured) -> str:
    return f"{points(value)} points" if told.share else change(value, 2)


def _size(margin: float, told: Measured) -> str:
    return (points(margin) if told.share else figure(margin, 2)).lstrip("+")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
