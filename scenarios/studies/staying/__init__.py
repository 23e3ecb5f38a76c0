"""Staying: under which rules each principal keeps contributing."""

from commonweal.scenarios.studies.staying.study import StayingOptions, staying

__all__ = ["StayingOptions", "staying"]
