"""Stop conditions: what they look at, how they combine, and how they are written."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from commonweal.agents.errors import InputError
from commonweal.scenarios.sweeps.stop_text import read_stop
from commonweal.scenarios.sweeps.stopping import AllOf, AnyOf, Budget, Collapsed, Converged, Stop

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
NAMES = st.sampled_from(["accuracy", "share_delegate", "level_0"])
SIMPLE: st.SearchStrategy[Stop] = st.one_of(
    st.builds(Converged, NAMES, st.integers(2, 50), NUMBERS.map(abs)),
    st.builds(Collapsed, NAMES, NUMBERS, st.integers(1, 50)),
    st.builds(Budget, st.integers(1, 10**9)),
)
STOPS: st.SearchStrategy[Stop] = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.builds(lambda a, b: a & b, inner, inner), st.builds(lambda a, b: a | b, inner, inner)
    ),
    max_leaves=12,
)  # fmt: skip
COURSES = arrays(np.float64, (12, 5), elements=st.sampled_from([0.0, 0.01, 0.05, 0.5, np.nan]))


def courses(*columns: list[float]) -> dict[str, NDArray[np.float64]]:
    return {"accuracy": np.array(columns).T}


def test_a_metric_has_converged_when_it_stayed_within_the_tolerance_for_the_window() -> None:
    steady, late, drifting = [0.1, 0.8, 0.81, 0.8], [0.8, 0.8, 0.1, 0.8], [0.6, 0.7, 0.8, 0.9]
    assert Converged("accuracy", 3, 0.02).reached(courses(steady, late, drifting)).tolist() == [True, False, False]


def test_convergence_needs_a_whole_window_of_rounds() -> None:
    assert not Converged("accuracy", 5, 1.0).reached(courses([0.8] * 4)).any()
    assert Converged("accuracy", 4, 1.0).reached(courses([0.8] * 4)).all()


def test_an_undefined_metric_has_neither_converged_nor_collapsed() -> None:
    undefined = courses([0.0, np.nan, 0.0])
    assert not Converged("accuracy", 3, 1.0).reached(undefined).any()
    assert not Collapsed("accuracy", 1.0, 3).reached(undefined).any()
    assert Collapsed("accuracy", 1.0, 1).reached(undefined).all()  # the last round is defined


def test_a_metric_has_collapsed_when_each_round_of_the_window_is_below_the_level() -> None:
    gone, back, edge = [0.5, 0.04, 0.0], [0.0, 0.0, 0.06], [0.0, 0.05, 0.04]
    assert Collapsed("accuracy", 0.05, 2).reached(courses(gone, back, edge)).tolist() == [True, False, False]
    assert not Collapsed("accuracy", 0.05, 4).reached(courses(gone)).any()  # three rounds are no window of four


def test_a_budget_counts_rounds_and_looks_at_no_metric() -> None:
    assert Budget(3).reached(courses([0.1] * 3, [0.9] * 3)).tolist() == [True, True]
    assert not Budget(4).reached(courses([0.1] * 3)).any()
    assert Budget(3).metrics == frozenset()


def test_and_binds_more_tightly_than_or_unless_there_are_brackets() -> None:
    a, b, c = Budget(1), Budget(2), Budget(3)
    assert read_stop("budget(1) | budget(2) & budget(3)") == AnyOf((a, AllOf((b, c)))) == a | b & c
    assert read_stop("(budget(1) | budget(2)) & budget(3)") == AllOf((AnyOf((a, b)), c)) == (a | b) & c
    assert read_stop("((budget(1)) & budget(2)) & budget(3)") == a & (b & c) == AllOf((a, b, c))


def test_collapse_may_only_end_a_run_after_its_budget_where_they_are_joined() -> None:
    stop = read_stop("converged(accuracy, 3, 0) | collapsed(accuracy, 0.05, 2) & budget(4)")
    at_three = courses([0.5, 0.01, 0.02], [0.3, 0.3, 0.3], [0.1, 0.2, 0.3])
    at_four = courses([0.5, 0.01, 0.02, 0.01], [0.3, 0.3, 0.3, 0.4], [0.1, 0.2, 0.3, 0.4])
    assert stop.reached(at_three).tolist() == [False, True, False]
    assert stop.reached(at_four).tolist() == [True, False, False]


def test_the_reason_names_the_conditions_that_hold_and_only_where_the_run_stops() -> None:
    stop = read_stop("converged(accuracy, 2, 0) | collapsed(accuracy, 0.05, 1) & budget(2)")
    course = courses([0.3, 0.3], [0.3, 0.01], [0.3, 0.4])
    collapsed = "collapsed(accuracy, 0.05, 1) & budget(2)"
    assert stop.reasons(course) == ["converged(accuracy, 2, 0) & budget(2)", collapsed, ""]


def test_a_stop_says_which_metrics_it_needs() -> None:
    stop = read_stop("converged(accuracy, 20, 0.01) | collapsed(share_delegate, 0.05, 20) & budget(500)")
    assert stop.metrics == {"accuracy", "share_delegate"}
    assert str(stop) == "converged(accuracy, 20, 0.01) | collapsed(share_delegate, 0.05, 20) & budget(500)"


@example(Collapsed("accuracy", -0.0, 1))
@given(STOPS)
def test_a_stop_reads_back_from_its_own_text(stop: Stop) -> None:
    assert read_stop(str(stop)) == stop
    assert str(read_stop(f"( {stop} )".replace(", ", "  ,"))) == str(stop)


@given(STOPS, COURSES, COURSES, st.permutations(range(5)))
def test_a_run_stops_alike_alone_and_among_any_others(
    stop: Stop, one: NDArray[np.float64], other: NDArray[np.float64], order: list[int]
) -> None:
    metrics = {"accuracy": one, "share_delegate": other, "level_0": one}
    together = stop.reached(metrics)
    alone = [bool(stop.reached({name: m[:, r : r + 1] for name, m in metrics.items()})[0]) for r in range(5)]
    assert together.dtype == np.bool_ and together.tolist() == alone
    shuffled = stop.reached({name: m[:, order] for name, m in metrics.items()})
    assert shuffled.tolist() == together[order].tolist()


@given(STOPS, STOPS, COURSES)
def test_composition_is_that_of_logic(one: Stop, other: Stop, course: NDArray[np.float64]) -> None:
    metrics = dict.fromkeys(("accuracy", "share_delegate", "level_0"), course)
    a, b = one.reached(metrics), other.reached(metrics)
    assert (one & other).reached(metrics).tolist() == (a & b).tolist()
    assert (one | other).reached(metrics).tolist() == (a | b).tolist()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "invalid syntax at the end; conditions are converged(metric, window, tolerance), "),
        ("budget(3", "'(' was never closed at '(3'"),
        ("budget(3) budget(4)", "invalid syntax at 'budget(4)'"),
        ("budget(3) &", "invalid syntax at the end"),
        ("konverged(accuracy, 2, 0)", "did you mean 'converged'?"),
        ("budget(1, 2)", "budget takes 1 arguments (rounds), not 2"),
        ("budget(,)", "invalid syntax at ',)'"),
        ("budget(rounds=3, x=4)", "budget takes 1 arguments (rounds), not 2"),
        ("budget(True)", "rounds = True in budget(…): must be a whole number"),
        ("budget(accuracy)", "rounds = accuracy in budget(…): must be a whole number"),
        ("budget(2.5)", "must be a whole number"),
        ("budget(0)", "rounds = 0: must be at least 1"),
        ("converged(0.5, 20, 0.1)", "must be the name of a metric"),
        ("converged(accuracy, 1, 0.1)", "window = 1: must be at least 2 rounds"),
        ("converged(accuracy, 5, -1)", "tolerance = -1.0: must be a number from 0"),
        ("collapsed(accuracy, 1e999, 5)", "below = inf: must be a finite number"),
        ("collapsed(accuracy, nan, 5)", "below = nan in collapsed(…): must be a number"),
        ("__import__(0).system(1)", "'__import__(0).system' is no condition"),
        ("(" * 3000 + "budget(1)" + ")" * 3000, "too many nested parentheses"),
    ],
)
def test_a_text_that_is_no_condition_is_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(InputError) as refusal:
        read_stop(text)
    line = str(refusal.value)
    assert line.startswith("stop = ") and "\n" not in line
    assert said in line
