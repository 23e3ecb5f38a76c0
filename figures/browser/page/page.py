"""The page of one browser tab: the module that draws, and the session it talks to."""

from collections.abc import Sequence

import solara

from commonweal.figures.browser.drawing.bundle import styles
from commonweal.figures.browser.page.drawing import Drawing
from commonweal.figures.browser.tab.opening import Opening, open_with
from commonweal.figures.browser.tab.session import Session
from commonweal.figures.browser.tab.topics import TOPICS

_opening: list[Opening] = []  # what the server was started with; never changes while it runs


def begin_with(opening: Opening) -> None:
    """Say what every tab begins with, before the first one."""
    _opening[:] = [opening]


@solara.component
def Layout(children: Sequence[solara.Element] = ()) -> solara.Element:
    """The whole window is the page's own."""
    return solara.Div(classes=["cw-window"], children=list(children))


@solara.component
def Page() -> None:
    """One tab."""
    session = solara.use_memo(lambda: Session(_opening[0] if _opening else open_with(None, None), TOPICS), [])
    solara.use_effect(lambda: session.close, [])
    with solara.Div(classes=["cw-window"]):
        solara.Title("Commonweal")
        solara.Style(styles())
        Drawing("page", session.connect, session.receive)

