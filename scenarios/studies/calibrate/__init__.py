"""Calibration: policy mixes fitted to series of human contributions."""

from commonweal.scenarios.studies.calibrate.study import CalibrateOptions, calibrate

__all__ = ["CalibrateOptions", "calibrate"]
