"""Principals in the space of what they value, and how they move there."""

from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.economy.world.world import World
from commonweal.figures.browser.notes.chronicle import Chronicle
from commonweal.figures.browser.notes.shown import subject, unit
from commonweal.figures.browser.notes.tables import level_after
from commonweal.figures.browser.pictures.most_screened import draw_most_screened
from commonweal.figures.browser.pictures.screen import (
    DARK,
    FONT,
    Box,
    Panel,
    Size,
    Span,
    blank_sheet,
    panel,
    picture,
    span_of,
    strokes,
    write,
)
from commonweal.figures.ink import BLACK, BROKEN, GREEN

Views = tuple[int, int] | Literal["pca"]

SIZE: Size = (9.6, 6.4)  # inches
TRAIL = 20  # rounds that a trail goes back
_PATHS = 200  # principals drawn
_MAP: Box = (0.7, 0.85, 5.5, 4.7)
_BARS: Box = (6.55, 0.85, 2.55, 4.7)


def draw_values(chronicle: Chronicle, *, axes: Views = (0, 1), round: int | None = None) -> Figure:
    """Principals' limits in value space with their trails and the probes' levels, and who is screened most.

    Args:
        chronicle: of the run.
        axes: two value dimensions, or "pca" for the two directions in which limits differ most, each dimension scaled
            by its standard deviation.
        round: after which; the newest if not given.

    Returns:
        The figure. Of one value dimension a strip with the principals side by side; of none, the words that say so.

    Raises:
        InputError: if there is no such dimension.
    """
    sight = chronicle.newest if round is None else chronicle.at(round)
    sheet = blank_sheet(SIZE)
    write(sheet, 0.15, SIZE[1] - 0.22, f"Round {sight.round}", size=FONT + 1, colour=DARK, bold=True)
    dimensions = len(chronicle.world.senses)
    if dimensions > 1 and axes != "pca" and not all(0 <= k < dimensions for k in axes):
        raise InputError(f"axes: {axes} are not two of the {dimensions} value dimensions, numbered from 0")
    if not dimensions:
        words = "The scenario has no value dimensions: nobody limits what the model may do."
        write(sheet, SIZE[0] / 2, SIZE[1] / 2, words, size=FONT + 1, ha="center")
        return picture(sheet)
    shown = np.arange(0, len(sight.limits), -(-len(sight.limits) // _PATHS))
    trail = np.stack([each.limits for each in chronicle.window(sight.round, TRAIL)])[:, shown]
    levels = np.array([level_after(chronicle, sight.round, k) for k in range(dimensions)])
    broken = (chronicle.world.senses * (trail[-1] - levels) > 0).any(axis=1)
    if dimensions == 1:
        beyond = _draw_strip(sheet, chronicle.world, trail, levels, broken, shown)
    elif axes == "pca":
        beyond = _draw_components(sheet, trail, levels, broken)
    else:
        beyond = _draw_plane(sheet, chronicle.world, trail, levels, broken, axes)
    _tell(sheet, len(shown), len(sight.limits), levels, "X" if axes == "pca" and dimensions > 1 else "_", beyond)
    draw_most_screened(sheet, _BARS, chronicle, sight.round)
    return picture(sheet)


def _label(world: World, dimension: int) -> str:
    verb = "protect" if world.senses[dimension] < 0 else "withhold"
    return f"limit on {subject(world, dimension)} ({verb}), loss, {unit(world, dimension)}"


def _draw_plane(sheet: Axes, world: World, trail: Floats, levels: Floats, broken: Bools,
                axes: tuple[int, int]) -> str:
    """Two dimensions, with the probes' levels as lines. The limits of principals behind a line are broken."""
    x, y = axes
    drawn = panel(sheet, _MAP, _label(world, y), _span(trail[..., x], levels[x]), _span(trail[..., y], levels[y]),
                  whole=False)
    drawn.below(_label(world, x), FONT, DARK)
    _draw_trails(drawn, trail[..., x], trail[..., y], broken)
    return _draw_level(drawn, levels[x], upright=True) + _draw_level(drawn, levels[y], upright=False)


def _draw_components(sheet: Axes, trail: Floats, levels: Floats, broken: Bools) -> str:
    """The two main directions of all limits on the trails; signs are fixed, so that the picture does not flip."""
    flat = trail.reshape(-1, trail.shape[2])
    centre, scale = flat.mean(axis=0), np.where((spread := flat.std(axis=0)) > 1e-12, spread, 1.0)
    scaled = (flat - centre) / scale
    variances, directions = np.linalg.eigh(scaled.T @ scaled)
    main = directions[:, :-3:-1]  # (K, 2)
    main = main * np.sign(main[np.abs(main).argmax(axis=0), [0, 1]])
    share = variances[:-3:-1] / max(float(variances.sum()), 1e-300)
    x, y = np.moveaxis(((trail - centre) / scale) @ main, -1, 0)
    probe = ((levels - centre) / scale) @ main
    labels = [f"component {k + 1} of the limits, {share[k]:.0%} of variance, standard deviations" for k in (0, 1)]
    drawn = panel(sheet, _MAP, labels[1], _span(x, probe[0]), _span(y, probe[1]), whole=False)
    drawn.below(labels[0], FONT, DARK)
    _draw_trails(drawn, x, y, broken)
    if np.isnan(probe).any():
        return ""
    if not (_within(probe[0], drawn.x) and _within(probe[1], drawn.y)):
        return "; the probe losses lie beyond the axes"
    sheet.scatter(drawn.across(probe[:1]), drawn.up(probe[1:]), 110, marker="X", color=GREEN, edgecolors="white",
                  zorder=4)
    return ""


def _draw_strip(sheet: Axes, world: World, trail: Floats, levels: Floats, broken: Bools, shown: Ints) -> str:
    """One dimension: principals side by side, each with the way its limit came."""
    last = float(max(shown[-1], 1))
    drawn = panel(sheet, _MAP, _label(world, 0), (-0.02 * last, 1.02 * last), _span(trail, levels[0]))
    drawn.below("principal", FONT, DARK)
    _draw_trails(drawn, np.broadcast_to(shown, trail.shape[:2]), trail[..., 0], broken)
    return _draw_level(drawn, levels[0], upright=False)


def _span(limits: Floats, level: float) -> Span:
    """Of an axis: all limits, and the probe's level unless it is so far away that the limits would look alike."""
    span = span_of([limits])
    room = span[1] - span[0]
    return span_of([limits, np.array([level])]) if _within(level, (span[0] - 2 * room, span[1] + 2 * room)) else span


def _within(value: float, span: Span) -> bool:
    return bool(span[0] <= value <= span[1])


def _draw_level(drawn: Panel, level: float, *, upright: bool) -> str:
    """A probe's level as a line across the panel, or an arrow at the edge and its value in words."""
    left, bottom, wide, high = drawn.box
    span = drawn.x if upright else drawn.y
    if np.isnan(level):
        return ""
    at = float(drawn.across(level) if upright else drawn.up(level))
    if _within(level, span):
        ends = [(at, bottom), (at, bottom + high)] if upright else [(left, at), (left + wide, at)]
        strokes(drawn.sheet, [ends], GREEN, 1.4)
        return ""
    place = (at, bottom + high / 2) if upright else (left + wide / 2, at)
    above = int(level > span[1])
    marker = "<>"[above] if upright else "v^"[above]
    drawn.sheet.scatter(*place, 60, marker=marker, color=GREEN, zorder=4)
    return f"; beyond the {'x' if upright else 'y'} axis: probe loss {level:.3g}"


def _draw_trails(drawn: Panel, x: Floats, y: Floats, broken: Bools) -> None:
    """(T, M) places over the last rounds as faint lines, and where principals stand now."""
    across, up = drawn.across(x), drawn.up(y)
    if len(across) > 1:
        paths = np.stack([across, up], axis=2).swapaxes(0, 1)
        drawn.sheet.add_collection(LineCollection(list(paths), colors="0.6", linewidths=0.6, alpha=0.6, zorder=1),
                                   autolim=False)
    for of, colour, marker in ((np.logical_not(broken), BLACK, "o"), (broken, BROKEN, "^")):
        if of.any():
            drawn.sheet.scatter(across[-1, of], up[-1, of], 26, marker=marker, color=colour, alpha=0.85, linewidths=0,
                                zorder=3)


def _tell(sheet: Axes, shown: int, count: int, levels: Floats, probe: str, beyond: str) -> None:
    """What the marks mean, that of the probes included, and what lies beyond the axes."""
    y, x = _MAP[1] + _MAP[3] + 0.14, _MAP[0]
    known = bool(np.isfinite(levels).all())
    entries = [("o", BLACK, "limits kept" if known else "limits")]
    entries += [("^", BROKEN, "a limit broken"), (probe, GREEN, "probe loss now")] if known else []
    for marker, colour, text in entries:
        sheet.scatter([x + 0.06], [y + 0.045], 36 if marker != "_" else 120, marker=marker, color=colour,
                      linewidths=1.4 if marker == "_" else 0)
        write(sheet, x + 0.18, y, text)
        x += 1.35
    which = f"{shown} of {count} principals" if shown < count else f"{count} principals"
    measured = "" if known else "; probe losses are known from the first round on"
    write(sheet, _MAP[0], 0.1, f"{which}; lines: the last {TRAIL} rounds{measured}{beyond}")
