"""The atlas: results of the field, played in this economy, with a verdict on each. ``RESULTS`` lists them.

A result is a function that plays something published and yields checks: theirs beside ours.
"""

from commonweal.scenarios.atlas import rows
from commonweal.scenarios.atlas.base import RESULTS, Result, Seeds, result
from commonweal.scenarios.atlas.check import Check
from commonweal.scenarios.atlas.nudge import Nudge
from commonweal.scenarios.atlas.replaying import Played, replay, unnoticed
from commonweal.scenarios.atlas.verdicts import Judged, Verdict, judge

__all__ = [
    "RESULTS",
    "Check",
    "Judged",
    "Nudge",
    "Played",
    "Result",
    "Seeds",
    "Verdict",
    "judge",
    "replay",
    "result",
    "rows",
    "unnoticed",
]
