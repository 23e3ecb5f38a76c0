"""What norms promise: two tables of probabilities, the same each time they are asked for, that a policy can follow."""

import numpy as np

from commonweal.agents.errors import InputError
from commonweal.agents.policies.norms import PREFIX
from commonweal.agents.reciprocity.norms import NORMS, Norm, norm_of
from commonweal.testing.policies import check_policy
from commonweal.testing.promises import Promises

ASKED = 3  # times


def check_norm(name: str) -> None:
    """Hold a registered norm to what every norm promises.

    It answers a ``Norm``: probabilities of giving (2, 2), by the images of donor and recipient, and of calling good
    (2, 2, 2), by both images and the act, and the same tables each time. The policy that follows it keeps what every
    policy promises.

    Args:
        name: as a scenario file says it, without the prefix of the policy.

    Raises:
        AssertionError: which promise is broken, and in which case.
        InputError: if there is no such norm.
    """
    NORMS[name]
    says = Promises(f"norm {name!r}")
    first = _asked(says, name)
    kept = first.act.copy(), first.assess.copy()
    for number in range(ASKED):
        found = _asked(says, name)
        for part, table, before in zip(("act", "assess"), (found.act, found.assess), kept, strict=True):
            says.demand(
                np.array_equal(table, before), "it answers the same tables each time", f"{part}, time {number + 2}"
            )
    check_policy(f"{PREFIX}:{name}")


def _asked(says: Promises, name: str) -> Norm:
    """What the norm answers.

    Raises:
        AssertionError: if that is no ``Norm``, or holds what is no probability.
    """
    try:
        return norm_of(name)
    except InputError as error:
        says.demand(False, f"it answers a Norm of probabilities ({error})")
        raise
