"""What the study of reciprocity lets its user choose."""

from commonweal.scenarios.schema.scenario import Count, Share, field
from commonweal.scenarios.studies.base import StudyOptions

ALL_D, ALL_C, NORMS = "AllD", "AllC", "norms"  # mutants that are no policies by name


class ReciprocityOptions(StudyOptions):
    """What is measured of learners, mutants, judges and shares that give."""

    last: Share = field(0.25, "share of the rounds, at the end, that means are over")
    ahead: Count = field(30, "rounds over which rules of action are valued, from the names at the end", "rounds")
    schedules: Count = field(4, "schedules of requests over which they are valued", "schedules")
    worth: Share = field(
        0.001, "share of the best rule's payoff that a cell must decide for learners to be scored in it")
    met: Count = field(5, "encounters in a cell that a learner must have had to be scored in it", "encounters")
    mutants: tuple[str, ...] = field(
        (ALL_D, ALL_C, NORMS), "who tries to invade, one at a time: AllD, AllC, norms (the followers of every norm), or"
        " policies like norm:L3; none leaves it out", "names")
    members: Count = field(
        6, "residents of each policy who are tried as AllD, as AllC and as policies by name, in every seed",
        "principals")
    followers: Count = field(
        1, "residents of each policy who are tried as followers of every other norm, and as slanderers, in every seed",
        "principals")
    horizon: Count = field(40, "rounds that a mutant is tried, after the scenario's own", "rounds")
    judges: tuple[Count, ...] = field(
        (1, 3, 5), "odd numbers of judges to compare, where learners choose their verdicts too and where one judge"
        " calls everybody bad; none leaves it out", "judges of each")
    rivals: int = field(
        100, "updates of learners, by the reciprocity gradient, PPO and REINFORCE, in a donation world made like the"
        " scenario; 0 leaves it out", "updates", ge=0)
    collapse: tuple[Share, ...] = field(
        (), "discounts of an event, like [0.95, 0.99, 1.0], for a map of where PPO and REINFORCE end giving to all"
        " alike, over lengths of episodes and benefits per cost; none leaves it out", "discounts")
    shares: tuple[Share, ...] = field(
        (), "shares of principals who always give, to see at which of them welfare is highest; none leaves it out",
        "shares")
    workers: Count | None = field(
        None, "processes; as many as cores if not given; scripts that ask for several need a main guard", "processes")
