"""What is worth showing of how a run goes: panels of courses, by what its scenario is about."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from commonweal.economy.world.world import World
from commonweal.figures.browser.notes.shown import (
    accuracy_name,
    buys_tolerance,
    holds_back,
    learns_values,
    makes_copies,
    names_count,
    pays_money,
    rewards_differ,
    subject,
    takes_back,
    words_of,
)

_TAKEN_NAMES = {"slashed": "slashed", "clawed": "clawed back", "fees": "for names"}


@dataclass(frozen=True)
class Line:
    """A course in a panel."""

    measure: str  # a metric of ``round_metrics`` or of the chronicle
    name: str  # stands on the line
    ink: str  # an action, or rule-0 to rule-3


@dataclass(frozen=True)
class Panel:
    """What one panel shows."""

    id: str
    title: str  # with its unit
    lines: tuple[Line, ...]
    low: float | None = 0.0  # where the y axis begins, at the highest; as the values need if None
    high: float | None = None  # where it ends, at the lowest
    percent: bool = False  # whether values are told in percent


def panels(world: World) -> tuple[Panel, ...]:
    """The panels of an economy, the most telling first."""
    names = (_names(),) if names_count(world) else ()
    return (_actions(world), *names, _quality(world), _worth(world), *_others(world))


def measures(world: World) -> tuple[str, ...]:
    """The metrics that the panels show, each once."""
    return tuple(dict.fromkeys(line.measure for panel in panels(world) for line in panel.lines))


def panels_document(world: World) -> list[dict[str, Any]]:
    """The panels as the browser gets them: fields of ``Panel`` and ``Line``."""
    return [asdict(panel) for panel in panels(world)]


def _actions(world: World) -> Panel:
    verbs = words_of(world).actions
    lines = tuple(Line(f"share_{name}", verb.do, name.replace("_", "-")) for name, verb in verbs.items())
    return Panel("actions", "what principals do, share", lines, 0.0, 1.0, percent=True)


def _names() -> Panel:
    lines = (Line("cooperation", "requests fulfilled", "rule-0"), Line("good_names", "good names", "rule-1"))
    return Panel("names", "requests fulfilled and good names, share", lines, 0.0, 1.0, percent=True)


def _quality(world: World) -> Panel:
    shared = Line("accuracy", _shared_name(world), "rule-0")
    own = (Line("own_accuracy", "own, mean", "rule-1"),) if rewards_differ(world) else ()
    return Panel("quality", accuracy_name(world), (shared, *own), 0.0, 1.0)


def _shared_name(world: World) -> str:
    if not world.market.learns:
        return words_of(world).quality
    return "shared" if rewards_differ(world) else "model"


def _worth(world: World) -> Panel:
    words = words_of(world)
    if pays_money(world) and not words.each:
        lines = (Line("revenue", "revenue", "rule-0"), Line("welfare", words.welfare, "rule-1"))
        if words.minds:
            return Panel("worth", "money a round", (*lines, Line("net_welfare", "net", "rule-2")), None)
        return Panel("worth", "money a round", lines)
    return Panel("worth", words.welfare_label, (Line(words.welfare_measure, words.welfare, "rule-0"),))


def _others(world: World) -> Iterator[Panel]:
    """What rewards, screening, money and values make worth showing; screening not in an economy about rewards."""
    if words_of(world).minds:
        yield _violated(world)
    if learns_values(world):
        lines = (Line("belief_error", "error", "rule-0"), Line("caution", "caution", "rule-1"))
        yield Panel("beliefs", "what agents do not know of limits, loss", lines, None)
    if rewards_differ(world):
        yield _plain("samples", "samples put in", "samples", "samples")
        if makes_copies(world):
            yield _plain("promises", "promises kept, share", "promise_kept", "kept", 1.0)
    if world.market.learns and (len(world.senses) or not rewards_differ(world)):
        lines = (Line("screened_share", "screened", "rule-0"), Line("gated_share", "gate", "rule-1"))
        yield Panel("screening", "updates taken off, share", lines if len(world.senses) else lines[1:], 0.0, 1.0)
    if pays_money(world):
        yield _plain("gini", "wealth, Gini index", "gini", "Gini")
    yield from _probes(world)
    yield _plain("credit", "credit in few hands, Herfindahl", "credit_concentration", "credit")
    if buys_tolerance(world):
        yield _plain("loosened", "limits given up, share", "loosened", "given up", 1.0)
    taken = takes_back(world)
    if set(taken) - {"slashed"}:  # a slashing alone is told as an event
        named = tuple(Line(name, _TAKEN_NAMES[name], f"rule-{place}") for place, name in enumerate(taken))
        yield Panel("taken", "taken, money a round", named)
    if holds_back(world):
        yield _plain("held", "credit held back, share", "held_share", "held back", 1.0)


def _violated(world: World) -> Panel:
    """The share of principals with a broken limit; of each camp where there are two or three."""
    number = len(world.terms.values.camps)
    camps = range(number) if 1 < number < 4 else ()
    lines = [Line(f"violated_camp_{camp}", f"camp {camp}", f"rule-{camp + 1}") for camp in camps]
    return Panel("violated", "principals with a broken limit, share", (Line("violated", "all", "rule-0"), *lines),
                 0.0, 1.0, percent=True)


def _plain(id: str, title: str, measure: str, name: str, high: float | None = None) -> Panel:
    return Panel(id, title, (Line(measure, name, "rule-0"),), 0.0, high)


def _probes(world: World) -> Iterator[Panel]:
    """A panel for every value dimension: its probe's loss and the limit that screening holds it to."""
    for k, sense in enumerate(np.asarray(world.senses)):
        verb, unit = ("protect", "nat") if sense < 0 else ("withhold", "0 to 1")
        lines = (Line(f"level_{k}", "loss", "rule-0"), Line(f"limit_{k}", "limit", "rule-2"))
        yield Panel(f"value-{k}", f"{verb} {subject(world, k)}: loss, {unit}", lines, None)
