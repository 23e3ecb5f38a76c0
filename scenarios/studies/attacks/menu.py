"""The menu of moves that make sense in a scenario: what an attacker, written by hand or learned, chooses from."""

from commonweal.economy.arena.moves import AS_BEFORE, Choice, Moves
from commonweal.scenarios.schema.relevance import hides
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.best_deviation.space import space_of
from commonweal.scenarios.studies.incentives.catalogue import objections
from commonweal.scenarios.studies.incentives.options import IncentivesOptions

_FORGED = ("disguised", "replay")


def moves_of(scenario: Scenario, rich: bool = True) -> Moves:
    """All that a principal may do in a round of a scenario; the first of each factor is as its policy says.

    Args:
        scenario: whose rules are played by.
        rich: also what is put in, how much of it, and what is claimed; without, the actions alone.
    """
    against = objections(scenario, IncentivesOptions())
    space = space_of(scenario, 2)
    does = tuple(name for name in (*space["does"], *_FORGED) if name is not None and name not in against)
    if not rich:
        actions = ("delegate", "free_ride", "defect", "abstain")
        return Moves({"does": (AS_BEFORE, *(name for name in does if name in actions))})
    factors: dict[str, tuple[Choice, ...]] = {"does": tuple(map(str, does))}
    if "less" not in against:
        factors["share"] = (1.0, 0.5, 0.0) if scenario.market.kind != "public_goods" else (1.0, 0.5)
    if "looser" in space:
        factors["looser"] = (0.0, -0.5, 0.5, 1.0)
    if "dearer" in space or scenario.tolerance.budget:
        factors["dearer"] = (0.0, -0.5, 0.5)
    if hides(scenario):
        factors["exaggerates"] = (0.0, -0.5, 0.5)
    return Moves(factors)
