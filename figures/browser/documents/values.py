"""Where principals stand in what they value, as a document: a row a principal."""

from typing import Any

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.economy.money.membership import NEVER
from commonweal.economy.world.world import World
from commonweal.figures.browser.documents.value_map import Views, axis, broken, map_of, views_of
from commonweal.figures.browser.notes.chronicle import Chronicle, Sight
from commonweal.figures.browser.notes.numbers import figure, known_or_none, percent
from commonweal.figures.browser.notes.shown import subject, words_of
from commonweal.figures.browser.notes.tables import level_after

Document = dict[str, Any]

LATELY = 50  # rounds over which screening is averaged
FEW, MOST = 60, 24  # principals who all have a row; rows where there are more
BINS = 40  # of a density


def values_document(
    chronicle: Chronicle, round: int | None = None, *, sort: str = "", principal: int | None = None,
    axes: Views | None = None,
) -> Document:
    """What the view of values shows of a round.

    Args:
        chronicle: of a run with value dimensions.
        round: after which; the newest if not given.
        sort: one of the keys in ``sorts``; the first if not given.
        principal: who has a row in any case.
        axes: the map's dimensions, or "pca"; no map if not given.

    Returns:
        ``kind`` "values"; ``round``; ``marks``: [mark, name] of what a row shows, of true, believed and declared;
        ``dimensions``, each with ``name``, ``about``, axis ``low`` and ``high``, ``now`` (the loss, None before the
        first round), ``now_text``, ``beyond`` ("", "left" or "right": the loss lies beyond the axis),
        ``broken_side`` ("left" or "right" of the loss), ``broken`` (how many) and, where not everybody has a row,
        ``density`` (counts of true limits in equal bins of the axis); ``rows`` in order, each with ``index``,
        ``limits`` (for each dimension ``true``, ``believed``, ``declared``, None where there is none, ``broken`` and
        ``text``), ``taken`` (share of its updates or None), ``taken_text``, ``cost`` (value cost, None where the
        economy knows none), ``cost_text`` and ``gone`` ("" or since when it is away); ``of`` principals; ``sort`` and
        ``sorts``, [key, name]; ``screens``: whether anything is screened; ``views``, [axes, name] of the map; and
        ``map``, see ``map_of``.

    Raises:
        InputError: if there is no such dimension or order.
    """
    sight = chronicle.newest if round is None else chronicle.at(round)
    world = chronicle.world
    levels = np.array([level_after(chronicle, sight.round, k) for k in range(len(world.senses))])
    taken, _ = screened_lately(chronicle, sight.round)
    sorts = _sorts(world, taken)
    costs = cost_of_staying(sight)
    if sort and sort not in dict(sorts):
        raise InputError(f"sort = {sort!r}: must be one of {', '.join(key for key, _ in sorts)}")
    chosen = sort or sorts[0][0]
    order = _ordered(chosen, sight, taken if chosen == "taken" else costs, world)
    shown = order if len(order) <= FEW else _with(order[:MOST], principal)
    away = _away(chronicle, sight)
    return {
        "kind": "values", "round": sight.round, "marks": _marks(sight),
        "dimensions": [_dimension(sight, k, levels, world) for k in range(len(world.senses))],
        "rows": [_row(sight, i, levels, taken, world) | _cost(sight, i, costs, away.get(i, "")) for i in shown],
        "of": len(order), "sort": chosen, "sorts": [list(each) for each in sorts],
        "screens": world.terms.screening.mode != "off",
        "views": views_of(world), "map": None if axes is None else map_of(chronicle, sight, axes, levels),
    }


def declared(sight: Sight, world: World) -> Floats:
    """(N, K) limits that hold for the round: what agents filed, a voice added, less what was sold; else as they are."""
    filed = sight.limits if sight.beliefs is None else sight.beliefs.declared
    if sight.stricter.any():
        filed = np.clip(filed + world.senses * sight.stricter, 0.0, world.terms.values.ceiling)
    limits: Floats = filed * (1 - world.senses * sight.loosened)
    return limits


def _filed(sight: Sight) -> str:
    """What the limits that hold are called, where they are not the true ones."""
    named = (("declared by its agent", sight.beliefs is not None), ("claimed as its voice", sight.stricter.any()),
             ("sold for this round", sight.loosened.any()))
    return ", ".join(name for name, there in named if there)


def cost_of_staying(sight: Sight) -> Floats:
    """(N,) what the round cost each in its own values, of who stays away what taking part would have; 0 if nothing."""
    if not sight.felt.size:
        return np.zeros(len(sight.actions))
    away = sight.actions == Action.ABSTAIN
    cost: Floats = np.where(away, sight.felt[:, Action.DELEGATE], sight.value_cost)
    return cost


def screened_lately(chronicle: Chronicle, upto: int) -> tuple[Floats, Ints]:
    """Mean share of its updates that screening took off over the last ``LATELY`` rounds kept, and how many updates.

    Returns:
        (N,) shares, nan of who had no update screened; (N,) numbers of updates.
    """
    shares = np.stack([sight.screened for sight in chronicle.window(upto, LATELY)])
    updates = np.isfinite(shares).sum(axis=0)
    with np.errstate(invalid="ignore"):
        return np.nansum(shares, axis=0) / np.where(updates > 0, updates, np.nan), updates


def _marks(sight: Sight) -> list[list[str]]:
    believed = [] if sight.beliefs is None else [["believed", "what its agent believes"]]
    return [["true", "true limit"], *believed, *([["declared", filed]] if (filed := _filed(sight)) else [])]


def _dimension(sight: Sight, k: int, levels: Floats, world: World) -> Document:
    own = sight.own[:, k]
    limits, level = sight.limits[own, k], float(levels[k])
    believed = [] if sight.beliefs is None else [sight.beliefs.mean[own, k]]
    low, high = axis(np.concatenate([limits, declared(sight, world)[own, k], *believed]), level)
    bound, reach = ("at most", "nat") if world.senses[k] < 0 else ("at least", "0 to 1")
    beyond = broken(sight, levels, world)[:, k]
    violated = int(beyond.sum())
    density = np.histogram(limits, BINS, (low, high))[0].tolist() if len(own) > FEW else None
    return {
        "name": "protect" if world.senses[k] < 0 else "withhold",
        "about": f"{subject(world, k)}, {bound} this loss, {reach}", "low": low, "high": high,
        "now": known_or_none(level), "now_text": _now(level, low, high, violated) + _shares(sight, k, beyond, world),
        "beyond": "left" if level < low else "right" if level > high else "",
        "broken_side": "right" if world.senses[k] > 0 else "left", "broken": violated, "density": density,
    }


def _now(level: float, low: float, high: float, violated: int) -> str:
    """The loss in words: "loss now 0.209, far within"; "" before the first round."""
    if np.isnan(level):
        return ""
    far = "" if low <= level <= high else ", far beyond" if violated else ", far within"
    return f"loss now {figure(level)}{far}"


def _shares(sight: Sight, k: int, beyond: Bools, world: World) -> str:
    """Of whom the limit on a dimension is broken, where anybody minds: ", breaks 98 %"; by camp where there are any."""
    if not words_of(world).minds or not sight.round:
        return ""
    own, camps = sight.own[:, k], range(len(world.terms.values.camps))
    told = [f"camp {camp} {percent(float(beyond[held].mean()))}" for camp in camps
            if (held := own & (sight.camp == camp)).any()]
    if not own.any() or not beyond.any():
        return ", breaks nobody's limit"
    return f", breaks {percent(float(beyond[own].mean()))}" + (f" ({', '.join(told)})" if len(told) > 1 else "")


def _row(sight: Sight, i: int, levels: Floats, taken: Floats, world: World) -> Document:
    beyond = broken(sight, levels, world)[i]
    limits = [_limit(sight, i, k, bool(beyond[k]), world) for k in range(len(beyond))]
    return {"index": i, "limits": limits, "taken": known_or_none(taken[i]), "taken_text": percent(float(taken[i]))}


def _limit(sight: Sight, i: int, k: int, broken: bool, world: World) -> Document:
    """A principal's limit on one dimension; no mark where the value is not its own."""
    if not sight.own[i, k]:
        return {"true": None, "believed": None, "declared": None, "broken": False, "text": "no value of its own"}
    true, filed = float(sight.limits[i, k]), float(declared(sight, world)[i, k])
    believed = None if sight.beliefs is None else float(sight.beliefs.mean[i, k])
    told = [f"true limit {figure(true)}"]
    if believed is not None:
        told += [f"believed {figure(believed)}", f"declared {figure(filed)}"]
    elif filed != true:
        told.append(f"{_filed(sight)} {figure(filed)}")
    return {"true": true, "believed": believed, "declared": filed if believed is not None or filed != true else None,
            "broken": broken, "text": ", ".join([*told, "broken now"] if broken else told)}


def _cost(sight: Sight, i: int, costs: Floats, gone: str) -> Document:
    """What its values cost a principal in the round; of who is away what taking part would have, without a number."""
    if not sight.felt.size or not sight.round:
        return {"cost": None, "cost_text": "", "gone": gone}
    return {"cost": float(costs[i]), "cost_text": "" if gone else figure(float(costs[i])), "gone": gone}


def _sorts(world: World, taken: Floats) -> list[tuple[str, str]]:
    """Orders of the rows, the one that tells most first."""
    screened = ("taken", "taken off")
    dearest = [("cost", "value cost")] if words_of(world).minds else []
    limits = [(f"limit-{k}", f"strictest: {_named(world, k)}") for k in range(len(world.senses))]
    return [*dearest, *([screened] if np.nan_to_num(taken).any() else []), *limits, ("number", "number")]


def _named(world: World, k: int) -> str:
    """What a dimension is about, and what is wanted of it where another one is about the same."""
    subjects = [subject(world, each) for each in range(len(world.senses))]
    verb = "protect" if world.senses[k] < 0 else "withhold"
    return subjects[k] if subjects.count(subjects[k]) == 1 else f"{verb} {subjects[k]}"


def _ordered(sort: str, sight: Sight, measured: Floats, world: World) -> list[int]:
    """Principals in order; those by what was taken off or by value cost as ``measured`` (N,)."""
    if sort == "number":
        return list(range(len(measured)))
    if sort in ("taken", "cost"):
        worth = np.nan_to_num(measured, nan=-1.0)
    else:
        k = int(sort.removeprefix("limit-"))
        worth = np.where(sight.own[:, k], world.senses[k] * sight.limits[:, k], -np.inf)
    order: list[int] = np.argsort(-worth, kind="stable").tolist()
    return order


def _with(rows: list[int], principal: int | None) -> list[int]:
    return rows if principal is None or principal in rows else [*rows, principal]


def _away(chronicle: Chronicle, sight: Sight) -> dict[int, str]:
    """Since when those are away who abstain in a round."""
    away = {}
    past = [each for each in list(chronicle.sights) if 0 < each.round <= sight.round]
    for i in np.flatnonzero(sight.actions == Action.ABSTAIN).tolist() if past else []:
        since = next((at for at, each in enumerate(reversed(past)) if each.actions[i] != Action.ABSTAIN), len(past))
        if sight.joined[i] == NEVER:
            away[i] = "never joined"
        elif since < len(past):
            away[i] = f"left in round {past[-since].round}"
        else:
            away[i] = f"away since round {past[0].round} or before"
    return away
