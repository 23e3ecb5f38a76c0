"""Opinions after a round, where names are private: everybody judges what it sees by its own opinions."""

from dataclasses import dataclass, replace

import numpy as np

from commonweal.agents.arrays import AnyArray, Bools, Floats, Ints
from commonweal.agents.reciprocity.private import Encounters, Society, privately_judged, reassessed, verdicts
from commonweal.agents.reciprocity.terms import ReciprocityTerms
from commonweal.economy.round.judges import RulesByPolicy


@dataclass(frozen=True)
class Encountered:
    """What happened between principals in a round."""

    counterpart: Ints  # (R, N) whose request each had
    meets: Bools  # (R, N) who had one of somebody who took part too
    gave: Bools  # (R, N)
    present: Bools  # (R, N) who took part, and so may have seen it


def opinions_after(
    opinions: AnyArray, round: Encountered, rules: RulesByPolicy, policy: Ints, terms: ReciprocityTerms, luck: Floats
) -> AnyArray:
    """(R, N, N) int8 what everybody thinks of everybody after a round, all judged by the opinions of before.

    Args:
        opinions: (R, N, N) int8 by viewer and subject.
        round: what happened.
        rules: of all policies.
        policy: (R, N) position of everybody's policy.
        terms: errors, and who sees what.
        luck: (R, N, N) uniform numbers in [0, 1), by viewer and donor.
    """
    perception, assignment = (rate[..., None, None] for rate in (terms.perception, terms.assignment))
    assess = privately_judged(rules.assess[policy], perception, assignment)
    donor = np.broadcast_to(np.arange(policy.shape[1]), policy.shape)
    met = Encounters(donor, round.counterpart)
    after = verdicts(opinions, met, round.gave, Society(rules.act[policy], assess, terms.observed), luck)
    seen = after.seen & round.meets[:, None, :] & round.present[:, :, None]
    return reassessed(opinions, met, replace(after, seen=seen))
