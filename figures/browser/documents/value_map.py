"""The plane of two value dimensions as a document: limits with the way they came, and the losses."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any, Literal

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.economy.world.world import World
from commonweal.figures.browser.notes.chronicle import Chronicle, Sight
from commonweal.figures.browser.notes.numbers import known, known_or_none, percent
from commonweal.figures.browser.notes.shown import subject, unit

Document = dict[str, Any]
Views = tuple[int, int] | Literal["pca"]

TRAIL, STEP = 20, 4  # rounds that a trail goes back, and between two of its points
_DOTS = 200  # principals on the map


def broken(sight: Sight, levels: Floats, world: World) -> Bools:
    """(N, K) whether a probe (K,) stands on the forbidden side of an own limit; not where it is not known."""
    with np.errstate(invalid="ignore"):
        found: Bools = world.senses * (sight.limits - levels) > 0
    return found & sight.own


def axis(limits: Floats, level: float) -> tuple[float, float]:
    """Ends of an axis with all limits, and the level unless it is so far away that the limits would look alike."""
    low, high = float(limits.min()), float(limits.max())
    room = high - low or max(abs(high), 1.0) * 0.1
    if low - room <= level <= high + room:
        low, high = min(low, level), max(high, level)
    return low - 0.08 * room, high + 0.08 * room


def views_of(world: World) -> list[list[str]]:
    """[axes, name] of every plane of the map: pairs of dimensions, then the two main directions."""
    count = len(world.senses)
    if count < 2:
        return [["0,0", subject(world, 0)]] if count else []
    pairs = [[f"{x},{y}", f"{subject(world, x)} and {subject(world, y)}"] for x, y in combinations(range(count), 2)]
    return [*pairs, ["pca", "two main directions"]]


def axes_from(text: str) -> Views:
    """The axes that a key of ``views_of`` names.

    Raises:
        InputError: if it names none.
    """
    if text == "pca":
        return "pca"
    x, _, y = text.partition(",")
    if not (x.isdigit() and y.isdigit()):
        raise InputError(f"axes = {text[:20]!r}: must be two numbers of value dimensions, as in 0,1, or pca")
    return int(x), int(y)


def map_of(chronicle: Chronicle, sight: Sight, axes: Views, levels: Floats) -> Document:
    """The plane of two dimensions as a document.

    Returns:
        ``axes``; ``x`` and ``y``, each with ``title``, ``low``, ``high`` and ``now`` (the loss, or None); ``points``,
        each with ``index``, ``x`` and ``y`` (its trail, oldest first) and ``broken``; ``of`` how many principals.

    Raises:
        InputError: if there is no such dimension.
    """
    world, count = chronicle.world, len(sight.limits)
    dimensions = len(world.senses)
    if axes != "pca" and not all(0 <= k < dimensions for k in axes):
        raise InputError(f"axes: {axes} are not two of the {dimensions} value dimensions, numbered from 0")
    shown = np.arange(0, count, -(-count // _DOTS))
    trail = np.stack([each.limits for each in _trail(chronicle, sight)])[:, shown]  # (T, M, K)
    x, y, now, titles = _plane(trail, axes, levels, shown, world)
    beyond = broken(sight, levels, world)[shown]
    points = [{"index": int(i), "x": known(x[:, at]), "y": known(y[:, at]), "broken": bool(beyond[at].any())}
              for at, i in enumerate(shown.tolist())]
    sides = [_side(title, values, level) for title, values, level in zip(titles, (x, y), now, strict=True)]
    return {"axes": "pca" if axes == "pca" else f"{axes[0]},{axes[1]}", "x": sides[0], "y": sides[1],
            "points": points, "of": count}


def _trail(chronicle: Chronicle, sight: Sight) -> Sequence[Sight]:
    """A few sights of the last rounds, the oldest first, the one shown last."""
    return chronicle.window(sight.round, TRAIL)[::-1][::STEP][::-1]


def _plane(
    trail: Floats, axes: Views, levels: Floats, shown: Ints, world: World
) -> tuple[Floats, Floats, Floats, list[str]]:
    """(T, M) and (T, M) places, (2,) where the losses stand, and what the axes are called."""
    if trail.shape[2] == 1:
        numbers = np.broadcast_to(shown, trail.shape[:2]).astype(np.float64)
        return numbers, trail[..., 0], np.array([np.nan, levels[0]]), ["principal", _title(world, 0)]
    if axes != "pca":
        x, y = axes
        return trail[..., x], trail[..., y], levels[[x, y]], [_title(world, x), _title(world, y)]
    return _components(trail, levels)


def _components(trail: Floats, levels: Floats) -> tuple[Floats, Floats, Floats, list[str]]:
    """The two main directions of all limits on the trails; signs are fixed, so that the picture does not flip."""
    flat = trail.reshape(-1, trail.shape[2])
    centre, scale = flat.mean(axis=0), np.where((spread := flat.std(axis=0)) > 1e-12, spread, 1.0)
    scaled = (flat - centre) / scale
    variances, directions = np.linalg.eigh(scaled.T @ scaled)
    main = directions[:, :-3:-1]  # (K, 2)
    main = main * np.sign(main[np.abs(main).argmax(axis=0), [0, 1]])
    share = variances[:-3:-1] / max(float(variances.sum()), 1e-300)
    x, y = np.moveaxis(((trail - centre) / scale) @ main, -1, 0)
    titles = [f"component {k + 1} of the limits, {percent(float(share[k]))} of variance, standard deviations"
              for k in (0, 1)]
    return x, y, ((levels - centre) / scale) @ main, titles


def _title(world: World, k: int) -> str:
    verb = "protect" if world.senses[k] < 0 else "withhold"
    return f"limit on {subject(world, k)} ({verb}), loss, {unit(world, k)}"


def _side(title: str, values: Floats, level: float) -> Document:
    low, high = axis(values.ravel(), float(level))
    return {"title": title, "low": low, "high": high, "now": known_or_none(float(level))}
