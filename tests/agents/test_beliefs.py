"""What agents believe of their principals' limits, and how fast they learn them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import expit, rel_entr
from scipy.stats import norm
from shared.elicitation import Game, play

from commonweal.agents.arrays import Floats
from commonweal.agents.beliefs import (
    QUERIES,
    Belief,
    Inquiry,
    answers,
    declared_limits,
    faded,
    first_belief,
    heard,
    objection_chance,
    query,
)
from commonweal.testing import check_query, inquiry_with

OWN = ("believed", "fixed", "informative", "random")
NO_CEILING = np.array([np.inf])
# Root mean squared error after 10, 30 and 100 answers: a prototype with 400 repetitions, prior N(.5, .2²)
TABLE = {
    (20, "believed"): (0.034, 0.021, 0.0105), (50, "believed"): (0.016, 0.0085, 0.0044),
    (20, "random"): (0.067, 0.043, 0.022), (50, "random"): (0.063, 0.031, 0.0135),
    (20, "fixed"): (0.089, 0.062, 0.040), (50, "fixed"): (0.098, 0.087, 0.085),
}  # fmt: skip


def simple(points: int = 2001) -> Belief:
    """One principal's belief N(5, .5²) about one dimension, ends far away."""
    return first_belief(np.array([[5.0]]), np.array([[0.5]]), NO_CEILING, 1, points)


def told(belief: Belief, levels: list[float], objects: list[bool], sense: float = 1.0, beta: float = 8.0) -> Belief:
    """The belief after some answers."""
    for level, objection in zip(levels, objects, strict=True):
        said = np.full((1, 1, 1), objection)
        belief = heard(belief, np.full((1, 1, 1), level), said, np.array([sense]), np.array([[beta]]))
    return belief


class TestAnswers:
    def test_a_person_objects_by_the_logistic_function(self) -> None:
        """σ(β s (ℓ − x)): a withheld level .1 below its limit at β = 20 is objected to with σ(2) = .8808."""
        assert objection_chance(np.array(0.9), np.array(0.8), 1.0, 20.0) == pytest.approx(expit(2.0), abs=1e-15)
        assert objection_chance(np.array(2.0), np.array(2.1), -1.0, 20.0) == pytest.approx(expit(2.0), abs=1e-15)
        assert objection_chance(np.array(2.0), np.array(2.0), -1.0, 20.0) == 0.5

    def test_answers_come_with_their_chance(self) -> None:
        luck = np.random.default_rng(0).random((1, 40_000, 1))
        objects = answers(np.full(luck.shape, 0.9), np.full(luck.shape, 0.8), np.array([1.0]), np.array([[20.0]]), luck)
        assert objects.mean() == pytest.approx(expit(2.0), abs=0.005)  # three standard errors


class TestPosterior:
    def test_the_prior_is_the_normal_distribution_on_what_is_valid(self) -> None:
        belief = first_belief(np.array([[0.9, 5.0]]), np.array([[0.2, 0.5]]), np.array([1.0, np.inf]), 1, 4001)
        below = (0.0 - 0.9) / 0.2
        cut = norm.expect(loc=0.9, scale=0.2, lb=0.1, ub=1.0, conditional=True)
        assert below < -4  # so that only the upper end of [0, 1] is felt
        assert belief.mean[0, 0] == pytest.approx([cut, 5.0], abs=1e-4)
        assert belief.sd[0, 0, 1] == pytest.approx(0.5, rel=2e-3)  # four standard deviations to each side

    @pytest.mark.parametrize("sense", [1.0, -1.0])
    def test_it_is_bayes_rule(self, sense: float) -> None:
        """Mean and standard deviation by numerical integration, which shares nothing with the grid."""
        levels, objects = [4.7, 5.3, 5.0, 5.1], [True, False, True, True]

        def density(limit: float) -> float:
            signs = sense * np.where(objects, 1.0, -1.0)
            return float(norm.pdf(limit, 5.0, 0.5) * expit(8.0 * signs * (limit - np.array(levels))).prod())

        whole, first, second = (quad(lambda x, p=p: x**p * density(x), 3.0, 7.0)[0] for p in range(3))
        mean = first / whole
        belief = told(simple(), levels, objects, sense)
        assert belief.mean[0, 0, 0] == pytest.approx(mean, abs=1e-6)
        assert belief.sd[0, 0, 0] == pytest.approx(np.sqrt(second / whole - mean**2), abs=1e-5)

    @given(st.lists(st.tuples(st.floats(3.5, 6.5), st.booleans()), min_size=1, max_size=8), st.randoms())
    def test_the_order_of_answers_does_not_matter(self, said: list[tuple[float, bool]], shuffle: object) -> None:
        mixed = list(said)
        shuffle.shuffle(mixed)  # type: ignore[attr-defined]
        one, other = (told(simple(201), *map(list, zip(*each, strict=True))) for each in (said, mixed))
        np.testing.assert_allclose(one.chances, other.chances, atol=1e-12)

    @given(st.floats(4.0, 6.0), st.booleans())
    def test_an_objection_makes_stricter_and_consent_looser(self, level: float, objects: bool) -> None:
        before = simple(201)
        for sense in (1.0, -1.0):
            moved = sense * (told(before, [level], [objects], sense).mean - before.mean)[0, 0, 0]
            assert moved > 0 if objects else moved < 0

    def test_who_was_not_asked_is_believed_what_it_was(self) -> None:
        belief = inquiry_with(3).belief
        levels = np.where(np.arange(7)[:, None] < 3, 0.5, np.nan) + np.zeros((3, 7, 2))
        after = heard(belief, levels, np.ones((3, 7, 2), bool), np.array([-1.0, 1.0]), np.full((3, 1), 20.0))
        np.testing.assert_array_equal(after.chances[:, 3:], belief.chances[:, 3:])
        assert (after.chances[:, :3] != belief.chances[:, :3]).any()

    def test_the_sharpest_answers_that_contradict_each_other_break_nothing(self) -> None:
        belief = told(simple(257), [4.0, 6.0, 4.0, 6.0] * 30, [False, True, False, True] * 30, beta=1e6)
        assert np.isfinite(belief.mean).all() and belief.chances.sum() == pytest.approx(1.0)

    @given(st.floats(0.01, 0.99))
    def test_quantiles_are_those_of_the_normal_distribution(self, share: float) -> None:
        cut = norm.cdf(-4) + share * (1 - 2 * norm.cdf(-4))
        assert simple().quantile(share)[0, 0, 0] == pytest.approx(norm.ppf(cut, 5.0, 0.5), abs=1e-3)


class TestForgetting:
    @pytest.mark.parametrize("step", [1e-4, 0.003, 0.1])  # far below, about and far above the spacing, .002
    def test_the_variance_grows_by_the_square_of_the_step(self, step: float) -> None:
        before = told(simple(), [4.9, 5.1, 5.0], [True, False, True], beta=20.0)
        after = faded(before, np.array([[step]]))
        assert after.mean[0, 0, 0] == pytest.approx(before.mean[0, 0, 0], abs=1e-6)
        assert after.sd[0, 0, 0] ** 2 == pytest.approx(before.sd[0, 0, 0] ** 2 + step**2, abs=1e-7)

    def test_two_steps_are_one_of_both_variances(self) -> None:
        belief = told(simple(301), [4.9, 5.1], [True, False])
        twice = faded(faded(belief, np.array([[0.03]])), np.array([[0.04]]))
        np.testing.assert_allclose(twice.chances, faded(belief, np.array([[0.05]])).chances, atol=1e-14)

    def test_a_run_without_it_keeps_its_belief_to_the_last_bit_beside_runs_with_it(self) -> None:
        belief = inquiry_with(3).belief
        after = faded(belief, np.array([[0.1, 0.1], [0.0, 0.0], [0.0, 0.1]]))
        np.testing.assert_array_equal(after.chances[1], belief.chances[1])
        np.testing.assert_array_equal(after.chances[2, :, 0], belief.chances[2, :, 0])
        assert (after.chances[0] != belief.chances[0]).any()
        assert faded(belief, np.zeros((3, 2))) is belief


class TestDeclared:
    def test_it_is_the_mean_with_a_margin_towards_strictness(self) -> None:
        inquiry = inquiry_with(2)
        belief, ceiling = inquiry.belief, np.array([np.inf, 1.0])
        plain, careful = (
            declared_limits(belief, np.full((3, 1), z), inquiry.senses, ceiling) for z in (0.0, 2.0)
        )
        np.testing.assert_allclose(plain, belief.mean)
        assert (careful[..., 0] <= plain[..., 0]).all() and (careful[..., 1] >= plain[..., 1]).all()
        free = careful[..., 0] > 0
        np.testing.assert_allclose(careful[free, 0], (belief.mean - 2 * belief.sd)[free, 0])
        assert careful[..., 1].max() <= 1.0 and careful.min() >= 0.0  # in the valid range


def errors(beta: float, rule: str, queries: int, batches: int = 10) -> tuple[Floats, Floats]:
    """Root mean squared errors (T,) over all repetitions, and their standard deviation over batches of 400."""
    squared = play(Game(rule, beta), queries, 400 * batches, seed=11).errors ** 2
    each = np.sqrt(squared.reshape(queries, batches, 400).mean(axis=2))
    return np.sqrt(squared.mean(axis=1)), each.std(axis=1, ddof=1)


def agrees(beta: float, rule: str, counts: tuple[int, ...]) -> None:
    """Hold the errors to the table: three standard errors of its 400 repetitions and of ours, and its rounding."""
    found, deviation = errors(beta, rule, max(counts))
    for count, expected in zip((10, 30, 100), TABLE[int(beta), rule], strict=True):
        if count in counts:
            rounding = 0.5 * 10 ** -(len(str(expected)) - 2)
            reach = 3 * deviation[count - 1] * np.sqrt(1 + 1 / 10) + rounding
            assert abs(found[count - 1] - expected) < reach, (count, found[count - 1], expected, reach)


class TestElicitation:
    @pytest.mark.parametrize(("beta", "rule"), [(20, "believed"), (50, "fixed")])
    def test_errors_are_those_of_the_table(self, beta: float, rule: str) -> None:
        agrees(beta, rule, (10,))

    @pytest.mark.slow
    @pytest.mark.parametrize(("beta", "rule"), TABLE)
    def test_all_errors_are_those_of_the_table(self, beta: float, rule: str) -> None:
        agrees(beta, rule, (10, 30, 100))

    @pytest.mark.parametrize("beta", [20.0, 50.0])
    def test_asking_at_the_believed_limit_nearly_reaches_the_bound_of_fisher(self, beta: float) -> None:
        """sd → 2/(β√n) for n answers of information β²/4; with the prior's no rule does better (van Trees 1968)."""
        found, deviation = (each[-1] for each in errors(beta, "believed", 30, 4))
        information = 30 * beta**2 / 4
        assert found + 3 * deviation / 2 > 1 / np.sqrt(information + 1 / 0.2**2)
        assert found < 1.15 / np.sqrt(information)

    def test_asking_at_the_believed_limit_needs_a_third_of_the_answers(self) -> None:
        """After 10 answers as near as random questions come after 30."""
        asked, random = errors(20.0, "believed", 10, 3)[0], errors(20.0, "random", 30, 3)[0]
        assert asked[9] < random[29]

    def test_what_tells_most_is_no_worse(self) -> None:
        told, asked = (errors(20.0, rule, 8, 2)[0][-1] for rule in ("informative", "believed"))
        assert told < 1.1 * asked

    @pytest.mark.parametrize("rule", ["believed", "random", "fixed"])
    def test_the_interval_holds_the_limit_as_often_as_it_says(self, rule: str) -> None:
        """95 % within three standard errors of 2000 repetitions (1.5 %)."""
        covered = play(Game(rule, redrawn=True), 12, 2000, seed=3).covered
        assert np.abs(covered[[0, 3, 11]].mean(axis=1) - 0.95).max() < 0.015

    def test_under_drift_who_forgets_nothing_is_confidently_wrong(self) -> None:
        """Limits walk by .01 a round: without forgetting the coverage falls below a half, with that step it stays."""
        rigid, right, half, twice = (
            play(Game(step=0.01, forgetting=q, sharpness=50.0), 60, 600, seed=4) for q in (0.0, 0.01, 0.005, 0.02)
        )
        late = slice(30, None)
        assert rigid.covered[-1].mean() < 0.5 and rigid.covered[9].mean() > 0.8
        assert abs(right.covered[late].mean() - 0.95) < 0.02
        assert half.covered[late].mean() < 0.9 < 0.96 < twice.covered[late].mean()
        rms = [np.sqrt((each.errors[late] ** 2).mean()) for each in (rigid, half, right, twice)]
        assert rms[2] == min(rms) and rms[0] == max(rms)


class TestInformative:
    def test_it_asks_at_the_middle_of_a_symmetric_belief(self) -> None:
        belief = simple()
        inquiry = Inquiry(belief, np.array([1.0]), np.array([[8.0]]), np.zeros((1, 1), int), np.zeros((1, 1, 1)))
        assert QUERIES["informative"](inquiry)[0, 0, 0] == pytest.approx(5.0, abs=0.002)

    def test_it_asks_where_the_answer_tells_most(self) -> None:
        """Of a lopsided belief: mutual information by its definition, at 400 levels."""
        belief = told(simple(401), [5.2, 4.9, 5.6], [True, True, False], beta=20.0)
        inquiry = Inquiry(belief, np.array([1.0]), np.array([[20.0]]), np.zeros((1, 1), int), np.zeros((1, 1, 1)))

        def tells(level: float) -> float:
            p, q = belief.chances[0, 0, 0], expit(20.0 * (belief.levels[0, 0] - level))
            joint = np.stack([p * q, p * (1 - q)])
            apart = joint.sum(axis=1, keepdims=True) * p
            return float(rel_entr(joint, apart).sum())

        chosen = tells(float(QUERIES["informative"](inquiry)[0, 0, 0]))
        assert chosen > 0.995 * max(tells(level) for level in np.linspace(4.0, 6.0, 400))


@pytest.fixture
def others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules registered for as long as a test runs."""
    monkeypatch.setattr(QUERIES, "_plugs", dict(QUERIES._plugs))


@pytest.mark.parametrize("name", OWN)
def test_every_query_rule_keeps_its_promises(name: str) -> None:
    assert tuple(QUERIES) == OWN
    check_query(name)


def _by_place(inquiry: Inquiry) -> Floats:
    return inquiry.belief.mean + np.arange(7)[:, None]


def _by_run(inquiry: Inquiry) -> Floats:
    return inquiry.belief.mean - inquiry.belief.mean.mean()


def _writes(inquiry: Inquiry) -> Floats:
    inquiry.luck[:] = 0.0
    return inquiry.belief.mean


@pytest.mark.parametrize(
    ("rule", "promise"),
    [
        (_by_place, "levels follow principals who change places"),
        (_by_run, "a run asks alike alone and in an ensemble"),
        (_writes, "it leaves what it is given as it was, and luck changed"),
        (lambda inquiry: inquiry.belief.mean[..., 0], r"it asks about \(R, N, K\) levels, and gave \(3, 7\)"),
        (lambda inquiry: inquiry.belief.mean * np.nan, "the levels that it asks about are finite"),
        (lambda inquiry: np.random.default_rng().random((3, 7, 2)), "the same inquiry gives the same levels"),
    ],
)
@pytest.mark.usefixtures("others")
def test_a_rule_that_breaks_a_promise_is_told_which(rule: object, promise: str) -> None:
    query("mine")(rule)  # type: ignore[type-var]
    with pytest.raises(AssertionError, match=f"query rule 'mine' breaks a promise: {promise}"):
        check_query("mine")


def test_a_belief_of_fewer_principals_is_theirs() -> None:
    belief = inquiry_with(3).belief
    some = replace(belief, chances=belief.chances[:, [2, 5]])
    np.testing.assert_array_equal(some.mean, belief.mean[:, [2, 5]])
