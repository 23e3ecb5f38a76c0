"""Novelty-aware credit: putting in the same again earns less, resembling somebody costs nothing."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats
from commonweal.economy.credit import CREDITS, Credit, RoundGame
from commonweal.economy.credit.alike import Likeness, Seen, alike_samples, remembered, resolution, seen_by_owner
from commonweal.economy.credit.discounts import discounted
from commonweal.economy.credit.novelty import novelty
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import play_futures
from commonweal.economy.learning.network import Owners
from commonweal.economy.runs.checkpoint import restore, save
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.runs.intervals import POSITIVE, mean_interval
from commonweal.scenarios.schema.loading import load
from commonweal.testing.credit import DROPPED, TWINS, CreditClaims, HeldCredit, Setting, setting
from commonweal.testing.promises import Promises
from tests.helpers.offers import put_in, unit

FIXED = {"policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0, "actions.free_ride": "stale"}
STALE = {**FIXED, "population.start_delegate": 0.7, "population.start_free_ride": 0.3, "population.start_defect": 0.0}
NOVEL = {"credit.novelty.memory": 2}
TINY = {**STALE, **NOVEL, "population.count": 6, "task.validation": 60, "task.test": 60, "rounds": 6}


def new(*rounds: Seen) -> Floats:
    """(R, N) novelty of the last of these rounds, where samples are different from a distance of 1 on."""
    return novelty(alike_samples(rounds, unit(len(rounds[0].real))), rounds[-1].real.shape[2])


class TestNovelty:
    def test_different_samples_are_all_new(self) -> None:
        assert new(put_in([0, 5, 10, 15], [3, 9])).tolist() == [[1, 1]]

    def test_two_samples_four_times_each_are_a_quarter_new(self) -> None:
        assert new(put_in([0, 5] * 4)).tolist() == [[1 / 4]]

    def test_what_came_in_remembered_rounds_counts_too(self) -> None:
        now, before = put_in([0, 5, 10]), put_in([0, 20, 0])
        # 0 stands three times among all; 5 and 10 once
        np.testing.assert_allclose(new(before, now), [[(1 / 3 + 1 + 1) / 3]])

    @given(st.integers(1, 40), st.integers(1, 10), st.integers(1, 4))
    @settings(max_examples=40)
    def test_who_walks_around_its_holding_is_as_new_as_what_it_holds_allows(
        self, held: int, samples: int, memory: int
    ) -> None:
        walk = 10.0 * (np.arange(samples * memory) % held)
        *past, now = (put_in(walk[k * samples : (k + 1) * samples].tolist()) for k in range(memory))
        used = np.bincount((walk / 10).astype(int))
        expected = np.mean([1 / used[int(place / 10)] for place in walk[-samples:]])
        found = new(*past, now)[0, 0]
        np.testing.assert_allclose(found, expected, rtol=1e-6)
        assert found == 1 or held < samples * memory

    def test_others_samples_do_not_count(self) -> None:
        both, alone = put_in([0, 5], [0, 5]), put_in([0, 5], [])
        assert new(both, both)[0, 0] == new(alone, alone)[0, 0] == 1 / 2

    def test_noise_hides_a_copy_only_as_far_as_it_changes_it(self) -> None:
        # Likeness 1 − distance / radius: at distance .1 of radius 1 it is .9, at 1 none
        found = [new(put_in([0.0, apart]))[0, 0] for apart in (0.0, 0.1, 0.5, 1.0, 2.0)]
        np.testing.assert_allclose(found, [1 / 2, 1 / 1.9, 1 / 1.5, 1, 1], rtol=1e-6)

    def test_who_puts_in_nothing_repeats_nothing(self) -> None:
        assert new(put_in([0, 0], [])).tolist() == [[1 / 2, 1]]

    def test_memory_ends(self) -> None:
        rounds: tuple[Seen, ...] = ()
        for number in range(5):
            rounds = remembered(rounds, put_in([number]), 3)
        assert [float(each.features.sum()) for each in rounds] == [2, 3, 4]
        assert remembered((), put_in([0]), 0) == ()

    def test_offers_seat_the_samples_of_a_batch_by_owner(self) -> None:
        batch = torch.arange(12.0).view(2, 6, 1)
        owner = torch.tensor([[2, 0, 2, -1, 0, 2], [1, 1, 1, 1, -1, -1]])
        seated = seen_by_owner(batch, Owners(owner, 3))
        own = [[sorted(f[r].flatten().tolist()) for f, r in zip(*run, strict=True)]
               for run in zip(seated.features, seated.real, strict=True)]  # fmt: skip
        assert own == [[[1, 4], [], [0, 2, 5]], [[], [6, 7, 8, 9], []]]

    def test_a_batch_without_samples_seats_nobody(self) -> None:
        seated = seen_by_owner(torch.zeros(2, 0, 3), Owners(torch.zeros(2, 0, dtype=torch.int64), 4))
        assert new(seated).tolist() == [[1] * 4] * 2

    def test_samples_closer_than_half_the_way_to_the_nearest_are_copies(self) -> None:
        line = torch.tensor([[[0.0], [2], [4], [6], [100]]])
        assert resolution(line).tolist() == [1]
        assert resolution(torch.zeros(1, 5, 1)).tolist() == [1]  # where all are the same, any radius does


class TestFirstOrderForWhatIsNew:
    """The promises under the discount: the setting's samples are drawn, the twins' their own, and repeat little."""

    OPTIONS: ClassVar[dict[str, Any]] = {"novelty": {"memory": 1}}

    def game(self, studied: Setting | None = None, **changes: Any) -> RoundGame:
        return self.offered((studied or setting()).game(**{**self.OPTIONS, **changes}))

    def offered(self, game: RoundGame) -> RoundGame:
        return replace(game, seen=(seen_by_owner(game.samples()[0], game.passage.owners),))

    def credit(self, game: RoundGame) -> Credit:
        return discounted(CREDITS["first_order"](game), game)

    def test_every_promise_is_kept(self) -> None:
        claims = CreditClaims(linear=True, copying=(1.8, 2.2))  # what repeats take off goes to nobody: no total
        says = Promises("first_order × novelty")
        HeldCredit(lambda game: self.credit(self.offered(game)), says, claims, self.OPTIONS).promises()

    def test_it_says_how_it_came_about(self) -> None:
        assert self.credit(self.game()).rule == "first_order × novelty"

    def test_for_a_small_step_credit_is_the_slope_as_far_as_what_was_put_in_is_new(self) -> None:
        game = self.game(rate=1e-5)
        found = novelty(alike_samples(game.seen, Likeness.of(game.features)), game.seen[-1].real.shape[2])
        expected = 1e-5 * game.slope * np.where(game.slope > 0, found, 1)
        np.testing.assert_allclose(self.credit(game).values, expected, rtol=1e-9)

    def test_repeats_take_off_what_they_repeat_and_harm_is_charged_in_full(self) -> None:
        studied = setting()
        repeated = studied.features.clone()
        repeated[:, :4] = repeated[:, :1]  # the first twin's four samples are one, and so are its updates' inputs
        repeated[:, 4:8] = repeated[:, 4:5]
        game = self.game(replace(studied, features=repeated))
        plain, cut = CREDITS["first_order"](game), self.credit(game)
        helps = plain.values[:, TWINS[0]] > 0
        expected = np.where(helps, plain.values[:, TWINS[0]] / 4, plain.values[:, TWINS[0]])
        np.testing.assert_allclose(cut.values[:, TWINS[0]], expected, rtol=1e-9)
        harmful = replace(CREDITS["first_order"](game), values=-np.abs(game.slope))
        np.testing.assert_array_equal(discounted(harmful, game).values, harmful.values)

    def test_standard_errors_shrink_with_what_they_belong_to(self) -> None:
        game = self.game(novelty={"memory": 1})
        found = Credit(np.ones(game.shape), "drawn", standard_error=np.full(game.shape, 0.5))
        cut = discounted(found, game)
        assert cut.standard_error is not None
        np.testing.assert_allclose(cut.standard_error, 0.5 * cut.values)

    def test_without_a_discount_credit_stays_what_it_was(self) -> None:
        game = setting().game()
        credit = CREDITS["first_order"](game)
        assert discounted(credit, game) is credit
        assert game.seen == () and not credit.values[:, DROPPED].any()


def paid(changes: dict[str, Any], seeds: Sequence[int], rounds: int, twins: bool = False) -> tuple[Floats, Floats]:
    """What stale contributors and the first honest principal are paid, as shares (R,) of the mean honest payment.

    Args:
        changes: to commons.
        seeds: R.
        rounds: played.
        twins: whether the first honest principal holds the very samples of the second.
    """
    ensemble = Ensemble(load("commons", {**STALE, **changes}), seeds)
    stale = ensemble.people.action == Action.FREE_RIDE
    first, second = np.argsort(stale, axis=1, kind="stable")[:, :2].T
    runs = np.arange(len(seeds))
    if twins:
        holdings = ensemble.world.holdings
        start, count = holdings.start.copy(), holdings.count.copy()
        start[runs, first], count[runs, first] = start[runs, second], count[runs, second]
        ensemble.world = replace(ensemble.world, holdings=replace(holdings, start=start, count=count))
    total = np.sum([ensemble.step().payday.payments for _ in range(rounds)], axis=0) / 1e6
    honest = np.array([run[~own].mean() for run, own in zip(total, stale, strict=True)])
    repeated = np.array([run[own].mean() for run, own in zip(total, stale, strict=True)])
    return repeated / honest, total[runs, first] / honest


class TestInCommons:
    def test_stale_data_earn_a_good_part_of_an_honest_share_but_for_what_is_new_at_most_a_tenth(self) -> None:
        # 12 of 40 principals, two samples each, net-clipped cumulated credit
        before, after = (paid(changes, range(2), 60)[0] for changes in ({}, NOVEL))
        assert (before > 0.25).all() and (after <= 0.1).all()

    @pytest.mark.slow
    def test_over_eight_seeds_stale_data_earn_at_most_a_tenth_and_resembling_costs_at_most_a_tenth(self) -> None:
        stale, _ = paid(NOVEL, range(8), 200)
        assert mean_interval(stale, within=POSITIVE).high <= 0.1  # 0.052; one seed in eight is at 0.101
        (_, plain), (_, novel) = (paid(changes, range(8), 200, twins=True) for changes in ({}, NOVEL))
        assert (novel >= 0.9 * plain).all()

    def test_a_run_plays_alone_as_in_an_ensemble(self) -> None:
        together = Ensemble(load("commons", {**TINY, "precision": "float64"}), [1, 2]).run().principals
        alone = Ensemble(load("commons", {**TINY, "precision": "float64"}), [2]).run().principals
        np.testing.assert_allclose(together[together["run"] == 1]["payments"], alone["payments"], atol=2e-6)

    def test_a_run_goes_on_from_a_checkpoint_with_what_it_remembers(self, tmp_path: Path) -> None:
        scenario = load("commons", TINY)
        whole, first, second = (Ensemble(scenario, [3]) for _ in range(3))
        for _ in range(3):
            whole.step(), first.step()
        save(tmp_path / "kept.npz", first)
        restore(tmp_path / "kept.npz", second)
        assert len(second.state.recent) == 2
        for _ in range(3):
            one, other = whole.step(), second.step()
            np.testing.assert_array_equal(one.lesson.credit, other.lesson.credit)

    def test_futures_branch_with_what_principals_are_remembered_for(self) -> None:
        ensemble = Ensemble(load("commons", TINY), [4, 5])
        for _ in range(3):
            ensemble.step()
        split = Deviation("split", (0,), identities=3)
        futures = play_futures(ensemble.snapshot, [split], 3)
        expected = [ensemble.step().payday.payoffs for _ in range(3)]
        # The run without a deviation is the run itself, spare names aside
        np.testing.assert_allclose(futures.payoffs[:, 0, :, :6], np.stack(expected, axis=1), atol=2e-6)

    def test_pooled_batches_of_changing_width_are_remembered_too(self) -> None:
        ensemble = Ensemble(load("commons", {**TINY, "learning.sampling": "pool", "learning.batch": 20}), [1])
        for _ in range(4):
            assert ensemble.step().lesson.appraisal.rule == "aumann_shapley × novelty"
