"""Whether a scenario's credit rule is faithful at its learning rate: its credit beside Shapley values of its rounds.

Rules that follow the step to first or second order stand for the Shapley value of a round, and stop doing so where the
loss bends within the step. This is measured on a few rounds of one run, played beside everything else.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.privacy import Privacy
from commonweal.scenarios.schema.relevance import learns, settles_by_credit
from commonweal.scenarios.schema.scenario import Scenario

if TYPE_CHECKING:
    from commonweal.agents.arrays import Floats
    from commonweal.economy.runs.ensemble import Ensemble

ROUNDS, LOOKS = 60, 6  # played, and looked at
MOST_PRINCIPALS = 400  # whose updates are held side by side, and who share 10 coalitions each
BUDGET = 10  # coalitions per principal: a relative error of one percent in a round of forty
WANTED = 0.99  # rank correlation
MOST_MEASURED = 4  # of the ways in which runs of one command measure credit
FEWEST = 5  # principals that a rank correlation is said of


@dataclass(frozen=True)
class Faithfulness:
    """How a rule ranks principals, beside the Shapley values of the same rounds; scalars."""

    rule: str
    rate: float  # () η
    correlation: float  # () Spearman's, of credit summed over the rounds looked at
    low: float  # () its 95 % interval by Fisher's z
    high: float

    @property
    def is_faithful(self) -> bool:
        """Whether the interval allows a rank correlation of .99."""
        return self.high >= WANTED

    def warning(self) -> str:
        """One line for who pays by it."""
        return (
            f"credit.kind = {self.rule!r} is not faithful at learning.rate = {self.rate:g}: its ranking of principals "
            f"correlates {self.correlation:.2f} [{self.low:.2f}, {self.high:.2f}] with Shapley values of the same "
            f"rounds; lower the rate, or take aumann_shapley with more gradients"
        )


def faithfulness(scenario: Scenario, seed: int = 0, rounds: int = ROUNDS, looks: int = LOOKS) -> Faithfulness | None:
    """Play one run and compare its rule's credit with Shapley values estimated in a few of its rounds.

    Args:
        scenario: whose rule, rate and people.
        seed: of the run.
        rounds: to play, fewer where the scenario is shorter.
        looks: rounds to compare, evenly spread, the last one included.

    Returns:
        None where credit pays nobody, the rule does not stand for Shapley values, there are too many principals to
        look, or too few put something in.
    """
    from commonweal.economy.runs.ensemble import Ensemble

    if not _is_judged(scenario):
        return None
    ensemble = Ensemble(_in_one_place(scenario), [seed])
    last = min(rounds, scenario.rounds)
    chosen = {last - 1 - number * last // looks for number in range(looks)}
    pairs = [_compared(ensemble, number in chosen) for number in range(last)]
    found, exact = np.sum([pair for pair in pairs if pair is not None], axis=0)
    active = (found != 0) | (exact != 0)
    if active.sum() < FEWEST:
        return None
    return _ranked(scenario.credit.kind, scenario.learning.rate, found[active], exact[active])


def _in_one_place(scenario: Scenario) -> Scenario:
    """The scenario without a wire and what is set for one: the same rule, and updates to look at."""
    privacy = {f"learning.privacy.{name}": 0 for name in Privacy.model_fields}
    return revise(scenario, {"learning.wire": "off", "learning.audit": 0.0, "learning.halves": 0, **privacy})


def _is_judged(scenario: Scenario) -> bool:
    """Whether credit pays somebody, stands for Shapley values, and is that of few enough to look."""
    from commonweal.economy.credit import CREDITS

    pays = learns(scenario) and settles_by_credit(scenario)
    few = scenario.population.count <= MOST_PRINCIPALS
    return pays and few and CREDITS.facts(scenario.credit.kind).stands_for == "shapley"


def unfaithful(scenarios: Iterable[Scenario]) -> list[str]:
    """A warning for each way of measuring credit that is not faithful, the first few that differ.

    Args:
        scenarios: that are played.
    """
    distinct: dict[str, Scenario] = {}
    for scenario in filter(_is_judged, scenarios):
        distinct.setdefault(f"{scenario.credit!r} {scenario.learning!r}", scenario)
    measured = [faithfulness(each) for each in list(distinct.values())[:MOST_MEASURED]]
    return [each.warning() for each in measured if each is not None and not each.is_faithful]


def _compared(ensemble: "Ensemble", looked_at: bool) -> "tuple[Floats, Floats] | None":
    """Play a round; (N,) credit by its rule and (N,) Shapley values if it is looked at."""
    from commonweal.agents.streams import Streams
    from commonweal.economy.credit import CREDITS
    from commonweal.economy.round.learn import game_of

    lesson = ensemble.step().taught
    if not looked_at:
        return None
    world = ensemble.world
    game = game_of(lesson, world, Streams.from_seeds(ensemble.seeds).credit)
    rich = replace(game.terms, budget=max(BUDGET * game.shape[1], 64), estimator="adjusted", mode="mse")
    exact = CREDITS["estimated_shapley"](replace(game, terms=rich))
    return CREDITS[world.terms.credit.kind](game).values[0], exact.values[0]


def _ranked(rule: str, rate: float, found: "Floats", exact: "Floats") -> Faithfulness:
    from scipy.stats import spearmanr

    correlation = float(spearmanr(found, exact).statistic)
    half = 1.96 * 1.03 / np.sqrt(len(found) - 3)  # of Fisher's z for ranks (Fieller, Hartley and Pearson 1957)
    middle = np.arctanh(np.clip(correlation, -1 + 1e-12, 1 - 1e-12))
    low, high = np.tanh([middle - half, middle + half])
    return Faithfulness(rule, rate, correlation, float(low), float(high))
