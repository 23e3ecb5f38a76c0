"""What the browser gets of a run: the setup, once, and frames of the rounds that are new to it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from commonweal.agents.actions import Action
from commonweal.economy.round.words import Verb
from commonweal.economy.tasks.names import names_of
from commonweal.economy.world.world import World
from commonweal.figures.browser.documents.glances import Glances
from commonweal.figures.browser.documents.layout import Layout, places_document
from commonweal.figures.browser.documents.panels import measures, panels_document
from commonweal.figures.browser.notes.chronicle import Chronicle
from commonweal.figures.browser.notes.shown import pays_money, words_of
from commonweal.scenarios.schema.scenario import Scenario

MARKED = 8_000  # bytes of marks sent along in a frame, at least those of one round
VIEWS = {"society": "Society", "dynamics": "Dynamics", "values": "Values", "compare": "Compare", "sweeps": "Sweeps",
         "ledger": "Ledger"}  # fmt: skip


def setup_document(scenario: Scenario, seed: int, world: World, glances: Glances, layout: Layout) -> dict[str, Any]:
    """What does not change while a run is shown.

    Returns:
        ``name``, ``question``, ``seed``, ``rounds`` (of the scenario), ``principals`` (N); ``actions``: what can be
        done, in the order of the strip from below, each with ``code``, ``name``, ``does``, ``ink`` and ``measure``
        (its share); ``size`` (``name``, ``unit``) and ``rings`` (names), where ``sized``; ``places``: where
        everybody stands, as ``places_document`` says; ``measures``: names of the columns of frames; ``panels``;
        ``views``: id and name of those that the run has; ``named``: there and true where names count;
        ``names``: what principals are called, where the data have owners.
    """
    return {
        "kind": "setup",
        "name": scenario.name,
        "question": scenario.description,
        "seed": seed,
        "rounds": scenario.rounds,
        "principals": world.shape[1],
        "actions": [_action(name, verb) for name, verb in words_of(world).actions.items()],
        "size": {"name": "wealth", "unit": "money"} if pays_money(world) else {"name": "samples", "unit": "samples"},
        "rings": list(glances.rings),
        "sized": glances.sized,
        "places": places_document(layout),
        "measures": list(measures(world)),
        "panels": panels_document(world),
        "views": [{"id": id, "name": name} for id, name in VIEWS.items() if _has(id, world)],
        **({"named": True} if glances.named else {}),
        **({"names": list(names_of(world))} if world.holdings.owner_names else {}),
    }


def _action(action: str, verb: Verb) -> dict[str, Any]:
    return {"code": int(Action[action.upper()]), "name": verb.do, "does": verb.does, "ink": action.replace("_", "-"),
            "measure": f"share_{action}"}  # fmt: skip


def _has(view: str, world: World) -> bool:
    if view == "values":
        return len(world.senses) > 0
    return view != "ledger" or pays_money(world)


def frame(chronicle: Chronicle, glances: Glances, after: int, ring: str) -> tuple[dict[str, Any], list[bytes]]:
    """The rounds that are new to the browser.

    Args:
        chronicle: of the run.
        glances: of the run.
        after: the newest round that the browser has; −1 where it has none.
        ring: what rings show.

    Returns:
        ``round``: the newest; ``first`` and ``rounds``: of the rows; ``marks``: the rounds of the marks. And two
        buffers: float32 rows (rounds, measures), and the marks as ``Glances.bytes_of`` gives them.
    """
    newest = chronicle.newest.round
    begin = max(after + 1, int(chronicle.rows[0]["round"]) if chronicle.rows else 1, 1)
    principals = chronicle.world.shape[1]
    most = max(1, MARKED // (principals * glances.each))
    marks = glances.known(range(max(after + 1, newest - most + 1), newest + 1))
    rows = rows_bytes(chronicle, begin)
    told = {"kind": "frame", "round": newest, "first": begin, "rounds": newest - begin + 1, "marks": marks}
    return told, [rows, glances.bytes_of(marks, ring)]


def rows_bytes(chronicle: Chronicle, begin: int) -> bytes:
    """(rounds, measures) float32 of all rounds from one on."""
    names = measures(chronicle.world)
    if not chronicle.rows:
        return b""
    new = chronicle.rows[max(0, begin - int(chronicle.rows[0]["round"])) :]
    return np.array([[row[name] for name in names] for row in new], dtype="<f4").tobytes()


def marks(glances: Glances, rounds: Sequence[int], ring: str) -> tuple[dict[str, Any], list[bytes]]:
    """The marks of some rounds that the browser asks for; of those kept."""
    known = glances.known(rounds)
    return {"kind": "marks", "marks": known, "ring": ring}, [glances.bytes_of(known, ring)]
