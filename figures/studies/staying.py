"""The figure of the study of staying: who delegates under which rule, and how many stay."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from commonweal.figures.canvas import TWO_COLUMNS, blank, finish
from commonweal.figures.data import note_cells
from commonweal.figures.ink import BLACK, MAP, Ink, printed, upon
from commonweal.figures.marks import draw_marks
from commonweal.scenarios.studies.base import Answer

_NAMED = 24  # principals whose names fit below a map
_NUMBERS = 14  # principals up to which shares are written into it


def draw(answer: Answer) -> dict[str, Figure]:
    """Figures by name."""
    seeds = len(answer.provenance.get("seeds", ()))
    return {"staying": _staying(answer.tables["by_rule"], answer.tables["by_principal"], seeds)}


@printed
def _staying(rules: pd.DataFrame, people: pd.DataFrame, seeds: int) -> Figure:
    """Rules by principals, as dark as they delegate; beside it how many stay."""
    figure, ((ax, beside),) = blank(1, 2, TWO_COLUMNS, 1.2 + 0.26 * max(3, len(rules)), sharey=True)
    names = list(rules["rule"])
    by_size = people[people["rule"] == names[0]].sort_values("samples")["principal"]
    share = people.pivot(index="rule", columns="principal", values="delegating").loc[names, by_size]
    _map(ax, share)
    note_cells(ax, share.to_numpy(), list(map(str, share.columns)), names,
               {"x": "principal", "y": "rule", "value": "share of the last rounds in which it delegates"})  # fmt: skip
    ax.set_yticks(range(len(names)), names)
    places = range(len(names)), names
    draw_marks(beside, rules.set_index("rule"), ("staying", places), Ink(BLACK, "-", "o"), markersize=4)
    beside.set(xlim=(-0.3, len(by_size) + 0.3), xlabel=f"how many of {len(by_size)} stay")
    beside.tick_params(left=False, labelleft=False)
    caption = (
        f"Left: share of the last rounds in which each delegates, mean over {seeds} seeds; who holds least stands"
        " leftmost. Right: how many stay, mean with 95 % interval."
    )
    return finish(figure, "Who keeps contributing, under which rule", caption)


def _map(ax: Axes, share: pd.DataFrame) -> None:
    cells = share.to_numpy(dtype=np.float64)
    image = ax.imshow(cells, cmap=MAP, aspect="auto", vmin=0.0, vmax=1.0)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    count = cells.shape[1]
    if count <= _NAMED:
        ax.set_xticks(range(count), list(share.columns), rotation=45, ha="right", rotation_mode="anchor")
    else:
        ax.set_xticks([])
        ax.set_xlabel(f"{count} principals, by what they hold")
    if count <= _NUMBERS:
        colours = image.to_rgba(cells)
        for (row, column), value in np.ndenumerate(cells):
            ax.text(column, row, f"{value:.1f}".removeprefix("0") if value < 0.95 else "1", ha="center", va="center",
                    fontsize=6.5, color=upon(colours[row, column]))  # fmt: skip
