"""What a course did, as far as a sentence tells it: where it began, its extremes, where it stands."""

from dataclasses import dataclass
from typing import Literal

from commonweal.figures.browser.notes.numbers import percent

TURN = 0.15  # of a share: what it must move before a sentence speaks of it
NEAR = 0.05  # of a share: what is as good as the same
Shape = Literal["new", "steady", "fell", "rose", "fell and rose", "rose and fell", "wavers"]


@dataclass
class Course:
    """The running marks of one measure that lies between 0 and 1; a round costs the same however long it is."""

    rounds: int = 0
    start: float = 0.0
    last: float = 0.0
    low: float = 0.0
    low_round: int = 0  # of the first of the lowest
    high: float = 0.0
    high_round: int = 0

    def take(self, round: int, value: float) -> None:
        """Take in the value of the next round."""
        if not self.rounds:
            self.start = self.low = self.high = value
            self.low_round = self.high_round = round
        elif value < self.low:
            self.low, self.low_round = value, round
        elif value > self.high:
            self.high, self.high_round = value, round
        self.last, self.rounds = value, self.rounds + 1

    @property
    def shape(self) -> Shape:
        """What it did, in a word or two; of several turns the last."""
        if self.rounds < 2:
            return "new"
        dip = self.start - self.low >= TURN and self.last - self.low >= TURN
        peak = self.high - self.start >= TURN and self.high - self.last >= TURN
        if dip and (not peak or self.low_round > self.high_round):
            return "fell and rose"
        if peak:
            return "rose and fell"
        if abs(self.last - self.start) >= TURN:
            return "fell" if self.last < self.start else "rose"
        return "steady" if self.high - self.low < TURN else "wavers"

    def turned(self, name: str, dated: bool = False) -> str:
        """How it turned, as a sentence without full stop; "" where it did not.

        Args:
            name: of what turned, with a capital.
            dated: whether the round of the turn is told, and where it went from there.
        """
        if self.shape == "fell and rose":
            back = "came back" if self.last >= self.start - NEAR else "rose again"
            first, round, then = f"{name} fell to {percent(self.low)}", self.low_round, back
        elif self.shape == "rose and fell":
            first, round, then = f"{name} rose to {percent(self.high)}", self.high_round, "fell"
        else:
            return ""
        return f"{first} by round {round} and {then} to {percent(self.last)}" if dated else f"{first}, then {then}"

    def told(self, name: str) -> str:
        """What it did from the first round to the last, as a sentence without full stop; "" where one round is all."""
        if turned := self.turned(name, dated=True):
            return turned
        if self.shape in ("fell", "rose"):
            return f"{name} {self.shape} from {percent(self.start)} to {percent(self.last)}"
        if self.shape == "new":
            return ""
        low, high = percent(self.low), percent(self.high)
        return f"{name} stays at {low}" if low == high else f"{name} stays between {low} and {high}"
