"""Games whose solutions are known: payoff tables, equilibria, rest points, fixation and stationary distributions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from papers.fixation import (
    death_birth_fixation,
    death_birth_threshold,
    moran_fixation,
    moran_ratios,
    simulate_fermi,
    simulate_moran,
    weak_selection_threshold,
)
from papers.games import (
    alpha_rank,
    best_response,
    critical_factor,
    deviation_gains,
    donation_game,
    exploitability,
    linear_public_goods,
    matrix_game,
    nash_conv,
    optional_public_goods,
    prisoners_dilemma,
    symmetric_game,
    symmetric_nash_conv,
    volunteers_dilemma,
)

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.scenarios.studies.evolution.chains import (
    mean_shares,
    population_chain,
    rare_mutation_shares,
    stationary,
    symmetric_alpha_rank,
)
from commonweal.scenarios.studies.evolution.fixation import (
    fermi_ratios,
    leads,
    log_fixation,
    log_invasion_matrix,
    stable_in_finite_population,
)
from commonweal.scenarios.studies.evolution.flows import follow, jacobian, logit, replicator
from commonweal.scenarios.studies.evolution.games import SymmetricGame, compositions
from commonweal.scenarios.studies.evolution.rest_points import basins, logit_rest_points, replicator_rest_points

DILEMMA = np.array([[[3.0, 0.0], [5.0, 1.0]], [[3.0, 5.0], [0.0, 1.0]]])  # R, S, T, P = 3, 0, 5, 1
EVEN = np.array([0.5, 0.5])
CYCLE = np.roll(np.eye(10), 1, axis=1) + np.roll(np.eye(10), -1, axis=1)


def rock_paper_scissors(win: float = 1.0) -> SymmetricGame:
    return matrix_game(("rock", "paper", "scissors"), [[0, -1, win], [win, 0, -1], [-1, win, 0]])


def hawk_dove(value: float, cost: float) -> SymmetricGame:
    return matrix_game(("hawk", "dove"), [[(value - cost) / 2, value], [0, value / 2]])


# Payoff tables


@given(st.integers(2, 40), st.floats(0.1, 60.0))
def test_contributing_to_linear_public_goods_gains_r_over_n_less_one_whatever_others_do(
    players: int, factor: float
) -> None:
    payoffs = linear_public_goods(players, factor).payoffs
    np.testing.assert_allclose(payoffs[:, 0] - payoffs[:, 1], factor / players - 1, rtol=0, atol=1e-9)


@pytest.mark.parametrize(("factor", "stable"), [(4.999, "withhold"), (5.001, "contribute")])
def test_contributing_becomes_evolutionarily_stable_where_the_factor_reaches_the_number_of_players(
    factor: float, stable: str
) -> None:
    game = linear_public_goods(5, factor)
    points = replicator_rest_points(game)
    assert [game.strategies[p.shares.argmax()] for p in points if p.ess] == [stable]


@given(st.integers(2, 8), st.integers(1, 40), st.floats(0.5, 20.0))
def test_in_a_finite_population_contributors_lead_by_the_published_formula(
    players: int, more: int, factor: float
) -> None:
    # (r/N)(Z − N)/(Z − 1) − 1, whatever the composition (Hauert et al. 2002; reference behaviour.md)
    Z = players + more
    lead = leads(linear_public_goods(players, factor), Z)[1, 0]
    np.testing.assert_allclose(lead, factor / players * (Z - players) / (Z - 1) - 1, rtol=0, atol=1e-9)


def test_the_critical_factor_of_a_finite_population_is_where_the_lead_vanishes() -> None:
    factor = critical_factor(5, 50)
    assert factor == pytest.approx(5 * 49 / 45)
    np.testing.assert_allclose(leads(linear_public_goods(5, factor), 50)[1, 0], 0, atol=1e-9)


def test_players_of_the_volunteers_dilemma_wait_with_probability_c_over_b_to_the_one_over_n_minus_one() -> None:
    game = volunteers_dilemma(4, 2.0, 1.0)
    (inside,) = [p for p in replicator_rest_points(game) if p.shares.min() > 0]
    assert inside.shares[1] == pytest.approx(0.5 ** (1 / 3), abs=1e-9)  # .7937 (Diekmann 1985)
    assert inside.shares[1] ** 4 == pytest.approx(0.397, abs=5e-4)  # nobody volunteers
    assert inside.stability == "stable" and inside.ess
    assert symmetric_nash_conv(game, inside.shares) == pytest.approx(0, abs=1e-9)


def test_optional_public_goods_have_a_centre_at_the_published_place() -> None:
    # Hauert et al. (2002), N = 5, σ = 1, r = 3: (.2693, .2693, .4613)
    points = replicator_rest_points(optional_public_goods(5, 3.0, 1.0))
    (inside,) = [p for p in points if p.shares.min() > 0]
    np.testing.assert_allclose(inside.shares, [0.2693, 0.2693, 0.4613], atol=1e-3)
    np.testing.assert_allclose(inside.eigenvalues.real, 0, atol=1e-9)
    assert np.abs(inside.eigenvalues.imag).min() > 0.1


def test_optional_public_goods_cycle_from_cooperation_to_defection_to_loners() -> None:
    earned = optional_public_goods(5, 3.0, 1.0).expected(np.eye(3) * 0.98 + 0.01)
    assert earned.argmax(axis=1).tolist() == [1, 2, 0]


@given(st.integers(1, 6), st.integers(2, 4), st.integers(0, 2**32 - 1))
def test_large_populations_earn_what_groups_drawn_one_by_one_earn(others: int, M: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    table = compositions(others, M)
    game = SymmetricGame(tuple("abcd"[:M]), table, generator.standard_normal((len(table), M)))
    shares = generator.dirichlet(np.ones(M))
    total = np.zeros(M)
    for group in np.ndindex(*[M] * others):  # every ordered group
        row = (table == np.bincount(group, minlength=M)).all(axis=1).argmax()
        total += np.prod(shares[list(group)]) * game.payoffs[row]
    np.testing.assert_allclose(game.expected(shares), total, atol=1e-10)


def test_a_group_that_is_the_whole_population_meets_exactly_the_others() -> None:
    game = optional_public_goods(6, 2.5, 0.7)
    counts = compositions(6, 3)
    for i in range(3):
        some = counts[counts[:, i] > 0]
        place = [(game.others == row - np.eye(3)[i]).all(axis=1).argmax() for row in some]
        np.testing.assert_allclose(game.within(some, i), game.payoffs[place, i], atol=1e-12)


# Equilibria of normal-form games


def test_uniform_play_of_the_prisoners_dilemma_has_a_nash_conv_of_one_and_a_half() -> None:
    assert nash_conv(DILEMMA, [EVEN, EVEN]) == pytest.approx(1.5, abs=1e-12)
    assert exploitability(DILEMMA, [EVEN, EVEN]) == pytest.approx(0.75, abs=1e-12)
    assert symmetric_nash_conv(prisoners_dilemma(5, 3, 1, 0), EVEN) == pytest.approx(1.5, abs=1e-12)


@settings(max_examples=25)
@given(st.lists(st.integers(1, 3), min_size=2, max_size=4), st.integers(0, 2**32 - 1))
def test_deviation_gains_are_those_of_playing_every_profile(sizes: list[int], seed: int) -> None:
    generator = np.random.default_rng(seed)
    payoffs = generator.standard_normal((len(sizes), *sizes))
    mixes = [generator.dirichlet(np.ones(size)) for size in sizes]
    for player, gains in enumerate(deviation_gains(payoffs, mixes)):
        for action in range(sizes[player]):
            pure = [*mixes[:player], np.eye(sizes[player])[action], *mixes[player + 1 :]]
            gain = _value(payoffs[player], pure) - _value(payoffs[player], mixes)
            assert gains[action] == pytest.approx(gain, abs=1e-10)


def _value(table: Floats, mixes: list[Floats]) -> float:
    profiles = np.ndindex(*table.shape)
    return sum(table[p] * np.prod([mix[a] for mix, a in zip(mixes, p, strict=True)]) for p in profiles)


@pytest.mark.parametrize("name", ["matrix_pd", "matrix_rps", "matrix_sh", "matrix_cd"])
def test_nash_conv_and_alpha_rank_agree_with_open_spiel(name: str) -> None:
    pyspiel = pytest.importorskip("pyspiel")
    from open_spiel.python import policy
    from open_spiel.python.algorithms import exploitability as theirs
    from open_spiel.python.egt import alpharank

    game = pyspiel.load_game(name)
    payoffs = np.stack([np.array(game.row_utilities()), np.array(game.col_utilities())])
    mixes = [np.full(size, 1 / size) for size in payoffs.shape[1:]]
    sequential = pyspiel.convert_to_turn_based(game)
    assert nash_conv(payoffs, mixes) == pytest.approx(
        theirs.nash_conv(sequential, policy.UniformRandomPolicy(sequential)), abs=1e-9
    )
    *_, expected, _, _ = alpharank.compute(list(payoffs), m=50, alpha=0.1)
    np.testing.assert_allclose(alpha_rank(payoffs, 0.1, 50).ravel(), expected, atol=1e-9)


@pytest.mark.parametrize(
    "matrix", [[[3, 0], [5, 1]], [[0, -1, 2], [2, 0, -1], [-1, 1, 0]], [[4, 1, 0], [2, 3, 1], [1, 1, 2]]]
)
def test_one_population_fixation_and_alpha_rank_agree_with_open_spiel(matrix: list[list[float]]) -> None:
    alpharank = pytest.importorskip("open_spiel.python.egt.alpharank")
    table, game = np.array(matrix, dtype=float), matrix_game("abc"[: len(matrix)], matrix)
    rho, _, shares, *_ = alpharank.compute([table], m=20, alpha=0.3, use_local_selection_model=False)
    logs = log_invasion_matrix(leads(game, 20), 0.3)
    np.testing.assert_allclose(np.where(np.eye(len(logs)), 0, np.exp(logs)), rho, rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose(rare_mutation_shares(logs), shares, atol=1e-9)


def test_alpha_rank_puts_defection_first_and_ranks_a_cycle_evenly() -> None:
    np.testing.assert_allclose(symmetric_alpha_rank(leads(prisoners_dilemma(5, 3, 1, 0), 50)), [0, 1], atol=1e-9)
    np.testing.assert_allclose(symmetric_alpha_rank(leads(rock_paper_scissors(), 50)), 1 / 3, atol=1e-9)


# Flows and rest points


def test_hawk_dove_rests_where_hawks_are_value_over_cost() -> None:
    points = replicator_rest_points(hawk_dove(2.0, 5.0))  # Maynard Smith and Price (1973)
    (inside,) = [p for p in points if p.shares.min() > 0]
    assert inside.shares[0] == pytest.approx(2 / 5, abs=1e-12)
    assert inside.ess and inside.stability == "stable"
    assert [p.ess for p in points] == [False, False, True]


@pytest.mark.parametrize(
    ("win", "stability", "ess"), [(1.0, "neutral", False), (2.0, "stable", True), (0.5, "unstable", False)]
)
def test_rock_paper_scissors_turns_inwards_where_winning_outweighs_losing(
    win: float, stability: str, ess: bool
) -> None:
    *corners, inside = replicator_rest_points(rock_paper_scissors(win))  # Hofbauer and Sigmund (1998), section 7.7
    np.testing.assert_allclose(inside.shares, 1 / 3, atol=1e-9)
    assert (inside.stability, inside.ess) == (stability, ess)
    assert [p.stability for p in corners] == ["saddle"] * 3


def test_a_rest_point_of_equal_earners_on_a_face_is_left_where_a_missing_strategy_earns_more() -> None:
    game = matrix_game("abc", [[0, 1, 0], [1, 0, 0], [2, 2, 1]])
    points = replicator_rest_points(game)
    assert [p.shares.round(9).tolist() for p in points if p.ess] == [[0, 0, 1]]
    (edge,) = [p for p in points if sorted(p.shares.round(6)) == [0, 0.5, 0.5]]
    assert edge.stability == "saddle"


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_derivatives_by_complex_steps_are_those_of_small_differences(seed: int) -> None:
    generator = np.random.default_rng(seed)
    others = compositions(4, 3)
    game = SymmetricGame(("a", "b", "c"), others, generator.standard_normal((len(others), 3)))
    shares, h = generator.dirichlet(np.full(3, 2.0)), 1e-6
    for flow in (replicator(game.expected), logit(game.expected, 0.5)):
        differences = [(flow(shares + h * e) - flow(shares - h * e)) / (2 * h) for e in np.eye(3)]
        np.testing.assert_allclose(jacobian(flow, shares), np.stack(differences, axis=1), atol=1e-6)


def test_rest_points_are_found_where_one_strategy_leads_hardly_at_all_for_long() -> None:
    def payoff(others: Ints) -> Floats:  # the first strategy gains only where nearly all the others play it
        most = others[:, 0] / 39
        return np.stack([np.where(most == 1, 1.0, 0) - np.where(most == 0, 0.5, 0), 0 * most], axis=1)

    game = symmetric_game(("a", "b"), 40, payoff)
    (inside,) = [p for p in replicator_rest_points(game) if p.shares.min() > 0]
    a = inside.shares[0]  # a^39 = (1 − a)^39 / 2
    assert a == pytest.approx(0.5 ** (1 / 39) / (1 + 0.5 ** (1 / 39)), abs=1e-3)


@given(st.integers(0, 2**32 - 1))
def test_flows_keep_the_shares_summing_to_one(seed: int) -> None:
    generator = np.random.default_rng(seed)
    game = matrix_game("abc", generator.standard_normal((3, 3)))
    shares = generator.dirichlet(np.ones(3), size=5)
    for flow in (replicator(game.expected), logit(game.expected, 0.1), best_response(game.expected)):
        np.testing.assert_allclose(flow(shares).sum(axis=1), 0, atol=1e-12)


def test_every_rest_point_stands_still() -> None:
    game = optional_public_goods(5, 4.0, 1.0)
    for p in replicator_rest_points(game):
        np.testing.assert_allclose(replicator(game.expected)(p.shares), 0, atol=1e-9)
    for p in logit_rest_points(game, 0.2):
        np.testing.assert_allclose(logit(game.expected, 0.2)(p.shares), 0, atol=1e-8)


def test_a_coordination_game_has_three_logit_equilibria_when_noise_is_small_and_one_when_it_is_large() -> None:
    game = matrix_game("ab", [[1, 0], [0, 1]])  # the pitchfork is at noise 1/2 (McKelvey and Palfrey 1995)
    assert [len(logit_rest_points(game, noise)) for noise in (0.2, 0.6)] == [3, 1]


def test_a_coordination_game_is_divided_into_basins_at_its_unstable_rest_point() -> None:
    game = matrix_game("ab", [[2, 0], [0, 1]])
    points = replicator_rest_points(game)
    assert [p.shares[0] for p in points] == pytest.approx([1, 0, 1 / 3])
    np.testing.assert_allclose(basins(game, points), [2 / 3, 1 / 3, 0], atol=0.02)


def test_the_best_response_flow_of_a_dilemma_leads_straight_to_defection() -> None:
    flow = best_response(prisoners_dilemma(5, 3, 1, 0).expected)
    left = 0.8 * np.exp(-3)
    np.testing.assert_allclose(follow(flow, np.array([[0.8, 0.2]]), 3.0), [[left, 1 - left]], atol=1e-5)


# Finite populations


def fixation(log_ratios: np.ndarray) -> np.ndarray:
    """Fixation probability of a single mutant."""
    return np.exp(log_fixation(log_ratios))


def test_moran_fixation_of_constant_fitness_has_its_closed_form() -> None:
    assert moran_fixation(1.1, 100) == pytest.approx((1 - 1 / 1.1) / (1 - 1.1**-100), abs=1e-12)
    assert moran_fixation(1.1, 100) == pytest.approx(0.09092, abs=5e-6)  # Nowak (2006), reference behaviour.md
    assert fixation(moran_ratios(np.full(99, 1.1), np.ones(99))) == pytest.approx(moran_fixation(1.1, 100), abs=1e-9)
    assert moran_fixation(1.0, 100) == 1 / 100
    assert fixation(np.zeros(99)) == pytest.approx(1 / 100)


def test_donation_game_fixation_has_its_closed_form() -> None:
    # Fermi, Z = 50, b = 2, c = 1, β = .1: ρ_C = 6.0598e-4, ρ_D = .0993944 (reference behaviour.md)
    rho = np.exp(log_invasion_matrix(leads(donation_game(2.0, 1.0), 50), 0.1))
    delta = 0.1 * (1 + 2 / 49)
    assert rho[1, 0] == pytest.approx(np.expm1(delta) / np.expm1(50 * delta), abs=1e-9)
    assert rho[0, 1] == pytest.approx(np.expm1(-delta) / np.expm1(-50 * delta), abs=1e-9)
    assert rho[1, 0] == pytest.approx(6.0598e-4, abs=5e-9)
    assert rho[0, 1] == pytest.approx(0.0993944, abs=5e-8)


def test_frequency_dependent_moran_fixation_is_that_of_the_transition_matrix() -> None:
    Z, k = 12, np.arange(1, 12)
    f, g = 1 + 0.3 * (k - 1) / 11, 1 + 0.2 * k / 11
    up = k * f / (k * f + (Z - k) * g) * (Z - k) / Z
    down = (Z - k) * g / (k * f + (Z - k) * g) * k / Z
    matrix = np.diag(1 - up - down) + np.diag(up[:-1], 1) + np.diag(down[1:], -1)
    end = np.zeros(11)
    end[-1] = up[-1]
    assert fixation(moran_ratios(f, g)) == pytest.approx(np.linalg.solve(np.eye(11) - matrix, end)[0], abs=1e-9)


def test_simulated_moran_processes_fixate_as_often_as_theory_says() -> None:
    fixated = simulate_moran(np.full(99, 1.1), np.ones(99), 8000, np.random.default_rng(1))
    assert abs(fixated.mean() - moran_fixation(1.1, 100)) < 4 * fixated.std() / np.sqrt(len(fixated))


def test_simulated_pairwise_comparison_fixates_as_often_as_theory_says() -> None:
    lead = leads(hawk_dove(2.0, 5.0), 20)[1, 0]
    fixated = simulate_fermi(lead, 0.3, 8000, np.random.default_rng(2))
    assert abs(fixated.mean() - fixation(fermi_ratios(lead, 0.3))) < 4 * fixated.std() / np.sqrt(len(fixated))


def test_only_the_defector_is_stable_in_a_finite_population_of_the_dilemma() -> None:
    lead = leads(prisoners_dilemma(5, 3, 1, 0), 30)
    assert stable_in_finite_population(lead, np.exp(log_invasion_matrix(lead, 0.2))).tolist() == [0, 1]


@given(st.integers(2, 12), st.integers(0, 2**32 - 1))
def test_stationary_distributions_stay_as_they_are(n: int, seed: int) -> None:
    rates = np.random.default_rng(seed).dirichlet(np.full(n, 0.5), size=(3, n)) + 1e-9
    rates /= rates.sum(axis=-1, keepdims=True)
    shares = stationary(rates)
    np.testing.assert_allclose((shares[:, None, :] @ rates)[:, 0], shares, atol=1e-12)


def test_stationary_distributions_keep_their_smallest_probabilities() -> None:
    shares = stationary(np.array([[0, 1e-200], [1e-3, 0]]))
    assert shares[1] == pytest.approx(1e-197, rel=1e-12)


def test_two_conventions_that_are_hardly_ever_left_share_time_by_their_chances_of_being_left() -> None:
    # with two strategies the ratio of times is that of the fixation probabilities, here about e^−900 each
    logs = np.array([[-3.0, -901.0], [-900.0, -3.0]])
    np.testing.assert_allclose(rare_mutation_shares(logs), [np.e / (1 + np.e), 1 / (1 + np.e)], rtol=1e-12)


@given(st.integers(2, 6), st.integers(0, 2**32 - 1))
def test_elimination_in_logarithms_is_that_in_numbers(M: int, seed: int) -> None:
    rates = np.random.default_rng(seed).random((3, M, M)) + 1e-6
    np.testing.assert_allclose(rare_mutation_shares(np.log(rates)), stationary(rates), rtol=1e-9)


@pytest.mark.parametrize("process", ["fermi", "moran"])
def test_the_whole_chain_tends_to_the_chain_of_pure_populations_as_mutations_become_rare(process: str) -> None:
    game = matrix_game("abc", [[1, 0, 3], [2, 1, 0], [0, 2, 1.5]])
    rare = rare_mutation_shares(log_invasion_matrix(leads(game, 12), 0.5))
    np.testing.assert_allclose(mean_shares(game, 12, 0.5, 1e-7, process), rare, atol=1e-4)


def test_a_large_population_under_strong_selection_has_finite_shares() -> None:
    shares = mean_shares(prisoners_dilemma(5, 3, 1, 0), 200, 50.0, 1e-5, "fermi")
    np.testing.assert_allclose(shares, [0, 1], atol=1e-3)


@pytest.mark.parametrize("process", ["fermi", "moran"])
def test_without_selection_all_strategies_are_equally_frequent(process: str) -> None:
    game = matrix_game("abc", [[1, 0, 3], [2, 1, 0], [0, 2, 1.5]])
    chain = population_chain(game, 8, 0.0, 0.1, process)
    np.testing.assert_allclose(chain.sum(axis=1), 1)
    assert (chain >= 0).all()
    np.testing.assert_allclose(mean_shares(game, 8, 0.0, 0.1, process), 1 / 3, atol=1e-9)


def test_the_chain_of_pairwise_comparison_agrees_with_egttools() -> None:
    egttools = pytest.importorskip("egttools")
    from egttools.analytical import PairwiseComparison

    table = np.array([[1, 0, 3], [2, 1, 0], [0, 2, 1.5]])
    held = egttools.games.Matrix2PlayerGameHolder(3, table)  # which PairwiseComparison does not keep alive
    theirs = PairwiseComparison(8, held)
    matrix = np.asarray(theirs.calculate_transition_matrix(0.5, 0.05).todense())
    states = [tuple(egttools.sample_simplex(i, 8, 3)) for i in range(egttools.calculate_nb_states(8, 3))]
    order = [states.index(tuple(state)) for state in compositions(8, 3).tolist()]
    ours = population_chain(matrix_game("abc", table), 8, 0.5, 0.05, "fermi")
    np.testing.assert_allclose(ours, matrix[np.ix_(order, order)], atol=1e-9)


# Graphs


def test_cooperation_on_a_cycle_of_ten_is_favoured_above_the_published_threshold() -> None:
    # (N − 2)/(N/k − 2): 2.6667 for N = 10, 2.0870 for N = 50 (Taylor, Day and Wild 2007)
    assert weak_selection_threshold(CYCLE) == pytest.approx(8 / 3, abs=1e-9)
    assert death_birth_threshold(10, 2) == pytest.approx(2.6667, abs=5e-5)
    assert death_birth_threshold(50, 2) == pytest.approx(2.0870, abs=5e-5)


@pytest.mark.parametrize(("benefit", "favoured"), [(2.6, False), (2.73, True)])
def test_cooperators_fixate_on_a_cycle_more_often_than_neutrally_above_the_threshold(
    benefit: float, favoured: bool
) -> None:
    assert (death_birth_fixation(CYCLE, benefit, 1.0, 1e-4).real > 1 / 10) == favoured


def test_an_exact_chain_of_a_large_graph_is_refused_in_one_line() -> None:
    with pytest.raises(InputError, match="at most 12 nodes"):
        death_birth_fixation(np.ones((13, 13)), 2.0, 1.0, 0.1)
