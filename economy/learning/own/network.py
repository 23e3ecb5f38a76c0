"""A module of one's own as the shared network: seeded dropout, a frozen backbone, and errors in one line.

Parameters are those that are trained, then the rotation of the features, then the key of the masks. What is frozen
stays in the module: it is the same in all runs.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap
from torch.nn.attention import SDPBackend, sdpa_kernel

from commonweal.agents.errors import InputError, memory_refused
from commonweal.agents.streams import Stream
from commonweal.economy.learning.module import ModuleNetwork, SamplePassage
from commonweal.economy.learning.network import Examination, Network, Objectives, Owners, Parameters
from commonweal.economy.learning.own.backbone import Known, computed, demand_tokens, known
from commonweal.economy.learning.own.layers import SeededDropout
from commonweal.economy.learning.own.making import BACKBONE, Made, one_line
from commonweal.economy.learning.own.masks import KEY, sample_keys
from commonweal.economy.learning.own.tokens import Bag


@dataclass(frozen=True, kw_only=True)
class OwnNetwork(ModuleNetwork):
    """A module of one's own, shared by R runs."""

    made: Made
    first: str = "drawn"  # what runs begin with: drawn, or the module's own values
    drifts: bool = False  # whether the features turn from round to round
    known: Known | None = None  # what the backbone gives for the data set

    def __post_init__(self) -> None:
        """Layers have been looked through when the module was made."""

    @property
    def trained(self) -> int:
        """Rotation and key follow."""
        return len(self.made.trained)

    @property
    def draws(self) -> bool:
        """Whether some layer draws masks."""
        return bool(self.made.drops)

    def initial(self, stream: Stream) -> Parameters:
        """First weights: drawn as those of any module, or the module's own; the rotation is empty until one is made."""
        drawn = [self._first(name, stream) for name in self.made.trained]
        runs, side = len(stream), self.features if self.drifts else 0
        turn = np.broadcast_to(np.eye(side), (runs, side, side)).copy()
        key = torch.zeros(runs, KEY, dtype=torch.int64, device=self.device)
        rest = (torch.as_tensor(turn, dtype=self.dtype, device=self.device), *([key] if self.draws else []))
        return (*drawn, *rest)

    def logits(self, parameters: Parameters, features: Tensor) -> Tensor:
        """(R, S, C) scores for features (R, S, d), without masks."""
        with self._told():
            scores: Tensor = vmap(self._scores)(*self._inner(parameters, features))
            return scores

    def taught(self, parameters: Parameters, features: Tensor) -> Tensor:
        """(R, S, C) scores as they are while a round is learned from: under its masks."""
        with self._told():
            scores: Tensor = vmap(self._scores)(*self._inner(parameters, features, masks=True))
            return scores

    def traverse(self, parameters: Parameters, features: Tensor, labels: Tensor, owners: Owners) -> SamplePassage:
        """The gradient of every sample under the masks of the round."""
        with self._told():
            inner, seen = self._inner(parameters, features, masks=True)
            return super().traverse(inner, seen, labels, owners)

    def examine(self, parameters: Parameters, objectives: Objectives) -> Examination:
        """Level and gradient of every objective, without masks."""
        with self._told():
            inner, seen = self._inner(parameters, objectives.features)
            return super().examine(inner, replace(objectives, features=seen))

    def turn(self, parameters: Parameters, rotation: Tensor) -> Parameters:
        """Keep the rotation with the parameters and apply it to the features."""
        place = self.trained
        before = parameters[place]
        after = torch.bmm(rotation, before) if before.numel() else rotation
        return (*parameters[:place], after, *parameters[place + 1 :])

    def keyed(self, parameters: Parameters, **entries: Tensor | int) -> Parameters:
        """The parameters with some entries of the key of masks: secret, round or step."""
        key = parameters[-1].clone()
        for name, value in entries.items():
            key[:, ("secret", "round", "step").index(name)] = value
        return (*parameters[:-1], key)

    def _first(self, name: str, stream: Stream) -> Tensor:
        """(R, *shape) first values of one parameter: matrices are drawn, norms keep their own, biases are 0."""
        own = self.made.module.get_parameter(name).detach()
        shape, runs = own.shape, len(stream)
        if self.first == "own" or (own.dim() < 2 and not name.endswith("bias")):
            return own.to(self.device, self.dtype).expand(runs, *shape).clone()
        if own.dim() < 2:
            return torch.zeros(runs, *shape, dtype=self.dtype, device=self.device)
        layer = self.made.module.get_submodule(name.rpartition(".")[0])
        if isinstance(layer, nn.Embedding | Bag):
            values = stream.normal(*shape)
            values[:, [] if layer.padding_idx is None else layer.padding_idx] = 0.0
        else:
            values = (2 * stream.uniform(*shape) - 1) * own[0].numel() ** -0.5
        return torch.as_tensor(values, dtype=self.dtype, device=self.device)

    def _inner(self, parameters: Parameters, features: Tensor, masks: bool = False) -> tuple[Parameters, Tensor]:
        """Parameters and features for ``_scores``: rotation and key as one, the backbone's features behind the sample.

        Parameters that have this form already stay as they are: the curvature asks with them.
        """
        if isinstance(parameters[-1], tuple):
            return parameters, features
        trained, turn = parameters[: self.trained], parameters[self.trained]
        key = parameters[-1] if self.draws and masks else turn.new_zeros(len(turn), 0, dtype=torch.int64)
        if self.made.whole is not None:
            features = torch.cat([features, self._given(features, turn)], dim=-1)
        return cast(Parameters, (*trained, (turn, key))), features

    def _given(self, features: Tensor, turn: Tensor) -> Tensor:
        """(R, S, F) features that the backbone gives for samples (R, S, d)."""
        if self.known is not None and not turn.numel():
            return self.known.of(features, self.made)
        seen = features @ turn if turn.numel() else features
        given: Tensor = computed(self.made, seen.flatten(0, 1)).flatten(1).unflatten(0, features.shape[:2])
        return given

    def _scores(self, own: Parameters, features: Tensor) -> Tensor:
        """(S, C) scores of one run; its masks are those of its key, where there is one."""
        turn, key = own[-1]
        samples, given = features[..., : self.features], features[..., self.features :]
        values: dict[str, Tensor] = dict(zip(self.made.trained, own[:-1], strict=True))
        if key.numel():
            keys = sample_keys(samples, key)
            values |= {f"{name}.keys": keys for name in self.made.drops}
        for name in self.made.drops:
            cast(SeededDropout, self.module.get_submodule(name)).calls = 0
        if self.made.whole is not None:
            values[f"{BACKBONE}.given"] = given.unflatten(-1, self.made.given)
        seen = (samples @ turn if turn.numel() else samples).unflatten(-1, self.made.shape)
        scores: Tensor = functional_call(self.module, values, (seen,))
        return scores

    def _curvature(self, parameters: Parameters, objectives: Objectives, direction: Parameters) -> Parameters:
        with self._told():
            return super()._curvature(parameters, objectives, direction)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say in one line what the module raises; attention is computed by what can be differentiated twice.

        Raises:
            InputError: naming the network.
        """
        try:
            with sdpa_kernel(SDPBackend.MATH):
                yield
        except InputError:
            raise
        except Exception as error:  # whatever foreign code raises
            if memory_refused(error):
                raise
            raise InputError(f"{self.made.name}: {one_line(error)}") from error


def prepared(network: Network, rows: Tensor) -> Network:
    """The network with what its frozen backbone gives for a data set, where it has one and features do not turn.

    Args:
        network: any.
        rows: (M, d) all samples.

    Raises:
        InputError: if they hold tokens that a layer does not know.
    """
    if not isinstance(network, OwnNetwork):
        return network
    with network._told():
        demand_tokens(network.made, rows)
        if network.made.whole is not None and not network.drifts:
            network = replace(network, known=known(network.made, rows))
    return network


def with_secrets(network: Network, parameters: Parameters, stream: Stream) -> Parameters:
    """The parameters with a number of each run that its masks come from, where a network draws masks."""
    if not isinstance(network, OwnNetwork) or not network.draws:
        return parameters
    secrets = np.array([generator.integers(2**62) for generator in stream.generators])
    return network.keyed(parameters, secret=torch.as_tensor(secrets, device=parameters[-1].device))


def in_round(network: Network, parameters: Parameters, **when: int) -> Parameters:
    """The parameters under which a pass draws masks of its own: of a round, or of a step within it."""
    if not isinstance(network, OwnNetwork) or not network.draws:
        return parameters
    return network.keyed(parameters, **when)
