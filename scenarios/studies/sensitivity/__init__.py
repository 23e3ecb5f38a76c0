"""Sensitivity: which fields of a scenario drive an outcome, and what the choices left open by the framework change."""

from commonweal.scenarios.studies.sensitivity.study import SensitivityOptions, sensitivity

__all__ = ["SensitivityOptions", "sensitivity"]
