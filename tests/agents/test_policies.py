"""Policies: the promises all keep, then what is particular to each."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Ints, apportioned
from commonweal.agents.errors import InputError
from commonweal.agents.graphs import SparseGraph
from commonweal.agents.policies import POLICIES, Observation, Outcome, Policy, PolicyTerms, decide, policy, remember
from commonweal.agents.policies.conditional import willingness
from commonweal.agents.population import ConditionalKind, Population
from commonweal.agents.streams import Stream
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.testing import check_policy
from commonweal.testing.policies import ALL, N, choice, drawn, experienced, observed, policy_terms, scenario_of

D, F = Action.DELEGATE, Action.FREE_RIDE
OURS = [name for name, rule in POLICIES.items() if rule.__module__.startswith("commonweal.")]


class Asked:
    """A policy by its name, asked what it proposes."""

    name: str

    def mixed(self, available: tuple[str, ...] = ALL) -> Scenario:
        return scenario_of(available, policy={"mix": {self.name: 1.0}, "revision": 0.7, "mutation": 0.1})

    def proposed(self, scenario: Scenario, population: Population, stream: Stream) -> Ints:
        terms = policy_terms(scenario, len(stream))
        return POLICIES[self.name](observed(scenario, population), terms, stream)


@pytest.mark.parametrize("name", OURS)
def test_every_policy_keeps_its_promises(name: str) -> None:
    check_policy(name)


def _curious(observation: Observation, terms: PolicyTerms, stream: Stream) -> Ints:
    """Takes a number more where payoffs are remembered."""
    stream.uniform(1 + int(observation.population.payoff.any()))
    return observation.population.action


def _writing(observation: Observation, terms: PolicyTerms, stream: Stream) -> Ints:
    observation.population.payoff[:] = 0.0
    return observation.population.action


def _following_the_first_run(observation: Observation, terms: PolicyTerms, stream: Stream) -> Ints:
    return np.broadcast_to(observation.population.action[:1], observation.population.shape)


BROKEN: dict[str, tuple[Policy, str]] = {
    "defiant": (
        lambda observation, terms, stream: np.full(observation.population.shape, int(Action.DEFECT)),
        "it proposes what is available, and gave [3] (available are abstain)",
    ),
    "brief": (lambda *_: np.array([1, 2]), "it proposes (R, N) whole numbers, and gave int64 (2,)"),
    "halfway": (lambda seen, *_: seen.population.action + 0.5, "it proposes (R, N) whole numbers, and gave float64"),
    "moody": (
        lambda seen, *_: np.random.default_rng().choice(seen.available, seen.population.shape),
        "the same state and stream give the same actions",
    ),
    "following": (_following_the_first_run, "a run decides alike alone and in an ensemble (run 1 of 3)"),
    "curious": (_curious, "it takes as many random numbers whatever it observes"),
    "writing": (_writing, "it leaves what it is given as it was, and payoff changed"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_policy_that_breaks_a_promise_is_told_which(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rule, promise = BROKEN[name]
    monkeypatch.setitem(POLICIES._plugs, name, rule)
    with pytest.raises(AssertionError) as told:
        check_policy(name)
    assert str(told.value).startswith(f"policy {name!r} breaks a promise: {promise}")


class TestFixed(Asked):
    name = "fixed"

    def test_it_does_what_it_did(self) -> None:
        scenario = self.mixed()
        population = experienced(drawn(scenario))
        assert np.array_equal(self.proposed(scenario, population, choice(0)), population.action)


class TestImitation(Asked):
    name = "imitation"

    def pair(self, gap: float, intensity: float, pairs: int) -> float:
        """How often, in pairs with one richer by ``gap``, the poorer takes over the richer's action."""
        imitating = {"mix": {"imitation": 1.0}, "imitation": {"intensity": intensity}}
        scenario = scenario_of(population={"count": 2, "graph": "complete"}, policy=imitating)
        population = drawn(scenario, pairs)
        action = np.tile([int(D), int(F)], (pairs, 1))
        population = replace(population, action=action, payoff=np.tile([0.0, gap], (pairs, 1)))
        return float((self.proposed(scenario, population, choice(*range(pairs)))[:, 0] == F).mean())

    @pytest.mark.slow
    @pytest.mark.parametrize(("gap", "expected"), [(0.0, 0.5), (1.0, 0.7310586), (-1.0, 0.2689414), (3.0, 0.9525741)])
    def test_it_copies_with_the_probability_of_the_fermi_function(self, gap: float, expected: float) -> None:
        # 1 / (1 + e^-x) at x = 0, 1, -1, 3; 2 000 draws: standard error at most .011.
        assert self.pair(gap, intensity=1.0, pairs=2000) == pytest.approx(expected, abs=0.045)

    def test_the_strongest_selection_never_errs_and_never_overflows(self) -> None:
        assert self.pair(1.0, intensity=1e9, pairs=50) == 1.0
        assert self.pair(-1.0, intensity=1e9, pairs=50) == 0.0

    def test_neighbours_are_the_only_models_where_reach_says_so(self) -> None:
        imitating = {"mix": {"imitation": 1.0}, "imitation": {"intensity": 1e9, "reach": "neighbours"}}
        scenario = scenario_of(population={"degree": 2}, policy=imitating)
        population = drawn(scenario)
        lone_defector = np.where(np.arange(N) == 10, int(Action.DEFECT), int(D))[None]
        rich_defector = replace(population, action=lone_defector, payoff=(lone_defector != D).astype(np.float64))
        proposals = [self.proposed(scenario, rich_defector, choice(seed)) for seed in range(30)]
        reached = np.flatnonzero((np.concatenate(proposals) == Action.DEFECT).any(axis=0))
        assert reached.tolist() == [9, 10, 11]

    def test_a_principal_alone_in_the_world_keeps_its_action(self) -> None:
        scenario = scenario_of(population={"count": 1, "graph": "complete"}, policy={"mix": {"imitation": 1.0}})
        population = drawn(scenario)
        assert np.array_equal(self.proposed(scenario, population, choice(0)), population.action)


class TestBestResponse(Asked):
    name = "best_response"

    @pytest.mark.parametrize(
        ("foregone", "expected"),
        [
            ([0.0, 1.0, 2.0, 1.5], Action.FREE_RIDE),
            ([9.0, 1.0, 1.0, 1.0], Action.DELEGATE),  # abstaining is not available; a tie keeps the current action
            ([np.nan, 1.0, np.nan, 2.0], Action.DEFECT),
            ([np.nan, 1.0, np.nan, 0.5], Action.DELEGATE),
            ([np.nan, np.nan, np.nan, np.nan], Action.DELEGATE),
        ],
    )
    def test_a_delegator_moves_only_to_a_known_available_and_better_action(
        self, foregone: list[float], expected: Action
    ) -> None:
        scenario = self.mixed(ALL[1:])
        population = drawn(scenario)
        delegating = replace(population, action=np.full((1, N), int(D)), foregone=np.tile(foregone, (1, N, 1)))
        assert (self.proposed(scenario, delegating, choice(0)) == expected).all()

    def test_inertia_is_the_probability_of_staying(self) -> None:
        stubborn = {"mix": {"best_response": 1.0}, "best_response": {"inertia": 0.3}}
        scenario = scenario_of(population={"count": 10_000}, policy=stubborn)
        population = drawn(scenario)
        tempted = replace(
            population, action=np.full((1, 10_000), int(D)), foregone=np.tile([0.0, 0.0, 1.0, 0.0], (1, 10_000, 1))
        )
        stayed = (self.proposed(scenario, tempted, choice(0)) == D).mean()
        assert stayed == pytest.approx(0.3, abs=0.02)  # standard error .0046


class TestWaitAndSee(Asked):
    name = "wait_and_see"

    @pytest.mark.parametrize(
        ("last", "foregone", "expected"),
        [
            (Action.ABSTAIN, [0.3, 0.4, 9.0, 9.0], Action.DELEGATE),
            (Action.ABSTAIN, [0.3, 0.3, 9.0, 9.0], Action.ABSTAIN),  # joining has to pay more
            (Action.ABSTAIN, [np.nan] * 4, Action.ABSTAIN),
            (Action.DELEGATE, [0.3, 0.1, 9.0, 9.0], Action.DELEGATE),  # there is no way back
            (Action.FREE_RIDE, [0.3, 0.1, 0.0, 9.0], Action.FREE_RIDE),
        ],
    )
    def test_it_joins_once_that_would_have_paid_and_stays(
        self, last: Action, foregone: list[float], expected: Action
    ) -> None:
        scenario = self.mixed()
        population = drawn(scenario)
        population = replace(
            population, action=np.full((1, N), int(last)), foregone=np.broadcast_to(np.array(foregone), (1, N, 4))
        )
        assert (self.proposed(scenario, population, choice(0)) == expected).all()


class TestLearning(Asked):
    name = "learning"

    def test_it_explores_at_its_rate_and_otherwise_takes_what_it_learned_is_best(self) -> None:
        curious = {"mix": {"learning": 1.0}, "learning": {"exploration": 0.4}}
        scenario = scenario_of(population={"count": 10_000}, policy=curious)
        population = replace(drawn(scenario), action_values=np.tile([0.0, 0.0, 1.0, 0.0], (1, 10_000, 1)))
        shares = np.bincount(self.proposed(scenario, population, choice(0))[0], minlength=4) / 10_000
        assert shares == pytest.approx([0.1, 0.1, 0.7, 0.1], abs=0.02)  # .6 + .4/4; standard error at most .0046

    def test_before_it_learned_anything_it_stays(self) -> None:
        incurious = {"mix": {"learning": 1.0}, "learning": {"exploration": 0.0}}
        scenario = scenario_of(policy=incurious)
        population = drawn(scenario)
        assert np.array_equal(self.proposed(scenario, population, choice(0)), population.action)

    def test_it_finds_the_better_arm_of_a_bandit(self) -> None:
        curious = {"mix": {"learning": 1.0}, "revision": 1, "mutation": 0, "learning": {"exploration": 0.3}}
        scenario = scenario_of(ALL[1:], policy=curious)
        population, terms, stream = drawn(scenario), policy_terms(scenario), choice(0)
        pays = np.array([0.0, 0.1, 0.3, 0.2])
        for turn in range(300):
            observation = replace(observed(scenario, population), round=turn)
            population = replace(population, action=decide(observation, terms, stream))
            payoffs = pays[population.action]
            population = remember(population, Outcome(payoffs, payoffs, first=turn == 0), terms)
        assert (population.action_values.argmax(axis=2) == F).all()
        assert population.action_values[0, :, F] == pytest.approx(0.3, abs=1e-6)


class TestConditional(Asked):
    name = "conditional"

    @pytest.mark.parametrize(
        ("kind", "expected"),
        [
            (ConditionalKind.COOPERATOR, [0.0, 0.375, 0.75, 1.0, 1.0]),
            (ConditionalKind.FREE_RIDER, [0.0] * 5),
            (ConditionalKind.HUMP_SHAPED, [0.0, 0.5, 1.0, 0.5, 0.0]),
        ],
    )
    def test_each_kind_answers_others_in_its_own_way(self, kind: ConditionalKind, expected: list[float]) -> None:
        share = np.array([[0.0, 0.25, 0.5, 0.75, 1.0]])
        assert willingness(np.full((1, 5), kind), share, np.array([[1.5]]))[0].tolist() == expected

    def kinds(self, kind: ConditionalKind, actions: Ints, available: tuple[str, ...] = ALL) -> Ints:
        scenario = self.mixed(available)
        population = replace(drawn(scenario), conditional_kind=np.full((1, N), int(kind)), action=actions[None])
        return self.proposed(scenario, population, choice(0))

    def test_conditional_cooperators_delegate_among_delegators_and_free_ride_among_free_riders(self) -> None:
        everybody = np.ones(N, dtype=np.int64)
        assert (self.kinds(ConditionalKind.COOPERATOR, everybody * D) == D).all()
        assert (self.kinds(ConditionalKind.COOPERATOR, everybody * F) == F).all()

    def test_they_look_at_neighbours_and_not_at_everybody(self) -> None:
        half = np.where(np.arange(N) < N // 2, int(D), int(F))
        answer = self.kinds(ConditionalKind.COOPERATOR, half)[0]
        assert (answer[2 : N // 2 - 2] == D).all() and (answer[N // 2 + 2 : -2] == F).all()

    def test_without_free_riding_the_unwilling_abstain_or_else_defect(self) -> None:
        everybody = np.full(N, int(D))
        rider = ConditionalKind.FREE_RIDER
        assert (self.kinds(rider, everybody, ("delegate", "defect", "abstain")) == Action.ABSTAIN).all()
        assert (self.kinds(rider, everybody, ("delegate", "defect")) == Action.DEFECT).all()
        assert (self.kinds(rider, everybody, ("delegate",)) == D).all()

    def test_the_kindless_take_every_available_action(self) -> None:
        chosen = self.kinds(ConditionalKind.RANDOM, np.full(N, int(D)), ALL[1:])
        assert set(chosen[0].tolist()) == {1, 2, 3}


def test_in_a_mix_every_principal_follows_its_own_policy() -> None:
    halves = {"mix": {"fixed": 0.5, "best_response": 0.5}, "revision": 1, "mutation": 0}
    scenario = scenario_of(policy=halves)
    terms, population = policy_terms(scenario), drawn(scenario)
    tempted = replace(population, action=np.full((1, N), int(D)), foregone=np.tile([0.0, 0.0, 1.0, 0.0], (1, N, 1)))
    assert terms.names == ("best_response", "fixed")
    chosen = decide(observed(scenario, tempted), terms, choice(0))
    assert np.array_equal(chosen, np.where(population.policy == 0, int(F), int(D)))


def test_revision_and_mutation_come_at_their_rates() -> None:
    rates = {"mix": {"best_response": 1.0}, "revision": 0.25, "mutation": 0.2}
    scenario = scenario_of(population={"count": 20_000}, policy=rates)
    population = drawn(scenario)
    tempted = replace(
        population, action=np.full((1, 20_000), int(D)), foregone=np.tile([0.0, 0.0, 1.0, 0.0], (1, 20_000, 1))
    )
    shares = np.bincount(decide(observed(scenario, tempted), policy_terms(scenario), choice(0))[0]) / 20_000
    # mutants .2/4 each; of the other .8 a quarter moved to free-riding
    assert shares == pytest.approx([0.05, 0.65, 0.25, 0.05], abs=0.015)


def test_a_users_policy_takes_part_and_must_propose_what_is_available(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(POLICIES, "_plugs", dict(POLICIES._plugs))

    @policy("always")
    def always(observation: Observation, terms: PolicyTerms, stream: Stream) -> Ints:
        return np.full(observation.population.shape, int(terms.options["action"]))

    def choose(action: float, available: tuple[str, ...]) -> Ints:
        always_it = {"mix": {"always": 1.0}, "revision": 1, "mutation": 0, "options": {"action": action}}
        scenario = scenario_of(available, policy=always_it)
        return decide(observed(scenario, drawn(scenario)), policy_terms(scenario), choice(0))

    assert (choose(3, ALL) == Action.DEFECT).all()
    for action in (0, 7, -1):
        with pytest.raises(InputError, match=rf"'always' proposed action {action}: available are 1 \(delegate\), 3"):
            choose(action, ("delegate", "defect"))


def test_a_users_policy_must_propose_for_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(POLICIES, "_plugs", {**POLICIES._plugs, "brief": lambda *_: np.array([1, 2])})
    scenario = scenario_of(policy={"mix": {"brief": 1.0}})
    with pytest.raises(InputError, match=r"'brief' proposed .* must be integers of shape \(1, 24\)"):
        decide(observed(scenario, drawn(scenario)), policy_terms(scenario), choice(0))


def test_an_unknown_policy_is_refused_with_what_exists() -> None:
    scenario = scenario_of(policy={"mix": {"immitation": 1.0}})
    with pytest.raises(InputError, match=r"unknown policy 'immitation'.*did you mean 'imitation'"):
        decide(observed(scenario, drawn(scenario)), policy_terms(scenario), choice(0))


@given(st.lists(st.integers(0, 50), min_size=1, max_size=6).filter(any), st.integers(0, 1000))
def test_apportionment_gives_everything_out_and_stays_within_one_of_every_quota(parts: list[int], total: int) -> None:
    shares = np.array([parts]) / sum(parts)
    counts = apportioned(shares * total, total)
    assert counts.sum() == total
    assert (np.abs(counts - shares * total) < 1 + 1e-9).all()


def test_the_population_starts_with_exactly_the_shares_the_scenario_says() -> None:
    people = {
        "count": 40,
        "start_abstain": 0.0,
        "start_delegate": 0.6,
        "start_free_ride": 0.2,
        "start_defect": 0.2,
        "cost_low": 0.001,
        "cost_high": 0.003,
    }
    kinds = {"cooperators": 0.5, "free_riders": 0.25, "hump_shaped": 0.1}
    scenario = scenario_of(population=people, policy={"mix": {"learning": 0.75, "fixed": 0.25}, "conditional": kinds})
    population = drawn(scenario, runs=2)
    for run in range(2):
        assert np.bincount(population.action[run], minlength=4).tolist() == [0, 24, 8, 8]
        assert np.bincount(population.policy[run]).tolist() == [10, 30]  # fixed, learning: sorted by name
        assert np.bincount(population.conditional_kind[run]).tolist() == [20, 10, 4, 6]
    assert not np.array_equal(population.action[0], population.action[1])
    assert 0.001 <= population.cost.min() < 0.0015
    assert 0.0025 < population.cost.max() < 0.003


def test_memory_starts_with_the_first_payoff_and_then_fades() -> None:
    scenario = scenario_of(policy={"memory": 0.8, "learning": {"rate": 0.25}})
    terms, population = policy_terms(scenario), drawn(scenario)
    ones, credit = np.ones((1, N)), np.where(np.arange(N) % 2, 1.0, -1.0)[None]
    once = remember(population, Outcome(ones, credit, first=True), terms)
    twice = remember(once, Outcome(2 * ones, credit, first=False), terms)
    assert once.payoff[0].tolist() == [1.0] * N
    assert twice.payoff == pytest.approx(0.8 * 1 + 0.2 * 2)
    taken = np.take_along_axis(twice.action_values, population.action[:, :, None], axis=2)
    assert taken == pytest.approx(0.25 + 0.25 * (2 - 0.25))
    assert np.count_nonzero(twice.action_values) == N  # only the action taken is learned about
    assert twice.reputation[0, :2] == pytest.approx([0.8**2 * 0.5, 1 - 0.8**2 * 0.5])


def test_yesterdays_counterfactuals_are_forgotten_where_todays_are_not_computed() -> None:
    scenario = scenario_of()
    terms, population = policy_terms(scenario), drawn(scenario)
    ones, foregone = np.ones((1, N)), np.ones((1, N, 4))
    informed = remember(population, Outcome(ones, ones, foregone, first=True), terms)
    assert np.array_equal(informed.foregone, foregone)
    assert np.isnan(remember(informed, Outcome(ones, ones, first=False), terms).foregone).all()


def test_an_isolated_principal_answers_to_itself_alone() -> None:
    scenario = scenario_of(policy={"mix": {"conditional": 1.0}})
    population = replace(drawn(scenario), conditional_kind=np.full((1, N), int(ConditionalKind.COOPERATOR)))
    nobody = SparseGraph.from_edges([np.zeros((0, 2), dtype=np.int64)], N)
    proposed = POLICIES["conditional"](
        replace(observed(scenario, population), graph=nobody), policy_terms(scenario), choice(0)
    )
    assert np.array_equal(proposed == D, population.action == D)
