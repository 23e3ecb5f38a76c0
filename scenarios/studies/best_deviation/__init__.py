"""The strongest attack that a search finds: a certificate of incentives holds no further than what was tried."""

from commonweal.scenarios.studies.best_deviation.study import BestDeviationOptions, best_deviation

__all__ = ["BestDeviationOptions", "best_deviation"]
