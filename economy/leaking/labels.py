"""Labels from the deltas of the last layer: of p − 1[label] the one negative entry is the label's."""

import numpy as np

from commonweal.agents.arrays import Floats, Ints


def labels_of(deltas: Floats) -> Ints:
    """(s,) labels from the deltas (s, C) of the logits, whatever their positive weight."""
    labels: Ints = np.argmin(deltas, axis=1)
    return labels


def output_deltas_of(returned: Floats, head: Floats) -> Floats:
    """(s, C) deltas of the logits from what comes back through the last layer, which the attacker knows.

    In a U-shaped split the last layer and the labels stay with the node, and q = W_Lᵀ δ_L comes back. Who knows W_L
    solves that for δ_L as long as the layer has no fewer inputs than classes.

    Args:
        returned: (s, h) q of each sample.
        head: (C, h + 1) last layer, its bias last.
    """
    found: Floats = returned @ np.linalg.pinv(head[:, :-1])
    return found
