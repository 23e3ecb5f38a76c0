"""Free-riding: how much of it a rule causes, how long cooperation lasts, and where it tips."""

from commonweal.scenarios.studies.free_riding.study import FreeRidingOptions, free_riding

__all__ = ["FreeRidingOptions", "free_riding"]
