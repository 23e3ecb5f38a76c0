"""What is worth showing of how a run goes: panels and numbers, by what its scenario is about."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from commonweal.agents.actions import Action
from commonweal.economy.world.world import World
from commonweal.figures.browser.notes.shown import (
    accuracy_name,
    buys_tolerance,
    holds_back,
    makes_copies,
    pays_money,
    rewards_differ,
    subject,
    takes_back,
    unit,
)
from commonweal.figures.browser.pictures.screen import Span
from commonweal.figures.ink import ACTIONS, BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILLION, Ink, ink

_SCREENED, _GATED = Ink(GREEN, "-", "o"), Ink(GREY, "--", "s")
_REVENUE, _PAID = Ink(SKY, "-", "o"), Ink(BLACK, "--", "s")
_SHARED, _OWN = Ink(BLUE, "-", "o"), Ink(ORANGE, "--", "s")
_TAKEN = {"slashed": Ink(VERMILLION, "-", "o"), "clawed": Ink(PURPLE, "--", "s"), "fees": Ink(BLACK, ":", "^")}
_TAKEN_NAMES = {"slashed": "slashed", "clawed": "clawed back", "fees": "for names"}

Row = tuple["Content", ...]


@dataclass(frozen=True)
class Content:
    """What one panel shows."""

    title: str
    lines: tuple[tuple[str, Ink, float], ...]  # metric, pen, width in points
    keys: tuple[tuple[str, Ink], ...] = ()  # names of the lines
    y: Span | None = (0.0, 1.0)  # of the y axis at least; as the values need if not given
    low: float | None = None  # where the y axis begins, if the values decide where it ends
    weight: float = 1.0  # of its width


def contents(world: World) -> tuple[Row, Row]:
    """The two rows of panels."""
    names = [Action(code).name.lower() for code in world.terms.available]
    pens = {name: pen for name, pen in ACTIONS.items() if name in names}
    actions = Content("actions, share of principals", tuple((f"share_{name}", pen, 1.6) for name, pen in pens.items()),
                      tuple((name.replace("_", "-"), pen) for name, pen in pens.items()), weight=1.5)
    welfare = Content("welfare, money per round", (("welfare", Ink(BLACK, "-", "o"), 1.6),), y=None)
    worth = _money() if pays_money(world) else welfare
    credit = Content("credit, Herfindahl index", (("credit_concentration", Ink(PURPLE, "-", "o"), 1.6),))
    below = tuple(_panels_below(world)) or (credit,)
    if world.market.learns and not len(world.senses) and not rewards_differ(world) and len(below) < 3:
        below = (*below, Content("probe losses", ()))
    return (actions, _accuracy(world), worth), below


def _accuracy(world: World) -> Content:
    if not rewards_differ(world):
        return Content(accuracy_name(world), (("accuracy", _SHARED, 1.6),))
    return Content(accuracy_name(world), (("accuracy", _SHARED, 1.6), ("own_accuracy", _OWN, 1.6)),
                   (("shared", _SHARED), ("own, mean", _OWN)))


def _money() -> Content:
    return Content("money per round", (("revenue", _REVENUE, 3.0), ("paid", _PAID, 1.1)),
                   (("revenue", _REVENUE), ("payments", _PAID)), None, 0.0)


def _panels_below(world: World) -> Iterator[Content]:
    """What rewards, screening, money and values make worth showing; screening not in an economy about rewards."""
    if rewards_differ(world):
        yield Content("samples put in", (("samples", Ink(BLUE, "-", "o"), 1.6),), y=None, low=0.0)
        if makes_copies(world):
            yield Content("promises kept, share", (("promise_kept", Ink(GREEN, "-", "o"), 1.6),))
    if world.market.learns and (len(world.senses) or not rewards_differ(world)):
        yield Content("updates taken off, share", (("screened_share", _SCREENED, 1.6), ("gated_share", _GATED, 1.3)),
                      (("screened", _SCREENED), ("gated", _GATED)))
    if pays_money(world):
        yield Content("wealth, Gini index", (("gini", Ink(PURPLE, "-", "o"), 1.6),))
    yield from _probe_panels(world)
    if buys_tolerance(world):
        yield Content("limits given up, share", (("loosened", Ink(ORANGE, "-", "o"), 1.6),))
    taken = takes_back(world)
    if set(taken) - {"slashed"}:  # a slashing alone is told as an event
        yield Content("taken, money per round", tuple((name, _TAKEN[name], 1.4) for name in taken),
                      tuple((_TAKEN_NAMES[name], _TAKEN[name]) for name in taken), None, 0.0, 1.5)
    if holds_back(world):
        yield Content("credit held back, share", (("held_share", Ink(ORANGE, "-", "o"), 1.6),))


def _probe_panels(world: World) -> Iterator[Content]:
    """A panel for protected and one for withheld dimensions, whose losses have different units."""
    for sense, title, low in ((-1, "protected: loss, nat", 0.0), (1, "withheld: loss, from 0 to 1", None)):
        own = np.flatnonzero(world.senses == sense).tolist()
        lines, named = [], []
        for k in own:
            colour, name = ink(k).colour, subject(world, k)
            lines += [(f"level_{k}", Ink(colour, "-", "o"), 1.6), (f"limit_{k}", Ink(colour, ":", "o"), 1.3)]
            named.append((name if len(own) < 3 else name.removeprefix("class "), Ink(colour, "-", "o")))
        if own:
            entries = (*named, ("limit", Ink(GREY, ":", "o")))
            yield Content(title, tuple(lines), entries, None, low, weight=1.2 if len(own) < 4 else 1.8)


def metric_names(world: World) -> Iterator[tuple[str, str]]:
    """The metrics that say something about an economy, each with its name and unit."""
    yield from ((f"share_{name}", f"{name.replace('_', '-')}, share of principals") for name in ACTIONS)
    yield "accuracy", accuracy_name(world)
    if rewards_differ(world):
        yield from (("own_accuracy", "own model's accuracy, mean of participants"), ("samples", "samples put in"))
    if rewards_differ(world) and makes_copies(world):
        yield "promise_kept", "promises kept, share of principals"
    if world.market.learns:
        yield "validation_loss", "validation loss, nat"
    if pays_money(world):
        yield from (("revenue", "revenue, money"), ("paid", "payments, money"), ("treasury", "treasury, money"))
    yield "welfare", "welfare, money"
    if pays_money(world):
        yield "gini", "wealth, Gini index"
    yield "credit_concentration", "concentration of credit, Herfindahl index"
    if world.market.learns:
        yield from (("screened_share", "screened, share of updates"), ("gated_share", "gated, share of updates"),
                    ("step_factor", "step taken, share of the learning rate"), ("rival", "rival's accuracy"))
    for name in takes_back(world):
        told = _TAKEN_NAMES[name]
        yield from ((name, f"{told}, money"), (f"{name}_count", f"{told}, principals"))
    if holds_back(world):
        yield "held_share", "credit held back, share"
    if world.terms.negotiation.kind != "none":
        yield from (("dealt", "data deals, money"), ("dealt_share", "bound by data deals, share of principals"))
    if buys_tolerance(world):
        yield from (("tolerance_paid", "paid for looser limits, money"), ("loosened", "limits given up, mean share"))
    for k in range(len(world.senses)):
        about = f"{subject(world, k)}, {unit(world, k)}"
        yield from ((f"level_{k}", f"probe loss before the step: {about}"), (f"limit_{k}", f"its limit: {about}"),
                    (f"true_change_{k}", f"its change by the step: {about}"))
