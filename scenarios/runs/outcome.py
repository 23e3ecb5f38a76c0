"""What came out of runs, in one to four sentences that say no more than their intervals."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats
from commonweal.agents.module_names import in_short
from commonweal.economy.round.words import Words
from commonweal.scenarios.runs.intervals import Interval, decimals_of, in_brief, mean_interval, range_of
from commonweal.scenarios.runs.measures import camps_of
from commonweal.scenarios.schema.notation import write_value

_FEW = 6  # points, or values of a field, that are told apart one by one
_ALIKE = 0.1  # of a share: those whose difference surely is smaller are alike
_SHARE = "share_delegate"
_VIOLATED = "violated"
_OTHERS = ("free_ride", "defect", "abstain")


@dataclass(frozen=True)
class Outcome:
    """Runs and what is needed to speak of them."""

    runs: pd.DataFrame  # one row per run that was played: seed, varied fields and measures
    varied: tuple[str, ...]  # dotted paths of the varied fields
    words: Words  # what all runs call things
    measures: tuple[str, ...]  # columns of runs, those that matter most first
    start: float | None = None  # share that delegates at the start, where it is the same in all runs

    @property
    def main(self) -> str:
        """The measure that sentences are about."""
        return _SHARE if _SHARE in self.measures else self.measures[0]


@dataclass(frozen=True)
class Group:
    """Points of which each is not told apart from some other."""

    names: tuple[str, ...]
    values: Floats  # (S, P) of the main measure, by seed
    quality: Floats | None  # (S, P)
    mixed: bool = False  # whether some of them are told apart from each other


def sentences(outcome: Outcome) -> str:
    """What came out, in one to three sentences, and one on broken limits where somebody minds them.

    Values of a field are told apart where the intervals of their differences, paired by seed, leave out 0, at a
    confidence that holds for all pairs of its values together (Bonferroni).
    """
    return " ".join(_told(outcome))


def _told(outcome: Outcome) -> list[str]:
    if not len(outcome.runs):
        return ["Every run failed."]
    factors = _factors(outcome)
    points = len(outcome.runs[factors].drop_duplicates()) if factors else 1
    minded = _VIOLATED in outcome.runs and outcome.words.minds
    if points == 1:
        return [*_alone(outcome), *([_broken(outcome)] if minded else [])]
    if outcome.runs["seed"].nunique() < 2 or not minded:
        return _said(outcome, factors, points)
    violated = replace(outcome, measures=(_VIOLATED,), start=None)
    if points > (_FEW if len(factors) == 1 else _FEW // 2):
        return [*_said(outcome, factors, points), _range(violated, factors)]
    return [*_said(outcome, factors, points), *_said(violated, factors, points)]


def _said(outcome: Outcome, factors: Sequence[str], points: int) -> list[str]:
    """What tells several points apart."""
    if outcome.runs["seed"].nunique() < 2:
        return [_untold(outcome)]
    if len(factors) == 1 and points <= _FEW:
        return [_compared(outcome, factors[0], "")]
    if points <= _FEW // 2:
        return [_compared(_joined(outcome, factors), " × ".join(factors), "")]
    return _by_factor(outcome, factors)


def _factors(outcome: Outcome) -> list[str]:
    """Varied fields, without those that follow from one before them."""
    told: list[str] = []
    for path in outcome.varied:
        follows = (len(outcome.runs[[one, path]].drop_duplicates()) == outcome.runs[one].nunique() for one in told)
        if outcome.runs[path].nunique() > 1 and not any(follows):
            told.append(path)
    return told


def _joined(outcome: Outcome, factors: Sequence[str]) -> Outcome:
    """The same with one field that holds the names of the points."""
    name = " × ".join(factors)
    rows = outcome.runs[list(factors)].itertuples(index=False, name=None)
    joined = [_point(factors, row) for row in rows]
    return Outcome(outcome.runs.assign(**{name: joined}), (name,), outcome.words, outcome.measures, outcome.start)


def called(path: str, value: object) -> str:
    """What a value of a field is called in a sentence."""
    if path == "settlement.kind":
        from commonweal.economy.money.settlement import SETTLEMENTS

        known = SETTLEMENTS.facts(str(value)).called if value in SETTLEMENTS else ""
        return known or f"settlement {value}"
    if " × " in path:
        return str(value)
    return f"{path.rpartition('.')[2]} {in_short(value) if isinstance(value, str) else write_value(value)}"


def _alone(outcome: Outcome) -> list[str]:
    """One point: what principals do, and what that comes to."""
    runs, words = outcome.runs, outcome.words
    if outcome.main != _SHARE:
        return [f"In the end {outcome.main} is {_text(runs, outcome.main)}."]
    others = [name for name in _OTHERS if (share := f"share_{name}") in runs and runs[share].to_numpy().any()]
    acting = [f"{_text(runs, _SHARE)} {words.doing}"]
    acting += [f"{_text(runs, f'share_{name}')} {words.verb(name).doing}" for name in others]
    first = f"In the end {_listed(acting)}" + "".join(f"; {part}" for part in _worth(outcome))
    price = _interval(runs, "price_of_anarchy") if "price_of_anarchy" in runs else None
    if price is None or not (price.low > 1 or price.high < 1):
        return [f"{first}."]
    compared = "more" if price.low > 1 else "less"
    ideal = f"With everybody {words.doing} {words.welfare} would be {compared}"
    return [f"{first}.", f"{ideal}: {_brief(price)} times as much."]


def _worth(outcome: Outcome) -> list[str]:
    """Quality and welfare of one point."""
    runs, said = outcome.runs, []
    if _speaks_of_quality(outcome):
        said.append(f"{outcome.words.quality} is {_text(runs, 'accuracy')}")
    if "welfare" in outcome.measures:
        said.append(f"{outcome.words.welfare} is {_text(runs, 'welfare')} money a round")
    return [_listed(said)] if said else []


def _broken(outcome: Outcome) -> str:
    """Whose limits the model of one point breaks, and what that costs them in their own values."""
    runs = outcome.runs
    if not runs[_VIOLATED].to_numpy().any():
        return "The model breaks nobody's limits."
    camps = [f"{_text(runs, name)} of camp {name.rpartition('_')[2]}" for name in camps_of(runs.columns, _VIOLATED)]
    whose = f"limits of {_text(runs, _VIOLATED)} of principals{f' ({_listed(camps)})' if camps else ''}"
    said = f"The model breaks {'the limits of all' if (runs[_VIOLATED] == 1).all() else whose}"
    if not {"value_cost", "net_welfare"} <= set(runs):
        return f"{said}."
    costs = f"{_text(runs, 'value_cost')} money a round" if runs["value_cost"].any() else "nothing"
    return f"{said}; that costs {costs}, and {outcome.words.net_welfare} is {_text(runs, 'net_welfare')}."


def _speaks_of_quality(outcome: Outcome) -> bool:
    """Not where quality is the main measure under another name, as contributions to a public good are."""
    if "accuracy" not in outcome.measures or outcome.main == "accuracy":
        return False
    return not np.allclose(outcome.runs["accuracy"], outcome.runs[outcome.main], equal_nan=True)


def _untold(outcome: Outcome) -> str:
    """What a single seed lets one say."""
    means = outcome.runs[outcome.main].to_numpy(dtype=np.float64)
    return (
        f"With one seed from {_plain(np.nanmin(means))} to {_plain(np.nanmax(means))} {_what(outcome)} over "
        f"{len(outcome.runs)} points; luck may be all of the difference."
    )


def _compared(outcome: Outcome, path: str, before: str) -> str:
    """The values of one field, the best first, those that are not told apart together."""
    clauses = [_clause(outcome, group) for group in _groups(outcome, path)]
    return _sentence(before + "; ".join(clauses))


def _clause(outcome: Outcome, group: Group) -> str:
    names, several = _listed(group.names), len(group.names) > 1
    if group.mixed:
        each = [
            f"{_brief(_mean(column[:, None], outcome.main))} by {name}"
            for name, column in zip(group.names, group.values.T, strict=True)
        ]
        return f"{_listed(each)} are {_what(outcome)}, and not all can be told apart"
    if several and not _same(group.values, outcome.main):
        return f"{names} cannot be told apart: {_amounts(outcome, group)}"
    verb = _verb(outcome, _mean(group.values, outcome.main), several)
    return f"{names} {'alike ' * several}{verb} {_amounts(outcome, group)}"


def _what(outcome: Outcome) -> str:
    if outcome.main == _VIOLATED:
        return "of principals violated"
    return outcome.words.doing if outcome.main == _SHARE else outcome.main


def _verb(outcome: Outcome, found: Interval, several: bool) -> str:
    if outcome.main == _SHARE and outcome.start:
        if found.high < outcome.start / 4:
            return "collapse to" if several else "collapses to"
        if found.low > outcome.start / 2:
            return "keep" if several else "keeps"
    return "end with" if several else "ends with"


def _amounts(outcome: Outcome, group: Group) -> str:
    said = f"{_brief(_mean(group.values, outcome.main))} {_what(outcome)}"
    if group.quality is None:
        return said
    word = outcome.words.quality
    if _same(group.quality, "accuracy") or len(group.names) == 1:
        return f"{said}, {word} {_brief(_mean(group.quality, 'accuracy'))}"
    means = np.nanmean(group.quality, axis=0)
    return f"{said}, {word} {_plain(means.min())} to {_plain(means.max())}"


def _groups(outcome: Outcome, path: str) -> list[Group]:
    """The values of a field, the largest mean first, each with those before it that it is not told apart from."""
    table = _by_seed(outcome.runs, path, outcome.main)
    quality = _by_seed(outcome.runs, path, "accuracy") if _speaks_of_quality(outcome) else None
    order, pairs = _ordered(table)

    def apart(one: Any, other: Any) -> bool:
        return _apart(table[one], table[other], outcome.main, pairs)

    groups: list[list[Any]] = []
    for value in order:
        if groups and not all(apart(value, other) for other in groups[-1]):
            groups[-1].append(value)
        else:
            groups.append([value])
    found = []
    for group in groups:
        mixed = any(apart(one, other) for one, other in combinations(group, 2))
        told = group if mixed else [value for value in table if value in group]  # as they were listed
        worth = None if quality is None else quality[told].to_numpy()
        found.append(Group(tuple(called(path, value) for value in told), table[told].to_numpy(), worth, mixed))
    return found


def _by_seed(runs: pd.DataFrame, path: str, measure: str) -> pd.DataFrame:
    """A row a seed and a column a value of a field: means over all other fields."""
    return runs.pivot_table(index="seed", columns=path, values=measure, aggfunc="mean", sort=False, dropna=False)


def _ordered(table: pd.DataFrame) -> "tuple[pd.Index[Any], int]":
    """The values of a field, the largest mean first, and how many pairs of them there are."""
    order = table.mean().sort_values(ascending=False, kind="stable").index
    return order, len(order) * (len(order) - 1) // 2


def _apart(one: "pd.Series[float]", other: "pd.Series[float]", measure: str, comparisons: int = 1) -> bool:
    """Whether the interval of a paired difference leaves out 0."""
    found = _difference(one, other, measure, comparisons)
    low, high = float(found.low), float(found.high)
    return low > 0 or high < 0


def _difference(one: "pd.Series[float]", other: "pd.Series[float]", measure: str, comparisons: int = 1) -> Interval:
    apart = (one - other).to_numpy(dtype=np.float64)
    return mean_interval(apart, 1 - 0.05 / max(1, comparisons), range_of(measure).of_differences)


def _same(values: Floats, measure: str) -> bool:
    """Whether columns (S, P) surely differ by little, where what is little is known: of shares."""
    if len(values.T) < 2 or range_of(measure).high != 1:
        return len(values.T) < 2
    pairs = list(combinations(range(values.shape[1]), 2))
    columns = [pd.Series(column) for column in values.T]
    ends = [_difference(columns[one], columns[other], measure, len(pairs)) for one, other in pairs]
    return all(end.low > -_ALIKE and end.high < _ALIKE for end in ends)


def _by_factor(outcome: Outcome, factors: Sequence[str]) -> list[str]:
    """Which field matters most, and how; what the others do."""
    levels = [path for path in factors if 1 < outcome.runs[path].nunique() <= _FEW and _crossed(outcome.runs, path)]
    effects = {path: _effect(outcome, path) for path in levels}
    if not effects:
        return [_range(outcome, factors)]
    largest = sorted(effects, key=lambda path: -float(effects[path][1].value))
    sure = [path for path in largest if effects[path][1].low > 0]
    if not sure:
        return ["No field makes a sure difference by itself.", _range(outcome, factors)]
    averaged = "averaged over the other fields, " if len(factors) > 1 else ""
    said = [_compared(outcome, sure[0], averaged)]
    if more := [effects[path][0] for path in sure[1:]]:
        said.append(_sentence("; ".join(more)))
    if unsure := [path.rpartition(".")[2] for path in levels if path not in sure]:
        said.append(_sentence(f"{_listed(unsure)} make{'s' * (len(unsure) == 1)} no sure difference"))
    return said


def _crossed(runs: pd.DataFrame, path: str) -> bool:
    """Whether every value of a field was played with every seed."""
    return bool(pd.crosstab(runs["seed"], runs[path]).to_numpy().all())


def _effect(outcome: Outcome, path: str) -> tuple[str, Interval]:
    """The best value of a field over its worst, in words and as an interval."""
    table = _by_seed(outcome.runs, path, outcome.main)
    order, pairs = _ordered(table)
    found = _difference(table[order[0]], table[order[-1]], outcome.main, pairs)
    return f"{called(path, order[0])} has {_brief(found)} more {_what(outcome)} than {called(path, order[-1])}", found


def _range(outcome: Outcome, factors: Sequence[str]) -> str:
    """The points with the largest and the smallest mean."""
    means = outcome.runs.groupby(list(factors), dropna=False)[outcome.main].agg(list)
    found = {point: mean_interval(np.array(values), within=range_of(outcome.main)) for point, values in means.items()}
    best, worst = (pick(found, key=lambda point: float(found[point].value)) for pick in (max, min))
    return (
        f"From {_brief(found[worst])} to {_brief(found[best])} {_what(outcome)} over {len(found)} points, the most "
        f"with {_point(factors, best)}; the ends of so many are in part luck."
    )


def _point(factors: Sequence[str], values: object) -> str:
    each = values if isinstance(values, tuple) else (values,)
    return ", ".join(called(path, value) for path, value in zip(factors, each, strict=True))


def _interval(runs: pd.DataFrame, measure: str) -> Interval:
    return mean_interval(runs[measure].to_numpy(dtype=np.float64), within=range_of(measure))


def _mean(values: Floats, measure: str) -> Interval:
    """Of the means over points, by seed."""
    return mean_interval(np.nanmean(values, axis=1), within=range_of(measure))


def _text(runs: pd.DataFrame, measure: str) -> str:
    return _brief(_interval(runs, measure), decimals_of(measure))


def _brief(found: Interval, most: int = 3) -> str:
    if np.isnan(found.low):
        return _plain(float(found.value))
    return in_brief(float(found.value), float(found.low), float(found.high), most=most)


def _plain(value: float) -> str:
    """A number without an interval, and as intervals are written without a zero before the point."""
    return f"{value:.2g}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.3g}"


def _listed(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"


def _sentence(text: str) -> str:
    """With a capital, unless it begins with the name of a field."""
    return f"{text if '_' in text.split()[0] else text[:1].upper() + text[1:]}."
