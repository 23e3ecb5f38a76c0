"""What policies promise, held among principals on a ring with random payoffs and memories."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Ints
from commonweal.agents.drawing import draw_population
from commonweal.agents.graphs import build_graph
from commonweal.agents.policies import POLICIES, Observation, PolicyTerms, available_actions, decide
from commonweal.agents.policies.base import certainly
from commonweal.agents.policies.q_learner import first_learner
from commonweal.agents.policies.q_network import Shown, sights_of
from commonweal.agents.population import Population, PopulationTerms
from commonweal.agents.reciprocity.encounters import Seen
from commonweal.agents.streams import Stream, Streams
from commonweal.agents.terms import stack
from commonweal.agents.values import ValueTerms
from commonweal.scenarios.schema.scenario import Policy, Scenario
from commonweal.testing.promises import Promises, arrays_of, picked

N = 24
ALL = ("abstain", "delegate", "free_ride", "defect")
_DRAWS, _ERRORS = 400, 6  # draws that a law is held to, and standard errors by which they may miss
SOME = (ALL, ALL[1:], ("delegate", "defect"), ("abstain",), ("free_ride", "abstain"))


def scenario_of(available: tuple[str, ...] = ALL, **sections: dict[str, Any]) -> Scenario:
    """A scenario of 24 principals on a ring who start with all available actions."""
    start = {f"start_{name}": 1 / len(available) if name in available else 0.0 for name in ALL}
    people = {"count": N, "graph": "ring", **start, **sections.pop("population", {})}
    return Scenario.model_validate({"population": people, "actions": {"available": available}, **sections})


def policy_terms(scenario: Scenario, runs: int = 1) -> PolicyTerms:
    """The terms of R equal runs."""
    return stack(PolicyTerms, [scenario.policy] * runs, "policy")


def drawn(scenario: Scenario, runs: int = 1) -> Population:
    """Principals as they start."""
    count = scenario.population.count
    start, values = stack(PopulationTerms, [scenario.population] * runs), stack(ValueTerms, [scenario.values] * runs)
    stream, limits = Streams.from_seeds(range(runs)).population, np.zeros((runs, count, 0))
    return draw_population(start, policy_terms(scenario, runs), values, limits, stream)


def observed(scenario: Scenario, population: Population) -> Observation:
    """What principals see in their first round."""
    runs, count = population.shape
    graph = build_graph(stack(PopulationTerms, [scenario.population] * runs), Streams.from_seeds(range(runs)).graph)
    available = available_actions(scenario.actions.available)
    names = {"reciprocity": named(runs, count)}
    seen = Observation(population, graph, available, np.full(runs, 0.5), np.full(runs, 0.1), 0, names)
    return replace(seen, shown={**names, "q_network": taught(runs, sights_of(seen).shape[2], scenario)})


def taught(runs: int, features: int, scenario: Scenario) -> Shown:
    """A network with random weights, the same in each run whatever runs are beside it."""
    random, terms = np.random.default_rng(7), policy_terms(scenario, runs).q_network
    learner = first_learner(np.tile(random.normal(size=(features, terms.hidden)), (runs, 1, 1)), terms)
    out = np.tile(random.normal(size=(terms.hidden, len(Action))), (runs, 1, 1))
    return Shown(replace(learner, weights=replace(learner.weights, out=out)))


def named(runs: int, principals: int) -> Seen:
    """Names and requests, the same in each run whatever runs are beside it; learners are at one half."""
    random = np.random.default_rng(6)
    image, other, meets = (np.tile(each, (runs, 1)) for each in random.integers(0, 2, (3, principals)))
    counterpart = np.tile((np.arange(principals) + 1) % principals, (runs, 1))
    return Seen(image, other, meets > 0, counterpart, np.full((runs, principals, 2, 2), 0.5))


def experienced(population: Population) -> Population:
    """The population with random payoffs and memories, the same in each run whatever runs are beside it."""
    random = np.random.default_rng(5)
    runs, principals = population.shape
    payoff, values = random.random((3, principals)), random.normal(size=(3, principals, 4))
    foregone = np.where(random.random(values.shape) < 0.3, np.nan, values)
    return replace(population, payoff=payoff[:runs], action_values=values[:runs], foregone=foregone[:runs])


def choice(*seeds: int) -> Stream:
    """The choice streams of some runs."""
    return Streams.from_seeds(seeds).choice


def check_policy(name: str, options: Mapping[str, float] | None = None) -> None:
    """Hold a registered policy to what every policy promises.

    It proposes one available action for every principal, whichever actions there are; the same state and stream give
    the same actions; a run decides alike alone and in an ensemble; it takes as many random numbers whatever it
    observes; it leaves the population as it was; who does not reconsider keeps its action; and where its registration
    says a law, that is how often it proposes what.

    Args:
        name: as a scenario file says it.
        options: ``scenario.policy.options`` of the policy.

    Raises:
        AssertionError: which promise is broken, and in which case.
        InputError: if there is no such policy.
    """
    held = _Held(name, Promises(f"policy {name!r}"), dict(options or {}))
    for available in SOME:
        held.proposes_what_is_available(available)
    held.repeats()
    held.decides_alone_as_among_others()
    held.takes_as_many_numbers()
    held.keeps_who_does_not_reconsider()
    for available in SOME:
        held.proposes_as_its_law_says(available)


@dataclass(frozen=True)
class _Held:
    """One policy, and how it is held to its promises."""

    name: str
    says: Promises
    options: dict[str, float]

    def scenario(self, available: tuple[str, ...] = ALL, revision: float = 0.7, mutation: float = 0.1) -> Scenario:
        chosen = {"revision": revision, "mutation": mutation, "options": self.options}
        usual = scenario_of(available, policy=chosen)  # what a policy needs beside it is not asked for
        return usual.model_copy(update={"policy": Policy.model_validate({"mix": {self.name: 1.0}, **chosen})})

    def proposed(self, scenario: Scenario, population: Population, stream: Stream) -> Ints:
        """(R, N) what the rule proposes in the first round."""
        terms = policy_terms(scenario, len(stream))
        return np.asarray(POLICIES[self.name](observed(scenario, population), terms, stream))

    def proposes_what_is_available(self, available: Sequence[str]) -> None:
        """In 3 runs of N principals it proposes (3, N) codes of available actions, and changes no population."""
        scenario = self.scenario(tuple(available))
        population = experienced(drawn(scenario, 3))
        before, case = arrays_of(population), f"available are {', '.join(available)}"
        proposed = self.proposed(scenario, population, choice(0, 1, 2))
        self.says.unchanged(population, before, case)
        shaped = proposed.shape == (3, N) and proposed.dtype.kind in "iu"
        self.says.demand(shaped, f"it proposes (R, N) whole numbers, and gave {proposed.dtype} {proposed.shape}", case)
        kept = np.isin(proposed, available_actions(available)).all()
        self.says.demand(kept, f"it proposes what is available, and gave {np.unique(proposed).tolist()}", case)

    def repeats(self) -> None:
        """In 2 runs it proposes the same (2, N) actions from the same population and streams."""
        scenario = self.scenario()
        population = experienced(drawn(scenario, 2))
        first, second = (self.proposed(scenario, population, choice(0, 1)) for _ in range(2))
        self.says.demand(np.array_equal(first, second), "the same state and stream give the same actions")

    def decides_alone_as_among_others(self) -> None:
        """Each of 3 runs decides the same N actions alone and in an ensemble."""
        scenario = self.scenario()
        population = experienced(drawn(scenario, 3))
        together = decide(observed(scenario, population), policy_terms(scenario, 3), choice(0, 1, 2))
        for run in range(3):
            one = observed(scenario, picked(population, slice(run, run + 1)))
            kept = np.array_equal(together[run], decide(one, policy_terms(scenario), choice(run))[0])
            self.says.demand(kept, "a run decides alike alone and in an ensemble", f"run {run} of 3")

    def takes_as_many_numbers(self) -> None:
        """A stream goes on alike after one run of N principals with memories and one without."""
        scenario = self.scenario()
        population = drawn(scenario)
        generous = replace(population, action=np.full((1, N), int(Action.DELEGATE)))
        streams = choice(3), choice(3)
        self.proposed(scenario, experienced(population), streams[0])
        self.proposed(scenario, generous, streams[1])
        kept = np.array_equal(streams[0].uniform(4), streams[1].uniform(4))
        self.says.demand(kept, "it takes as many random numbers whatever it observes", "memories or none")

    def keeps_who_does_not_reconsider(self) -> None:
        """Where nobody reconsiders and nobody errs, (1, N) actions stay."""
        scenario = self.scenario(revision=0.0, mutation=0.0)
        population = experienced(drawn(scenario))
        kept = decide(observed(scenario, population), policy_terms(scenario), choice(0))
        self.says.demand(np.array_equal(kept, population.action), "who does not reconsider keeps its action")

    def proposes_as_its_law_says(self, available: Sequence[str]) -> None:
        """In 400 draws for N principals each action comes as often as its (1, N, 4) law says, if it says one."""
        law_of = POLICIES.facts(self.name).law
        if law_of is None:
            return
        scenario = self.scenario(tuple(available))
        seen, terms = observed(scenario, experienced(drawn(scenario))), policy_terms(scenario)
        law, case = np.asarray(law_of(seen, terms)), f"available are {', '.join(available)}"
        proper = law.shape == (1, N, len(Action)) and law.min() >= 0 and np.allclose(law.sum(axis=2), 1.0)
        self.says.demand(proper, "its law is (R, N, 4) probabilities that sum to 1", case)
        stream = choice(4)
        drawn_laws = [certainly(np.asarray(POLICIES[self.name](seen, terms, stream))) for _ in range(_DRAWS)]
        missed = np.abs(np.mean(drawn_laws, axis=0) - law)
        kept = (missed <= _ERRORS * np.sqrt(law * (1 - law) / _DRAWS) + 1e-9).all()
        self.says.demand(kept, f"it proposes as its law says, and missed it by {missed.max():.2g}", case)
