"""Figures magnified as a whole: type, lines, marks and ticks, all that is measured in points."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import Collection, PathCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Annotation, Text

from commonweal.figures.looks import LEAST_TYPE


def magnify(figure: Figure, scale: float) -> None:
    """Make everything in a figure's panels larger or smaller; its size in inches is the caller's.

    Args:
        figure: with its panels drawn; legend, title and caption come later.
        scale: 1 leaves all as it is; no text gets smaller than the least that can be read.
    """
    if scale == 1:
        return
    for ax in figure.axes:
        _magnify_axes(ax, scale)


def magnify_handles(handles: Sequence[Artist], scale: float) -> None:
    """The same for entries of a legend."""
    if scale != 1:
        for handle in handles:
            _magnify_artist(handle, scale)


def _magnify_axes(ax: Axes, scale: float) -> None:
    """Ticks first, since they take over the sizes of names that were given one by one."""
    for axis in (ax.xaxis, ax.yaxis):
        _magnify_axis(axis, scale)
    for artist in ax.get_children():
        if not isinstance(artist, Axis):
            _magnify_artist(artist, scale)


def _magnify_axis(axis: Axis, scale: float) -> None:
    """Ticks, their names, the label and the power of ten of one axis."""
    named = [(label, label.get_fontsize()) for label in axis.get_ticklabels()]
    told: dict[str, Any] = {str(name): value for name, value in axis.get_tick_params().items()}
    sizes: dict[str, Any] = {name: told[name] * scale for name in ("length", "width", "pad") if name in told}
    labelled = told.get("labelsize")
    if isinstance(labelled, int | float):
        sizes["labelsize"] = _type(labelled, scale)
    axis.set_tick_params(**sizes)
    for label, size in named:
        label.set_fontsize(_type(size, scale))
    axis.labelpad *= scale
    for text in (axis.label, axis.get_offset_text()):
        text.set_fontsize(_type(text.get_fontsize(), scale))


def _magnify_artist(artist: Artist, scale: float) -> None:
    if isinstance(artist, Text):
        artist.set_fontsize(_type(artist.get_fontsize(), scale))
        if isinstance(artist, Annotation) and artist.arrow_patch is not None:
            artist.arrow_patch.set_linewidth(artist.arrow_patch.get_linewidth() * scale)
    elif isinstance(artist, Line2D):
        artist.set_linewidth(artist.get_linewidth() * scale)
        artist.set_markersize(artist.get_markersize() * scale)
        artist.set_markeredgewidth(artist.get_markeredgewidth() * scale)
    elif isinstance(artist, Collection):
        artist.set_linewidth([float(width) * scale for width in np.ravel(artist.get_linewidth())])
        if isinstance(artist, PathCollection):
            artist.set_sizes(artist.get_sizes() * scale**2)
    elif isinstance(artist, Patch):
        artist.set_linewidth(artist.get_linewidth() * scale)


def _type(size: float | str, scale: float) -> float:
    """A size of type, points."""
    points = float(size)
    return max(points * scale, min(points, LEAST_TYPE))
