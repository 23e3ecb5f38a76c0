"""Why a principal did that, as a section of its card: from the chance for anyone to its own, by what it saw."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.graphs import SparseGraph
from commonweal.agents.population import ConditionalKind
from commonweal.economy.world.world import World
from commonweal.figures.browser.notes.numbers import change, figure, percent
from commonweal.figures.browser.notes.numbers import count as in_full
from commonweal.figures.browser.notes.shown import accuracy_name, action_words
from commonweal.figures.browser.notes.why import Why

Document = dict[str, Any]
SHOWN = 6  # things seen, the weightiest; the others are one row
_PLAIN = {
    "own payoff": "its own pay", "own utility": "its own utility", "reputation": "its reputation",
    "own cost": "its cost", "own value cost": "what its values cost it", "revenue": "revenue of the round",
}  # fmt: skip
_NAMED = {"own name": "its own name", "name of who asks": "the name of who asks"}
_LEADS = {"learned value of": "has been worth", "foregone payoff of": "would have paid",
          "value cost of": "costs it in its values"}  # fmt: skip


def why_document(why: Why, action: Action, world: World, policy: str) -> Document:
    """A waterfall from the chance that anyone had to that of one principal.

    Args:
        why: it did that.
        action: what it did.
        world: of one run.
        policy: what its policy does, in a sentence or two.

    Returns:
        ``kind`` "waterfall" with ``text``, ``action``, ``rows`` and ``note``, as ``card_document`` says, without title.
    """
    rows = _parts(why, action, world)
    anyone = "anyone here" if len(world.terms.policy.names) == 1 else "anyone of its policy"
    text = f"{_sentence(why, rows, anyone)} {policy}".strip()
    steps = [_base(why, anyone), *_steps(why, rows), _whole(why, action, world)]
    return {"kind": "waterfall", "text": text, "action": int(action), "rows": steps, "note": _note(why)}


def _parts(why: Why, action: Action, world: World) -> list[tuple[str, float]]:
    """Things seen and what each adds, the weightiest first."""
    order = np.argsort(-np.abs(why.parts), kind="stable")
    seen = [place for place in order.tolist() if abs(why.parts[place]) > 1e-12]
    return [(seen_words(why.explanation.names[place], float(why.seen[place]), world), float(why.parts[place]))
            for place in seen]


def _sentence(why: Why, rows: Sequence[tuple[str, float]], anyone: str) -> str:
    """The chance, what it is for anyone, and the two largest reasons."""
    said = f"This was {percent(why.chance)} likely, against {percent(why.base)} for {anyone} on average"
    largest = "; ".join(f"{text} ({points(part)} points)" for text, part in rows[:2])
    return f"{said}. The largest reasons: {largest}." if largest else f"{said}; nothing that it saw made a difference."


def points(part: float) -> str:
    """A part of a chance in percentage points: "+12"; what is small, but not nothing, with a decimal."""
    return change(100 * part, 2 if abs(part) >= 0.1 else 1) if abs(part) >= 0.0005 else "0"


def _base(why: Why, anyone: str) -> Document:
    return {"text": f"{anyone}, on average", "said": percent(why.base), "low": 0.0, "high": why.base, "is": "base"}


def _whole(why: Why, action: Action, world: World) -> Document:
    verb = action_words(world, action)
    return {"text": verb.do, "said": percent(why.chance), "low": 0.0, "high": why.chance, "is": "whole"}


def _steps(why: Why, parts: Sequence[tuple[str, float]]) -> list[Document]:
    """A bar for each thing seen, which begins where the one before ends."""
    rows, at = [], why.base
    for text, part in _fewer(parts, why.hidden):
        low, high = sorted((at, at + part))
        rows.append({"text": text, "said": points(part), "low": max(0.0, low), "high": max(0.0, high), "is": "part",
                     "gain": part >= 0})  # fmt: skip
        at += part
    return rows


def _fewer(parts: Sequence[tuple[str, float]], hidden: float) -> list[tuple[str, float]]:
    """The weightiest parts, the others as one, and what none of them explains."""
    shown, rest = parts[:SHOWN], parts[SHOWN:]
    if len(rest) == 1:
        shown, rest = parts, ()
    others = [(f"{len(rest)} other things it saw", sum(part for _, part in rest))] if rest else []
    unexplained = [("finer than was told apart", hidden)] if abs(hidden) >= 0.0005 else []
    return [*shown, *others, *unexplained]


def _note(why: Why) -> str:
    """How exact it is, and how many decisions it is compared with."""
    found = why.explanation
    first, last = why.rounds
    how = "exact" if found.exact else f"± {figure(200 * why.error, 2)} points, estimated"
    among = f"{in_full(found.evaluations)} decisions of rounds {first} to {last}"
    alike = found.provenance["decisions alike (all features known)"]
    same = "no other like it" if alike == "1" else f"{in_full(int(alike))} of them alike in all"
    return f"{how}: {len(found.names)} things seen, among {among}, {same}; things that go together share their part"


def seen_words(name: str, value: float, world: World) -> str:
    """A thing seen, with its value: "its own pay, −0.0017"."""
    others = "neighbours" if isinstance(world.graph, SparseGraph) else "others"
    if name == "last action":
        return f"what it did last, {action_words(world, int(value)).do}"
    if name == "neighbours delegating":
        return f"{others} who {action_words(world, Action.DELEGATE).do}, {percent(value)}"
    if name == "neighbours' payoff":
        return f"mean pay of {others}, {figure(value)}"
    if name == "accuracy":
        return f"{accuracy_name(world).partition(',')[0]}, {percent(value)}"
    if name in _NAMED:
        return f"{_NAMED[name]}, {'good' if value else 'bad'}"
    if name == "is asked":
        return "somebody asks it" if value else "nobody asks it"
    if name == "kind":
        return f"its kind, {ConditionalKind(int(value)).name.lower().replace('_', ' ')}"
    return _of_action(name, value, world) or f"{_PLAIN.get(name, name)}, {figure(value)}"


def _of_action(name: str, value: float, world: World) -> str:
    """A thing seen of an action: "delegating would have paid 0.0052"; "" where it is of none."""
    for what, lead in _LEADS.items():
        if name.startswith(what):
            code = Action[name.removeprefix(what).strip().upper()]
            return f"{action_words(world, code).doing} {lead} {figure(value)}"
    return ""
