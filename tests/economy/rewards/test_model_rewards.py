"""Model reward rules: one contract that all keep, and what is particular to those that go by credit and by time."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from commonweal.agents.errors import InputError
from commonweal.agents.terms import stack
from commonweal.economy.money.settlement import Lines, Standing
from commonweal.economy.rewards.rules import REWARDS, RewardTerms, reward_rule, rewards
from commonweal.scenarios.schema.scenario import Rewards
from tests.helpers.standings import standing_with

Floats = np.ndarray
MENU = Lines(np.array([[5.0, 50.0]] * 3), np.array([[0.5, 0.9]] * 3))


def terms(runs: int = 1, **changes: object) -> RewardTerms:
    return stack(RewardTerms, [Rewards.model_validate(changes)] * runs, "rewards")


@st.composite
def standings(draw: st.DrawFn) -> Standing:
    """Three runs of up to five principals, with credit of any sign, ties, and abstainers."""
    shape = (3, draw(st.integers(1, 5)))
    put = draw(hnp.arrays(float, shape, elements=st.sampled_from((0.0, 8.0, 400.0, 3000.0))))
    return standing_with(
        draw(hnp.arrays(float, shape, elements=st.one_of(st.floats(-1e3, 1e3), st.sampled_from((0.0, 1.0))))),
        draw(hnp.arrays(bool, shape)),
        put=put,
        contributed=put,
        cost=draw(hnp.arrays(float, shape, elements=st.sampled_from((0.0, 1e-4, 1e-3, 1.0)))),
        joined=draw(hnp.arrays(np.int64, shape, elements=st.integers(-1, 5))),
        round=5,
        menu=MENU,
    )


def placed(case: Standing, where: Any) -> Standing:
    """The standing of some runs or principals; the menu stays."""
    chosen = {name: value[where] for name, value in vars(case).items() if isinstance(value, np.ndarray)}
    return replace(case, **chosen)


QUALITY = np.array([0.9, 0.3, 0.0])
# Hypothesis warns of tests that several classes run; here that is the point, and their classes hold no state
inherited = settings(suppress_health_check=[HealthCheck.differing_executors], max_examples=40)


class RewardContract:
    """What every model reward rule keeps; one subclass per registered rule."""

    kind: str

    def owed(self, case: Standing, quality: Floats = QUALITY) -> Floats:
        return rewards(case, quality, terms(len(quality), kind=self.kind))

    @inherited
    @given(standings())
    def test_who_takes_part_is_given_no_model_at_worst_and_the_whole_at_best(self, case: Standing) -> None:
        found = self.owed(case)
        assert found.shape == case.credit.shape
        assert (found >= 0).all() and (found <= QUALITY[:, None] + 1e-12).all()

    @inherited
    @given(standings(), st.data())
    def test_models_follow_principals_under_permutation(self, case: Standing, data: st.DataObject) -> None:
        order = data.draw(st.permutations(range(case.credit.shape[1])))
        moved = placed(case, (slice(None), order))
        np.testing.assert_allclose(self.owed(moved), self.owed(case)[:, order], rtol=1e-9, atol=1e-15)

    @inherited
    @given(standings())
    def test_a_run_is_rewarded_alone_as_in_an_ensemble(self, case: Standing) -> None:
        alone = []
        for run in range(3):
            one = replace(placed(case, slice(run, run + 1)), menu=Lines(MENU.amounts[:1], MENU.ratios[:1]))
            alone.append(self.owed(one, QUALITY[run : run + 1]))
        np.testing.assert_allclose(np.concatenate(alone), self.owed(case), rtol=1e-12)


class MembersOnly(RewardContract):
    """Rules that go by membership: who abstains is given nothing even for what it put in before."""

    @inherited
    @given(standings())
    def test_who_abstains_is_given_nothing(self, case: Standing) -> None:
        assert not self.owed(case)[~case.member].any()


class TestShared(MembersOnly):
    kind = "shared"


class TestMenu(RewardContract):
    kind = "menu"


class TestShaping(MembersOnly):
    kind = "shaping"


class TestQuota(MembersOnly):
    kind = "quota"

    def test_the_part_given_is_the_quota_of_cgsv(self) -> None:
        # Reference: credit .496139, .992278, .124035 makes reputations (4, 8, 1) / 13 and quotas .544502, 1, .140118
        found = self.owed(standing_with([[0.496139, 0.992278, 0.124035]]), np.array([0.8]))
        np.testing.assert_allclose(found / 0.8, [[0.544502, 1, 0.140118]], atol=1e-6)


class TimeAware(MembersOnly):
    """Both time-aware rules."""

    def test_of_two_who_earned_the_same_credit_the_earlier_is_given_more(self) -> None:
        case = standing_with([[2, 2, 2]], joined=np.array([[0, 3, 0]]), round=9)
        first, late, also_first = self.owed(case, np.array([0.8]))[0]
        assert 0.8 == first == also_first > late > 0

    def test_the_second_to_join_is_given_what_the_first_is(self) -> None:
        # Nobody was there before the second, who made the first worth more: both were needed for all they have
        case = standing_with([[2, 2, 2]], joined=np.array([[0, 3, 5]]), round=9)
        first, second, third = self.owed(case, np.array([0.8]))[0]
        assert first == second > third

    def test_rho_draws_models_together(self) -> None:
        case = standing_with([[4, 1]])
        for rho in (0.0, 0.5, 1.0):
            found = rewards(case, np.array([0.8]), terms(kind=self.kind, rho=rho))
            np.testing.assert_allclose(found, [[0.8, 0.8 * 0.25**rho]])

    def test_where_nobody_has_credit_nobody_is_given_a_model(self) -> None:
        assert not self.owed(standing_with([[-1, 0, -3]]), np.array([0.8])).any()


class TestTimeCumulation(TimeAware):
    kind = "time_cumulation"


class TestTimeValuation(TimeAware):
    kind = "time_valuation"


def test_every_reward_rule_keeps_the_contract() -> None:
    held = {cls.kind for cls in _subclasses(RewardContract) if hasattr(cls, "kind")}
    assert held == {name for name, rule in REWARDS.items() if rule.__module__.startswith("commonweal.economy.")}


def _subclasses(cls: type) -> set[Any]:
    below: list[type] = cls.__subclasses__()
    return {cls}.union(*map(_subclasses, below))


@pytest.mark.parametrize("promised", [-0.1, 0.9])
def test_a_rule_that_promises_what_there_is_not_is_refused(promised: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(REWARDS, "_plugs", dict(REWARDS._plugs))
    reward_rule("generous")(lambda standing, quality, terms: np.full(standing.credit.shape, promised))
    with pytest.raises(InputError, match="rewards.kind = 'generous' gave accuracies from .* a rule gives from 0"):
        rewards(standing_with([[1, 2]]), np.array([0.8]), terms(kind="generous"))
