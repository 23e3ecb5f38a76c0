"""A check: one number, or one answer in words, of a published result beside what is found here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError, shown
from commonweal.scenarios.runs.intervals import ANYWHERE, Range

Source = Literal["published", "repository", "derived"]
FOUND = ("run", "best responses", "function")  # what finds ours, beside studies by their names
Kind = Literal["exact", "statistical", "claim", "order"]
Ours = float | str | Sequence[float] | Sequence[str] | Floats

DERIVED = 1e-6  # relative distance within which a number that follows from a theory is met, if a check says nothing


@dataclass(frozen=True)
class Check:
    """What somebody found, and what is found here.

    A number is ``exact`` (each of ours is as near as ``within`` or ``digits`` say), ``statistical`` (theirs lies in our
    95 % interval, which reaches no further than ``resolution``), or a ``claim`` (the lower end of our interval is at
    least theirs, or the upper end at most, with ``at_most``). An answer in words (who, in which order, a refusal) is
    ``order``, or ``exact``: ours is the same words.

    Raises:
        InputError: if a part is missing or contradicts another.
    """

    name: str  # of what is compared, like "5 parties: price of anarchy"
    theirs: float | str | None  # None only where the number itself is not to be had
    ours: Ours | None  # one, or one per seed; None where something is ``missing``
    source: Source  # printed in the paper, an output in the authors' repository, or derived here from their definitions
    found_by: str  # a run, best responses, or a study by its name; or a function alone, which says "formula only"
    within: float | None = None  # distance, relative to theirs; absolute where theirs is 0
    digits: int | None = None  # decimals that theirs is printed with: half a unit of the last one may differ
    resolution: float | None = None  # how far an interval may reach, in the unit of theirs
    kind: Kind = "exact"
    at_most: bool = False  # of a claim: ours is to be no larger, in place of no smaller
    lies: Range = ANYWHERE  # where such a number lies, for its interval: SHARE, POSITIVE
    breaks: str = ""  # the parameter, as given to nudge, whose change must break this check
    cause: str = ""  # why ours differs, in a sentence
    missing: str = ""  # data, formula or device that is not to be had offline

    def __post_init__(self) -> None:
        where = f"check {shown(self.name)}"
        object.__setattr__(self, "ours", _plain(self.ours))
        for field, allowed in (("source", Source), ("kind", Kind)):
            if (given := getattr(self, field)) not in get_args(allowed):
                raise InputError(f"{where}: {field} = {shown(given)}: must be one of {', '.join(get_args(allowed))}")
        if self.found_by not in FOUND and self.found_by not in _studies():
            finders = ", ".join((*FOUND, *_studies()))
            raise InputError(f"{where}: found_by = {shown(self.found_by)}: must be one of {finders}")
        if bool(self.missing) != (self.ours is None):
            raise InputError(f"{where}: ours is None exactly where something is missing; say what, or give ours")
        if self.missing:
            return
        if not self.each:
            raise InputError(f"{where}: ours is empty")
        if self.theirs is None:
            raise InputError(f"{where}: theirs is None, but nothing is missing")
        if self.in_words != isinstance(self.theirs, str):
            raise InputError(f"{where}: theirs and ours must both be numbers, or both be words")
        if self.in_words:
            if self.kind not in ("exact", "order"):
                raise InputError(f"{where}: kind = {self.kind!r}: words are exact or order")
            return
        if self.kind == "order":
            raise InputError(f"{where}: kind = 'order' is of words, not of a number")
        if self.kind == "statistical" and self.resolution is None:
            raise InputError(f"{where}: resolution: a statistical check says how far its interval may reach")
        if self.kind == "exact" and self.source != "derived" and self.within is None and self.digits is None:
            raise InputError(f"{where}: digits: say how many decimals are printed, or within which distance it holds")
        if not self.breaks:
            raise InputError(f"{where}: breaks: name the parameter whose change must break it, as given to nudge")

    @property
    def in_words(self) -> bool:
        """Whether ours is words."""
        return isinstance(self.each[0], str)

    @property
    def each(self) -> list[float] | list[str]:
        """Ours, as a list: one value, or one per seed; none where something is missing."""
        if self.ours is None:
            return []
        if isinstance(self.ours, float | int | str):
            return [self.ours]  # type: ignore[return-value]
        return list(self.ours)

    @property
    def reach(self) -> float:
        """How far an exact number may be from theirs."""
        assert isinstance(self.theirs, int | float)
        if self.within is None and self.digits is not None:
            return 0.5 * 10.0**-self.digits * (1 + 1e-9)  # a half that is rounded to the even digit
        scale = abs(self.theirs) or 1.0
        return (DERIVED if self.within is None else self.within) * scale


def _plain(ours: Any) -> Any:
    """Ours as a number, words, or a tuple of one of them, whatever array or column it came in."""
    if ours is None or isinstance(ours, str):
        return ours
    try:
        values = [*ours]
    except TypeError:  # one number
        return float(ours)
    return tuple(str(each) if isinstance(each, str) else float(each) for each in values)


def _studies() -> list[str]:
    """Names of all studies; they are imported only by who needs them."""
    from commonweal.scenarios.studies import STUDIES

    return sorted(STUDIES)
