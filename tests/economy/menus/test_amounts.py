"""Amounts: how many samples are best where data pay in money.

A prize V divided by samples is Tullock's contest (Tullock 1980): N = V (m - 1) / (m c) samples together and V / m² for
each of m parties whose samples cost c.
"""

import numpy as np
import pytest

from commonweal.agents.errors import InputError
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.scenario import Scenario

PRIZE, COST = 1000.0, 1e-6


def contest(parties: int, value: float, price: float = PRIZE) -> Scenario:
    return revise(load("catastrophe"), {
        "rounds": 80, "market.price": price / parties, "market.baseline": 0.0, "market.model_value": value,
        "population.count": parties, "population.cost_types": [COST], "settlement.kind": "data", "policy.revision": 0.5,
    })  # fmt: skip


@pytest.mark.parametrize("value", [0.0, 1e-3, 1.0])
@pytest.mark.parametrize("parties", [2, 5])
def test_where_a_prize_is_divided_by_samples_all_put_in_what_tullock_says(parties: int, value: float) -> None:
    ensemble = Ensemble(contest(parties, value), range(3))
    for _ in range(80):
        record = ensemble.step()
    each = PRIZE * (parties - 1) / parties**2 / COST  # 2.5e8 of two, however little the model is worth to them
    np.testing.assert_allclose(record.produce.put.total.mean(axis=1), each, rtol=5e-3)  # simultaneous best responses
    paid = record.payday.payoffs - value * record.payday.quality[:, None]
    np.testing.assert_allclose(paid.mean(), PRIZE / parties**2, rtol=5e-3)


def test_where_nothing_is_paid_there_is_nothing_to_choose_by() -> None:
    with pytest.raises(InputError, match="market.model_value"):
        contest(2, 0.0, price=0.0)
