"""Changes of a scenario: v(all) is the run, v(∅) the run without them, and what changes nothing adds nothing."""

from typing import Any

import numpy as np
import pytest

from commonweal.agents.arrays import Bools
from commonweal.agents.errors import InputError
from commonweal.economy.explaining.changes import explain_changes, outcome_of
from commonweal.economy.explaining.tree import Outcome
from commonweal.economy.explaining.values import Effort
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load

SMALL: dict[str, Any] = {"population.count": 8, "learning.hidden": [8], "learning.samples": 4}
OUTCOME = Outcome(("share_delegate", "welfare"), last=4)
CHANGES: dict[str, Any] = {"settlement.kind": "equal", "market.price": 0.03, "policy.revision": 0.9}


def scenario(made: Bools, changes: dict[str, Any]) -> Any:
    chosen = {path: value for (path, value), done in zip(changes.items(), made, strict=True) if done}
    return load("commons", SMALL | chosen)


def explained(changes: dict[str, Any], **more: Any) -> Any:
    return explain_changes(list(changes), lambda made: scenario(made, changes), 3, 10, OUTCOME, **more)


def test_all_changes_are_the_run_and_none_is_the_scenario_to_the_last_bit() -> None:
    found = explained(CHANGES)
    for value, changes in ((found.value, CHANGES), (found.base, {})):
        rounds = Ensemble(load("commons", SMALL | changes), [3]).run(10).rounds
        for answer, metric in enumerate(OUTCOME.metrics):
            total = 0.0
            for number in rounds[metric].to_numpy()[6:]:
                total += number
            assert value[0, answer] == total / 4
    assert (found.kind, found.exact, found.evaluations) == ("changes", True, 8)
    np.testing.assert_allclose(found.values.sum(axis=1), found.value - found.base, atol=1e-12)


def test_what_changes_nothing_adds_exactly_nothing() -> None:
    found = explained({"market.price": 0.03, "rounds": 77})
    assert found.values[0, 1].tolist() == [0.0, 0.0]
    assert found.values[0, 0, 1] != 0


def test_two_changes_are_their_effects_averaged_over_both_orders() -> None:
    changes = {"settlement.kind": "equal", "market.price": 0.03}
    worth = {made: outcome_of(scenario(np.array(made), changes), 3, 10, OUTCOME)
             for made in ((False, False), (True, False), (False, True), (True, True))}  # fmt: skip
    nothing, first, second, both = worth.values()
    np.testing.assert_allclose(explained(changes).values[0, 0], (first - nothing + both - second) / 2, atol=1e-12)


def test_of_more_changes_than_there_is_time_for_the_values_are_estimated_and_still_add_up() -> None:
    found = explained(CHANGES | {"task.drift": 0.1}, effort=Effort(budget=12))
    assert not found.exact and found.evaluations <= 12 and found.standard_error is not None
    np.testing.assert_allclose(found.values.sum(axis=1), found.value - found.base, atol=1e-9)


def test_without_a_change_or_a_round_there_is_nothing_to_explain() -> None:
    with pytest.raises(InputError, match="must be one or more"):
        explained({})
    with pytest.raises(InputError, match="must be one or more"):
        explain_changes(["one"], lambda made: scenario(made, {"rounds": 3}), 3, 0)
