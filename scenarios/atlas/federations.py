"""Federated mean estimation as it is played: who shares a model with whom, and what error each is left with.

A coalition is a run of the library scenario ``model-sharing`` in which its owners delegate and all others stay away.
There is one cooperative, so that a partition has one coalition of several owners at most: all that three owners have.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

import commonweal as cw

if TYPE_CHECKING:
    from commonweal.agents.arrays import Floats
    from commonweal.scenarios.schema.scenario import Scenario

Samples = Sequence[int]
Coalition = tuple[int, ...]  # owners by number, in order; one alone and nobody are the same partition, written ()
SURE = 1e-9  # of an error: what is no more than that better is no better


@dataclass(frozen=True)
class Sharing:
    """Owners with readings each of its own mean, whose model's error is what they lose."""

    samples: Samples  # readings of each owner
    noise: float  # μ, variance of a reading
    spread: float  # σ², variance of the means
    form: str = "federated_mean"
    fields: dict[str, Any] = field(default_factory=dict)  # of the scenario, that are changed beside these

    @property
    def scenario(self) -> "Scenario":
        """Its economy: a payoff is 1 − the expected squared error."""
        return cw.load("model-sharing", {
            "population.count": len(self.samples), "population.samples": list(self.samples), "market.model_value": 1.0,
            "rewards.accuracy.kind": self.form, **self.fields,
            "rewards.accuracy.options": {"noise": self.noise, "spread": self.spread},
        })  # fmt: skip

    @property
    def coalitions(self) -> list[Coalition]:
        """All of two owners or more, and nobody."""
        owners = range(len(self.samples))
        return [(), *(those for size in owners[1:] for those in combinations(owners, size + 1))]

    def errors(self, coalitions: Sequence[Coalition] = ()) -> dict[Coalition, "Floats"]:
        """(N,) error of each owner, by the coalition that is in; of all coalitions if none are given."""
        import numpy as np

        asked = list(coalitions) or self.coalitions
        owners = np.arange(len(self.samples))
        member = np.array([np.isin(owners, those) for those in asked])
        actions = np.where(member, cw.Action.DELEGATE, cw.Action.ABSTAIN)
        payoffs = cw.Ensemble(self.scenario, range(len(asked))).act(actions).payday.payoffs
        return dict(zip(asked, 1 - payoffs, strict=True))

    def ends(self, seeds: Sequence[int]) -> list[Coalition]:
        """Who is in after the rounds of the scenario, by seed; who is in alone counts as nobody."""
        ensemble = cw.Ensemble(self.scenario, seeds)
        ensemble.run()
        inside = (ensemble.people.action == cw.Action.DELEGATE)
        found = [tuple(int(owner) for owner in row.nonzero()[0]) for row in inside]
        return [those if len(those) > 1 else () for those in found]

    def cost(self, error: "Floats") -> float:
        """Mean error (N,) of owners, by their readings."""
        return float((error * self.samples).sum() / sum(self.samples))

    def words(self, coalition: Coalition) -> str:
        """The partition of owners that it belongs to, each owner by its readings: "{5, 5}, {25}"."""
        apart = [(owner,) for owner in range(len(self.samples)) if owner not in coalition]
        return self.sets([coalition, *apart] if coalition else apart)

    def sets(self, coalitions: Iterable[Coalition]) -> str:
        """Coalitions in words: "{5, 5}, {25}", or nobody."""
        sets = ("{" + ", ".join(str(self.samples[owner]) for owner in those) + "}" for those in coalitions)
        return ", ".join(sets) or "nobody"


def told(samples: Samples) -> str:
    """Owners by their readings: "(5, 5, 25)"."""
    return f"({', '.join(map(str, samples))})"


def leaving_together(errors: dict[Coalition, "Floats"], here: Coalition) -> Iterator[Coalition]:
    """Coalitions all of whose members have a smaller error by themselves than here: none where here is in the core."""
    for those, error in errors.items():
        if those and all(error[owner] < errors[here][owner] - SURE for owner in those):
            yield those


def stable(errors: dict[Coalition, Any], margin: Any = -SURE) -> list[Coalition]:
    """Partitions of three owners that nobody leaves for another coalition whose members would have it, or to be alone.

    Individual stability as Donahue and Kleinberg define it.

    Args:
        errors: (3,) of each owner, by the coalition that is in.
        margin: share by which an error may be larger elsewhere and still draw an owner; what is stable with a margin
            above 0 is so whatever is rounded.
    """
    return [here for here in errors if not any(_leaves(owner, here, errors, margin) for owner in range(3))]


def _leaves(owner: int, here: Coalition, errors: dict[Coalition, Any], margin: Any) -> bool:
    """Whether an owner has somewhere better to go, where everybody would have it."""
    left = tuple(other for other in here if other != owner)
    for home in {(), *(left if other in left else (other,) for other in range(3) if other != owner)}:
        then = tuple(sorted((*home, owner))) if home else left if len(left) > 1 else ()
        if then == here:
            continue
        drawn = errors[then][owner] < errors[here][owner] * (1 + margin)
        if drawn and all(errors[then][other] <= errors[here][other] * (1 + abs(margin)) for other in home):
            return True
    return False
