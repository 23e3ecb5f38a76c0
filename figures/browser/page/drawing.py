"""The component that shows the drawing module, and the way to send to it."""

from collections.abc import Callable, Mapping
from typing import Any

import solara


@solara.component_vue("../drawing/drawing.vue", vuetify=False)
def Drawing(code: str, part: str, event_said: Callable[[Mapping[str, Any]], None]) -> None:
    """The module, drawing one part of the page, or all of it.

    Args:
        code: of the module.
        part: its name.
        event_said: is told what the browser asks for.
    """


def sender(widget: Any) -> Callable[..., None]:
    """A function that sends a document, and bytes with it, to the module that a widget shows."""

    def send(document: Mapping[str, Any], *buffers: bytes) -> None:
        widget.send({"method": "receive", "args": [document]}, list(buffers))

    return send
