"""The tabs: what is looked at, and what is shown there."""

from typing import Any, get_args

import solara

from commonweal.agents.actions import Action
from commonweal.figures.browser.page.controls import Control
from commonweal.figures.browser.page.elements import Choice, Image, Row, Table, Text, Typed
from commonweal.figures.browser.pictures.society import Ring
from commonweal.figures.browser.tab.parameters import mesa_parameter, other_value, parameters
from commonweal.figures.browser.tab.scenes import TABS, Compared, Scene, axes_of
from commonweal.figures.browser.tab.session import Session
from commonweal.figures.browser.tab.stage import Shown, Variant
from commonweal.figures.browser.tab.what_if import FUTURES, ROUNDS, Question

_METHOD = (f"{FUTURES} futures of {ROUNDS} rounds, each with and without the deviation on the same random numbers. "
           "The run itself is not touched.")


@solara.component
def TabBar(session: Session) -> None:
    """The tabs, and the round that is looked at."""
    chosen = session.looks.value.tab
    with Row("cw-tabs"):
        with solara.v.Tabs(v_model=TABS.index(chosen), on_v_model=lambda place: session.look(tab=TABS[place]),
                           height=40, show_arrows=False):
            for name in TABS:
                solara.v.Tab(children=[name])
        RoundSlider(session)


@solara.component
def RoundSlider(session: Session) -> None:
    """Which round is shown; at its right end the newest."""
    scene, shown = session.scene.value, session.shown.value
    if scene is None or shown is None:
        return
    newest = scene.last

    def look(round: int) -> None:
        session.look(round=None if round >= newest else round)

    with Row("cw-scrub"):
        Text("Round", "cw-quiet")
        solara.SliderInt("", value=scene.round, min=min(scene.first, newest), max=max(newest, 1), on_value=look,
                         thumb_label=False, disabled=newest == 0)
        Text(f"{scene.round} of {newest}", "cw-scrubbed")
        if shown.stored:
            solara.Button("Continue from here", on_click=lambda: session.resume(scene.round), outlined=True)
        elif session.opening.stored is not None:
            solara.Button("Stored run", on_click=session.reopen, outlined=True)


@solara.component
def Content(session: Session) -> None:
    """What the chosen tab shows."""
    scene, shown = session.scene.value, session.shown.value
    if scene is None or shown is None:
        return
    tab = session.looks.value.tab
    if scene.looks.tab == tab:  # else it is being drawn
        _TABS[tab](session, scene, shown)


@solara.component
def Society(session: Session, scene: Scene, shown: Shown) -> None:
    """Who knows whom and does what; a click on a principal shows its card."""
    with solara.Div(classes=["cw-content", "cw-society"]):
        Image(scene.pictures[0], session.point)
        with solara.Div(classes=["cw-column"]):
            with Row():
                PrincipalField(session)
                rings = get_args(Ring) if shown.scenario.market.model_value else get_args(Ring)[:2]
                Choice("Rings show", rings, session.looks.value.ring, lambda ring: session.look(ring=ring))
            for title, _, _ in scene.tables:
                Text(title, "cw-title")
            for words in scene.words:
                Text(words, "cw-words")
            for _, headers, rows in scene.tables:
                Table("", headers, rows)


@solara.component
def PrincipalField(session: Session) -> None:
    """Which principal is looked at, by number."""
    selected = session.looks.value.selected
    with solara.Div(classes=["cw-choice"]):
        Text("Principal", "cw-label")
        Typed("" if selected is None else str(selected), session.select)


@solara.component
def Dynamics(session: Session, scene: Scene, shown: Shown) -> None:
    """How the run goes."""
    with solara.Div(classes=["cw-content", "cw-dynamics"]):
        Image(scene.pictures[0])
        with solara.Div(classes=["cw-column"]):
            for table in scene.tables:
                Table(*table)


@solara.component
def Values(session: Session, scene: Scene, shown: Shown) -> None:
    """Where principals stand in what they value."""
    with solara.Div(classes=["cw-content", "cw-values"]):
        Image(scene.pictures[0])
        with solara.Div(classes=["cw-column"]):
            views = axes_of(shown.scenario)
            if len(views) > 1:
                names = {axes: name for name, axes in views.items()}
                seen = names.get(session.looks.value.axes, next(iter(views)))
                Choice("Axes", list(views), seen, lambda name: session.look(axes=views[name]))
            for table in scene.tables:
                Table(*table)


@solara.component
def Ledger(session: Session, scene: Scene, shown: Shown) -> None:
    """Who owns what, who paid whom, and that nothing is created or lost."""
    with solara.Div(classes=["cw-content", "cw-ledger"]):
        with solara.Div(classes=["cw-column"]):
            Table(*scene.tables[0])
        with solara.Div(classes=["cw-column"]):
            for words in scene.words:
                Text(words, "cw-words")
            solara.FileDownload(session.csv, filename="ledger.csv", label="All transfers as CSV", mime_type="text/csv")
            for table in scene.tables[1:]:
                Table(*table)


@solara.component
def WhatIf(session: Session, scene: Scene, shown: Shown) -> None:
    """What one principal would gain by deviating."""
    names: dict[str, tuple[Action | None, int | None]] = {
        each.name.lower().replace("_", "-"): (each, None) for each in shown.available
    }
    if shown.scenario.menu.offer == "menu":
        names |= {f"take line {k + 1}": (None, k) for k in range(len(shown.scenario.population.cost_types))}
    action = solara.use_reactive(next(iter(names)))
    answer, asking, selected = session.answer.value, session.asking.value, session.looks.value.selected
    chosen = action.value if action.value in names else next(iter(names))

    def ask() -> None:
        session.ask(Question(selected or 0, *names[chosen]))

    with solara.Div(classes=["cw-content", "cw-what-if"]):
        Text("What if one principal did something else from now on, whatever its policy says?", "cw-title")
        with Row("cw-fields"):
            PrincipalField(session)
            Choice("does in every round", list(names), chosen, action.set)
            solara.Button("Play both futures", on_click=ask, color="primary", disabled=asking or selected is None)
            if asking:
                solara.SpinnerSolara(size="28px")
        Text(_METHOD, "cw-quiet")
        if answer is not None:
            Text(answer.words, "cw-words")
            Image(answer.picture)


@solara.component
def Compare(session: Session, scene: Scene, shown: Shown) -> None:
    """The run and the same run with one field changed, on the same seed."""
    fields = {parameter.label: parameter for parameter in parameters(shown.scenario)}
    label = solara.use_reactive(next(iter(fields)))
    values = solara.use_reactive({})
    field = fields.get(label.value) or next(iter(fields.values()))
    value = values.value.get(field.path, other_value(shown.scenario, field))

    def take(given: Any) -> None:
        values.value = {**values.value, field.path: given}

    with solara.Div(classes=["cw-content", "cw-compare"]):
        with Row("cw-fields"):
            Choice("Change", list(fields), field.label, label.set)
            Control("to", mesa_parameter(field, value), take).key(field.path)
            solara.Button("Compare", on_click=lambda: session.compare(Variant(field.path, value)), color="primary")
            if shown.variant is not None:
                solara.Button("End", on_click=lambda: session.compare(None), outlined=True)
                compared = session.looks.value.compared
                Choice("Show", get_args(Compared), compared, lambda what: session.look(compared=what))
        if not scene.pictures:
            Text("Both runs have the same seed, play the same rounds and are stepped together.", "cw-words")
        elif len(scene.pictures) == 1:
            Image(scene.pictures[0])
        else:
            with Row("cw-pair"):
                for picture, words in zip(scene.pictures, scene.words, strict=True):
                    with solara.Div(classes=["cw-column"]):
                        Text(words, "cw-title")
                        Image(picture)


_TABS = {"Society": Society, "Dynamics": Dynamics, "Values": Values, "Ledger": Ledger, "What if": WhatIf,
         "Compare": Compare}
