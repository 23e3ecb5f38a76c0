"""Encounters: everybody present has one recipient, one donor and judges of its own, and all are equally likely."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from commonweal.agents.arrays import Bools, Ints
from commonweal.agents.reciprocity.encounters import (
    Encounters,
    draw_encounters,
    images_of_others,
    majority,
)

LEVEL = 1e-3  # of each chi-square test: one false alarm in a thousand seeds, and the seeds are fixed
DRAWS = 12_000
N = 6


@st.composite
def presence(draw: st.DrawFn) -> tuple[Bools, int, int]:
    """Who is present in two runs of up to 12, how many judges, and a seed."""
    principals = draw(st.integers(1, 12))
    rows = st.lists(st.booleans(), min_size=principals, max_size=principals)
    return np.array([draw(rows), draw(rows)]), draw(st.sampled_from([1, 3, 5])), draw(st.integers(0, 2**32 - 1))


def drawn(present: Bools, judges: int, seed: int) -> Encounters:
    runs, principals = present.shape
    return draw_encounters(present, np.random.default_rng(seed).random((runs, 2, principals)), judges)


@given(presence())
def test_those_present_have_one_recipient_and_one_donor_each_and_judges_who_are_neither(
    case: tuple[Bools, int, int],
) -> None:
    present, judges, _ = case
    found = drawn(*case)
    for run, here in enumerate(present):
        names = set(np.flatnonzero(here).tolist())
        if len(names) < judges + 2:
            assert not found.meets[run].any()
            assert found.counterpart[run].tolist() == list(range(len(here)))  # itself: nobody
            continue
        assert found.meets[run].tolist() == here.tolist()
        recipients = found.counterpart[run]
        assert {int(recipients[donor]) for donor in names} == names
        for donor in names:
            seats = found.judges[run, donor].tolist()
            assert recipients[donor] != donor
            assert len(set(seats)) == judges and set(seats) <= names - {donor, int(recipients[donor])}
        for absent in set(range(len(here))) - names:
            assert recipients[absent] == absent


@given(presence())
def test_a_run_meets_alike_alone_and_beside_another(case: tuple[Bools, int, int]) -> None:
    present, judges, seed = case
    uniforms = np.random.default_rng(seed).random((2, 2, present.shape[1]))
    together = draw_encounters(present, uniforms, judges)
    for run in range(2):
        alone = draw_encounters(present[run : run + 1], uniforms[run : run + 1], judges)
        for part in ("counterpart", "meets", "judges"):
            assert np.array_equal(getattr(alone, part)[0], getattr(together, part)[run])


def _counted(places: Ints, choices: Ints) -> Ints:
    return (places[:, None] == choices).sum(axis=0)


def _as_likely(counts: Ints) -> bool:
    """Whether counts of equally likely classes pass the chi-square test at ``LEVEL``."""
    expected = counts.sum() / len(counts)
    return bool(((counts - expected) ** 2 / expected).sum() < chi2.isf(LEVEL, len(counts) - 1))


@pytest.mark.parametrize("absent", [(), (2,)])
@pytest.mark.parametrize("judges", [1, 3])
def test_each_other_is_as_likely_a_counterpart_and_each_third_party_as_likely_a_judge(
    judges: int, absent: tuple[int, ...]
) -> None:
    present = np.ones((DRAWS, N), dtype=bool)
    present[:, absent] = False
    found = drawn(present, judges, 7)
    others = np.array([i for i in range(1, N) if i not in absent])
    assert _as_likely(_counted(found.counterpart[:, 0], others))
    for other in others:
        met = found.counterpart[:, 0] == other
        third = others[others != other]
        assert (counts := _counted(found.judges[met, 0, 0], third)).sum() == met.sum()
        assert _as_likely(counts)
        assert _as_likely(_counted(found.judges[met, 0, judges - 1], third))


def test_who_judges_is_independent_of_who_is_met() -> None:
    """All (N − 1)(N − 2) pairs of a counterpart and a judge are as likely."""
    found = drawn(np.ones((DRAWS, N), dtype=bool), 1, 11)
    pair = found.counterpart[:, 0] * N + found.judges[:, 0, 0]
    counts = np.bincount(pair, minlength=N * N)
    assert (counts > 0).sum() == (N - 1) * (N - 2)
    assert _as_likely(counts[counts > 0])


def test_a_draw_that_favours_somebody_fails_the_test_of_likelihood() -> None:
    favoured = np.random.default_rng(0).choice(5, DRAWS, p=[0.22, 0.2, 0.2, 0.2, 0.18])
    assert not _as_likely(np.bincount(favoured, minlength=5))


def test_images_of_others_are_those_of_counterparts() -> None:
    assert images_of_others(np.array([[1, 0, 0]]), np.array([[1, 2, 0]])).tolist() == [[0, 0, 1]]


@pytest.mark.parametrize(
    ("verdicts", "good"), [([1], 1), ([0], 0), ([1, 0, 0], 0), ([1, 0, 1], 1), ([0] * 3 + [1] * 2, 0)]
)
def test_the_majority_of_judges_decides(verdicts: list[int], good: int) -> None:
    assert majority(np.array([[verdicts]], dtype=bool)).tolist() == [[bool(good)]]
