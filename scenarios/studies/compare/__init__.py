"""Compare: a league table of mechanisms, from welfare to robustness, with ranks that admit ties."""

from commonweal.scenarios.studies.compare.study import CompareOptions, compare

__all__ = ["CompareOptions", "compare"]
