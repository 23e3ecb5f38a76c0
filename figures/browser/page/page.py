"""The page of one browser tab: head, controls at the left, tabs.

Mesa's ``UserInputs`` make sliders and lists. Its ``SolaraViz`` and ``ModelController`` do not serve: they draw in the
thread that plays, once a round whatever that takes, keep every model that was ever reset, and die of a wrong parameter.
What stands in their place is ``session`` (what a tab holds) and ``worker`` (its thread), in the same style.
"""

from collections.abc import Sequence
from pathlib import Path

import solara

from commonweal.figures.browser.page.controls import Controls, Transport
from commonweal.figures.browser.page.elements import Row, Text
from commonweal.figures.browser.page.tabs import Content, TabBar
from commonweal.figures.browser.tab.opening import Opening, open_with
from commonweal.figures.browser.tab.parameters import rules_of
from commonweal.figures.browser.tab.session import Session

STYLE = Path(__file__).with_name("page.css")

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
    session = solara.use_memo(lambda: Session(_opening[0] if _opening else open_with(None, None)), [])
    solara.use_effect(lambda: session.close, [])
    with solara.Div(classes=["cw-page"]):
        solara.Title("Commonweal")
        solara.Style(STYLE)
        Head(session)
        with solara.Div(classes=["cw-body"]):
            with solara.Div(classes=["cw-side"]):
                Transport(session)
                Controls(session)
            with solara.Div(classes=["cw-main"]):
                TabBar(session)
                Messages(session)
                Content(session)


@solara.component
def Head(session: Session) -> None:
    """What is played, and its numbers at the round that is shown."""
    shown, scene = session.shown.value, session.scene.value
    with Row("cw-head"):
        Text("Commonweal", "cw-name")
        if shown is not None:
            rules = rules_of(shown.scenario)
            what = shown.stored or shown.scenario.name
            Text(f"{what} · {shown.principals} principals · seed {shown.seed} · {rules}", "cw-what")
        with Row("cw-numbers"):
            for name, value in scene.numbers if scene is not None else ():
                with solara.Div(classes=["cw-number"]):
                    Text(value, "cw-value")
                    Text(name, "cw-quiet")


@solara.component
def Messages(session: Session) -> None:
    """What takes long, what went wrong, what a stored run is."""
    shown, error, busy = session.shown.value, session.error.value, session.busy.value
    with solara.Div(classes=["cw-messages"]):
        if error:
            Text(error, "cw-error")
        if busy:
            Text(f"{busy} …", "cw-busy")
        if shown is not None and shown.stored:
            Text(shown.agreement, "cw-note")
