"""Explanations after the fact: from the courses of runs alone, for series that cannot be played again."""

from commonweal.economy.explaining.post_hoc.changes import change, drop, largest_step, random, slope, unusual_change
from commonweal.economy.explaining.post_hoc.courses import (
    EXPLAINERS,
    FACTS,
    Courses,
    Explainer,
    Facts,
    Training,
    explain_courses,
    explainer,
)
from commonweal.economy.explaining.post_hoc.expectation import expectation
from commonweal.economy.explaining.post_hoc.gradients import gradients, smooth_gradients
from commonweal.economy.explaining.post_hoc.luck_in_model import model_expectation, model_luck
from commonweal.economy.explaining.post_hoc.mask import mask
from commonweal.economy.explaining.post_hoc.occlusion import occlusion
from commonweal.economy.explaining.post_hoc.shapelets import shapelets
from commonweal.economy.explaining.post_hoc.shapley import shapley_line, shapley_mean

__all__ = [
    "EXPLAINERS",
    "FACTS",
    "Courses",
    "Explainer",
    "Facts",
    "Training",
    "change",
    "drop",
    "expectation",
    "explain_courses",
    "explainer",
    "gradients",
    "largest_step",
    "mask",
    "model_expectation",
    "model_luck",
    "occlusion",
    "random",
    "shapelets",
    "shapley_line",
    "shapley_mean",
    "slope",
    "smooth_gradients",
    "unusual_change",
]
