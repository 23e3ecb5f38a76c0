"""What principals put in, as tests of novelty and of replication need it."""

from collections.abc import Sequence

import torch

from commonweal.economy.credit.novelty import Seen


def put_in(*principals: Sequence[float]) -> Seen:
    """What principals of one run put in: samples of one feature."""
    most = max(map(len, principals))
    rows = [[*own, *[0.0] * (most - len(own))] for own in principals]
    real = [[k < len(own) for k in range(most)] for own in principals]
    return Seen(torch.tensor([rows]).unsqueeze(-1), torch.tensor([real]))
