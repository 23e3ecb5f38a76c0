"""Forged deltas: what free-riders send back under FedAvg without having trained.

Fraboni, Vidal and Lorenzi, "Free-rider Attacks on Model Aggregation in Federated Learning" (AISTATS 2021), disguise the
model they were sent by noise; Lin, Du and Liu (arXiv 1911.12560) send the model's last change again.
"""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.arrays import Bools
from commonweal.agents.streams import Stream
from commonweal.economy.learning.federated import DeltaPassage
from commonweal.economy.learning.network import Parameters


def forge(passage: DeltaPassage, disguised: Bools, replayed: Bools, last: Parameters, stream: Stream) -> DeltaPassage:
    """A round of FedAvg in which some send back what they never trained.

    Args:
        passage: as if all had trained.
        disguised: (R, N) who sends noise, as large as those who train send on average (root mean square).
        replayed: (R, N) who sends the last change of the shared network, weighted as a delta of its own would be.
        last: that change per unit of rate, each (R, *shape); empty where there has been none, which is sent then.
        stream: of the noise; a run in which n disguise themselves takes n P numbers.
    """
    if not (disguised | replayed).any():
        return passage
    deltas, owners = passage.deltas.clone(), passage.owners
    hidden, again = (torch.as_tensor(who, device=deltas.device) for who in (disguised, replayed))
    share = owners.total(owners.weights(deltas.dtype).unsqueeze(2)).squeeze(2)  # (R, N) n_i / n
    honest = (share > 0) & ~hidden & ~again
    square = (passage.squared_norms() * honest).sum(1) / honest.sum(1).clamp(min=1)  # (R,)
    noise = _noise(disguised, deltas, stream)
    deltas[hidden] = noise * (square[hidden.nonzero()[:, 0]] / deltas.shape[2]).sqrt().unsqueeze(1)
    change = deltas.new_zeros(len(deltas), deltas.shape[2])
    if last:
        change = torch.cat([p.flatten(1) for p in last[: len(passage.shapes)]], dim=1)
    sent = share.unsqueeze(2) * change.unsqueeze(1)
    return replace(passage, deltas=torch.where(again.unsqueeze(2), sent, deltas))


def _noise(disguised: Bools, like: Tensor, stream: Stream) -> Tensor:
    """(n, P) standard normal numbers for the n who disguise themselves, run by run."""
    counts = disguised.sum(axis=1).tolist()
    drawn = [own.standard_normal((n, like.shape[2])) for n, own in zip(counts, stream.generators, strict=True)]
    return torch.as_tensor(np.concatenate(drawn)).to(like)
