"""A mechanism from outside: one class with its terms, state and hooks works wherever an economy is played."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, per_principal
from commonweal.agents.errors import InputError
from commonweal.agents.terms import PerRun, term
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import play_futures
from commonweal.economy.money.ledger import MICRO, Accounts, Reason, Transfer, reconcile
from commonweal.economy.round.mechanism import MECHANISMS, Mechanism, mechanism
from commonweal.economy.round.record import Effects
from commonweal.economy.runs.checkpoint import restore, save
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.figures.browser.notes.numbers import figure
from commonweal.figures.browser.notes.tables import principal_card
from commonweal.figures.browser.tab.live import Live
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.sweeps.sweep import sweep

SMALL = {"rounds": 6, "population.count": 6, "task.kind": "wine", "task.validation": 40, "task.test": 40}
TAXED = SMALL | {"mechanisms.tax.rate": 0.25, "mechanisms.tax.most": 0.05}


# --- all that somebody else writes -----------------------------------------------------------------------------------
@dataclass(frozen=True)
class TaxTerms:
    rate: PerRun = term(0.1, "share of every payment that is taken", ge=0, le=1)
    most: PerRun = term(1.0, "money after which a principal has paid enough and stays away", ge=0)


@dataclass(frozen=True)
class Paid:
    so_far: Floats = per_principal()  # (R, N) money


class Tax(Mechanism):
    """A share of every payment goes back to the treasury; who has paid enough stays away."""

    def begin(self, world: Any, state: Any, people: Any, streams: Any) -> Paid:
        return Paid(np.zeros(world.shape))

    def before(self, own: Paid, moment: Any, world: Any, streams: Any) -> tuple[Paid, Effects]:
        enough = own.so_far >= world.terms.mechanisms["tax"].most
        return own, Effects(actions=np.where(enough, int(Action.ABSTAIN), moment.actions))

    def pay(
        self, own: Paid, moment: Any, produce: Any, income: Any, world: Any, streams: Any
    ) -> tuple[Paid, Effects]:
        rate = world.terms.mechanisms["tax"].rate
        due = np.minimum((rate * income.payments).astype(np.int64), moment.state.ledger.principals)
        count = due.shape[1]
        taken = Transfer(Reason.CLAWBACK, Accounts(count).principals, Accounts(count).treasury, due)
        return Paid(own.so_far + due / MICRO), Effects(transfers=(taken,), note=due)
# --------------------------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """For as long as a test runs."""
    monkeypatch.setattr(MECHANISMS, "_plugs", dict(MECHANISMS._plugs))
    mechanism("tax", TaxTerms)(Tax)
    return


def test_it_acts_in_every_round_and_its_money_is_in_the_books() -> None:
    ensemble = Ensemble(load("commons", TAXED), seeds=[0, 1], keep_ledger=True)
    results = ensemble.run()
    paid = ensemble.state.mechanisms["tax"].so_far
    assert (paid > 0).any()
    assert results.ledger is not None
    taxes = results.ledger[results.ledger["reason"] == "clawback"]["amount"].sum() / MICRO
    assert taxes == pytest.approx(paid.sum())
    assert not reconcile(results.ledger, ensemble.state.ledger.balances).any()
    np.testing.assert_allclose(results.principals["payoff"].sum(), _without_private(results, ensemble))


def _without_private(results: Any, ensemble: Ensemble) -> float:
    """What payoffs come to by the books alone: money owned at the end, private gain and cost aside."""
    owned = ensemble.state.ledger.owned.sum() / MICRO
    rounds, terms = results.rounds, ensemble.world.terms
    gain = (rounds["share_defect"] * 6).sum() * float(terms.actions.defect_gain[0, 0])
    each = ensemble.people.cost * terms.learning.samples
    delegated = results.principals["delegated_share"].to_numpy().reshape(2, -1) * 6
    return float(owned + gain - (each * delegated).sum())


def test_who_has_paid_enough_stays_away() -> None:
    ensemble = Ensemble(load("commons", TAXED | {"mechanisms.tax.most": 0.0}), seeds=[0])
    assert (ensemble.step().actions == Action.ABSTAIN).all()


def test_rates_may_differ_between_runs_and_a_run_plays_the_same_alone() -> None:
    scenarios = [load("commons", TAXED | {"mechanisms.tax.rate": rate}) for rate in (0.1, 0.5)]
    together = Ensemble(scenarios, seeds=[3, 3])
    together.run()
    for run, scenario in enumerate(scenarios):
        alone = Ensemble(scenario, seeds=[3])
        alone.run()
        in_ensemble = together.state.mechanisms["tax"].so_far[run]
        np.testing.assert_array_equal(alone.state.mechanisms["tax"].so_far[0], in_ensemble)


def test_a_feature_that_is_off_changes_no_number() -> None:
    off = Ensemble(load("commons", SMALL), seeds=[0]).run().rounds
    free = Ensemble(load("commons", SMALL | {"mechanisms.tax.rate": 0.0}), seeds=[0]).run().rounds
    assert off.equals(free[off.columns])


def test_futures_carry_its_state_with_second_names() -> None:
    ensemble = Ensemble(load("commons", TAXED), seeds=[0, 1])
    ensemble.step()
    futures = play_futures(ensemble.snapshot, [Deviation("split", (0,), Action.DELEGATE, identities=3)], rounds=3)
    assert futures.payoffs.shape == (2, 2, 3, 8)
    untaxed = Ensemble(load("commons", TAXED | {"mechanisms.tax.rate": 0.0}), seeds=[0, 1])
    untaxed.step()
    free = play_futures(untaxed.snapshot, [Deviation("split", (0,), Action.DELEGATE, identities=3)], rounds=3)
    assert (futures.kept > free.kept).any()


def test_a_checkpoint_keeps_its_state(tmp_path: Path) -> None:
    straight, resumed = (Ensemble(load("commons", TAXED), seeds=[0, 1]) for _ in range(2))
    for _ in range(3):
        straight.step()
    save(tmp_path / "run.npz", straight)
    restore(tmp_path / "run.npz", resumed)
    for ensemble in (straight, resumed):
        for _ in range(3):
            ensemble.step()
    np.testing.assert_array_equal(straight.state.mechanisms["tax"].so_far, resumed.state.mechanisms["tax"].so_far)
    np.testing.assert_array_equal(straight.state.ledger.balances, resumed.state.ledger.balances)


def test_a_scenario_keeps_its_section_through_json() -> None:
    scenario = load("commons", TAXED)
    assert revise(scenario, {"rounds": 7}).mechanisms == scenario.mechanisms
    assert replace(scenario.mechanisms["tax"], rate=0.25) == scenario.mechanisms["tax"]


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("mechanisms.tax.rate", 2, "mechanisms: tax.rate = 2: "),
        ("mechanisms.tax.rte", 0.1, "tax.rte is not a field; tax has rate, most"),
        ("mechanisms.tex.rate", 0.1, "'tex' is not registered; there are tax"),
    ],
)
def test_bad_input_is_one_line(path: str, value: float, told: str) -> None:
    with pytest.raises(InputError, match=told) as raised:
        load("commons", {path: value})
    assert "\n" not in str(raised.value)


def test_a_sweep_varies_its_terms_and_reports_what_it_did() -> None:
    results = sweep(load("commons", TAXED), vary={"mechanisms.tax.rate": [0.0, 0.5]}, seeds=2, keep_ledger=True)
    assert results.ledger is not None
    taken = results.ledger[results.ledger["reason"] == "clawback"].groupby("mechanisms.tax.rate")["amount"].sum()
    assert taken.get(0.5, 0) > 0 and taken.get(0.0, 0) == 0
    assert set(results.rounds["mechanisms.tax.rate"]) == {0.0, 0.5}
    assert (results.rounds["tax_so_far"] > 0).any()


def test_the_page_shows_its_state() -> None:
    live = Live(load("commons", TAXED), seed=0)
    live.step()
    paid = live.model.state.mechanisms["tax"].so_far[0]
    assert paid.any()
    for index in range(6):
        assert ("tax so far", figure(paid[index])) in principal_card(live.chronicle, index).rows
    assert live.chronicle.rows[-1]["tax_so_far"] == paid.mean()
