"""What can be fitted: names of parameters, where they stand in a scenario, and between which bounds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.scenarios.schema.scenario import Scenario

SMALL = 1e-3  # smallest share of a policy in the mix


@dataclass(frozen=True)
class Parameter:
    """One number that is fitted."""

    field: str  # of the scenario
    low: float
    high: float


PARAMETERS = {
    "cooperators": Parameter("policy.conditional.cooperators", 0.0, 1.0),
    "free_riders": Parameter("policy.conditional.free_riders", 0.0, 1.0),
    "hump_shaped": Parameter("policy.conditional.hump_shaped", 0.0, 1.0),
    "slope": Parameter("policy.conditional.slope", 0.0, 2.5),
    "learners": Parameter("policy.mix.learning", SMALL, 0.9),
    "rate": Parameter("policy.learning.rate", 0.0, 1.0),
    "exploration": Parameter("policy.learning.exploration", 0.0, 0.5),
    "loss_aversion": Parameter("policy.learning.loss_aversion", 1.0, 5.0),
    "imitators": Parameter("policy.mix.imitation", SMALL, 0.9),
    "intensity": Parameter("policy.imitation.intensity", 0.0, 20.0),
    "revision": Parameter("policy.revision", 0.02, 1.0),
    "mutation": Parameter("policy.mutation", 0.0, 0.5),
    "punishing": Parameter("market.punishment.probability", 0.0, 1.0),
}
_KINDS = ("cooperators", "free_riders", "hump_shaped")
_SHARES = {"learners": "learning", "imitators": "imitation"}


def demand_parameters(names: Sequence[str]) -> None:
    """Raise InputError where a name is not one of PARAMETERS, or occurs twice."""
    for name in names:
        if name not in PARAMETERS:
            raise InputError(f"option fit: unknown parameter {name!r}: there are {', '.join(PARAMETERS)}")
    if not names or len(set(names)) < len(names):
        raise InputError(f"option fit = {', '.join(names) or '(none)'}: must be at least one parameter, each once")


def bounds(names: Sequence[str]) -> Floats:
    """(P, 2) lowest and highest values."""
    return np.array([(PARAMETERS[name].low, PARAMETERS[name].high) for name in names])


def admissible(values: Floats, names: Sequence[str], scenario: Scenario) -> Floats:
    """Values (C, P) whose shares of kinds, and of policies, do not exceed one: scaled down where they do."""
    scaled = values.copy()
    conditional = scenario.policy.conditional
    fitted = [names.index(kind) for kind in _KINDS if kind in names]
    rest = sum(getattr(conditional, kind) for kind in _KINDS if kind not in names)
    for places, most in ((fitted, 1.0 - rest), ([names.index(n) for n in _SHARES if n in names], 1.0 - SMALL)):
        total = scaled[:, places].sum(axis=1, keepdims=True)
        scaled[:, places] *= most / np.maximum(total, max(most, np.finfo(np.float64).tiny))
    return scaled


def placed(scenario: Scenario, names: Sequence[str], values: Floats) -> Scenario:
    """The scenario with one candidate's values (P,), which are admissible and therefore not validated again."""
    of = dict(zip(names, values.tolist(), strict=True))
    policy = scenario.policy
    kinds, learning, changes = (
        {name: of[name] for name in group if name in of}
        for group in ((*_KINDS, "slope"), ("rate", "exploration", "loss_aversion"), ("revision", "mutation"))
    )
    shares = {_SHARES[name]: of[name] for name in _SHARES if name in of}
    mix = {"conditional": 1.0 - sum(shares.values()), **shares} if shares else policy.mix
    imitation = {"intensity": of["intensity"]} if "intensity" in of else {}
    policy = policy.model_copy(update={
        **changes, "mix": mix, "conditional": policy.conditional.model_copy(update=kinds),
        "learning": policy.learning.model_copy(update=learning),
        "imitation": policy.imitation.model_copy(update=imitation)})  # fmt: skip
    if "punishing" not in of:
        return scenario.model_copy(update={"policy": policy})
    punishment = scenario.market.punishment.model_copy(update={"probability": of["punishing"]})
    market = scenario.market.model_copy(update={"punishment": punishment})
    return scenario.model_copy(update={"policy": policy, "market": market})
