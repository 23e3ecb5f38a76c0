"""What a sweep shows in words: a sentence that claims no more than its intervals, and a line on what was played."""

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.figures.browser.notes.decimals import aligned
from commonweal.figures.browser.notes.numbers import count, figure
from commonweal.figures.browser.swept.measure_names import Name, named
from commonweal.figures.browser.swept.sweep_axes import Scale
from commonweal.figures.browser.swept.sweep_cells import Atlas, values_of
from commonweal.scenarios.reading.survey import Survey
from commonweal.scenarios.runs.intervals import Interval, mean_interval, range_of

_CERTAIN = 0.95
_SAME = 1e-9


def sweep_sentence(atlas: Atlas) -> str:
    """What the map shows, in one or two sentences.

    A level is said to differ from another only where the interval of their difference, paired by seed, leaves out 0 at
    a confidence that holds for all that are compared together (Bonferroni); it is averaged over all that is not shown,
    over the points and seeds that were played at all levels.
    """
    survey = atlas.survey
    if not survey.measures:
        return f"No run of {survey.name} is finished yet." if not len(survey.runs) else "Every run failed."
    name = named(atlas.names, atlas.view.measure)
    said = list(_claims(atlas, name))
    return " ".join((["So far:"] if survey.unfinished else []) + said)


def _claims(atlas: Atlas, name: Name) -> Iterator[str]:
    values = values_of(atlas, name.measure, plainly=True).value
    known = values[np.isfinite(values)]
    if atlas.across is None or known.size < 2:
        yield _capital(f"{_amounts(name, known)}.")
    elif len(atlas.survey.seeds) < 2:
        yield f"With one seed, {_amounts(name, known)}; luck may be all of the difference."
    elif atlas.sampled:
        yield _capital(f"{_amounts(name, known)} in {known.size} cells of several points each.")
    else:
        yield from _effects(atlas, name)


def _effects(atlas: Atlas, name: Name) -> Iterator[str]:
    """What each axis that is shown does, the larger effect first; and where one does nothing."""
    shown = [scale for scale in (atlas.across, atlas.up) if scale is not None]
    tables = [(scale, by_level(atlas, scale, name.measure)) for scale in shown]
    sized = sorted(tables, key=lambda pair: -np.ptp(np.nan_to_num(_means(pair[1]))))
    told = [(scale, _effect(scale, table, name)) for scale, table in sized]
    sure = [text for _, text in told if text]
    yield from (_capital(f"{text}.") for text in sure)
    if nothing := [scale.name for scale, text in told if not text]:
        yield _capital(f"{' and '.join(nothing)} make{'s' * (len(nothing) == 1)} no sure difference.")
    if len(shown) == 2 and sure:
        yield from _idle(atlas, name)


def _effect(scale: Scale, table: Floats, name: Name) -> str:
    """How the levels of an axis differ; "" where none surely does.

    Args:
        scale: the axis.
        table: (S, L) by seed and level.
        name: of the measure.
    """
    means, count = _means(table), table.shape[1]
    if len(table) < 2:
        return ""
    if scale.axis.numeric and count > 2:
        gaps = [_difference(table, place, 0, name.measure, count - 1) for place in range(1, count)]
        for ways in (np.array([gap.low > 0 for gap in gaps]), np.array([gap.high < 0 for gap in gaps])):
            begin = 1 + count - 1 - int(np.cumprod(ways[::-1]).sum())  # from there on all differ from the first
            if begin < count:
                on = f"from {scale.level(begin)} on" if begin < count - 1 else f"with {scale.level(begin)}"
                return f"{_amounts(name, means[begin:])} {on}, {_amounts(name, means[:1], '')} with {scale.level(0)}"
    best, worst = int(np.argmax(means)), int(np.argmin(means))
    if _difference(table, best, worst, name.measure, count * (count - 1) // 2).low > 0:
        ends = means[best : best + 1], means[worst : worst + 1]
        return (f"{_amounts(name, ends[0])} with {scale.level(best)}, {_amounts(name, ends[1], '')} with "
                f"{scale.level(worst)}")  # fmt: skip
    return ""


def _idle(atlas: Atlas, name: Name) -> Iterator[str]:
    """The level of an axis at which the other one changes nothing at all, as rules do that are switched off."""
    units = values_of(atlas, name.measure, plainly=True).units
    across, up = atlas.across, atlas.up
    assert across is not None
    assert up is not None
    for scale, other, table in ((up, across, units), (across, up, np.swapaxes(units, 1, 2))):
        rows = [place for place in range(scale.axis.count) if _constant(table[:, place])]
        if len(rows) == 1:
            yield f"With {scale.level(rows[0])}, {other.name} changes nothing."
            return


def _constant(row: Floats) -> bool:
    """Whether (U, L) values are the same at all levels."""
    return bool(np.isfinite(row).all() and row.shape[1] > 1 and (np.ptp(row, axis=1) < _SAME).all())


def by_level(atlas: Atlas, scale: Scale, measure: str) -> Floats:
    """(S', L) a measure by seed and level of an axis: means over all points that were played at all levels.

    Args:
        atlas: of the sweep; points at other levels than those at which axes are held do not count.
        scale: one of its axes.
        measure: a column of its runs.
    """
    values, chosen = atlas.survey.values(measure), atlas.shown()
    groups: dict[tuple[int, ...], Floats] = {}
    others = [each.axis for each in atlas.scales if each is not scale]
    for point in np.flatnonzero(chosen).tolist():
        key = tuple(int(axis.level[point]) for axis in others)
        group = groups.setdefault(key, np.full((len(values), scale.axis.count), np.nan))
        group[:, scale.axis.level[point]] = values[:, point]
    table = np.array(list(groups.values()))  # (groups, S, L)
    whole = np.isfinite(table).all(axis=2)[:, :, None]
    with np.errstate(invalid="ignore"):
        means = np.where(whole, table, 0.0).sum(axis=0) / whole.sum(axis=0)
    return np.asarray(means[np.isfinite(means).all(axis=1)])


def _means(table: Floats) -> Floats:
    return table.mean(axis=0) if len(table) else np.full(table.shape[1], np.nan)


def _difference(table: Floats, one: int, other: int, measure: str, comparisons: int) -> Interval:
    confidence = 1 - (1 - _CERTAIN) / max(1, comparisons)
    return mean_interval(table[:, one] - table[:, other], confidence, range_of(measure).of_differences)


def _amounts(name: Name, values: Floats, what: str | None = None) -> str:
    """What some values of a measure are: "27 to 41 % delegate", "welfare is 0.13"."""
    low, high = (float(end) for end in (values.min(), values.max())) if len(values) else (np.nan, np.nan)
    if name.measure.startswith("share_") or name.measure == "accuracy":
        ends, does = [f"{100 * end:.0f}" for end in (low, high)], name.title.partition(",")[0] if what is None else what
        return f"{' to '.join(dict.fromkeys(ends))}\N{NARROW NO-BREAK SPACE}% {does}".strip()
    digits = range_of(name.measure).high == 1
    ends = list(dict.fromkeys(aligned(end, 2) if digits else figure(end) for end in (low, high)))
    return (f"{name.short} is " if what is None else "") + " to ".join(ends)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def sweep_context(atlas: Atlas) -> str:
    """What was played, when, by which version, and what the map averages over."""
    survey = atlas.survey
    each = " each" if len(survey.points) > 1 else ""
    parts = [f"{_counted(len(survey.points), 'point')}, {_counted(len(survey.seeds), 'seed')}{each}"]
    if survey.rounds is not None:
        parts.append(_counted(survey.rounds, "round"))
    said = [f"{', '.join(parts)}.", how_stored(survey)]
    if over := [scale.name for scale in atlas.averaged]:
        said.append(f"Averaged over {_listed(over)}.")
    if survey.unfinished:
        said.append(f"{len(survey.runs)} of {survey.wanted} runs are stored; the same command plays the rest.")
    if survey.failed:
        said.append(f"{_counted(survey.failed, 'run')} failed; --retry-failed plays {_them(survey.failed)} again.")
    return " ".join(said)


def how_stored(survey: Survey) -> str:
    """When results were stored, by which version, and whether that has changed since."""
    when = "" if survey.when is None else f" {_date(survey.when)}"
    if changes := survey.changes():
        return f"Stored{when}; since then {_listed(changes)}: played again, runs may differ."
    return f"Stored{when}, version {survey.version.partition('+')[0]}, unchanged since."


def _date(when: datetime) -> str:
    year = "" if when.year == datetime.now(UTC).year else f" {when.year}"
    return f"{when.day} {when:%B}{year}"


def _them(count: int) -> str:
    return "it" if count == 1 else "them"


def _counted(number: int, noun: str) -> str:
    return f"{count(number)} {noun}{'s' * (number != 1)}"


def _listed(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"
