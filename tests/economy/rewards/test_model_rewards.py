"""Model reward rules: the promises all keep, and what is particular to those that go by credit and by time."""


import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from commonweal.agents.errors import InputError
from commonweal.agents.terms import stack
from commonweal.economy.money.settlement import Standing
from commonweal.economy.rewards.rules import REWARDS, RewardRule, RewardTerms, reward_rule, rewards
from commonweal.scenarios.schema.money import Rewards
from commonweal.testing import check_reward_rule, standing_with
from commonweal.testing.standings import MENU

Floats = np.ndarray


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


OURS = [name for name, rule in REWARDS.items() if rule.__module__.startswith("commonweal.")]


@pytest.mark.parametrize("kind", OURS)
def test_every_rule_keeps_its_promises(kind: str) -> None:
    check_reward_rule(kind)


@pytest.mark.parametrize("kind", OURS)
@given(case=standings())
def test_no_standing_is_found_in_which_a_rule_breaks_a_promise(kind: str, case: Standing) -> None:
    check_reward_rule(kind, cases=[case])


BROKEN: dict[str, tuple[RewardRule, str]] = {
    "negative": (lambda case, quality, terms: -quality[:, None] * case.member, "nobody is owed less than no model"),
    "lavish": (lambda case, quality, terms: 1.0 * case.member, "nobody is owed more than there is"),
    "open": (lambda case, quality, terms: quality[:, None] + 0 * case.credit, "who abstains gets nothing"),
    "first_come": (
        lambda case, quality, terms: case.member * quality[:, None] * (np.arange(case.credit.shape[1]) == 0),
        "what each gets does not depend on its place",
    ),
    "mixing": (
        lambda case, quality, terms: case.member * np.minimum(quality[:, None], quality.mean()),
        "a run alone gets what it gets in an ensemble",
    ),
    "narrow": (lambda case, quality, terms: quality, "it answers (R, N) numbers"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_rule_that_breaks_a_promise_is_told_which(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rule, promise = BROKEN[kind]
    monkeypatch.setitem(REWARDS._plugs, kind, rule)
    with pytest.raises(AssertionError) as told:
        check_reward_rule(kind)
    assert str(told.value).startswith(f"model reward rule {kind!r} breaks a promise: {promise}")


class Asked:
    """A rule by its name, asked what it owes."""

    kind: str

    def owed(self, case: Standing, quality: Floats) -> Floats:
        return rewards(case, quality, terms(len(quality), kind=self.kind))


class TestQuota(Asked):
    kind = "quota"

    def test_the_part_given_is_the_quota_of_cgsv(self) -> None:
        # Reference: credit .496139, .992278, .124035 makes reputations (4, 8, 1) / 13 and quotas .544502, 1, .140118
        found = self.owed(standing_with([[0.496139, 0.992278, 0.124035]]), np.array([0.8]))
        np.testing.assert_allclose(found / 0.8, [[0.544502, 1, 0.140118]], atol=1e-6)


class TimeAware(Asked):
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


@pytest.mark.parametrize("promised", [-0.1, 0.9])
def test_a_rule_that_promises_what_there_is_not_is_refused(promised: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(REWARDS, "_plugs", dict(REWARDS._plugs))
    reward_rule("generous")(lambda standing, quality, terms: np.full(standing.credit.shape, promised))
    with pytest.raises(InputError, match="rewards.kind = 'generous' gave accuracies from .* a rule gives from 0"):
        rewards(standing_with([[1, 2]]), np.array([0.8]), terms(kind="generous"))


def test_what_a_rule_promised_is_told_of_the_run_in_which_it_was_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(REWARDS, "_plugs", dict(REWARDS._plugs))
    reward_rule("generous")(lambda standing, quality, terms: np.array([[0.5, 0.1], [0.2, 0.20001]]))
    with pytest.raises(InputError) as told:
        rewards(standing_with([[1, 2], [1, 2]]), np.array([0.9, 0.2]), terms(kind="generous"))
    assert "gave accuracies from 0.2 to 0.20001 where the model has 0.2; a rule" in str(told.value)
