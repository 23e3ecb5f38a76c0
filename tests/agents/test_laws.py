"""Laws of actions: what each policy says it does is what it does."""

import re
from dataclasses import replace

import numpy as np
import pytest

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.policies import POLICIES, Observation, PolicyTerms, action_law, decide, imitation, policy_law
from commonweal.agents.policies.base import certainly
from commonweal.agents.population import ConditionalKind
from commonweal.agents.streams import Stream
from commonweal.testing import check_policy
from commonweal.testing.policies import ALL, choice, drawn, experienced, observed, policy_terms, scenario_of

OURS = [name for name, rule in POLICIES.items() if rule.__module__.startswith("commonweal.")]
DRAWS = 1500


def situation(
    available: tuple[str, ...], reach: str = "neighbours", **chosen: object
) -> tuple[Observation, PolicyTerms]:
    """24 principals with memories on a ring, in one run."""
    own = {"imitation": {"reach": reach, "intensity": 2.0}, "learning": {"exploration": 0.2}, **chosen}
    scenario = scenario_of(available, policy={"best_response": {"inertia": 0.3}, **own})
    kinds = np.tile([int(kind) for kind in ConditionalKind], 6)[None]
    population = replace(experienced(drawn(scenario)), conditional_kind=kinds)
    return observed(scenario, population), policy_terms(scenario)


def holds(law: Floats, drawn: Floats) -> None:
    """Shares of draws are those of the law: exactly where it is sure, else within five standard errors."""
    margin = 5 * np.sqrt(law * (1 - law) / DRAWS)
    assert (np.abs(drawn - law) <= margin + 1e-12).all()
    np.testing.assert_allclose(law.sum(axis=2), 1.0, atol=1e-12)


@pytest.mark.parametrize("available", [ALL, ALL[1:], ("abstain", "free_ride"), ("delegate",)])
@pytest.mark.parametrize("name", OURS)
def test_every_policy_of_ours_does_what_its_law_says(name, available):
    observation, terms = situation(available)
    assert POLICIES.facts(name).law is not None
    stream = choice(0)
    shares = np.mean([certainly(POLICIES[name](observation, terms, stream)) for _ in range(DRAWS)], axis=0)
    holds(policy_law(name, observation, terms), shares)


def test_imitation_of_anybody_does_what_its_law_says():
    observation, terms = situation(ALL, reach="population")
    stream = choice(1)
    shares = np.mean([certainly(POLICIES["imitation"](observation, terms, stream)) for _ in range(DRAWS)], axis=0)
    holds(policy_law("imitation", observation, terms), shares)


@pytest.mark.parametrize("reach", ["neighbours", "population"])
def test_imitation_counts_what_an_action_would_cost_in_ones_own_values(reach):
    observation, terms = situation(ALL, reach)
    random = np.random.default_rng(4)
    people = replace(observation.population, value_costs=random.random((1, 24, 4)), utility=random.random((1, 24)))
    observation, stream = replace(observation, population=people), choice(2)
    shares = np.mean([certainly(POLICIES["imitation"](observation, terms, stream)) for _ in range(DRAWS)], axis=0)
    holds(policy_law("imitation", observation, terms), shares)


def test_the_law_of_imitation_does_not_depend_on_how_many_are_compared_at_a_time(monkeypatch):
    observation, terms = situation(ALL, reach="population")
    whole = policy_law("imitation", observation, terms)
    monkeypatch.setattr(imitation, "_PAIRS", 24 * 5)
    np.testing.assert_allclose(policy_law("imitation", observation, terms), whole, atol=1e-15)


def test_the_law_of_a_pair_is_the_fermi_function():
    # 1 / (1 + e^-1) = .731058…: one of two is richer by 1, at strength 1.
    scenario = scenario_of(population={"count": 2, "graph": "complete"}, policy={"imitation": {"intensity": 1.0}})
    people = replace(drawn(scenario), action=np.array([[1, 2]]), payoff=np.array([[0.0, 1.0]]))
    people = replace(people, utility=people.payoff)
    law = policy_law("imitation", observed(scenario, people), policy_terms(scenario))
    np.testing.assert_allclose(law[0], [[0, 0.2689414, 0.7310586, 0], [0, 0.2689414, 0.7310586, 0]], atol=1e-7)


def test_the_law_of_an_action_has_revision_and_mutation_in_it():
    mix = {"learning": 0.5, "conditional": 0.5}
    observation, terms = situation(ALL, mix=mix, revision=0.6, mutation=0.1)
    stream = choice(3)
    shares = np.mean([certainly(decide(observation, terms, stream)) for _ in range(DRAWS)], axis=0)
    holds(action_law(observation, terms), shares)


def test_in_figures_who_rarely_reconsiders_mostly_does_what_it_did():
    # (1 − .1) [(1 − .4) 1{delegate} + .4 · 1{free-ride}] + .1 / 4
    observation, terms = situation(ALL, mix={"learning": 1.0}, revision=0.4, mutation=0.1, learning={"exploration": 0})
    values = np.tile([0.0, 0.0, 1.0, 0.0], (1, 24, 1))
    people = replace(observation.population, action=np.full((1, 24), int(Action.DELEGATE)), action_values=values)
    law = action_law(replace(observation, population=people), terms)
    np.testing.assert_allclose(law[0, 0], [0.025, 0.565, 0.385, 0.025], atol=1e-12)


def test_a_policy_that_says_no_law_is_drawn_and_the_choice_stream_stays_where_it_is(monkeypatch):
    def halfway(observation: Observation, terms: PolicyTerms, stream: Stream) -> Ints:
        heads = stream.uniform(24) < 0.5
        return np.where(heads, np.int64(Action.DELEGATE), np.int64(Action.FREE_RIDE))

    monkeypatch.setitem(POLICIES._plugs, "halfway", halfway)
    observation, terms = situation(ALL)
    law = policy_law("halfway", observation, terms, draws=400)
    np.testing.assert_allclose(law.sum(axis=2), 1.0)
    assert (np.abs(law[..., Action.DELEGATE] - 0.5) < 5 * 0.025).all()
    assert not law[..., [Action.ABSTAIN, Action.DEFECT]].any()
    np.testing.assert_array_equal(law, policy_law("halfway", observation, terms, draws=400))


@pytest.mark.parametrize(
    ("law", "promise"),
    [
        (lambda seen, terms: np.full((1, 24, 4), 0.3), "its law is (R, N, 4) probabilities that sum to 1"),
        (
            lambda seen, terms: np.tile([0.0, 0.9, 0.1, 0.0], (1, 24, 1)),
            "it proposes as its law says, and missed it by",
        ),
    ],
)
def test_a_policy_that_does_not_do_what_its_law_says_is_told(law, promise, monkeypatch):
    monkeypatch.setitem(POLICIES._facts, "fixed", replace(POLICIES.facts("fixed"), law=law))
    with pytest.raises(AssertionError, match=re.escape(promise)):
        check_policy("fixed")
