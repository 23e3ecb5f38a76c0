"""Norms: the tables of the leading eight, what errors do to them, and norms of one's own."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from commonweal.agents.errors import InputError
from commonweal.agents.policies import POLICIES
from commonweal.agents.reciprocity.norms import CONTEXTS, NORMS, Norm, executed, judged, norm, norm_of
from commonweal.figures.browser.tab.live import Live
from commonweal.scenarios.runs.playing import run
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.sweeps.sweep import sweep
from commonweal.testing import check_norm

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "plug-ins.md").read_text(encoding="utf-8")
SMALL = {"rounds": 4, "population.count": 8, "reciprocity.execution": 0.0}
# Ohtsuki and Iwasa (2006), table 1: what is common to all (GG, BG and the justified refusal), and the three verdicts in
# which they differ: A(BB, refuse), A(BB, give), A(GB, give); S(BB) is to give for L1 and L2 alone.
FREE = {"L1": (0, 1, 1), "L2": (0, 1, 0), "L3": (1, 1, 1), "L4": (1, 0, 1),
        "L5": (1, 1, 0), "L6": (1, 0, 0), "L7": (0, 0, 1), "L8": (0, 0, 0)}  # fmt: skip
BB, BG, GB, GG = ((0, 0), (0, 1), (1, 0), (1, 1))
PROBABILITIES = st.floats(0, 1)


@pytest.fixture(autouse=True)
def own_registries(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is gone after it."""
    for registry in (NORMS, POLICIES):
        monkeypatch.setattr(registry, "_plugs", dict(registry._plugs))
        monkeypatch.setattr(registry, "_facts", dict(registry._facts))


def tables(act: Any = 0.5, assess: Any = 0.5) -> Norm:
    return Norm(np.full((2, 2), act), np.full((2, 2, 2), assess))


@pytest.mark.parametrize("name", sorted(NORMS))
def test_every_norm_keeps_its_promises(name: str) -> None:
    check_norm(name)


@pytest.mark.parametrize("name", sorted(FREE))
def test_the_leading_eight_are_those_of_ohtsuki_and_iwasa(name: str) -> None:
    found = norm_of(name)
    for cell, refused, gave in ((BG, 0, 1), (GG, 0, 1)):  # to give to the good is good, to refuse them bad
        assert found.assess[cell].tolist() == [refused, gave]
    both_refused, both_gave, good_gave_bad = FREE[name]
    assert found.assess[GB].tolist() == [1, good_gave_bad]  # a justified refusal is good
    assert found.assess[BB].tolist() == [both_refused, both_gave]
    assert [found.act[cell] for cell in (BB, BG, GB, GG)] == [name in ("L1", "L2"), 1, 0, 1]


def test_stern_judging_image_scoring_and_shunning_by_hand() -> None:
    """In the order of contexts BB, BG, GB, GG, refused before gave (Nowak and Sigmund 1998; Pacheco et al. 2006)."""
    assert CONTEXTS == ("BB", "BG", "GB", "GG")
    assert norm_of("L6").assess.reshape(4, 2).tolist() == [[1, 0], [0, 1], [1, 0], [0, 1]]
    assert norm_of("image-scoring").assess.reshape(4, 2).tolist() == [[0, 1]] * 4
    assert norm_of("shunning").assess.reshape(4, 2).tolist() == [[0, 0], [0, 1]] * 2
    for name in ("image-scoring", "shunning"):
        assert norm_of(name).act.tolist() == [[0, 1], [0, 1]]


@given(nps.arrays(np.float64, (2, 2, 2), elements=PROBABILITIES), PROBABILITIES, PROBABILITIES)
def test_errors_of_judges_leave_probabilities_and_a_gift_is_always_seen(
    assess: np.ndarray, perception: float, assignment: float
) -> None:
    found = judged(assess, perception, assignment)
    assert found.shape == (2, 2, 2)
    assert (found >= -1e-15).all() and (found <= 1 + 1e-15).all()
    gave = assignment + (1 - 2 * assignment) * assess[..., 1]
    np.testing.assert_allclose(found[..., 1], gave, atol=1e-15)
    assert np.array_equal(judged(assess, 0.0, 0.0), assess)


def test_a_refusal_is_taken_for_a_gift_and_a_verdict_turns_at_their_rates() -> None:
    """By hand: refusing the good under L6 is good with .98 · .02 + .02 · (.02 · 0 + .98 · 1) after .02 of each."""
    stern = judged(norm_of("L6").assess, 0.02, 0.02)
    assert stern[GG][0] == pytest.approx(0.98 * 0.02 + 0.02 * 0.98)
    assert stern[GG][1] == pytest.approx(0.98)
    assert stern[GB][0] == pytest.approx(0.98 * 0.98 + 0.02 * 0.02)


def test_rates_of_each_run_meet_tables_of_each_run() -> None:
    rates = np.array([[0.0], [0.1], [0.3]])
    together = judged(norm_of("L3").assess[None], rates[..., None, None], rates[..., None, None])
    for found, (rate,) in zip(together, rates, strict=True):
        np.testing.assert_array_equal(found[0] if found.ndim == 4 else found, judged(norm_of("L3").assess, rate, rate))


def test_gifts_fail_and_nobody_gives_by_mistake() -> None:
    assert executed(norm_of("L6").act, 0.1).tolist() == [[0, 0.9], [0, 0.9]]


@pytest.mark.parametrize(
    ("act", "assess", "said"),
    [
        (np.ones((2, 3)), np.ones((2, 2, 2)), r"norm: act must hold probabilities in [0, 1], in shape (2, 2)"),
        (np.ones((2, 2)), np.ones((2, 2)), r"norm: assess must hold probabilities in [0, 1], in shape (2, 2, 2)"),
        (np.full((2, 2), 1.5), np.ones((2, 2, 2)), "norm: act must hold probabilities"),
        (np.ones((2, 2)), np.full((2, 2, 2), np.nan), "norm: assess must hold probabilities"),
        (np.ones((2, 2)), np.full((2, 2, 2), -0.1), "norm: assess must hold probabilities"),
    ],
)
def test_what_is_no_table_of_probabilities_is_one_line(act: Any, assess: Any, said: str) -> None:
    with pytest.raises(InputError) as told:
        Norm(act, assess)
    assert said in str(told.value) and "\n" not in str(told.value)


def test_a_function_that_answers_something_else_is_named() -> None:
    norm("mine")(lambda: 3)  # type: ignore[arg-type, return-value]
    with pytest.raises(InputError, match=r"^norm 'mine' gave int: must answer a Norm$"):
        norm_of("mine")
    with pytest.raises(InputError, match="unknown norm 'shuning': there are L1, L2, .*; did you mean 'shunning'"):
        norm_of("shuning")


def _fickle() -> Callable[[], Norm]:
    shares = iter(range(9))
    return lambda: tables(next(shares) / 10)


@pytest.mark.parametrize(
    ("rule", "promise"),
    [
        (lambda: 3, "it answers a Norm of probabilities"),
        (lambda: tables(1.5), "it answers a Norm of probabilities"),
        (_fickle(), "it answers the same tables each time"),
    ],
)
def test_a_norm_that_breaks_a_promise_is_told_which(rule: Callable[[], Norm], promise: str) -> None:
    norm("broken")(rule)
    with pytest.raises(AssertionError) as told:
        check_norm("broken")
    assert str(told.value).startswith(f"norm 'broken' breaks a promise: {promise}")
    assert "\n" not in str(told.value)


def test_a_norm_that_does_not_exist_cannot_be_checked() -> None:
    with pytest.raises(InputError, match="unknown norm 'kind'"):
        check_norm("kind")


def test_the_norm_of_the_page_plays_as_a_rule_of_judges_and_as_a_policy() -> None:
    (block,) = re.findall(r"```py\n(.*?)```", PAGE, re.DOTALL)
    assert len(block.splitlines()) <= 6
    exec(compile(block, "plug-ins.md", "exec"), {"__name__": "__main__"})
    check_norm("forgiving")
    changes = SMALL | {"reciprocity.norm": "forgiving", "policy.mix": {"norm:forgiving": 0.5, "norm:L6": 0.5}}
    results = run(load("leading-eight", changes), 2)
    assert results.rounds["round"].max() == 3 and np.isfinite(results.rounds["cooperation"]).all()
    live = Live(load("leading-eight", changes), seed=0)  # as the page plays it
    live.step()
    assert live.model.world.terms.policy.names == ("norm:L6", "norm:forgiving")
    assert live.chronicle.rows[-1]["cooperation"] == 1  # both give to the good, and nobody is bad yet


def test_a_norm_of_ones_own_can_be_varied_in_a_sweep() -> None:
    norm("generous")(lambda: tables(1.0, 1.0))
    base = load("leading-eight", SMALL)
    runs = sweep(base, {"reciprocity.norm": ["L6", "generous"]}, seeds=2).runs
    assert set(runs["reciprocity.norm"]) == {"L6", "generous"}
    mixed = load("leading-eight", SMALL | {"policy.mix": {"norm:generous": 1.0}})
    assert run(mixed, 1).rounds["cooperation"].tolist() == [1.0] * 4
