"""Sights: what a principal sees before it chooses, by name."""

import numpy as np
import pytest

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.economy.arena.sights import picked, seen_columns, sight_names, sights_of
from commonweal.economy.money.ledger import MICRO
from commonweal.economy.round.observe import observe
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.library import library_names
from commonweal.scenarios.schema.loading import load, revise

BIG = 1000  # principals; scenarios with more are made smaller


def small(name: str, count: int = 12):
    """A library scenario with few principals, where their number may be changed."""
    scenario = load(name)
    return scenario if scenario.population.count <= BIG else revise(scenario, {"population.count": 100})


def seen(ensemble: Ensemble, paid, time: float = 0.25) -> dict:
    state, people, world = ensemble.state, ensemble.people, ensemble.world
    return seen_columns(observe(state, people, world), time, paid, state.ledger.principals / MICRO)


@pytest.mark.parametrize("name", library_names())
def test_names_of_sights_are_those_of_what_is_seen(name):
    ensemble = Ensemble(small(name), [0])
    columns = seen(ensemble, ensemble.people.payoff)
    assert tuple(columns) == sight_names(ensemble.world)
    assert {values.shape for values in columns.values()} == {ensemble.world.shape}


def test_sights_are_what_they_say():
    ensemble = Ensemble(revise(load("value-conflict"), {"population.count": 12}), [0, 3])
    record = ensemble.step()
    columns = seen(ensemble, record.payday.payoffs)
    people = ensemble.people
    np.testing.assert_array_equal(columns["last payoff"], record.payday.payoffs)
    np.testing.assert_array_equal(columns["balance"] * MICRO, ensemble.state.ledger.principals)
    np.testing.assert_array_equal(columns["last did delegate"], people.action == Action.DELEGATE)
    np.testing.assert_array_equal(sum(columns[f"last did {a.name.lower()}"] for a in Action), 1)
    np.testing.assert_array_equal(columns["own limit 1"], people.limits[..., 1])
    np.testing.assert_array_equal(columns["accuracy"], np.tile(ensemble.state.quality[:, None], 12))
    assert (columns["time"] == 0.25).all()
    together = sights_of(observe(ensemble.state, people, ensemble.world), 0.25, record.payday.payoffs,
                         columns["balance"])  # fmt: skip
    np.testing.assert_array_equal(together, np.stack(list(columns.values()), axis=2))


def test_some_sights_of_some_principals_are_picked_by_name():
    ensemble = Ensemble(revise(load("commons"), {"population.count": 12}), [0, 1, 2])
    columns = seen(ensemble, ensemble.people.payoff)
    found = picked(columns, ("own cost", "reputation"), np.array([2, 0]), (3, 1))
    np.testing.assert_array_equal(found[..., 0], ensemble.people.cost[np.ix_([2, 0], [3, 1])])
    assert picked(columns, (), np.array([1]), (0, 1)).shape == (1, 2, 0)
    with pytest.raises(InputError, match="nobody sees 'luck' here"):
        picked(columns, ("luck",), np.array([0]), (0,))
