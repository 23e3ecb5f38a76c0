"""The study of explanations: values by hand and by enumeration, what it says, what it refuses, and how it goes on."""

from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.economy.explaining.episodes import LuckGame, explain_luck
from commonweal.economy.explaining.explanation import Explanation
from commonweal.economy.explaining.profiles import play_profiles
from commonweal.economy.explaining.sights import Decisions
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies import STUDIES, Answer, ask
from commonweal.scenarios.studies.answers import read, save
from commonweal.scenarios.studies.explain.cells import players
from commonweal.scenarios.studies.explain.deciding import explain_why
from commonweal.scenarios.studies.explain.options import ExplainOptions
from commonweal.scenarios.studies.explain.replies import joined_answers, joined_runs
from commonweal.scenarios.studies.explain.sentences import turned, valued
from commonweal.scenarios.studies.explain.turning import ends_of, luck_rounds
from commonweal.scenarios.studies.explain.valuing import draw_profiles
from commonweal.scenarios.studies.explain.watching import Run, Watched
from commonweal.scenarios.studies.options import read_options
from commonweal.scenarios.studies.pieces import Pieces

QUICK: dict[str, Any] = {"profiles": 16, "play": 4, "last": 2, "episodes": 2, "strangers": 2, "workers": 1}


def small(**changes: Any) -> Scenario:
    """An economy of four that plays a round in a millisecond."""
    base = {"population.count": 4, "learning.hidden": [8], "learning.samples": 4, "rounds": 12}
    return load("commons", base | {path.replace("__", "."): value for path, value in changes.items()})


def options(**given: Any) -> ExplainOptions:
    found = read_options(STUDIES["explain"], given)
    assert isinstance(found, ExplainOptions)
    return found


@pytest.fixture(scope="module")
def answer() -> Answer:
    return ask("explain", small(), 3, principal=1, outcome=["welfare", "accuracy"], **QUICK)


class TestDecisions:
    """Ten decisions in four states, whose values are worked by hand: b(00) = .48, .82, 2/3, .9 by coalition."""

    STATES = np.array([[0, 0]] * 4 + [[0, 1]] + [[1, 0]] * 2 + [[1, 1]] * 3, dtype=np.float64)
    DELEGATES = np.array([0.9] * 4 + [0.5] + [0.2] * 2 + [0.1] * 3)

    def watched(self) -> Watched:
        law = np.zeros((1, 2, 10, 4))
        law[..., Action.DELEGATE], law[..., Action.ABSTAIN] = self.DELEGATES, 1 - self.DELEGATES
        chose = np.array([False, True])[None, :, None].repeat(10, axis=2)
        actions = np.full((1, 2, 10), int(Action.DELEGATE))
        actions[0, 0] = Action.ABSTAIN
        features = np.broadcast_to(self.STATES, (1, 2, 10, 2)).copy()
        return Watched(Decisions(
            ("own payoff", "reputation"), features, law, chose, actions, np.zeros((1, 2, 10)), ("imitation",),
            np.zeros((1, 10), dtype=np.int64), np.array([0, 1]), 0,
        ), {})  # fmt: skip

    def test_its_sentence_has_the_values_worked_by_hand(self) -> None:
        reply = explain_why(Run(small(), 0, 2), self.watched(), options(principal=0, round=1), Pieces())
        assert reply.sentence == (
            "Principal 0 delegated in round 1, which it did with probability 0.90, against 0.48 for the average"
            " decision by imitation: mostly because of own payoff = 0 (+0.287), then reputation = 0 (+0.133)."
        )
        table = reply.tables["decision"]
        assert list(table["answer"]) == ["delegate"] * 2 + ["abstain"] * 2
        assert table["value"][:2].to_numpy() == pytest.approx([0.286667, 0.133333], abs=1e-6)
        assert list(table["seen"]) == ["0", "0", "0", "0"]
        assert any("only 4 of them saw all the same" in note for note in reply.notes)

    def test_where_none_is_named_it_is_the_likeliest_change(self) -> None:
        reply = explain_why(Run(small(), 0, 2), self.watched(), options(round=1), Pieces())
        assert reply.sentence.startswith("Principal 3 delegated in round 1")  # the last of those as likely
        only = explain_why(Run(small(), 0, 2), self.watched(), options(principal=7), Pieces())
        assert only.sentence.startswith("Principal 7 delegated in round 1, which it did with probability 0.10")

    @pytest.mark.parametrize(
        ("given", "said"),
        [({"principal": 10}, "principal 10: there are 0 to 9"), ({"round": 2}, "round 2: there are 0 to 1"),
         ({"round": 0}, "round 0: nobody chose by its policy there"),
         ({"principal": 3, "round": 0}, "round 0: principal 3 did not choose by its policy in it")],
    )  # fmt: skip
    def test_a_decision_that_is_not_there_is_refused(self, given: dict[str, int], said: str) -> None:
        with pytest.raises(InputError, match=said):
            explain_why(Run(small(), 0, 2), self.watched(), options(**given), Pieces())

    def test_the_outcome_is_that_of_futures_and_sums_up(self) -> None:
        found = ask("explain", small(), 2, principal=1, question="outcome", horizon=2, workers=1)
        why = found.explanations["decision"]
        assert why.kind == "outcome" and np.abs(why.gap).max() < 1e-9
        behaviour = ask("explain", small(), 2, principal=1, workers=1, round=_round(found)).explanations["decision"]
        said = dict(part.split() for part in why.provenance["returns"].split(", "))
        returns = np.array([float(said[name]) for name in behaviour.answers])
        assert why.values[0, :, 0] == pytest.approx(behaviour.values[0] @ returns, rel=1e-5, abs=1e-9)

    def test_a_prediction_needs_rounds_to_come(self) -> None:
        with pytest.raises(InputError, match="needs as many noted"):
            ask("explain", small(), 1, principal=1, round=11, question="prediction", horizon=5)


def _round(answer: Answer) -> int:
    return int(answer.headline.split(" in round ")[1].split(";")[0])


class TestActions:
    def test_values_are_those_of_all_orders_in_which_principals_may_act(self, answer: Answer) -> None:
        """Σ over orders of v(S ∪ i) − v(S), each coalition played by itself; the others stay away."""
        table = answer.tables["actions"]
        table = table[table["outcome"] == "welfare"].set_index("principal")
        chosen = np.array([Action[table["action"][f"principal {k}"].upper()] for k in range(4)])
        worth = {}
        for number in range(16):
            inside = [bool(number >> k & 1) for k in range(4)]
            profile = np.where(inside, chosen, int(Action.ABSTAIN))[None]
            series = play_profiles(Ensemble(small(), [0]).snapshot, profile, ("welfare",), 4)
            worth[tuple(inside)] = series[0, 0, -2:, 0].mean()
        expected = np.zeros(4)
        for order in permutations(range(4)):
            inside = [False] * 4
            for player in order:
                before = worth[tuple(inside)]
                inside[player] = True
                expected[player] += (worth[tuple(inside)] - before) / 24
        assert [table["value"][f"principal {k}"] for k in range(4)] == pytest.approx(expected, rel=1e-6, abs=1e-9)
        assert (table["value_low"] == table["value"]).all()  # exact

    def test_pairs_are_dividends_and_the_most_negative_come_first(self, answer: Answer) -> None:
        pairs = answer.tables["pairs"]
        for _, rows in pairs.groupby("outcome"):
            assert rows["dividend"].is_monotonic_increasing and len(rows) <= 6

    def test_a_sentence_names_what_intervals_leave_beside_0(self) -> None:
        values = np.array([[[0.5], [0.2], [0.3]]])
        why = Explanation("outcome", "", "all abstain", ("principal 0", "principal 1", "principal 2"),
                          np.array([[1.0]]), np.array([[2.0]]), values,
                          standard_error=np.array([[[0.3], [0.05], [0.1]]]), answers=("welfare",))  # fmt: skip
        said = valued(why, ("delegate", "free_ride", "defect"), "what it did", 0, 0)
        assert said == (
            "If everybody keeps to what it did, welfare is 2, against 1 for all abstain: mostly because of principal"
            " 2's defect (+0.3 [+0.104, +0.496]), then principal 1's free-ride (+0.2 [+0.102, +0.298])."
        )

    @given(st.integers(1, 7), st.integers(4, 60), st.integers(0, 2**16))
    def test_profiles_are_different_within_the_budget_and_hold_both_ends(self, n: int, budget: int, seed: int) -> None:
        rng = np.random.default_rng(seed)
        profile, baseline = rng.integers(0, 4, n), rng.integers(0, 4, n)
        law = (np.arange(4) == baseline[:, None]).astype(float)
        rows = draw_profiles(profile, law, budget)
        assert len(rows) <= budget and len(np.unique(rows, axis=0)) == len(rows)
        np.testing.assert_array_equal(rows[0], profile)
        assert (rows == baseline).all(axis=1).any()
        assert ((rows == profile) | (rows == baseline)).all()
        if 2.0 ** (profile != baseline).sum() <= budget:
            assert len(rows) == 2 ** (profile != baseline).sum()

    def test_payoffs_are_an_outcome_for_everybody(self) -> None:
        found = ask("explain", small(), 1, outcome=["payoffs"], profiles=16, play=2, workers=1)
        assert found.explanations["actions"].answers == tuple(f"payoff of {k}" for k in range(4))

    @pytest.mark.parametrize("baseline", ["uniform", "as-played"])
    def test_other_baselines_sum_up_too(self, baseline: str) -> None:
        found = ask("explain", small(), 1, outcome=["accuracy"], profiles=40, play=3, baseline=baseline, workers=1)
        why = found.explanations["actions"]
        assert np.abs(why.gap).max() < 1e-9 and why.baseline in found.headline


class TestEpisodes:
    def test_all_episodes_are_the_run_itself(self, answer: Answer) -> None:
        why, course = answer.explanations["episodes"], answer.tables["rounds"]
        assert why.answers == ("welfare", "accuracy")
        assert why.value[0, 1] == pytest.approx(course["accuracy"].tail(2).mean(), abs=1e-12)
        assert np.abs(why.gap).max() < 1e-9

    def test_intervals_are_students(self, answer: Answer) -> None:
        """Two strangers: one degree of freedom, whose .975 quantile is 12.706."""
        why, table = answer.explanations["episodes"], answer.tables["episodes"]
        assert why.standard_error is not None
        low, high = ends_of(why, 2)
        np.testing.assert_allclose(high - low, 2 * 12.7062 * why.standard_error, rtol=1e-4)
        np.testing.assert_allclose(table["value_low"], np.swapaxes(low, 1, 2).ravel())

    def test_a_sentence_claims_no_more_than_intervals(self) -> None:
        why = Explanation("luck", "mean of rounds 8 to 9", "other luck", ("rounds 0 to 4", "rounds 5 to 9"),
                          np.array([[0.2]]), np.array([[0.6]]), np.array([[[0.1], [0.3]]]),
                          standard_error=np.array([[[0.05], [0.05]]]), answers=("accuracy",))  # fmt: skip
        assert turned(why, ends_of(why, 4), 0, 0) == (  # Student's t of 3 degrees: 3.182
            "The run ended with accuracy 0.6 (mean of rounds 8 to 9), against 0.2 with other luck: most was decided by"
            " the luck of rounds 5 to 9 (+0.3 [+0.141, +0.459]); of 1 of 2 episodes the interval holds 0."
        )
        assert "no episode's luck surely decided it" in turned(why, ends_of(why, 2), 0, 0)

    def test_progress_counts_every_round_that_is_played(self) -> None:
        """Three episodes of four rounds: 2, 4 and 8 sets of them so far, with two strangers each."""
        game, told = LuckGame(3, strangers=2), list[int]()
        explain_luck(Ensemble(small(), [0]).snapshot, 12, game, told.append)
        assert sum(told) == luck_rounds(game, 12) == 2 * 4 * (2 + 4 + 8)

    def test_runs_of_several_seeds_are_explained_one_by_one(self) -> None:
        both = ask("explain", small(), 2, runs=2, outcome=["accuracy"], **QUICK)
        alone = ask("explain", small(), [1], outcome=["accuracy"], **QUICK)
        together, one = (each.explanations["episodes"] for each in (both, alone))
        np.testing.assert_allclose(together.values[1], one.values[0], atol=1e-9)
        assert list(both.tables["actions"]["seed"].unique()) == [0, 1]


class TestAsking:
    def test_what_is_named_is_answered_and_all_where_nothing_is(self) -> None:
        assert options().parts == (True, True, True)
        assert options(workers=1, last=3).parts == (True, True, True)
        assert options(principal=3).parts == (True, False, False)
        assert options(outcome=["welfare"]).parts == (False, True, False)
        assert options(outcome=["welfare"], episodes=3).parts == (False, False, True)
        assert options(outcome=["welfare"], episodes=3, profiles=9).parts == (False, True, True)

    def test_nothing_chosen_answers_three_questions(self, answer: Answer) -> None:
        whole = ask("explain", small(), 2, workers=1)
        assert list(whole.explanations) == ["decision", "course", "actions", "episodes"]
        assert [whole.headline.count(said) for said in (" in round ", "If everybody", "The run ended")] == [1, 1, 1]
        assert all(np.abs(each.gap).max() < 1e-9 for each in whole.explanations.values())

    def test_what_cannot_be_answered_is_left_out_where_nobody_asked_for_it(self) -> None:
        crowd = load("spatial-public-goods", {"population.count": 100, "rounds": 6})
        found = ask("explain", crowd, 1, workers=1)
        assert list(found.explanations) == ["decision", "course", "episodes"]
        assert any(note.startswith("left out: outcome: the actions of at most 64 principals") for note in found.notes)

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"question": "why"}, "option question = 'why': must be"),
            ({"principal": -1}, "option principal = -1: must be"),
            ({"outcome": ["wellfare"]}, "outcome 'wellfare': must be one of share_abstain, share_delegate"),
            ({"outcome": ["share_delegate"]}, "an action profile says it itself"),
            ({"episodes": 3, "outcome": ["payoffs"]}, "outcome payoffs: stands for action profiles alone"),
            ({"episodes": 13}, "episodes = 13: must be from 1 to the 12 rounds of the run"),
            ({"strangers": 1}, "option strangers = 1"),
            ({"profiles": 3}, "option profiles = 3"),
            ({"baseline": "other"}, "option baseline = 'other'"),
            ({"episode": 3}, "did you mean 'episodes'"),
        ],
    )
    def test_what_cannot_be_asked_is_one_line(self, given: dict[str, Any], said: str) -> None:
        with pytest.raises(InputError) as refused:
            ask("explain", small(), 1, **given)
        assert said in str(refused.value) and "\n" not in str(refused.value)

    def test_a_metric_without_a_value_is_refused(self) -> None:
        with pytest.raises(InputError, match="has no value"):
            ask("explain", load("public-goods", {"rounds": 4}), 1, outcome=["validation_loss"], episodes=2)


class TestKeeping:
    def test_it_goes_on_where_it_was_stopped_to_the_same_numbers(self, tmp_path: Path, answer: Answer) -> None:
        def stop(what: str, done: int, of: int, *more: str) -> None:
            if any(line.startswith("models of outcomes") for line in more):
                raise KeyboardInterrupt

        asked: dict[str, Any] = {"principal": 1, "outcome": ["welfare", "accuracy"], **QUICK}
        with pytest.raises(KeyboardInterrupt):
            ask("explain", small(), 3, tell=stop, folder=tmp_path / "kept", **asked)
        kept = {file.name for file in (tmp_path / "kept").glob("*.npz")}
        assert len(kept) == 2  # the runs, and the profiles
        again = ask("explain", small(), 3, folder=tmp_path / "kept", **asked)
        for name, table in again.tables.items():
            pd.testing.assert_frame_equal(table, answer.tables[name])
        assert again.headline == answer.headline

    def test_explanations_lie_as_json_beside_the_tables(self, tmp_path: Path, answer: Answer) -> None:
        save(answer, tmp_path / "out")
        for name, why in answer.explanations.items():
            frame = Explanation.load(tmp_path / "out" / f"{name}.json").frame()
            pd.testing.assert_frame_equal(frame, why.frame())
        again = read(tmp_path / "out")
        assert list(again.explanations) == list(answer.explanations)
        save(answer, tmp_path / "out")  # in the place of itself
        (tmp_path / "out" / "mine.json").write_text("{}")
        with pytest.raises(InputError, match="mine.json"):
            save(answer, tmp_path / "out")


class TestCells:
    def test_fields_that_always_vary_together_are_one(self) -> None:
        table = pd.DataFrame({"a": ["1", "1", "2"], "b": ["x", "y", "x"], "c": ["5", "5", "9"]})
        found = players(table)
        assert list(found) == ["a and c", "b"]
        assert found["a and c"].tolist() == ["1, 5", "1, 5", "2, 9"]


class TestJoining:
    def part(self, answer: str, value: float, error: float | None = None) -> Explanation:
        return Explanation("outcome", "", "", ("a", "b"), np.zeros((1, 1)), np.array([[3 * value]]),
                           np.array([[[value], [2 * value]]]), answers=(answer,),
                           standard_error=None if error is None else np.full((1, 2, 1), error))  # fmt: skip

    def test_runs_follow_each_other_and_answers_stand_beside_each_other(self) -> None:
        runs = joined_runs([self.part("x", 1.0), self.part("x", 2.0)])
        assert runs.values[:, :, 0].tolist() == [[1, 2], [2, 4]] and runs.answers == ("x",)
        answers = joined_answers([self.part("x", 1.0), self.part("y", 2.0, 0.5)])
        assert answers.values[0].tolist() == [[1, 2], [2, 4]] and answers.answers == ("x", "y")
        assert answers.standard_error is not None and answers.standard_error[0].tolist() == [[0, 0.5], [0, 0.5]]


@pytest.mark.parametrize("name", ["reciprocity", "exit-and-voice", "leaky", "data-deals"])
@pytest.mark.slow
def test_scenarios_with_mechanisms_are_explained(name: str) -> None:
    found = ask("explain", revise(load(name), {"rounds": 10}), 1, **QUICK)
    assert set(found.explanations) >= {"actions", "episodes"}
    assert all(np.abs(each.gap).max() < 1e-9 for each in found.explanations.values())
