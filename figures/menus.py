"""A menu of contracts: how many samples each line asks for, and what the model given for them is worth."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import NullLocator

from commonweal.agents.arrays import Floats
from commonweal.economy.menus import Menu
from commonweal.figures.canvas import TWO_COLUMNS, blank, finish
from commonweal.figures.data import note
from commonweal.figures.ink import BLACK, GREEN, GREY, PURPLE, printed

_PARTS = {"cost of samples": GREY, "had alone": GREEN, "rent": PURPLE}
_ROW = 0.32  # inches for each type


@printed
def draw_menu(name: str, menu: Menu) -> Figure:
    """The figure of a menu.

    Args:
        name: of the contract.
        menu: to draw, a row a type.
    """
    types = len(menu.amounts)
    figure, ((left, right),) = blank(1, 2, TWO_COLUMNS, 0.75 + _ROW * max(types, 3), sharey=True)
    _draw_samples(left, menu)
    _draw_worth(right, menu)
    left.set_yticks(range(types), [f"{cost:.3g}" for cost in menu.problem.costs])
    left.set_ylim(types - 0.4, -0.6)  # the dearest type on top
    left.set_ylabel("cost of a sample (money)")
    handles = [
        Line2D([], [], color=BLACK, marker="o", linestyle="none", markersize=5, label="by the menu"),
        Line2D([], [], color=BLACK, marker="o", linestyle="none", markersize=5, label="alone", markerfacecolor="white"),
        *(Patch(color=colour, label=label) for label, colour in _PARTS.items()),
        Line2D([], [], color=BLACK, marker="|", linestyle="none", markersize=8, label="whole model"),
    ]
    caption = (
        f"{menu.problem.parties} parties whose costs are private. The shared model is worth {menu.objective:.4g} to a "
        f"party in expectation; {menu.complete_information:.4g} if costs were known. A bar is what the model given to "
        "the type is worth: what its samples cost it, what it has alone, and its rent. The stroke is what the whole "
        "model would be worth, as the type sees it."
    )
    return finish(figure, f"{name}: the optimal menu", caption, handles)


def _draw_samples(ax: Axes, menu: Menu) -> None:
    """Samples with the menu and alone, joined."""
    alone, rows, served = menu.problem.training_alone()[0], np.arange(len(menu.amounts)), menu.served
    ax.hlines(rows[served], alone[served], menu.amounts[served], color=GREY, linewidth=0.8, zorder=1)
    ax.plot(alone, rows, "o", color=BLACK, markerfacecolor="white", markersize=5, clip_on=False)
    ax.plot(menu.amounts[served], rows[served], "o", color=BLACK, markersize=5, clip_on=False)
    note(ax, "alone", x=alone, y=menu.problem.costs)
    note(ax, "by the menu", x=menu.amounts[served], y=menu.problem.costs[served])
    _stretch(ax, np.concatenate([alone, menu.amounts]))
    ax.set_xlabel("samples put in")


def _stretch(ax: Axes, samples: Floats) -> None:
    """From zero on; a scale that is logarithmic beyond the smallest number where numbers differ much."""
    some = samples[samples > 0]
    if some.size and some.max() > 30 * some.min():
        ax.set_xscale("symlog", linthresh=float(10 ** np.floor(np.log10(some.min()))), linscale=0.4)
        ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlim(0, max(1.0, float(samples.max()) * 1.08))


def _draw_worth(ax: Axes, menu: Menu) -> None:
    """What a type is given, as what it gives up and what it gains."""
    rows, cost = np.arange(len(menu.amounts)), menu.problem.costs * menu.amounts
    base = np.zeros(len(rows))
    parts = (cost, np.where(menu.served, menu.reservation, 0.0), menu.rents)
    for width, (name, colour) in zip(parts, _PARTS.items(), strict=True):
        ax.barh(rows, width, left=base, height=0.55, color=colour)
        note(ax, name, x=width, y=menu.problem.costs)
        base = base + width
    ax.plot(menu.ceilings[menu.served], rows[menu.served], "|", color=BLACK, markersize=13, markeredgewidth=1.2)
    note(ax, "whole model", x=menu.ceilings[menu.served], y=menu.problem.costs[menu.served])
    for row in rows[~menu.served]:
        ax.text(0.02, row, "not served", transform=ax.get_yaxis_transform(), va="center", color="0.35")
    ax.set_xlim(0, max(1.0, float(max(menu.ceilings.max(), base.max())) * 1.04))
    ax.set_xlabel("worth of the model given (money)")
