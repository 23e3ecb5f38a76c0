"""A run as one HTML file that shows, scrubs and answers hover without any server."""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from commonweal.figures.browser.documents.glances import Glances
from commonweal.figures.browser.documents.run_documents import rows_bytes
from commonweal.figures.browser.drawing.bundle import styles, whole
from commonweal.figures.browser.notes.chronicle import Chronicle

VIEWS = ("society", "dynamics")  # that need nothing of the server


def html_file(setup: Mapping[str, Any], told: Sequence[Mapping[str, Any]], chronicle: Chronicle, glances: Glances,
              ring: str) -> str:
    """The file's text.

    Args:
        setup: what ``setup_document`` gives, with ``run`` and ``ring``.
        told: other documents that the page shows: state, sentences and events.
        chronicle: of the run.
        glances: of the run.
        ring: what rings show.
    """
    kept = glances.known(range(chronicle.newest.round + 1))
    first = int(chronicle.rows[0]["round"]) if chronicle.rows else 1
    views = [view for view in setup["views"] if view["id"] in VIEWS]
    frame = {"kind": "frame", "run": setup["run"], "round": chronicle.newest.round, "first": first,
             "rounds": len(chronicle.rows), "marks": kept}  # fmt: skip
    data = {"documents": [{**setup, "views": views}, *told, frame], "rows": _text(rows_bytes(chronicle, first)),
            "marks": _text(glances.bytes_of(kept, ring))}  # fmt: skip
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(setup['name'])} · Commonweal</title>"
        f"<style>html, body {{ margin: 0; height: 100%; }}\n{styles()}</style></head>"
        f'<body><div id="page" class="cw-root cw-alone"></div><script type="module">\n{whole()}\n'
        f'alone(document.getElementById("page"), {_inside(data)});\n</script></body></html>\n'
    )


def _text(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def _inside(data: Mapping[str, Any]) -> str:
    """JSON that no word of a scenario can end or begin a script with."""
    return json.dumps(data, allow_nan=False, ensure_ascii=True).replace("<", "\\u003c")
