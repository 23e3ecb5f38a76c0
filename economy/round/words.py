"""What an economy calls its actions, its result and its welfare: by kind of market, and by what can be done in it."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from commonweal.economy.tasks.metrics import MetricFacts  # imports torch

ACTIONS = ("delegate", "free_ride", "defect", "abstain")  # in the order in which they are shown


@dataclass(frozen=True)
class Verb:
    """An action in the forms that labels and sentences need."""

    do: str  # "delegate": on labels, and of several
    does: str  # "delegates": of one
    doing: str  # "delegating"
    did: str  # "delegated"
    doers: str = ""  # "free-riders"; "those who delegate" where there is no noun

    @property
    def who(self) -> str:
        """Those who do it."""
        return self.doers or f"those who {self.do}"


DELEGATE = Verb("delegate", "delegates", "delegating", "delegated")
FREE_RIDE = Verb("free-ride", "free-rides", "free-riding", "rode free", "free-riders")
DEFECT = Verb("defect", "defects", "defecting", "defected", "defectors")
ABSTAIN = Verb("abstain", "abstains", "abstaining", "abstained")
ATTACKS = {  # actions.defect, by what it is set to
    "poison": Verb("poison", "poisons", "poisoning", "poisoned", "poisoners"),
    "leak": Verb("leak", "leaks", "leaking", "leaked"),
}

NOT_MINDED = ("value_cost", "net_welfare")  # measures that tell nothing where broken limits cost nobody anything
NOT_LEARNED = (  # measures that need a model that learns
    "screened_share", "gated_share", "step_factor", "violated", "violation", *NOT_MINDED,
)
NOT_SOLD = (  # measures that need a model that is sold
    *NOT_LEARNED, "validation_loss", "rival", "own_accuracy", "promise_kept", "samples", "tolerance_paid", "loosened",
    "clawed",
)  # fmt: skip


@dataclass(frozen=True)
class MarketFacts:
    """What a market calls things, as it says at its registration."""

    quality: str = "accuracy"  # its result in a sentence: "accuracy is .94"
    unit: str = "share"  # of the result; a share of what, where that is not plain
    column: str = "accuracy"  # at the head of a column of a table
    panel: str = "Model quality"  # over one panel of several
    title: str = "Accuracy of the shared model"  # over a figure of its own
    credit_unit: str = "accuracy"  # unit of credit
    labelled: str = ""  # the result on labels; as in sentences if empty
    told: str = ""  # the result in an event: "contributions down from 50 % to 39 %"; as on labels if empty
    reached: str = ""  # a sentence of the result, {} for a share in percent: "accuracy is {}" if empty
    welfare: str = "welfare"  # what all have of a round together
    each: bool = False  # whether the page shows that for each principal
    cost: str = "cost of delegating, money per sample"  # what taking part honestly costs
    lacks: tuple[str, ...] = ()  # measures of runs that mean nothing in this market
    delegate: Verb = DELEGATE
    free_ride: Verb = FREE_RIDE
    defect: Verb = DEFECT
    attacks: bool = False  # whether defecting is called what ``actions.defect`` is set to
    tested: bool = False  # whether the result is ``task.metric`` on test samples, whose words it then goes by
    abstain: Verb = ABSTAIN

    @property
    def doing(self) -> str:
        """What those do who take part honestly."""
        return self.delegate.doing

    @property
    def result(self) -> str:
        """The result on labels."""
        return self.labelled or self.quality

    @property
    def result_label(self) -> str:
        """The result on a label of the page, with its unit."""
        return f"{self.result}, {self.unit}"

    @property
    def axis(self) -> str:
        """The result at an axis of a figure, with its unit."""
        return f"{self.result} ({self.unit})"

    @property
    def result_told(self) -> str:
        """The result in an event."""
        return self.told or self.result

    @property
    def welfare_measure(self) -> str:
        """The measure that the page shows as welfare."""
        return "welfare_each" if self.each else "welfare"

    @property
    def welfare_label(self) -> str:
        """``welfare_measure`` on a label of the page, with its unit."""
        return f"{self.welfare}, money a round{' for each' if self.each else ''}"

    @property
    def net_welfare(self) -> str:
        """Welfare less what it costs all in their values."""
        return f"net {self.welfare}"

    @property
    def welfare_axis(self) -> str:
        """Welfare of all together at an axis of a figure and over a column, with its unit."""
        return f"{self.welfare} (money per round)"

    def reaches(self, share: str) -> str:
        """A sentence without capital and full stop that says what the result came to.

        Args:
            share: the result in percent, with its sign.
        """
        return (self.reached or f"{self.quality} is {{}}").format(share)

    def verb(self, action: str) -> Verb:
        """The words of an action, by its name in scenarios: "free_ride"."""
        found: Verb = getattr(self, action)
        return found


def tested_by(market: MarketFacts, metric: "MetricFacts", name: str) -> MarketFacts:
    """What a market calls things whose result is another metric than accuracy.

    Args:
        market: its own words.
        metric: what is said of the metric.
        name: as scenarios write it.
    """
    called = metric.called(name)
    title = f"{called[0].upper()}{called[1:]} of the shared model"
    return replace(
        market, quality=called, unit=metric.unit, column=f"test {called}", title=title, labelled=called, told=called,
        reached="",
    )  # fmt: skip


MIXED = MarketFacts("quality", "share", "quality", "Quality", "Quality", "credit")  # where markets are compared


@dataclass(frozen=True)
class Words(MarketFacts):
    """What an economy calls things: its market's words, and the actions that can be taken in it."""

    available: tuple[str, ...] = ACTIONS  # names of actions, in the order of ``ACTIONS``
    minds: bool = False  # whether broken limits cost their owners anything

    @property
    def actions(self) -> dict[str, Verb]:
        """The words of every action that can be taken, by name, in the order in which they are shown."""
        return {name: self.verb(name) for name in self.available}

    def has(self, measure: str) -> bool:
        """Whether a measure of runs means something: it is of no action that cannot be taken, and of this market.

        What is minded means nothing where nobody minds.
        """
        action = measure.removeprefix("share_")
        if measure in NOT_MINDED and not self.minds:
            return False
        return action in self.available if action in ACTIONS else measure not in self.lacks
