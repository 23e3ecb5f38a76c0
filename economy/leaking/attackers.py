"""The attackers on one slice: what each recovers of its samples from what is seen of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.economy.leaking.inversion import (
    Decoder,
    Prior,
    Visit,
    least_squares_by_activity,
    likeliest_noise,
    most_likely_by_activity,
    most_likely_by_gradient,
    pseudo_inverse,
)
from commonweal.economy.leaking.labels import labels_of
from commonweal.economy.leaking.sight import Sight, first_deltas
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.learning.network import Parameters

_GUESSES = 40  # of a term that the samples themselves are in
ROUNDING = 1e-6  # of a gradient in single precision, relative: an attacker's noise where no other is added


@dataclass(frozen=True)
class Knowledge:
    """What an attacker knows beside what it sees."""

    prior: Prior
    pairs: tuple[Floats, Floats]  # (n, h₁) what leaves the first layer, with the noise at the cut, and (n, d) samples
    network: MLP
    parameters: Parameters  # θ of the run, each (1, *shape)
    means: Floats  # (C, d) of the attacker's own samples of each label
    cut_noise: float = 0.0  # standard deviation of the noise at the cut
    term: Callable[[Floats], Floats] | None = None  # what deltas of the first layer (s, h₁) have beside what is above
    # the cut, from samples (s, d); None: nothing

    @cached_property
    def decoder(self) -> Decoder:
        """Learned from the attacker's own samples."""
        return Decoder.learned(*self.pairs)

    def through(self, visit: Visit, number: int) -> Floats:
        """(n, h₁) what would leave the first layer of a visit, of some number, for the attacker's own samples."""
        sums = self.pairs[1] @ visit.weights[:, :-1].T + visit.weights[:, -1]
        activity = np.maximum(sums, 0.0) if self.network.activation == "relu" else np.tanh(sums)
        whole: Floats = activity + visit.noise * np.random.default_rng(number).standard_normal(activity.shape)
        return whole

    @property
    def first(self) -> Floats:
        """(h₁, d + 1) weights of the first layer."""
        weights: Floats = self.parameters[0][0].double().numpy()
        return weights


def recovered(sight: Sight, known: Knowledge) -> dict[str, Floats]:
    """(s, d) samples by attacker, of those that can try.

    Args:
        sight: of the slice.
        known: what else is known.
    """
    found: dict[str, Floats] = {}
    if sight.samples is not None:
        return {"reading": sight.samples}
    if sight.output is not None:
        found["mean of its label"] = known.means[labels_of(sight.output)]
    if sight.activity is None:
        return found
    if sight.gradient is not None and sight.output is not None:
        found |= _by_gradient(sight, known)
    visit = Visit(sight.activity, known.first, known.cut_noise)
    if known.network.activation == "relu":
        found["least squares of activity"] = least_squares_by_activity(visit)
        found["MAP of activity"] = most_likely_by_activity([visit], known.prior)
    found["decoder"] = known.decoder(sight.activity)
    return found


def recovered_from_all_visits(visits: Sequence[Sequence[Visit]], known: Knowledge) -> dict[str, Floats]:
    """(s, d) samples by attacker, from all visits of each, where noise makes that worth it."""
    if known.network.activation != "relu":
        return {"decoder of all visits": decoded(visits, known)}
    likely = np.concatenate([most_likely_by_activity(own, known.prior) for own in visits])
    return {"MAP of all visits": likely, "decoder of all visits": decoded(visits, known)}


def decoded(visits: Sequence[Sequence[Visit]], known: Knowledge) -> Floats:
    """(s, d) samples by a linear decoder of all visits of each together, learned from the attacker's own samples.

    Args:
        visits: of each sample.
        known: whose samples go through the first layer of every visit, under noise as strong.
    """
    learned: dict[tuple[int, ...], Decoder] = {}
    found = []
    for own in visits:
        key = tuple(id(visit.weights) for visit in own)
        if key not in learned:
            activity = np.hstack([known.through(visit, number) for number, visit in enumerate(own)])
            learned[key] = Decoder.learned(activity, known.pairs[1])
        found.append(learned[key](np.hstack([visit.activity for visit in own])))
    return np.concatenate(found)


def _by_gradient(sight: Sight, known: Knowledge) -> dict[str, Floats]:
    assert sight.gradient is not None
    gradient = sight.gradient[:, :-1]
    deltas = first_deltas(sight, known.parameters, known.network, known.cut_noise)
    usual = ROUNDING * float(np.sqrt(np.mean(gradient**2)))
    noise = max(usual, 1e-12)
    if known.cut_noise or known.term is not None:
        noise = likeliest_noise(deltas, gradient, known.prior, noise)
    found = {
        "pseudo-inverse": pseudo_inverse(deltas, gradient),
        "MAP of gradient": most_likely_by_gradient(deltas, gradient, known.prior, noise),
    }
    if known.term is not None and sight.activity is not None:
        start = most_likely_by_activity([Visit(sight.activity, known.first, known.cut_noise)], known.prior)
        found["pseudo-inverse, term guessed"] = _with_term(start, deltas, gradient, known.term)
    return found


def _with_term(start: Floats, deltas: Floats, gradient: Floats, term: Callable[[Floats], Floats]) -> Floats:
    """(s, d) samples from deltas to which a term of the samples comes: guessed, put in, and guessed again.

    Of all guesses it is the one that explains the gradient best.
    """
    guess, best = start, (np.inf, start)
    for _ in range(_GUESSES):
        whole = deltas + term(guess)
        best = min(best, (float(np.linalg.norm(whole.T @ guess - gradient)), guess), key=lambda each: each[0])
        guess = pseudo_inverse(whole, gradient)
    return best[1]
