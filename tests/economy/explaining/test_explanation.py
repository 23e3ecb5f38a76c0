"""An explanation adds up, says what it says in words and frames, and is the same after it was kept."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.errors import InputError
from commonweal.economy.explaining.explanation import Explanation

PART = Explanation(
    kind="behaviour",
    target="principal 7 in round 40",
    baseline="the average of its decisions",
    names=("own payoff", "reputation"),
    base=np.array([[0.48, 0.52]]),
    value=np.array([[0.9, 0.1]]),
    values=np.array([[[0.12, -0.12], [0.3, -0.3]]]),
    answers=("delegate", "free_ride"),
    provenance={"rows": "1657"},
)


def test_parts_that_do_not_add_up_are_refused():
    with pytest.raises(ValueError, match="miss its value less its base by 0.1"):
        replace(PART, base=PART.base + 0.1)


def test_numbers_that_are_none_are_refused():
    with pytest.raises(ValueError, match="miss"):
        replace(PART, values=np.full((1, 2, 2), np.nan))


def test_what_an_estimate_leaves_open_counts_in_the_sum():
    open_still = replace(PART, base=PART.base - 0.1, residual=np.full((1, 2), 0.1))
    np.testing.assert_allclose(open_still.gap, 0.0, atol=1e-15)


@pytest.mark.parametrize("name", ["base", "values", "standard_error", "interactions", "residual"])
def test_arrays_of_another_shape_are_refused(name):
    with pytest.raises(ValueError, match=f"{name} of shape"):
        replace(PART, **{name: np.zeros((1, 3))})


def test_the_sentence_names_the_two_largest_reasons_in_their_order():
    assert PART.sentence() == (
        "principal 7 in round 40 (delegate): 0.9, against 0.48 for the average of its decisions; mostly because of "
        "reputation (+0.3), then own payoff (+0.12)."
    )


def test_a_reason_that_adds_nothing_is_not_named():
    alone = replace(PART, values=np.array([[[0.0, 0.0], [0.42, -0.42]]]))
    assert "own payoff" not in alone.sentence()
    nothing = replace(PART, base=PART.value, values=np.zeros((1, 2, 2)))
    assert "nothing adds to it" in nothing.sentence()


def test_the_frame_has_a_row_for_each_answer_and_reason_and_ends_of_intervals_of_estimates():
    frame = PART.frame()
    assert list(frame.columns) == ["run", "answer", "reason", "value"]
    row = frame[(frame["answer"] == "free_ride") & (frame["reason"] == "reputation")]
    assert row["value"].tolist() == [-0.3]
    estimated = replace(PART, standard_error=np.full((1, 2, 2), 0.01)).frame()
    np.testing.assert_allclose(estimated["value_high"] - estimated["value_low"], 2 * 1.959964 * 0.01)


@given(st.integers(1, 3), st.integers(0, 4), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_it_is_the_same_to_the_last_bit_after_it_was_kept(tmp_path_factory, runs, reasons, answers, seed):
    random = np.random.default_rng(seed)
    values = random.normal(size=(runs, reasons, answers)) * 10.0 ** random.integers(-8, 8)
    base = random.normal(size=(runs, answers))
    kept = Explanation(
        "luck",
        "the end",
        "strangers",
        tuple("abcd"[:reasons]),
        base,
        base + values.sum(axis=1),
        values,
        standard_error=np.abs(values),
        answers=tuple("xyz"[:answers]),
        exact=False,
    )
    file = tmp_path_factory.mktemp("kept") / "why.json"
    kept.save(file)
    found = Explanation.load(file)
    for part in fields(Explanation):
        mine, its = getattr(kept, part.name), getattr(found, part.name)
        assert np.array_equal(mine, its) if isinstance(mine, np.ndarray) else mine == its, part.name


def test_what_is_no_explanation_is_refused_in_one_line(tmp_path):
    file = tmp_path / "why.json"
    with pytest.raises(InputError, match="there is no such explanation"):
        Explanation.load(file)
    for text in ("", "[]", "{}", '{"format": "commonweal explanation", "version": 99}'):
        file.write_text(text)
        with pytest.raises(InputError, match="is no explanation of this version") as caught:
            Explanation.load(file)
        assert "\n" not in str(caught.value)
