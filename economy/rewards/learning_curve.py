"""The accuracy expected of samples: the bound of the papers, or a power law fitted while the network learns."""

from dataclasses import dataclass, replace

import numpy as np

from commonweal.agents.arrays import Floats, ratio
from commonweal.economy.rewards.accuracy import Accuracy, PowerLaw
from commonweal.economy.rewards.forms import curve_of
from commonweal.economy.rewards.rules import RewardTerms
from commonweal.economy.rewards.tariff import Tariff

EXPONENTS = np.geomspace(0.05, 3.0, 60)  # tried in a fit
FEWEST = 4  # rounds seen before a curve is fitted
SEEN = 64  # rounds remembered, ever further apart


@dataclass(frozen=True)
class Ahead:
    """Accuracy at the end of a term by samples put in per round of it."""

    curve: Accuracy  # a dataclass of numbers () or (R, 1)
    done: float | Floats  # () or (R, 1) samples trained on before
    rounds: int  # of the term

    def __call__(self, samples: Floats) -> Floats:
        """Accuracy (R, M) by samples (R, M) per round."""
        return self.curve(self.done + self.rounds * samples)

    def slope(self, samples: Floats) -> Floats:
        """Accuracy gained by one more sample per round."""
        return self.rounds * self.curve.slope(self.done + self.rounds * samples)


def believed(tariff: Tariff, terms: RewardTerms) -> Accuracy | None:
    """The curve that is believed in, with parameters (R, 1): fitted where asked for and enough has been seen.

    None where accuracy does not go by samples alone.
    """
    fitted = terms.accuracy.kind == "fitted" and np.isfinite(tariff.seen[..., 1]).sum(axis=1).min() >= FEWEST
    return fit(tariff.seen) if fitted else curve_of(terms.accuracy)


def noted(tariff: Tariff, samples: Floats, quality: Floats, played: int, rounds: int) -> Tariff:
    """The tariff that has seen one more round.

    Args:
        tariff: before.
        samples: (R,) samples trained on so far.
        quality: (R,) accuracy with them.
        played: rounds, at least 1.
        rounds: of the scenario: a round takes the place of the last one that is near it on a logarithmic scale.
    """
    slots = tariff.seen.shape[1]
    slot = min(int(slots * np.log(played) / np.log(rounds + 1)), slots - 1) if rounds > slots else played - 1
    seen = tariff.seen.copy()
    seen[:, slot] = np.stack([samples, quality], axis=1)
    return replace(tariff, seen=seen)


def fit(seen: Floats) -> PowerLaw:
    """The power law nearest to what was seen, in least squares: linear in top and drop for each exponent.

    Args:
        seen: (R, H, 2) samples and accuracy; nan where nothing was seen.

    Returns:
        Parameters (R, 1): top at most 1, drop at least 0.
    """
    samples, quality = seen[..., 0], seen[..., 1]
    there = np.isfinite(quality) & (samples > 0)
    count = np.maximum(there.sum(axis=1), 1)[:, None]
    x = np.where(there, samples, 1.0)[:, None] ** -EXPONENTS[:, None]  # (R, E, H)
    weight, y = there[:, None], np.where(there, quality, 0.0)[:, None]
    mean_x, mean_y = (x * weight).sum(axis=2) / count, y.sum(axis=2) / count
    centred = (x - mean_x[..., None]) * weight
    spread = (centred**2).sum(axis=2)
    drop = np.maximum(ratio(-(centred * (y - mean_y[..., None])).sum(axis=2), spread), 0.0)
    top = np.minimum(mean_y + drop * mean_x, 1.0)
    drop = np.maximum((top - mean_y) / mean_x, 0.0)
    missed = (((top[..., None] - drop[..., None] * x - y) * weight) ** 2).sum(axis=2)
    best = missed.argmin(axis=1)[:, None]
    chosen = (np.take_along_axis(values, best, axis=1) for values in (top, drop, np.broadcast_to(EXPONENTS, top.shape)))
    return PowerLaw(*chosen)


def of_run(curve: Accuracy, run: int) -> Accuracy:
    """The curve of one run, with plain numbers."""
    return type(curve)(*(float(np.asarray(values)[run, 0]) for values in vars(curve).values()))
