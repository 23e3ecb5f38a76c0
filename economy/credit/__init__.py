"""Contribution credit: what every principal's admissible update was worth to the cooperative this round."""

from commonweal.economy.credit import cgsv, estimated, exact, gtg_shapley, in_run, neighbours, path
from commonweal.economy.credit.game import CREDITS, Credit, CreditRule, RoundGame, admissible_step, credit_rule

__all__ = [
    "CREDITS",
    "Credit",
    "CreditRule",
    "RoundGame",
    "admissible_step",
    "cgsv",
    "credit_rule",
    "estimated",
    "exact",
    "gtg_shapley",
    "in_run",
    "neighbours",
    "path",
]
