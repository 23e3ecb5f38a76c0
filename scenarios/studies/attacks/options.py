"""What a certificate lets its user choose: which attacks are tried, by whom, for how long, and how they are judged."""

from dataclasses import dataclass
from typing import Literal

from commonweal.scenarios.schema.scenario import Count, field
from commonweal.scenarios.studies.base import StudyOptions


class CertifyOptions(StudyOptions):
    """The budget of a certificate."""

    families: tuple[str, ...] = field((), "attack families; all that are not held out if empty", "names")
    search: Literal["coordinate", "optuna", "none"] = field(
        "coordinate", "search beyond the families: coordinate is built in, optuna is the extra 'search'", "name")
    budget: int = field(60, "deviations that the search tries at most", "deviations", ge=2, le=100_000)
    principals: Count | None = field(
        8, "places in the order of principals that try each attack, one at a time", "principals")
    horizon: int = field(50, "rounds that a deviation lasts", "rounds", ge=2, le=1_000_000)
    start: int = field(0, "rounds played before it", "rounds", ge=0, le=1_000_000)
    others: Literal["adapt", "freeze"] = field(
        "adapt", "adapt: others may react; freeze: they do what they do without the deviation", "name")
    finalists: int = field(8, "strongest attacks of the search that fresh seeds judge", "attacks", ge=1, le=1000)
    held_out: int = field(64, "fresh seeds that judge them", "seeds", ge=2, le=100_000)
    confidence: float = field(0.95, "of all intervals", "share", ge=0.5, le=0.999)
    workers: Count | None = field(
        None, "processes; as many as cores if not given; scripts that ask for several need a main guard", "processes")


@dataclass(frozen=True)
class Certifying:
    """What ``commonweal certify`` is asked, as a study is."""

    options: type[StudyOptions] = CertifyOptions
