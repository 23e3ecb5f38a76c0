"""What data spread unevenly do to accuracy, to values under screening, to credit, and to the bytes of learning."""

from commonweal.scenarios.studies.heterogeneity.study import HeterogeneityOptions, heterogeneity

__all__ = ["HeterogeneityOptions", "heterogeneity"]
