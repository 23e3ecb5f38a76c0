"""Judges: by whose rule each says good or bad, what slander and rings make of it, and whom a vote lets in."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.conduct import Conduct
from commonweal.agents.errors import InputError
from commonweal.agents.reciprocity.norms import judged, norm_of
from commonweal.agents.reciprocity.terms import ReciprocityTerms
from commonweal.economy.round.judges import RulesByPolicy, at, chances_of_each, let_in, verdicts_of
from commonweal.testing.promises import terms_of

RULES = RulesByPolicy.of(("fixed", "norm:L1", "norm:L6"), "shunning")
BITS = st.lists(st.booleans(), min_size=24, max_size=24)
JUDGES = np.array([[[1, 2], [2, 3], [3, 0], [0, 1]]] * 3)  # (3, 4, 2): both next to each


def terms(perception: float, assignment: float) -> ReciprocityTerms:
    rates = {"reciprocity.perception": perception, "reciprocity.assignment": assignment}
    return terms_of(rates, 3).reciprocity


def test_rules_are_those_of_the_norms_that_policies_are_named_by() -> None:
    for place, name in enumerate(("shunning", "L1", "L6")):
        assert np.array_equal(RULES.act[place], norm_of(name).act)
        assert np.array_equal(RULES.assess[place], norm_of(name).assess)
    with pytest.raises(InputError, match="unknown norm 'nobody'"):
        RulesByPolicy.of(("norm:nobody",), "L6")
    with pytest.raises(InputError, match="unknown norm 'nobody'"):
        RulesByPolicy.of(("fixed",), "nobody")
    assert np.array_equal(RulesByPolicy.of(("norm",), "L6").act[0], norm_of("L6").act)  # a policy that is no norm's


@given(st.integers(0, 2**12 - 1), st.floats(0, 1), st.floats(0, 1))
def test_chances_are_those_of_the_judges_own_rule_after_errors(bits: int, perception: float, assignment: float) -> None:
    x, y, gave = (np.array([[bits >> 3 * i + k & 1 for i in range(4)]] * 3) for k in range(3))
    policy = np.array([[0, 1, 2, 1]] * 3)
    rates = terms(perception, assignment)
    found = RULES.chances(at(policy, JUDGES), x[..., None], y[..., None], gave[..., None], rates)
    each = chances_of_each(RULES.assess[policy], JUDGES, (x[..., None], y[..., None], gave[..., None]), rates)
    for run, i, j in np.ndindex(3, 4, 2):
        assess = RULES.assess[policy[run, JUDGES[run, i, j]]]
        expected = judged(assess, perception, assignment)[x[run, i], y[run, i], gave[run, i]]
        assert found[run, i, j] == each[run, i, j] == pytest.approx(expected, abs=1e-15)


@given(BITS, st.lists(st.booleans(), min_size=12, max_size=12), st.lists(st.integers(-1, 1), min_size=12, max_size=12))
def test_slanderers_call_everybody_bad_and_rings_praise_their_own(
    honest: list[bool], slanders: list[bool], rings: list[int]
) -> None:
    chance = np.array(honest, dtype=np.float64).reshape(3, 4, 2)
    luck = np.full(chance.shape, 0.5)
    assert np.array_equal(verdicts_of(chance, luck, JUDGES, None), chance == 1)
    plain = Conduct.plain(3, 4, 0)
    assert np.array_equal(verdicts_of(chance, luck, JUDGES, plain), chance == 1)
    conduct = replace(plain, slanders=np.array(slanders).reshape(3, 4), ring=np.array(rings).reshape(3, 4))
    said = verdicts_of(chance, luck, JUDGES, conduct)
    for run, i, j in np.ndindex(3, 4, 2):
        judge = JUDGES[run, i, j]
        if conduct.ring[run, i] >= 0 and conduct.ring[run, judge] == conduct.ring[run, i]:
            assert said[run, i, j]
        else:
            assert said[run, i, j] == (chance[run, i, j] == 1 and not conduct.slanders[run, judge])


@given(st.lists(st.integers(0, 1), min_size=12, max_size=12))
def test_a_vote_lets_good_names_in_and_bad_ones_whom_most_of_their_judges_would_give_to(image: list[int]) -> None:
    policy, names = np.array([[0, 1, 2, 1]] * 3), np.array(image).reshape(3, 4)
    judges = np.array([[[1, 2, 3], [2, 3, 0], [3, 0, 1], [0, 1, 2]]] * 3)
    admitted = let_in(RULES, policy, names, judges, np.full(judges.shape, 0.5), None)
    for run, i in np.ndindex(3, 4):
        votes = [RULES.act[policy[run, j], names[run, j], names[run, i]] for j in judges[run, i]]
        assert admitted[run, i] == (names[run, i] == 1 or sum(votes) >= 2)
