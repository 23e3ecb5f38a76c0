"""Studies: questions asked of a scenario, each answered by many runs with intervals. ``STUDIES`` lists them."""

from commonweal.scenarios.studies import (
    attack_matrix,
    best_deviation,
    calibrate,
    compare,
    evolution,
    explain,
    fairness,
    free_riding,
    heterogeneity,
    incentives,
    pluralism,
    privacy,
    reciprocity,
    sensitivity,
    staying,
    synthesis,
)
from commonweal.scenarios.studies.asking import ask
from commonweal.scenarios.studies.base import STUDIES, Answer, Question, Study, StudyOptions, study

__all__ = [
    "STUDIES",
    "Answer",
    "Question",
    "Study",
    "StudyOptions",
    "ask",
    "attack_matrix",
    "best_deviation",
    "calibrate",
    "compare",
    "evolution",
    "explain",
    "fairness",
    "free_riding",
    "heterogeneity",
    "incentives",
    "pluralism",
    "privacy",
    "reciprocity",
    "sensitivity",
    "staying",
    "study",
    "synthesis",
]
