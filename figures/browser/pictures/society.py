"""The society as a picture: who knows whom, what each principal does, what it owns and how it stands."""

from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.markers import MarkerStyle

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats
from commonweal.economy.money.membership import NEVER
from commonweal.economy.world.world import World
from commonweal.figures.browser.notes.chronicle import Chronicle, Sight
from commonweal.figures.browser.notes.shown import pays_money
from commonweal.figures.browser.pictures.layout import SCALE, SIZE, Layout, on_sheet
from commonweal.figures.browser.pictures.screen import DARK, FONT, QUIET, blank_sheet, picture, write
from commonweal.figures.ink import ACTIONS, PURPLE

Ring = Literal["reputation", "credit", "own model"]

_LARGEST = 21.0  # points across, of the wealthiest principal where there is room
_SMALLEST = 0.4  # of the largest, across, but never less than 5 points: a principal that owns nothing
_GAP, _RING = 1.0, 1.5  # points: between a principal and its ring, and of the ring
_FIT = {"o": 1.0, "s": 0.74, "D": 0.6, "^": 0.82}  # of a circle's diameter, that corners stay within the ring
_NUMBERED = 40  # at most so many principals have their number next to them: each text costs a millisecond
_FULL, _NONE = 0.0, 0.86  # grey of a ring at the top and at the bottom of its scale


def draw_society(chronicle: Chronicle, layout: Layout, *, round: int | None = None, selected: int | None = None,
                 ring: Ring = "reputation") -> Figure:
    """The graph of principals after a round: shape and colour by action, size by wealth, ring by standing.

    Where there is no money, size is by samples put in; where there is a menu, each has its line next to it.

    Args:
        chronicle: of the run.
        layout: of its principals, from ``lay_out``.
        round: after which; the newest if not given.
        selected: principal to point out.
        ring: what rings show: reputation from 0 to 1, credit over the settlement's horizon, or how accurate a model
            each is given, as a part of the shared one's accuracy.

    Returns:
        The figure, always of the same size with principals in the same places (``principal_at``).
    """
    sight = chronicle.newest if round is None else chronicle.at(round)
    sheet = blank_sheet(SIZE)
    places = on_sheet(layout)
    what, amounts = _amounts(sight, chronicle.world)
    diameter, top = _diameters(amounts, layout)
    if len(layout.edges):
        edges = LineCollection(list(places[layout.edges]), colors="0.8", linewidths=0.5, zorder=1)
        sheet.add_collection(edges, autolim=False)
    place = _place_of(layout, selected)
    if place is not None:
        _point_out(sheet, layout, place, diameter[place])
    shades = _greys(_ring_shares(sight, ring)[layout.members])
    actions = sight.actions[layout.members]
    for name, pen in ACTIONS.items():
        of = actions == Action[name.upper()]
        if of.any():
            _mark(sheet, places[of], pen.marker, diameter[of], pen.colour, shades[of])
    numbered = _number_lines(sheet, sight, layout)
    _head(sheet, sight, layout, selected, numbered)
    _legend(sheet, sight, layout, ring, (what, top))
    return picture(sheet)


def _largest(layout: Layout) -> float:
    """Points across that the wealthiest principal may have without touching its neighbour."""
    room = layout.spacing * SCALE * 72
    return min(_LARGEST, max(5.0, room - 2 * (_GAP + _RING)))


def _amounts(sight: Sight, world: World) -> tuple[str, Floats]:
    """What sizes show, and (N,) how much of it each has."""
    if pays_money(world):
        return "wealth, money", sight.wealth
    return "samples put in", np.asarray(sight.samples, dtype=np.float64)


def _diameters(amounts: Floats, layout: Layout) -> tuple[Floats, float]:
    """(M,) points across, the area growing evenly with (N,) amounts, and the round amount that the largest means."""
    top = _round_up(float(amounts.max(initial=0.0)))
    share = np.clip(amounts[layout.members] / top if top else np.zeros(len(layout.members)), 0.0, 1.0)
    return _across(share, layout), top


def _across(share: Floats, layout: Layout) -> Floats:
    largest = _largest(layout)
    smallest = min(max(_SMALLEST, 5.0 / largest), 1.0)
    across: Floats = largest * np.sqrt(smallest**2 + (1 - smallest**2) * share)
    return across


def _round_up(value: float) -> float:
    """The next of 1, 2, 5, 10, …, so that the scale changes seldom; 0 for nothing."""
    if not value > 0:
        return 0.0
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(step * power for step in (1, 2, 5, 10) if step * power >= value * (1 - 1e-9)))


def _ring_shares(sight: Sight, ring: Ring) -> Floats:
    """(N,) place of everybody on the scale of the rings."""
    if ring == "reputation":
        return sight.reputation
    values = sight.cumulated if ring == "credit" else sight.given
    top = _round_up(float(values.max(initial=0.0))) if ring == "credit" else sight.quality
    shares: Floats = values / (top or 1.0)
    return shares


def _greys(share: Floats) -> Floats:
    """(M, 3) colours of the rings: from light to black with standing, purple where credit is negative."""
    grey = _NONE + (_FULL - _NONE) * np.clip(share, 0.0, 1.0)
    purple = np.array([int(PURPLE[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where((share < 0)[:, None], purple, np.repeat(grey[:, None], 3, axis=1))


def _mark(sheet: Axes, places: Floats, marker: str, diameter: Floats, colour: str, ring: Floats) -> None:
    """Principals of one action: a ring and, a gap within it, the action's shape."""
    x, y = places.T
    sheet.scatter(x, y, (diameter + 2 * (_GAP + _RING)) ** 2, marker="o", facecolors="white", edgecolors=list(ring),
                  linewidths=_RING, zorder=2)
    sheet.scatter(x, y, (_FIT.get(marker, 0.8) * diameter) ** 2, marker=MarkerStyle(marker), color=colour, linewidths=0,
                  zorder=3)


def _number_lines(sheet: Axes, sight: Sight, layout: Layout) -> bool:
    """Beside each principal the line of the menu that it takes; whether there are any."""
    lines = sight.line[layout.members]
    if not (lines != NEVER).any() or len(lines) > _NUMBERED:
        return False
    for (x, y), line in zip(on_sheet(layout), lines, strict=True):
        if line != NEVER:
            write(sheet, x + 0.2, y - 0.24, str(line + 1), colour=DARK)
    return True


def _place_of(layout: Layout, principal: int | None) -> int | None:
    if principal is None or principal not in layout.members:
        return None
    return int(np.searchsorted(layout.members, principal))


def _point_out(sheet: Axes, layout: Layout, place: int, diameter: float) -> None:
    """A halo around one principal, its acquaintances' edges in black, its number beside it."""
    places = on_sheet(layout)
    x, y = places[place]
    own = layout.edges[(layout.edges == place).any(axis=1)]
    sheet.add_collection(LineCollection(list(places[own]), colors="0.25", linewidths=1.1, zorder=1.5), autolim=False)
    sheet.scatter(x, y, (diameter + 15) ** 2, facecolors="#FFF3C4", edgecolors="black", linewidths=1.4, zorder=1.8)
    side = 1 if x < SIZE[0] - 0.8 else -1
    sheet.text(x + side * 0.17, y + 0.14, str(layout.members[place]), fontsize=FONT + 1, fontweight="bold",
               color="black", ha="left" if side > 0 else "right", zorder=5,
               bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.85})


def _head(sheet: Axes, sight: Sight, layout: Layout, selected: int | None, numbered: bool) -> None:
    write(sheet, 0.15, SIZE[1] - 0.22, f"Round {sight.round}", size=FONT + 1, colour=DARK, bold=True)
    missing = selected is not None and _place_of(layout, selected) is None
    note = layout.note + (f"; principal {selected} is not among them" if missing else "")
    write(sheet, SIZE[0] - 0.15, SIZE[1] - 0.22, note, ha="right")
    if numbered:
        write(sheet, SIZE[0] - 0.15, SIZE[1] - 0.42, "number: line of the menu, dearest type first", ha="right")


def _legend(sheet: Axes, sight: Sight, layout: Layout, ring: Ring, size: tuple[str, float]) -> None:
    """Beneath the picture: how many of all do what, the scale of sizes and the scale of rings."""
    counts = np.bincount(sight.actions, minlength=len(Action))
    for place, (name, pen) in enumerate(ACTIONS.items()):
        x, y = 0.25 + 1.25 * (place % 2), 0.52 - 0.26 * (place // 2)
        sheet.scatter(x, y + 0.045, (9 * _FIT[pen.marker]) ** 2, marker=MarkerStyle(pen.marker), color=pen.colour)
        write(sheet, x + 0.15, y, f"{name.replace('_', '-')} {counts[Action[name.upper()]]}")
    what, top = size
    shares = np.array([0.0, 0.5, 1.0] if top else [0.0])
    _scale(sheet, 2.75, f"size: {what}", [f"{share * top:g}" for share in shares], color=QUIET, linewidths=0,
           s=_across(shares, layout) ** 2)
    title, values, names = _ring_scale(sight, ring)
    _scale(sheet, 4.5, title, names, s=130, facecolors="white", edgecolors=_greys(values), linewidths=_RING)


def _scale(sheet: Axes, x: float, title: str, names: list[str], **style: Any) -> None:
    """A title, a row of circles in the given style, and what each stands for."""
    write(sheet, x, 0.56, title)
    places = x + 0.2 + 0.52 * np.arange(len(names))
    sheet.scatter(places, np.full(len(names), 0.33), **style)
    for place, name in zip(places, names, strict=True):
        write(sheet, place, 0.06, name, ha="center")


def _ring_scale(sight: Sight, ring: Ring) -> tuple[str, Floats, list[str]]:
    """Title, places on the scale of rings, and their names."""
    if ring == "reputation":
        return "ring: reputation", np.array([0.0, 0.5, 1.0]), ["0", "0.5", "1"]
    if ring == "own model":
        return "ring: part of the model given", np.array([0.0, 0.5, 1.0]), ["0", "0.5", "1"]
    top = _round_up(float(sight.cumulated.max(initial=0.0)))
    names = ["below 0", "0"] + ([f"{top / 2:g}", f"{top:g}"] if top else [])
    return "ring: cumulated credit, loss", np.array([-1.0, 0.0, 0.5, 1.0])[: len(names)], names
