"""What the page tells where names count: reasons, verdicts, cards, courses, events, marks and ledger words."""

import json
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.agents.conduct import Conduct
from commonweal.agents.reciprocity.norms import NORMS, norm_of
from commonweal.economy.money.ledger import MICRO, Reason
from commonweal.figures.browser.documents.cards import LIFE, card_document
from commonweal.figures.browser.documents.glances import BAD, STRUCK, Glances, bad_names
from commonweal.figures.browser.documents.layout import lay_out
from commonweal.figures.browser.documents.ledger import ledger_document
from commonweal.figures.browser.documents.panels import measures, panels
from commonweal.figures.browser.documents.run_documents import frame, setup_document
from commonweal.figures.browser.fields.fields import fields_document, in_words
from commonweal.figures.browser.fields.scenarios import scenarios_document
from commonweal.figures.browser.notes.chronicle import Chronicle, Sight
from commonweal.figures.browser.notes.events import SPAN, Event, events
from commonweal.figures.browser.notes.names import TOLD, goes_by_names, why_it_gave, why_its_name
from commonweal.figures.browser.notes.numbers import figure, percent
from commonweal.figures.browser.notes.reasons import reason
from commonweal.figures.browser.notes.requests import Requests
from commonweal.figures.browser.notes.sentences import sentences
from commonweal.figures.browser.notes.shown import pays_money
from commonweal.figures.browser.notes.tables import principal_card
from commonweal.scenarios.schema.loading import load
from tests.helpers.chronicles import chronicle_of, noted

ROUNDS = 30
THREE = ("reciprocity", "leading-eight", "slander")
ERRING: dict[str, Any] = {"reciprocity.execution": 0.1, "reciprocity.perception": 0.2, "reciprocity.assignment": 0.1}
NAMES = ("bad", "good")


def eight(**fields: Any) -> Chronicle:
    return chronicle_of("leading-eight", ROUNDS, fields)


def told_of(sight: Sight) -> Requests:
    assert sight.requests is not None
    return sight.requests


def section(card: dict[str, Any], title: str) -> Any:
    return next((each for each in card["sections"] if each["title"].startswith(title)), None)


def pairs(chronicle: Chronicle) -> list[tuple[Sight, Sight]]:
    """Every round with the one before."""
    return list(pairwise(chronicle.sights))


def verdicts(chronicle: Chronicle) -> set[str]:
    """What is said of every name in every round."""
    count = chronicle.world.shape[1]
    return {why_its_name(*pair, index, chronicle.world) for pair in pairs(chronicle) for index in range(count)}


class TestRequests:
    @given(st.integers(0, 40), st.sampled_from(["requests", "pool", "admission"]))
    @settings(max_examples=12, deadline=None)
    def test_what_moved_is_what_the_ledger_says(self, seed: int, kind: str) -> None:
        fields = {"population.count": 9, "reciprocity.kind": kind, "policy.mix": {"norm:L6": 0.7, "fixed": 0.3}}
        live = kind == "admission"  # gifts are always for others
        chronicle = chronicle_of("reciprocity" if live else "leading-eight", 4, fields, seed)
        books = chronicle.transfers()
        moved = np.isin(books["reason"], [Reason.REQUEST, Reason.WITHHELD])
        for sight in list(chronicle.sights)[1:]:
            told, of = told_of(sight), moved & (books["round"] == sight.round)
            net = np.zeros(2 * 9 + 2)
            np.add.at(net, books["target"][of], books["amount"][of])
            np.add.at(net, books["source"][of], -books["amount"][of])
            np.testing.assert_allclose(told.received - told.given, net[:9] / MICRO, atol=1e-9)
            assert (told.given >= 0).all()
            if kind == "requests":
                assert told.given.sum() == pytest.approx(told.received.sum())
                np.testing.assert_allclose(told.received[told.counterpart], told.given, atol=1e-9)

    def test_names_after_a_round_are_those_before_the_next(self) -> None:
        for before, sight in pairs(eight()):
            np.testing.assert_array_equal(told_of(before).after, told_of(sight).before)

    @pytest.mark.parametrize("scenario", ["commons", "public-goods"])
    def test_there_are_none_where_names_do_not_count(self, scenario: str) -> None:
        assert all(sight.requests is None for sight in chronicle_of(scenario, 3).sights)


class TestWhyItGave:
    @pytest.mark.parametrize("norm", ["L1", "L6", "image-scoring"])
    def test_who_follows_a_norm_did_what_is_said_of_both_names_and_its_norm(self, norm: str) -> None:
        fields = {"policy.mix": {f"norm:{norm}": 1.0}, "reciprocity.norm": norm, **ERRING}
        chronicle, act = eight(**fields), norm_of(norm).act
        failed = 0
        for before, sight in pairs(chronicle):
            told = told_of(sight)
            for index in range(len(told.gave)):
                text = why_it_gave(before, sight, index, chronicle.world)
                x, y, gave = int(told.before[index]), int(told.other[index]), bool(told.gave[index])
                deed = "gave to" if gave else "refused"
                assert text.startswith(f"It {deed} {told.counterpart[index]}, whose name was {NAMES[y]}: {norm} gives")
                whom = {(0, 1): "only to the good", (1, 1): "to anybody"}[tuple(act[x].astype(int).tolist())]
                assert f"gives a {NAMES[x]} donor's gifts {whom}." in text
                assert ("its gift failed, which 10\u202f% of gifts do" in text) == (gave != bool(act[x, y]))
                failed += gave != bool(act[x, y])
                assert reason(chronicle, index, sight.round) == text
        assert failed > 20

    def test_in_the_live_cooperative_data_are_given(self) -> None:
        chronicle = chronicle_of("reciprocity", 6)
        policy = chronicle.newest.policy
        follower = int(np.flatnonzero(policy == chronicle.world.terms.policy.names.index("norm:L6"))[0])
        assert "donor's data only to the good." in reason(chronicle, follower)

    def test_who_meets_nobody_delegates_for_itself(self) -> None:
        before, sight = pairs(eight())[-1]
        alone = replace(sight, requests=replace(told_of(sight), meets=np.zeros(40, dtype=bool)))
        assert "who meets nobody delegates for itself" in why_it_gave(before, alone, 3, eight().world)
        assert "since it had nobody's request. Its name stays" in why_its_name(before, alone, 3, eight().world)

    def test_a_learner_says_what_giving_costs_what_judges_say_and_what_a_good_name_is_worth(self) -> None:
        chronicle = chronicle_of("reciprocity", ROUNDS)
        place = chronicle.world.terms.policy.names.index("reciprocity")
        before, sight = pairs(chronicle)[-1]
        seen, told = told_of(before), told_of(sight)
        assert seen.giving is not None
        for index in np.flatnonzero(sight.policy == place).tolist():
            x, y = int(told.before[index]), int(told.other[index])
            text = why_it_gave(before, sight, index, chronicle.world)
            chance = percent(float(seen.giving[index, x, y]))
            assert f"learned to give with probability {chance} as a {NAMES[x]} donor to a {NAMES[y]} recipient" in text
            assert f"Giving costs {figure(float(seen.costs[index]))} money now." in text
            assert "in the 10 rounds that it plans a good name is worth " in text
            assert card_document(chronicle, index)["sections"][0]["text"].endswith(text)  # the same at each call
        first = pairs(chronicle)[0]
        learner = int(np.flatnonzero(sight.policy == place)[0])
        assert "It has seen nobody give or refuse yet" in why_it_gave(*first, learner, chronicle.world)


class TestWhyItsName:
    def test_a_verdict_follows_the_norm_or_an_error_is_named(self) -> None:
        chronicle, assess = eight(**ERRING), norm_of("L6").assess
        erred = {"misseen": 0, "turned": 0}
        for before, sight in pairs(chronicle):
            told = told_of(sight)
            for index in range(len(told.gave)):
                text = why_its_name(before, sight, index, chronicle.world)
                x, y, gave = int(told.before[index]), int(told.other[index]), int(told.gave[index])
                good, meant = bool(told.verdicts[index, 0]), bool(assess[x, y, gave])
                begins = f"Judge {told.judges[index, 0]} called it {NAMES[int(good)]} "
                deed = f"{('refused', 'gave to')[gave]} a {NAMES[y]} one"
                assert text.startswith(begins)
                if good == meant:
                    assert text == f"{begins}because it {deed}."
                    continue
                assert f"although L6 calls {NAMES[int(meant)]} whoever {deed}: " in text
                erred["misseen" if "took the refusal" in text else "turned"] += 1
                assert ("took the refusal for a gift" in text) == (gave == 0)  # a gift is always seen as one
        assert min(erred.values()) > 10

    def test_which_error_it_was_is_told_by_likelihood(self) -> None:
        chronicle = eight(**ERRING)  # ε_p = .2, ε_a = .1: (.2 × .9) : (.8 × .1) = 69 % : 31 %
        told = [text for text in verdicts(chronicle) if "took the refusal" in text]
        likely = "(69\u202f% likely), or its verdict was turned by mistake (31\u202f%)."
        assert told and all(text.endswith(likely) for text in told)
        one = eight(**ERRING | {"reciprocity.assignment": 0.0})
        texts = verdicts(one)
        assert any(each.endswith(": it took the refusal for a gift.") for each in texts)
        assert not any("turned" in each for each in texts)

    def test_where_the_norm_looks_at_the_donor_its_name_is_said(self) -> None:
        fields = {"policy.mix": {"norm:L1": 1.0}, "reciprocity.norm": "L1", "reciprocity.assignment": 0.0,
                  "reciprocity.perception": 0.0, "reciprocity.execution": 0.3}  # fmt: skip
        chronicle = eight(**fields)
        texts = " ".join(verdicts(chronicle))
        assert "called it bad because it refused a bad one while bad itself." in texts  # L1: A(B, B, refused) = 0
        assert "called it good because it refused a bad one while good itself." in texts

    def test_of_several_judges_the_majority_counts_and_the_first_are_told(self) -> None:
        chronicle = eight(**{"reciprocity.judges": 9, "reciprocity.assignment": 0.3})
        before, sight = pairs(chronicle)[-1]
        for index in range(40):
            text = why_its_name(before, sight, index, chronicle.world)
            votes = int(told_of(sight).verdicts[index].sum())
            assert text.count("Judge ") == TOLD
            assert text.endswith(f"{votes} of 9 judges said good, so its name is {NAMES[int(votes > 4)]}.")
            said = dict(section(card_document(chronicle, index), "Its name")["rows"])["its judges"]
            assert said.endswith("and 4 others")

    def test_who_is_outvoted_as_a_judge_may_lose_its_name(self) -> None:
        chronicle = eight(**{"reciprocity.judges": 3, "reciprocity.dissent": 0.5, "reciprocity.assignment": 0.2})
        lost = 0
        for before, sight in pairs(chronicle):
            told = told_of(sight)
            for index in range(40):
                text = why_its_name(before, sight, index, chronicle.world)
                majority = told.verdicts[index].sum() > 1
                said = text.endswith("As a judge it was outvoted, which cost it its good name.")
                assert said == told.outvoted[index]
                assert said or bool(told.after[index]) == majority
                lost += said and majority
        assert lost > 20

    def test_slander_and_rings_are_named(self) -> None:
        chronicle = eight()
        before, sight = pairs(chronicle)[-1]
        judge = int(told_of(sight).judges[3, 0])
        conduct = Conduct.plain(1, 40, 0)
        conduct.slanders[0, judge] = True
        world = replace(chronicle.world, conduct=conduct)
        assert why_its_name(before, sight, 3, world).endswith(": it slanders, whatever is done.")
        conduct.ring[0, [judge, 3]] = 0
        assert "both are of a ring whose members praise each other" in why_its_name(before, sight, 3, world)

    def test_who_learns_to_judge_says_with_which_chance(self) -> None:
        chronicle = chronicle_of("slander", ROUNDS)
        place = chronicle.world.terms.policy.names.index("reciprocity")
        before, sight = pairs(chronicle)[-1]
        told, seen = told_of(sight), told_of(before)
        assert seen.judging is not None
        judged_by_learners = np.flatnonzero(sight.policy[told.judges[:, 0]] == place).tolist()
        assert judged_by_learners
        for index in judged_by_learners:
            case = told.judges[index, 0], told.before[index], told.other[index], int(told.gave[index])
            chance = percent(float(seen.judging[case]))
            text = why_its_name(before, sight, index, chronicle.world)
            assert text.endswith(f"it has learned to call that good with probability {chance}.")

    def test_private_names_are_good_in_the_eyes_of_a_share_of_others(self) -> None:
        fields = {"reciprocity.images": "private", "policy.mix": {"norm:L1": 1.0}, "reciprocity.norm": "L1"}
        _, ensemble = noted("leading-eight", ROUNDS, json.dumps(fields), 5)
        chronicle = eight(**fields)
        own = ensemble.state.mechanisms["reciprocity"]
        opinions = own.opinions[0].astype(float)
        np.fill_diagonal(opinions, 0)
        before, sight = pairs(chronicle)[-1]
        np.testing.assert_allclose(told_of(sight).good, opinions.sum(axis=0) / 39, atol=1e-12)
        assert 0 < bad_names(sight).sum() == (told_of(sight).good < 0.5).sum()
        for index in range(40):
            share = f"in the eyes of {percent(float(told_of(sight).good[index]))} of others"
            assert share in why_its_name(before, sight, index, chronicle.world)
            rows = dict(section(card_document(chronicle, index), "Its name and requests")["rows"])
            assert rows["its name"] == f"good {share}, {NAMES[own.image[0, index]]} in its own"
            assert "its judges" not in rows
            assert " in its eyes: L1 gives a " in why_it_gave(before, sight, index, chronicle.world)


class TestCard:
    @pytest.mark.parametrize("scenario", THREE)
    def test_it_has_its_name_whose_request_it_had_its_judges_and_what_moved(self, scenario: str) -> None:
        chronicle = chronicle_of(scenario, ROUNDS)
        sight = chronicle.newest
        told = told_of(sight)
        for index in range(len(told.gave)):
            card = card_document(chronicle, index)
            rows = dict(section(card, "Its name and requests")["rows"])
            assert rows["its name"].startswith(NAMES[told.after[index]])
            bad = sum(int(told_of(each).after[index] == 0) for each in list(chronicle.sights)[1:])
            assert rows["rounds after which it was bad"] == f"{bad} of {ROUNDS}"
            other = told.counterpart[index]
            assert rows["whose request it had"] == f"principal {other}, whose name was {NAMES[told.other[index]]}"
            paid = "gave, but was paid nothing"
            gave = f"gave {figure(told.given[index])} money" if told.given[index] else paid
            assert rows["what it did"] == (gave if told.gave[index] else "refused")
            assert rows["its judges"] == f"{told.judges[index, 0]} says {NAMES[int(told.verdicts[index, 0])]}"
            donor = int(np.flatnonzero(told.counterpart == index)[0])
            assert rows["who had its request"] == f"principal {donor}, who {'gave' if told.gave[donor] else 'refused'}"
            assert rows["received by requests, money"] == figure(told.received[index])
            assert section(card, f"Why is its name {NAMES[told.after[index]]}?")["text"].startswith("Judge ")
            assert set(rows.items()) <= set(principal_card(chronicle, index).rows)

    @pytest.mark.parametrize("scenario", THREE)
    def test_its_life_has_the_names_beside_the_actions(self, scenario: str) -> None:
        chronicle = chronicle_of(scenario, ROUNDS)
        glances = Glances(chronicle.world)
        lived = list(chronicle.sights)[1:]
        for sight in chronicle.sights:
            glances.note(sight)
        for index in range(10):
            for card in (card_document(chronicle, index), card_document(chronicle, index, None, glances)):
                assert card["life"]["actions"] == [int(each.actions[index]) for each in lived]
                assert card["life"]["bad"] == [1 - int(told_of(each).after[index]) for each in lived]

    def test_a_long_life_keeps_a_single_round_with_a_bad_name(self) -> None:
        chronicle = eight()
        deeds = [1] * (LIFE + 500)
        deeds[700] += BAD
        glances: Any = SimpleNamespace(deeds=lambda index: (1, deeds))
        life = card_document(chronicle, 0, None, glances)["life"]
        assert len(life["bad"]) == len(life["actions"]) <= LIFE
        assert sum(life["bad"]) == 1 and set(life["actions"]) == {1}

    def test_a_learner_has_a_table_beside_the_norm_and_others_have_none(self) -> None:
        chronicle = chronicle_of("slander", ROUNDS)
        place = chronicle.world.terms.policy.names.index("reciprocity")
        seen, norm = told_of(chronicle.at(ROUNDS - 1)), norm_of("L6")
        assert seen.giving is not None and seen.judging is not None
        for index, policy in enumerate(chronicle.newest.policy):
            card = card_document(chronicle, index)
            gives, judges = section(card, "How it gives"), section(card, "How it judges")
            if policy != place:
                assert gives is None and judges is None
                continue
            assert [row[:2] for row in gives["rows"]] == [[x, y] for x in NAMES for y in NAMES]  # BB BG GB GG
            assert [row[2] for row in gives["rows"]] == [percent(float(p)) for p in seen.giving[index].ravel()]
            assert [row[3] for row in gives["rows"]] == [percent(float(p)) for p in norm.act.ravel()]
            assert [row[3] for row in judges["rows"]] == [percent(float(p)) for p in seen.judging[index].ravel()]
            assert [row[4] for row in judges["rows"]] == [percent(float(p)) for p in norm.assess.ravel()]

    def test_every_card_of_every_norm_is_written(self) -> None:
        for norm in NORMS:
            fields = {"policy.mix": {f"norm:{norm}": 1.0}, "reciprocity.norm": norm}
            chronicle = chronicle_of("leading-eight", 4, fields)
            for index in range(40):
                assert json.dumps(card_document(chronicle, index), allow_nan=False)


class TestRun:
    @pytest.mark.parametrize("scenario", THREE)
    def test_marks_hold_actions_bad_names_and_requests(self, scenario: str) -> None:
        chronicle = chronicle_of(scenario, 6)
        world, glances = chronicle.world, Glances(chronicle.world)
        for sight in chronicle.sights:
            glances.note(sight)
        told, (_, sent) = frame(chronicle, glances, -1, "reputation")
        setup = setup_document(load(scenario), 0, world, glances, lay_out(world))
        assert setup["named"] is True
        count = world.shape[1]
        assert len(sent) == 9 * count * len(told["marks"])
        for place, round in enumerate(told["marks"]):
            part, sight = sent[9 * count * place : 9 * count * (place + 1)], chronicle.at(round)
            codes = np.frombuffer(part[:count], dtype=np.uint8)
            np.testing.assert_array_equal(codes % BAD, sight.actions)
            np.testing.assert_array_equal(codes % STRUCK >= BAD, told_of(sight).after == 0)
            np.testing.assert_array_equal(codes >= STRUCK, sight.gated)
            requests = np.frombuffer(part[7 * count :], dtype="<u2")
            np.testing.assert_array_equal(requests, told_of(sight).counterpart)

    def test_courses_show_requests_fulfilled_and_good_names(self) -> None:
        chronicle = chronicle_of("reciprocity", 6)
        panel = panels(chronicle.world)[1]
        assert panel.title == "requests fulfilled and good names, share"
        assert [line.measure for line in panel.lines] == ["cooperation", "good_names"]
        told, row = told_of(chronicle.newest), chronicle.row(6)
        assert row is not None
        assert row["cooperation"] == pytest.approx((told.gave & told.meets).sum() / told.meets.sum())
        assert row["good_names"] == pytest.approx(told.after.mean())

    def test_a_sentence_says_how_many_have_a_bad_name(self) -> None:
        chronicle = eight()
        bad = int((told_of(chronicle.newest).after == 0).sum())
        has = "has" if bad == 1 else "have"
        assert f" {bad} of 40 {has} a bad name." in sentences(chronicle, "Who?", ROUNDS)["society"].context

    def test_events_tell_when_requests_and_names_turn(self) -> None:
        chronicle = eight()
        rows = [chronicle.rows[-1] | {"round": float(t + 1), "cooperation": 0.94, "good_names": 0.9} for t in range(40)]
        for row in rows[20:]:
            row["cooperation"] = 0.31
        changed = Chronicle(chronicle.world, rows=rows, sights=chronicle.sights)
        found = [each for each in events(changed) if each.kind in ("requests fulfilled", "good names")]
        text = "requests fulfilled down from 94\u202f% to 31\u202f%"
        assert found == [Event(21, "requests fulfilled", text)]
        for t, row in enumerate(rows):
            row["good_names"] = 0.1 if t < 20 else 0.9
        changed = Chronicle(chronicle.world, rows=rows, sights=chronicle.sights)
        assert Event(21, "good names", "good names up from 10\u202f% to 90\u202f%") in events(changed)
        assert SPAN < 20

    def test_the_ledger_has_words_for_gifts_and_withheld_pay(self) -> None:
        sums = {row[0]: row[2] for row in ledger_document(eight())["sums"]["rows"]}
        assert sums["gift on request"] == sums["payment"]  # a permutation of payments
        withheld = eight(**{"reciprocity.kind": "pool"})
        assert "gift on request" in {row[0] for row in ledger_document(withheld)["sums"]["rows"]}
        mix = {"policy.mix": {"norm:L6": 0.8, "fixed": 0.2}, "reciprocity.execution": 0.4}
        live = chronicle_of("reciprocity", 12, {"reciprocity.kind": "admission", **mix})
        assert "pay withheld from a bad name" in {row[0] for row in ledger_document(live)["sums"]["rows"]}

    def test_what_a_bad_name_costs_is_told(self) -> None:
        fields = {"reciprocity.terms.pay": 0.5, "reciprocity.terms.to": "good", "reciprocity.terms.out": 2}
        chronicle = eight(**fields, **{"actions.available": ["delegate", "free_ride", "abstain"]})
        sums = {row[0] for row in ledger_document(chronicle)["sums"]["rows"]}
        assert "forfeited by a bad name" in sums
        kept = [told_of(sight).away.any() for sight in chronicle.sights]
        assert any(kept)
        for before, sight in pairs(chronicle):
            told = told_of(sight)
            for index in np.flatnonzero(told.away).tolist():
                assert reason(chronicle, index, sight.round).startswith("Its name had become bad") == goes_by_names(
                    chronicle.world, before, index)  # fmt: skip
            for index in np.flatnonzero(told.forfeit).tolist()[:3]:
                rows = dict(section(card_document(chronicle, index, sight.round), "Its name and requests")["rows"])
                name = "had of what bad names forfeit" if told.forfeit[index] > 0 else "forfeited by its bad name"
                assert rows[f"{name}, money"] == figure(abs(float(told.forfeit[index])))

    def test_gifts_are_money_even_where_nobody_has_any_at_first(self) -> None:
        assert pays_money(chronicle_of("leading-eight", 1, {"population.endowment": 0.0, "market.price": 0.0}).world)


class TestMenu:
    def test_the_three_scenarios_are_offered_with_their_questions(self) -> None:
        document = scenarios_document({name: load(name) for name in THREE}, "slander")
        entries = {each["name"]: each for each in document["entries"]}
        assert [entries[name]["market"] for name in THREE] == ["a model is sold", "gifts", "gifts"]
        assert entries["leading-eight"]["title"] == "Leading eight"
        assert all(each["question"].endswith("?") for each in entries.values())

    @pytest.mark.parametrize(("name", "labels"), [
        ("reciprocity", ["Giving goes", "Norm of judges", "Judges of each", "Gifts that fail", "Acts misseen",
                         "Verdicts turned", "Learners judge", "Learners expect"]),
        ("leading-eight", ["Giving goes", "Norm of judges", "Judges of each", "Gifts that fail", "Acts misseen",
                           "Verdicts turned"]),
    ])  # fmt: skip
    def test_fields_of_names_stand_first(self, name: str, labels: list[str]) -> None:
        first = fields_document(load(name), load(name), {}, {})["groups"][0]
        assert first["name"] == "Names"
        assert [each["label"] for each in first["fields"] if each["first"]] == labels
        assert "Judges of each" in in_words("reciprocity.judges = 2: must be an odd number", load(name))


class TestWithoutNames:
    @pytest.mark.parametrize("scenario", ["commons", "leaky", "public-goods"])
    def test_no_document_says_anything_of_them(self, scenario: str) -> None:
        chronicle = chronicle_of(scenario, 6)
        world, glances = chronicle.world, Glances(chronicle.world)
        for sight in chronicle.sights:
            glances.note(sight)
        setup = setup_document(load(scenario), 0, world, glances, lay_out(world))
        told, (_, sent) = frame(chronicle, glances, -1, "reputation")
        assert "named" not in setup and len(sent) == 7 * world.shape[1] * len(told["marks"])
        assert all(code & BAD == 0 for code in sent[: world.shape[1]])
        assert not {"cooperation", "good_names"} & set(measures(world))
        card = card_document(chronicle, 0)
        assert "bad" not in card["life"] and not [each for each in card["sections"] if "name" in each["title"]]
        assert "bad name" not in json.dumps(sentences(chronicle, "Who?", 6))
        groups = fields_document(load(scenario), load(scenario), {}, {})["groups"]
        (names,) = [group for group in groups if group["name"] == "Names"]
        assert [(each["path"], each["first"]) for each in names["fields"]] == [("reciprocity.kind", False)]
