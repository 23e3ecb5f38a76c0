"""The strongest attack that a search finds, since a certificate of incentives covers only what was tried."""

from commonweal.scenarios.studies.best_deviation.study import BestDeviationOptions, best_deviation

__all__ = ["BestDeviationOptions", "best_deviation"]
