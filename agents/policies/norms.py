"""Norm followers: ``norm:NAME`` gives or refuses by both names, as a norm says (``agents.reciprocity.norms``)."""

from functools import wraps

import numpy as np

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.policies.base import POLICIES, Law, Observation, Policy, PolicyTerms, certainly, policy
from commonweal.agents.policies.conditional import delegating_and_shirking, either
from commonweal.agents.reciprocity.encounters import Seen
from commonweal.agents.reciprocity.norms import NORMS, norm_of
from commonweal.agents.streams import Stream

PREFIX = "norm"  # of the names of these policies


def norm_follower(name: str) -> Policy:
    """The policy that follows a registered norm, which is looked up when it decides."""

    @wraps(NORMS[name])  # whose code decides
    def follow(observation: Observation, terms: PolicyTerms, stream: Stream) -> Ints:
        return gives_or_refuses(observation, norm_of(name).act, stream)

    return follow


def law_of_norm(name: str) -> Law:
    """The law of the policy that follows a registered norm."""

    def law(observation: Observation, terms: PolicyTerms) -> Floats:
        return law_of_giving(observation, norm_of(name).act)

    return law


def reciprocity_law(observation: Observation, terms: PolicyTerms) -> Floats:
    """(R, N, 4) giving with the probabilities that the learner has come to."""
    seen: Seen | None = observation.shown.get("reciprocity")
    return law_of_giving(observation, None if seen is None else seen.giving)


def law_of_giving(observation: Observation, act: Floats | None) -> Floats:
    """(R, N, 4) delegating as likely as both names make it, else shirking; see ``gives_or_refuses``."""
    seen: Seen | None = observation.shown.get("reciprocity")
    if seen is None or act is None:
        return certainly(observation.population.action)
    chance = np.where(seen.meets, _chance(seen, act), 1.0)
    return either(np.clip(chance, 0.0, 1.0), *delegating_and_shirking(observation.available))


def _chance(seen: Seen, act: Floats) -> Floats:
    """(R, N) probability of giving, by both names."""
    if act.ndim == 2:
        by_names: Floats = act[seen.image, seen.other]
        return by_names
    runs, principals = seen.image.shape
    by_learner: Floats = act[np.arange(runs)[:, None], np.arange(principals), seen.image, seen.other]
    return by_learner


@policy("reciprocity", remembers=False, starts=True, names=True, law=reciprocity_law)
def reciprocity(observation: Observation, terms: PolicyTerms, stream: Stream) -> Ints:
    """Give with the probabilities that the learner has come to (``agents.reciprocity.learner``). Takes N numbers."""
    seen: Seen | None = observation.shown.get("reciprocity")
    return gives_or_refuses(observation, None if seen is None else seen.giving, stream)


def gives_or_refuses(observation: Observation, act: Floats | None, stream: Stream) -> Ints:
    """Delegate for the counterpart with a probability that depends on both names, or shirk.

    Args:
        observation: what the mechanism ``reciprocity`` shows; where it shows nothing, everybody does what it did.
        act: (2, 2) or (R, N, 2, 2) probability of giving, by image of donor and recipient.
        stream: takes N numbers of each run.

    Returns:
        (R, N) actions. Who meets nobody delegates for itself. Who shirks free-rides, abstains where that is not
        available, or else defects.
    """
    luck = stream.uniform(observation.population.shape[1])
    seen: Seen | None = observation.shown.get("reciprocity")
    delegating, shirking = delegating_and_shirking(observation.available)
    if seen is None or act is None:
        return observation.population.action
    gives = (luck < _chance(seen, act)) | ~seen.meets
    return np.where(gives, np.int64(delegating), np.int64(shirking))


POLICIES.derive(PREFIX, NORMS, norm_follower, of_each={"law": law_of_norm}, remembers=False, starts=True, names=True)
