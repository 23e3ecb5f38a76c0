"""Graph of dividends: reasons as nodes, pairs as edges, red where two do the same, blue where they need each other."""

from collections.abc import Sequence
from typing import Any

import networkx as nx
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.economy.explaining.explanation import Explanation
from commonweal.figures.canvas import ONE_COLUMN, blank, finish
from commonweal.figures.data import note
from commonweal.figures.explained.marks import (
    ADDS,
    TAKES,
    colour_of,
    common_words,
    how_known,
    name_of,
    number,
    parts_of,
    plain,
    quantity,
    shortened,
    title_of,
)
from commonweal.figures.ink import printed
from commonweal.figures.looks import look

SUBSTITUTES, COMPLEMENTS = "#B2182B", "#2166AC"
_LABELLED = 5  # edges with a number
_MANY = 16  # names around the circle, from which they are turned
_LEAST = 0.05  # of the largest dividend: smaller edges are not drawn
_EDGES = 60  # that are drawn at most
_PAPER: dict[str, Any] = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.9}
_WIDTH = ONE_COLUMN * 1.45


@printed
def dividend_graph(why: Explanation, run: int = 0, answer: int = 0) -> Figure:
    """Reasons around a circle and the dividends of their pairs; the strongest are written.

    Args:
        why: with dividends of pairs.
        run: of which run.
        answer: which answer.

    Returns:
        The figure: areas of nodes and widths of edges are sizes.

    Raises:
        InputError: if there is no such run or answer, or no dividends are known.
    """
    one = parts_of(why, run, answer)
    if why.interactions is None:
        raise InputError(f"dividend graph: an explanation of the kind {why.kind} has no dividends of pairs")
    dividends = why.interactions[run, :, :, answer]
    if not len(why.names) or not np.isfinite(dividends[np.triu_indices(len(dividends), 1)]).all():
        raise InputError("dividend graph: there are no reasons, or dividends that are no finite numbers")
    edges, left_out = _strongest(dividends)
    figure, ((ax,),) = blank(1, 1, _WIDTH, _WIDTH * 0.82)
    note(ax, list(why.names), {"value": quantity(why, answer)}, value=one.parts)
    pairs = [f"{why.names[one]} & {why.names[other]}" for one, other in edges]
    note(ax, pairs, {"value": quantity(why, answer)}, value=[dividends[pair] for pair in edges])
    at = nx.circular_layout(nx.empty_graph(len(why.names)))
    places = np.array([[at[node][1], at[node][0]] for node in range(len(why.names))])  # the first one at the top
    places = places if len(why.names) > 1 else np.zeros((1, 2))
    radii = _radii(one.parts)
    _draw_edges(ax, places, dividends, edges)
    _draw_nodes(ax, places, radii, one.parts)
    _name(ax, places, radii, why.names)
    _write(ax, places, dividends, edges[:_LABELLED])
    ax.set_aspect("equal")
    ax.set_axis_off()
    common = common_words(why.names) if len(why.names) > _MANY else ""
    caption = (
        f"Edges: what two together add to {plain(quantity(why, answer))} beyond what each adds alone, against "
        f"{plain(why.baseline)}; red: less than their sum, since they make up for each other or bring the same; blue: "
        f"more. Area of a node: size of its value (largest "
        f"{number(one.scale, one.scale)}); width of an edge: its size. {how_known(why, answer)}"
        f"{f' Not drawn: {left_out} smaller.' if left_out else ''}"
        f"{f' Nodes: {common}.' if common else ''}"
    )
    handles = _handles(one.parts, [dividends[pair] for pair in edges])
    return finish(figure, title_of(why, answer, look().across(_WIDTH)), caption, handles)


def _strongest(dividends: Floats) -> tuple[list[tuple[int, int]], int]:
    """Pairs that are drawn, the strongest first, and how many others there are that are not 0."""
    above = np.argwhere(np.triu(dividends, 1))
    pairs = [(int(one), int(other)) for one, other in above]
    pairs.sort(key=lambda pair: -abs(dividends[pair]))
    shown = [pair for pair in pairs[:_EDGES] if abs(dividends[pair]) >= _LEAST * abs(dividends[pairs[0]])]
    return shown, len(pairs) - len(shown)


def _radii(parts: Floats) -> Floats:
    """(P,) radii of nodes, whose areas are sizes; a node without any can still be seen."""
    room = min(0.2, 2.2 / max(1, len(parts)))
    sizes = np.abs(parts) / (np.abs(parts).max(initial=0.0) or 1.0)
    found: Floats = room * np.maximum(np.sqrt(sizes), 0.12)
    return found


def _draw_edges(ax: Axes, places: Floats, dividends: Floats, edges: Sequence[tuple[int, int]]) -> None:
    """The weakest first, so that the strongest lie above."""
    for one, other in reversed(edges):
        share = abs(dividends[one, other]) / abs(dividends[edges[0]])
        colour = SUBSTITUTES if dividends[one, other] < 0 else COMPLEMENTS
        ax.plot(*places[[one, other]].T, color=colour, linewidth=0.5 + 5 * share, alpha=0.35 + 0.6 * share,
                solid_capstyle="butt", zorder=1)  # fmt: skip


def _draw_nodes(ax: Axes, places: Floats, radii: Floats, parts: Floats) -> None:
    for place, radius, part in zip(places, radii, parts, strict=True):
        ax.add_patch(Circle((place[0], place[1]), radius, facecolor=colour_of(part), edgecolor="white", linewidth=0.8,
                            zorder=3))  # fmt: skip


def _name(ax: Axes, places: Floats, radii: Floats, names: Sequence[str]) -> None:
    """Names outside of the circle; many of them are turned towards its middle."""
    many = len(names) > _MANY
    for (x, y), radius, name in zip(places, radii, shortened(names) if many else names, strict=True):
        out = 1.05 + radius
        angle = float(np.degrees(np.arctan2(y, x))) if many else 0.0
        left = x < -1e-9
        turn = angle + 180 if many and left else angle
        text = name_of(name, 16, 1 if many else 2)
        side = "right" if left else "left" if x > 1e-9 else "center"
        side = side if many or abs(x) > 0.25 else "center"
        lower = -0.35 if len(names) == 1 else 0.05 * float(np.sign(y)) * (side == "center" and not many)
        ax.text(out * x, out * y + lower, text, ha=side, va="center", rotation=turn,
                rotation_mode="anchor", fontsize=6.5 if many else 8)  # fmt: skip
    ax.set_xlim(-1.35, 1.35)
    ax.set_ylim(places[:, 1].min() - 0.35, places[:, 1].max() + 0.35)


def _write(ax: Axes, places: Floats, dividends: Floats, edges: Sequence[tuple[int, int]]) -> None:
    """Numbers on edges, each where it lies upon no other."""
    taken = places  # no number upon a node
    for one, other in edges:
        along = np.array([0.5, 0.4, 0.6, 0.33, 0.67, 0.28, 0.72])
        tries = places[one] + along[:, None] * (places[other] - places[one])
        gaps = np.abs(tries[:, None] - taken[None]) / (0.36, 0.2)
        free = (gaps.max(axis=2) > 1).all(axis=1)
        x, y = tries[int(np.argmax(free))]
        taken = np.vstack([taken, [x, y]])
        text = number(dividends[one, other], abs(dividends[edges[0]]), sign=True)
        ax.text(x, y, text, ha="center", va="center", fontsize=7, zorder=4, bbox=_PAPER)


def _handles(parts: Floats, dividends: Sequence[float]) -> list[Artist]:
    """What is drawn and nothing else."""
    edges = [("substitutes", SUBSTITUTES)] * any(each < 0 for each in dividends)
    edges += [("complements", COMPLEMENTS)] * any(each > 0 for each in dividends)
    dots = [("adds", ADDS)] * bool((parts > 0).any()) + [("takes away", TAKES)] * bool((parts < 0).any())
    return [
        *(Line2D([], [], color=colour, linewidth=3, label=label) for label, colour in edges),
        *(Line2D([], [], color=colour, marker="o", linestyle="none", markersize=6, label=label)
          for label, colour in dots),
    ]  # fmt: skip
