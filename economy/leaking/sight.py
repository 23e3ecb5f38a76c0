"""What the orchestrator sees of the samples that a node visits, mode by mode, and what it works out from that."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch

from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.learning.network import Owners, Parameters
from commonweal.economy.learning.traversal import PathPassage
from commonweal.economy.wire.message import Message
from commonweal.economy.wire.modes import MODES, Asked

OPEN = ("paths", "cut", "cut-gradients")  # modes in which single samples leave traces
SECRET = ("secure", "two-servers")  # modes in which sums and products alone leave, or the deltas of the last layer


@dataclass(frozen=True)
class Sight:
    """What is seen of s samples of a slice; None where it is not."""

    samples: Floats | None = None  # (s, d) themselves
    activity: Floats | None = None  # (s, h₁) what leaves the first layer
    output: Floats | None = None  # (s, C) deltas of the logits, each of a sum over samples
    gradient: Floats | None = None  # (h₁, d + 1) of the first layer, summed over the slice


def seen(mode: str, passage: PathPassage, run: int, columns: Ints) -> Sight:
    """What a node's answer to a visit shows of its samples.

    Args:
        mode: what leaves a node.
        passage: of the mean loss over the S samples of the virtual batch, as the defence lets it out.
        run: which run.
        columns: (s,) places of the slice in the batch: all that a node visits, or under ``cut-gradients`` one
            principal's.
    """
    own = _as_visited(passage, run, columns)
    if mode in SECRET:
        return Sight(output=_double(own.deltas[-1].numpy()) if mode == "two-servers" else None)
    answer = MODES[mode].up(Asked(Message("visit", 0, 0), own, 0, None))
    if mode == "paths":
        last = len(own.deltas) - 1
        shown = {"samples": "input0", "activity": "input1", "output": f"delta{last}"}
        return Sight(**_arrays(answer, shown))
    sight = Sight(**_arrays(answer, {"activity": "input", "output": "delta"}))
    gradient = answer["sum"][0] if mode == "cut" else answer["updates"][0, 0]
    return replace(sight, gradient=np.asarray(gradient, dtype=np.float64))


def _as_visited(passage: PathPassage, run: int, columns: Ints) -> PathPassage:
    """The slice as a node visits it: one principal, samples of weight 1."""
    place = torch.as_tensor(columns)
    weight = passage.owners.weights(passage.loss.dtype)[run, place][:, None]
    inputs = tuple(each[run, place][None] for each in passage.inputs)
    deltas = tuple((each[run, place] / weight)[None] for each in passage.deltas)
    owners = Owners(torch.zeros(1, len(columns), dtype=torch.int64), 1)
    return PathPassage(inputs, deltas, owners, passage.loss[run : run + 1])


def _arrays(answer: Mapping[str, object], names: Mapping[str, str]) -> dict[str, Floats]:
    return {name: _double(np.asarray(answer[key])) for name, key in names.items() if key in answer}


def _double(array: Floats) -> Floats:
    """(s, w) of one run, (1, s, w)."""
    return np.asarray(array[0], dtype=np.float64)


def first_deltas(sight: Sight, parameters: Parameters, network: MLP, noise: float = 0.0) -> Floats:
    """(s, h₁) deltas of the first layer, worked out from what is above the cut.

    Args:
        sight: of which activity and output are seen.
        parameters: θ of one run, each (1, *shape).
        network: of two layers at least.
        noise: standard deviation of noise at the cut, beyond which a unit is taken to be active.
    """
    assert sight.activity is not None
    assert sight.output is not None
    hidden, output = (torch.as_tensor(each)[None] for each in (sight.activity, sight.output))
    exact = tuple(p.double() for p in parameters)
    _, deltas = replace(network, dtype=torch.float64).retrace(exact, hidden, output)
    back = deltas[0] @ exact[1][..., :-1]
    slope = (hidden > 2 * noise).double() if network.activation == "relu" else 1 - hidden.square()
    found: Floats = (back * slope)[0].numpy()
    return found
