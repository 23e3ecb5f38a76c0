"""Attackers that invert the first layer: its gradient, or what leaves it, is linear in the samples.

The gradient of a slice is G = Δᵀ X with output deltas Δ (s, h) and samples X (s, d), so that X = pinv(Δᵀ) G exactly
while s ≤ rank Δ. What leaves the first layer says a = W x + b of every unit that is active. Where noise is added, or
there are fewer equations than features, a normal prior from data that the attacker holds says the rest: the mean of
the posterior is the most likely sample (MAP).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints


@dataclass(frozen=True)
class Prior:
    """What an attacker expects of a sample: normal, as in data that it holds."""

    mean: Floats  # (d,)
    axes: Floats  # (d, d) principal axes, one a column
    variances: Floats  # (d,) along them

    @classmethod
    def of(cls, samples: Floats, least: float = 1e-6) -> "Prior":
        """From samples of the same kind.

        Args:
            samples: (n, d) that the attacker holds.
            least: variance along any axis, as a share of the mean one.
        """
        centred = samples - samples.mean(axis=0)
        variances, axes = np.linalg.eigh(centred.T @ centred / len(samples))
        return cls(samples.mean(axis=0), axes, np.maximum(variances, least * variances.mean()))

    @classmethod
    def within(cls, samples: Floats, labels: Ints, means: Floats) -> "Prior":
        """Of what is left beside the mean of a sample's label.

        Args:
            samples: (n, d) that the attacker holds.
            labels: (n,) of them.
            means: (C, d) of each label.
        """
        return cls.of(samples - means[labels])

    @property
    def covariance(self) -> Floats:
        """(d, d)."""
        whole: Floats = (self.axes * self.variances) @ self.axes.T
        return whole


def label_means(samples: Floats, labels: Ints, classes: int) -> Floats:
    """(C, d) mean of the samples of each label; the mean of all where there are none.

    Args:
        samples: (n, d) that the attacker holds.
        labels: (n,) of them.
        classes: C.
    """
    own = [samples[labels == each] for each in range(classes)]
    return np.stack([part.mean(axis=0) if len(part) else samples.mean(axis=0) for part in own])


def pseudo_inverse(deltas: Floats, gradient: Floats) -> Floats:
    """(s, d) samples by least squares from the deltas and the gradient of the first layer.

    Args:
        deltas: (s, h) of each sample.
        gradient: (h, d) Σ_s δ_s x_sᵀ, without the bias.
    """
    found: Floats = np.linalg.pinv(deltas.T) @ gradient
    return found


def most_likely_by_gradient(deltas: Floats, gradient: Floats, prior: Prior, noise: float) -> Floats:
    """(s, d) the most likely samples, given the deltas and a gradient with noise.

    Along the prior's axes the features are independent, so that each is a problem of s unknowns.

    Args:
        deltas: (s, h).
        gradient: (h, d) with noise.
        prior: of a sample.
        noise: standard deviation of each entry of the gradient; above 0.
    """
    directions, sizes, units = np.linalg.svd(deltas, full_matrices=False)  # Δ = U S Vᵀ
    expected = prior.mean @ prior.axes
    missed = (units @ gradient) @ prior.axes - (sizes * directions.sum(axis=0))[:, None] * expected
    gain = prior.variances * sizes[:, None] / (prior.variances * sizes[:, None] ** 2 + noise**2)
    found: Floats = (expected + directions @ (gain * missed)) @ prior.axes.T
    return found


def likeliest_noise(deltas: Floats, gradient: Floats, prior: Prior, least: float) -> float:
    """The noise of a gradient under which it is likeliest, where deltas are not known for sure.

    Args:
        deltas: (s, h).
        gradient: (h, d).
        prior: of a sample.
        least: the least noise there may be.
    """
    directions, sizes, units = np.linalg.svd(deltas)
    explained = np.zeros(len(units))
    explained[: len(sizes)] = sizes
    whole = np.zeros((len(units), len(directions)))
    np.fill_diagonal(whole, sizes)
    missed = (units @ gradient) @ prior.axes - (whole @ directions.sum(axis=0))[:, None] * (prior.mean @ prior.axes)
    signal, best = prior.variances * explained[:, None] ** 2, (np.inf, least)
    for noise in least * np.geomspace(1.0, 1e7, 36):
        variance = signal + noise**2
        best = min(best, (float(np.sum(missed**2 / variance + np.log(variance))), float(noise)))
    return best[1]


@dataclass(frozen=True)
class Visit:
    """What left the first layer when some samples were visited."""

    activity: Floats  # (s, h) behind the rectifier, with noise where there is any
    weights: Floats  # (h, d + 1) of the first layer, the bias last
    noise: float = 0.0  # standard deviation of the noise


def least_squares_by_activity(visit: Visit) -> Floats:
    """(s, d) samples of least norm that explain their active units."""
    found = []
    for activity in visit.activity:
        active = _active(activity, visit.noise)
        inner, bias = visit.weights[active, :-1], visit.weights[active, -1]
        found.append(np.linalg.pinv(inner) @ (activity[active] - bias))
    return np.stack(found)


def most_likely_by_activity(visits: Sequence[Visit], prior: Prior, least: float = 1e-5) -> Floats:
    """(s, d) the most likely samples, given what left the first layer at each of several visits of the same samples.

    Only active units count. That an inactive one is below 0 is not used, so a stronger attacker is possible.

    Args:
        visits: one at least.
        prior: of a sample.
        least: standard deviation that is added to the noise, so that equations without any can be solved.
    """
    found, covariance = [], prior.covariance
    for place in range(len(visits[0].activity)):
        rows, seen, noise = [], [], []
        for visit in visits:
            active = _active(visit.activity[place], visit.noise)
            rows.append(visit.weights[active, :-1])
            seen.append(visit.activity[place][active] - visit.weights[active, -1])
            noise.append(np.full(active.sum(), visit.noise**2 + least**2))
        inner, missed = np.concatenate(rows), np.concatenate(seen) - np.concatenate(rows) @ prior.mean
        spread = inner @ covariance @ inner.T + np.diag(np.concatenate(noise))
        found.append(prior.mean + covariance @ inner.T @ np.linalg.solve(spread, missed))
    return np.stack(found)


def _active(activity: Floats, noise: float) -> Bools:
    """(h,) which units an attacker takes to be active: beyond the noise that an inactive one may show."""
    active: Bools = activity > 2 * noise
    return active


@dataclass(frozen=True)
class Decoder:
    """A linear decoder from what leaves a layer to the samples, learned from pairs."""

    weights: Floats  # (h + 1, d), the intercept last

    @classmethod
    def learned(cls, activity: Floats, samples: Floats) -> "Decoder":
        """By ridge regression; its penalty has the least error in leaving out one pair after another (Allen 1974).

        Args:
            activity: (n, h) of leaked pairs.
            samples: (n, d) of leaked pairs.
        """
        centre, mean = activity.mean(axis=0), samples.mean(axis=0)
        left, sizes, right = np.linalg.svd(activity - centre, full_matrices=False)
        missed, best = left.T @ (samples - mean), (np.inf, np.zeros((len(sizes), samples.shape[1])))
        for penalty in np.geomspace(1e-8, 1e2, 21) * max(sizes[0] ** 2, 1e-300):
            kept = sizes**2 / (sizes**2 + penalty)
            leverage = (left**2) @ kept + 1 / len(samples)
            error = np.mean(((samples - mean - left @ (kept[:, None] * missed)) / (1 - leverage)[:, None]) ** 2)
            if error < best[0]:
                best = (error, (sizes / (sizes**2 + penalty))[:, None] * missed)
        slope = right.T @ best[1]
        return cls(np.vstack([slope, mean - centre @ slope]))

    def __call__(self, activity: Floats) -> Floats:
        """(s, d) samples from what left the layer (s, h)."""
        found: Floats = activity @ self.weights[:-1] + self.weights[-1]
        return found
