"""What a careful eye finds in a figure: text cut off, too small or upon other text, and numbers that nothing notes."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from commonweal.agents.arrays import Floats
from commonweal.figures.data import Picture

_SLACK = 2.0  # pixels


def texts(figure: Figure) -> list[tuple[Text, Bbox]]:
    """Every text that is seen, with the space it takes up, pixels."""
    figure.canvas.draw()
    ticks, seen = set(), set()
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            if not ax.axison:
                ticks |= {id(tick.label1) for tick in axis.get_major_ticks()}
                continue
            every = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
            ticks |= {id(label) for tick in every for label in (tick.label1, tick.label2)}
            inside = axis._update_ticks()  # type: ignore[attr-defined]
            seen |= {id(label) for tick in inside for label in (tick.label1, tick.label2)}
    found = []
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        hidden = id(text) in ticks - seen or not text.get_visible() or not text.get_text().strip()
        if not hidden and (box := text.get_window_extent()).width > 1:
            found.append((text, box))
    return found


def faults(figure: Figure) -> Iterator[str]:
    """What one would not publish: text beyond the edge, below 6 points, or upon other text."""
    found, paper = texts(figure), figure.bbox
    for text, box in found:
        said = text.get_text()[:40]
        if min(box.x0, box.y0, paper.x1 - box.x1, paper.y1 - box.y1) < -_SLACK:
            yield f"cut off: {said!r}"
        if text.get_fontsize() < 5.99:
            yield f"{text.get_fontsize():.1f} points: {said!r}"
    level = [(text, box) for text, box in found if text.get_rotation() % 90 == 0]
    for (one, its), (other, box) in combinations(level, 2):
        wide, high = min(its.x1, box.x1) - max(its.x0, box.x0), min(its.y1, box.y1) - max(its.y0, box.y0)
        if wide > _SLACK and high > 1.5 * _SLACK:
            yield f"{one.get_text()[:30]!r} lies upon {other.get_text()[:30]!r}"


def unlike_its_data(figure: Figure) -> Iterator[str]:
    """Numbers of lines and maps that the figure's data lack, and numbers of its data that nothing shows."""
    assert isinstance(figure, Picture)
    for ax in figure.axes:
        for axis in () if ax.images else ("x", "y"):  # cells stand at their places
            noted = _noted(figure, ax, axis, ("", "_low", "_high"))
            if noted is not None:
                shown = _shown(ax, axis)
                for number in _beyond(shown, noted):
                    yield f"{ax.get_title(loc='left')!r}: {axis} = {number:.6g} is drawn and not noted"
                for number in _beyond(_noted(figure, ax, axis, ("",)), np.concatenate([shown, _patches(ax, axis)])):
                    yield f"{ax.get_title(loc='left')!r}: {axis} = {number:.6g} is noted and not drawn"
        for image in ax.images:
            cells = np.ma.filled(np.ma.asarray(image.get_array(), dtype=np.float64), np.nan)
            for number in _beyond(cells.ravel(), _noted(figure, ax, "value", ("",))):
                yield f"{ax.get_title(loc='left')!r}: a cell of {number:.6g} is drawn and not noted"


def _noted(figure: Picture, ax: Axes, axis: str, ends: tuple[str, ...]) -> Floats | None:
    """The numbers of an axis that are noted; None where there are names or nothing."""
    columns = [np.ravel(note.columns[axis + end]) for note in figure.notes if note.ax is ax for end in ends
               if axis + end in note.columns]  # fmt: skip
    if not columns or any(column.dtype.kind not in "iufb" for column in columns):
        return None
    return np.concatenate([column.astype(np.float64) for column in columns])


def _shown(ax: Axes, axis: str) -> Floats:
    """The numbers of lines and marks in units of the data, without what only guides the eye."""
    lines = [line for line in ax.lines if line.get_transform() == ax.transData and line.get_gid() != "guide"]
    of_lines = [np.asarray(line.get_data()[axis == "y"], dtype=np.float64).ravel() for line in lines]
    clouds = [np.ma.filled(np.ma.asarray(each.get_offsets(), np.float64), np.nan)[:, int(axis == "y")]
              for each in ax.collections if len(each.get_offsets()) > 1]  # fmt: skip
    return np.concatenate([np.empty(0), *of_lines, *clouds])


def _patches(ax: Axes, axis: str) -> Floats:
    """Ends and sizes of bars."""
    numbers: list[float] = []
    for bar in ax.patches:
        box = bar.get_path().get_extents(bar.get_patch_transform())
        ends = (box.x0, box.x1) if axis == "x" else (box.y0, box.y1)
        numbers += [*ends, ends[1] - ends[0]]
    return np.array(numbers, dtype=np.float64)


def _beyond(numbers: Floats | None, known: Floats | None) -> Floats:
    """The numbers that are not among those known; infinities and what is not a number are no matter."""
    given = np.unique(numbers[np.isfinite(numbers)]) if numbers is not None else np.empty(0)
    if known is None or not len(given):
        return given
    there = np.sort(known[np.isfinite(known)])
    if not len(there):
        return given
    place = np.searchsorted(there, given).clip(1, max(1, len(there) - 1))
    near = np.minimum(np.abs(given - there[place - 1]), np.abs(given - there[np.minimum(place, len(there) - 1)]))
    found: Floats = given[near > 1e-9 * (1 + np.abs(given))]
    return found
