"""The component that shows the drawing module, the way to send to it, and the parts of it that are sent later."""

from collections.abc import Callable, Mapping
from typing import Any

import solara

from commonweal.figures.browser.drawing.bundle import FIRST_ADDRESS, LATER, later, module

Send = Callable[..., None]
Receive = Callable[[Mapping[str, Any]], None]


@solara.component_vue("../drawing/drawing.vue", vuetify=False)
def Module(code: str, part: str, event_said: Receive) -> None:
    """The module, drawing one part of the page, or all of it.

    Args:
        code: of the module.
        part: its name.
        event_said: is told what the browser asks for.
    """


@solara.component
def Drawing(part: str, connect: Callable[[Send], None], receive: Receive) -> None:
    """A drawing and the way to it. It gets parts of the module that it asks for; whatever else it asks goes on.

    Args:
        part: name of what is drawn, "page" for all.
        connect: is given a function that sends a document, and bytes with it, to the browser.
        receive: is told what the browser asks for.
    """
    send = solara.use_ref(lambda *_: None)

    def said(document: Mapping[str, Any]) -> None:
        if document.get("do") == "part" and document["part"] in LATER:
            send.current(part_document(document["part"]))
        else:
            receive(document)

    def begin() -> None:
        send.current = sender(solara.get_widget(drawing))
        connect(send.current)

    drawing = Module(code=module(), part=part, event_said=said)
    solara.use_effect(begin, [])


def part_document(part: str) -> dict[str, str]:
    """A part of the module as text, and what in it stands for the address of the first part."""
    return {"kind": "part", "part": part, "text": later(part), "first": FIRST_ADDRESS}


def sender(widget: Any) -> Send:
    """A function that sends a document, and bytes with it, to the module that a widget shows."""

    def send(document: Mapping[str, Any], *buffers: bytes) -> None:
        widget.send({"method": "receive", "args": [document]}, list(buffers))

    return send
