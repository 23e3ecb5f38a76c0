"""What names come to over time: how many requests are fulfilled, how many names are good, and what gifts are worth."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from commonweal.figures.canvas import TWO_COLUMNS, blank, finish
from commonweal.figures.concern import draw_lines, dress, ends
from commonweal.figures.ink import ink, key, printed
from commonweal.figures.points import course, points_of, require

NAMES = ("cooperation", "good_names", "gift_worth", "gift_cost")  # the columns that are there where names count
_MOST = 6  # lines that can be told apart on one pair of axes


@printed
def draw_names(rounds: pd.DataFrame, varied: Sequence[str] = ()) -> Figure:
    """The share of requests that are fulfilled, the share of good names, and what a gift is worth per cost.

    Args:
        rounds: one row per run and round: run, round, cooperation, good_names, gift_worth, gift_cost.
        varied: dotted paths of the varied fields, columns of ``rounds``.

    Returns:
        The figure, of at most six points.

    Raises:
        InputError: if a column or every row is missing.
    """
    require(rounds, "rounds", ("run", "round", *NAMES, *varied))
    paid = rounds["gift_cost"] > 0
    ratios = rounds.assign(ratio=np.where(paid, rounds["gift_worth"] / rounds["gift_cost"].where(paid, 1.0), np.nan))
    points = points_of(ratios, varied, most=_MOST)
    figure, grid = blank(1, 3, TWO_COLUMNS, 2.15)
    shares = (("cooperation", "requests that are fulfilled (share)", "Giving"),
              ("good_names", "names that are good (share)", "Names"))  # fmt: skip
    for ax, (measure, label, title) in zip(grid[0], shares, strict=False):
        ax.set_ylim(-0.02, 1.02)
        draw_lines(ax, [course(ratios, point, measure) for point in points.shown], points.names())
        dress(ax, label, title)
    lines = [course(ratios, point, "ratio") for point in points.shown]
    draw_lines(grid[0][2], lines, points.names())
    means = np.concatenate([line.mean for line in lines] + [np.ones(1)])
    low, high = ends(means)
    grid[0][2].set_ylim(max(low, 0.0), high)
    grid[0][2].axhline(1.0, color="0.6", linewidth=0.6)
    dress(grid[0][2], "worth of a gift per cost", "What giving is worth")
    handles = [key(point.name, ink(place)) for place, point in enumerate(points.shown)] if varied else []
    caption = f"{points.statistic()}{points.note('Lines')} Worth: what delegated data were paid on average, less what"
    caption += " was paid without; cost: what delegating cost. Below 1 (grey) giving is worth less than it costs."
    return finish(figure, "Giving by names", caption, handles)
