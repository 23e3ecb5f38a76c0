"""Explanations: why a principal acted so, what everybody's action was worth, and which episodes decided a run."""

from commonweal.scenarios.studies.explain.options import ExplainOptions
from commonweal.scenarios.studies.explain.study import explain

__all__ = ["ExplainOptions", "explain"]
