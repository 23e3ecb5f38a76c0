"""Drift of the data: a slow rotation of the feature space, exp(angle · A) with A antisymmetric."""

import numpy as np
from scipy.linalg import expm

from commonweal.agents.arrays import Floats
from commonweal.agents.streams import Stream


def draw_rotation_generator(features: int, stream: Stream) -> Floats:
    """Random antisymmetric matrices whose fastest plane turns by 1 radian per unit of angle.

    Args:
        features: d; with d = 1 there is nothing to rotate and the matrices are 0.
        stream: the R runs' task stream.

    Returns:
        (R, d, d) antisymmetric, spectral norm 1.
    """
    drawn = stream.normal(features, features)
    antisymmetric = drawn - drawn.transpose(0, 2, 1)
    norm = np.linalg.norm(antisymmetric, ord=2, axis=(1, 2))
    return antisymmetric / np.where(norm > 0, norm, 1.0)[:, None, None]


def rotation(generator: Floats, angle: Floats) -> Floats:
    """The rotation reached after turning by ``angle``.

    Args:
        generator: (R, d, d) antisymmetric.
        angle: (R, 1) radians turned so far: drift per round times rounds.

    Returns:
        (R, d, d) orthogonal.
    """
    turned: Floats = expm(angle[:, :, None] * generator)
    return turned
