"""Checks for authors of plug-ins: each holds a registered rule to what every rule of its kind promises.

They raise ``AssertionError`` with one sentence that says which promise is broken and in which case, and need no test
runner. The project's own tests hold every rule it comes with to the same checks.
"""

from commonweal.testing.attacks import check_attack
from commonweal.testing.credit import CreditClaims, check_credit_rule
from commonweal.testing.forms import check_closed_form, pool_with
from commonweal.testing.learning import check_network, check_task
from commonweal.testing.metrics import check_metric
from commonweal.testing.negotiation import check_negotiator
from commonweal.testing.norms import check_norm
from commonweal.testing.policies import check_policy
from commonweal.testing.probes import check_probe
from commonweal.testing.queries import check_query, inquiry_with
from commonweal.testing.standings import check_reward_rule, check_settlement_rule, standing_with
from commonweal.testing.votes import check_vote

__all__ = [
    "CreditClaims",
    "check_attack",
    "check_closed_form",
    "check_credit_rule",
    "check_metric",
    "check_negotiator",
    "check_network",
    "check_norm",
    "check_policy",
    "check_probe",
    "check_query",
    "check_reward_rule",
    "check_settlement_rule",
    "check_task",
    "check_vote",
    "inquiry_with",
    "pool_with",
    "standing_with",
]
