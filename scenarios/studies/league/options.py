"""What the study of a league lets its user choose."""

from typing import Literal

from commonweal.agents.errors import InputError
from commonweal.economy.learners.population import FEWEST
from commonweal.economy.round.worth import Judge
from commonweal.scenarios.schema.scenario import Count, field
from commonweal.scenarios.studies.attacks.registry import ATTACKS, searched_families
from commonweal.scenarios.studies.base import StudyOptions
from commonweal.scenarios.studies.judging import judging
from commonweal.scenarios.studies.training.training import Method

CATALOGUE = "catalogue"


class LeagueOptions(StudyOptions):
    """Who attacks, how long they learn, and how they are judged."""

    stages: int = field(2, "times that learners train against those known so far", "stages", ge=0, le=1000)
    methods: tuple[Method, ...] = field(
        ("programmes", "ppo"), "how they learn, one learner each: programmes, networks (by a population) or ppo",
        "names", min_length=1)  # fmt: skip
    updates: Count = field(15, "batches of episodes that each learner plays", "batches")
    runs: int = field(32, "episodes in a batch", "runs", ge=FEWEST, le=100_000)
    families: tuple[str, ...] = field(
        (), "attack families beside the catalogue; all that are not held out if empty", "names")
    search: Literal["coordinate", "optuna", "none"] = field(
        "coordinate", "search beyond the families: coordinate is built in, optuna is the extra 'search'", "name")
    budget: int = field(40, "deviations that the search tries at most", "deviations", ge=2, le=100_000)
    finalists: Count = field(
        3, "strongest of families and search that join before anybody learns, one under one name among them",
        "attacks")
    principals: Count = field(3, "principals that try each attack, one at a time, spread over types", "principals")
    attackers: float = field(
        0.1, "share of the other principals that play the mix while somebody learns", "share", ge=0, lt=1)
    horizon: int = field(50, "rounds that an attack lasts", "rounds", ge=2, le=1_000_000)
    start: int = field(0, "rounds played before it", "rounds", ge=0, le=1_000_000)
    judge: Judge = judging()
    rivals: Count = field(4, "strongest of the catalogue that challengers must beat on held-out seeds", "attacks")
    choosing: int = field(
        8, "further seeds that choose the strongest of the catalogue and of all others", "seeds", ge=2, le=10_000)
    held_out: int = field(32, "further seeds that judge them", "seeds", ge=2, le=10_000)
    confidence: float = field(0.95, "of all intervals", "share", ge=0.5, le=0.999)
    workers: Count | None = field(
        None, "processes; as many as cores if not given; scripts that ask for several need a main guard", "processes")

    @property
    def others(self) -> tuple[str, ...]:
        """The families beside the catalogue.

        Raises:
            InputError: if one does not exist.
        """
        named = self.families or searched_families()
        if unknown := [name for name in named if name not in ATTACKS]:
            raise InputError(f"option families: {unknown[0]!r}: must be of {', '.join(ATTACKS)}")
        return tuple(name for name in dict.fromkeys(named) if name != CATALOGUE)
