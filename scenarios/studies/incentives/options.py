"""What the study of incentives lets its user choose."""

from typing import Literal

from commonweal.economy.round.worth import Judge
from commonweal.scenarios.schema.scenario import Count, Share, field
from commonweal.scenarios.studies.base import StudyOptions
from commonweal.scenarios.studies.judging import judging

Name = Literal[
    "delegate", "free_ride", "defect", "abstain", "junk", "stale", "poison", "disguised", "replay", "less", "cost",
    "stricter", "looser", "late", "backdated", "leave", "sybil", "copies", "slander", "shed",
    "exaggerate",
    "pair",
]  # fmt: skip


class IncentivesOptions(StudyOptions):
    """Which deviations to try, by which principals, for how long, and to which precision."""

    horizon: Count = field(50, "rounds that are played with a deviation and without", "rounds")
    start: int = field(0, "rounds played before the deviation begins", "rounds", ge=0, le=1_000_000)
    deviations: tuple[Name, ...] = field(
        (), "what is tried; all that makes sense in the scenario, copies excepted, if empty", "names")
    principals: Count | None = field(
        None, "how many try it, spread over types; all of them if not given", "principals")
    others: Literal["adapt", "freeze", "both"] = field(
        "both", "adapt: others may react; freeze: they do what they do without the deviation", "name")
    judge: Judge = judging()
    share: Share = field(0.5, "of its samples that a principal puts in (less)")
    claim: Share = field(
        0.5, "share of the truth by which claimed limits are stricter or looser and claimed costs higher or lower"
        " (stricter, looser, cost)")
    joins: Count | None = field(
        None, "rounds that a principal stays away at first; a fifth of the horizon if not given (late, backdated)",
        "rounds")
    leaves: Count | None = field(None, "rounds after which it leaves; half the horizon if not given (leave)", "rounds")
    identities: int = field(
        2, "names under which a principal takes part (sybil: its samples divided among them; copies: all of them under"
        " each)", "names", ge=2, le=100)
    names: int = field(
        8, "names under which a principal free-rides, one after the other, each until it is bad (shed)", "names", ge=2,
        le=1000)
    pair: Literal["delegate", "free_ride", "defect", "abstain", "praise", "lie"] = field(
        "free_ride", "what two principals of like type do together; praise: free-ride, and as judges call each other"
        " good; lie: one claims an average update more than its own, the other as much less (pair)", "name")
    confidence: float = field(0.95, "of all intervals", "share", ge=0.5, le=0.999)
    until_width: float | None = field(
        None, "seeds are added until the interval of the IC gap is at most so wide", "as gains", gt=0)
    max_seeds: Count = field(64, "seeds at most (until_width)", "seeds")
    workers: Count | None = field(
        None, "processes; as many as cores if not given; scripts that ask for several need a main guard", "processes")
