"""What the page tells of principals who mind their values: cards, reasons, value rows, courses, events, sentences."""

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats
from commonweal.agents.graphs import CompleteGraph
from commonweal.agents.policies import Observation, policy_law
from commonweal.agents.policies.imitation import imitation
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.figures.browser.compared.compare_measures import measures_for
from commonweal.figures.browser.documents.cards import card_document
from commonweal.figures.browser.documents.panels import panels
from commonweal.figures.browser.documents.values import values_document
from commonweal.figures.browser.notes.chronicle import Beliefs, Chronicle, Sight
from commonweal.figures.browser.notes.events import SPAN, events
from commonweal.figures.browser.notes.reasons import reason
from commonweal.figures.browser.notes.sentences import sentences
from commonweal.figures.browser.notes.shown import words_of
from commonweal.figures.browser.notes.tables import principal_card
from commonweal.figures.browser.notes.why import why as explained
from commonweal.figures.browser.tab.what_if import Question, answer_document, weigh
from commonweal.scenarios.schema.loading import load
from tests.helpers.chronicles import chronicle_of, noted

SMALL: dict[str, Any] = {
    "task.kind": "synthetic", "task.classes": 10, "task.samples": 900, "task.validation": 100, "population.count": 12,
    "screening.mode": "off", "policy.mutation": 0.0, "policy.revision": 1.0,
}  # fmt: skip
CAMPS = {"values.camps": [{"share": 0.5, "weights": [1.0, 0.0]}, {"share": 0.5, "weights": [0.0, 1.0]}]}
OFF = SMALL | {"values.concern": "none"}
DEAR = {"values.complicity_high": 0.1}


def leaving(rounds: int = 5, **fields: Any) -> Chronicle:
    return chronicle_of("exit-and-voice", rounds, SMALL | DEAR | fields)


def rows_of(card: dict[str, Any], title: str) -> dict[str, str]:
    found = next(each for each in card["sections"] if each["title"] == title)
    return {what: text for what, text, *_ in found["rows"]}


def adopted(before: Sight, people: Any, intensity: float, index: int) -> Floats:
    """(4,) chances with which the policy itself lets a principal do each action: over whom it meets and its luck."""
    count, lucks = len(before.actions), (np.arange(400) + 0.5) / 400
    others = count - 1
    runs = others * len(lucks)
    who = np.zeros((runs, 2, count))
    who[:, 0] = np.repeat((np.arange(others) + 0.5) / others, len(lucks))[:, None]
    who[:, 1] = np.tile(lucks, others)[:, None]
    many = replace(people, **{name: np.repeat(getattr(people, name), runs, axis=0) for name in vars(people)})
    terms: Any = SimpleNamespace(imitation=SimpleNamespace(reach="population", intensity=np.array([[intensity]])))
    seen = Observation(many, CompleteGraph(runs, count), np.arange(4), np.zeros(runs), np.zeros(runs), before.round)
    stream: Any = SimpleNamespace(uniform=lambda *shape: who)
    does = imitation(seen, terms, stream)[:, index]
    return np.bincount(does, minlength=4) / runs


class TestWhy:
    @pytest.mark.parametrize("concern", ["none", "member"])
    def test_imitation_is_replayed_as_the_policy_decides(self, concern: str) -> None:
        fields = SMALL | DEAR | {"values.concern": concern}
        chronicle, ensemble = noted("exit-and-voice", 4, json.dumps(fields), 5)
        before, world = chronicle.newest, chronicle.world
        intensity = float(world.terms.policy.imitation.intensity[0, 0])
        for index in range(12):
            exact = adopted(before, ensemble.people, intensity, index)
            told = policy_law("imitation", before.observed, world.terms.policy)[0, index]
            np.testing.assert_allclose(told, exact, atol=1.5 / 400)

    def test_reasons_compare_utility_and_say_so(self) -> None:
        chronicle = leaving()
        before = chronicle.at(4)
        for index in range(12):
            card = card_document(chronicle, index)
            why = next(each for each in card["sections"] if each["kind"] == "waterfall")
            assert "It imitates those whose pay, less the value cost of doing so" in why["text"]
            found = explained(chronicle, index, 5)
            assert found is not None
            seen = [name.split(" of ")[0] for name in found.explanation.names]
            assert "own utility" in seen and seen.count("value cost") == 4
            assert "it remembers a utility of " in reason(chronicle, index)
        assert (before.utility < before.remembered).any()

    def test_where_nobody_minds_pay_is_compared(self) -> None:
        chronicle = chronicle_of("exit-and-voice", 5, OFF)
        card = card_document(chronicle, 3)
        why = next(each for each in card["sections"] if each["kind"] == "waterfall")
        assert "It imitates who earns more." in why["text"]
        assert "utility" not in json.dumps(card) and "value cost" not in json.dumps(card)
        assert "utility" not in reason(chronicle, 3)

    @pytest.mark.parametrize("policy", ["best_response", "learning", "wait_and_see"])
    def test_other_policies_compare_utility(self, policy: str) -> None:
        chronicle = leaving(4, **{"policy.mix": {policy: 1.0}})
        said = json.dumps([card_document(chronicle, index)["sections"][0] for index in range(12)])
        assert "value cost subtracted" in said
        assert ("What would each have been worth in round 4?" in json.dumps(card_document(chronicle, 0))) == (
            policy in ("best_response", "wait_and_see"))  # fmt: skip


class TestCard:
    def test_it_says_whether_it_is_violated_and_what_that_costs(self) -> None:
        chronicle = leaving()
        sight = chronicle.newest
        assert sight.violated.any() and sight.value_cost.any()
        for index in range(12):
            card = card_document(chronicle, index)
            rows = rows_of(card, "What it values")
            number = int(sight.violated[index].sum())
            assert rows["violated"] == (f"yes, {number} of its 2 limits" if number else "no")
            assert [each["title"] for each in card["numbers"]] == ["wealth", "pay a round", "value cost", "credit"]
            assert card["numbers"][2]["course"][-1] == pytest.approx(sight.value_cost[index], rel=1e-5)
            assert rows["value cost remembered, money per round"].startswith("0 for abstaining, ")
        hidden = next(each for each in card["sections"] if each["title"] == "What it values")["rows"]
        assert all(row[2:] == ["simulation"] for row in hidden)

    def test_a_camp_has_values_of_its_own(self) -> None:
        chronicle = leaving(**CAMPS)
        sight = chronicle.newest
        for index in range(12):
            rows = rows_of(card_document(chronicle, index), "What it values")
            assert rows["its camp, of 2 numbered from 0"] == str(sight.camp[index])
            kept, other = ("protects", "withholds") if sight.camp[index] == 0 else ("withholds", "protects")
            assert any(what.startswith(kept) for what in rows) and not any(what.startswith(other) for what in rows)

    def test_it_says_what_its_agent_believes_files_and_asks(self) -> None:
        chronicle = leaving()
        believing = with_beliefs(chronicle)
        rows = rows_of(card_document(believing, 3), "What its agent knows of that")
        assert rows["its agent on class 3"] == "believed 1.9 ± 0.05, declared 1.8"
        assert rows["its agent asks"] == "whether 1.9 on class 3 is acceptable: no"
        assert rows["its agent has asked"] == "4 times each"
        assert ("its agent has asked", "4 times each") in principal_card(believing, 3).rows
        titles = [each["title"] for each in card_document(chronicle, 3)["sections"]]
        assert "What its agent knows of that" not in titles


def with_beliefs(chronicle: Chronicle) -> Chronicle:
    """The same run as if its agents had to learn limits."""
    sight, shape = chronicle.newest, chronicle.newest.limits.shape
    mean, declared = np.full(shape, 1.9), np.full(shape, 1.8)
    question = np.where(np.arange(shape[1]) == 0, 1.9, np.nan) * np.ones(shape)
    beliefs = Beliefs(mean, np.full(shape, 0.05), declared, question, np.ones(shape, dtype=bool), np.full(shape[0], 4))
    sights = [*list(chronicle.sights)[:-1], replace(sight, beliefs=beliefs)]
    return Chronicle(chronicle.world, list(chronicle.rows), type(chronicle.sights)(sights), chronicle.books)


class TestValueRows:
    def test_the_dearest_come_first_with_what_their_values_cost(self) -> None:
        chronicle = leaving()
        sight, document = chronicle.newest, values_document(chronicle)
        assert document["sort"] == "cost" and document["sorts"][0] == ["cost", "value cost"]
        costs = [row["cost"] for row in document["rows"]]
        assert costs == sorted(costs, reverse=True) and costs[0] > 0
        for row in document["rows"]:
            index = row["index"]
            away = sight.actions[index] == Action.ABSTAIN
            assert (row["gone"] != "") == away and (row["cost_text"] == "") == away
            cost = sight.felt[index, Action.DELEGATE] if away else sight.value_cost[index]
            assert row["cost"] == cost

    def test_shares_are_told_by_dimension_and_camp(self) -> None:
        chronicle = leaving(**CAMPS)
        sight, document = chronicle.newest, values_document(chronicle)
        for row in document["rows"]:
            foreign = row["limits"][1 - int(sight.camp[row["index"]])]
            assert (foreign["true"], foreign["broken"], foreign["text"]) == (None, False, "no value of its own")
        for k, dimension in enumerate(document["dimensions"]):
            assert dimension["broken"] <= int((sight.camp == k).sum())
            number = dimension["broken"] / int((sight.camp == k).sum())
            told = f", breaks {round(100 * number)}\N{NARROW NO-BREAK SPACE}%" if number else ", breaks nobody's limit"
            assert told in dimension["now_text"]

    def test_where_nobody_minds_there_is_no_cost(self) -> None:
        document = values_document(chronicle_of("exit-and-voice", 5, OFF))
        assert all(row["cost"] is None for row in document["rows"]) and document["sort"] != "cost"
        assert "breaks" not in json.dumps(document)

    def test_what_agents_believe_and_declare_has_marks(self) -> None:
        document = values_document(with_beliefs(leaving()))
        assert [mark for mark, _ in document["marks"]] == ["true", "believed", "declared"]
        for row in document["rows"]:
            assert [each["believed"] for each in row["limits"]] == [1.9, 1.9]
            assert [each["declared"] for each in row["limits"]] == [1.8, 1.8]


class TestCourses:
    def test_panels_show_whom_the_model_violates_and_net_welfare(self) -> None:
        lines = {panel.id: [line.measure for line in panel.lines] for panel in panels(leaving(**CAMPS).world)}
        assert lines["violated"] == ["violated", "violated_camp_0", "violated_camp_1"]
        assert lines["worth"] == ["revenue", "welfare", "net_welfare"]
        plain = chronicle_of("exit-and-voice", 5, OFF).world
        off = {panel.id: [line.measure for line in panel.lines] for panel in panels(plain)}
        assert "violated" not in off and off["worth"] == ["revenue", "welfare"]

    def test_rules_are_compared_by_whom_they_violate(self) -> None:
        rules = [load("exit-and-voice", {"screening.mode": mode}) for mode in ("project", "off")]
        names = [each.name for each in measures_for(rules)]
        assert names == ["share_delegate", "accuracy", "violated", "net_welfare", "welfare"]
        assert "violated" not in [each.name for each in measures_for([load("value-conflict")])]

    def test_the_view_of_values_says_what_broken_limits_cost(self) -> None:
        chronicle = leaving(**CAMPS)
        row, told = chronicle.rows[-1], sentences(chronicle, "Why?", 5)["values"]
        assert f"Broken limits cost {row['value_cost']:.3g} money" in told.context
        assert "of camp 0 and " in told.context
        off = sentences(chronicle_of("exit-and-voice", 5, OFF), "Why?", 5)["values"]
        assert "cost" not in off.context


def lived(violated: list[float], away: list[float]) -> Chronicle:
    """A chronicle in which these shares have a limit broken, and stay away."""
    chronicle = leaving()
    row = chronicle.rows[0] | {"level_0": 0.0, "level_1": 1.0, "limit_0": 2.0, "limit_1": 0.5}
    rows = [row | {"round": t + 1, "violated": one, "share_abstain": other, "share_defect": 0.0, "share_free_ride": 0.0,
                   "share_delegate": 1 - other, "accuracy": 0.5}
            for t, (one, other) in enumerate(zip(violated, away, strict=True))]  # fmt: skip
    return Chronicle(chronicle.world, rows, chronicle.sights)


class TestEvents:
    def test_an_exit_is_told_when_many_leave_within_ten_rounds(self) -> None:
        away = [0.0] * 5 + [0.05, 0.1, 0.2, 0.4] + [0.4] * 6
        found = [event for event in events(lived([0.0] * 15, away)) if event.kind == "exit"]
        assert [(event.round, event.ink) for event in found] == [(8, "abstain")]
        assert found[0].text == "20\N{NARROW NO-BREAK SPACE}% have left, up from 0\N{NARROW NO-BREAK SPACE}%"

    def test_relief_is_told_once_nobody_was_violated_for_ten_rounds(self) -> None:
        shares = [1.0, 0.0, 0.6] + [0.0] * (SPAN + 5)
        found = [event for event in events(lived(shares, [0.0] * len(shares))) if event.kind == "relief"]
        assert [(event.round, event.text) for event in found] == [
            (4 + SPAN, "nobody has a limit broken any more, for 10 rounds")]  # fmt: skip

    def test_it_is_no_relief_where_nobody_ever_was(self) -> None:
        assert "relief" not in {event.kind for event in events(lived([0.0] * 30, [0.0] * 30))}

    def test_many_broken_limits_are_an_event(self) -> None:
        found = [event for event in events(lived([0.0] * 4 + [0.3] * 8, [0.0] * 12)) if event.kind == "broken limit"]
        assert [(event.round, event.text) for event in found] == [
            (5, "30\N{NARROW NO-BREAK SPACE}% have a limit broken, up from 0\N{NARROW NO-BREAK SPACE}%")]  # fmt: skip

    @pytest.mark.parametrize("step", [1, 3, 7])
    def test_what_is_found_as_a_run_goes_on_is_what_is_found_at_its_end(self, step: int) -> None:
        rng = np.random.default_rng(4)
        shares = np.repeat(rng.random(12) * (rng.random(12) > 0.5), 13).tolist()
        whole = lived(shares, shares)
        growing = Chronicle(whole.world, [], whole.sights)
        for upto in range(0, len(shares) + step, step):
            growing.rows = whole.rows[:upto]
            if upto:
                events(growing)
        assert events(growing) == events(whole)
        assert {"exit", "relief"} <= {event.kind for event in events(whole)}


def test_words_know_whether_anybody_minds() -> None:
    assert words_of(leaving().world).minds and not words_of(chronicle_of("exit-and-voice", 5, OFF).world).minds


class TestLearnedValues:
    """Where agents learn limits by asking, the page shows what they believe, declare and asked."""

    def test_rows_and_cards_hold_what_the_round_noted(self) -> None:
        fields = SMALL | DEAR | {"beliefs.kind": "learned", "screening.mode": "project"}
        chronicle, ensemble = noted("exit-and-voice", 3, json.dumps(fields), 5)
        before, record = chronicle.newest, ensemble.step()
        chronicle = Chronicle(chronicle.world, list(chronicle.rows), type(chronicle.sights)([before]), chronicle.books)
        chronicle.note(record, ensemble.state, ensemble.state, ensemble.people)
        told, sight = record.notes["beliefs"], chronicle.newest
        assert sight.beliefs is not None
        np.testing.assert_array_equal(sight.beliefs.mean, told.mean[0])
        document = values_document(chronicle)
        assert [mark for mark, _ in document["marks"]] == ["true", "believed", "declared"]
        for row in document["rows"]:
            assert [each["declared"] for each in row["limits"]] == told.declared[0, row["index"]].tolist()
        rows = rows_of(card_document(chronicle, 3), "What its agent knows of that")
        assert rows["its agent has asked"] == f"{told.asked[0, 3]} times each"
        assert "beliefs" in [panel.id for panel in panels(chronicle.world)]

    def test_a_voice_is_a_stricter_claim(self) -> None:
        chronicle = leaving(8, **{"values.voice": 0.5})
        sight, document = chronicle.newest, values_document(chronicle)
        assert sight.stricter.any()
        assert document["marks"][-1] == ["declared", "claimed as its voice"]
        senses = chronicle.world.senses
        for row in document["rows"]:
            for k, limit in enumerate(row["limits"]):
                stricter = sight.stricter[row["index"], k]
                claimed = limit["true"] if limit["declared"] is None else limit["declared"]
                assert senses[k] * (claimed - limit["true"]) >= 0 and (claimed != limit["true"]) <= (stricter > 0)
        speaks = int(sight.stricter.sum(axis=1).argmax())
        assert "its voice, stricter claims by" in rows_of(card_document(chronicle, speaks), "What it values")


def test_a_what_if_is_weighed_in_utility() -> None:
    dear = {"values.complicity_low": 0.2, "values.complicity_high": 0.2}
    ensemble = Ensemble(load("exit-and-voice", SMALL | dear), [3])
    for _ in range(4):
        ensemble.step()
    economy = ensemble.snapshot
    verdict = weigh(economy, Question(2, Action.ABSTAIN))
    told = answer_document(verdict, ensemble.world)
    assert told["unit"] == "utility, money a round" and ", value cost subtracted. " in told["sentence"]
    assert told["gain"]["mean"] == pytest.approx((verdict.deviates - verdict.follows).mean())
