"""Screening: the projection against an independent solver, what every scope and mode keeps, and who is charged."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from scipy.optimize import nnls

from commonweal.agents.arrays import Floats
from commonweal.agents.streams import Streams
from commonweal.economy.credit import admissible_step
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.learning.network import Owners, inner
from commonweal.economy.screening.admissible import (
    Screened,
    ScreeningTerms,
    admit,
    drop_worst,
    screen,
    slack,
)
from commonweal.economy.screening.votes import acceptable, room_left

MODES = ("off", "reject", "scale", "project")
SCOPES = ("own", "all", "quorum", "aggregate")
EXACT = 1e-8  # of violations and distances, per unit of probe norm


def terms(mode: str = "project", scope: str = "all", quorum: float = 0.8) -> ScreeningTerms:
    number = np.array([[quorum]])
    return ScreeningTerms(mode, scope, "level", np.zeros((1, 1)), number, gate=False, safeguard=np.zeros((1, 1)))


@dataclass(frozen=True)
class Case:
    """One update, what it must not do, and the answer of an independent solver."""

    update: Floats  # (P,)
    probes: Floats  # (K, P) signed: harm is ⟨probe, update⟩
    budget: Floats  # (K,)

    @property
    def harms(self) -> Floats:
        return self.probes @ self.update

    @property
    def gram(self) -> Floats:
        return self.probes @ self.probes.T

    def admitted(self, mode: str = "project") -> tuple[float, Floats]:
        """Weight and (K,) multipliers."""
        weights, multipliers = admit(self.harms[None, None], self.gram[None], self.budget[None, None], mode)
        return float(weights[0, 0]), multipliers[0, 0]

    def screened(self, mode: str = "project") -> Floats:
        """(P,) the admissible update."""
        weight, multipliers = self.admitted(mode)
        return weight * self.update - multipliers @ self.probes

    def violation(self, update: Floats) -> float:
        """Largest breach of a budget, per unit of its probe's norm."""
        norms = np.linalg.norm(self.probes, axis=1)
        excess = np.where(np.isfinite(self.budget), self.probes @ update - self.budget, -1.0)
        return float((excess / np.where(norms > 0, norms, 1.0)).max(initial=0.0))

    def nearest(self) -> Floats | None:
        """Least-distance programming by non-negative least squares (Lawson and Hanson 1974, ch. 23); None: infeasible.

        min ‖z‖ s.t. G z ≥ h: with y ≥ 0 nearest in min ‖[Gᵀ; hᵀ] y − e‖ and residual r, z = −r_j / r_last.
        """
        norms = np.linalg.norm(self.probes, axis=1)
        if (self.budget[norms == 0] < 0).any():
            return None
        counts = np.isfinite(self.budget) & (norms > 0)
        if not counts.any():
            return self.update
        rows = -self.probes[counts] / norms[counts, None]
        wanted = (self.harms - self.budget)[counts] / norms[counts]
        size = max(1.0, float(np.abs(wanted).max(initial=0.0)))  # the problem is homogeneous: solve it near 1
        system = np.vstack([rows.T, wanted / size])
        target = np.append(np.zeros(len(self.update)), 1.0)
        multipliers, distance = nnls(system, target, maxiter=1000)
        if distance < 1e-7:
            return None
        residual = system @ multipliers - target
        nearest: Floats = self.update - size * residual[:-1] / residual[-1]
        return nearest


def draw_case(rng: np.random.Generator) -> Case:
    """A random case, most of them degenerate in one way or several."""
    dimensions, depth = int(rng.integers(1, 9)), int(rng.choice([3, 12, 40]))
    probes = rng.normal(size=(dimensions, depth))
    budget = rng.normal(size=dimensions) + 0.5
    for k in range(1, dimensions):
        match rng.integers(8):
            case 0:
                probes[k], budget[k] = probes[0], budget[0]  # the same twice
            case 1:
                probes[k] = probes[0] * rng.uniform(0.1, 10)  # parallel
            case 2:
                probes[k] = -probes[0] * rng.uniform(0.1, 10)  # anti-parallel: a corridor, or a contradiction
            case 3:
                probes[k] = 0  # a saturated probe
            case 4:
                probes[k] = probes[:k].sum(axis=0)  # dependent
    kinds = rng.integers(6, size=dimensions)
    budget = np.select([kinds == 0, kinds == 1, kinds == 2], [0.0, -np.abs(budget), np.inf], budget)
    update = np.zeros(depth) if rng.random() < 0.1 else rng.normal(size=depth) * 10 ** rng.uniform(-1, 1)
    return Case(update, probes, budget)


def rescaled(case: Case, rng: np.random.Generator) -> Case:
    """The same constraints written with probes of norms from 1e-6 to 1e6."""
    scale = 10 ** rng.uniform(-6, 6, size=len(case.budget))
    return Case(case.update, case.probes * scale[:, None], case.budget * scale)


def random_cases(count: int, seed: int) -> list[Case]:
    rng = np.random.default_rng(seed)
    return [draw_case(rng) for _ in range(count)]


CASES = random_cases(500, seed=0)
WIDE = [rescaled(case, np.random.default_rng(i)) for i, case in enumerate(random_cases(500, seed=1))]


class TestProjection:
    @pytest.mark.parametrize("cases", [CASES, WIDE], ids=["unit-probes", "norms-1e-6-to-1e6"])
    def test_it_is_the_nearest_admissible_update_and_contradictions_are_dropped(self, cases: list[Case]) -> None:
        infeasible = 0
        for number, case in enumerate(cases):
            nearest, (weight, multipliers) = case.nearest(), case.admitted()
            if nearest is None:
                infeasible += 1
                assert weight == 0.0, f"case {number} has no admissible update but one was found"
                assert not multipliers.any()
                continue
            assert weight == 1.0, f"case {number} has an admissible update but none was found"
            assert (multipliers >= 0).all()
            screened = case.screened()
            distance = float(np.linalg.norm(nearest - case.update))
            assert case.violation(screened) <= EXACT
            assert np.linalg.norm(screened - case.update) == pytest.approx(distance, rel=EXACT, abs=EXACT)
            assert np.linalg.norm(screened - nearest) <= 1e-6 * max(1.0, distance)
        assert 10 < infeasible < 250  # both kinds were tried

    def test_violations_are_at_most_1e8_in_the_units_of_the_probe_loss(self) -> None:
        violations = [(c.probes @ c.screened() - c.budget).max() for c in CASES if c.admitted()[0]]
        assert max(violations) <= EXACT

    @pytest.mark.parametrize("case", CASES[:60] + WIDE[:60])
    def test_screening_twice_is_screening_once(self, case: Case) -> None:
        weight, _ = case.admitted()
        once = case.screened()
        if weight:
            twice = replace(case, update=once).screened()
            np.testing.assert_allclose(twice, once, rtol=0, atol=1e-9 * max(1.0, float(np.abs(once).max())))

    def test_an_update_that_harms_nobody_passes_as_it_is(self) -> None:
        harmless = [case for case in CASES if (case.harms <= case.budget).all()]
        assert len(harmless) > 20
        for case in harmless:
            assert case.screened() is not case.update
            np.testing.assert_array_equal(case.screened(), case.update)

    def test_a_broken_limit_asks_for_a_restoring_step(self) -> None:
        # nothing is offered, and value 0 must fall by 2: the nearest step is 2 p / ‖p‖² = p / 2
        case = Case(np.zeros(2), np.array([[2.0, 0.0]]), np.array([-2.0]))
        np.testing.assert_allclose(case.screened(), [-1.0, 0.0])

    def test_eight_values_that_are_alike_are_not_taken_for_one(self) -> None:
        # pairwise correlation .99, the same excess 1 in all: λ = 1 / (1 + 7 · .99) each. Their determinant is 8e-14
        gram = np.full((8, 8), 0.99) + 0.01 * np.eye(8)
        weights, multipliers = admit(np.ones((1, 1, 8)), gram[None], np.zeros((1, 1, 8)), "project")
        assert weights.item() == 1.0
        np.testing.assert_allclose(multipliers, 1 / 7.93)

    def test_ample_room_for_one_value_hides_no_breach_of_another(self) -> None:
        _, multipliers = admit(np.array([[[0.0, 1e-3]]]), np.eye(2)[None], np.array([[[1e9, 0.0]]]), "project")
        np.testing.assert_allclose(multipliers, [[[0.0, 1e-3]]])

    @pytest.mark.parametrize("angle", [1e-1, 1e-2, 1e-3, 1e-4, 1e-5])
    def test_nearly_the_same_values_are_both_kept(self, angle: float) -> None:
        rng = np.random.default_rng(3)
        for _ in range(50):
            probes = rng.normal(size=(3, 12))
            probes[1] = probes[0] + angle * rng.normal(size=12)
            case = Case(rng.normal(size=12) + 2 * probes.sum(axis=0), probes, np.zeros(3))
            assert case.admitted()[0] == 1.0
            assert case.violation(case.screened()) <= EXACT

    def test_rounding_of_the_gram_matrix_makes_no_contradiction_of_a_value_said_twice(self) -> None:
        # single precision: products of equal probes differ by 1e-7
        rng = np.random.default_rng(4)
        for _ in range(200):
            gram = np.ones((2, 2)) + 1e-7 * rng.normal(size=(2, 2))
            gram = (gram + gram.T) / 2
            harms = 1 + 1e-7 * rng.normal(size=(1, 1, 2))
            weights, multipliers = admit(harms, gram[None], np.zeros((1, 1, 2)), "project")
            assert weights.item() == 1.0
            np.testing.assert_allclose((gram @ multipliers[0, 0]), 1.0, atol=1e-6)

    def test_runs_and_updates_are_projected_independently(self) -> None:
        rng = np.random.default_rng(5)
        probes = rng.normal(size=(3, 4, 10))
        updates, budget = rng.normal(size=(3, 7, 10)), rng.normal(size=(3, 7, 4)) * 0.3
        harms = updates @ probes.transpose(0, 2, 1)
        weights, multipliers = admit(harms, probes @ probes.transpose(0, 2, 1), budget, "project")
        for run in range(3):
            for i in range(7):
                weight, alone = Case(updates[run, i], probes[run], budget[run, i]).admitted()
                assert weight == weights[run, i]
                np.testing.assert_allclose(multipliers[run, i], alone, rtol=1e-9, atol=1e-12)

    def test_without_values_everything_passes(self) -> None:
        weights, multipliers = admit(np.zeros((2, 3, 0)), np.zeros((2, 0, 0)), np.zeros((2, 1, 0)), "project")
        assert weights.tolist() == [[1.0] * 3] * 2
        assert multipliers.shape == (2, 3, 0)


def opposed(angle: float, seed: int, dimensions: int = 2, budget: tuple[float, ...] = (0.0,)) -> Case:
    """Probes of which the last is the opposite of the sum of the others, up to an angle."""
    rng = np.random.default_rng(seed)
    probes = rng.normal(size=(dimensions, 6))
    probes[-1] = -probes[:-1].sum(axis=0) + angle * probes[-1]
    return Case(rng.normal(size=6), probes, np.resize(budget, dimensions).astype(float))


def nearest_of_two(case: Case) -> Floats:
    """The nearest update that two values admit, in the plane of their probes: QR does not square a small angle."""
    plane, corner = np.linalg.qr(case.probes.T)  # (P, 2), and (2, 2) probes as its columns
    here = plane.T @ case.update
    candidates = [here, np.linalg.solve(corner.T, case.budget)]
    for k in range(2):
        probe = corner[:, k]
        candidates.append(here - (probe @ here - case.budget[k]) / (probe @ probe) * probe)
    allowed = [x for x in candidates if (corner.T @ x <= case.budget + 1e-12).all()]
    best = min(allowed, key=lambda x: float(np.linalg.norm(x - here)))
    nearest: Floats = case.update + plane @ (best - here)
    return nearest


class TestNearlyOpposedValues:
    """What two values leave of an update when what helps the one harms the other almost as much."""

    def test_the_nearest_admissible_update_is_found_far_away(self) -> None:
        probes = np.random.default_rng(0).normal(size=(2, 6))
        probes[1] = -probes[0] + 1e-3 * probes[1]
        case = Case(np.random.default_rng(1).normal(size=6), probes, np.array([-1.0, 0.0]))
        assert case.admitted()[0] == 1.0
        assert np.linalg.norm(case.screened()) == pytest.approx(445.5, abs=0.05)
        assert np.linalg.norm(case.screened() - nearest_of_two(case)) <= 1e-6 * 445.5
        assert case.violation(case.screened()) <= EXACT

    @given(st.floats(1, 8), st.integers(0, 2**32), st.integers(2, 5), st.sampled_from([0.0, 1e-9, 1e-3, 1.0]))
    @example(exponent=8.0, seed=0, dimensions=2, room=0.0)
    @example(exponent=5.0, seed=52, dimensions=2, room=0.0)
    def test_with_tolerance_nothing_is_dropped_broken_or_enlarged(
        self, exponent: float, seed: int, dimensions: int, room: float
    ) -> None:
        case = opposed(10.0**-exponent, seed, dimensions, (0.0, room))
        weight, multipliers = case.admitted()
        rounding = 4 * np.finfo(float).eps * float(multipliers @ np.linalg.norm(case.probes, axis=1))
        assert weight == 1.0
        assert case.violation(case.screened()) <= EXACT + rounding
        assert np.linalg.norm(case.screened()) <= np.linalg.norm(case.update) * (1 + 1e-9) + rounding

    @pytest.mark.parametrize("angle", [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6])
    def test_of_two_hundred_updates_none_is_dropped_and_each_answer_is_the_nearest(self, angle: float) -> None:
        for seed in range(200):
            case = opposed(angle, seed)
            assert case.admitted()[0] == 1.0
            assert case.violation(case.screened()) <= EXACT
            # products of probes are known up to ε, and their part across is of size angle²
            off = np.linalg.norm(case.screened() - nearest_of_two(case)) / np.linalg.norm(case.update)
            assert off <= 1e-8 + 20 * np.finfo(float).eps / angle**2

    @pytest.mark.parametrize("angle", [1e-2, 1e-3, 1e-4, 1e-5, 1e-6])
    def test_a_broken_limit_is_restored_however_far_that_leads(self, angle: float) -> None:
        for seed in range(100):
            case = opposed(angle, seed, budget=(-1.0, 0.0))
            assert case.admitted()[0] == 1.0
            assert case.violation(case.screened()) <= EXACT
            least = np.linalg.norm(nearest_of_two(case) - case.update)
            beyond = 1e-8 + 500 * np.finfo(float).eps / angle**2  # asked for, so that rounding breaks no budget
            assert np.linalg.norm(case.screened() - case.update) <= (1 + beyond) * least

    @pytest.mark.parametrize("budget", [(-1.0, -1.0), (-1.0, 0.5), (0.5, -1.0)])
    def test_limits_that_contradict_each_other_are_still_told_from_those_that_nearly_do(
        self, budget: tuple[float, ...]
    ) -> None:
        for seed in range(50):
            assert opposed(0.0, seed, budget=budget).admitted()[0] == 0.0
            assert opposed(1e-4, seed, budget=budget).admitted()[0] == 1.0

    @pytest.mark.parametrize("angle", [1e-3, 1e-4, 1e-5, 0.0])
    def test_what_single_precision_does_not_tell_apart_makes_no_giant_step(self, angle: float) -> None:
        rounding = float(np.finfo(np.float32).eps)
        for seed in range(100):
            case = opposed(angle, seed)
            probes, update = case.probes.astype(np.float32), case.update.astype(np.float32)
            harms, gram = (probes @ update).astype(float), (probes @ probes.T).astype(float)
            weight, multipliers = admit(harms[None, None], gram[None], np.zeros((1, 1, 2)), "project", rounding)
            screened = update.astype(float) - multipliers[0, 0] @ probes.astype(float)
            assert weight.item() == 1.0
            assert case.violation(screened) <= 1e-3
            assert np.linalg.norm(screened) <= 1.01 * np.linalg.norm(case.update)


@st.composite
def tolerant_cases(draw: st.DrawFn) -> Case:
    """Cases in which every budget is at least 0."""
    dimensions = draw(st.integers(1, 5))
    numbers = st.floats(-10, 10).map(lambda x: round(x, 3))
    update = draw(hnp.arrays(float, 6, elements=numbers))
    probes = draw(hnp.arrays(float, (dimensions, 6), elements=numbers))
    budget = draw(hnp.arrays(float, dimensions, elements=st.floats(0, 50) | st.just(np.inf) | st.just(0.0)))
    return Case(update, probes, budget)


class TestModes:
    @given(tolerant_cases(), st.sampled_from(MODES[1:]))
    def test_with_tolerance_every_mode_admits_something_and_makes_nothing_larger(self, case: Case, mode: str) -> None:
        screened = case.screened(mode)
        assert case.violation(screened) <= EXACT
        assert np.linalg.norm(screened) <= np.linalg.norm(case.update) * (1 + 1e-9) + 1e-9

    @given(tolerant_cases())
    def test_the_projection_is_at_least_as_near_as_what_scaling_and_rejecting_leave(self, case: Case) -> None:
        distance = {mode: np.linalg.norm(case.screened(mode) - case.update) for mode in MODES}
        assert distance["off"] == 0
        assert distance["project"] <= distance["scale"] + 1e-9
        assert distance["scale"] <= distance["reject"] + 1e-9

    @given(tolerant_cases())
    def test_scaling_takes_the_largest_admissible_multiple(self, case: Case) -> None:
        weight, _ = case.admitted("scale")
        more = replace(case, update=case.update * min(1.0, weight * 1.001 + 1e-6))
        assert weight == 1.0 or (more.harms > case.budget).any()

    @pytest.mark.parametrize("mode", ["reject", "scale"])
    def test_what_cannot_restore_a_broken_limit_is_dropped(self, mode: str) -> None:
        broken = np.array([-1.0])
        probes = np.array([[1.0, 0.0]])
        assert Case(np.array([0.5, 9.0]), probes, broken).admitted(mode)[0] == 0.0  # it harms
        assert Case(np.array([-0.5, 9.0]), probes, broken).admitted(mode)[0] == 0.0  # it helps, too little
        assert Case(np.array([-2.0, 9.0]), probes, broken).admitted(mode)[0] == 1.0  # it restores

    def test_scaling_of_a_restoring_update_is_bounded_by_the_value_that_it_harms(self) -> None:
        # harms (−2, 4) with budgets (−1, 3): at least 1/2 to restore the first, at most 3/4 not to harm the second
        case = Case(np.array([-2.0, 4.0]), np.eye(2), np.array([-1.0, 3.0]))
        assert case.admitted("scale")[0] == 0.75
        contradiction = replace(case, budget=np.array([-1.0, 1.0]))
        assert contradiction.admitted("scale")[0] == 0.0


HARMS = np.array([[[3.0], [1.0], [-2.0]]])
ROOMS = np.array([[[4.5], [3.0], [1.5]]])
# One withheld value with a probe of norm 1, learning rate 1. Shares of the room: own 1.5, 1, .5; all .5 each; a quorum
# of two of three accepts 3, 1 each; the sum of harms is 2, the aggregate's budget 1.5.
TABLE: dict[tuple[str, str], tuple[list[float], list[float]]] = {
    ("own", "reject"): ([0, 1, 1], [0, 0, 0]),
    ("own", "scale"): ([1 / 2, 1, 1], [0, 0, 0]),
    ("own", "project"): ([1, 1, 1], [1.5, 0, 0]),
    ("all", "reject"): ([0, 0, 1], [0, 0, 0]),
    ("all", "scale"): ([1 / 6, 1 / 2, 1], [0, 0, 0]),
    ("all", "project"): ([1, 1, 1], [2.5, 0.5, 0]),
    ("quorum", "reject"): ([0, 1, 1], [0, 0, 0]),
    ("quorum", "scale"): ([1 / 3, 1, 1], [0, 0, 0]),
    ("quorum", "project"): ([1, 1, 1], [2, 0, 0]),
    ("aggregate", "reject"): ([0, 1, 1], [0, 0, 0]),  # without the most harmful, −1 is left
    ("aggregate", "scale"): ([2.5 / 3, 1, 1], [0, 0, 0]),  # 2.5 + 1 − 2 = 1.5
    ("aggregate", "project"): ([1, 1, 1], [0.375, 0.125, 0]),  # .5 too much, charged 3 : 1
}


class TestScopes:
    @pytest.mark.parametrize(("scope", "mode"), TABLE, ids=["-".join(key) for key in TABLE])
    def test_every_mode_in_every_scope_keeps_what_the_table_says(self, scope: str, mode: str) -> None:
        weights, multipliers = TABLE[scope, mode]
        everybody = np.ones((1, 3), dtype=bool)
        chosen = terms(mode, scope, quorum=2 / 3)
        budget = acceptable(ROOMS, everybody, chosen)
        screened = screen(HARMS, np.ones((1, 1, 1)), budget, everybody, np.ones(1), chosen)
        np.testing.assert_allclose(screened.weights[0], weights, atol=1e-12)
        np.testing.assert_allclose(screened.multipliers[0, :, 0], multipliers, atol=1e-12)
        share = 1 if scope == "aggregate" else 1 / 3  # of a unit of budget that each update gets
        np.testing.assert_allclose(screened.shadow_prices[0], share * sum(multipliers), atol=1e-12)

    @pytest.mark.parametrize("scope", SCOPES)
    def test_switched_off_everything_passes(self, scope: str) -> None:
        screened = screen(HARMS, np.ones((1, 1, 1)), -ROOMS, np.ones((1, 3), bool), np.ones(1), terms("off", scope))
        assert screened.weights.tolist() == [[1.0, 1.0, 1.0]]
        assert not screened.multipliers.any()

    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("scope", SCOPES)
    def test_who_has_no_update_is_neither_kept_nor_charged(self, scope: str, mode: str) -> None:
        active = np.array([[True, False, True]])
        screened = screen(HARMS, np.ones((1, 1, 1)), -ROOMS[:, -1:], active, np.ones(1), terms(mode, scope))
        assert screened.weights[0, 1] == 0
        assert screened.multipliers[0, 1] == 0

    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("scope", SCOPES)
    def test_where_nobody_has_an_update_there_is_no_step_and_no_price(self, scope: str, mode: str) -> None:
        nobody = np.zeros((1, 3), bool)
        screened = screen(HARMS, np.ones((1, 1, 1)), -ROOMS[:, -1:], nobody, np.ones(1), terms(mode, scope))
        assert not (screened.weights.any() or screened.multipliers.any() or screened.shadow_prices.any())

    def test_a_protected_value_is_charged_with_the_opposite_sign(self) -> None:
        everybody = np.ones((1, 3), bool)
        withheld, protected = (
            screen(HARMS, np.ones((1, 1, 1)), ROOMS[:, -1:], everybody, np.array([sense]), terms(scope="aggregate"))
            for sense in (1.0, -1.0)
        )
        np.testing.assert_array_equal(protected.multipliers, -withheld.multipliers)
        np.testing.assert_array_equal(protected.shadow_prices, withheld.shadow_prices)


class TestCharges:
    numbers = st.floats(-5, 5).map(lambda x: round(x, 3))

    @given(hnp.arrays(float, (2, 6, 3), elements=numbers), hnp.arrays(bool, (2, 6)), st.floats(-2, 2))
    def test_charges_sum_to_the_shadow_prices(self, harms: Floats, active: NDArray[np.bool_], room: float) -> None:
        gram = np.array([[2.0, 0.3, 0.1], [0.3, 1.0, -0.2], [0.1, -0.2, 0.5]])[None].repeat(2, axis=0)
        senses = np.array([1.0, -1.0, 1.0])
        screened = screen(harms, gram, np.full((2, 1, 3), room), active, senses, terms(scope="aggregate"))
        assert (screened.shadow_prices >= 0).all()
        assert (screened.multipliers * senses >= 0).all()
        np.testing.assert_allclose((screened.multipliers * senses).sum(axis=1), screened.shadow_prices, atol=1e-9)

    def test_restoring_a_limit_that_nobody_breaks_is_charged_equally(self) -> None:
        harms = np.full((1, 4, 1), -0.1)
        active = np.array([[True, True, False, True]])
        screened = screen(
            harms, np.ones((1, 1, 1)), np.full((1, 1, 1), -0.9), active, np.ones(1), terms(scope="aggregate")
        )
        # three give −.3, −.9 is needed: .6 to be shared by three
        np.testing.assert_allclose(screened.multipliers[0, :, 0], [0.2, 0.2, 0, 0.2])

    @given(hnp.arrays(float, (2, 5, 2), elements=numbers), st.floats(0, 3), st.sampled_from(["scale", "reject"]))
    def test_cutting_the_largest_harms_makes_the_sum_admissible(self, harms: Floats, room: float, mode: str) -> None:
        weights = drop_worst(harms, np.full((2, 1, 2), room), mode)
        assert ((weights >= 0) & (weights <= 1)).all()
        assert ((weights[..., None] * harms).sum(axis=1) <= room + EXACT).all()
        assert (weights[(harms <= 0).all(axis=2)] == 1).all()  # the harmless always pass
        if mode == "reject":
            assert np.isin(weights, (0, 1)).all()


class TestFewUpdates:
    """Of many principals few have an update; the others' places are not worked on."""

    @given(
        st.integers(0, 2**32), st.integers(1, 60), st.integers(1, 3), st.sampled_from(SCOPES), st.sampled_from(MODES)
    )
    def test_they_are_screened_to_the_last_bit_as_if_everybody_had_one(
        self, seed: int, principals: int, dimensions: int, scope: str, mode: str
    ) -> None:
        rng = np.random.default_rng(seed)
        probes, updates = rng.normal(size=(3, dimensions, 9)), rng.normal(size=(3, principals, 9))
        harms, gram = updates @ probes.transpose(0, 2, 1), probes @ probes.transpose(0, 2, 1)
        budget = rng.normal(size=(3, principals if scope == "own" else 1, dimensions)) + 0.2
        senses = rng.choice([-1.0, 1.0], size=dimensions)
        active = rng.random((3, principals)) < rng.choice([0.0, 0.1, 0.5])
        few = screen(harms[:2], gram[:2], budget[:2], active[:2], senses, terms(mode, scope))
        active[2] = True  # a run beside them in which everybody has an update: no place is left out
        beside = screen(harms, gram, budget, active, senses, terms(mode, scope))
        for left_out, worked_on in zip(vars(few).values(), vars(beside).values(), strict=True):
            np.testing.assert_array_equal(left_out, worked_on[:2])


class TestShadowPrices:
    """A shadow price is the derivative of the distance to the updates offered, by the budget of the step."""

    PROBES = np.random.default_rng(7).normal(size=(1, 2, 12))
    SENSES = np.array([1.0, -1.0])
    UPDATES = np.random.default_rng(6).normal(size=(1, 6, 12)) + 0.3 * SENSES @ PROBES  # most of them do harm
    ACTIVE = np.array([[True, True, False, True, True, True]])  # n = 5

    def _screened(self, mode: str, scope: str, budget: Floats) -> Screened:
        harms = self.UPDATES @ self.PROBES.transpose(0, 2, 1) * self.SENSES
        gram = self.PROBES @ self.PROBES.transpose(0, 2, 1)
        return screen(harms, gram, budget, self.ACTIVE, self.SENSES, terms(mode, scope))

    def _distance(self, mode: str, scope: str, budget: Floats) -> float:
        screened = self._screened(mode, scope, budget)
        taken = (1 - screened.weights[..., None]) * self.UPDATES + screened.multipliers @ self.PROBES
        taken = taken * self.ACTIVE[..., None]
        return float(0.5 * ((taken.sum(axis=1) if scope == "aggregate" else taken) ** 2).sum())

    @pytest.mark.parametrize("mode", ["off", "reject", "project"])
    @pytest.mark.parametrize("scope", SCOPES)
    @pytest.mark.parametrize("room", [-0.7, 0.0, 0.4])
    def test_they_are_what_finite_differences_say(self, scope: str, mode: str, room: float) -> None:
        each = np.random.default_rng(8).uniform(0.0, 0.5, size=(1, 6, 2))
        budget = room + (each if scope == "own" else each[:, :1])
        prices = self._screened(mode, scope, budget).shadow_prices[0]
        assert bool(prices.any()) == (mode == "project")
        for k in range(2):
            more, less = (self._distance(mode, scope, budget + sign * 1e-4 * np.eye(2)[k]) for sign in (1, -1))
            assert prices[k] == pytest.approx((less - more) / 2e-4, abs=1e-8)

    @pytest.mark.parametrize("scope", SCOPES)
    def test_scaling_has_none(self, scope: str) -> None:
        assert not self._screened("scale", scope, np.zeros((1, 6 if scope == "own" else 1, 2))).shadow_prices.any()


class TestRoom:
    def test_protected_losses_must_not_rise_above_and_withheld_ones_not_fall_below_the_limit(self) -> None:
        room = slack(np.array([[0.4, 0.9]]), np.array([[[1.0, 0.7], [0.3, 1.0]]]), np.array([-1.0, 1.0]))
        np.testing.assert_allclose(room, [[[0.6, 0.2], [-0.1, -0.1]]])

    @pytest.mark.parametrize(
        ("quorum", "accepted"), [(0.0, 5.0), (0.2, 5.0), (0.4, 4.0), (0.6, 3.0), (0.61, 2.0), (0.8, 2.0), (1.0, 1.0)]
    )
    def test_a_quorum_accepts_what_its_share_of_the_members_accepts(self, quorum: float, accepted: float) -> None:
        # rooms 1 to 5 of the members, −9 of one who is not: room x is accepted by those whose room is at least x
        rooms = np.array([3.0, -9.0, 1.0, 5.0, 2.0, 4.0])[None, :, None]
        member = np.array([[True, False, True, True, True, True]])
        assert acceptable(rooms, member, terms(scope="quorum", quorum=quorum)).tolist() == [[[accepted]]]

    def test_rounding_does_not_raise_a_quorum(self) -> None:
        # .07 · 100 is 7.000000000000001 in double precision, and 7 of 100 are enough
        rooms = np.arange(100.0)[None, :, None]
        everybody = np.ones((1, 100), bool)
        assert acceptable(rooms, everybody, terms(scope="quorum", quorum=0.07)).item() == 93.0

    @pytest.mark.parametrize("scope", ["all", "aggregate"])
    def test_the_tightest_member_limits_all(self, scope: str) -> None:
        rooms = np.array([[[3.0, 1.0], [2.0, 4.0], [-5.0, -5.0]]])
        assert acceptable(rooms, np.array([[True, True, False]]), terms(scope=scope)).tolist() == [[[2.0, 1.0]]]

    @pytest.mark.parametrize("scope", ["all", "quorum", "aggregate"])
    def test_where_nobody_takes_part_nobody_limits_anything(self, scope: str) -> None:
        assert np.isposinf(acceptable(ROOMS, np.zeros((1, 3), bool), terms(scope=scope))).all()

    @given(st.integers(0, 2**32), st.sampled_from(SCOPES))
    def test_the_room_is_that_of_limits_one_by_one_to_the_last_bit(self, seed: int, scope: str) -> None:
        rng = np.random.default_rng(seed)
        levels, limits, senses = rng.random((2, 3)), rng.random((2, 7, 3)), rng.choice([-1.0, 1.0], size=3)
        limits[rng.random(limits.shape) < 0.1] = np.inf
        member = rng.random((2, 7)) < rng.choice([0.0, 0.3, 1.0])
        one_by_one = acceptable(slack(levels, limits, senses), member, terms(scope=scope))
        np.testing.assert_array_equal(room_left(levels, limits, member, senses, terms(scope=scope)), one_by_one)

    def test_everybody_screens_its_own_update_by_its_own_limits(self) -> None:
        assert acceptable(ROOMS, np.ones((1, 3), bool), terms(scope="own")) is ROOMS


class TestNetworkStep:
    """The step that the network takes is the sum of the admissible updates, written out."""

    RUNS, PRINCIPALS, DIMENSIONS = 2, 6, 3
    SENSES = np.array([1.0, -1.0, 1.0])

    def _drawn(self) -> tuple[list[torch.Tensor], tuple[torch.Tensor, ...], Floats, Floats, object]:
        network = MLP((5, 4, 3), "tanh", torch.float64)
        parameters = network.initial(Streams.from_seeds([1, 2]).task)
        generator = torch.Generator().manual_seed(9)
        features = torch.randn(self.RUNS, 24, 5, generator=generator, dtype=torch.float64)
        labels = torch.randint(3, (self.RUNS, 24), generator=generator)
        owner = torch.randint(-1, self.PRINCIPALS - 1, (self.RUNS, 24), generator=generator)  # the last puts nothing in
        passage = network.traverse(parameters, features, labels, Owners(owner, self.PRINCIPALS))
        probes = tuple(
            torch.randn(self.RUNS, self.DIMENSIONS, *p.shape[1:], generator=generator, dtype=torch.float64)
            for p in parameters
        )
        harms = passage.products(probes).numpy() * self.SENSES
        return list(passage.updates()), probes, harms, inner(probes, probes).numpy(), passage

    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("scope", SCOPES)
    @pytest.mark.parametrize("room", [-0.05, 0.0, 0.05])
    def test_it_is_the_sum_of_the_admissible_updates(self, scope: str, mode: str, room: float) -> None:
        updates, probes, harms, gram, passage = self._drawn()
        active = np.arange(self.PRINCIPALS)[None].repeat(self.RUNS, axis=0) < self.PRINCIPALS - 1
        budget = np.full((self.RUNS, 1, self.DIMENSIONS), room)
        screened = screen(harms, gram, budget, active, self.SENSES, terms(mode, scope))
        step = admissible_step(passage, probes, screened.weights, screened.multipliers)  # type: ignore[arg-type]
        for layer, (update, probe) in enumerate(zip(updates, probes, strict=True)):
            kept = torch.einsum("rn,rnoi->rnoi", torch.as_tensor(screened.weights), update)
            taken = torch.einsum("rnk,rkoi->rnoi", torch.as_tensor(screened.multipliers), probe)
            torch.testing.assert_close(step[layer], (kept - taken).sum(1), rtol=1e-9, atol=1e-12)
        self._assert_admissible(screened, scope, mode, room, step, probes)

    def _assert_admissible(
        self,
        screened: Screened,
        scope: str,
        mode: str,
        room: float,
        step: tuple[torch.Tensor, ...],
        probes: tuple[torch.Tensor, ...],
    ) -> None:
        """Where there is tolerance, and wherever updates are projected, the whole step keeps the budget."""
        if mode == "off" or (room < 0 and mode != "project"):
            return
        products = sum(torch.einsum("rkoi,roi->rk", p, s) for p, s in zip(probes, step, strict=True))
        harm = torch.as_tensor(products).numpy() * self.SENSES
        assert (harm <= room + EXACT).all()
        if mode == "project" and scope == "aggregate":
            binding = screened.shadow_prices > 0
            np.testing.assert_allclose(harm[binding], room, atol=EXACT)
