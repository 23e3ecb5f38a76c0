"""A principal in Mesa knows its own values and what they cost it, and may decide by utility."""

import numpy as np
import pytest

from commonweal.agents.actions import Action
from commonweal.agents.concerns import violations
from commonweal.agents.principal import Principal, View
from commonweal.economy.runs.cooperative import Cooperative
from tests.helpers.minded import CAMPS, minding

DEAR = {"values__complicity_low": 0.5, "values__complicity_high": 0.5}


class Leaver(Principal):
    """Stays as long as that is worth something to it, in utility."""

    def choose(self, view: View) -> Action:
        return Action.ABSTAIN if view.utility < 0 else view.proposal


def test_utility_is_the_payoff_less_the_value_cost_of_what_it_did() -> None:
    model = Cooperative(minding(policy__memory=0.0, values__camps=CAMPS), rng=3)
    model.step()
    minds = [principal for principal in model.principals if principal.value_cost > 0]
    assert minds
    for principal in model.principals:
        assert principal.utility == pytest.approx(principal.payoff - principal.value_cost, abs=1e-12)
        assert principal.value_cost == principal.value_costs[principal.action]
        assert principal.value_costs[Action.ABSTAIN] == 0.0  # nobody minds the outcome itself here


def test_its_concerns_and_limits_say_what_its_values_cost() -> None:
    model = Cooperative(minding(policy__memory=0.0, values__outcome_high=0.1, values__camps=CAMPS), rng=3)
    limits = [principal.limits.copy() for principal in model.principals]
    model.step()
    rounds = model.metrics
    levels = np.array([[rounds[f"level_{k}"] + rounds[f"true_change_{k}"] for k in range(2)]])
    senses = model.world.senses
    for principal, limit in zip(model.principals, limits, strict=True):
        broken = violations(limit[None, None], levels, senses)[0, 0]
        cost = principal.outcome_concern + principal.complicity_concern * (principal.action != Action.ABSTAIN)
        assert principal.value_cost == pytest.approx(float(cost @ broken), abs=1e-6)
        assert principal.camp in (0, 1)


def test_where_nobody_minds_utility_is_the_payoff() -> None:
    model = Cooperative(minding(values__concern="none"), rng=3)
    model.step()
    for principal in model.principals:
        assert (principal.utility, principal.value_cost, principal.camp) == (principal.payoff, 0.0, 0)
        assert not principal.value_costs.any() and principal.value_costs.shape == (4,)


def test_a_rule_of_ones_own_can_decide_by_utility() -> None:
    model = Cooperative(minding(policy__memory=0.0, **DEAR), rng=3, principals=Leaver)
    model.step()
    unhappy = [principal.index for principal in model.principals if principal.utility < 0]
    assert unhappy
    model.step()
    assert all(model.principals[index].action == Action.ABSTAIN for index in unhappy)
