"""What principals change of their updates before these leave a node."""

from __future__ import annotations

from typing import Any

from commonweal.scenarios.schema.fields import Part, field
from commonweal.scenarios.schema.relevance import hides, wired


def cuts(scenario: Any) -> bool:
    """Whether what leaves the first layer leaves a node."""
    return wired(scenario) and scenario.learning.wire in ("cut", "cut-gradients")


def bounds(scenario: Any) -> bool:
    """Whether updates are clipped."""
    return wired(scenario) and scenario.learning.privacy.clip > 0


class Privacy(Part):
    """What principals change of their updates before these leave a node, where the wire leaves it a sense."""

    cut_noise: float = field(0.0, "noise on what leaves the first layer, nu standard deviations of that of its principal's samples in the round (wire = cut, cut-gradients)", "1", ge=0, le=1e6, matters=cuts)
    nopeek: float = field(0.0, "NoPeek: weight alpha of the distance correlation between a principal's samples in the round and what leaves the first layer, in the loss (wire = cut, cut-gradients)", "nat", ge=0, le=1e6, matters=cuts)
    clip: float = field(0.0, "largest norm C of a principal's mean gradient, or under FedAvg change, to which longer ones are scaled down; 0: any", "nat", ge=0, le=1e6)
    update_noise: float = field(0.0, "noise on every entry of a clipped update, z times C (wire = secure, deltas; needs clip)", "1", ge=0, le=1e6, matters=bounds)
    rounding: float = field(0.0, "grid on which nodes tell products of updates, as cosines (wire = secure; nothing may be checked: distrust = note)", "1", ge=0, le=1, matters=hides)
    smallest: int = field(0, "samples below which a principal does not take part", "samples", ge=0, le=100_000_000)
