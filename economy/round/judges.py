"""Judges of a round: by which rule each gives and judges, what it says of donors, and whom it lets in."""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import AnyArray, Bools, Floats, Ints
from commonweal.agents.conduct import Conduct
from commonweal.agents.policies.norms import PREFIX
from commonweal.agents.reciprocity.norms import BAD, judged, norm_of
from commonweal.agents.reciprocity.terms import ReciprocityTerms


@dataclass(frozen=True)
class RulesByPolicy:
    """How who follows each of P policies gives and judges: by its norm, or by the one that is usual."""

    act: Floats  # (P, 2, 2) probability of giving
    assess: Floats  # (P, 2, 2, 2) probability of calling good, before errors

    @classmethod
    def of(cls, policies: tuple[str, ...], usual: str) -> "RulesByPolicy":
        """The rules of policies by name; ``usual`` is the norm of those that are no norm's.

        Raises:
            InputError: if a norm is not registered.
        """
        named = [name.partition(":") for name in policies]
        norms = [norm_of(rest if prefix == PREFIX and colon else usual) for prefix, colon, rest in named]
        return cls(np.stack([each.act for each in norms]), np.stack([each.assess for each in norms]))

    def chances(self, policy: Ints, x: Ints, y: Ints, gave: Ints, terms: ReciprocityTerms) -> Floats:
        """Probability that judges say good, after errors.

        Args:
            policy: (R, …) position of each judge's policy.
            x: (R, …) image of the donor.
            y: (R, …) image of its recipient.
            gave: (R, …) 1 if it gave, else 0.
            terms: errors.
        """
        perception, assignment = (rate[..., None, None] for rate in (terms.perception, terms.assignment))
        erring = judged(self.assess[None], perception, assignment)  # (R, P, 2, 2, 2)
        row = np.arange(len(policy)).reshape(-1, *[1] * (policy.ndim - 1))
        chance: Floats = erring[row, policy, x, y, gave]
        return chance


def chances_of_each(assess: Floats, judges: Ints, case: tuple[Ints, Ints, Ints], terms: ReciprocityTerms) -> Floats:
    """(R, N, J) probability that judges say good, after errors, where each has a rule of its own.

    Args:
        assess: (R, N, 2, 2, 2) rules, before errors.
        judges: (R, N, J) who they are.
        case: (R, N, 1) images of donor and recipient, and 1 where it gave.
        terms: errors.
    """
    perception, assignment = (rate[..., None, None] for rate in (terms.perception, terms.assignment))
    row = np.arange(len(judges))[:, None, None]
    chance: Floats = judged(assess, perception, assignment)[row, judges, *case]
    return chance


def at(values: AnyArray, places: Ints) -> AnyArray:
    """(R, N, J) what stands in (R, N) values at places (R, N, J)."""
    row = np.arange(len(places))[:, None, None]
    found: AnyArray = values[row, places]
    return found


def verdicts_of(chance: Floats, luck: Floats, judges: Ints, conduct: Conduct | None) -> Bools:
    """What judges say of every donor: true for good.

    Args:
        chance: (R, N, J) probability of good, if they are honest.
        luck: (R, N, J) uniform numbers in [0, 1).
        judges: (R, N, J) who they are.
        conduct: who slanders, and who praises whom; None: nobody.
    """
    good: Bools = luck < chance
    if conduct is None:
        return good
    ring = at(conduct.ring, judges)
    praised = (ring >= 0) & (ring == conduct.ring[..., None])
    said: Bools = (good & ~at(conduct.slanders, judges)) | praised
    return said


def let_in(
    rules: RulesByPolicy, policy: Ints, image: Ints, judges: Ints, luck: Floats, conduct: Conduct | None
) -> Bools:
    """(R, N) whom a vote of its judges lets in: each votes as it would give, by its own name and the candidate's.

    Args:
        rules: of all policies.
        policy: (R, N) position of everybody's policy.
        image: (R, N) names.
        judges: (R, N, J) who votes on each.
        luck: (R, N, J) uniform numbers in [0, 1).
        conduct: who slanders, and who praises whom; None: nobody.
    """
    chance = rules.act[at(policy, judges), at(image, judges), image[..., None]]
    votes = verdicts_of(chance, luck, judges, conduct)
    admitted: Bools = (image != BAD) | (2 * votes.sum(axis=2) > judges.shape[2])
    return admitted
