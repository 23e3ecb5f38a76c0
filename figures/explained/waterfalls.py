"""Waterfall of one answer: from what it would be without any reason to what it is, a bar for each reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import fsum
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from commonweal.agents.arrays import Floats
from commonweal.economy.explaining.explanation import Explanation
from commonweal.figures.canvas import TWO_COLUMNS, blank, finish
from commonweal.figures.data import note
from commonweal.figures.explained.marks import (
    SMALL,
    Parts,
    as_seen,
    colour_of,
    how_known,
    name_of,
    number,
    parts_of,
    quantity,
    sentence,
    sign_keys,
    title_of,
)
from commonweal.figures.ink import BLACK, GREY, printed
from commonweal.figures.looks import look

MOST = 12  # reasons with a bar of their own
_NORMAL = 1.959964  # standard errors to each side of a 95 % interval
_HATCH = "////"
_LAST = {"luck": "this run", "interventions": "this run", "segments": "this series", "outcome": "this profile"}


@dataclass(frozen=True)
class _Bar:
    """A row between the first and the last."""

    label: str
    part: float
    start: float  # where it begins
    margin: float = 0.0  # of its 95 % interval
    open: bool = False  # what is left open
    large: bool = False  # one of the two largest reasons


@printed
def waterfall(why: Explanation, run: int = 0, answer: int = 0, seen: Mapping[str, str] | None = None) -> Figure:
    """From the base to the value: each reason a bar, the largest first, what is left open last.

    Args:
        why: the explanation.
        run: of which run.
        answer: which answer.
        seen: what was seen, by reason, written beside its name; as the explanation notes it if not given.

    Returns:
        The figure. Small reasons are one bar, of their exact sum.

    Raises:
        InputError: if there is no such run or answer.
    """
    one = parts_of(why, run, answer)
    noted = seen_in(why) if seen is None else seen
    bars = _bars(one, [_label(name, noted) for name in why.names])
    figure, ((ax,),) = blank(1, 1, TWO_COLUMNS * 0.85, 0.6 + 0.235 * (len(bars) + 2))
    _draw_ends(ax, one, len(bars))
    for row, bar in enumerate(bars, start=1):
        _draw_bar(ax, bar, row)
    _dress(ax, why, one, bars)
    ax.set_xlabel(quantity(why, answer))
    _note(ax, one, bars)
    title = title_of(why, answer, look().across(TWO_COLUMNS * 0.85))
    return finish(figure, title, _caption(why, run, answer, bars), _handles(bars))


def _note(ax: Axes, one: Parts, bars: Sequence[_Bar]) -> None:
    """Where each bar ends, and what it adds with its interval; first the base, last the value."""
    said = {"y": "reason", "value": "added"}
    ends, parts = np.array([bar.start + bar.part for bar in bars]), np.array([bar.part for bar in bars])
    margins = np.array([bar.margin for bar in bars])
    note(ax, names=said, x=one.base, y="base")
    note(ax, names=said, x=ends, x_low=ends - margins, x_high=ends + margins, y=[bar.label for bar in bars],
         value=parts, value_low=parts - margins, value_high=parts + margins)  # fmt: skip
    note(ax, names=said, x=one.value, y="value")


def seen_in(why: Explanation) -> dict[str, str]:
    """What the explanation of one decision notes of what was seen, by reason."""
    told = why.provenance.get("seen", "").split("; ")
    longest = sorted(why.names, key=len, reverse=True)
    found = {}
    for item in told:
        name = next((name for name in longest if item.startswith(f"{name} ")), None)
        if name is not None:
            found[name] = item.removeprefix(f"{name} ")
    return found


def _label(name: str, seen: Mapping[str, str]) -> str:
    return name_of(f"{name} = {as_seen(seen[name])}" if name in seen else name, 38)


def folded(parts: Floats, most: int = MOST) -> tuple[list[int], list[int]]:
    """Which reasons are drawn by themselves, the largest first, and which together: small ones and those beyond most.

    Args:
        parts: (P,) signed sizes.
        most: reasons by themselves.
    """
    sizes = np.abs(parts)
    order = [int(place) for place in np.argsort(-sizes, kind="stable")]
    count = min(most, int((sizes >= SMALL * sizes.max(initial=0.0)).sum()) if sizes.any() else 0)
    count = len(order) if len(order) - count == 1 else count  # one alone keeps its name
    return order[:count], order[count:]


def _bars(one: Parts, labels: Sequence[str]) -> list[_Bar]:
    """Rows in the order in which they are drawn."""
    alone, together = folded(one.parts)
    margins = np.zeros_like(one.parts) if one.errors is None else np.nan_to_num(_NORMAL * one.errors, posinf=0.0)
    bars, at = [], one.base
    for place, reason in enumerate(alone):
        part = float(one.parts[reason])
        bars.append(_Bar(labels[reason], part, at, float(margins[reason]), large=place < 2 and part != 0))
        at += part
    if together:
        part = fsum(one.parts[together])
        bars.append(_Bar(f"{len(together)} others", part, at))
        at += part
    if abs(one.left_open) > 1e-12 * max(one.scale, abs(one.value)):
        bars.append(_Bar("left open (residual)", one.left_open, at, open=True))
    return bars


def _draw_ends(ax: Axes, one: Parts, count: int) -> None:
    """Base and value as marks with a line through the rows."""
    for row, end in ((0, one.base), (count + 1, one.value)):
        ax.plot(end, row, "D", color=BLACK, markersize=4.5, zorder=4)
        ax.axvline(end, color=GREY, linewidth=0.6, linestyle=":", zorder=0)


def _draw_bar(ax: Axes, bar: _Bar, row: int) -> None:
    colour = colour_of(bar.part)
    hatched = {"facecolor": "white", "edgecolor": colour, "hatch": _HATCH}
    look: dict[str, Any] = hatched if bar.open else {"color": colour}
    ax.barh(row, bar.part, left=bar.start, height=0.62, linewidth=0.8, zorder=2, **look)
    ax.plot([bar.start, bar.start], [row - 1, row], color=GREY, linewidth=0.6, zorder=1)
    if bar.margin:
        ax.errorbar(bar.start + bar.part, row, xerr=bar.margin, color=BLACK, elinewidth=0.9, capsize=2, zorder=3)


def _dress(ax: Axes, why: Explanation, one: Parts, bars: Sequence[_Bar]) -> None:
    """Names to the left, numbers to the right, no empty edge."""
    count = len(bars)
    end = bars[-1].start + bars[-1].part if bars else one.base
    ax.plot([end, end], [count, count + 1], color=GREY, linewidth=0.6, zorder=1)
    first = "anyone here, on average" if why.kind == "behaviour" else name_of(why.baseline, 38)
    last = "this decision" if "taken" in why.provenance else _LAST.get(why.kind, "what is explained")
    ax.set_yticks(range(count + 2), [first, *(bar.label for bar in bars), last])
    for place, label in enumerate(ax.get_yticklabels()):
        label.set_fontweight("bold" if 0 < place <= count and bars[place - 1].large else "normal")
    level = max(abs(one.base), abs(one.value), one.scale)
    texts = [number(one.base, level), *(number(bar.part, one.scale, sign=True) for bar in bars),
             number(one.value, level)]  # fmt: skip
    for row, text in enumerate(texts):
        ax.text(1.02, row, text, transform=ax.get_yaxis_transform(), va="center", color="0.25")
    ax.set_ylim(count + 1.6, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_xlim(*_ends(one, bars))
    ax.ticklabel_format(axis="x", style="sci", scilimits=(-4, 6), useMathText=True)


def _ends(one: Parts, bars: Sequence[_Bar]) -> tuple[float, float]:
    """Of the axis: all bars and whiskers, with some room."""
    reached = [bar.start + bar.part + side * bar.margin for bar in bars for side in (-1, 1)]
    every = [one.base, one.value, *reached]
    low, high = min(every), max(every)
    room = 0.04 * (high - low) or max(1e-12, 0.05 * abs(high))
    return low - room, high + room


def _caption(why: Explanation, run: int, answer: int, bars: Sequence[_Bar]) -> str:
    text = f"{sentence(why, run, answer)} {how_known(why, answer)}"
    if any(bar.margin for bar in bars):
        text += " Whiskers: 95 % intervals of the parts."
    if any(bar.open for bar in bars):
        text += " Hatched: what the reasons do not show."
    return text


def _handles(bars: Sequence[_Bar]) -> list[Artist]:
    left = [Patch(facecolor="white", edgecolor=GREY, hatch=_HATCH, label="left open")]
    return [*sign_keys([bar.part for bar in bars]), *(left if any(bar.open for bar in bars) else [])]
