"""The study of synthesis: rules made of levers, the frontier, and what it finds in a small economy."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.errors import InputError
from commonweal.figures.studies import draw
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.studies import ask
from commonweal.scenarios.studies.pieces import Pieces
from commonweal.scenarios.studies.synthesis import levers, searching
from commonweal.scenarios.studies.synthesis.attacks import by_members, held_out, tried_at_last, tried_in_search
from commonweal.scenarios.studies.synthesis.bench import Bench
from commonweal.scenarios.studies.synthesis.judging import LEARNED, judge, learned, unlike_honest
from commonweal.scenarios.studies.synthesis.levers import (
    LEVERS,
    effective,
    known_rules,
    plain_rule,
    read_rule,
    said,
    under,
    without,
)
from commonweal.scenarios.studies.synthesis.options import SynthesisOptions
from commonweal.scenarios.studies.synthesis.searching import Tried, finalists, search, undominated
from commonweal.scenarios.studies.synthesis.study import parts

SMALL = revise(load("commons"), {"population.count": 6, "task.validation": 60, "rounds": 6})
RULES = st.fixed_dictionaries({lever.name: st.sampled_from(lever.settings) for lever in LEVERS})
POINTS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=12)


class TestLevers:
    @given(RULES)
    def test_every_rule_is_a_scenario_and_is_said_in_words(self, rule):
        scenario = under(rule, SMALL, SynthesisOptions(), honest=True)
        assert scenario.population.start_delegate == 1 and scenario.settlement.kind == rule["pay"]
        assert said(rule) == said(effective(rule)) and said(rule)[0].islower()

    @given(RULES)
    def test_the_same_rule_has_one_name_and_leaving_a_part_out_leaves_out_that_alone(self, rule):
        same = effective(rule)
        assert effective(same) == same
        for name, other in without(rule).items():
            assert other[name] == {lever.name: lever for lever in LEVERS}[name].settings[0] != same[name]
            assert effective(other) == other

    def test_the_plain_rule_is_the_scenario_s_own_where_that_pays_by_credit(self):
        plain = under(plain_rule(), SMALL, SynthesisOptions(), honest=False)
        assert revise(plain, {"population.endowment": 0.0, "settlement.cap": 1.0}) == SMALL
        assert without(plain_rule()) == {} and said(plain_rule()) == "pay by credit"

    def test_a_rule_that_is_asked_for_is_a_known_one_with_what_is_said_otherwise(self):
        assert read_rule("robust") == ("robust", known_rules()["robust"])
        assert read_rule({"reserve": 0.1}) == ("credit: reserve 0.1", {**plain_rule(), "reserve": 0.1})
        like = {"like": "capped credit", "hold-back": 2.0, "horizon": 20}
        name, rule = read_rule(like)
        assert name == "capped credit: hold-back 2.0, horizon 20"
        assert rule == {**known_rules()["capped credit"], "hold-back": 2.0, "horizon": 20}

    @pytest.mark.parametrize(
        ("given", "said_of"),
        [("fair", "no rule 'fair'; there are credit; equal"), ({"like": "fair"}, "no rule 'fair'"),
         ({"like": "credit", "bribe": 1}, "no lever 'bribe'; there are pay, cap")],
    )  # fmt: skip
    def test_a_rule_or_lever_that_is_not_there_is_refused(self, given, said_of):
        with pytest.raises(InputError, match=said_of):
            read_rule(given)

    def test_known_rules_are_all_different(self):
        assert len({tuple(effective(rule).values()) for rule in known_rules().values()}) == len(known_rules())


class TestSearch:
    @given(POINTS)
    def test_the_frontier_holds_exactly_what_nothing_is_better_than_in_both(self, points):
        good, exploited = np.array(points, dtype=float).T
        on = undominated(good, exploited)
        for k, (g, e) in enumerate(points):
            beaten = any((a >= g and b <= e) and (a > g or b < e) for a, b in points)
            assert on[k] != beaten

    def test_known_rules_come_first_nothing_is_tried_twice_and_a_planted_best_is_found(self):
        pytest.importorskip("optuna")

        def attempt(name, rule):
            stops = (rule["evidence"] == "content") + (rule["name fee"] > 0)
            return Tried(name, rule, np.ones(2), np.full((2, 1), -float(stops)), np.ones(2))

        tried = search(attempt, 25, 0)
        names = list(known_rules())
        assert [each.name for each in tried[: len(names)]] == names
        assert len({tuple(effective(each.rule).values()) for each in tried}) == len(tried) == 25
        assert finalists(tried, 0.95, 1)[0].exploited == -2

    def test_finalists_are_what_serves_most_of_the_safe_the_safest_and_what_serves_most(self):
        def a(name, good, exploited):
            return Tried(name, plain_rule(), np.array([good] * 2), np.array([[exploited]] * 2), np.ones(2))

        tried = [a("most", 1.0, 5.0), a("safe", 0.8, 0.0), a("safest", 0.5, -3.0), a("dominated", 0.7, 2.0),
                 a("between", 0.9, 1.0)]  # fmt: skip
        assert [each.name for each in finalists(tried, 0.001, 9)] == ["safe", "safest", "most", "between"]
        assert [each.name for each in finalists(tried, -9.0, 2)] == ["safest", "most"]

    def test_without_optuna_it_says_what_to_install(self, monkeypatch):
        monkeypatch.setattr(searching, "find_spec", lambda name: None)
        with pytest.raises(InputError, match=r"needs the extra 'search': pip install 'commonweal\[search\]'"):
            ask("synthesis", SMALL, 2)


def test_attackers_are_spread_over_all_principals_and_held_out_families_are_apart():
    honest = under(plain_rule(), SMALL, SynthesisOptions(), honest=True)
    attacks = tried_in_search(honest, 6)
    tried = by_members(attacks, 6, 3)
    assert [d.members[0] for d in tried[:3]] == [1, 3, 5]
    assert [d.name for d in tried[::3]] == [each.name for each in attacks]
    assert "delegate" not in {each.name for each in attacks} >= {"free_ride", "stale, 4 names", "pair, one copies"}
    last = {each.identity for each in tried_at_last(honest, 6)}
    assert {each.identity for each in attacks} < last
    assert not last & {each.identity for each in held_out(honest, 6)}


def test_attacks_that_change_nothing_are_left_out_unless_none_does_anything():
    attacks = tried_in_search(SMALL, 6)[:3]
    gains = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, -1.0]])
    kept, of_them = unlike_honest(attacks, gains)
    assert kept == attacks[1:] and np.array_equal(of_them, gains[:, 1:])
    assert unlike_honest(attacks, np.zeros((2, 3)))[0] == attacks[:1]


@pytest.mark.slow
def test_a_learner_against_equal_pay_finds_an_attack_that_is_frozen_and_gains():
    rule = levers.known_rules()["equal"]
    bench = Bench(SMALL, SynthesisOptions(horizon=6, training=2, workers=1), (0, 1), 6, Pieces())
    found = learned(Tried("equal", rule, np.ones(2), np.zeros((2, 1)), np.ones(2)), bench)
    assert [each.family for each in found] == [LEARNED]
    assert replace(bench, seeds=(5, 6, 7)).gains(rule, found).mean() > 0


@pytest.mark.parametrize(
    ("changes", "said_of"),
    [({"market.kind": "curve"}, "market.kind must be model"),
     ({"actions.available": ["abstain", "free_ride"], "population.start_delegate": 0.0,
       "population.start_free_ride": 1.0, "population.start_defect": 0.0}, "actions.available must hold delegate")],
)  # fmt: skip
def test_where_there_is_no_rule_to_search_it_says_so(changes, said_of):
    with pytest.raises(InputError, match=said_of):
        ask("synthesis", revise(load("commons"), changes), 2)


@pytest.mark.slow
def test_a_small_search_finds_audits_of_samples_and_says_what_each_part_stops(monkeypatch):
    pytest.importorskip("optuna")
    kept = ("equal", "data, audits of samples")
    often = {name: {**levers.known_rules()[name], "audit": 0.2} for name in kept}  # six rounds are few
    monkeypatch.setattr(searching, "known_rules", lambda: often)
    asked = {"rules": 2, "horizon": 6, "attackers": 2, "judges": 2, "held_out": 3, "budget": 4, "finalists": 2,
             "workers": 1, "audit_price": 0.0, "training": 2, "last": 2, "strongest": 2}  # fmt: skip
    answer = ask("synthesis", SMALL, 3, **asked)
    rules = answer.tables["rules"].set_index("rule")
    assert list(rules.index) == list(kept) and rules["exploited"].is_monotonic_decreasing
    assert "data, audits of samples" in set(answer.tables["frontier"]["rule"])
    attacks = answer.tables["attacks"].set_index(["rule", "attack"])["gain"]["data, audits of samples"]
    assert attacks["junk"] < 0 and attacks["free_ride"] < 0
    assert answer.tables["frontier"].set_index("winner").loc[True, "in_words"] in answer.headline
    again, on_court = answer.tables["verdict"], answer.tables["attacks"].query("rule == 'data, audits of samples'")
    known = set(on_court.query("family == 'catalogue'")["attack"])
    assert LEARNED in set(on_court["family"]) and known <= set(again["attack"])
    assert (again["family"] != "catalogue").sum() == 2 and "seeds 6 to 7, which chose neither" in " ".join(answer.notes)
    assert answer.tables["attacks"][["gain_low", "gain_high"]].any(axis=1).all()
    assert {"frontier", "attacks"} <= set(draw(answer))
    pd.testing.assert_frame_equal(answer.tables["attacks"], ask("synthesis", SMALL, 3, **asked).tables["attacks"])


@pytest.mark.slow
def test_rules_that_are_asked_for_are_tried_alone_and_all_judged():
    only = ["equal", {"like": "data, audits of samples", "audit": 0.2}, "equal"]
    answer = ask("synthesis", SMALL, 2, only=only, horizon=2, attackers=1, judges=1, held_out=2, budget=2, workers=1,
                 training=0, last=2, strongest=1)  # fmt: skip
    names = {"equal", "data, audits of samples: audit 0.2"}
    assert set(answer.tables["rules"]["rule"]) == set(answer.tables["frontier"]["rule"]) == names
    assert "2 rules were asked for; all were judged on seeds 2 to 3" in " ".join(answer.notes)


def test_the_library_has_the_winner_on_the_data_commons():
    _, rule = read_rule({"like": "capped credit, audits of samples", "hold-back": 2.0, "horizon": 20, "reserve": 0.1})
    winner = under(rule, load("commons"), SynthesisOptions(), honest=False)
    named = {"name": "x", "description": "x"}
    assert revise(winner, named) == revise(load("synthesised"), named)


@pytest.mark.slow
def test_leaving_out_audits_or_what_they_look_at_lets_junk_gain_more():
    options = SynthesisOptions(horizon=6, budget=4, workers=1)
    bench = Bench(SMALL, options, (0, 1, 2), 2, Pieces())
    court = replace(bench, seeds=(3, 4, 5))
    rule = {**levers.known_rules()["data, audits of samples"], "audit": 0.2}
    judged = judge(Tried("audits", rule, np.ones(3), np.zeros((3, 1)), np.ones(3)), bench, court)
    found = parts(judged, court, options).set_index(["left_out", "attack"])["more"]
    assert set(found.index.get_level_values("left_out")) == {"pay", "audit", "stake", "evidence", "name fee"}
    assert found["audit"]["junk"] > 0 and found["evidence"]["junk"] > 0
