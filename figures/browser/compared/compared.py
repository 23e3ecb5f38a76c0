"""What came out of rules that were played with the same seeds: courses, paired differences, and one sentence.

A difference is told only where the 95 % interval of its mean over seeds leaves out 0.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.figures.browser.notes.numbers import figure, fixed, percent
from commonweal.scenarios.runs.intervals import SHARE, Interval, Range, mean_interval, range_of

_ALIKE = 0.1  # of a share: means nearer than that are told alike
_PARTS = {  # shares in words
    0.1: "a tenth", 0.2: "a fifth", 0.25: "a quarter", 1 / 3: "a third", 0.4: "two fifths", 0.5: "half",
    0.6: "three fifths", 2 / 3: "two thirds", 0.75: "three quarters", 0.8: "four fifths", 0.9: "nine in ten",
}  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """A scenario with some fields changed."""

    changes: Mapping[str, Any]  # values by path, as the page holds them
    name: str  # on its curve: "credit", "no audits"
    clause: str  # in a sentence: "paid by credit", "without audits"


@dataclass(frozen=True)
class Measure:
    """What rules are compared by."""

    name: str  # a metric of ``round_metrics``, or ``welfare_each``
    title: str  # with its unit, over a panel
    row: str  # the same beside a row of differences
    noun: str  # in a sentence: "how many delegate"
    of: str = ""  # after a difference in a sentence: " of all principals"
    said: str = ""  # a level in a sentence; "{noun} is {}" if empty

    @property
    def within(self) -> Range:
        """Where it lies."""
        return range_of(self.name)

    @property
    def share(self) -> bool:
        """Whether it lies between 0 and 1."""
        return self.within == SHARE


@dataclass(frozen=True)
class Guess:
    """What a reader drew before seeing the result."""

    rule: int  # its place
    values: tuple[float, ...]  # of the first measure, evenly spaced from round ``first`` to the last
    first: int


@dataclass(frozen=True, eq=False)
class Compared:
    """Rules and what was played of them."""

    rules: tuple[Rule, ...]
    seeds: tuple[int, ...]  # S, the same for all rules
    measures: tuple[Measure, ...]  # M, the most telling first
    courses: Floats  # (M, rules, S, T) nan where a rule failed
    do: str = "delegate"  # what several do who take part honestly
    does: str = "delegates"  # the same of one
    done: bool = True  # whether all that was asked for is there
    errors: tuple[str, ...] = field(default=())  # why a rule could not be played, by rule; empty where it could

    @property
    def rounds(self) -> int:
        """T."""
        return int(self.courses.shape[-1])

    @property
    def levels(self) -> Floats:
        """(M, rules, S) means over the last quarter of rounds, as the tables of sweeps have them."""
        if not self.rounds:
            return np.full(self.courses.shape[:-1], np.nan)
        return np.asarray(self.courses[..., self.last_from :].mean(axis=-1))

    @property
    def last_from(self) -> int:
        """Rounds before the last quarter."""
        return self.rounds - -(-self.rounds // 4)

    @property
    def played(self) -> list[int]:
        """Places of the rules of which there is something."""
        return [place for place, row in enumerate(self.courses[0]) if np.isfinite(row).any()]

    @property
    def main(self) -> int:
        """Place of the measure that sentences are about: the first one that is not the same in all rules and seeds."""
        levels = self.levels[:, self.played]
        apart = (np.abs(levels - levels[:, :1]) > 0).any(axis=(1, 2)) if self.played else np.zeros(1, dtype=np.bool_)
        return int(apart.argmax())

    def difference(self, measure: int, rule: int, other: int = 0) -> Interval:
        """() mean over seeds of what ``other`` has more than ``rule``."""
        levels = self.levels[measure]
        return mean_interval(levels[other] - levels[rule], within=self.measures[measure].within.of_differences)


def headline(compared: Compared) -> str:
    """What came out, in a sentence or two: rules that are not told apart stand together."""
    played = compared.played
    if len(played) < 2 or len(compared.seeds) < 2:
        return _alone(compared, played)
    groups = _groups(compared, played)
    if len(groups) == 1:
        return _undecided(compared, groups[0])
    words = _in_words(compared, groups)
    groups.sort(key=lambda group: 0 not in group)  # the first rule's stays before the others, which are sorted
    told = [_level(compared, group, words, first=not place) for place, group in enumerate(groups)]
    heads = [_listed([compared.rules[rule].clause for rule in group], "or") for group in groups]
    return " ".join(f"{_capital(head)}, {level}." for head, level in zip(heads, told, strict=True))


def _undecided(compared: Compared, group: list[int]) -> str:
    """Nothing told apart in the first measure; in which others it is."""
    main, measures = compared.main, compared.measures
    clauses = _listed([compared.rules[rule].clause for rule in group], "or")
    what = f"No difference in {measures[main].noun} seen with {len(compared.seeds)} seeds"
    others = (place for place in range(len(measures)) if place != main and _differs(compared, place, group))
    other = [measures[place].noun for place in others]
    rest = f" What differs: {_listed(other, 'and')}." if other else ""
    return f"{what}: {clauses}, {_level(compared, group, True)}.{rest}"


def _differs(compared: Compared, measure: int, group: list[int]) -> bool:
    """Whether a rule is told apart from the first of them in a measure."""
    return any(told_apart(compared.difference(measure, rule, group[0])) for rule in group[1:])


def asked(compared: Compared) -> str:
    """What is asked, before there is an answer: "Paid by credit, by samples or equally?"."""
    return f"{_capital(_listed([rule.clause for rule in compared.rules], 'or'))}?"


def context(compared: Compared) -> str:
    """The largest difference of the first measure from the first rule, with its interval, and what means are over."""
    over = _over(compared)
    others = [rule for rule in compared.played if rule]
    if not compared.rounds or 0 not in compared.played or not others:
        return over
    if len(compared.seeds) < 2:
        return f"One seed: luck may be all of a difference. {over}"
    measure = compared.measures[compared.main]
    widest = max(others, key=lambda rule: abs(float(compared.difference(compared.main, rule).value)))
    found = compared.difference(compared.main, widest)
    value, low, high = found.at(())
    digits = digits_of(measure, found)
    names = f"{_capital(compared.rules[0].name)} against {compared.rules[widest].name}"
    interval = f"95 % interval [{fixed(float(low), digits)}, {fixed(float(high), digits)}]"
    return f"{names}: {fixed(float(value), digits, '+')}{measure.of}, {interval}, {_signs(compared, widest)}. {over}"


def short_names(rules: Sequence[Rule]) -> list[str]:
    """Names without the words that all begin with: "1.6" and "3.2" of "multiplication 1.6" and "multiplication 3.2"."""
    words = [rule.name.split() for rule in rules]
    begin = _common(words) if len(words) > 1 else 0
    return [" ".join(each[begin:]) for each in words]


def told_apart(found: Interval) -> bool:
    """Whether the interval of a difference () leaves out 0."""
    return bool(found.low > 0 or found.high < 0)


def digits_of(measure: Measure, found: Interval) -> int:
    """Decimals that a number is worth: two of a share; of all else three figures, or two of a wider interval."""
    reach, size = float(found.high - found.low) / 2, abs(float(found.value))
    if measure.share:
        near = any(0 < abs(end) < 0.005 for end in (reach, float(found.low), float(found.high)))
        return 3 if near else 2  # so that an end near 0 is not read as 0
    scale = max(reach, size / 10) if reach > 0 else size / 10
    return int(np.clip(1 - np.floor(np.log10(scale)), 0, 8)) if scale > 0 and np.isfinite(scale) else 0


def _over(compared: Compared) -> str:
    if not compared.rounds:
        return ""
    first, last = compared.last_from + 1, compared.rounds
    return f"Means over rounds {first}–{last}." if first < last else f"Of round {last}."


def _signs(compared: Compared, rule: int) -> str:
    """How many seeds agree with the mean; that no difference is seen where it is not told from 0."""
    levels = compared.levels[compared.main]
    apart = (levels[0] - levels[rule])[np.isfinite(levels[0] - levels[rule])]
    if not told_apart(compared.difference(compared.main, rule)):
        return f"no difference seen with {len(apart)} seeds"
    same = int((np.sign(apart) == np.sign(apart.mean())).sum())
    return f"same sign in {same} of {len(apart)} seeds"


def _alone(compared: Compared, played: list[int]) -> str:
    if not played:
        return ""
    said = [f"{_capital(compared.rules[rule].clause)}, {_level(compared, [rule], False, first=not place)}."
            for place, rule in enumerate(played)]
    return " ".join(said)


def _groups(compared: Compared, played: list[int]) -> list[list[int]]:
    """Rules that are not told apart, or that words tell alike where some others are told apart."""
    coarse = _joined(compared, played, _differ)
    return coarse if len(coarse) > 1 else _joined(compared, played, _told)


def _joined(compared: Compared, played: list[int], apart: Callable[[Compared, int, int], bool]) -> list[list[int]]:
    """Rules by their level of the first measure, the highest first, each with those it is not apart from."""
    means = np.nanmean(compared.levels[compared.main][played], axis=1)
    groups: list[list[int]] = []
    for place in np.argsort(-means, kind="stable"):
        rule = played[place]
        if groups and not all(apart(compared, rule, other) for other in groups[-1]):
            groups[-1].append(rule)
        else:
            groups.append([rule])
    return [sorted(group) for group in groups]


def _told(compared: Compared, one: int, other: int) -> bool:
    """Whether the difference of two rules is told from 0."""
    return told_apart(compared.difference(compared.main, one, other))


def _differ(compared: Compared, one: int, other: int) -> bool:
    """The same, but for shares that are surely near and that words tell alike."""
    found = compared.difference(compared.main, one, other)
    near = compared.measures[compared.main].share and found.low > -_ALIKE and found.high < _ALIKE
    alike = part_in_words(_mean(compared, [one])) == part_in_words(_mean(compared, [other]))
    return _told(compared, one, other) and not (near and alike)


def _in_words(compared: Compared, groups: list[list[int]]) -> bool:
    """Whether shares are told in words: not where different ones would be told alike."""
    if compared.measures[compared.main].name != "share_delegate":
        return False
    words = [part_in_words(_mean(compared, group)) for group in groups]
    return len(set(words)) == len(words)


def _mean(compared: Compared, group: list[int]) -> float:
    return float(np.nanmean(compared.levels[compared.main][group]))


def _level(compared: Compared, group: list[int], words: bool, first: bool = True) -> str:
    """What a group comes to; what is measured is said once."""
    measure, mean = compared.measures[compared.main], _mean(compared, group)
    if measure.name != "share_delegate":
        text = f"{mean:.2f}" if measure.share else figure(mean)
        return (measure.said or f"{measure.noun} is {{}}").format(text) if first else text
    part = part_in_words(mean) if words else percent(mean)
    if not first:
        return part
    return f"{part} {compared.does if part.endswith('nobody') else compared.do}"


def part_in_words(share: float) -> str:
    """A share as people say it: "three quarters", "almost nobody"."""
    if share <= 0.005 or share >= 0.995:
        return "nobody" if share < 0.5 else "all"
    if share < 0.06 or share > 0.94:
        return "almost nobody" if share < 0.5 else "almost all"
    return _PARTS[min(_PARTS, key=lambda part: abs(part - share))]


def _listed(clauses: list[str], joint: str) -> str:
    """Clauses one after another; what all begin or end with is said once: "paid equally or by samples"."""
    words = [clause.split() for clause in clauses]
    begin = _common(words)
    rest = [each[begin:] for each in words]
    end = _common([each[::-1] for each in rest])
    if not begin and any(len(each) > end + 1 for each in rest):
        end = 0  # what remains would not stand alone
    parts = [" ".join(each[: len(each) - end]) for each in rest]
    told = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {joint} {parts[-1]}"
    return " ".join([*words[0][:begin], told, *words[0][len(words[0]) - end :]])


def _common(words: list[list[str]]) -> int:
    """How many words all begin with, such that each has one more."""
    most = min(map(len, words)) - 1
    return next((place for place in range(most) if len({each[place] for each in words}) > 1), most)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
