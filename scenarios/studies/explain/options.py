"""What the study of explanations lets its user ask."""

from typing import Literal

from commonweal.economy.explaining.decisions import HORIZON
from commonweal.scenarios.schema.scenario import Count, field
from commonweal.scenarios.studies.base import StudyOptions

Asked = Literal["behaviour", "prediction", "outcome"]
Compared = Literal["uniform", "as-played", "instead-of"]
Chosen = Literal["abstain", "delegate", "free_ride", "defect"]

DECISION = ("question", "principal", "round", "horizon")  # options that ask for a decision, if one of them is given
PROFILE = ("profiles", "play", "baseline", "instead_of")
EPISODES = ("episodes", "strangers", "coalitions")


class ExplainOptions(StudyOptions):
    """Which decision, which outcome of everybody's action, which episodes; small ones of each if nothing is given."""

    question: Asked = field(
        "behaviour", "of a decision: behaviour, why it did that; prediction, what it could expect to earn; outcome,"
        " what that brought it", "name")  # fmt: skip
    principal: int | None = field(
        None, "whose decision, in the run of the first seed; of the likeliest change if not given", "number", ge=0)
    round: int | None = field(
        None, "in which round, counted from 0; that of the likeliest change if not given", "rounds", ge=0)
    horizon: Count = field(HORIZON, "rounds ahead that a prediction or the outcome of a decision counts", "rounds")
    outcome: tuple[str, ...] = field(
        (), "metrics of a round whose mean over the last rounds is explained by everybody's action, or with episodes"
        " by their luck; payoffs stands for every principal's payoff; welfare, or share_delegate of episodes, if empty",
        "names")  # fmt: skip
    last: Count = field(10, "rounds that count, at the end of a run or of the rounds of a profile", "rounds")
    profiles: int = field(150, "action profiles that are simulated", "profiles", ge=4, le=5000)
    play: Count = field(20, "rounds that each of them is kept to", "rounds")
    baseline: Compared = field(
        "instead-of", "what an action is compared with: uniform, all actions alike; as-played, the shares in which each"
        " one played them in the run; instead-of, one action of everybody", "name")  # fmt: skip
    instead_of: Chosen = field("abstain", "the action that others are compared with (baseline = instead-of)", "name")
    episodes: Count = field(5, "episodes of equal length that a run is divided into", "episodes")
    strangers: int = field(6, "other lucks that each episode may have instead of its own", "runs", ge=2, le=1000)
    coalitions: int = field(
        1024, "sets of episodes that are played at most; where there are more, values are estimated", "sets", ge=4,
        le=1_000_000)  # fmt: skip
    runs: Count = field(1, "seeds, the first ones, whose actions and episodes are explained", "seeds")
    workers: Count | None = field(
        None, "processes; as many as cores if not given; scripts that ask for several need a main guard", "processes")

    @property
    def everything(self) -> bool:
        """Whether no question is named, so that small ones of each kind are answered as far as they can be."""
        return self.model_fields_set.isdisjoint((*DECISION, *PROFILE, *EPISODES, "outcome"))

    @property
    def parts(self) -> tuple[bool, bool, bool]:
        """Whether a decision, the outcome of actions and episodes are asked for."""
        given = self.model_fields_set
        episodes = not given.isdisjoint(EPISODES)
        profile = not given.isdisjoint(PROFILE) or ("outcome" in given and not episodes)
        decision = not given.isdisjoint(DECISION)
        return (True, True, True) if self.everything else (decision, profile, episodes)
