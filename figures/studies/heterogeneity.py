"""Figure of the study ``heterogeneity``: accuracy against bytes, a panel for each data set."""

import pandas as pd
from matplotlib.figure import Figure

from commonweal.figures.canvas import finish, panels
from commonweal.figures.ink import BLACK, ink, key, printed
from commonweal.figures.marks import draw_band
from commonweal.scenarios.studies.base import Answer
from commonweal.scenarios.studies.heterogeneity.measures import SHARE
from commonweal.scenarios.studies.heterogeneity.played import POOLED

_NAMES = {POOLED: "traversal learning"}
_BANDS = (POOLED, "FedAvg, 5 epochs")  # whose intervals are drawn; four of them hide each other


def draw(answer: Answer) -> dict[str, Figure]:
    """Figures by name; none where nothing was compared but screening."""
    if "courses" not in answer.tables:
        return {}
    return {"bytes": draw_bytes(answer.tables["courses"], len(answer.provenance.get("seeds", ())))}


@printed
def draw_bytes(table: pd.DataFrame, seeds: int) -> Figure:
    """Accuracy against megabytes sent, in the partition that stands last.

    Args:
        table: courses by task, partition, way and round, with megabytes, accuracy and its interval.
        seeds: the means are over.
    """
    partition = table["partition"].iloc[-1]
    shown = table[table["partition"] == partition]
    tasks, ways = list(dict.fromkeys(shown["task"])), list(dict.fromkeys(shown["way"]))
    figure, axes = panels([task.replace("_", " ") for task in tasks], "test accuracy", "megabytes sent", sharey=False)
    for ax, task in zip(axes, tasks, strict=True):
        of_task = shown[shown["task"] == task]
        for place, way in enumerate(ways):
            rows = of_task[of_task["way"] == way]
            kept = rows if way in _BANDS else rows.drop(columns=["accuracy_low", "accuracy_high"])
            draw_band(ax, kept, ("megabytes", "accuracy"), ink(place), _NAMES.get(way, way), linewidth=1.0)
        last = of_task[of_task["way"] == POOLED].nlargest(max(1, len(set(of_task["round"])) // 10), "round")
        ax.axhline(SHARE * last["accuracy"].mean(), color=BLACK, linewidth=0.6, linestyle=":")
        ax.set_xscale("log")
    handles = [key(_NAMES.get(way, way), ink(place)) for place, way in enumerate(ways)]
    caption = (
        f"Partition {partition}; means over {seeds} seeds with 95 % intervals of two. Bytes by formula with credit for"
        " every principal: wire mode cut, or a change of each principal. Dots: 95 % of what pooled training reaches."
    )
    return finish(figure, "What accuracy costs in bytes", caption, handles)
