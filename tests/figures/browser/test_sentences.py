"""Sentences over the views: what they say is so, the same run gives the same words, and they cost next to nothing."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.actions import Action
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.figures.browser.notes.chronicle import Chronicle
from commonweal.figures.browser.notes.courses import TURN, Course
from commonweal.figures.browser.notes.sentences import first_sentence, listed, paid, sentence, sentences
from commonweal.scenarios.schema.loading import load

SMALL = {"task.kind": "synthetic", "task.samples": 2400, "task.features": 6, "learning.hidden": [4], "task.drift": 0.0}
VALUED = {"values.dimensions": [{"sense": "protect", "limit": 1.2, "spread": 0.6, "label": 0}],
          "screening.mode": "project", "screening.scope": "own"}  # fmt: skip
QUESTION = "Who pays for data that all share? Vary settlement.kind."


@cache
def played(name: str, rounds: int, count: int | None = None, valued: bool = False) -> Chronicle:
    changes = ({} if name.endswith("goods") else SMALL) | (VALUED if valued else {})
    ensemble = Ensemble(load(name, changes | ({"population.count": count} if count else {})), [3])
    chronicle = Chronicle(ensemble.world)
    chronicle.begin(ensemble.state, ensemble.people, ensemble.opening)
    for _ in range(rounds):
        before = ensemble.state
        chronicle.note(ensemble.step(), before, ensemble.state, ensemble.people)
    return chronicle


def told(shares: list[float], **others: list[float]) -> dict[str, tuple[str, str]]:
    """The sentences of a run of the commons with this share of delegators, the blanks as a keyboard has them."""
    chronicle = played("commons", 1)
    results = others.get("accuracy", [0.5] * len(shares))
    rows = [chronicle.rows[0] | {"round": t + 1.0, "share_delegate": share, "accuracy": results[t]}
            for t, share in enumerate(shares)]
    acts = np.full(40, Action.FREE_RIDE)
    acts[: round(40 * shares[-1])] = Action.DELEGATE
    sight = replace(chronicle.newest, round=len(shares), actions=acts)
    found = sentences(Chronicle(chronicle.world, rows, chronicle.sights.__class__([sight])), QUESTION, 200)
    return {view: (each.sentence.replace("\u202f", " "), each.context.replace("\u202f", " "))
            for view, each in found.items()}


@pytest.mark.parametrize(("shares", "said"), [
    ([0.6, 0.225, 0.725], "72 % delegate. Cooperation fell to 22 %, then came back."),
    ([0.6, 0.2, 0.4], "40 % delegate. Cooperation fell to 20 %, then rose again."),
    ([0.5, 0.55, 0.3], "30 % still delegate, 70 % free-ride."),
    ([0.5, 0.9, 0.6], "60 % delegate. Cooperation rose to 90 %, then fell."),
    ([0.8, 0.5, 0.55], "55 % still delegate, down from 80 % in the first round."),
    ([0.3, 0.5, 0.75], "75 % delegate, up from 30 % in the first round."),
    ([0.6] * 10, "60 % delegate, in every round."),
    ([0.6, 0.65] * 5, "65 % delegate, about as many as at first."),
    ([0.6], "60 % delegate."),
    ([1.0] * 12, "Everybody delegates, in every round."),
    ([0.5, 0.0], "Nobody delegates, 100 % free-ride."),
])  # fmt: skip
def test_a_society_is_told_by_how_many_delegate_and_what_became_of_that(shares: list[float], said: str) -> None:
    assert told(shares)["society"][0] == said


def test_the_context_is_the_question_how_many_are_paid_how_and_the_result() -> None:
    context = told([0.6, 0.6], accuracy=[0.5, 0.94])["society"][1]
    assert context == ("Who pays for data that all share? 40 principals, paid by credit. "
                       "The model gets 94 % of test samples right.")  # fmt: skip


def test_dynamics_tells_when_and_how_the_result_went() -> None:
    said, context = told([0.6, 0.225, 0.725], accuracy=[0.1, 0.5, 0.94])["dynamics"]
    assert said == ("Cooperation fell to 22 % by round 2 and came back to 72 %. "
                    "Right on test samples rose from 10 % to 94 %.")  # fmt: skip
    assert context.endswith("paid by credit. Round 3 of 200.")


def test_before_the_first_round_the_question_is_asked() -> None:
    found = sentences(played("commons", 0), QUESTION, 200)
    assert set(found) == {"society", "dynamics", "ledger"}
    assert set(found.values()) == {("Who pays for data that all share?", "40 principals, paid by credit. 200 rounds.")}


def test_views_that_a_run_lacks_have_no_sentence() -> None:
    assert "values" not in sentences(played("commons", 1), QUESTION)
    assert "ledger" not in sentences(played("big-and-small", 1), QUESTION)


def test_values_tell_how_many_have_a_limit_broken() -> None:
    chronicle = played("leaky", 3, valued=True)
    sight, row = chronicle.newest, chronicle.rows[-1]
    broken = int((sight.limits[:, 0] < row["level_0"] + row["true_change_0"]).sum())
    said, context = sentences(chronicle, QUESTION)["values"]
    assert broken and said.startswith(f"The model breaks a limit of {broken} of 40 principals. Screening takes ")
    assert context == "Class 0 is protected. 40 principals."


def test_the_ledger_tells_what_came_in_and_that_nothing_is_lost() -> None:
    said, context = sentences(played("commons", 3), QUESTION)["ledger"]
    assert "money came in; principals own" in said
    assert context == "All 82 accounts add up to 0."


def test_clusters_are_claimed_only_where_neighbours_are_alike_more_than_by_chance() -> None:
    chronicle = played("spatial-public-goods", 1, 400)
    sight, rng = chronicle.newest, np.random.default_rng(0)
    mixed = rng.permutation(np.repeat([Action.DELEGATE, Action.FREE_RIDE], 200)).astype(np.int64)
    block = np.where(np.arange(400) < 200, Action.DELEGATE, Action.FREE_RIDE).astype(np.int64)  # rows of the lattice

    def said(acts: Any, payoffs: Any) -> str:
        newest = replace(sight, actions=acts, payoffs=payoffs)
        return sentences(Chronicle(chronicle.world, chronicle.rows, chronicle.sights.__class__([newest])), "")[
            "society"].sentence

    poorer = np.where(block == Action.DELEGATE, 0.0, 1.0)
    assert "clusters" not in said(mixed, poorer)
    assert said(block, poorer).endswith("in clusters.")
    assert said(block, 1 - poorer).endswith("in clusters that shelter each other.")


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_a_course_tells_its_extremes_and_no_turn_that_is_small(values: list[float]) -> None:
    course = Course()
    for t, value in enumerate(values):
        course.take(t + 1, value)
    assert (course.start, course.last, course.low, course.high) == (values[0], values[-1], min(values), max(values))
    assert values[course.low_round - 1] == min(values)
    if max(values) - min(values) < TURN:
        assert course.shape in ("new", "steady")
        assert course.turned("it") == ""
    if course.shape == "fell and rose":
        assert min(values) <= min(values[0], values[-1]) - TURN + 1e-12
    assert course.told("it") or len(values) == 1


def test_words_do_not_depend_on_how_often_they_were_asked_for() -> None:
    chronicle, fresh = played("commons", 12), played("commons", 12)
    going = Chronicle(fresh.world, [], fresh.sights)
    for row in fresh.rows:
        going.rows.append(row)
        sentences(going, QUESTION)
    assert sentences(going, QUESTION, 200) == sentences(Chronicle(chronicle.world, chronicle.rows, chronicle.sights),
                                                        QUESTION, 200)  # fmt: skip


class Counted(list[dict[str, float]]):
    """Rows that count how many of them are read."""

    read = 0

    def __getitem__(self, place: Any) -> Any:
        found = super().__getitem__(place)
        self.read += len(found) if isinstance(place, slice) else 1
        return found

    def __iter__(self) -> Iterator[dict[str, float]]:
        self.read += len(self)
        return super().__iter__()


def test_a_sentence_reads_no_more_rows_however_long_the_run() -> None:
    chronicle = played("commons", 3)
    rows = Counted(chronicle.rows[0] | {"round": t + 1.0} for t in range(2000))
    long = Chronicle(chronicle.world, rows, chronicle.sights)
    sentences(long, QUESTION)
    assert rows.read >= 2000
    rows.read = 0
    rows.append(chronicle.rows[0] | {"round": 2001.0})
    sentences(long, QUESTION)
    assert 1 <= rows.read <= 4


def test_helpers_for_other_views() -> None:
    assert (paid("equal"), paid("credit"), paid("my_rule")) == ("paid equally", "paid by credit", "paid by my rule")
    assert listed(["a"]) == "a" and listed(["a", "b", "c"]) == "a, b and c"
    assert sentence("who pays?") == "Who pays?" and sentence("nobody") == "Nobody."
    assert first_sentence("Two (Wang et al. 2025): why? Vary it.") == "Two (Wang et al. 2025): why?"
