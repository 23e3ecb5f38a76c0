"""Figures of the study ``fairness``: agreement with true values, differences by economy, and what was paid for what."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from commonweal.figures.canvas import TWO_COLUMNS, blank, finish
from commonweal.figures.data import note
from commonweal.figures.ink import BLACK, GREY, PURPLE, Ink, ink, key, printed
from commonweal.figures.marks import draw_marks
from commonweal.scenarios.studies.base import Answer
from commonweal.scenarios.studies.fairness.comparison import correlations

_PENS = {"traversal": ink(0), "federated": ink(1)}
_METHODS = {"traversal": "traversal learning", "federated": "FedAvg"}
_TRUTHS = {
    "retraining": "retraining,\ntest accuracy",
    "retraining_loss": "retraining,\nvalidation loss",
    "pooled": "pooled retraining,\ntest accuracy",
    "per_round": "rounds' games",
    "standalone": "accuracy alone",
}
_AGREEMENT = {"pearson": "Pearson", "spearman": "Spearman", "distance": "distance (lower is better)"}
_LABELS = {"clean": Ink(GREY, "-", "o"), "noisy": Ink(PURPLE, "-", "^")}


def draw(answer: Answer) -> dict[str, Figure]:
    """All figures of an answer, by name."""
    figures = {"agreement": _draw_agreement(answer), "paid_and_worth": _draw_shares(answer)}
    if len(answer.tables["economies"].drop_duplicates(["task", "partition", "labels"])) > 1:
        figures["economies"] = _draw_economies(answer)
    return figures


def _primary(answer: Answer) -> str:
    """The truth that the headline is about."""
    known = set(answer.tables["overall"]["against"])
    return "retraining" if "retraining" in known else "per_round"


@printed
def _draw_agreement(answer: Answer) -> Figure:
    """How well payments agree with each truth, under both ways of training."""
    table = answer.tables["overall"].query("of == 'payments'")
    truths = [truth for truth in _TRUTHS if truth in set(table["against"])]
    figure, (axes,) = blank(1, len(_AGREEMENT), TWO_COLUMNS, 0.5 + 0.42 * len(truths), sharey=True)
    for ax, (measure, title) in zip(axes, _AGREEMENT.items(), strict=True):
        rows = table[table["measure"] == measure].set_index("against").reindex(truths)
        for shift, (method, pen) in zip((-0.13, 0.13), _PENS.items(), strict=True):
            places = np.arange(len(truths)) + shift, [_flat(truth) for truth in truths]
            draw_marks(ax, rows, (method, places), pen, _METHODS[method], markersize=3)
        ax.set_title(title, loc="left", color="0.2")
        ax.axvline(0, color="0.8", linewidth=0.6, zorder=0)
    axes[0].set_yticks(range(len(truths)), [_TRUTHS[truth] for truth in truths])
    axes[0].set_ylim(len(truths) - 0.5, -0.5)
    caption = f"Payments against true values. {_means(answer)}"
    return finish(figure, "Do payments follow what data is worth?", caption, _keys())


@printed
def _draw_economies(answer: Answer) -> Figure:
    """Differences between the two ways of training, economy by economy."""
    truth = _primary(answer)
    table = correlations(answer.tables["economies"], truth)
    names = table[["task", "partition", "labels"]].agg(", ".join, axis=1).str.replace("_", " ")
    figure, ((left, right),) = blank(1, 2, TWO_COLUMNS, 0.6 + 0.15 * len(table), sharey=True)
    places = np.arange(len(table))
    for shift, (method, pen) in zip((-0.15, 0.15), _PENS.items(), strict=True):
        draw_marks(left, table, (method, (places + shift, names)), pen, _METHODS[method], markersize=3)
    draw_marks(right, table, ("difference", (places, names)), Ink(BLACK, "-", "D"), markersize=3)
    left.set_yticks(places, names, fontsize=7)
    left.set_ylim(len(table) - 0.5, -0.5)
    left.set_xlim(-1.05, 1.05)
    for ax, text in ((left, "Pearson's correlation of payments"), (right, "traversal learning − FedAvg")):
        ax.axvline(0, color="0.8", linewidth=0.6, zorder=0)
        ax.set_xlabel(text)
    ends = table[["difference_low", "difference_high"]].abs().to_numpy()
    limit = min(2.0, 1.1 * float(np.nanmax(ends, initial=0.1)))
    right.set_xlim(-limit, limit)
    caption = f"Correlation of payments with true values ({_flat(truth)}) in every economy. {_means(answer)}"
    return finish(figure, "Where attribution is finer", caption, _keys())


@printed
def _draw_shares(answer: Answer) -> Figure:
    """Shares of payments against shares of true value, a point per principal."""
    truth, table = _primary(answer), answer.tables["principals"]
    runs = table.groupby(["task", "partition", "labels", "seed", "method"])
    worth = table[truth] / runs[truth].transform(lambda values: values.abs().sum()).where(lambda total: total > 0)
    paid = table["payments"] / runs["payments"].transform("sum").where(lambda total: total > 0)
    figure, (axes,) = blank(1, 2, TWO_COLUMNS, 2.6, sharey=True, sharex=True)
    held = _labels_held(table)
    kinds = [kind for kind in _LABELS if kind in set(held)]
    for ax, (method, title) in zip(axes, _METHODS.items(), strict=True):
        for kind in kinds:
            chosen = (table["method"] == method) & (held == kind)
            pen = _LABELS[kind]
            ax.plot(worth[chosen], paid[chosen], linestyle="none", marker=pen.marker, color=pen.colour, markersize=2.5,
                    alpha=0.5, markeredgewidth=0, rasterized=True)  # fmt: skip
            note(ax, f"{kind} labels", x=worth[chosen], y=paid[chosen])
        low, high = float(np.nanmin([worth.min(), 0])), float(np.nanmax([worth.max(), paid.max()]))
        ax.plot([0, high], [0, high], color=BLACK, linewidth=0.7, gid="guide")
        ax.set_xlim(low - 0.02, high + 0.02)
        ax.set_title(title, loc="left", color="0.2")
        ax.set_xlabel("share of true value")
    axes[0].set_ylabel("share of payments")
    handles = [key(f"{kind} labels", _LABELS[kind], marker=True) for kind in kinds]
    caption = (
        f"A point is a principal in one run. True values ({_flat(truth)}) are Shapley values over "
        "the sum of their absolute values. On the line everybody is paid in proportion."
    )
    return finish(figure, "What was paid for what", caption, handles)


def _labels_held(table: pd.DataFrame) -> pd.Series:
    """Whether a principal's own labels are clean or noisy."""
    return (table["quality"] < 1).map({False: "clean", True: "noisy"})


def _flat(truth: str) -> str:
    return _TRUTHS[truth].replace("\n", " ")


def _keys() -> list[Line2D]:
    return [key(_METHODS[method], pen, marker=True) for method, pen in _PENS.items()]


def _means(answer: Answer) -> str:
    seeds = len(answer.provenance.get("seeds", ())) or int(answer.tables["overall"]["seeds"].max())
    return f"Means over {seeds} seeds with 95 % intervals; both ways have the same data, first network and batches."
