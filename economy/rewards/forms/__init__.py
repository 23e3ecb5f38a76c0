"""Closed forms of accuracy: one file a family."""

# These files register their forms when they are imported.
import commonweal.economy.rewards.forms.curves
import commonweal.economy.rewards.forms.federated
import commonweal.economy.rewards.forms.overlapping  # noqa: F401
from commonweal.economy.rewards.forms.form import (
    CLOSED_FORMS,
    Accuracies,
    AccuracyTerms,
    ClosedForm,
    FormFacts,
    Pool,
    accuracies,
    alone,
    closed_form,
    curve_of,
    values,
)

__all__ = [
    "CLOSED_FORMS",
    "Accuracies",
    "AccuracyTerms",
    "ClosedForm",
    "FormFacts",
    "Pool",
    "accuracies",
    "alone",
    "closed_form",
    "curve_of",
    "values",
]
