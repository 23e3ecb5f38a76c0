"""Where learners who only sample collapse: payoff over discount and b/c, with the boundary below which they should."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from commonweal.agents.arrays import Floats
from commonweal.figures.canvas import TWO_COLUMNS, blank, finish
from commonweal.figures.data import note
from commonweal.figures.ink import MAP, OCHRE, Ink, key, printed, upon
from commonweal.figures.points import require

COLUMNS = ("gamma", "turnover", "ratio", "share", "constant", "boundary")
_EDGE = Ink(OCHRE, "-", "")


@printed
def draw_collapse(maps: dict[str, pd.DataFrame], note: str) -> Figure:
    """A row of maps for each rival, a map for each length of episodes.

    Args:
        maps: by the rival's name a row per cell: gamma, turnover (acts of each in an episode), ratio (b/c), share (of
            the best payoff), constant (share of seeds that end giving to all alike), boundary (b/c below which refusing
            everybody is right for the discounted return of an episode).
        note: on what was played, for the caption.

    Returns:
        The figure.

    Raises:
        InputError: if a column or every row is missing.
    """
    for name, table in maps.items():
        require(table, name, COLUMNS)
    lengths = sorted({length for table in maps.values() for length in table["turnover"]})
    figure, grid = blank(len(maps), len(lengths), TWO_COLUMNS, 1.75, sharex=True, sharey=True)
    for row, (name, table) in zip(grid, maps.items(), strict=True):
        for ax, length in zip(row, lengths, strict=True):
            mesh = _map(ax, table[table["turnover"] == length])
        row[0].set_ylabel(f"{name}\nb/c")
    for ax, length in zip(grid[0], lengths, strict=True):
        ax.set_title(f"T/N = {length:g} acts of each", loc="left", color="0.2")
    for ax in grid[-1]:
        ax.set_xlabel("discount γ")
    bar = figure.colorbar(mesh, ax=[ax for row in grid for ax in row], pad=0.01, aspect=30, ticks=[0, 0.5, 1])
    bar.outline.set_visible(False)
    bar.set_label("payoff, share of the best")
    caption = ("Numbers: percent of seeds that end constant, giving to all alike or to nobody; where there is none: 0."
               f" Below the line refusing everybody is right for the objective itself. {note}")  # fmt: skip
    title = "Where learners who only sample collapse, and where their objective says they should"
    return finish(figure, title, caption, [key("boundary by the analysis", _EDGE)])


def _map(ax: Axes, cells: pd.DataFrame) -> QuadMesh:
    """One map, and the boundary as a step for each discount."""
    gammas, ratios = sorted(set(cells["gamma"])), sorted(set(cells["ratio"]))
    shares = cells.pivot(index="ratio", columns="gamma", values="share").to_numpy()
    edges = _edges(ratios)
    note(ax, "share", {"value": "payoff, share of the best"}, x=cells["gamma"], y=cells["ratio"], value=cells["share"])
    note(ax, "constant", {"value": "share of seeds that end constant"}, x=cells["gamma"], y=cells["ratio"],
         value=cells["constant"])  # fmt: skip
    mesh = ax.pcolormesh(np.arange(len(gammas) + 1) - 0.5, edges, shares, cmap=MAP, vmin=0.0, vmax=1.0)
    ax.set_yscale("log")
    ax.set_ylim(edges[0], edges[-1])
    ax.set_yticks(ratios, [f"{ratio:g}" for ratio in ratios])
    ax.yaxis.set_minor_locator(NullLocator())
    ax.set_xticks(range(len(gammas)), [f"{gamma:g}".lstrip("0") for gamma in gammas], rotation=90)
    ax.tick_params(length=0, labelsize=7)
    ax.spines[:].set_visible(False)
    for _, cell in cells.iterrows():
        if percent := round(100 * cell["constant"]):
            place, colour = gammas.index(cell["gamma"]), upon(MAP(float(np.clip(cell["share"], 0, 1))))
            ax.text(place, cell["ratio"], f"{percent}", ha="center", va="center", fontsize=6, color=colour)
    line = cells.groupby("gamma")["boundary"].first().sort_index().to_numpy()
    note(ax, "boundary by the analysis", x=gammas, y=line)
    ax.stairs(np.clip(line, edges[0], edges[-1]), np.arange(len(gammas) + 1) - 0.5, baseline=None, color=_EDGE.colour,
              linewidth=1.8)  # fmt: skip
    return mesh


def _edges(middles: Sequence[float]) -> Floats:
    """Edges of cells whose middles lie on a logarithmic scale."""
    logs = np.log(np.asarray(middles))
    half = np.diff(logs) / 2 if len(logs) > 1 else np.array([0.2])
    between = logs[:-1] + half[: len(logs) - 1]
    edges: Floats = np.exp(np.concatenate([[logs[0] - half[0]], between, [logs[-1] + half[-1]]]))
    return edges
