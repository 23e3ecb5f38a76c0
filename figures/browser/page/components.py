"""Parts of the page as Solara components of any Mesa visualisation: society, courses, strip and value rows.

    from commonweal.mesa import courses, society, strip
    page = SolaraViz(Cooperative(load("commons")), components=[society, courses(["accuracy", "welfare"]), strip])

They draw any Mesa model whose agents have an ``action``; see ``commonweal.figures.browser.tab.watching``.
"""

from collections.abc import Callable, Sequence
from typing import Any

import mesa
import solara
from mesa.visualization.utils import update_counter

from commonweal.figures.browser.drawing.bundle import styles
from commonweal.figures.browser.page.drawing import Drawing
from commonweal.figures.browser.tab.watching import Watch

Component = Callable[[mesa.Model], solara.Element]


def society(model: mesa.Model) -> solara.Element:
    """What each agent does, as marks; a lattice whole."""
    return Part(model, "society", None)


def courses(names: Sequence[str] | None = None) -> Component:
    """Courses of measures over the steps.

    Args:
        names: of panels or measures; all if not given.
    """
    return lambda model: Part(model, "courses", None if names is None else tuple(names))


def strip(model: mesa.Model) -> solara.Element:
    """What all agents did in every step, as a band; dragging looks at an earlier step in the parts beside it."""
    return Part(model, "strip", None)


def values_rows(model: mesa.Model) -> solara.Element:
    """What each principal of a cooperative with value dimensions values, a row each; empty for other models."""
    return Part(model, "values", None)


@solara.component
def Part(model: mesa.Model, part: str, names: tuple[str, ...] | None) -> None:
    """One part, which follows Mesa's counter of updates.

    Args:
        model: to watch; another one when Mesa resets.
        part: name of what is drawn.
        names: of the measures to draw.
    """
    update_counter.get()
    watch = solara.use_memo(lambda: Watch(model, names), [id(model), names])
    send: solara.Reactive[Any] = solara.use_reactive(None)

    def begin() -> None:
        if send.value is not None:
            watch.connect(send.value)
            watch.begin()

    with solara.Div(style={"width": "100%"}):
        solara.Style(styles())
        Drawing(part, send.set, watch.receive)
    solara.use_effect(begin, [id(watch), send.value])
    solara.use_effect(watch.update, [update_counter.value, getattr(model, "steps", 0)])
