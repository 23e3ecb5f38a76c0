"""What samples earn: accuracy of the shared and the given models, and each principal's reward by its samples."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullLocator

from commonweal.agents.arrays import Floats
from commonweal.figures.canvas import TWO_COLUMNS, blank, finish, rounds_axis
from commonweal.figures.data import note
from commonweal.figures.ink import BLACK, GREY, Ink, ink, key, printed
from commonweal.figures.points import Points, course, draw_course, points_of, require

_MOST_TYPES = 7  # costs that have an ink of their own
_TOGETHER = 6  # points whose lines can be told apart
_WIDE = 30.0  # ratio of amounts beyond which their axis is logarithmic


@printed
def draw_rewards(rounds: pd.DataFrame, principals: pd.DataFrame, varied: Sequence[str] = ()) -> Figure:
    """Accuracy shared and given, samples put in, and every principal's reward by its contribution.

    Args:
        rounds: one row per run and round: run, round, accuracy, own_accuracy (shares), samples.
        principals: one row per run and principal: run, cost (money per sample), contributed (samples), reward (mean
            accuracy given).
        varied: dotted paths of the varied fields, columns of both.

    Returns:
        The figure, of at most six points.

    Raises:
        InputError: if a column or every row is missing.
    """
    require(rounds, "rounds", ("run", "round", "accuracy", "own_accuracy", "samples", *varied))
    require(principals, "principals", ("run", "cost", "contributed", "reward", *varied))
    points = points_of(rounds, varied, most=_TOGETHER)
    figure, ((left, middle, right),) = blank(1, 3, TWO_COLUMNS, 2.3)
    _draw_accuracies(left, rounds, points)
    for place, point in enumerate(points.shown):
        draw_course(middle, course(rounds, point, "samples"), ink(place), point.name,
                    series=point.name if points.header else "")
    rounds_axis(middle)
    _from_zero(middle)
    middle.set(xlabel="round", ylabel="samples put in (per round)")
    entries = _draw_cloud(right, rounds, principals, points)
    handles = [key("shared model", Ink(BLACK, "-", "")), key("own model, mean", Ink(BLACK, "--", "")), *entries]
    caption = (f"{points.statistic()} Right: each mark is a principal of a run{_meaning(principals, points)}; its "
               "model's accuracy is a mean over rounds, 0 in those without one. Grey: the shared model's."
               + points.note("Colours"))
    return finish(figure, "What samples earn", caption, handles)


def _draw_accuracies(ax: Axes, rounds: pd.DataFrame, points: Points) -> None:
    for place, point in enumerate(points.shown):
        colour = ink(place).colour
        draw_course(ax, course(rounds, point, "accuracy"), Ink(colour, "-", "o"), f"{point.name}, shared",
                    series=f"{point.name}, shared" if points.header else "shared model")
        draw_course(ax, course(rounds, point, "own_accuracy"), Ink(colour, "--", "s"), f"{point.name}, own",
                    series=f"{point.name}, own" if points.header else "own model, mean")
    rounds_axis(ax)
    _whole_range(ax, rounds[["accuracy", "own_accuracy"]].to_numpy())
    ax.set(xlabel="round", ylabel="accuracy (share)")


def _draw_cloud(ax: Axes, rounds: pd.DataFrame, principals: pd.DataFrame, points: Points) -> list[Artist]:
    """Reward by contribution, a mark a principal, and the mean accuracy of the shared model; its legend entries."""
    shared = rounds.groupby("run")["accuracy"].mean()
    shown = principals[principals["run"].isin(np.concatenate([point.runs for point in points.shown]))]
    for point in points.shown:
        ax.axhline(float(shared[shared.index.isin(point.runs)].mean()), color=GREY, linewidth=0.8, zorder=0)
    groups = _groups(shown, points)
    for place, (name, own) in enumerate(groups):
        marks = ax.plot(own["contributed"], own["reward"], linestyle="none", marker=ink(place).marker,
                        color=ink(place).colour, clip_on=False)
        _hollow(marks[0])
        note(ax, name, x=own["contributed"], y=own["reward"])
    _stretch(ax, shown["contributed"].to_numpy(dtype=np.float64))
    _whole_range(ax, shown["reward"].to_numpy())
    ax.set(xlabel="samples put in (over the run)", ylabel="accuracy of its own model (share)")
    return [_hollow(key(name, ink(place), marker=True)) for place, (name, _) in enumerate(groups) if name]


def _whole_range(ax: Axes, accuracies: Floats) -> None:
    """From none to all, unless some lie elsewhere: a closed form has a scale of its own."""
    if np.nanmin(accuracies, initial=0.0) >= 0 and np.nanmax(accuracies, initial=1.0) <= 1:
        ax.set_ylim(-0.02, 1.02)


def _hollow(mark: Line2D) -> Line2D:
    """A mark that lets one see what lies beneath: several types may take the same line of a menu."""
    mark.set(markerfacecolor="none", markeredgewidth=0.9, markersize=5)
    return mark


def _groups(principals: pd.DataFrame, points: Points) -> list[tuple[str, pd.DataFrame]]:
    """Principals by point of the sweep, or by what a sample costs them, or all together."""
    if points.header:
        return [(point.name, principals[principals["run"].isin(point.runs)]) for point in points.shown]
    if principals["cost"].nunique() > _MOST_TYPES:
        return [("", principals)]
    return [(f"cost {cost:g}", own) for cost, own in principals.groupby("cost", sort=True)]


def _meaning(principals: pd.DataFrame, points: Points) -> str:
    """What the colours of principals show, in words."""
    if points.header:
        return f", by {points.header}"
    return ", by what a sample costs it (money)" if principals["cost"].nunique() <= _MOST_TYPES else ""


def _stretch(ax: Axes, samples: Floats) -> None:
    """From zero on; logarithmic where numbers differ much, with zero next to the smallest power of ten."""
    some = samples[samples > 0]
    if not some.size or some.max() <= _WIDE * some.min():
        ax.set_xlim(0, max(1.0, float(samples.max(initial=0.0))) * 1.05)
        return
    powers = np.arange(max(0, np.floor(np.log10(some.min()))), np.ceil(np.log10(some.max())) + 1)
    if some.size == samples.size:
        ax.set_xscale("log")
    else:
        ax.set_xscale("symlog", linthresh=10 ** powers[0], linscale=0.5)
    left = [0.0] if some.size < samples.size else []
    ax.set_xticks([*left, *(10 ** powers[:: -(-len(powers) // 4)])])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlim(left[0] if left else float(some.min()) / 2, float(some.max()) * 2)


def _from_zero(ax: Axes) -> None:
    ax.set_ylim(0, max(1.0, ax.get_ylim()[1]))
