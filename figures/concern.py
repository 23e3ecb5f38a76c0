"""What becomes of principals' values over time: whose limits are broken, who stays away, and what that costs."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from commonweal.agents.arrays import Floats
from commonweal.economy.round.words import Words
from commonweal.figures.canvas import TWO_COLUMNS, balanced, blank, finish, label_ends, rounds_axis
from commonweal.figures.data import note
from commonweal.figures.ink import ink, key, printed
from commonweal.figures.points import Course, Points, course, draw_course, end_of, points_of, require
from commonweal.scenarios.runs.measures import camps_of

_MOST = 6  # lines that can be told apart on one pair of axes
_MINDING = Words(minds=True)


@printed
def draw_concern(rounds: pd.DataFrame, varied: Sequence[str] = (), words: Words = _MINDING) -> Figure:
    """The share of principals whose limits are broken, the share that stays away, and welfare with and without values.

    Args:
        rounds: one row per run and round: run, round, violated, share_abstain, welfare, net_welfare; by camp
            violated_camp_0 and abstain_camp_0 and so on, where there are camps.
        varied: dotted paths of the varied fields, columns of ``rounds``.
        words: what the runs call things.

    Returns:
        The figure, of at most six points; of a single one by camp where there are any.

    Raises:
        InputError: if a column or every row is missing.
    """
    require(rounds, "rounds", ("run", "round", "violated", "share_abstain", "welfare", "net_welfare", *varied))
    points = points_of(rounds, varied, most=_MOST)
    figure, grid = blank(1, 3, TWO_COLUMNS, 2.15)
    shares = ("violated", "violated", "Broken limits"), ("abstain", words.abstain.doing, "Exit")
    for ax, (measure, doing, title) in zip(grid[0], shares, strict=False):
        _draw_share(ax, rounds, points, measure)
        dress(ax, f"principals {doing} (share)", title)
    _draw_welfare(grid[0][2], rounds, points, words)
    dress(grid[0][2], words.welfare_axis, words.welfare.capitalize())
    handles = [key(point.name, ink(place)) for place, point in enumerate(points.shown)] if varied else []
    caption = f"{points.statistic()}{points.note('Lines')} {words.net_welfare.capitalize()} is {words.welfare} in money"
    caption += " less what broken limits cost their owners in their own values" + "; thin: money alone" * bool(varied)
    return finish(figure, "What becomes of values", f"{caption}. Bands end at the edge.", handles)


def _draw_share(ax: Axes, rounds: pd.DataFrame, points: Points, measure: str) -> None:
    """A line a point; of a single point a line a camp where there are camps."""
    ax.set_ylim(-0.02, 1.02)
    camps = camps_of(rounds.columns, measure) if len(points.shown) == 1 else []
    whole = "violated" if measure == "violated" else f"share_{measure}"
    lines = [course(rounds, points.shown[0], name) for name in camps[:_MOST]]
    lines = lines or [course(rounds, point, whole) for point in points.shown]
    named = [f"camp {name.rpartition('_')[2]}" for name in camps[:_MOST]]
    draw_lines(ax, lines, named or points.names())
    if camps:
        _name_ends(ax, lines, named)


def _draw_welfare(ax: Axes, rounds: pd.DataFrame, points: Points, words: Words) -> None:
    """Net welfare of every point, and welfare in money: a second line of a single point, a thin one of several."""
    net = [course(rounds, point, "net_welfare") for point in points.shown]
    money = [course(rounds, point, "welfare") for point in points.shown]
    low, high = ends(np.concatenate([line.mean for line in [*net, *money]]))
    if len(points.shown) == 1:
        draw_lines(ax, [*money, *net], ["money", "net"])
        ax.set_ylim(low, high)
        _name_ends(ax, [*money, *net], ["money", "net"])
        return
    draw_lines(ax, net, [f"{name}, net" for name in points.names()])
    for place, (line, name) in enumerate(zip(money, points.names(), strict=True)):
        note(ax, f"{name}, money", x=line.rounds, y=line.mean)
        ax.plot(line.rounds, line.mean, color=ink(place).colour, linewidth=0.5, label="_")
    ax.set_ylim(low, high)


def ends(means: Floats) -> tuple[float, float]:
    """Ends of an axis that shows the means; the bands of few seeds would leave nothing to see of them."""
    low, high = np.nanmin(means), np.nanmax(means)
    room = 0.15 * (high - low or abs(high) or 1.0)
    return float(low - room), float(high + room)


def draw_lines(ax: Axes, lines: Sequence[Course], names: Sequence[str]) -> None:
    """A line for each of several points, in the order of their ink."""
    for place, (line, name) in enumerate(zip(lines, names, strict=True)):
        draw_course(ax, line, ink(place), opacity=0.18 if len(lines) < 4 else 0.09, series=name)


def dress(ax: Axes, ylabel: str, title: str) -> None:
    """The axes of a panel over rounds: its labels, and its title at the left."""
    rounds_axis(ax)
    ax.set_xlabel("round")
    ax.set_ylabel(balanced(ylabel, 34))
    ax.set_title(title, loc="left", color="0.2")


def _name_ends(ax: Axes, lines: Sequence[Course], names: Sequence[str]) -> None:
    label_ends(ax, [end_of(line) for line in lines], names, [ink(place).colour for place in range(len(lines))])
