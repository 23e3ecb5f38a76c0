"""Closed forms of accuracy: one file a family."""

# These files register their forms when they are imported.
import commonweal.economy.rewards.forms.curves
import commonweal.economy.rewards.forms.federated
import commonweal.economy.rewards.forms.leaks
import commonweal.economy.rewards.forms.points
import commonweal.economy.rewards.forms.sets  # noqa: F401
from commonweal.economy.rewards.forms.contributions import Contributions, coalition_values, path_prices
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
)
from commonweal.economy.rewards.forms.game import FormGame, credit_of, is_priced, priced

__all__ = [
    "CLOSED_FORMS",
    "Accuracies",
    "AccuracyTerms",
    "ClosedForm",
    "Contributions",
    "FormFacts",
    "FormGame",
    "Pool",
    "accuracies",
    "alone",
    "closed_form",
    "coalition_values",
    "credit_of",
    "curve_of",
    "is_priced",
    "path_prices",
    "priced",
]
