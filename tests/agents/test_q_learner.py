"""The network that learns what actions are worth: slopes, scales, memory, and values of a process that is known."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.policies import QNetworkTerms
from commonweal.agents.policies.q_learner import (
    Memory,
    Newest,
    QLearner,
    Scale,
    Weights,
    chosen,
    experienced,
    first_learner,
    rehearsed,
    slopes_of,
)
from commonweal.agents.policies.q_network import exploration_in, law_of_values, number_of_sights, sights_of
from commonweal.agents.reciprocity.encounters import Seen
from commonweal.testing.policies import ALL, drawn, observed, policy_terms, scenario_of

random = np.random.default_rng


def terms_of(**own: float) -> QNetworkTerms:
    return policy_terms(scenario_of(policy={"q_network": own})).q_network


def weights_of(seed: int, runs: int = 2, features: int = 3, hidden: int = 4) -> Weights:
    drawn = random(seed).normal
    shapes = (features, hidden), (1, hidden), (hidden, 4), (1, 4)
    return Weights(*(drawn(size=(runs, *shape)) for shape in shapes))


def test_slopes_are_those_of_half_the_mean_squared_error() -> None:
    # Against central differences, whose error is of the order of the square of the step.
    weights, draw = weights_of(0), random(1)
    inputs, actions, worth = draw.normal(size=(2, 5, 3)), draw.integers(0, 4, (2, 5)), draw.normal(size=(2, 5))

    def error(at: Weights) -> Floats:
        values = np.take_along_axis(at.values(inputs), actions[..., None], axis=2)[..., 0]
        mean: Floats = ((values - worth) ** 2).mean(axis=1) / 2
        return mean

    slopes = slopes_of(weights, inputs, actions, worth)
    for name in ("hidden", "offset", "out", "level"):
        whole, found = getattr(weights, name), getattr(slopes, name)
        for place in np.ndindex(whole.shape[1:]):
            step = np.zeros_like(whole)
            step[(slice(None), *place)] = 1e-5
            ends = [error(replace(weights, **{name: whole + sign * step})) for sign in (1, -1)]
            np.testing.assert_allclose((ends[0] - ends[1]) / 2e-5, found[(slice(None), *place)], atol=1e-8)


@given(st.lists(st.integers(0, 6), min_size=1, max_size=5), st.integers(0, 2**20))
def test_a_scale_is_the_mean_and_variance_of_all_that_counts(sizes: list[int], seed: int) -> None:
    draw = random(seed)
    parts = [(draw.normal(3, 2, (1, 6, 2)), np.arange(6)[None] < size) for size in sizes]
    scale = Scale(np.zeros((1, 1)), np.zeros((1, 2)), np.zeros((1, 2)))
    for rows, counts in parts:
        scale = scale.with_more(rows, counts)
    counted = np.concatenate([rows[counts] for rows, counts in parts])
    assert scale.count == len(counted)
    if len(counted):
        np.testing.assert_allclose(scale.mean[0], counted.mean(axis=0), atol=1e-12)
        np.testing.assert_allclose(scale.variance[0], counted.var(axis=0), atol=1e-12)


def test_what_never_varies_is_not_blown_up() -> None:
    scale = Scale(np.zeros((1, 1)), np.zeros((1, 1)), np.zeros((1, 1)))
    assert scale.with_more(np.full((1, 4, 1), 3.0), np.ones((1, 4), bool)).deviation == 1.0


def newest_of(number: float, learns: list[bool]) -> Newest:
    shape = (1, len(learns))
    sights = np.broadcast_to(np.arange(shape[1])[None, :, None] + number, (*shape, 1))
    return Newest(sights, np.full(shape, 1), np.full(shape, number), sights + 100, np.array([learns]))


def test_it_remembers_so_many_rounds_and_none_of_those_who_do_not_learn() -> None:
    terms = terms_of(memory=3, batch=5)
    learner = first_learner(np.zeros((1, 1, 2)), terms)
    for number in range(5):
        uniform = random(number).random((1, 5))
        learner = experienced(learner, newest_of(10.0 * number, [False, True, False, True]), number, uniform, terms)
    assert learner.memory.utility.reshape(3, 5).tolist() == [[30.0] * 5, [40.0] * 5, [20.0] * 5]
    assert set((learner.memory.sights - learner.memory.utility[..., None]).ravel()) == {1.0, 3.0}
    np.testing.assert_array_equal(learner.memory.following, learner.memory.sights + 100)


def test_values_are_those_of_a_process_that_is_known() -> None:
    # At A stay (delegate: 1) or go to B (free-ride: 0), B returns (0); discount .9, π(stay) = .8: V(A) = 6.779661, so
    # Q(A, stay) = 1 + .9 V(A) = 7.101695 and Q(A, go) = .9 · .9 V(A) = 5.491525.
    terms = terms_of(memory=1, batch=64, discount=0.9, rate=0.003, hidden=8)
    at_a = np.arange(64) < 40
    first = np.arange(64) % 2 == 0
    stays, actions = first & at_a, np.where(first, int(Action.DELEGATE), int(Action.FREE_RIDE))[None]
    sights, following = at_a.astype(np.float64)[None, :, None], (stays | ~at_a).astype(np.float64)[None, :, None]
    newest = Newest(sights, actions, stays.astype(np.float64)[None], following, np.ones((1, 64), bool))
    learner = first_learner(random(0).normal(size=(1, 1, 8)), terms)
    learner = experienced(learner, newest, 0, (np.arange(64)[None] + 0.5) / 64, terms)

    def law(values: Floats, last: Ints) -> Floats:
        return np.broadcast_to([0.0, 0.8, 0.2, 0.0], values.shape)

    learner = rehearsed(learner, law, 64, random(1).random((1, 2500, 64)), terms)
    mean, deviation = learner.gained.mean[0, 0], learner.gained.deviation[0, 0]
    found = learner.values(np.ones((1, 1, 1)))[0, 0] * deviation + mean / (1 - 0.9)
    assert found[[Action.DELEGATE, Action.FREE_RIDE]] == pytest.approx([7.101695, 5.491525], rel=0.02)


def test_each_run_learns_as_it_does_alone() -> None:
    terms = terms_of(memory=2, batch=8, steps=3)
    draw = random(2)
    normal, uniform = draw.normal(size=(3, 4, 5)), draw.random((3, 4, 8))
    newest = Newest(
        draw.normal(size=(3, 6, 4)), draw.integers(0, 4, (3, 6)), draw.normal(size=(3, 6)),
        draw.normal(size=(3, 6, 4)), draw.random((3, 6)) < 0.7,
    )  # fmt: skip

    def learned(runs: slice) -> QLearner:
        own = Newest(*(getattr(newest, name)[runs] for name in Newest.__dataclass_fields__))
        learner = experienced(first_learner(normal[runs], terms), own, 0, uniform[runs, 0], terms)

        def law(values: Floats, last: Ints) -> Floats:
            return law_of_values(values, last, np.arange(4), 50, policy_terms(scenario_of(), len(values)))

        return rehearsed(learner, law, 8, uniform[runs, 1:], terms)

    together = learned(slice(0, 3))
    for run in range(3):
        alone = learned(slice(run, run + 1))
        for name in ("hidden", "offset", "out", "level"):
            one, other = getattr(together.weights, name)[run], getattr(alone.weights, name)[0]
            np.testing.assert_array_equal(one, other)


def test_runs_that_have_stopped_keep_what_they_were() -> None:
    one, other = (Memory(*(np.full((2, 1), float(number)) for _ in range(4))) for number in (1, 2))
    mixed = chosen(np.array([True, False]), one, other)
    assert mixed.utility.tolist() == [[1.0], [2.0]]


class TestTheLaw:
    def law(self, values: list[float], available: list[int], round: int = 100, **own: float) -> Floats:
        terms = policy_terms(scenario_of(policy={"q_network": {"exploration": 0.2, **own}}))
        return law_of_values(np.array([[values]]), np.array([[1]]), np.array(available), round, terms)[0, 0]

    def test_it_is_a_softmax_and_some_exploration(self) -> None:
        # 1 / (1 + e^-1) = .7310586: .2 / 2 + .8 · .7310586 = .6848469.
        law = self.law([9.0, 2.0, 0.0, 9.0], [1, 2], temperature=2.0)
        np.testing.assert_allclose(law, [0, 0.6848469, 0.3151531, 0], atol=1e-7)

    def test_without_a_temperature_it_is_the_best_and_some_exploration(self) -> None:
        law = self.law([0, 1, 3, 2], [1, 2, 3], temperature=0.0)
        np.testing.assert_allclose(law, [0, 0.2 / 3, 0.8 + 0.2 / 3, 0.2 / 3])

    def test_who_knows_no_difference_keeps_its_last_action(self) -> None:
        np.testing.assert_allclose(self.law([1, 1, 1, 1], [0, 1, 2, 3], temperature=0.0), [0.05, 0.85, 0.05, 0.05])

    def test_large_values_and_small_temperatures_do_not_overflow(self) -> None:
        assert self.law([-1e300, 1e300, 0, 0], [0, 1, 2, 3], temperature=1e-6)[1] == pytest.approx(0.85)

    @pytest.mark.parametrize(
        ("round", "until", "expected"),
        [(0, 0, 1.0), (15, 0, 0.525), (30, 0, 0.05), (99, 0, 0.05), (99, 15, 0.525)],
    )
    def test_exploration_falls_on_a_line_as_long_as_something_is_learned(self, round, until, expected) -> None:
        own = {"exploration": 0.05, "anneal": 30.0, "until": until}
        terms = policy_terms(scenario_of(policy={"q_network": own}))
        assert exploration_in(round, terms) == pytest.approx(expected)

    def test_without_a_slope_exploration_is_what_it_is_from_the_first_round_on(self) -> None:
        terms = policy_terms(scenario_of(policy={"q_network": {"exploration": 0.05, "anneal": 0.0}}))
        assert exploration_in(0, terms) == pytest.approx(0.05)


@pytest.mark.parametrize("available", [ALL, ("delegate", "defect")])
def test_it_sees_names_where_they_count_and_value_costs_where_somebody_minds(available: tuple[str, ...]) -> None:
    scenario = scenario_of(available)
    people = drawn(scenario)
    seen = observed(scenario, people)
    nameless = replace(seen, shown={})
    minding = replace(seen, population=replace(people, value_costs=np.ones((1, 24, 4))))
    assert isinstance(seen.shown["reciprocity"], Seen)
    for each, names, minds in ((seen, True, False), (nameless, False, False), (minding, True, True)):
        assert sights_of(each).shape == (1, 24, number_of_sights(len(available), names, minds))
