"""A league of attackers: the mix that they train against, and what is said of those who join."""

from dataclasses import replace

import numpy as np
import pytest

from commonweal.agents.errors import InputError
from commonweal.economy.arena.moves import Moves
from commonweal.economy.arena.tactics import Constant, Programme
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.studies.training.league import LeagueTerms, game_of_pairs, in_words, league, resting_mix
from commonweal.scenarios.studies.training.training import Training

GIVING = {"policy.mix": {"fixed": 1.0}, "population.start_delegate": 1.0, "population.start_free_ride": 0.0}
GOOD = load("public-goods", {"population.count": 4, "rounds": 6, **GIVING})
SHORT = LeagueTerms(Training(horizon=6, runs=16, updates=3), stages=1, attackers=0.34, seeds=2, held_out=3)


def test_a_pair_pays_what_the_table_says() -> None:
    payoffs = np.array([[3.0, 0.0, 1.0], [5.0, 1.0, 2.0], [0.0, 4.0, 6.0]])
    game = game_of_pairs(payoffs)
    assert game.players == 2
    assert game.expected(np.array([0.2, 0.5, 0.3])) == pytest.approx(payoffs @ [0.2, 0.5, 0.3])


@pytest.mark.parametrize(("payoffs", "mix"), [
    ([[3.0, 0.0], [5.0, 1.0]], [0.0, 1.0]),  # prisoner's dilemma: all defect
    ([[-1.0, 4.0], [0.0, 2.0]], [2 / 3, 1 / 3]),  # hawk and dove, V = 4, C = 6: hawks V / C (Maynard Smith 1982)
    ([[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]], [1 / 3] * 3),  # rock, paper, scissors
])  # fmt: skip
def test_the_mix_is_an_equilibrium(payoffs: list[list[float]], mix: list[float]) -> None:
    assert resting_mix(np.array(payoffs)) == pytest.approx(mix, abs=1e-6)


def test_in_a_public_good_the_strongest_attack_is_to_give_nothing() -> None:
    found = league(GOOD, SHORT)
    assert [each.origin for each in found.entrants][:2] == ["honest", "constant"]
    assert found.exploitability.value == pytest.approx(0.6)  # 1 less r / N
    assert found.table["origin"].iloc[0] == "catalogue"
    assert found.table["over_catalogue"].iloc[0] == 0
    assert found.table["over_catalogue"].max() <= 1e-9  # nothing beats a dominant move
    assert found.payoffs[1, 0] - found.payoffs[0, 0] == pytest.approx(0.6)


def test_an_attack_is_told_in_plain_words() -> None:
    menu = Moves({"does": ("as before", "delegate", "stale"), "share": (1.0, 0.5)})
    assert in_words(Constant(menu, (2, 1))) == "stale, 50% of its samples in all rounds"
    assert in_words(Programme(menu, ((0, (1, 0)), (6, (2, 0))))) == "delegate from round 1, then stale from round 7"


def test_terms_that_make_no_league_are_refused() -> None:
    with pytest.raises(InputError, match="stages >= 1"):
        replace(SHORT, stages=0)
