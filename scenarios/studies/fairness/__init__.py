"""Are principals paid what their data is worth, on gradient paths and on the deltas of FedAvg?"""

from commonweal.scenarios.studies.fairness.study import FairnessOptions, fairness

__all__ = ["FairnessOptions", "fairness"]
