"""Lagrangian credit: against differences of the Lagrangian itself, and against credit of the projected step."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.arrays import Floats
from commonweal.economy.credit import CREDITS, RoundGame, admissible_step
from commonweal.economy.learning.network import descend, inner, to_numpy
from commonweal.economy.round.learn import game_of
from commonweal.economy.round.record import Lesson
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.screening.admissible import ScreeningTerms, screen
from commonweal.economy.world.world import World
from commonweal.scenarios.schema.loading import load, revise
from commonweal.testing.credit import VALIDATION, setting

SENSES = np.array([1.0, -1.0])
SCOPES = ("aggregate", "all", "own")


def terms(scope: str) -> ScreeningTerms:
    number = np.zeros((1, 1))
    return ScreeningTerms("project", scope, "level", number, number, gate=False, safeguard=number)


def screened(game: RoundGame, scope: str, share: float) -> tuple[RoundGame, Floats, Floats]:
    """The game after projection with a budget of a share of the pooled harm; that budget (R, K); shadow prices (R, K).

    Args:
        game: in which everybody's update is whole.
        scope: of screening.
        share: of the harm of the sum of all updates; of harm below 0 the budget is twice that, so that it binds too.
    """
    harms = to_numpy(game.passage.products(game.probes)) * SENSES
    pooled = harms.sum(axis=1)
    budget = np.where(pooled > 0, share * pooled, 2 * pooled)
    active = np.asarray(to_numpy(game.passage.squared_norms()) > 0)
    gram = to_numpy(inner(game.probes, game.probes))
    found = screen(harms, gram, np.repeat(budget[:, None], harms.shape[1] if scope == "own" else 1, axis=1), active,
                   SENSES, terms(scope))  # fmt: skip
    whole = admissible_step(game.passage, game.probes, found.weights, found.multipliers)
    return replace(game, weights=found.weights, multipliers=found.multipliers, whole=whole), budget, found.shadow_prices


def trained_on_the_validation_set(principals: int = 5) -> RoundGame:
    """A game whose validation set is the batch, so that Σ_i u_i = ∇L."""
    studied = setting(principals=principals)
    real = studied.owner[0] >= 0
    features, labels = studied.features[:, real], studied.labels[:, real]
    some = min(VALIDATION, features.shape[1])  # the game has a fixed number of validation samples
    features, labels, owner = features[:, :some], labels[:, :some], studied.owner[:, real][:, :some]
    assert some == VALIDATION
    tried = torch.cat([features, studied.tried[:, VALIDATION:]], dim=1)
    answers = torch.cat([labels, studied.answers[:, VALIDATION:]], dim=1)
    return replace(studied, features=features, labels=labels, owner=owner, tried=tried, answers=answers).game()


def alone(game: RoundGame) -> RoundGame:
    """The same batch as that of one principal."""
    owners = replace(game.passage.owners, owner=torch.zeros_like(game.passage.owners.owner), principals=1)
    passage: Any = replace(game.passage, owners=owners)  # type: ignore[type-var]
    weights, multipliers = np.ones((len(game.level), 1)), np.zeros((len(game.level), 1, 2))
    slopes = game.slopes.sum(axis=1, keepdims=True)
    return replace(game, passage=passage, weights=weights, multipliers=multipliers, slopes=slopes)


def first_order_of_the_step(game: RoundGame) -> Floats:
    """(R,) η⟨∇L, Σ_i ũ_i⟩."""
    pairs = zip(game.gradient, game.step(), strict=True)
    along = sum(to_numpy((gradient * step).flatten(1).sum(1)) for gradient, step in pairs)
    return game.rate[:, 0] * along


class TestProjectedStep:
    """What it is worth under the Lagrangian, and to first order."""

    @pytest.mark.parametrize("scope", SCOPES)
    @given(share=st.floats(0.0, 0.95))
    def test_where_the_batch_is_the_validation_set_credits_sum_to_credit_of_the_projected_step(
        self, scope: str, share: float
    ) -> None:
        """η⟨∇L − Σλsp, Σu⟩ = η⟨Σu − Σλsp, ∇L⟩, whatever the budget and the scope."""
        game, _, prices = screened(trained_on_the_validation_set(8), scope, share)
        assert (prices > 0).any(axis=1).all()  # something binds
        found = CREDITS["lagrangian"](game).values.sum(axis=1)
        np.testing.assert_allclose(found, first_order_of_the_step(game), rtol=1e-11, atol=1e-14)
        unpriced = CREDITS["first_order"](replace(game, multipliers=0 * game.multipliers)).values.sum(axis=1)
        assert (np.abs(found - unpriced) > 1e-6).all()

    def test_so_does_that_of_a_principal_alone(self) -> None:
        game, _, prices = screened(alone(trained_on_the_validation_set(8)), "aggregate", 0.3)
        assert (prices > 0).any(axis=1).all()
        found = CREDITS["lagrangian"](game).values[:, 0]
        np.testing.assert_allclose(found, first_order_of_the_step(game), rtol=1e-11)
        np.testing.assert_allclose(found, CREDITS["first_order"](game).values[:, 0], rtol=1e-11)

    @pytest.mark.parametrize("scope", SCOPES)
    def test_elsewhere_they_differ_by_what_the_prices_of_two_gradients_differ(self, scope: str) -> None:
        """By η Σ_k λ_k s_k ⟨p_k, ∇L − Σ_i u_i⟩."""
        game, _, _ = screened(replace(setting().game(), weights=np.ones((2, 5))), scope, 0.3)
        charge = game.multipliers.sum(axis=1)
        gradient = tuple(g.unsqueeze(1) for g in game.gradient)
        pooled = to_numpy(game.passage.products(game.probes)).sum(axis=1)
        along = to_numpy(inner(game.probes, gradient))[..., 0] - pooled
        expected = first_order_of_the_step(game) + game.rate[:, 0] * (charge * along).sum(axis=1)
        found = CREDITS["lagrangian"](game).values
        np.testing.assert_allclose(found.sum(axis=1), expected, rtol=1e-10)
        assert (np.abs(found.sum(axis=1) - first_order_of_the_step(game)) > 1e-6).all()

    @pytest.mark.parametrize("share", [0.0, 0.4])
    def test_of_the_projected_step_itself_both_agree_but_for_the_price_of_the_budget(self, share: float) -> None:
        """Complementary slackness: λ_k is 0 or the harm of the projected step is the budget, 0 at a limit."""
        game, budget, prices = screened(setting().game(), "aggregate", share)
        charge = game.multipliers.sum(axis=1)
        np.testing.assert_allclose(charge * SENSES, prices, rtol=1e-12)
        harm = to_numpy(inner(game.probes, tuple(s.unsqueeze(1) for s in game.step())))[..., 0] * SENSES
        lagrangian = first_order_of_the_step(game) - game.rate[:, 0] * (prices * harm).sum(axis=1)
        rent = game.rate[:, 0] * (prices * budget).sum(axis=1)
        np.testing.assert_allclose(lagrangian, first_order_of_the_step(game) - rent, rtol=1e-9, atol=1e-12)


class TestCredit:
    """Of a principal."""

    def test_where_nothing_binds_it_is_first_order_credit(self) -> None:
        game = replace(setting().game(), multipliers=np.zeros((2, 5, 2)))
        np.testing.assert_array_equal(CREDITS["lagrangian"](game).values, CREDITS["first_order"](game).values)

    def test_who_relieves_a_binding_value_is_paid_and_who_presses_on_it_pays(self) -> None:
        game, _, prices = screened(replace(setting().game(), weights=np.ones((2, 5))), "aggregate", 0.3)
        harms = to_numpy(game.passage.products(game.probes)) * SENSES
        first = CREDITS["first_order"](replace(game, multipliers=0 * game.multipliers)).values
        more = CREDITS["lagrangian"](game).values - first
        np.testing.assert_allclose(more, -game.rate * (prices[:, None] * harms).sum(axis=2), rtol=1e-9, atol=1e-13)
        assert (more > 1e-6).any() and (more < -1e-6).any()


def played(**fields: Any) -> tuple[World, Lesson, RoundGame]:
    """The last of a few rounds of a small economy in which a limit binds."""
    scenario = revise(load("value-conflict"), {
        "precision": "float64", "population.count": 6, "task.kind": "synthetic", "task.classes": 10,
        "task.samples": 900, "task.validation": 100, "learning.hidden": [8], "learning.activation": "tanh",
        "screening.mode": "project", "screening.scope": "aggregate", "credit.kind": "lagrangian", **fields,
    })  # fmt: skip
    ensemble = Ensemble(scenario, [1])
    for _ in range(30):
        before = ensemble.state
        lesson = ensemble.step().taught
        if (lesson.screened.shadow_prices > 0).any():
            return ensemble.world, lesson, game_of(lesson, ensemble.world, ensemble.streams.credit)
    raise AssertionError(f"no limit binds after round {before.round}")


@pytest.mark.parametrize("scope", ["aggregate", "all"])
def test_credit_is_the_slope_of_the_lagrangian_along_an_update(scope: str) -> None:
    """Central differences of L − Σ_k λ_k s_k L_k at θ − ε η u_i, in an economy that plays."""
    world, lesson, game = played(**{"screening.scope": scope})
    prices = lesson.screened.multipliers.sum(axis=1)  # λ_k s_k
    updates = lesson.passage.updates()

    def lagrangian(step: float, principal: int) -> float:
        moved = descend(lesson.before, tuple(step * float(game.rate[0, 0]) * u[:, principal] for u in updates))
        levels = to_numpy(world.exam.levels(world.network.logits(moved, world.exam.features)))[0]
        return float(levels[0] - prices[0] @ levels[1:])

    found = [(lagrangian(-1e-4, i) - lagrangian(1e-4, i)) / 2e-4 for i in range(6)]
    np.testing.assert_allclose(lesson.credit[0], found, rtol=1e-5, atol=1e-9)
    assert np.abs(lesson.credit[0] - CREDITS["first_order"](game).values[0]).max() > 1e-6
