"""Verdicts of checks: what holds, what differs, and checks that say too little or contradict themselves."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.errors import InputError
from commonweal.scenarios.atlas import Check, Nudge, Result, Seeds, Verdict, judge, replay, unnoticed
from commonweal.scenarios.atlas.verdicts import worst

numbers = st.floats(-1e6, 1e6).filter(lambda value: abs(value) > 1e-3)


def check(theirs: Any, ours: Any, **more: Any) -> Check:
    said = {"source": "derived", "found_by": "run", "breaks": "x"} | more
    return Check("a check", theirs, ours, **said)


@given(numbers, st.floats(1e-6, 0.5))
def test_an_exact_number_holds_as_far_as_it_says_and_no_further(theirs: float, within: float) -> None:
    inside, outside = theirs * (1 + 0.9 * within), theirs * (1 + 1.1 * within)
    assert judge(check(theirs, inside, within=within)).verdict == Verdict.MET
    assert judge(check(theirs, outside, within=within)).verdict == Verdict.UNEXPLAINED
    assert judge(check(theirs, [theirs, outside], within=within, cause="grid")).verdict == Verdict.DIFFERS


@given(st.integers(0, 6), st.floats(0, 1))
def test_a_printed_number_holds_where_ours_rounds_to_it(digits: int, ours: float) -> None:
    theirs = round(ours, digits)
    held = judge(check(theirs, ours, digits=digits, source="published"))
    assert held.verdict == Verdict.REPRODUCED and held.theirs == f"{theirs:.{digits}f}"
    away = theirs + 0.51 * 10.0**-digits
    assert judge(check(theirs, away, digits=digits, source="published")).verdict == Verdict.UNEXPLAINED


@given(st.lists(st.floats(0, 1), min_size=3, max_size=12), st.floats(-1, 2))
def test_a_statistical_check_and_both_claims_agree_on_where_the_interval_is(ours: list[float], theirs: float) -> None:
    least, most = (judge(check(theirs, ours, kind="claim", at_most=side)).verdict for side in (False, True))
    inside = judge(check(theirs, ours, kind="statistical", resolution=10.0)).verdict
    if np.ptp(ours) > 1e-6:  # an interval is on one side of theirs, or holds it
        assert [least, most, inside].count(Verdict.MET) == 1


def test_a_wide_interval_proves_nothing() -> None:
    judged = judge(check(0.5, [0.0, 1.0, 0.0, 1.0], kind="statistical", resolution=0.01))
    assert judged.verdict == Verdict.DIFFERS
    assert judged.why == "the interval reaches further than 0.01: play more seeds"


def test_answers_in_words_are_counted_over_seeds() -> None:
    held = judge(check("{5, 5}, {25}", ["{5, 5}, {25}"] * 16, kind="order", source="published"))
    assert held.verdict == Verdict.REPRODUCED and held.ours == "{5, 5}, {25} (16 of 16)"
    other = judge(check("{1, 15}", ["{1, 8}"] * 11 + ["{1, 15}"] * 5, cause="no move between coalitions"))
    assert other.verdict == Verdict.DIFFERS and other.ours == "{1, 8} (11 of 16); {1, 15} (5 of 16)"


def test_what_is_missing_has_no_number_of_ours() -> None:
    judged = judge(check(0.8, None, missing="the data"))
    assert (judged.verdict, judged.ours, judged.why) == (Verdict.UNCHECKED, "–", "missing: the data")


@pytest.mark.parametrize("ours", [np.nan, [1.0, np.nan]])
def test_a_number_that_is_none_never_holds(ours: Any) -> None:
    assert judge(check(1.0, ours)).verdict == Verdict.UNEXPLAINED


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"ours": None}, "ours is None exactly where something is missing"),
        ({"missing": "data"}, "ours is None exactly where something is missing"),
        ({"theirs": None}, "theirs is None, but nothing is missing"),
        ({"theirs": "all"}, "both be numbers, or both be words"),
        ({"ours": []}, "ours is empty"),
        ({"source": "guessed"}, "source = 'guessed': must be one of published, repository, derived"),
        ({"found_by": "luck"}, "found_by = 'luck': must be one of run, best responses, function, attacks"),
        ({"kind": "order"}, "kind = 'order' is of words"),
        ({"kind": "statistical"}, "resolution: a statistical check says"),
        ({"source": "published"}, "digits: say how many decimals are printed"),
        ({"breaks": ""}, "breaks: name the parameter"),
        ({"theirs": "a", "ours": "a", "kind": "claim"}, "words are exact or order"),
    ],
)
def test_a_check_that_says_too_little_is_refused_in_one_line(parts: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said) as refused:
        check(**{"theirs": 1.0, "ours": 1.0} | parts)
    assert str(refused.value).startswith("check 'a check': ") and "\n" not in str(refused.value)


def test_the_verdict_on_a_result_is_the_worst_of_what_can_be_checked() -> None:
    assert worst([Verdict.REPRODUCED, Verdict.UNCHECKED]) == Verdict.REPRODUCED
    assert worst([Verdict.REPRODUCED, Verdict.MET]) == Verdict.MET
    assert worst([Verdict.DIFFERS, Verdict.UNEXPLAINED, Verdict.MET]) == Verdict.UNEXPLAINED
    assert worst([Verdict.UNCHECKED]) == Verdict.UNCHECKED


class TestNudge:
    def test_it_changes_the_named_parameter_alone(self) -> None:
        nudge = Nudge("cost")
        assert nudge("value", 2.0) == 2.0 and nudge("cost", 2.0) == 2.02 and nudge("cost", 3) == 4
        assert nudge("cost", [1.0, 2]) == [1.01, 3] and nudge("cost", 3, instead=7) == 7
        assert nudge.asked == {"value", "cost"}
        assert Nudge()("cost", 2.0) == 2.0

    @pytest.mark.parametrize("value", ["a word", True, None])
    def test_what_is_no_number_needs_something_to_play_instead(self, value: Any) -> None:
        with pytest.raises(InputError, match="say what to play instead"):
            Nudge("x")("x", value)


@pytest.mark.parametrize("ours", [np.array([1.0, 2.0]), [1, 2], (each for each in (1.0, 2.0))])
def test_checks_are_equal_whatever_ours_came_in(ours: Any) -> None:
    assert check(1.0, ours) == check(1.0, (1.0, 2.0))
    assert check(1.0, np.float64(1.0)) == check(1.0, 1)


def made(replay_it: Any) -> Result:
    return Result("made", replay_it, paper="nobody", shows="nothing")


def test_checks_that_do_not_notice_are_named() -> None:
    def careless(seeds: Seeds, nudge: Nudge) -> Iterator[Check]:
        x = nudge("x", 2.0)
        yield Check("square", 4.0, x**2, "derived", "function", breaks="x")
        yield Check("always", 1.0, x / x, "derived", "function", breaks="x")
        yield Check("typed", 1.0, 1.0, "derived", "function", breaks="y")

    assert list(unnoticed(replay(made(careless)))) == [
        "made: 'always' does not notice a change of 'x'", "made: nothing is played with 'y': give it to nudge"
    ]  # fmt: skip


def test_a_check_that_differs_must_differ_by_something_else() -> None:
    def off(seeds: Seeds, nudge: Nudge) -> Iterator[Check]:
        yield Check("follows", 1.0, nudge("x", 2.0), "derived", "function", breaks="x")
        yield Check("does not", 1.0, 0 * nudge("x", 2.0), "derived", "function", breaks="x")

    assert list(unnoticed(replay(made(off)))) == ["made: 'does not' does not notice a change of 'x'"]


@pytest.mark.parametrize(("names", "said"), [([], "made: it yields no check"), ("aa", "two checks are called 'a'")])
def test_a_result_yields_checks_of_different_names(names: str, said: str) -> None:
    def lazy(seeds: Seeds) -> Iterator[Check]:
        yield from (Check(name, 1.0, 1.0, "derived", "function", breaks="x") for name in names)

    with pytest.raises(InputError, match=said):
        replay(made(lazy))
