"""The study of staying: who stays, which rules are surely apart, and what it says of them."""

import numpy as np
import pandas as pd
import pytest

from commonweal import Action, Answer, Ensemble, InputError, ask, load
from commonweal.agents.arrays import Floats
from commonweal.figures.studies import draw
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.studies.pieces import Pieces
from commonweal.scenarios.studies.staying.playing import Asked, Played
from commonweal.scenarios.studies.staying.study import Found, alike, by_rule, differences, headline

SMALL = {"rounds": 8, "task.kind": "wine", "task.validation": 30, "task.test": 30, "population.count": 6}
RULES = ("equal", "credit", "data")


@pytest.fixture(scope="module")
def answer() -> Answer:
    return ask("staying", load("commons", SMALL), 4, settlements=RULES)


def found(*delegating: Floats) -> Found:
    """Rules under which principals delegate so, (S, N) each."""
    played = [Played(each, each, np.ones(each.shape, int), each.mean(axis=1), each.sum(axis=1)) for each in delegating]
    names = tuple(f"rule {number}" for number in range(len(delegating)))
    people = tuple("abcdefgh"[: delegating[0].shape[1]])
    return Found(names, tuple(played), people, np.stack([each.staying(0.5) for each in played], axis=1))


def test_who_delegates_in_at_least_half_of_the_last_rounds_stays() -> None:
    counted = found(np.array([[1.0, 0.5, 0.49], [0.0, 0.0, 1.0]]))
    assert counted.staying[:, 0].tolist() == [2.0, 1.0]


def test_a_rule_is_played_as_an_ensemble_plays_it() -> None:
    scenario = load("commons", SMALL)
    (played,) = Pieces().play("", [Asked(scenario, (0, 1), 2).piece])
    ensemble = Ensemble(scenario, [0, 1])
    actions = np.stack([ensemble.step().actions for _ in range(8)])[-2:]
    assert np.array_equal(played.delegating, (actions == Action.DELEGATE).mean(axis=0))
    rounds = Ensemble(scenario, [0, 1]).run().rounds
    late = rounds[rounds["round"] >= 6].groupby("run")
    np.testing.assert_allclose(played.quality, late["accuracy"].mean())
    np.testing.assert_allclose(played.welfare, late["welfare"].mean())


def test_rules_are_surely_apart_only_where_all_pairs_together_say_so() -> None:
    many, few = np.ones((8, 6)), np.zeros((8, 6))
    mixed = np.random.default_rng(0).permuted(np.tile([0.0, 1.0], (8, 3)), axis=1)
    mixed[0] = 1.0
    mixed[1] = 0.0
    told = differences(found(many, mixed, few)).set_index(["rule", "other"])
    assert told.loc[("rule 0", "rule 2"), "sure"]
    assert told.loc[("rule 0", "rule 2"), "more"] == 6
    same = differences(found(mixed, mixed[::-1].copy()))
    assert not same["sure"].any()


def test_the_sentence_names_who_leaves_and_which_rules_keep_surely_fewer() -> None:
    stays = np.tile([1.0, 1.0, 0.0], (8, 1))
    compared = found(stays, np.zeros((8, 3)))
    tables = {"by_rule": by_rule(compared), "differences": differences(compared)}
    people = pd.DataFrame({"rule": "rule 0", "principal": list("abc"), "delegating_high": [1.0, 1.0, 0.0]})
    said = headline(compared, tables | {"by_principal": people})
    assert said == (
        "Most stay under rule 0: 2.0 [2.0, 2.0] of 3. Surely fewer stay under rule 1. Even there c mostly stays away."
    )
    assert alike(compared) == []
    few = np.tile([1.0, 0.0, 0.0], (8, 1))
    left = found(few, np.zeros((8, 3)))
    tables = {"by_rule": by_rule(left), "differences": differences(left)}
    said = headline(left, tables | {"by_principal": people.assign(delegating_high=1.0)})
    assert said.startswith("No rule keeps half of the 3; most stay under rule 0: 1.0 [1.0, 1.0].")
    same = "Under rule 1 and rule 2 principals do exactly what they do under rule 0 here."
    assert alike(found(stays, stays, stays)) == [same]


def test_every_rule_and_principal_has_a_row_and_the_rules_are_ordered(answer: Answer) -> None:
    rules = answer.tables["by_rule"]
    assert set(rules["rule"]) == set(RULES)
    assert rules["staying"].is_monotonic_decreasing
    assert len(answer.tables["by_principal"]) == 3 * 6
    assert set(draw(answer)) == {"staying"}


def test_where_nobody_has_a_choice_it_is_refused() -> None:
    start = {"start_delegate": 1.0, "start_free_ride": 0.0, "start_defect": 0.0}
    changes = {f"population.{name}": share for name, share in start.items()}
    bound = revise(load("commons"), changes | {"actions.available": ["delegate"], "policy.mix": {"fixed": 1.0}})
    with pytest.raises(InputError, match=r"actions\.available must hold delegate and another action"):
        ask("staying", bound, 2)
