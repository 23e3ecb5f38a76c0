"""Course of a run whose episodes are shaded by what each added to the outcome."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.economy.explaining.explanation import Explanation
from commonweal.figures.canvas import TWO_COLUMNS, blank, finish, rounds_axis
from commonweal.figures.data import note
from commonweal.figures.explained.marks import how_known, name_of, number, parts_of, quantity, sentence, title_of
from commonweal.figures.ink import BLACK, DIFFERENCES, GREY, Ink, key, printed
from commonweal.figures.looks import look

_HATCH = "//////"
# Paler than other maps of differences, since a line is read upon them.
SHADES = LinearSegmentedColormap.from_list("shades", DIFFERENCES(np.linspace(0.14, 0.86, 21)))
_ROOM = 16  # episodes beside each other whose numbers can be read


@printed
def shaded_course(
    series: Floats,
    episodes: Sequence[range],
    why: Explanation,
    run: int = 0,
    answer: int = 0,
    strangers: Floats | None = None,
) -> Figure:
    """A series with its episodes in colours: sign by hue, size by depth, hatched within two standard errors of 0.

    Episodes that lie side by side are shaded through the whole panel; interventions, and what else may overlap, are
    bars below it.

    Args:
        series: (T,) of the run that is explained.
        episodes: (P,) rounds of each reason.
        why: what they added.
        run: of which run.
        answer: which answer.
        strangers: (K, T) the same series of other runs, drawn as thin lines.

    Returns:
        The figure.

    Raises:
        InputError: if there is no such run or answer, numbers are not finite, or episodes do not fit.
    """
    one = parts_of(why, run, answer)
    _demand(np.asarray(series), episodes, why, strangers)
    whole = why.kind != "interventions" and _side_by_side(episodes)
    heights = None if whole else (1.0, 0.1 + 0.075 * len(episodes))
    figure, grid = blank(1 if whole else 2, 1, TWO_COLUMNS, 2.3, heights=heights, sharex=True)
    ax, shaded = grid[0][0], grid[-1][0]
    norm = Normalize(-(one.scale or 1.0), one.scale or 1.0)
    _draw_series(ax, np.asarray(series, dtype=np.float64), strangers)
    for place, episode in enumerate(episodes):
        colour = SHADES(norm(one.parts[place]))
        extent = (0.0, 1.0) if whole else (place + 0.12, 0.76)
        _shade(shaded, episode, colour, extent, bool(one.unsure[place]), whole)
    if whole:
        _write_above(ax, episodes, one.parts)
    else:
        _write_beside(shaded, why.names, one.parts)
    rounds_axis(ax)
    shaded.set_xlabel("round")
    ax.set_ylabel(name_of(quantity(why, answer), 32))
    bar = figure.colorbar(ScalarMappable(norm, SHADES), ax=[row[0] for row in grid], pad=0.015, aspect=22,
                          ticks=MaxNLocator(5))  # fmt: skip
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=7, width=0.5, length=2)
    bar.set_label("what it added")
    starts, ends = [episode.start for episode in episodes], [episode.stop - 1 for episode in episodes]
    note(shaded, list(why.names), {"x": "round", "value": "what it added"}, x_low=starts, x_high=ends, value=one.parts)
    note(ax, "this run", {"x": "round"}, x=np.arange(len(series)), y=series)
    for stranger in () if strangers is None else strangers:
        note(ax, "other luck", {"x": "round"}, x=np.arange(len(series)), y=stranger)
    unsure = bool(one.unsure.any())
    return finish(figure, title_of(why, answer, look().across(TWO_COLUMNS)), f"{sentence(why, run, answer)} "
                  f"{how_known(why, answer)}", _handles(strangers, unsure))  # fmt: skip


def _demand(series: Floats, episodes: Sequence[range], why: Explanation, strangers: Floats | None) -> None:
    """Raise InputError where series and episodes do not fit."""
    if series.ndim != 1 or not len(series) or not np.isfinite(series).all():
        raise InputError(f"series of shape {series.shape}: must be one row of finite numbers")
    if strangers is not None and (np.ndim(strangers) != 2 or np.shape(strangers)[1] != len(series)):
        raise InputError(f"strangers of shape {np.shape(strangers)}: must be rows of {len(series)} rounds")
    if not episodes or len(episodes) != len(why.names):
        raise InputError(f"episodes: {len(episodes)} of them; the explanation has {len(why.names)} reasons")
    for episode in episodes:
        if not len(episode) or episode.step != 1 or episode.start < 0 or episode.stop > len(series):
            raise InputError(f"episode {episode}: must be rounds within 0 to {len(series) - 1}")


def _side_by_side(episodes: Sequence[range]) -> bool:
    """Whether no two episodes share a round."""
    ordered = sorted(episodes, key=lambda episode: episode.start)
    return all(one.stop <= other.start for one, other in pairwise(ordered))


def _draw_series(ax: Axes, series: Floats, strangers: Floats | None) -> None:
    rounds = np.arange(len(series))
    for other in () if strangers is None else np.asarray(strangers, dtype=np.float64):
        ax.plot(rounds, other, color=GREY, linewidth=0.6, alpha=0.8, zorder=2)
    ax.plot(rounds, series, color=BLACK, linewidth=1.6, zorder=3, marker="o" if len(series) == 1 else "none",
            path_effects=[withStroke(linewidth=3, foreground="white", alpha=0.7)])  # fmt: skip


def _shade(
    ax: Axes, episode: range, colour: tuple[float, ...], extent: tuple[float, float], unsure: bool, whole: bool
) -> None:
    """An episode as a field, as high as the panel or as its lane."""
    transform = ax.get_xaxis_transform() if whole else ax.transData
    field = Rectangle((episode.start - 0.5, extent[0]), len(episode), extent[1], facecolor=colour, edgecolor="0.55",
                      linewidth=0 if whole else 0.5, hatch=_HATCH if unsure else None, transform=transform,
                      zorder=0, hatch_linewidth=0.4)  # fmt: skip
    ax.add_patch(field)


def _write_above(ax: Axes, episodes: Sequence[range], parts: Floats) -> None:
    """The number of each episode over it."""
    if len(episodes) > _ROOM:
        return
    scale = float(np.abs(parts).max(initial=0.0))
    for episode, part in zip(episodes, parts, strict=True):
        middle = (episode.start + episode.stop - 1) / 2
        ax.text(middle, 1.02, number(float(part), scale, sign=True), transform=ax.get_xaxis_transform(), ha="center",
                va="bottom", fontsize=7, color="0.25")  # fmt: skip


def _write_beside(ax: Axes, names: Sequence[str], parts: Floats) -> None:
    """Name and number to the left of each lane."""
    scale = float(np.abs(parts).max(initial=0.0))
    labels = [f"{name_of(name, 26, 1)}  {number(float(part), scale, sign=True)}"
              for name, part in zip(names, parts, strict=True)]  # fmt: skip
    ax.set_yticks(np.arange(len(names)) + 0.5, labels, fontsize=7)
    ax.set_ylim(len(names) + 0.1, 0)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.tick_params(labelbottom=True)


def _handles(strangers: Floats | None, unsure: bool) -> list[Artist]:
    handles: list[Artist] = [key("this run", Ink(BLACK, "-", ""))]
    if strangers is not None and len(strangers):
        handles.append(key(f"{len(strangers)} strangers", Ink(GREY, "-", "")))
    if unsure:
        label = "within two standard errors of 0"
        handles.append(Patch(facecolor="white", edgecolor="0.55", hatch=_HATCH, label=label))
    return handles
