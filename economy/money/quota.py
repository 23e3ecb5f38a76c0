"""Quotas of CGSV as pay: the less a principal's credit, the less of the model it is given (Xu et al., NeurIPS 2021).

Theirs are the clamp and the quota tanh(β r_i) / max_j tanh(β r_j). Reputation r is here the share of cumulated credit,
whose discount takes the place of their moving average; with ``credit.kind = cosine`` it is their credit.
"""

import numpy as np

from commonweal.agents.arrays import Bools, Floats, ratio
from commonweal.economy.credit.cgsv import LEAST, quotas


def credit_quotas(credit: Floats, member: Bools, altruism: Floats) -> Floats:
    """The part of the model that each is due.

    Args:
        credit: (R, N) cumulated credit of any sign.
        member: (R, N) who takes part; the others are due nothing.
        altruism: (R, 1) β: the larger, the more even the quotas.

    Returns:
        (R, N) from 0 to 1; 1 for the principal with most credit.
    """
    positive = np.where(member, np.maximum(credit, 0.0), 0.0)
    total = positive.sum(axis=1, keepdims=True)
    reputation = np.where(member, np.maximum(ratio(positive, total), LEAST), 0.0)
    reputation /= np.where(member.any(axis=1, keepdims=True), reputation.sum(axis=1, keepdims=True), 1.0)
    due: Floats = np.where(member, quotas(np.where(member, reputation, LEAST), altruism), 0.0)
    return due
