"""Figures of the study ``evolution``: payoff curves or the simplex, the long run, and who invades whom."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from commonweal.figures.canvas import ONE_COLUMN, TWO_COLUMNS, blank, finish
from commonweal.figures.data import note, note_cells
from commonweal.figures.ink import ACTIONS, BLACK, MAP, Ink, ink, key, printed, upon
from commonweal.scenarios.studies.base import Answer
from commonweal.scenarios.studies.judging import per_round

_CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(3) / 2]])  # of the triangle, by strategy
_FILLS = {"stable": BLACK, "saddle": "0.65", "neutral": "0.65", "unstable": "white"}
_SPEEDS = LinearSegmentedColormap.from_list("speeds", MAP(np.linspace(0.3, 1, 8)))  # arrows upon white


def draw(answer: Answer) -> dict[str, Figure]:
    """All figures of an answer, by name."""
    strategies = tuple(answer.tables["ess"]["strategy"])
    first = {2: _draw_curves, 3: _draw_simplex}.get(len(strategies))
    figures = {} if first is None else {"flow": first(answer, strategies)}
    return figures | {"long_run": _draw_long_run(answer, strategies), "invasion": _draw_invasion(answer, strategies)}


def _pens(strategies: Sequence[str]) -> list[Ink]:
    return [ACTIONS.get(name, ink(place)) for place, name in enumerate(strategies)]


def _words(name: str) -> str:
    return name.replace("_", "-")


@printed
def _draw_curves(answer: Answer, strategies: tuple[str, ...]) -> Figure:
    """Payoff of two strategies against the share of the first among the others."""
    flow, payoffs = answer.tables["flow"], answer.tables["payoffs"]
    figure, ((ax,), (below,)) = blank(2, 1, ONE_COLUMN * 1.3, 2.3, heights=(1, 0.12), sharex=True)
    share = flow[flow["strategy"] == strategies[0]]["share"].to_numpy()
    for name, pen in zip(strategies, _pens(strategies), strict=True):
        curve, played = flow[flow["strategy"] == name], payoffs[payoffs["strategy"] == name]
        others = played[[f"others_{strategy}" for strategy in strategies]].to_numpy()
        ax.fill_between(share, curve["payoff_low"], curve["payoff_high"], color=pen.colour, alpha=0.2, linewidth=0)
        ax.plot(share, curve["payoff"], color=pen.colour, linestyle=pen.dashes)
        note(ax, f"{_words(name)}, expected", x=share, y=curve["payoff"], y_low=curve["payoff_low"],
             y_high=curve["payoff_high"])  # fmt: skip
        note(ax, f"{_words(name)}, played", x=others[:, 0] / others.sum(axis=1), y=played["payoff"],
             y_low=played["payoff_low"], y_high=played["payoff_high"])  # fmt: skip
        bars = np.abs(played[["payoff_low", "payoff_high"]].to_numpy().T - played["payoff"].to_numpy())
        ax.errorbar(others[:, 0] / others.sum(axis=1), played["payoff"], bars, color=pen.colour, marker=pen.marker,
                    markersize=3.5, linestyle="none", elinewidth=0.8, clip_on=False)  # fmt: skip
    _draw_line_of_motion(below, answer, strategies[0])
    ax.set_xlim(0, 1)
    ax.tick_params(labelbottom=True)
    ax.set_xlabel(f"share of the others who play {_words(strategies[0])}")
    ax.set_ylabel(f"payoff ({per_round(answer.provenance)})")
    handles = [key(_words(name), pen) for name, pen in zip(strategies, _pens(strategies), strict=True)]
    caption = (
        "Points: mean over seeds where it was played, with 95 % intervals. Lines: expected payoff when the others "
        "are drawn from a large population, interpolated between compositions, with bootstrap bands over seeds. "
        "Below: where the replicator flow moves and rests (filled: stable, open: unstable)."
    )
    return finish(figure, "What each strategy earns", caption, handles)


def _draw_line_of_motion(ax: Axes, answer: Answer, first: str) -> None:
    """Arrows and rest points of the replicator flow on a line."""
    flow = answer.tables["flow"].query("strategy == @first")
    share, velocity = flow["share"].to_numpy(), flow["replicator"].to_numpy()
    ax.set_axis_off()
    ax.set_ylim(-1, 1)
    ax.plot([0, 1], [0, 0], color="0.6", linewidth=0.8, gid="guide")
    for x in np.linspace(0.1, 0.9, 9):
        if direction := np.sign(np.interp(x, share, velocity)):
            ax.plot(x, 0, marker=">" if direction > 0 else "<", color="0.35", markersize=4, gid="guide")
    rests = answer.tables["rest_points"].query("flow == 'replicator' and strategy == @first")
    note(ax, [f"rest point, {stability}" for stability in rests["stability"]], x=rests["share"], y=np.zeros(len(rests)),
         names={"y": "replicator flow"})  # fmt: skip
    for x, stability in zip(rests["share"], rests["stability"], strict=True):
        ax.plot(x, 0, marker="o", markersize=6, markerfacecolor=_FILLS[stability], markeredgecolor=BLACK,
                clip_on=False, zorder=3)  # fmt: skip


@printed
def _draw_simplex(answer: Answer, strategies: tuple[str, ...]) -> Figure:
    """Replicator and logit flow on the triangle of three strategies."""
    figure, (axes,) = blank(1, 2, TWO_COLUMNS, 3.1)
    for ax, name in zip(axes, ("replicator", "logit"), strict=True):
        _draw_triangle(ax, strategies)
        _draw_field(ax, answer.tables["flow"], strategies, name)
        _draw_rest_points(ax, answer.tables["rest_points"], strategies, name)
        ax.set_title(f"{name} flow", loc="left", color="0.2")
    handles = [
        Line2D([], [], marker="o", linestyle="none", markersize=5.5, markerfacecolor=fill, markeredgecolor=BLACK,
               label=text)
        for text, fill in (("stable", BLACK), ("saddle or neutral", "0.65"), ("unstable", "white"))
    ]
    caption = (
        "Each point is a composition of a large population; corners are populations of one strategy. Arrows: where the "
        "flow moves, all of one length; their colour is the speed as a share of the fastest, dark where it is slow."
    )
    return finish(figure, "Where strategies spread", caption, handles)


def _draw_triangle(ax: Axes, strategies: tuple[str, ...]) -> None:
    ax.fill(*_CORNERS.T, facecolor="none", edgecolor="0.5", linewidth=0.8)
    ax.set_aspect("equal")
    ax.set_axis_off()
    ax.set_xlim(-0.12, 1.12)
    ax.set_ylim(-0.12, 0.98)
    for (x, y), name in zip(_CORNERS, strategies, strict=True):
        up = y > 0
        ax.text(x, y + (0.045 if up else -0.045), _words(name), ha="center", va="bottom" if up else "top")


def _draw_field(ax: Axes, flow: pd.DataFrame, strategies: tuple[str, ...], name: str) -> None:
    """Arrows at every point of the grid that moves."""
    order = list(strategies)
    shares = flow.pivot_table(index="point", columns="strategy", values="share")[order].to_numpy()
    velocity = flow.pivot_table(index="point", columns="strategy", values=name)[order].to_numpy() @ _CORNERS
    speed = np.hypot(*velocity.T)
    moves = speed > 1e-9 * speed.max()
    x, y = (shares @ _CORNERS)[moves].T
    u, v = (velocity[moves] / speed[moves, None]).T
    at = {"x": f"share of {_words(order[0])}", "y": f"share of {_words(order[1])}", "value": "speed, of the fastest"}
    note(ax, "arrow", at, x=shares[moves, 0], y=shares[moves, 1], value=speed[moves] / speed.max())
    ax.quiver(x, y, u, v, speed[moves] / speed.max(), cmap=_SPEEDS, clim=(0, 1), angles="xy", pivot="tail", scale=24,
              width=0.005, headwidth=4.5, headlength=5, headaxislength=4.5)  # fmt: skip


def _draw_rest_points(ax: Axes, points: pd.DataFrame, strategies: tuple[str, ...], name: str) -> None:
    for _, point in points[points["flow"] == name].groupby("point"):
        shares = point.set_index("strategy")["share"].loc[list(strategies)].to_numpy()
        note(ax, f"rest point, {point['stability'].iloc[0]}", {"x": f"share of {_words(strategies[0])}",
             "y": f"share of {_words(strategies[1])}"}, x=shares[0], y=shares[1])  # fmt: skip
        x, y = shares @ _CORNERS
        ax.plot(x, y, marker="o", markersize=6.5, markeredgecolor=BLACK, clip_on=False, zorder=3,
                markerfacecolor=_FILLS[point["stability"].iloc[0]])  # fmt: skip


@printed
def _draw_long_run(answer: Answer, strategies: tuple[str, ...]) -> Figure:
    """Bars: long-run shares with rare mutations and at a rate of their own, and α-rank."""
    stationary = answer.tables["stationary"]
    panels = [(f"mutations: {rate}", rows, "share") for rate, rows in stationary.groupby("mutations", sort=False)]
    panels.append(("α-rank", answer.tables["alpha_rank"], "alpha_rank"))
    figure, (axes,) = blank(1, len(panels), TWO_COLUMNS, 0.7 + 0.26 * len(strategies), sharey=True)
    for ax, (title, rows, value) in zip(axes, panels, strict=True):
        rows = rows.set_index("strategy").loc[list(strategies)]
        bars = np.abs(rows[[f"{value}_low", f"{value}_high"]].to_numpy().T - rows[value].to_numpy())
        colours = [pen.colour for pen in _pens(strategies)]
        note(ax, names={"y": "strategy"}, x=rows[value], x_low=rows[f"{value}_low"], x_high=rows[f"{value}_high"],
             y=[_words(name) for name in strategies])  # fmt: skip
        ax.barh(range(len(strategies)), rows[value], color=colours, height=0.65)
        if np.isfinite(bars).all():
            ax.errorbar(rows[value], range(len(strategies)), xerr=bars, linestyle="none", ecolor=BLACK, elinewidth=0.9)
        ax.set_title(title, loc="left", color="0.2")
        ax.set_xlim(0, 1)
        ax.set_yticks(range(len(strategies)), [_words(name) for name in strategies])
        ax.set_xlabel("share of the population" if value == "share" else "share of time")
    axes[0].set_ylim(len(strategies) - 0.5, -0.5)
    population = answer.tables["ess"]["population"].iloc[0]
    caption = (
        f"Stationary distributions of a population of {population}. Lines: 95 % bootstrap intervals over seeds, where "
        "they were computed. α-rank: rare mutations and selection as strong as settles the ranking."
    )
    return finish(figure, "What remains in the long run", caption)


@printed
def _draw_invasion(answer: Answer, strategies: tuple[str, ...]) -> Figure:
    """Fixation probability of a single mutant of each column among residents of each row."""
    M, table = len(strategies), answer.tables["invasion"]
    names = [_words(name) for name in strategies]
    cells = table.pivot_table(index="resident", columns="mutant", values="fixation").reindex(
        index=list(strategies), columns=list(strategies)).to_numpy()  # fmt: skip
    figure, ((ax,),) = blank(1, 1, ONE_COLUMN * 1.3, 1.1 + 0.4 * M)
    ax.set_facecolor("0.9")
    image = ax.imshow(np.ma.masked_invalid(cells), cmap=MAP, vmin=0, vmax=1, aspect="auto")
    note_cells(ax, cells, names, names, {"value": "chance to take over"})
    neutral = 1 / answer.tables["ess"]["population"].iloc[0]
    for (row, column), value in np.ndenumerate(cells):
        if np.isfinite(value):
            weight, colour = "bold" if value > neutral else "normal", upon(MAP(value))
            ax.text(column, row, _chance(value), ha="center", va="center", fontsize=7, fontweight=weight, color=colour)
    ax.set_xticks(range(M), names, rotation=30 if M > 3 else 0)
    ax.set_yticks(range(M), names)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_xlabel("one mutant")
    ax.set_ylabel("among residents")
    bar = figure.colorbar(image, ax=ax, pad=0.02, aspect=18, label="chance to take over")
    bar.outline.set_visible(False)
    caption = f"Fixation probability by pairwise comparison. Bold: favoured, above the neutral {neutral:.3g}."
    return finish(figure, "Who invades whom", caption)


def _chance(value: float) -> str:
    """A probability in few characters."""
    if value >= 0.0005:
        return f"{value:.3f}"
    return f"10$^{{{round(np.log10(value))}}}$" if value > 0 else "0"
