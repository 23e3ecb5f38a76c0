"""What certifies an optimal menu: bounds in boxes of amounts, held against menus judged from the definitions."""

from contextlib import suppress
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.economy.menus import MenuProblem, solve
from commonweal.economy.menus.branching import Node, bounded, parts
from commonweal.economy.menus.envelope import between, envelope
from commonweal.economy.menus.line import program_of, set_up
from commonweal.economy.menus.outcomes import outcomes
from commonweal.economy.menus.problem import Served
from commonweal.economy.rewards.accuracy import Accuracy, Bound, PowerLaw

CURVES = [Bound(1.0, 1.0), Bound(0.8, 500.0), PowerLaw(0.9, 3.0, 0.4), PowerLaw(0.95, 0.5, 2.0)]
NODES = (0, 1, 2, 5, 200)


def drawn(seed: int, types: int, whole: bool) -> MenuProblem:
    """A problem where a sample costs at least a thousandth of what a perfect model is worth."""
    rng = np.random.default_rng(seed)
    costs, parties = np.sort(10 ** rng.uniform(-1, 0.5, types))[::-1], int(rng.integers(2, 7))
    shares, curve = rng.dirichlet(np.ones(types)) + 0.02, Bound(1.0, 10 ** rng.uniform(-1, 2.3))
    budget = 1.0 if whole else float(rng.uniform(0.7, 1.0))
    return MenuProblem(costs, shares / shares.sum(), parties, 100.0, curve, ["party", "published"][seed % 2], budget)


def worth(problem: MenuProblem, amounts: Floats, served: Served) -> Floats:
    """E[v(a)] (P,) of menus by their amounts (P, I), from the definitions; minus 1 where they are infeasible."""
    c, f, v = problem.costs, problem.training_alone()[1], problem.value
    seen = outcomes(problem.shares, problem.parties, problem.reading, 1, np.random.default_rng(0))
    m = np.where(served, amounts, 0.0)
    model = v * problem.accuracy(m @ seen.counts.T)
    # As line j is worth U_j + (c_j − c_i) m_j to type i, the least utilities are the longest paths between types.
    steps = np.where(served, (c - c[:, None]) * m[:, None], -np.inf)  # (P, I, I) i, j
    utilities = np.tile(f, (len(m), 1))
    for _ in c:
        tempted = (utilities[:, None] + steps).max(axis=2)
        utilities = np.where(served, np.maximum(utilities, tempted), utilities)
    kept = ((utilities[:, None] + steps).max(axis=2) <= utilities + 1e-9).all(axis=1)
    paid = (~served | (utilities + c * m <= problem.budget * model @ seen.expected.T + 1e-9)).all(axis=1)
    return np.where(kept & paid, model @ seen.chances, -1.0)


def best_on_grids(problem: MenuProblem, most: float) -> float:
    """The most that a menu for two types is worth, each grid around the best of the one before."""
    best = -1.0
    for served in np.array([[True, True], [True, False], [False, True]]):
        low, high = np.zeros(2), np.full(2, most)
        for _ in range(4):
            axes = [np.linspace(*ends, 41) for ends in zip(low, high, strict=True)]
            grid = np.array(list(product(*axes)))
            values = worth(problem, grid, served)
            best, at, step = max(best, float(values.max())), grid[values.argmax()], (high - low) / 40
            low, high = np.maximum(at - 4 * step, 0.0), at + 4 * step
    return best


def uncertified(types: int, seeds: range) -> list[MenuProblem]:
    """Problems that the envelope leaves a gap in."""
    problems = []
    for seed in seeds:
        problem = drawn(seed, types, whole=seed % 3 > 0)
        with suppress(InputError):  # no menu is feasible
            if not solve(problem, nodes=0).is_optimal:
                problems.append(problem)
    return problems


@pytest.mark.slow
@pytest.mark.parametrize("first", range(0, 120, 40))
def test_no_menu_on_a_grid_exceeds_a_bound_however_few_nodes_it_took(first: int) -> None:
    problems = uncertified(2, range(first, first + 40))
    assert len(problems) >= 3
    for problem in problems:
        menus = [solve(problem, nodes=nodes) for nodes in NODES]
        best = best_on_grids(problem, max(2 * menus[-1].amounts.max(), 2 * problem.training_alone()[0].max(), 10.0))
        assert best <= min(menu.objective + menu.gap for menu in menus) + 1e-6
        assert menus[-1].gap <= 1e-6 * problem.value and menus[-1].objective - best < 0.02


@pytest.mark.parametrize("types", [3, 4])
def test_no_random_menu_for_more_types_exceeds_the_bound(types: int) -> None:
    problems, rng = uncertified(types, range(30)), np.random.default_rng(types)
    assert len(problems) >= 3
    for problem in problems:
        menu = solve(problem)
        near = np.where(menu.amounts > 0, menu.amounts, problem.training_alone()[0])
        tried = near * 10 ** rng.normal(0, 0.3, (2000, types)) * (rng.random((2000, types)) < 0.8)
        values = worth(problem, np.maximum.accumulate(tried, axis=1), np.ones(types, dtype=bool))
        assert menu.is_optimal and values.max() <= menu.objective + menu.gap + 1e-6


@given(st.integers(0, 500), st.integers(2, 4), st.booleans())
def test_the_bound_of_a_box_holds_for_its_menus_and_only_worse_ones_are_left_out(
    seed: int, types: int, whole: bool
) -> None:
    problem, rng = drawn(seed, types, whole), np.random.default_rng(seed)
    seen = outcomes(problem.shares, problem.parties, problem.reading, 1, rng)
    setting, served = set_up(problem, seen), np.ones(types, dtype=bool)
    if not (setting.most > 0).all():
        return
    program = program_of(setting, served, setting.curve)
    middle = np.maximum.accumulate(np.minimum(setting.start, setting.most) * rng.uniform(0, 1.2, types) + 1.0)
    low, high = np.sort([middle * rng.uniform(0.0, 1.0), middle * rng.uniform(1.0, 3.0)], axis=0)
    most = np.minimum.accumulate(setting.most[::-1])[::-1]
    low, high = np.minimum(low, most), np.minimum(high, most)
    node = bounded(setting, Node(served, program, np.minimum(middle, most), 1.0), low, high)
    menus = np.maximum.accumulate(rng.uniform(low, high, (400, types)), axis=1)
    values = worth(problem, menus, served) / problem.value
    assert (values[values >= 0] <= node.bound + 1e-9).all()
    known = float(rng.uniform(0.5, 1.0) * max(values.max(), 0.0))
    boxes = parts(setting, node, known)
    for menu in menus[values > known + 1e-9]:
        assert any((least - 1e-9 <= menu).all() and (menu <= most + 1e-9).all() for least, most in boxes)


@given(st.sampled_from(CURVES), st.floats(-2, 6), st.floats(0, 0.99), st.floats(1e-3, 1.0))
def test_the_envelope_between_two_numbers_is_concave_and_lies_above_the_curve(
    curve: Accuracy, log_high: float, part: float, wide: float
) -> None:
    high = np.array([10**log_high])
    low = high * part * (1 - wide)
    samples = np.linspace(low[0], high[0], 401)
    whole = envelope(curve, 1e7)
    above = between(whole, low, high)
    assert (above(samples) >= curve(samples) - 1e-12).all()
    assert (above(samples) <= whole(samples) + 1e-9).all()
    assert (np.diff(above(samples), 2) <= 1e-9).all()
    touching = above(samples)[:, None] + above.slope(samples)[:, None] * (samples - samples[:, None])
    assert (touching >= curve(samples) - 1e-9).all(), "tangents are bounds"
    finely = np.unique([low[0], *(low + (high - low) * np.geomspace(1e-6, 1.0, 4001))])
    assert above(finely) == pytest.approx(least_concave(finely, curve(finely)), abs=2e-3)


def least_concave(samples: Floats, values: Floats) -> Floats:
    """The upper hull of points, at the same samples."""
    kept: list[int] = []
    for i in range(len(samples)):
        while len(kept) > 1 and (values[kept[-1]] - values[kept[-2]]) * (samples[i] - samples[kept[-2]]) <= (
            values[i] - values[kept[-2]]
        ) * (samples[kept[-1]] - samples[kept[-2]]):
            kept.pop()
        kept.append(i)
    return np.interp(samples, samples[kept], values[kept])


def test_without_nodes_the_gap_of_the_envelope_remains_and_more_of_them_only_lower_it() -> None:
    problem = uncertified(3, range(30))[0]
    menus = [solve(problem, nodes=nodes) for nodes in NODES]
    bounds = [menu.objective + menu.gap for menu in menus]
    assert bounds == sorted(bounds, reverse=True) and menus[0].gap > 1e-4 > menus[-1].gap
