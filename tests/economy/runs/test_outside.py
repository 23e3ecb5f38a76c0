"""Outside: what a reward rule gives to those who stay away counts wherever somebody asks whether to stay away.

The game of two correlated owners after Acemoglu, Makhdoumi, Malekian and Ozdaglar ("Too Much Data", 2022): X ~ N(0, Σ)
with correlation r, signals X + N(0, 1). Of each, 2 / (4 − r²) leaks if both sell, r² / 2 if the other sells alone, and
½ if it sells alone; so a price below v (2 − r²)² / (2 (4 − r²)) keeps nobody in.
"""

from typing import Any

import numpy as np
import pytest

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import play_futures
from commonweal.economy.money.membership import NEVER
from commonweal.economy.money.settlement import Standing
from commonweal.economy.rewards.rules import REWARDS, RewardTerms
from commonweal.economy.round.play import play_round
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.runs.outside import model_outside
from commonweal.economy.world.replicas import pick_streams
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.compare.observation import observation
from commonweal.scenarios.studies.incentives.base_runs import play_base

R, V = 0.9, 0.5
BOTH, OTHER, OWN = 2 / (4 - R**2), R**2 / 2, 0.5
PRICE = V * (2 - R**2) ** 2 / (2 * (4 - R**2))
CURVE: dict[str, Any] = {
    "rounds": 4, "menu.offer": "fixed", "market.model_value": 2.0, "population.count": 6, "policy.mutation": 0.0,
    "actions.available": ["abstain", "delegate"], "learning.samples": 5000, "rewards.kind": "open",
    "population.cost_types": [], "population.cost_low": 0.0, "population.cost_high": 0.0001,
}  # fmt: skip


@pytest.fixture(autouse=True)
def rules_for_outsiders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rules that give something to those who stay away, too; gone after the test."""
    for part in ("_plugs", "_facts"):
        monkeypatch.setattr(REWARDS, part, dict(getattr(REWARDS, part)))

    @REWARDS.register("leak")
    def leak(standing: Standing, quality: Floats, terms: RewardTerms) -> Floats:
        sell = standing.member.sum(axis=1, keepdims=True)
        leaked = np.where(standing.member, np.where(sell == 2, BOTH, OWN), np.where(sell == 1, OTHER, 0.0))
        return (1 - V * leaked) * quality[:, None]

    @REWARDS.register("open")
    def open_to_all(standing: Standing, quality: Floats, terms: RewardTerms) -> Floats:
        return np.where(standing.member, 1.0, 0.5) * quality[:, None]


def scenario(**changes: Any) -> Scenario:
    told = {path.replace("__", "."): value for path, value in changes.items()}
    return revise(load("catastrophe"), CURVE | told)


def leaking(price: float, **changes: Any) -> Scenario:
    return scenario(
        rewards__kind="leak", population__count=2, market__price=price, market__model_value=1.0, market__baseline=0.0,
        settlement__kind="equal", learning__samples=100_000, rewards__accuracy__scale=1e-6, population__cost_high=0.0,
        **changes,
    )  # fmt: skip


@pytest.mark.parametrize(("price", "most"), [(0.45 * PRICE, 1), (1.1 * PRICE, 2)])
def test_best_responders_sell_together_only_where_the_price_makes_up_for_what_the_second_sale_leaks(
    price: float, most: int
) -> None:
    ensemble = Ensemble(leaking(price, policy__mix={"best_response": 1.0}, policy__revision=0.4, rounds=30), range(8))
    for _ in range(30):
        record = ensemble.step()
    assert ((record.actions == Action.DELEGATE).sum(axis=1) == most).all()


def test_a_studys_margin_over_staying_away_is_less_the_gain_from_it() -> None:
    game = leaking(0.05, policy__mix={"fixed": 1.0})
    base = play_base(game, (0, 1), 0, 4)
    ensemble = Ensemble(game, (0, 1))
    gains = play_futures(ensemble.snapshot, [Deviation("away", (0,), Action.ABSTAIN)], 4, others="freeze").gains[:, 0]
    np.testing.assert_allclose((base.payoffs - base.outside)[:, 0], -gains, atol=2e-6)
    assert gains == pytest.approx(V * (BOTH - OTHER) - 0.05, abs=0.02)  # the model is nearly perfect
    (seen,) = (piece.play(piece.asked, lambda *_: None) for piece in [observation(game, (0, 1))])
    np.testing.assert_allclose(seen.outside, base.outside)


@pytest.mark.parametrize("menu", [{}, {"menu__offer": "amounts"}])
@pytest.mark.parametrize("kind", ["open", "time_valuation"])
def test_what_the_model_would_be_outside_is_what_who_stays_away_is_given(kind: str, menu: dict[str, Any]) -> None:
    mixed = {"population__start_delegate": 0.5, "population__start_abstain": 0.5, "rewards__rho": 0.0}
    ensemble = Ensemble(scenario(rewards__kind=kind, policy__mix={"fixed": 1.0}, **mixed, **menu), range(2))
    for _ in range(3):
        state, people, actions = ensemble.state, ensemble.people, ensemble.decide()
        given = np.zeros(actions.shape)
        for who in range(actions.shape[1]):
            instead = actions.copy()
            instead[:, who] = Action.ABSTAIN
            streams = pick_streams(ensemble.streams, np.arange(len(actions)))
            _, _, other = play_round(state, people, instead, ensemble.world, streams)
            given[:, who] = 2.0 * other.payday.rewards[:, who]
        record = ensemble.act(actions)
        np.testing.assert_allclose(model_outside(ensemble, state, people, record), given, atol=1e-12)
    assert given.any()


def test_where_a_network_learns_the_model_is_taken_to_be_as_good_without_one() -> None:
    learned = load("commons", {"rewards.kind": "open", "market.model_value": 2.0, "population.count": 4, "rounds": 1,
                               "task.kind": "wine", "task.validation": 30, "task.test": 30})  # fmt: skip
    ensemble = Ensemble(learned, range(2))
    state, people = ensemble.state, ensemble.people
    record = ensemble.step()
    found = np.broadcast_to(model_outside(ensemble, state, people, record), record.actions.shape)
    np.testing.assert_allclose(found, np.repeat(record.payday.quality[:, None], 4, axis=1))


def test_rules_for_members_only_say_so_and_give_outsiders_nothing() -> None:
    kinds = [kind for kind in sorted(REWARDS) if REWARDS.facts(kind).members_only]
    assert {"shared", "menu", "shaping", "quota"} <= set(kinds)
    for kind in kinds:
        menu = {"menu__offer": "menu", "population__cost_types": [1e-4, 2e-4]} if kind == "menu" else {}
        apart = {"population__start_delegate": 0.5, "population__start_abstain": 0.5}
        ensemble = Ensemble(scenario(rewards__kind=kind, policy__mix={"fixed": 1.0}, **apart, **menu), range(2))
        state, people = ensemble.state, ensemble.people
        record = ensemble.step()
        away = record.actions == Action.ABSTAIN
        assert away.any() and not record.payday.rewards[away].any()
        assert model_outside(ensemble, state, people, record) == 0.0


def test_who_leaves_with_a_copy_and_is_given_a_model_as_an_outsider_has_the_better_of_the_two() -> None:
    ensemble = Ensemble(scenario(policy__mix={"fixed": 1.0}), range(2))
    futures = play_futures(ensemble.snapshot, [Deviation("leave", (0,), leaves=1)], 4, others="freeze")
    before, after = futures.payoffs[:, 1, 0, 0], futures.payoffs[:, 1, 1:, 0]
    cost = ensemble.people.cost[:, :1] * 5000
    np.testing.assert_allclose(after, (before[:, None] + cost).repeat(3, axis=1), atol=1e-9)


def test_a_menu_is_refused_where_staying_outside_is_worth_more_than_its_best_line() -> None:
    lines = {"rewards__kind": "menu", "menu__offer": "menu", "population__cost_types": [1e-4, 2e-4]}
    for option, refused in ((0.0, False), (5.0, True)):
        ensemble = Ensemble(scenario(**lines, policy__mix={"fixed": 1.0}, population__outside_option=option), range(2))
        record = ensemble.step()
        assert ((ensemble.state.mechanisms["menu"].line == NEVER) == refused).all()
        assert not refused or (record.payday.payoffs == option).all()
