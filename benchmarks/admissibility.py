"""What accuracy costs where values stand in its way: accuracy against what the cooperative pays for looser limits.

    python benchmarks/admissibility.py            the table (about two minutes on one core)
    python benchmarks/admissibility.py --write    into docs/results.md, and docs/images/admissibility.png

Scenario tolerance-for-sale under budgets from nothing to more than there is to buy, and without any screening; 8 seeds,
± 95 % t-intervals over seeds, means over the last quarter of rounds.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from results_page import RESULTS, markdown, write

from commonweal.economy import Ensemble
from commonweal.figures.canvas import finish, panels, save
from commonweal.figures.ink import BLUE, GREEN, GREY, VERMILLION, printed
from commonweal.scenarios import load
from commonweal.scenarios.runs.summary import interval

SEEDS = range(8)
BUDGETS = (0.0, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.045, 0.07)
FIGURE = Path(__file__).parents[1] / "docs" / "images" / "admissibility.png"
COLUMNS = {
    "accuracy": "test accuracy",
    "tolerance_paid": "paid for tolerance (money per round)",
    "loosened": "share of limits given up",
    "level_1": "loss on the withheld class",
}
GAINED = {"accuracy": "accuracy gained", "revenue": "revenue gained (money per round)", "welfare": "welfare gained"}
_PANELS = (
    ("accuracy", "test accuracy", BLUE, "o"),
    ("level_1", "loss on the withheld class", VERMILLION, "s"),
    ("gained", "welfare gained (money)", GREEN, "^"),
)


def played(budgets: Sequence[float], seeds: Sequence[int], rounds: int | None = None) -> pd.DataFrame:
    """A row per budget and seed: means over the last quarter of rounds; budget nan: without screening."""
    frames = []
    for budget in (*budgets, None):
        changes = {"screening.mode": "off"} if budget is None else {}
        changes |= {"contract.admissibility_budget": budget or 0.0, **({} if rounds is None else {"rounds": rounds})}
        courses = Ensemble(load("tolerance-for-sale", changes), seeds).run().rounds
        late = courses[courses["round"] >= 0.75 * courses["round"].max()].groupby("run").mean()
        late = late.reindex(columns=list(COLUMNS | GAINED)).fillna(0.0)
        frames.append(late.reset_index().assign(budget=np.nan if budget is None else budget))
    return pd.concat(frames, ignore_index=True)


def table(runs: pd.DataFrame) -> str:
    """A row per budget: means and intervals; what is gained is against the same seeds' runs with nothing bought."""
    rows, nothing = [], runs[runs["budget"] == 0].set_index("run")
    for budget, seeds in runs.groupby("budget", dropna=False):
        own = seeds.set_index("run")
        name = "without screening" if np.isnan(float(str(budget))) else f"{budget:g}"
        means = [own[column] for column in COLUMNS] + [own[column] - nothing[column] for column in GAINED]
        rows.append([name, *("{:.4f} ± {:.4f}".format(*interval(each)) for each in means)])
    heads = ["budget (money per round)", *COLUMNS.values(), *GAINED.values()]
    return markdown(heads, rows)


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
            _draw_unscreened(ax, *interval(runs[runs["budget"].isna()][column]))
    caption = (
        f"Each point a budget; means and 95 % t-intervals over {runs['run'].nunique()} seeds, last quarter of rounds."
        " Dashes and band: without screening. Welfare gained: payoffs and what the treasury kept, against the same runs"
        " with nothing bought; what sellers give up counts as a cost."
    )
    return finish(figure, "What tolerance buys", caption)


def _draw_curve(ax: Axes, runs: pd.DataFrame, column: str, colour: str, marker: str) -> None:
    means = runs.groupby("budget")[["tolerance_paid", column]].agg(interval)
    (x, x_half), (y, y_half) = (list(zip(*means[name], strict=True)) for name in ("tolerance_paid", column))
    ax.errorbar(x, y, xerr=x_half, yerr=y_half, color=colour, marker=marker, markersize=3, capsize=1.5)


def _draw_unscreened(ax: Axes, level: float, half: float) -> None:
    ax.axhspan(level - half, level + half, color=GREY, alpha=0.25, linewidth=0)
    ax.axhline(level, color=GREY, linestyle="--", linewidth=0.8)


def main() -> None:
    """Print the table and draw the curve where asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help=f"into {RESULTS.name} and {FIGURE.name}")
    parser.add_argument("--figure", type=Path, metavar="FILE", help="draw the curve into this file")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    runs = played(BUDGETS, SEEDS)
    text = table(runs)
    print(text, flush=True)
    if arguments.write:
        write("admissibility", text)
    if file := arguments.figure or (FIGURE if arguments.write else None):
        save(draw_admissibility(runs), file)


if __name__ == "__main__":
    main()
