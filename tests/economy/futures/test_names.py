"""Attacks on names: slander, rings that praise each other, and bad names that are shed."""

from functools import cache

import numpy as np
import pytest

from commonweal.agents.actions import Action
from commonweal.agents.errors import InputError
from commonweal.agents.reciprocity.norms import Errors, norm_of
from commonweal.agents.reciprocity.public import cooperation, ess_interval, residents, share_good, slandered
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import Futures, play_futures
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.runs.intervals import mean_interval
from commonweal.scenarios.schema.loading import load, revise

HONEST = {"population.start_delegate": 1.0, "population.start_free_ride": 0.0, "policy.mix": {"norm:L6": 1.0}}
GIFTS = revise(load("leading-eight"), {**HONEST, "population.count": 40})
ERRORS = Errors(*(np.full((1, 1), 0.02),) * 3)
EVERYBODY = 100


def futures(*deviations: Deviation, seeds: int = 8, rounds: int = 100, **changes) -> Futures:
    scenario = revise(GIFTS, {name.replace("__", "."): value for name, value in changes.items()})
    return play_futures(Ensemble(scenario, range(seeds)).snapshot, deviations, rounds)


def within(values, expected: float, beside: float = 0.0) -> bool:
    """Whether the 99 % interval of the mean over seeds, widened by what a finite population may add, holds a value."""
    interval = mean_interval(values, confidence=0.99)
    return bool(interval.low - beside <= expected <= interval.high + beside)


class TestSlander:
    @pytest.mark.parametrize("name", ["L3", "L6", "shunning"])
    @pytest.mark.parametrize("share", [0.25, 0.5])
    def test_a_share_of_slanderers_multiplies_the_threshold_by_its_inverse_complement(self, name, share):
        """A judge who always says bad makes A (1 − s) A, and the threshold 1 / ((1 − s) (A_C − A_D)(1 − εe))."""
        honest = residents(norm_of(name), ERRORS)
        threshold, slandering = ess_interval(honest).low, ess_interval(slandered(honest, share)).low
        np.testing.assert_allclose(slandering, threshold / (1 - share), rtol=1e-12)

    @pytest.mark.slow
    def test_slanderers_cut_cooperation_to_what_the_exact_analysis_says(self):
        """.9420, .7064 and .4709 of gifts are made by L6 where none, a quarter, half of all judges say bad."""
        shares = {0.0: 0.94195, 0.25: 0.7064, 0.5: 0.4709}
        slander = [
            Deviation(f"slander {share}", tuple(range(0, EVERYBODY, round(1 / share))), slanders=True)
            for share in shares if share
        ]  # fmt: skip
        found = futures(*slander, rounds=250, population__count=EVERYBODY, market__benefit=10.0)
        gifts = (found.actions == Action.DELEGATE)[:, :, 50:].mean(axis=(2, 3))
        for place, (share, expected) in enumerate(shares.items()):
            exact = cooperation(slandered(residents(norm_of("L6"), ERRORS), share)).item()
            assert exact == pytest.approx(expected, abs=1e-4)
            assert within(gifts[:, place], exact, beside=0.001)

    def test_a_jury_overrules_single_slanderers(self):
        """Majorities of five with a tenth of slanderers are almost as good as honest judges."""
        slander = Deviation("slander", tuple(range(4)), slanders=True)
        lost = {judges: futures(slander, reciprocity__judges=judges).losses.mean() for judges in (1, 5)}
        assert lost[5] < lost[1] / 3


class TestRings:
    """Members shirk always, and call each other good."""

    @staticmethod
    @cache
    def good_names(size: int, judges: int, praise: bool = True):
        """Share of gifts that members receive per gift that they would receive with good names."""
        ring = Deviation("ring", tuple(range(size)), Action.FREE_RIDE, praises=praise)
        found = futures(ring, seeds=8, rounds=60, population__count=60, reciprocity__judges=judges)
        others = 60 - size
        received = found.payoffs[:, 1, 20:, :size].mean(axis=(1, 2)) / GIFTS.market.benefit
        return received * 59 / others / (1 - GIFTS.reciprocity.execution)  # gifts come from those outside alone

    def test_a_minority_keeps_good_names_before_single_judges_and_is_outvoted_by_juries(self):
        """Of 20 in 60 each has 19 / 58 judges of its own: few juries of eleven have a majority of them."""
        alone, jury, without = (self.good_names(20, *how) for how in ((1, True), (11, True), (1, False)))
        assert mean_interval(alone - without).low > 0.1  # on the same random numbers
        assert mean_interval(jury).high < mean_interval(alone).low

    def test_a_majority_is_stronger_before_juries(self):
        alone, jury = self.good_names(40, 1), self.good_names(40, 11)
        assert mean_interval(jury).low > mean_interval(alone).high

    def test_praise_alone_moves_no_money_while_everybody_gives(self):
        """Without errors all names are good, and praise changes nothing."""
        never = {f"reciprocity__{name}": 0.0 for name in ("execution", "perception", "assignment")}
        praise = Deviation("praise", (0, 1, 2), praises=True)
        assert (futures(praise, seeds=2, rounds=20, **never).gains == 0).all()


class TestSheddingNames:
    """AllD under fresh names: a newcomer has no request in its first round, and a good name in its second."""

    SHED = Deviation("shed", (0,), Action.FREE_RIDE, identities=60, sheds=True)

    @staticmethod
    def price(benefit: float) -> tuple[float, float]:
        """Gain per round without a price, and the price of a name at which nothing is gained.

        A name that meets is bad afterwards with probability β and makes room for the next, which waits a round: names
        meet in m = 1 / (1 + β) of all rounds. Who is good receives a gift with probability 1 − εe.
        """
        among = residents(norm_of("L6"), ERRORS)
        good, gifts = share_good(among).item(), cooperation(among).item()
        refused = among.assess[..., 1, :, 0].ravel()
        beta = 1 - good * refused[1] - (1 - good) * refused[0]
        meets = 1 / (1 + beta)
        gain = 0.98 * benefit * meets - gifts * (benefit - 1.0)
        return gain, gain / (beta * meets)

    @pytest.mark.slow
    @pytest.mark.parametrize(("benefit", "expected"), [(1.5, 0.29), (3.0, -0.36)])
    def test_names_for_nothing_pay_where_gifts_are_worth_less_than_twice_what_they_cost(self, benefit, expected):
        gain, _ = self.price(benefit)
        assert gain == pytest.approx(expected, abs=0.01)
        found = futures(self.SHED, seeds=16, market__benefit=benefit)
        assert within(found.gains[:, 0], gain, beside=0.02)  # the first name meets at once

    @pytest.mark.slow
    def test_a_price_of_names_above_the_exact_one_deters(self):
        _, limit = self.price(1.5)
        assert limit == pytest.approx(0.609, abs=1e-3)
        rich = {"population__endowment": 20.0, "market__benefit": 1.5}
        cheap, dear = (
            mean_interval(futures(self.SHED, seeds=16, identity__cost=price, **rich).gains[:, 0])
            for price in (limit - 0.15, limit + 0.15)
        )
        assert cheap.low > 0 and dear.high < 0

    def test_one_name_is_used_at_a_time_and_a_bad_one_never_again(self):
        found = futures(self.SHED, seeds=3, rounds=30)
        uses = (found.actions[:, 1] != Action.ABSTAIN)[..., [0, *range(40, 40 + 59)]]
        assert (uses.sum(axis=2) == 1).all()
        assert (np.diff(uses.argmax(axis=2), axis=1) >= 0).all() and (uses.argmax(axis=2)[:, -1] > 5).all()

    def test_its_money_goes_with_it_and_the_books_stay_right(self):
        rich = {"population__endowment": 5.0, "identity__cost": 0.5}
        found = futures(self.SHED, seeds=2, rounds=20, **rich)
        assert (found.balances.sum(axis=2) == 0).all() and found.balances[..., :-1].min() >= 0
        left = found.balances[:, 1, [0, *range(40, 99)]]
        assert (left[:, 0] == 0).all() and ((left > 0).sum(axis=1) == 1).all()

    def test_who_cannot_pay_for_another_name_keeps_the_one_it_has(self):
        """One gift of 1.5 is all that a bad name has had, and another name costs 4."""
        poor = {"population__endowment": 4.0, "identity__cost": 4.0, "market__benefit": 1.5}
        shed = Deviation("shed", (0,), Action.FREE_RIDE, identities=9, sheds=True)
        stuck = {"reciprocity__execution": 0.0, "reciprocity__perception": 0.0, "reciprocity__assignment": 0.0}
        found = futures(shed, seeds=1, rounds=12, **poor, **stuck)
        assert (found.actions[0, 1, :, 0] == Action.FREE_RIDE).all()
        assert (found.actions[0, 1, :, 40:] == Action.ABSTAIN).all()
        assert found.balances[0, 1, 0] == 1_500_000

    def test_who_goes_by_names_decides_under_the_one_in_use(self):
        """A follower of L6 whose name has become bad by mistake goes on as a good newcomer, and gives."""
        honest = Deviation("sheds", (0,), identities=20, sheds=True)
        found = futures(honest, seeds=8, rounds=60, reciprocity__assignment=0.2)
        names = (found.actions[:, 1] != Action.ABSTAIN)[..., 40:].any(axis=(1, 2))
        gives = (found.actions[:, 1] == Action.DELEGATE)[..., [0, *range(40, 59)]].sum(axis=(1, 2)) / 60
        assert names.any() and gives.mean() > 0.6

    def test_without_anything_to_shed_nothing_changes(self):
        """Without errors nobody who follows L6 gets a bad name."""
        never = {f"reciprocity__{name}": 0.0 for name in ("execution", "perception", "assignment")}
        found = futures(Deviation("sheds", (0,), identities=3, sheds=True), seeds=2, rounds=10, **never)
        assert (found.gains == 0).all()


@pytest.mark.parametrize(
    ("changes", "deviation", "complaint"),
    [
        ({"reciprocity.images": "private"}, {"slanders": True}, "must count and be public"),
        ({}, {"sheds": True}, "identities >= 2"),
    ],
)
def test_an_attack_that_nobody_could_make_is_refused_in_one_line(changes, deviation, complaint):
    with pytest.raises(InputError) as refusal:
        play_futures(Ensemble(revise(GIFTS, changes), [0]).snapshot, [Deviation("odd", (0,), **deviation)], 1)
    assert complaint in str(refusal.value) and "\n" not in str(refusal.value)


def test_where_names_do_not_count_there_is_nothing_to_attack():
    with pytest.raises(InputError, match="deviation slander: names must count"):
        play_futures(Ensemble(load("commons"), [0]).snapshot, [Deviation("slander", (0,), slanders=True)], 1)
