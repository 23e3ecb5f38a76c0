"""Where principals stand in what they value, as a document: a row a principal."""

from typing import Any

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.economy.money.membership import NEVER
from commonweal.economy.world.world import World
from commonweal.figures.browser.documents.value_map import Views, axis, broken, map_of, views_of
from commonweal.figures.browser.notes.chronicle import Chronicle, Sight
from commonweal.figures.browser.notes.numbers import figure, known_or_none, percent
from commonweal.figures.browser.notes.shown import subject
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
    if sort and sort not in dict(sorts):
        raise InputError(f"sort = {sort!r}: must be one of {', '.join(key for key, _ in sorts)}")
    chosen = sort or sorts[0][0]
    order = _ordered(chosen, sight, taken, world)
    shown = order if len(order) <= FEW else _with(order[:MOST], principal)
    away = _away(chronicle, sight)
    return {
        "kind": "values", "round": sight.round, "marks": _marks(sight),
        "dimensions": [_dimension(sight, k, levels, world) for k in range(len(world.senses))],
        "rows": [_row(sight, i, levels, taken, away.get(i, ""), world) for i in shown],
        "of": len(order), "sort": chosen, "sorts": [list(each) for each in sorts],
        "screens": world.terms.screening.mode != "off",
        "views": views_of(world), "map": None if axes is None else map_of(chronicle, sight, axes, levels),
    }


def declared(sight: Sight, world: World) -> Floats:
    """(N, K) limits that hold for the round, after what was sold of them; as they are where nothing was."""
    limits: Floats = sight.limits * (1 - world.senses * sight.loosened)
    return limits


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
    sold = [["declared", "sold for this round"]] if sight.loosened.any() else []
    return [["true", "true limit"], *sold]


def _dimension(sight: Sight, k: int, levels: Floats, world: World) -> Document:
    limits, level = sight.limits[:, k], float(levels[k])
    low, high = axis(np.concatenate([limits, declared(sight, world)[:, k]]), level)
    bound, reach = ("at most", "nat") if world.senses[k] < 0 else ("at least", "0 to 1")
    violated = int(broken(sight.limits, levels, world)[:, k].sum())
    density = np.histogram(limits, BINS, (low, high))[0].tolist() if len(limits) > FEW else None
    return {
        "name": "protect" if world.senses[k] < 0 else "withhold",
        "about": f"{subject(world, k)}, {bound} this loss, {reach}", "low": low, "high": high,
        "now": known_or_none(level), "now_text": _now(level, low, high, violated),
        "beyond": "left" if level < low else "right" if level > high else "",
        "broken_side": "right" if world.senses[k] > 0 else "left", "broken": violated, "density": density,
    }


def _now(level: float, low: float, high: float, violated: int) -> str:
    """The loss in words: "loss now 0.209, far within"; "" before the first round."""
    if np.isnan(level):
        return ""
    far = "" if low <= level <= high else ", far beyond" if violated else ", far within"
    return f"loss now {figure(level)}{far}"


def _row(sight: Sight, i: int, levels: Floats, taken: Floats, gone: str, world: World) -> Document:
    beyond, sold = broken(sight.limits, levels, world)[i], declared(sight, world)[i]
    limits = [
        {"true": float(true), "believed": None, "declared": float(sold[k]) if sold[k] != true else None,
         "broken": bool(beyond[k]), "text": _told(float(true), float(sold[k]), bool(beyond[k]))}
        for k, true in enumerate(sight.limits[i].tolist())
    ]
    return {"index": i, "limits": limits, "taken": known_or_none(taken[i]), "taken_text": percent(float(taken[i])),
            "cost": None, "cost_text": "", "gone": gone}


def _told(true: float, sold: float, broken: bool) -> str:
    """A limit in words: "true limit 1.98, sold for this round 2.1, broken now"."""
    parts = [f"true limit {figure(true)}"]
    parts += [f"sold for this round {figure(sold)}"] if sold != true else []
    return ", ".join([*parts, "broken now"] if broken else parts)


def _sorts(world: World, taken: Floats) -> list[tuple[str, str]]:
    """Orders of the rows, the one that tells most first."""
    screened = ("taken", "taken off")
    limits = [(f"limit-{k}", f"strictest: {subject(world, k)}") for k in range(len(world.senses))]
    return [*([screened] if np.nan_to_num(taken).any() else []), *limits, ("number", "number")]


def _ordered(sort: str, sight: Sight, taken: Floats, world: World) -> list[int]:
    if sort == "number":
        return list(range(len(taken)))
    if sort == "taken":
        worth = np.nan_to_num(taken, nan=-1.0)
    else:
        k = int(sort.removeprefix("limit-"))
        worth = world.senses[k] * sight.limits[:, k]
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
