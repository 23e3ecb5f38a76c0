"""A common limit chosen by declared values: options and their worth, taxes in whole micro-units, false claims."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.economy.money.ledger import MICRO, reconcile
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.screening.common_limit import Demand, PricePrior, choose_tolerance, options_of
from commonweal.economy.screening.tolerance import ForSale, ToleranceSale, buy_tolerance
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.relevance import matters

SEEDS = st.integers(0, 2**32 - 1)
KINDS = ("clarke", "dagva")
STEPS = 5
RICH = np.full((1, 4), MICRO)
PRIOR = PricePrior(np.zeros((1, 1)), np.full((1, 1), 1.0))
SMALL = {
    "population.count": 8, "task.validation": 200, "rounds": 12, "values.for_sale": 0.6, "tolerance.budget": 0.05,
    "screening.scope": "aggregate", "actions.available": ["abstain", "delegate", "free_ride", "defect"],
}  # fmt: skip


def case(seed: int, principals: int = 4, most: float = 1.0) -> tuple[ForSale, Demand]:
    """Honest claims of one run with two dimensions, and what the cooperative wants."""
    rng = np.random.default_rng(seed)
    limits = rng.uniform(0.5, 1.0, (1, principals, 2))
    price = rng.uniform(0.0, 1.0, (1, principals))
    member = rng.random((1, principals)) < rng.choice([0.7, 1.0])
    for_sale = ForSale(0.9 - limits, limits, price, np.full((1, 1), most), member)
    worth = rng.uniform(0.0, 2.0, (1, 2)) * (rng.random((1, 2)) > 0.2)
    return for_sale, Demand(worth, rng.uniform(-0.2, 1.0, (1, 2)), rng.integers(0, 2 * MICRO, 1))


def chosen(for_sale: ForSale, first: ForSale, demand: Demand, kind: str, held: Ints = RICH) -> ToleranceSale:
    options = options_of(for_sale, first, demand, STEPS)
    return choose_tolerance(for_sale, options, held, PRIOR if kind == "dagva" else None)


def net(sale: ToleranceSale, honest: ForSale, claimed: ForSale) -> Floats:
    """(R, N) money received, less the true price of the true limits that the common room passes."""
    held = claimed.room + sale.loosened * claimed.limits
    common = np.where(claimed.member[..., None], held, np.inf).min(axis=1, keepdims=True)
    passed = np.where(honest.member[..., None], np.maximum(common - honest.room, 0.0) / honest.limits, 0.0)
    return sale.received / MICRO - honest.price * passed.sum(axis=2)


class TestChoosing:
    def test_two_members_loosen_as_long_as_it_is_worth_more_than_it_costs(self) -> None:
        # limits 1 and 1, all for sale, room 0 each; useful 1 and worth 1 in all; two prices of .25 make .5 per unit.
        # A share z of the room is worth 1 − (1 − z)²: most is left at z = .75, on a grid of .25; parts of .9375 / 2
        limits = np.ones((1, 2, 1))
        for_sale = ForSale(0 * limits, limits, np.full((1, 2), 0.25), np.ones((1, 1)), np.ones((1, 2), bool))
        demand = Demand(np.ones((1, 1)), np.ones((1, 1)), np.array([MICRO]))
        options = options_of(for_sale, for_sale, demand, 4)
        assert options.room.tolist() == [[[0.0, 0.25, 0.5, 0.75, 1.0]]]
        np.testing.assert_allclose(options.worth, [[[0.0, 0.4375, 0.75, 0.9375, 1.0]]])
        sale = choose_tolerance(for_sale, options, np.zeros((1, 2), np.int64))
        assert sale.loosened.tolist() == [[[0.75], [0.75]]]
        assert sale.payments.tolist() == [[468750, 468750]]
        # alone, each would want 1 − (1 − z)² over two less .25 z: z = .75 as well; nobody changes the choice
        assert sale.taxes is not None
        assert not sale.taxes.any()

    def test_who_would_stop_it_pays_what_the_others_lose(self) -> None:
        # as above, but one asks 4: parts less prices sum to .4375 − 4.25/4 < 0 at the first step, so nothing is
        # loosened; the other alone has .9375 / 2 − .25 · .75 = .28125 at best, which is the tax
        limits = np.ones((1, 2, 1))
        for_sale = ForSale(0 * limits, limits, np.array([[0.25, 4.0]]), np.ones((1, 1)), np.ones((1, 2), bool))
        options = options_of(for_sale, for_sale, Demand(np.ones((1, 1)), np.ones((1, 1)), np.array([MICRO])), 4)
        sale = choose_tolerance(for_sale, options, np.full((1, 2), MICRO))
        assert not sale.loosened.any()
        assert sale.taxes is not None
        assert sale.taxes.tolist() == [[0, 281250]]
        poor = choose_tolerance(for_sale, options, np.full((1, 2), 1000))
        assert poor.taxes is not None and poor.unpaid is not None
        assert (poor.taxes.tolist(), poor.unpaid.tolist()) == ([[0, 1000]], [[0, 280250]])

    @given(SEEDS, st.sampled_from(KINDS), st.sampled_from([0.3, 1.0]))
    def test_payments_stay_within_the_purse_and_taxes_within_what_everybody_holds(
        self, seed: int, kind: str, most: float
    ) -> None:
        for_sale, demand = case(seed, most=most)
        held = np.random.default_rng(seed).integers(0, MICRO // 10, (1, 4))
        sale = chosen(for_sale, for_sale, demand, kind, held)
        assert sale.taxes is not None and sale.unpaid is not None
        assert 0 <= sale.payments.sum() <= demand.purse.sum()
        assert (held + sale.received >= 0).all()
        assert (sale.unpaid >= 0).all()
        assert sale.taxes.sum() == 0 if kind == "dagva" else (sale.taxes >= 0).all()
        assert not sale.received[~for_sale.member].any()
        assert not sale.loosened[~for_sale.member].any()
        assert ((sale.loosened >= 0) & (sale.loosened <= most * (1 + 1e-9))).all()

    @given(SEEDS, st.sampled_from(KINDS))
    def test_all_limits_are_loosened_to_the_room_that_was_chosen_and_no_further(self, seed: int, kind: str) -> None:
        for_sale, demand = case(seed)
        sale = chosen(for_sale, for_sale, demand, kind)
        after = for_sale.room + sale.loosened * for_sale.limits
        common = np.where(for_sale.member[..., None], after, np.inf).min(axis=1, keepdims=True)
        moved = sale.loosened > 0
        np.testing.assert_allclose(np.where(moved, after - common, 0.0), 0.0, atol=1e-9)

    @given(SEEDS)
    def test_nothing_is_chosen_for_nothing(self, seed: int) -> None:
        for_sale, demand = case(seed)
        sale = chosen(for_sale, for_sale, replace(demand, purse=np.zeros(1, np.int64)), "clarke")
        assert not sale.payments.any()
        assert not sale.loosened.any()

    @given(SEEDS)
    def test_a_run_chooses_alone_as_in_an_ensemble(self, seed: int) -> None:
        cases = [case(seed + k) for k in range(2)]
        both = ForSale(*(np.concatenate([getattr(each, name) for each, _ in cases]) for name in vars(cases[0][0])))
        demand = Demand(*(np.concatenate([getattr(each, name) for _, each in cases]) for name in vars(cases[0][1])))
        prior = PricePrior(np.zeros((2, 1)), np.ones((2, 1)))
        together = choose_tolerance(both, options_of(both, both, demand, STEPS), np.full((2, 4), MICRO), prior)
        alone = chosen(cases[1][0], cases[1][0], cases[1][1], "dagva")
        np.testing.assert_array_equal(together.received[1:], alone.received)
        np.testing.assert_allclose(together.loosened[1:], alone.loosened)


class TestFalseClaims:
    @given(SEEDS, st.floats(-1, 3), st.floats(-0.5, 0.5))
    def test_under_clarke_neither_a_false_price_nor_a_false_limit_gains(
        self, seed: int, dearer: float, stricter: float
    ) -> None:
        for_sale, demand = case(seed)
        price, limits = for_sale.price.copy(), for_sale.limits.copy()
        price[0, 0] *= 1 + dearer
        limits[0, 0] = np.clip(limits[0, 0] * (1 + stricter), 0.01, 1.0)
        claimed = replace(for_sale, price=price, limits=limits, room=0.9 - limits)
        honest = net(chosen(for_sale, for_sale, demand, "clarke"), for_sale, for_sale)
        lied = net(chosen(claimed, for_sale, demand, "clarke"), for_sale, claimed)
        assert lied[0, 0] - honest[0, 0] <= 4 / MICRO  # of rounding, in two dimensions

    def test_at_posted_prices_who_asks_half_as_much_again_gains_half_its_price(self) -> None:
        # one member sells all of its limit for .375 where it is worth .25 to it
        limits = np.ones((1, 1, 1))
        for_sale = ForSale(0 * limits, limits, np.full((1, 1), 0.25), np.ones((1, 1)), np.ones((1, 1), bool))
        claimed = replace(for_sale, price=np.full((1, 1), 0.375))
        sale = buy_tolerance(claimed, np.ones((1, 1)), np.ones((1, 1)), np.array([MICRO]))
        assert net(sale, for_sale, claimed).item() == pytest.approx(0.125, abs=1e-9)
        wanted, held = Demand(np.ones((1, 1)), np.ones((1, 1)), np.array([MICRO])), np.zeros((1, 1), np.int64)
        clarke = chosen(claimed, for_sale, wanted, "clarke", held)
        honest = chosen(for_sale, for_sale, wanted, "clarke", held)
        assert net(clarke, for_sale, claimed).item() <= net(honest, for_sale, for_sale).item()


def economy(kind: str, **changes: object) -> Ensemble:
    fields = {path.replace("__", "."): value for path, value in changes.items()}
    return Ensemble(load("tolerance-for-sale", {**SMALL, "tolerance.kind": kind, **fields}), [0, 1], keep_ledger=True)


class TestInTheEconomy:
    @pytest.mark.parametrize("kind", KINDS)
    def test_every_micro_unit_is_booked_and_all_accounts_sum_to_zero(self, kind: str) -> None:
        ensemble = economy(kind)
        results = ensemble.run()
        assert results.ledger is not None
        taxes = results.ledger[results.ledger["reason"] == "tax"]
        paid = results.ledger[results.ledger["reason"] == "tolerance"]
        assert len(paid)
        assert paid.groupby(["run", "round"])["amount"].sum().max() <= round(0.05 * MICRO)
        assert not reconcile(results.ledger, ensemble.state.ledger.balances).any()
        assert not ensemble.state.ledger.balances.sum(axis=1).any()
        assert (ensemble.state.ledger.balances[:, :-1] >= 0).all()
        if kind == "dagva":
            treasury = ensemble.state.ledger.accounts.treasury
            into, out = (taxes[taxes[side] == treasury]["amount"].sum() for side in ("target", "source"))
            assert into == out > 0

    @pytest.mark.parametrize("kind", KINDS)
    def test_it_loosens_the_limit_that_binds(self, kind: str) -> None:
        rounds, nothing = economy(kind).run().rounds, economy(kind, tolerance__budget=0.0).run().rounds
        late, before = (each[each["round"] >= 6].mean() for each in (rounds, nothing))
        assert late["level_1"] < before["level_1"] - 0.01
        assert late["limit_1"] < before["limit_1"] - 0.05

    @pytest.mark.parametrize("kind", ["posted", *KINDS])
    def test_where_broken_limits_cost_their_owners_what_is_given_up_counts_once(self, kind: str) -> None:
        """With a concern the loss is the value cost; the payoff holds money alone, and utility is less by that cost."""
        free = {"values.concern": "member", "values.complicity_low": 0.0, "values.complicity_high": 0.0}
        asked, prices = {"tolerance__budget": 0.05}, []
        for concern in ({}, free):
            ensemble = economy(kind, **asked, **{path.replace(".", "__"): each for path, each in concern.items()})
            for _ in range(4):
                before = ensemble.state.ledger.owned
                record = ensemble.step()
            moved = (ensemble.state.ledger.owned - before) / MICRO
            sale, payday = record.notes["tolerance"], record.payday
            assert sale.loosened.any()
            prices.append((payday.payoffs - moved, sale.loosened))
        (with_loss, loosened), (without, same) = prices
        np.testing.assert_array_equal(loosened, same)  # a concern of 0 moves nothing
        lost = without - with_loss
        price = economy(kind).people.price
        np.testing.assert_allclose(lost, price * loosened.sum(axis=2), atol=1e-9)
        assert (lost > 0).any()

    def test_a_seller_that_minds_loses_the_value_cost_of_what_it_gives_up_and_no_more(self) -> None:
        minding = {"values__concern": "member", "values__complicity_low": 0.05, "values__complicity_high": 0.05}
        ensemble = economy("posted", **minding)
        for _ in range(6):
            record = ensemble.step()
        violation = record.notes["concern"].violation
        assert violation.any()
        np.testing.assert_allclose(record.payday.value_cost, 0.05 * violation.sum(axis=2))  # everybody takes part
        np.testing.assert_allclose(record.payday.utility, record.payday.payoffs - record.payday.value_cost)

    def test_kinds_and_options_matter_where_something_is_bought(self) -> None:
        base = load("tolerance-for-sale")
        assert matters(base, "tolerance.kind")
        assert not matters(base, "tolerance.options")
        assert matters(revise(base, {"tolerance.kind": "dagva"}), "tolerance.options")
        assert not matters(revise(base, {"tolerance.budget": 0.0}), "tolerance.kind")
        with pytest.raises(InputError, match=r"tolerance\.options = 0: must be"):
            revise(base, {"tolerance.options": 0})
