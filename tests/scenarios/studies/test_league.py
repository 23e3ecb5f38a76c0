"""The study of a league: the mix that learners train against, what attacks are called, and who is said to beat whom."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.economy.arena.moves import Moves
from commonweal.economy.arena.tactics import Constant, Programme
from commonweal.economy.futures.deviations import Deviation
from commonweal.figures.studies import draw
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.studies import ask
from commonweal.scenarios.studies.attacks.menu import moves_of
from commonweal.scenarios.studies.attacks.registry import attacks_of
from commonweal.scenarios.studies.league.judging import Verdict, challenger_of
from commonweal.scenarios.studies.league.known import Attempt, combined
from commonweal.scenarios.studies.league.meta_game import dealt, game_of_pairs, resting_mix, undominated
from commonweal.scenarios.studies.league.season import Entrant
from commonweal.scenarios.studies.league.translating import as_tactic, menu_with, steps_of
from commonweal.scenarios.studies.league.words import in_words, seen_in_words
from commonweal.scenarios.studies.training.judging import gains_of
from commonweal.scenarios.studies.training.training import Training

GIVING = {"policy.mix": {"fixed": 1.0}, "population.start_delegate": 1.0, "population.start_free_ride": 0.0}
GOOD = load("public-goods", {"population.count": 4, "rounds": 6, **GIVING})
SMALL = revise(load("commons"), {"population.count": 6, "task.validation": 60})
SHORT = {"horizon": 6, "runs": 8, "updates": 2, "stages": 1, "budget": 8, "principals": 2, "attackers": 0.5,
         "choosing": 2, "held_out": 3, "methods": ["programmes"], "families": ["catalogue"], "workers": 1}  # fmt: skip
MENU = Moves({"does": ("as before", "delegate", "stale", "abstain"), "share": (1.0, 0.5)})
PAYOFFS = st.lists(st.integers(-9, 9), min_size=9, max_size=9).map(lambda each: np.array(each, float).reshape(3, 3))


class TestMetaGame:
    def test_a_pair_pays_what_the_table_says(self) -> None:
        payoffs = np.array([[3.0, 0.0, 1.0], [5.0, 1.0, 2.0], [0.0, 4.0, 6.0]])
        game = game_of_pairs(payoffs)
        assert game.players == 2
        assert game.expected(np.array([0.2, 0.5, 0.3])) == pytest.approx(payoffs @ [0.2, 0.5, 0.3])

    @pytest.mark.parametrize(("payoffs", "mix"), [
        ([[3.0, 0.0], [5.0, 1.0]], [0.0, 1.0]),  # prisoner's dilemma: all defect
        ([[-1.0, 4.0], [0.0, 2.0]], [2 / 3, 1 / 3]),  # hawk and dove, V = 4, C = 6: hawks V / C (Maynard Smith 1982)
        ([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]], [1 / 3] * 3),  # rock, paper, scissors
    ])  # fmt: skip
    def test_the_mix_is_an_equilibrium(self, payoffs: list[list[float]], mix: list[float]) -> None:
        assert resting_mix(np.array(payoffs)) == pytest.approx(mix, abs=1e-6)

    @settings(max_examples=40, deadline=None)
    @given(PAYOFFS)
    def test_leaving_out_what_is_dominated_loses_no_equilibrium(self, payoffs: np.ndarray) -> None:
        left = undominated(payoffs)
        for place in set(range(3)) - set(left):  # an equilibrium in pure strategies is never left out
            assert payoffs[:, place].argmax() != place or (payoffs[:, place] == payoffs[place, place]).sum() > 1
        mix = resting_mix(payoffs)
        assert mix.sum() == pytest.approx(1.0) and mix[left].sum() == pytest.approx(1.0)

    def test_a_mix_is_dealt_to_a_share_of_the_others_by_its_shares(self) -> None:
        tactics = [Constant(MENU, (k, 0)) for k in range(3)]
        given = dealt(tactics, np.array([0.5, 0.0, 0.5]), range(10, 30), 0.2)
        assert [tactics.index(each) for each in given.values()] == [0, 0, 2, 2]
        assert len(set(given)) == 4 and set(given) <= set(range(10, 30))
        assert dealt(tactics, np.array([1.0, 0.0, 0.0]), range(10), 0.0) == {}


class TestTranslating:
    def test_a_deviation_gains_the_same_as_a_tactic(self) -> None:
        known = [each.deviation for family in ("catalogue", "windows") for each in attacks_of(family, SMALL, 4)]
        known.append(Deviation("a quarter, late", (0,), Action.DELEGATE, "stale", share=0.25, joins=1, leaves=3))
        moves = menu_with(moves_of(SMALL), known)
        pairs = [(each, tactic) for each in known if (tactic := as_tactic(each, moves)) and each.identities == 1]
        assert len(pairs) > 20
        tried = [each for each, tactic in pairs] + [Deviation(each.name, (0,), tactic=tactic) for each, tactic in pairs]
        gains = gains_of(SMALL, Training(horizon=4), tried, [3])
        assert np.array_equal(gains[:, : len(pairs)], gains[:, len(pairs) :])

    def test_a_menu_with_more_choices_keeps_the_codes_of_its_own(self) -> None:
        more = menu_with(MENU, [Deviation("a third", (0,), share=1 / 3)])
        assert more.factors == {"does": MENU.factors["does"], "share": (1.0, 0.5, 1 / 3)}
        assert as_tactic(Deviation("x", (0,), tactic=Constant(MENU, (2, 1))), more) == Constant(more, (2, 1))

    def test_what_no_menu_can_say_has_no_tactic(self) -> None:
        assert as_tactic(Deviation("line", (0,), line=1), MENU) is None
        assert as_tactic(Deviation("junk", (0,), Action.DELEGATE, "junk"), MENU) is None

    def test_a_search_begins_with_programmes_that_do_not_repeat(self) -> None:
        assert steps_of(Constant(MENU, (1, 0))) == ((0, (1, 0)),)
        assert steps_of(Programme(MENU, ((0, (1, 0)), (2, (2, 0))), every=4)) is None


class TestCombined:
    def test_the_strongest_under_one_name_are_tried_under_several(self) -> None:
        late, stale = Deviation("late stale", (0,), form="stale", action=Action.DELEGATE, from_round=2), attack("stale")
        attempts = [Attempt("windows", late, np.full((2, 1), 3.0)), Attempt("catalogue", stale, np.full((2, 1), 2.0)),
                    Attempt("searched", Deviation("x", (0,), share=0.5), np.full((2, 1), 9.0))]  # fmt: skip
        found = [deviation for _, deviation in combined(attempts, MENU, (2, 4))]
        assert [each.name for each in found] == [
            f"{name}, under {number} names" for name in ("late stale", "stale") for number in (2, 4)
        ]
        assert all(each.identities in (2, 4) and not each.is_passing for each in found)
        assert combined(attempts, MENU, ()) == []


def attack(name: str) -> Deviation:
    """Of the catalogue."""
    return {each.name: each.deviation for each in attacks_of("catalogue", SMALL, 4)}[name]


class TestWords:
    @pytest.mark.parametrize(("deviation", "words"), [
        (Deviation("stale", (0,), Action.DELEGATE, "stale", share=0.25, identities=4),
         "puts in its first few samples over and over, with 25% of its samples in all rounds; under 4 names"),
        (Deviation("late", (0,), joins=5), "does as its policy says; joins after 5 rounds"),
        (Deviation("learned", (0,), tactic=Programme(MENU, ((0, (1, 0)), (6, (3, 1))))),
         "rounds 1 to 6: contributes its data; from round 7 on: stays away"),
        (Deviation("turns", (0,), tactic=Programme(MENU, ((0, (1, 0)), (3, (2, 0))), every=4)),
         "over and over, 3 rounds: contributes its data; then one round: puts in its first few samples over and over"),
    ])  # fmt: skip
    def test_an_attack_is_told_in_plain_words(self, deviation: Deviation, words: str) -> None:
        assert in_words(deviation) == words

    def test_a_network_is_told_by_what_it_was_seen_to_do(self) -> None:
        codes = np.zeros((10, 4, 2), dtype=np.int64)
        codes[:6, :, 0], codes[6:, :, 0], codes[6:, 3, 0] = 1, 3, 2
        words = seen_in_words(MENU, codes)
        assert words.startswith("rounds 1 to 6: contributes its data; rounds 7 to 10: stays away (75% of the time)")
        assert "changes its move 1.0 times in 10 rounds; 10% of its moves depend on what it sees" in words


class TestVerdict:
    ENTRANT = Entrant("learned", "learned", Deviation("learned", (0,)), None)

    def verdict(self, *means: float) -> Verdict:
        """Two attacks of the catalogue and a challenger that gain so much, all but it with little noise."""
        rng = np.random.default_rng(0)
        gains = np.array(means) + rng.normal(0, 0.01, (8, 2, 3))
        known = tuple(Deviation(name, (0,)) for name in ("one", "other"))
        return Verdict(known, (self.ENTRANT,), 0, gains.mean(axis=(0, 1)), gains, 0.95)

    def test_the_catalogue_is_beaten_only_where_each_of_its_strongest_is(self) -> None:
        assert self.verdict(0.5, 0.1, 1.0).ahead(2).low > 0
        assert self.verdict(0.5, 1.0, 1.0).ahead(2).low < 0.02  # the second is as strong
        assert self.verdict(0.5, 1.2, 1.0).ahead(2).low < -0.1

    def test_what_can_be_gained_is_what_the_chosen_one_gains_and_covers_all(self) -> None:
        most = self.verdict(0.5, 0.1, 1.0).exploitability
        assert most.low < most.value < most.high and most.value == pytest.approx(1.0, abs=0.02)
        assert self.verdict(0.5, 0.1, -1.0).exploitability.value == pytest.approx(0.5, abs=0.02)

    def test_who_does_what_the_catalogue_does_is_nochallenger_of(self) -> None:
        known, entered = np.array([[[3.0, 1.0]]]), np.array([[[3.0, 2.0, 0.0]]])
        assert challenger_of(known, entered) == 1
        assert challenger_of(known, known) == 0  # where all do


def test_in_a_public_good_the_strongest_attack_is_to_give_nothing_and_nothing_beats_it(tmp_path: Path) -> None:
    answer = ask("league", GOOD, 2, folder=tmp_path, **SHORT)
    attacks = answer.tables["attacks"].set_index("role")
    assert attacks.loc["strongest of the catalogue", "gain"] == pytest.approx(0.6)  # 1 less r / N
    assert attacks["over_catalogue"].max() <= 1e-9 and "no attack was found that surely beats" in answer.headline
    assert set(answer.tables["places"]["place"]) == {1, 2}
    mixes = answer.tables["mixes"].groupby("stage")["share"].sum()
    assert mixes.to_numpy() == pytest.approx(1.0)
    payoffs = answer.tables["payoffs"].pivot(index="strategy", columns="among", values="reward")
    assert payoffs.loc["free-ride", "as before"] - payoffs.loc["as before", "as before"] == pytest.approx(0.6)
    assert set(draw(answer)) == {"attacks", "mixes", "learning"}
    kept = {file: file.stat().st_mtime_ns for file in tmp_path.glob("*.npz")}
    again = ask("league", GOOD, 2, folder=tmp_path, **SHORT)
    assert again.headline == answer.headline
    assert {file: file.stat().st_mtime_ns for file in tmp_path.glob("*.npz")} == kept  # nothing was played again


@pytest.mark.slow
def test_a_network_that_learned_is_judged_and_told_like_the_others() -> None:
    answer = ask("league", SMALL, 2, **SHORT | {"methods": ["ppo", "networks"], "families": []})
    learned = answer.tables["attacks"].query("origin == 'learned'")
    assert len(learned) == 2 and learned["does"].str.contains("changes its move").all()
    assert set(answer.tables["moves"]["attack"]) == set(learned["attack"])


@pytest.mark.parametrize(("options", "message"), [
    ({"families": ["nothing"]}, "option families: 'nothing'"),
    ({"stages": 0, "search": "none"}, "nothing beside the catalogue"),
])  # fmt: skip
def test_a_league_without_attackers_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        ask("league", GOOD, 2, **SHORT | options)


def test_a_league_needs_seeds_and_principals() -> None:
    with pytest.raises(InputError, match="seeds: league needs at least 2"):
        ask("league", GOOD, 1, **SHORT)
    with pytest.raises(InputError, match="needs 3 principals"):
        ask("league", revise(GOOD, {"population.count": 2, "market.groups": "all"}), 2, **SHORT)
