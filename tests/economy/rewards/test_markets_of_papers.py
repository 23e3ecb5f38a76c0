"""The library's markets by a closed form do what the papers they are of say."""

import numpy as np
import pytest

from commonweal.agents.errors import InputError
from commonweal.economy.rewards.forms.leaks import leaked
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load


def last(name, **changes):
    """The last round of two runs; fields are written with ``__`` for a dot."""
    fields = {path.replace("__", "."): value for path, value in changes.items()}
    return Ensemble(load(name, fields), (0, 1)).run().rounds.groupby("run").last()


def test_however_many_pool_readings_they_take_as_many_as_one_would_alone():
    """σ √(V/c) = 10, which leaves each 10 − 1 less the 1 that all readings cost (Chen, Zhu and Kandasamy 2023)."""
    found = last("mean-estimation")
    np.testing.assert_allclose(found["samples"], 10, rtol=1e-4)
    np.testing.assert_allclose(found["welfare"], 5 * 9 - 1, rtol=1e-5)


def test_amounts_are_chosen_where_money_alone_pays():
    """A contest of two for 1000 where a sample costs 1: 250 from each (Tullock 1980)."""
    changes = {
        "population__count": 2, "population__cost_types": [1.0], "market__model_value": 0.0, "market__price": 500.0,
        "rewards__accuracy__kind": "somebody_has_it", "settlement__kind": "data",
    }  # fmt: skip
    np.testing.assert_allclose(last("mean-estimation", **changes)["samples"], 500, rtol=1e-3)


def test_amounts_are_refused_where_nothing_pays():
    with pytest.raises(InputError, match=r"market.model_value must be above 0, or market.price"):
        load("mean-estimation", {"market.model_value": 0.0})


def test_everybody_sells_data_and_all_are_worse_off():
    """Nobody selling, each keeps 1; a unit of leak brings .8 and costs 1."""
    found = last("data-leak", policy__mutation=0.0)
    assert (found["share_delegate"] == 1).all()
    np.testing.assert_allclose(found["welfare"], 10 - 0.2 * 10 * found["accuracy"], rtol=1e-6)


@pytest.mark.parametrize(("people", "correlation"), [(2, 1.5), (2, -1.01), (3, -0.51)])
def test_a_correlation_that_no_numbers_have_is_refused(people, correlation):
    with pytest.raises(InputError, match=r"rewards.accuracy.options.correlation: must be from -"):
        leaked(np.ones((1, people)), correlation)
    assert leaked(np.ones((1, people)), -1 / (people - 1)).max() <= 1
