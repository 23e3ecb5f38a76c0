"""Reciprocity: who gives to whom by names, which norms hold, who invades them, and what slander brings."""

from commonweal.scenarios.studies.reciprocity.options import ReciprocityOptions
from commonweal.scenarios.studies.reciprocity.study import reciprocity

__all__ = ["ReciprocityOptions", "reciprocity"]
