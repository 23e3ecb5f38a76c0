"""Contribution credit: what every principal's admissible update was worth to the cooperative this round."""

from economy.credit import exact, in_run
from economy.credit.game import CREDITS, Credit, CreditRule, RoundGame, admissible_step, credit_rule

__all__ = ["CREDITS", "Credit", "CreditRule", "RoundGame", "admissible_step", "credit_rule", "exact", "in_run"]
