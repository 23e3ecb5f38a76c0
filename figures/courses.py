"""Courses over time: what principals do, how good the model is, and one page that shows both."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from commonweal.economy.round.words import Words
from commonweal.figures.canvas import ONE_COLUMN, TWO_COLUMNS, blank, finish, label_ends, panels, rounds_axis
from commonweal.figures.ink import ACTIONS, BLACK, Ink, ink, key, printed
from commonweal.figures.points import Points, course, draw_course, end_of, points_of, require
from commonweal.figures.wealth import WEALTH, draw_lorenz, lorenz_curves

_USUAL = Words()
_TOGETHER = 6  # lines that can be told apart on one pair of axes


@printed
def draw_actions(rounds: pd.DataFrame, varied: Sequence[str] = (), words: Words = _USUAL) -> Figure:
    """Shares of the actions over time, one panel per point of the sweep.

    Args:
        rounds: one row per run and round: run, round, share_delegate, share_free_ride, share_defect, share_abstain.
        varied: dotted paths of the varied fields, columns of ``rounds``.
        words: what the runs call things, and which actions can be taken.

    Returns:
        The figure. An action that nobody ever took has no line.

    Raises:
        InputError: if a column or every row is missing.
    """
    require(rounds, "rounds", ("run", "round", *(f"share_{action}" for action in words.available), *varied))
    points = points_of(rounds, varied)
    taken = [action for action in words.available if (rounds[f"share_{action}"] > 0).any()]
    never = [verb.do for action, verb in words.actions.items() if action not in taken]
    figure, axes = panels([point.title for point in points.shown], "share of principals", "round")
    for ax, point in zip(axes, points.shown, strict=True):
        for action in taken:
            draw_course(ax, course(rounds, point, f"share_{action}"), ACTIONS[action], action,
                        series=words.verb(action).do)
        ax.set_ylim(-0.02, 1.02)
        rounds_axis(ax)
    caption = points.statistic() + (f" Never chosen: {', '.join(never)}." if never else "") + points.note()
    handles = [key(words.verb(action).do, ACTIONS[action]) for action in taken]
    return finish(figure, "What principals do", caption, handles)


@printed
def draw_accuracy(rounds: pd.DataFrame, varied: Sequence[str] = (), words: Words = _USUAL) -> Figure:
    """Quality over time, by rule: test accuracy of the shared model, or what the market calls it.

    Args:
        rounds: one row per run and round: run, round, accuracy.
        varied: dotted paths of the varied fields, columns of ``rounds``.
        words: what the runs call things.

    Returns:
        The figure: one pair of axes for up to six points, else a panel each with the others in grey.

    Raises:
        InputError: if a column or every row is missing.
    """
    require(rounds, "rounds", ("run", "round", "accuracy", *varied))
    points = points_of(rounds, varied)
    if len(points.shown) <= _TOGETHER:
        figure, grid = blank(1, 1, ONE_COLUMN, 2.3)
        _draw_together(grid[0][0], rounds, points, "accuracy", words.axis, named=bool(varied))
        return finish(figure, words.title, points.statistic() + points.note("Lines"))
    figure, axes = panels([point.title for point in points.shown], words.axis, "round")
    lines = [course(rounds, point, "accuracy") for point in points.shown]
    for place, ax in enumerate(axes):
        for other in lines:
            ax.plot(other.rounds, other.mean, color="0.85", linewidth=0.6, label="_", gid="guide")
        draw_course(ax, lines[place], Ink(BLACK, "-", "o"), points.shown[place].name)
        rounds_axis(ax)
    _bound_share(axes[0])
    caption = points.statistic() + points.note() + " Grey: the other points."
    return finish(figure, words.title, caption)


def _draw_together(ax: Axes, rounds: pd.DataFrame, points: Points, column: str, ylabel: str, named: bool) -> None:
    lines = [course(rounds, point, column) for point in points.shown]
    for place, (line, point) in enumerate(zip(lines, points.shown, strict=True)):
        draw_course(ax, line, ink(place), point.name, opacity=0.18 if len(lines) < 4 else 0.09,
                    series=point.name if points.header else "")
    rounds_axis(ax)
    ax.set_xlabel("round")
    ax.set_ylabel(ylabel)
    if column in ("accuracy", "share_delegate"):
        _bound_share(ax)
    if named:
        label_ends(ax, [end_of(line) for line in lines], [point.name for point in points.shown],
                   [ink(place).colour for place in range(len(lines))])


def _bound_share(ax: Axes) -> None:
    """Keep a share's axis within 0 and 1, which an interval may leave."""
    low, high = ax.get_ylim()
    ax.set_ylim(max(low, -0.02), min(high, 1.02))


@printed
def draw_overview(
    rounds: pd.DataFrame,
    principals: pd.DataFrame,
    varied: Sequence[str] = (),
    words: Words = _USUAL,
) -> Figure:
    """One page: who cooperates, how good the model is, what the round is worth, and who ends up with the money.

    Where there is no money the last is how much everybody puts in.

    Args:
        rounds: one row per run and round: run, round, share_delegate, accuracy, welfare, and samples if without money.
        principals: one row per run and principal: run, balance, escrow.
        varied: dotted paths of the varied fields, columns of both.
        words: what the runs call things.

    Returns:
        The figure, of at most six points.

    Raises:
        InputError: if a column or every row is missing.
    """
    require(rounds, "rounds", ("run", "round", "share_delegate", "accuracy", "welfare", *varied))
    require(principals, "principals", ("run", *WEALTH, *varied))
    points = points_of(rounds, varied, most=_TOGETHER)
    figure, grid = blank(2, 2, TWO_COLUMNS, 2.15)
    parts = (("share_delegate", f"principals that {words.delegate.do} (share)", "Cooperation"),
             ("accuracy", words.axis, words.panel),
             ("welfare", words.welfare_axis, words.welfare.capitalize()))
    for ax, (column, label, title) in zip((grid[0][0], grid[0][1], grid[1][0]), parts, strict=True):
        _draw_together(ax, rounds, points, column, label, named=False)
        ax.set_title(title, loc="left", color="0.2")
    grid[0][0].set_ylim(-0.02, 1.02)
    money = bool(principals[list(WEALTH)].to_numpy().any()) or "samples" not in rounds or not words.has("samples")
    if money:
        draw_lorenz(grid[1][1], [lorenz_curves(principals, point) for point in points.shown], points.names())
    else:
        _draw_together(grid[1][1], rounds, points, "samples", "samples put in (per round)", named=False)
        grid[1][1].set_ylim(bottom=0.0)
    grid[1][1].set_title("Wealth at the end" if money else "Data", loc="left", color="0.2")
    handles = [key(point.name, ink(place)) for place, point in enumerate(points.shown)] if varied else []
    return finish(figure, _headline(points), points.statistic() + points.note("Lines"), handles)


def _headline(points: Points) -> str:
    return f"The cooperative under {points.header}" if points.header else "The cooperative over time"
