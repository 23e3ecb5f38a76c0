"""Learners against games whose best response is known: each finds it to one in a hundred."""

import numpy as np
import pytest
from shared.known_games import COOPERATE, DEFECT, FirstPriceAuction, Game, PrisonersDilemma, PublicGood

from commonweal.agents.arrays import Floats
from commonweal.economy.learners.actor import acting, always
from commonweal.economy.learners.environment import Act, played
from commonweal.economy.learners.population import Population, by_programmes, by_weights
from commonweal.economy.learners.ppo import PPO, by_gradient

FRESH = 10**6  # seeds from here on are not those of training


def share_of_best(game: Game, act: Act, best: Act) -> float:
    """What one has on fresh seeds, of what the best response has on the same."""
    seeds = range(FRESH, FRESH + game.runs)
    return float(played(game, seeds, act).mean() / played(game, seeds, best).mean())


DOMINANT = [
    (PrisonersDilemma(runs=64), DEFECT),  # T > R and P > S
    (PublicGood(runs=64, factor=1.6), 0),  # r / N = .4 < 1
    (PublicGood(runs=64, factor=5.0), 4),  # r / N = 1.25 > 1
]


@pytest.mark.parametrize(("game", "code"), DOMINANT)
def test_programmes_find_the_dominant_move(game: Game, code: int) -> None:
    found = by_programmes(game, Population(generations=20), np.random.default_rng(0))
    assert found.steps == ((0, (code,)),)


@pytest.mark.parametrize(("game", "code"), DOMINANT)
def test_networks_of_a_population_find_the_dominant_move(game: Game, code: int) -> None:
    learned = by_weights(game, Population(generations=20, hidden=()), np.random.default_rng(0))
    assert share_of_best(game, acting(learned.actor), always([code])) > 0.99


def test_a_programme_cooperates_with_tit_for_tat_and_defects_in_the_last_round() -> None:
    game = PrisonersDilemma(runs=64, answers=True)
    found = by_programmes(game, Population(generations=40), np.random.default_rng(1))
    assert found.steps == ((0, (COOPERATE,)), (game.horizon - 1, (DEFECT,)))
    assert played(game, range(64), found.act).mean() == pytest.approx(game.best)


@pytest.mark.slow
@pytest.mark.parametrize(("game", "code"), DOMINANT)
def test_gradients_find_the_dominant_move(game: Game, code: int) -> None:
    learned = by_gradient(game, PPO(updates=25), np.random.default_rng(0))
    assert share_of_best(game, acting(learned.actor), always([code])) > 0.99


@pytest.mark.slow
def test_gradients_learn_to_cooperate_with_tit_for_tat() -> None:
    game = PrisonersDilemma(answers=True)
    learned = by_gradient(game, PPO(updates=40), np.random.default_rng(0))
    assert played(game, range(32), acting(learned.actor)).mean() >= 3.0  # R; who always defects has 1.2


def expected_share(game: FirstPriceAuction, act: Act) -> float:
    """Of what the best bids have in the mean of the other's value, over values drawn anew."""
    seeds = range(FRESH, FRESH + game.runs)
    sights, own, best = game.reset(seeds), 0.0, 0.0
    for round in range(game.horizon):
        codes, value = act(sights, round), sights[:, 0, 1]
        own += game.expected(value, codes[:, 0, 0]).sum()
        best += game.expected(value[:, None], np.arange(game.sizes[0])[None]).max(axis=1).sum()
        sights, *_ = game.step(codes)
    return own / best


def test_the_best_bid_in_an_auction_is_half_the_value() -> None:
    game = FirstPriceAuction(runs=200)
    value = np.linspace(0.1, 0.9, 5)

    def half(sights: Floats, round: int) -> np.ndarray:
        return np.rint(sights[..., 1:] / 2 * (game.sizes[0] - 1)).astype(int)

    assert expected_share(game, half) > 0.995
    assert game.expected(value, np.rint(value / 2 * 20).astype(int)) == pytest.approx(value**2 / 2, abs=2e-3)


@pytest.mark.parametrize("learn", [by_programmes, by_weights, by_gradient])
def test_the_same_generator_learns_the_same(learn) -> None:  # type: ignore[no-untyped-def]
    terms = PPO(updates=2, hidden=(4,)) if learn is by_gradient else Population(generations=3, hidden=(2,))
    one, same, other = (
        learn(PublicGood(runs=16, horizon=5), terms, np.random.default_rng(seed)) for seed in (0, 0, 1)
    )
    assert np.array_equal(one.course, same.course)
    assert not np.array_equal(one.course, other.course)
    if learn is by_programmes:
        assert one.steps == same.steps
    else:
        pairs = zip(one.actor.layers, same.actor.layers, strict=True)
        assert all(np.array_equal(a, b) for first, second in pairs for a, b in zip(first, second, strict=True))
