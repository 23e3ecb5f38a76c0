"""What broken limits cost their owners."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.concerns import ROUNDING, parts_of_harm, value_costs, violations

SENSES = np.array([1.0, -1.0])
LIMITS, LEVELS = np.array([[[0.93, 2.0]]]), np.array([[0.80, 2.5]])
amounts = arrays(np.float64, (2, 5, 2), elements=st.floats(0, 10))


def member(away: tuple[int, ...] = (Action.ABSTAIN,)) -> Floats:
    """(1, 1, 4, 1) part in the harm by action: whole but where staying away."""
    part = np.ones((1, 1, len(Action), 1))
    part[:, :, list(away)] = 0.0
    return part


def test_the_worked_example() -> None:
    """s = (+1, −1), ℓ = (.93, 2), L = (.8, 2.5): v = (.13, .5); ω^c = (.02, .01): κ = .0076, 0 for an abstainer."""
    violation = violations(LIMITS, LEVELS, SENSES)
    assert violation[0, 0] == pytest.approx([0.13, 0.5], abs=1e-12)
    costs = value_costs(violation, np.zeros((1, 1, 2)), np.array([[[0.02, 0.01]]]), member())[0, 0]
    assert costs[[Action.DELEGATE, Action.FREE_RIDE, Action.DEFECT]] == pytest.approx([0.0076] * 3, abs=1e-12)
    assert costs[Action.ABSTAIN] == 0.0


def test_outcome_concern_is_borne_whatever_one_does() -> None:
    violation = violations(LIMITS, LEVELS, SENSES)
    costs = value_costs(violation, np.array([[[0.02, 0.01]]]), np.zeros((1, 1, 2)), member())[0, 0]
    assert costs == pytest.approx([0.0076] * 4, abs=1e-12)


def test_a_limit_is_not_broken_by_rounding() -> None:
    kept = LEVELS[:, None] + SENSES * 0.5 * ROUNDING  # limits a little stricter than the levels
    assert not violations(kept, LEVELS, SENSES).any()
    assert violations(LEVELS[:, None] + SENSES * 2 * ROUNDING, LEVELS, SENSES).all()


@given(limits=amounts, levels=arrays(np.float64, (2, 2), elements=st.floats(0, 10)), stricter=amounts)
def test_violations_grow_with_strictness_and_costs_are_never_negative(
    limits: Floats, levels: Floats, stricter: Floats
) -> None:
    loose, tight = (violations(each, levels, SENSES) for each in (limits, limits + SENSES * stricter))
    assert (tight >= loose).all() and (loose >= 0).all()
    ones = np.ones_like(limits)
    part = np.broadcast_to(member(), (2, 5, len(Action), 1))
    cheap, dear = (value_costs(each, ones, ones, part) for each in (loose, tight))
    assert (cheap >= 0).all() and (dear >= cheap).all()
    assert not value_costs(tight, 0 * ones, 0 * ones, part).any()


@given(
    harms=arrays(np.float64, (2, 5, 2), elements=st.floats(-1, 1)),
    actions=arrays(np.int64, (2, 5), elements=st.integers(0, 3)),
)
def test_parts_of_harm_of_the_actions_taken_sum_to_one(harms: Floats, actions: Ints) -> None:
    parts = parts_of_harm(harms, actions, np.ones((2, 5, len(Action)), dtype=bool))
    assert (parts >= 0).all() and (parts <= 1 + 1e-12).all()
    taken = np.take_along_axis(parts, actions[..., None, None], axis=2)[:, :, 0]
    does = (harms > 0).any(axis=1)
    assert taken.sum(axis=1) == pytest.approx(np.where(does, 1.0, 0.0))


def test_the_part_of_another_action_is_that_of_those_who_took_it() -> None:
    harms = np.array([[[3.0], [1.0], [0.0]]])
    actions = np.array([[Action.DELEGATE, Action.DELEGATE, Action.FREE_RIDE]])
    part = parts_of_harm(harms, actions, np.ones((1, 3, len(Action)), dtype=bool))[0, :, :, 0]
    assert part[0] == pytest.approx([0.0, 0.75, 0.0, 0.0])
    assert part[2] == pytest.approx([0.0, 0.5, 0.0, 0.0])  # the mean of 3/4 and 1/4
