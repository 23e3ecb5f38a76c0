"""Replication-robust credit (Agarwal, Dahleh and Sarkar 2019): copying oneself does not pay."""

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.arrays import Floats
from commonweal.economy.credit import CREDITS, Credit, RoundGame
from commonweal.economy.credit.alike import Seen, alike_samples, seen_by_owner
from commonweal.economy.credit.discounts import discounted
from commonweal.economy.credit.robust import discount, sample_similarity, update_similarity
from commonweal.testing.credit import TWINS, CreditClaims, HeldCredit, Setting, setting
from commonweal.testing.promises import Promises
from tests.helpers.offers import put_in, unit

LN2 = float(np.log(2))


def similarity(*rounds: Seen) -> Floats:
    """(N, N) of one run, where samples are different from a distance of 1 on."""
    return sample_similarity(alike_samples(rounds, unit()))[0]


class TestDiscount:
    def test_the_published_example(self) -> None:
        # λ = 1, A and B sell the same: Shapley 1/2 each, robust 1/(2e); A copies itself: 2/3 together, robust 2/(3e²)
        before = 1 / 2 * discount(np.ones((1, 2, 2)), np.ones((1, 1)))
        after = 1 / 3 * discount(np.ones((1, 3, 3)), np.ones((1, 1)))
        np.testing.assert_allclose(before, np.full((1, 2), 1 / (2 * np.e)))
        np.testing.assert_allclose(after[0, :2].sum(), 2 / (3 * np.e**2))

    @given(st.integers(1, 8), st.integers(0, 8), st.floats(LN2, 5))
    def test_from_ln_2_on_copies_never_earn_more_than_the_original(
        self, copies: int, others: int, penalty: float
    ) -> None:
        # Even where each copy is credited as much as the original was
        together = copies * discount(np.ones((1, copies + others, copies + others)), np.array([[penalty]]))[0, 0]
        alone = discount(np.ones((1, 1 + others, 1 + others)), np.array([[penalty]]))[0, 0]
        assert together <= alone * (1 + 1e-12)

    def test_below_ln_2_a_copy_pays(self) -> None:
        assert 2 * discount(np.ones((1, 2, 2)), np.array([[0.6]]))[0, 0] > 1


class TestSimilarity:
    def test_the_same_samples_are_similar_and_others_are_not(self) -> None:
        found = similarity(put_in([0, 5], [5, 0], [20, 30], []))
        expected = [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]
        np.testing.assert_allclose(found, expected, atol=1e-7)

    def test_it_is_the_mean_of_what_each_finds_at_the_other(self) -> None:
        # Two of the first's four samples are at the second's; both of the second's at the first's
        found = similarity(put_in([0, 5, 10, 15], [0, 5]))
        np.testing.assert_allclose(found[0, 1], (2 / 4 + 2 / 2) / 2)
        assert found[1, 0] == found[0, 1]

    def test_who_walks_through_the_same_data_at_another_pace_is_found_by_memory(self) -> None:
        first, second = put_in([0, 5], [10, 15]), put_in([10, 15], [0, 5])
        assert similarity(second)[0, 1] == 0
        assert similarity(first, second)[0, 1] == 1

    def test_updates_are_similar_by_their_angle(self) -> None:
        updates = torch.tensor([[[1.0, 0.0], [2.0, 2.0], [-3.0, 0.0], [0.0, 0.0]]])
        root = 1 / np.sqrt(2)
        expected = [[1, root, 0, 0], [root, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]
        np.testing.assert_allclose(update_similarity(updates)[0], expected, atol=1e-7)


class TestFirstOrderRobust:
    """The promises under the discount, at λ = ln 2: the copy of a twin halves what each of them earns."""

    OPTIONS: ClassVar[dict[str, Any]] = {"replication": {"penalty": LN2}}

    def game(self, studied: Setting | None = None, **changes: Any) -> RoundGame:
        return self.offered((studied or setting()).game(**{**self.OPTIONS, **changes}))

    def offered(self, game: RoundGame) -> RoundGame:
        present = torch.as_tensor(game.weights != 0)  # the copy of the setting stays away by its weight
        seated = seen_by_owner(game.samples()[0], game.passage.owners)
        return replace(game, seen=(replace(seated, real=seated.real & present.unsqueeze(2)),))

    def credit(self, game: RoundGame) -> Credit:
        return discounted(CREDITS["first_order"](game), game)

    def test_every_promise_is_kept(self) -> None:
        # What is taken off for copies goes to nobody: no total. One that helps half as much each; harm counts twice
        claims = CreditClaims(linear=True, copying=(1 - 1e-6, 2 + 1e-9))
        says = Promises("first_order × robust")
        HeldCredit(lambda game: self.credit(self.offered(game)), says, claims, self.OPTIONS).promises()

    def test_it_says_how_it_came_about(self) -> None:
        assert self.credit(self.game()).rule == "first_order × robust"

    def test_for_a_small_step_twins_are_credited_half_the_slope(self) -> None:
        """They are each other's copies."""
        game = self.game(rate=1e-5)
        own = game.slope[:, TWINS[0]]
        near = self.credit(game).values[:, TWINS[0]] / (1e-5 * own)
        assert ((near <= 0.5 + 1e-9) | (own < 0)).all() and (own > 0).any()

    def test_an_update_that_helps_earns_no_more_with_its_copy(self) -> None:
        studied, kept = setting(), np.arange(5) != TWINS[1]
        single = replace(studied, weights=studied.weights * kept, multipliers=studied.multipliers * kept[:, None])
        alone = self.credit(self.game(single)).values[:, TWINS[0]]
        together = self.credit(self.game(studied)).values[:, TWINS].sum(axis=1)
        helps = alone > 0
        np.testing.assert_allclose(together[helps], alone[helps], rtol=1e-6)
        assert helps.any()

    def test_harm_is_charged_in_full(self) -> None:
        game = self.game()
        harmful = replace(CREDITS["first_order"](game), values=-np.abs(game.slope))
        np.testing.assert_array_equal(discounted(harmful, game).values, harmful.values)


class TestFirstOrderRobustByUpdates(TestFirstOrderRobust):
    OPTIONS: ClassVar[dict[str, Any]] = {"replication": {"penalty": LN2, "similarity": "updates"}}

    def test_it_needs_no_memory(self) -> None:
        assert setting().game(**self.OPTIONS).terms.memory == 0
