"""Does the rule reward good data? Credit of every principal against the quality of the data it put in."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import spearmanr

from commonweal.agents.arrays import Floats
from commonweal.figures.canvas import finish, panels, say_empty
from commonweal.figures.data import note
from commonweal.figures.ink import ACTIONS, BLACK, Ink, ink, key, printed
from commonweal.figures.points import points_of, require

_SIDEWAYS = 0.01  # data-quality units by which points are spread so that ties show


@printed
def draw_credit_quality(principals: pd.DataFrame, varied: Sequence[str] = (),
                        colour: Literal["action", "policy"] = "action") -> Figure:
    """Credit of every principal against the quality of the data it put in: does the rule reward good data?

    Args:
        principals: one row per run and principal: run, data_quality (share), credit (nat), action, policy.
        varied: dotted paths of the varied fields, columns of ``principals``.
        colour: what colours and markers mean: the last action or the policy.

    Returns:
        The figure: small multiples, with Spearman's rank correlation in each title.

    Raises:
        InputError: if a column or every row is missing.
    """
    require(principals, "principals", ("run", "data_quality", "credit", colour, *varied))
    points = points_of(principals, varied)
    kinds = _kinds(principals[colour])
    known = principals[np.isfinite(principals["data_quality"]) & np.isfinite(principals["credit"])]
    groups = [known[known["run"].isin(point.runs)] for point in points.shown]
    titles = [", ".join(filter(None, (point.title, _rank(group))))
              for point, group in zip(points.shown, groups, strict=True)]
    # Credit rules measure on scales of their own, so only one rule's panels share an axis.
    shared = not any(path.startswith("credit.") for path in varied)
    figure, axes = panels(titles, "credit over the run (nat)", "data quality (share of right labels put in)",
                           sharey=shared)
    for ax, group in zip(axes, groups, strict=True):
        _draw_cloud(ax, group, colour, kinds)
    handles = [key(kind.replace("_", "-"), pen, marker=True) for kind, pen in kinds.items()]
    handles.append(key("mean by quality", Ink(BLACK, "-", "")))
    unknown = len(principals) - len(known)
    meaning = "last action" if colour == "action" else colour
    caption = (f"Each mark: one principal of one run ({points.seeds()}), by {meaning}; spread sideways by at most "
               f"{_SIDEWAYS:g} to show ties. r: rank correlation (Spearman)."
               + (f" Not shown: {unknown} principals that put no data in." if unknown else "") + points.note())
    return finish(figure, "Credit and data quality", caption, handles)


def _kinds(values: pd.Series) -> dict[str, Ink]:
    names = sorted({str(value).lower() for value in values.dropna().unique()})
    if set(names) <= set(ACTIONS):
        return {name: pen for name, pen in ACTIONS.items() if name in names}
    return {name: ink(place) for place, name in enumerate(names)}


def _rank(group: pd.DataFrame) -> str:
    if group["data_quality"].nunique() < 2 or group["credit"].nunique() < 2:
        return ""
    return f"r = {spearmanr(group['data_quality'], group['credit']).statistic:.2f}".replace("-", "\N{MINUS SIGN}")


def _draw_cloud(ax: Axes, group: pd.DataFrame, colour: str, kinds: dict[str, Ink]) -> None:
    ax.axhline(0, color="0.7", linewidth=0.6, zorder=0)
    ax.set_xlim(-0.04, 1.04)
    if group.empty:
        say_empty(ax, "nobody put data in")
        return
    quality, credit = group["data_quality"].to_numpy(dtype=np.float64), group["credit"].to_numpy(dtype=np.float64)
    # Multiples of the golden ratio fill an interval evenly and are the same in every drawing.
    shown = quality + _SIDEWAYS * (2 * (np.arange(quality.size) * 0.6180339887 % 1) - 1)
    kind = group[colour].astype(str).str.lower().to_numpy()
    opacity = float(np.clip(12 / np.sqrt(quality.size), 0.12, 0.8))
    for name, pen in kinds.items():
        own = kind == name
        ax.plot(shown[own], credit[own], linestyle="none", marker=pen.marker, markersize=3, color=pen.colour,
                alpha=opacity, markeredgewidth=0, label=name, rasterized=True)
        note(ax, name.replace("_", "-"), x=quality[own], y=credit[own])
    centres, means = binned_means(quality, credit)
    ax.plot(centres, means, color=BLACK, linewidth=1.2, label="mean")
    note(ax, "mean by quality", x=centres, y=means)


def binned_means(quality: Floats,
                 credit: Floats) -> tuple[Floats, Floats]:
    """Mean quality and mean credit of principals of similar quality.

    Args:
        quality: (M,) of each principal, share.
        credit: (M,) of each principal, nat.

    Returns:
        (B,) mean quality and (B,) mean credit of the at most eight equal-width bins that hold five principals or more.
    """
    low, high = quality.min(), quality.max()
    place = np.clip((8 * (quality - low) / (high - low or 1)).astype(np.int64), 0, 7)
    count = np.bincount(place, minlength=8)
    kept = count >= 5
    sums = [np.bincount(place, weights=values, minlength=8)[kept] / count[kept] for values in (quality, credit)]
    return sums[0], sums[1]
