"""What Compare says: verdicts only where an interval leaves out 0, and one sentence that says no more."""

import json

import numpy as np
import pytest

from commonweal.figures.browser.compared.compare_document import compare_document, few, more_seeds
from commonweal.figures.browser.compared.compare_measures import measures_for
from commonweal.figures.browser.compared.compared import Compared, Guess, context, headline, part_in_words, short_names
from commonweal.figures.browser.compared.rule_names import rule, value_words
from commonweal.figures.browser.notes.numbers import fixed
from commonweal.scenarios.schema.loading import load

RULES = tuple(rule({"settlement.kind": kind}, {}) for kind in ("credit", "data", "equal"))
MEASURES = measures_for([load("commons")])
NOISE = np.array([-0.03, 0.02, 0.01, -0.01, 0.03, -0.02, 0.015, -0.015])


def compared(*levels: float, spread: float = 1.0, seeds: int = 8, done: bool = True) -> Compared:
    """Rules that stay at a level from the first to the fourth round, with noise over seeds that differs by rule."""
    noise = np.stack([np.roll(NOISE, 3 * place) for place in range(len(levels))]) * spread
    share = np.clip(np.array(levels)[:, None] + noise, 0, 1)[:, :seeds]
    courses = np.broadcast_to(share[None, :, :, None], (len(MEASURES), len(levels), seeds, 4)).copy()
    return Compared(RULES[: len(levels)], tuple(range(seeds)), MEASURES, courses, done=done)


@pytest.mark.parametrize(
    ("levels", "told"),
    [
        ((0.75, 0.03, 0.03), "Paid by credit, three quarters delegate. Paid by samples or equally, almost nobody."),
        ((0.03, 0.03, 0.75), "Paid by credit or samples, almost nobody delegates. Paid equally, three quarters."),
        ((0.5, 0.5, 0.5),
         "No difference in how many delegate seen with 8 seeds: paid by credit, by samples or equally, half delegate."),
        ((0.5, 0.45, 0.1), "Paid by credit, half delegate. Paid by samples, two fifths. Paid equally, a tenth."),
        ((0.76, 0.72), "Paid by credit, 76\u202f% delegate. Paid by samples, 72\u202f%."),
    ],
)  # fmt: skip
def test_the_sentence_tells_levels_apart_only_where_intervals_do(levels: tuple[float, ...], told: str) -> None:
    spread = 0.1 if len(levels) == 2 or 0.45 in levels else 1.0
    assert headline(compared(*levels, spread=spread)) == told


def test_the_context_gives_the_largest_difference_with_its_interval_and_how_many_seeds_agree() -> None:
    told = context(compared(0.75, 0.4, 0.03))
    assert told.startswith("Credit against equal: +0.72 of all principals, 95 % interval [0.69, 0.75], ")
    assert told.endswith("same sign in 8 of 8 seeds. Of round 4.")


@pytest.mark.parametrize(("other", "verdict"), [(0.2, "more"), (0.8, "less"), (0.5, "no difference seen with 8 seeds")])
def test_a_verdict_only_where_the_interval_leaves_out_0(other: float, verdict: str) -> None:
    document, _ = compare_document(compared(0.5, other))
    entry = document["differences"]["rows"][0]["entries"][0]
    assert entry["verdict"] == verdict
    assert (entry["low"] > 0 or entry["high"] < 0) is (verdict in ("more", "less"))


def test_the_document_holds_what_is_drawn_and_no_nan() -> None:
    courses = compared(0.75, 0.03)
    courses.courses[:, 1, 2:] = np.nan  # seeds of which the second rule is not played
    document, sent = compare_document(courses, single=True)
    json.dumps(document, allow_nan=False)
    lines = np.frombuffer(sent, dtype=np.float32).reshape(document["shape"])
    assert lines.shape == (3, 2, 3 + 8, 4)
    np.testing.assert_allclose(lines[0, 0, 3:], courses.courses[0, 0], rtol=1e-6)
    np.testing.assert_allclose(lines[0, 0, 0], courses.courses[0, 0].mean(axis=0), rtol=1e-6)
    assert (lines[0, 0, 1] < lines[0, 0, 0]).all()
    assert (lines[0, 0, 2] > lines[0, 0, 0]).all()
    row = document["differences"]["rows"][0]
    assert row["entries"][0]["dots"][2:] == [None] * 6


def test_all_rows_have_their_zero_in_one_place_and_fit() -> None:
    courses = compared(0.5, 0.3, 0.8)
    courses.courses[2] *= 40  # welfare has a scale of its own
    differences = compare_document(courses)[0]["differences"]
    shares = [row["scale"] for row, measure in zip(differences["rows"], MEASURES, strict=True) if measure.share]
    assert len(set(shares)) == 1
    for row in differences["rows"]:
        for entry in row["entries"]:
            ends = [differences["zero"] + end / row["scale"] for end in (entry["low"], entry["high"], *entry["dots"])]
            assert 0 <= min(ends) <= max(ends) <= 1


def test_few_seeds_are_told_and_more_are_offered() -> None:
    assert few(8) == few(5) == ""
    assert few(3) == "3 seeds are few: intervals are wide. 8 seeds will do."
    assert few(1).startswith("One seed: nothing can be told apart by it")
    assert [more_seeds(seeds) for seeds in (1, 3, 8, 24)] == [7, 5, 16, 16]
    alone, _ = compare_document(compared(0.75, 0.03, seeds=1))
    assert alone["context"].startswith("One seed: luck may be all of a difference.")
    told = {entry["verdict"] for row in alone["differences"]["rows"] for entry in row["entries"]}
    assert told == {"one seed tells none"}


def test_a_guess_is_told_beside_the_result_once_it_is_there() -> None:
    guess = Guess(0, (0.2, 0.2, 0.4, 0.4), first=1)
    document, _ = compare_document(compared(0.75, 0.03), guess)
    assert document["guess"]["text"] == "You drew 0.40 for credit; it is 0.75 [0.73, 0.77]."
    waiting, _ = compare_document(compared(0.75, 0.03, done=False), guess)
    assert waiting["guess"]["text"] == ""
    assert waiting["sentence"] == "Paid by credit or samples?"


@pytest.mark.parametrize(
    ("changes", "name", "clause"),
    [
        ({"settlement.kind": "equal"}, "equal", "paid equally"),
        ({"stakes.audit": 0.0}, "no audits", "without audits"),
        ({"stakes.audit": 0.5}, "audits 0.5", "with audits 0.5"),
        ({"screening.gate": True}, "gate", "with the gate"),
        ({"screening.gate": False}, "no gate", "without the gate"),
        ({"screening.mode": "off"}, "no screening", "without screening"),
        ({"settlement.kind": "credit", "stakes.audit": 0.5}, "settlement credit, audits 0.5",
         "paid by credit and with audits 0.5"),
        ({}, "as set", "as set"),
    ],
)  # fmt: skip
def test_rules_have_names_that_can_be_read(changes: dict[str, object], name: str, clause: str) -> None:
    labels = {"stakes.audit": "Audits a round", "settlement.kind": "Settlement"}
    found = rule(changes, labels)
    assert (found.name, found.clause) == (name, clause)


def test_names_on_curves_leave_out_what_all_begin_with() -> None:
    rules = [rule({"market.multiplication": value}, {}) for value in (1.6, 3.2)]
    assert [each.name for each in rules] == ["multiplication 1.6", "multiplication 3.2"]
    assert short_names(rules) == ["1.6", "3.2"]
    assert short_names(RULES) == ["credit", "data", "equal"]


def test_numbers_and_shares_are_written_as_people_read_them() -> None:
    assert [fixed(value, 2, "+") for value in (0.5, -0.5, -0.001, np.nan)] == ["+0.50", "−0.50", "0.00", "–"]
    assert fixed(-14408.2, 0) == "−14\u202f408"
    words = [part_in_words(share) for share in (0.0, 0.03, 0.24, 0.5, 0.74, 0.97, 1.0)]
    assert words == ["nobody", "almost nobody", "a quarter", "half", "three quarters", "almost all", "all"]
    assert [value_words("", value) for value in (True, 4.0, "one_two")] == ["on", "4", "one two"]


