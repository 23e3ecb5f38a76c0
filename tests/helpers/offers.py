"""What principals put in, as tests of novelty and of replication need it."""

from collections.abc import Sequence

import numpy as np
import torch

from commonweal.economy.credit.alike import Likeness, Seen
from commonweal.economy.credit.nearby import Axes


def put_in(*principals: Sequence[float]) -> Seen:
    """What principals of one run put in: samples of one feature."""
    most = max(map(len, principals))
    rows = [[*own, *[0.0] * (most - len(own))] for own in principals]
    real = [[k < len(own) for k in range(most)] for own in principals]
    features, there = torch.tensor([rows], dtype=torch.float32).unsqueeze(-1), torch.tensor([real])
    return Seen(features, there, torch.full(there.shape, -1))


def unit(runs: int = 1, features: int = 1) -> Likeness:
    """That of runs where samples are different from a distance of 1 on."""
    return Likeness(np.ones(runs), Axes(torch.zeros(features), torch.eye(features)))
