"""Defences that the study of privacy tries: those of the scenario, and two that change what is sent, not what results.

A U-shaped split keeps the last layer and the labels (Vepakomma et al. 2018); products of several rounds may be told as
one sum. The others are fields of the scenario (``economy.learning.guards``), so that economy and attacker see the same.
"""

from dataclasses import dataclass, fields
from typing import Any

from torch import Tensor

from commonweal.economy.learning.guards import NO_GUARD, Guard, Told
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.learning.network import Owners, Parameters


@dataclass(frozen=True)
class Defence:
    """What is changed before it leaves a node. As it stands, nothing is."""

    guard: Guard = NO_GUARD  # by the scenario
    every: int = 1  # rounds whose products are told as one sum
    u_shaped: bool = False  # whether the last layer and the labels stay

    @property
    def changes(self) -> dict[str, Any]:
        """Fields of the scenario."""
        return {f"learning.privacy.{each.name}": getattr(self.guard, each.name) for each in fields(Guard)}


@dataclass(frozen=True)
class OverheardMLP(MLP):
    """A perceptron whose passages keep what was asked of them."""

    @classmethod
    def of(cls, network: MLP) -> "OverheardMLP":
        """The same network."""
        return cls(network.widths, network.activation, network.dtype, network.device, network.loss)

    def traverse(  # type: ignore[override]
        self, parameters: Parameters, features: Tensor, labels: Tensor, owners: Owners
    ) -> Told:
        """One traversal pass."""
        return Told(super().traverse(parameters, features, labels, owners))


def returned_by_head(output: Tensor, head: Tensor) -> Tensor:
    """(s, h) what comes back through a last layer (C, h + 1) that stays: W_Lᵀ δ_L, in place of δ_L (s, C)."""
    return output @ head[:, :-1]
