"""What a user begins with: a scenario written around a table of one's own, and what a scenario would do."""

from commonweal.scenarios.starting.checking import Checked, check
from commonweal.scenarios.starting.guessing import guess_label, guess_owner
from commonweal.scenarios.starting.writing import Begun, begin

__all__ = ["Begun", "Checked", "begin", "check", "guess_label", "guess_owner"]
