"""What the browser gets of a sweep: the map and its small sisters, and what there is to choose."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from commonweal.figures.browser.notes.decimals import aligned, between, decimals_of
from commonweal.figures.browser.notes.numbers import figure
from commonweal.figures.browser.swept.measure_names import Name, named
from commonweal.figures.browser.swept.paint import DARK, LIGHT, Stops, mixed, painted
from commonweal.figures.browser.swept.plots import line_plot
from commonweal.figures.browser.swept.sweep_axes import Scale
from commonweal.figures.browser.swept.sweep_cells import (
    SHOWS,
    Atlas,
    Standing,
    Values,
    minus_choices,
    standings,
    values_of,
)
from commonweal.figures.browser.swept.sweep_sentences import sweep_context, sweep_sentence
from commonweal.scenarios.reading.survey import Survey
from commonweal.scenarios.runs.intervals import range_of

_SMALL = 3  # maps of other measures beside the large one
_STATES = {"played": "played", "partly": "partly played", "failed": "failed", "waiting": "not played yet"}


@dataclass(frozen=True)
class _Picture:
    """A map of one measure, and how its values are painted and written."""

    atlas: Atlas
    name: Name
    values: Values
    low: float  # where its colours begin
    high: float  # and end
    differs: bool  # whether values are differences
    decimals: int

    @property
    def hue(self) -> str:
        """Its colours."""
        return "difference" if self.differs else self.name.hue

    def text(self, value: float) -> str:
        """What stands in a cell."""
        return aligned(float(value), self.decimals, "+" * self.differs)

    def paint(self, x: int, y: int) -> list[str] | None:
        """The colours of a cell and of what is written on it; None where nothing is known."""
        value = float(self.values.value[y, x])
        return painted(value, self.low, self.high, self.hue) if np.isfinite(value) else None


def sweep_document(atlas: Atlas, place: str) -> dict[str, Any]:
    """A sweep as it is looked at.

    Args:
        atlas: the sweep and the choices made.
        place: what the page calls its folder.

    Returns:
        ``place``, ``name``, ``counted`` ("84 of 168 runs"), ``sentence``, ``context``, ``changed`` (whether another
        version played it); ``view``: the fields of ``View``; ``choices``: what may be chosen, each with ``name``,
        ``field`` of the view, ``options`` (``name``, ``value``) and the place of the ``chosen`` one;
        ``map``: ``title`` and that of the ``lines``, ``legend`` (texts of ``low`` and ``high``, colours by theme),
        ``across`` and ``up`` (None where there is none) and ``cells``, row by row from below, each with ``x``, ``y``,
        ``value``, ``text``, ``paint`` (as ``painted``), ``told`` (in words), ends of the interval, ``units`` (a value a
        seed), ``points``, ``state``, ``part`` ("2 of 3" where some are there) and ``why``; ``lines``: as ``line_plot``;
        ``small``: other measures, with ``title`` and ``paints`` in the order of the cells; ``table``: the map as
        ``title``, ``headers`` and ``rows``.
    """
    survey, view = atlas.survey, atlas.view
    picture = _picture(atlas, named(atlas.names, view.measure))
    drawn = _map(picture)
    return {
        "kind": "sweep",
        "place": place,
        "name": survey.name,
        "counted": f"{len(survey.runs)} of {survey.wanted} runs",
        "sentence": sweep_sentence(atlas),
        "context": sweep_context(atlas),
        "changed": survey.version != survey.current,
        "view": {"measure": view.measure, "across": view.across, "up": view.up, "held": dict(view.held),
                 "shows": view.shows, "minus": view.minus, "point": view.point, "other": view.other},
        "choices": list(_choices(atlas)),
        "map": drawn,
        "lines": _lines(picture, drawn["cells"]),
        "small": [_small(_picture(atlas, name, small=True)) for name in _others(atlas)],
        "table": _table(picture, drawn),
    }  # fmt: skip


def _choices(atlas: Atlas) -> Iterator[dict[str, Any]]:
    """What may be chosen: name, field of the view, the options with their values, and the place of the chosen one."""
    view, names = atlas.view, [scale.name for scale in atlas.scales]
    axes: list[tuple[str, Any]] = [(name, place) for place, name in enumerate(names)]
    yield _choice("Of", "measure", [(name.title, name.measure) for name in atlas.names], view.measure)
    yield _choice("Across", "across", axes, view.across)
    yield _choice("Up", "up", [*axes, ("nothing", -1)] if len(axes) > 1 else [], view.up)
    for place, scale in enumerate(atlas.scales):
        if place not in (view.across, view.up):
            levels = [("averaged", {place: -1}), *((text, {place: k}) for k, text in enumerate(scale.axis.texts))]
            yield _choice(scale.name, "held", levels, {place: view.held.get(place, -1)})
    yield _choice("Shows", "shows", [(name, id) for id, name in SHOWS.items()], view.shows)
    yield _choice("Minus", "minus", [(name, id) for id, name in minus_choices(atlas).items()], view.minus)


def _choice(name: str, field: str, options: Sequence[tuple[str, Any]], value: Any) -> dict[str, Any]:
    chosen = next((place for place, (_, each) in enumerate(options) if each == value), 0)
    return {"name": name, "field": field, "chosen": chosen,
            "options": [{"name": text, "value": each} for text, each in options]}  # fmt: skip


def _table(picture: _Picture, drawn: Mapping[str, Any]) -> dict[str, Any]:
    """The map as a table: a row a cell."""
    atlas = picture.atlas
    places = {way: scale for way, scale in (("x", atlas.across), ("y", atlas.up)) if scale is not None}
    rows = [
        [*(scale.axis.texts[cell[way]] for way, scale in places.items()), cell["text"],
         *("–" if cell[end] is None else picture.text(cell[end]) for end in ("low", "high")),
         len(cell["units"]) - cell["units"].count(None), cell["why"] or _STATES[cell["state"]]]
        for cell in drawn["cells"] if cell["state"] != "none"
    ]  # fmt: skip
    counted = "points" if atlas.sampled else "seeds"
    headers = [*(scale.title for scale in places.values()), "value", "from", "to", counted, ""]
    return {"title": drawn["title"], "headers": headers, "rows": rows}


def _others(atlas: Atlas) -> Sequence[Name]:
    return [name for name in atlas.names[: _SMALL + 1] if name.measure != atlas.view.measure][:_SMALL]


def _map(picture: _Picture) -> dict[str, Any]:
    atlas, name, differs = picture.atlas, picture.name, picture.differs
    ends = ("−" * differs + figure(abs(picture.low)), "+" * differs + figure(picture.high))
    return {
        "measure": name.measure,
        "title": _title(atlas, name),
        "lines": _lines_title(atlas, name),
        "legend": {"low": ends[0], "high": ends[1], "light": _steps(LIGHT[picture.hue]),
                   "dark": _steps(DARK[picture.hue])},
        "across": _axis(atlas.across),
        "up": _axis(atlas.up),
        "cells": _cells(picture),
    }  # fmt: skip


def _steps(stops: Stops) -> list[str]:
    """Colours from low to high in equal steps."""
    return [mixed(step / 8, stops) for step in range(9)]


def _lines_title(atlas: Atlas, name: Name) -> str:
    if atlas.up is None or atlas.across is None:
        return ""
    dots = ", dots are points" if atlas.sampled else ", dots are seeds"
    what = f"{name.short} against {atlas.across.name}: one line for each {atlas.up.name}"
    return what + dots * (atlas.view.shows == "mean")


def _title(atlas: Atlas, name: Name) -> str:
    shows = "" if atlas.view.shows == "mean" else f"{SHOWS[atlas.view.shows]} of "
    return f"{shows}{name.title}{_less(atlas)}, mean of {last_rounds(atlas.survey)}" if atlas.names else name.title


def _less(atlas: Atlas) -> str:
    way, _, number = atlas.view.minus.partition(" ")
    if not way:
        return ""
    return f", minus {atlas.words(int(number)) if way == 'point' else minus_choices(atlas)[atlas.view.minus]}"


def last_rounds(survey: Survey) -> str:
    """The rounds that numbers of runs are means over."""
    if survey.rounds is None or survey.plan.get("stop"):
        return "the last quarter of the rounds played"
    first = survey.rounds - ceil(survey.rounds / 4) + 1
    return f"rounds {first}–{survey.rounds}" if first < survey.rounds else f"round {first}"


def _axis(scale: Scale | None) -> dict[str, Any] | None:
    """An axis: ``title``, ``texts`` of its levels, and whether they are ``named``: read from the top, not upwards."""
    if scale is None:
        return None
    return {"title": scale.title, "texts": list(scale.axis.texts), "named": not scale.axis.numeric}


def _picture(atlas: Atlas, name: Name, *, small: bool = False) -> _Picture:
    """What is to be painted of a measure; colours of small maps begin at its lowest value and end at its highest."""
    values = values_of(atlas, name.measure, plainly=small)
    known = values.value[np.isfinite(values.value)]
    plain = small or atlas.view.shows == "mean"
    differs = bool(atlas.view.minus) and plain and not small
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    if differs:
        low, high = -max(abs(low), abs(high)), max(abs(low), abs(high))
    elif not small:
        low = low if plain and range_of(name.measure).high != 1 else 0.0
        high = 1.0 if plain and range_of(name.measure).high == 1 else high
    high = high if high > low else low + 1.0
    return _Picture(atlas, name, values, low, high, differs, decimals_of(name.measure, values.value))


def _cells(picture: _Picture) -> list[dict[str, Any]]:
    standing, members = standings(picture.atlas.survey), picture.atlas.members()
    return [
        _cell(picture, x, y, points, standing(points)) for y, row in enumerate(members) for x, points in enumerate(row)
    ]


def _cell(picture: _Picture, x: int, y: int, points: Any, standing: Standing) -> dict[str, Any]:
    values, done = picture.values, standing.played + standing.failed
    return {
        "x": x, "y": y, "value": _plain(values.value[y, x]), "low": _plain(values.low[y, x]),
        "high": _plain(values.high[y, x]), "text": picture.text(values.value[y, x]), "paint": picture.paint(x, y),
        "told": _told(picture, x, y, standing), "units": [_plain(value) for value in values.units[:, y, x]],
        "points": points.tolist(), "state": standing.state, "why": standing.why,
        "part": f"{standing.played} of {done + standing.waiting}" if standing.state == "partly" else "",
    }  # fmt: skip


def _told(picture: _Picture, x: int, y: int, standing: Standing) -> str:
    """A cell in words: "audit 0.1, stake 0.25: delegate 0.78, 0.68 to 0.88; 4 played"."""
    atlas, values = picture.atlas, picture.values
    where = ", ".join(scale.level(place) for scale, place in ((atlas.across, x), (atlas.up, y)) if scale is not None)
    if standing.state == "none":
        return f"{where}: no point"
    low, high, said = float(values.low[y, x]), float(values.high[y, x]), []
    if standing.played:
        shown = "" if atlas.view.shows == "mean" else f"{SHOWS[atlas.view.shows]} of "
        ends = "" if np.isnan(low) or shown else f", {between(low, high, picture.decimals, '+' * picture.differs)}"
        said.append(f"{shown}{picture.name.short} {picture.text(values.value[y, x])}{ends}")
    counts = ((standing.played, "played"), (standing.failed, "failed"), (standing.waiting, "not played yet"))
    said.append(", ".join(f"{count} {what}" for count, what in counts if count))
    said += [standing.why] * bool(standing.why)
    return f"{where or atlas.survey.name}: {'; '.join(said)}"


def _small(picture: _Picture) -> dict[str, Any]:
    name, known = picture.name, np.isfinite(picture.values.value)
    alike = not known.any() or np.ptp(picture.values.value[known]) == 0
    ends = "all alike" if alike else between(picture.low, picture.high, picture.decimals)
    tall, wide = picture.atlas.shape
    paints = [picture.paint(x, y) for y in range(tall) for x in range(wide)]
    return {"measure": name.measure, "title": f"{name.unitless}, {ends}", "paints": paints}


def _lines(picture: _Picture, cells: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The lines beneath the map, or in its place."""
    atlas = picture.atlas
    if atlas.across is None or not np.isfinite(picture.values.value).any():
        return None
    column, row = (int(places[atlas.view.point or 0]) for places in atlas.places())
    plain = atlas.view.shows == "mean"
    shown = cells if plain else [{**cell, "units": [], "low": None} for cell in cells]
    share = plain and not picture.differs and range_of(picture.name.measure).high == 1
    return line_plot(atlas.across, atlas.up, shown, (column, row), share=share)


def _plain(value: Any) -> float | None:
    """A number for JSON, with no more digits than a picture needs; None where it is not known."""
    return float(f"{float(value):.5g}") if np.isfinite(value) else None
