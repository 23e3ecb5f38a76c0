"""Contribution credit: what every principal's admissible update was worth to the cooperative this round."""

# These files register their rules when they are imported.
import commonweal.economy.credit.cgsv
import commonweal.economy.credit.estimated
import commonweal.economy.credit.exact
import commonweal.economy.credit.gtg_shapley
import commonweal.economy.credit.in_run
import commonweal.economy.credit.lagrangian
import commonweal.economy.credit.neighbours
import commonweal.economy.credit.path  # noqa: F401
from commonweal.economy.credit.game import (
    CREDITS,
    Credit,
    CreditRule,
    Marginal,
    RoundGame,
    admissible_step,
    credit_rule,
)

__all__ = ["CREDITS", "Credit", "CreditRule", "Marginal", "RoundGame", "admissible_step", "credit_rule"]
