"""Calibration: policy mixes fitted to series of human contributions."""

from scenarios.studies.calibrate.study import CalibrateOptions, calibrate

__all__ = ["CalibrateOptions", "calibrate"]
