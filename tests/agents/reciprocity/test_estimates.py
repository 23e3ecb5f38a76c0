"""Estimates of others' rules from the public record."""

import numpy as np
import pytest

from commonweal.agents.reciprocity.chain import Rules
from commonweal.agents.reciprocity.estimates import (
    Belief,
    Counts,
    Record,
    counted,
    estimated,
    first_counts,
    with_own,
)


def one_round(**changes) -> Record:
    """Of three principals: 0 is good and gives to 1; 1 is bad and refuses 2; 2 is good, but does not meet 0."""
    usual = {
        "image": np.array([[1, 0, 1]]),
        "recipient": np.array([[1, 2, 0]]),
        "gave": np.array([[1, 0, 1]]),
        "met": np.array([[True, True, False]]),
        "judges": np.array([[[2], [0], [1]]]),
        "verdicts": np.array([[[1], [0], [1]]]),
    }
    return Record(**usual | changes)


def test_what_is_seen_of_a_round_is_counted_where_it_belongs():
    counts = counted(first_counts(1, 3), one_round(), 1.0)
    assert counts.acts.sum() == counts.verdicts.sum() == 2
    assert counts.acts[0, 0, 1, 0, 1] == 1  # a good donor gave to a bad recipient
    assert counts.acts[0, 1, 0, 1, 0] == 1  # a bad one refused a good one
    assert counts.verdicts[0, 2, 1, 0, 1, 1] == 1  # who judged the first said good
    assert counts.verdicts[0, 0, 0, 1, 0, 0] == 1  # who judged the second said bad


def test_old_rounds_count_less_each_run_by_its_own_memory():
    record = one_round()
    both = Record(*(np.concatenate([field, field]) for field in vars(record).values()))
    counts = first_counts(2, 3)
    for _ in range(3):
        counts = counted(counts, both, np.array([[1.0], [0.5]]))
    assert counts.acts[:, 0, 1, 0, 1] == pytest.approx([3, 1.75])
    assert counts.verdicts[:, 0, 0, 1, 0, 0] == pytest.approx([3, 1.75])


def random_counts(runs: int, size: int) -> Counts:
    rng = np.random.default_rng(0)
    acts, verdicts = rng.integers(0, 5, (runs, size, 2, 2, 2)), rng.integers(0, 5, (runs, size, 2, 2, 2, 2))
    return Counts(acts.astype(float), verdicts.astype(float))


def test_each_donor_is_shrunk_to_the_ratio_of_all_but_the_learner():
    counts, run, learner = random_counts(2, 4), np.array([1]), np.array([2])
    found = estimated(counts, run, learner, Belief(np.array([[4.0]]))).rules
    others = counts.acts[1, [0, 1, 3], 0, 1].sum(0)
    pooled = (others[1] + 0.5) / (others.sum() + 1)
    refused, gave = counts.acts[1, 3, 0, 1]
    assert found.act[0, 3, 0, 1] == pytest.approx((gave + 4 * pooled) / (gave + refused + 4))
    bad, good = counts.verdicts[1, [0, 1, 3], 0, 1, 1].sum(0)
    assert found.assess[0, :, 0, 1, 1] == pytest.approx(np.full(4, (good + 0.5) / (good + bad + 1)))


def test_what_the_learner_did_and_said_does_not_move_its_estimates_of_others():
    counts, run, learner = random_counts(2, 4), np.array([0, 1]), np.array([2, 0])
    acts, verdicts = counts.acts.copy(), counts.verdicts.copy()
    acts[run, learner] += 100
    verdicts[run, learner] += 100
    belief = Belief(np.full((2, 1), 4.0))
    for each_judge in (False, True):
        pair = [
            estimated(each, run, learner, belief, each_judge=each_judge).rules
            for each in (counts, Counts(acts, verdicts))
        ]
        others = np.arange(4) != learner[:, None]
        np.testing.assert_array_equal(pair[0].act[others], pair[1].act[others])
        np.testing.assert_array_equal(pair[0].assess[others], pair[1].assess[others])


def test_cells_never_met_keep_one_half_and_are_named():
    counts = counted(first_counts(1, 3), one_round(), 1.0)
    found = estimated(counts, np.array([0]), np.array([2]), Belief(np.array([[4.0]])))
    assert found.acts_known[0].tolist() == [[False, True], [True, False]]
    assert (found.rules.act[0][:, ~found.acts_known[0]] == 0.5).all()
    assert found.verdicts_known[0].sum() == 1 and found.verdicts_known[0, 0, 1, 0]
    assert (found.rules.assess[0][:, ~found.verdicts_known[0]] == 0.5).all()


def test_a_belief_counts_as_so_many_rounds():
    counts = counted(first_counts(1, 3), one_round(), 1.0)
    act, assess = np.full((1, 2, 2), 0.9), np.full((1, 2, 2, 2), 0.2)
    belief = Belief(np.array([[3.0]]), act, assess)
    found = estimated(counts, np.array([0]), np.array([2]), belief, each_judge=True).rules
    assert found.act[0, 0, 1, 0] == pytest.approx((1 + 3 * 0.9) / 4)
    assert found.act[0, 1, 1, 1] == 0.9
    assert found.assess[0, 0, 0, 1, 0] == pytest.approx(3 * 0.2 / 4)


def test_estimates_come_to_the_rules_that_made_the_record():
    rng, size = np.random.default_rng(3), 8
    act, assess = rng.random((size, 2, 2)), rng.random((size, 2, 2, 2))
    counts = Counts(
        1e6 * np.stack([1 - act, act], -1)[None], 1e6 * np.stack([1 - assess, assess], -1)[None]
    )
    found = estimated(counts, np.array([0]), np.array([0]), Belief(np.array([[4.0]])), each_judge=True).rules
    assert np.abs(found.act[0] - act).max() < 1e-5 and np.abs(found.assess[0] - assess).max() < 1e-5


def test_learners_put_their_own_rules_in_their_own_rows():
    rules = Rules(np.zeros((2, 3, 2, 2)), np.zeros((2, 3, 2, 2, 2)))
    found = with_own(rules, np.array([1, 2]), np.ones((2, 2, 2)), np.ones((2, 2, 2, 2)))
    assert found.act.sum((2, 3)).tolist() == [[0, 4, 0], [0, 0, 4]]
    assert found.assess.sum((2, 3, 4)).tolist() == [[0, 8, 0], [0, 0, 8]]
    assert rules.act.sum() == 0
