"""Accuracy against what is paid for looser limits: what values cost, and what it costs to buy them off."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from commonweal.figures.canvas import finish, panels
from commonweal.figures.ink import BLACK, GREEN, GREY, PURPLE, printed
from commonweal.scenarios.runs.intervals import Interval, beside, mean_interval, range_of

_PANELS = (
    ("accuracy", "test accuracy", BLACK, "o"),
    ("level_1", "loss on the withheld class", PURPLE, "s"),
    ("gained", "welfare gained (money)", GREEN, "^"),
)


@printed
def draw_admissibility(runs: pd.DataFrame) -> Figure:
    """The trade-off between accuracy and admissibility.

    Args:
        runs: a row per budget and run: budget (nan: without screening; 0: nothing bought), run, tolerance_paid,
            accuracy, level_1 and welfare.

    Returns:
        The figure.
    """
    nothing = runs[runs["budget"] == 0].set_index("run")["welfare"]
    runs = runs.assign(gained=runs["welfare"] - runs["run"].map(nothing))
    paid = "paid for looser limits (money per round)"
    figure, axes = panels([title for _, title, _, _ in _PANELS], "mean over seeds", paid, sharey=False, row_height=2.1)
    for ax, (column, _, colour, marker) in zip(axes, _PANELS, strict=True):
        _draw_curve(ax, runs[runs["budget"].notna()], column, colour, marker)
        if column == "gained":
            ax.axhline(0.0, color=GREY, linewidth=0.8)
        else:
            _draw_unscreened(ax, _mean(runs[runs["budget"].isna()], column))
    caption = (
        f"Each point a budget; means and 95 % intervals over {runs['run'].nunique()} seeds, last quarter of rounds."
        " Dashes and band: without screening. Welfare gained: payoffs and what the treasury kept, against the same runs"
        " with nothing bought; what sellers give up counts as a cost."
    )
    return finish(figure, "What tolerance buys", caption)


def _draw_curve(ax: Axes, runs: pd.DataFrame, column: str, colour: str, marker: str) -> None:
    budgets = [those for _, those in runs.groupby("budget")]
    x, y = (beside([_mean(those, name) for those in budgets]) for name in ("tolerance_paid", column))
    ax.errorbar(x.value, y.value, xerr=x.reach, yerr=y.reach, color=colour, marker=marker, markersize=3, capsize=1.5)


def _mean(runs: pd.DataFrame, column: str) -> Interval:
    return mean_interval(runs[column].to_numpy(), within=range_of(column))


def _draw_unscreened(ax: Axes, level: Interval) -> None:
    ax.axhspan(float(level.low), float(level.high), color=GREY, alpha=0.25, linewidth=0)
    ax.axhline(float(level.value), color=GREY, linestyle="--", linewidth=0.8)
