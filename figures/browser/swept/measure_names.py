"""What stored runs are measured by, as maps, lines and tables of the page call it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from commonweal.scenarios.reading.survey import Survey
from commonweal.scenarios.runs.measure_titles import OTHERS

_FIRST = ("share_delegate", "accuracy", "welfare", "gini", "share_free_ride", "share_defect", "share_abstain")
_HUES = {"share_delegate": "blue", "accuracy": "grey", "welfare": "green", "gini": "purple", "share_free_ride": "amber",
         "share_defect": "red", "share_abstain": "grey", "violated": "red", "net_welfare": "green"}  # fmt: skip
_VALUES = ("violated", "net_welfare", "value_cost")  # after welfare, where somebody minds broken limits
_BY_CAMP = re.compile(r"(violated|abstain)_camp_(\d+)")
_ALIKE = 1e-12  # by which a measure must differ between runs to be worth a map


@dataclass(frozen=True)
class Name:
    """What a measure is called."""

    measure: str  # column of the tables
    short: str  # over a column of a table
    title: str  # over a map or a course, with its unit
    hue: str  # of its maps

    @property
    def unitless(self) -> str:
        """The title without its unit."""
        return re.sub(r", (share|money|nat|a round).*", "", self.title)


_NOTHING = Name("", "nothing", "nothing measured yet", "grey")


def measure_names(survey: Survey) -> tuple[Name, ...]:
    """The measures of stored runs that are worth a map, those that matter most first.

    One that a market lacks is left out, and one that is the same in all runs.
    """
    place = _FIRST.index("welfare") + 1
    first = (*_FIRST[:place], *_VALUES, *_FIRST[place:]) if survey.words.minds else _FIRST
    order = sorted(survey.measures, key=lambda name: first.index(name) if name in first else len(first))
    known = [name for name in order if _tells(survey, name)]
    return tuple(_named(survey, name) for name in known or order[:1])


def _tells(survey: Survey, measure: str) -> bool:
    if not survey.words.has(measure):
        return False
    values = survey.values(measure)
    known = values[np.isfinite(values)]
    if measure == "accuracy" and "share_delegate" in survey.measures:
        same = np.allclose(values, survey.values("share_delegate"), equal_nan=True)
        return known.size > 0 and not same
    return known.size > 0 and (measure == _FIRST[0] or bool(np.ptp(known) > _ALIKE))


def _named(survey: Survey, measure: str) -> Name:
    words, hue = survey.words, _HUES.get(measure, "grey")
    if measure.startswith("share_"):
        does = words.verb(measure.removeprefix("share_")).do
        return Name(measure, does, f"{does}, share of principals", hue)
    if measure == "accuracy":
        short = words.result.removesuffix(" samples")
        return Name(measure, short, words.result_label, hue)
    if measure == "welfare":
        return Name(measure, words.welfare, f"{words.welfare}, money a round", hue)
    if measure == "net_welfare":
        return Name(measure, words.net_welfare, f"{words.net_welfare}, money a round", hue)
    if found := _BY_CAMP.fullmatch(measure):
        does = "violated" if found[1] == "violated" else words.abstain.do
        return Name(measure, f"{does}, camp {found[2]}", f"{does} in camp {found[2]}, share of its principals", hue)
    short, title = OTHERS.get(measure, (measure.replace("_", " "),) * 2)
    return Name(measure, short, title, hue)


def named(names: Sequence[Name], measure: str) -> Name:
    """One of the names by its measure; the first where it is not among them, and one of nothing where there is none."""
    return next((name for name in names if name.measure == measure), names[0] if names else _NOTHING)
