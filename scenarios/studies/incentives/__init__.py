"""Incentives: who would gain by deviating from a scenario's rules, by how much, and how sure that is."""

from commonweal.scenarios.studies.incentives.options import IncentivesOptions
from commonweal.scenarios.studies.incentives.study import incentives

__all__ = ["IncentivesOptions", "incentives"]
