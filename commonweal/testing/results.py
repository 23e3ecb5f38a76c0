"""What every result of the atlas promises."""

from commonweal.scenarios.atlas import RESULTS, replay, unnoticed
from commonweal.testing.promises import Promises


def check_result(name: str) -> None:
    """Hold a registered result of the field to what every one promises.

    The same seeds give the same checks; every check of a number notices a change of what it depends on.

    Args:
        name: as it is registered.

    Raises:
        AssertionError: which promise is broken, and in which case.
        InputError: if there is no such result.
    """
    found, says = RESULTS[name], Promises(f"result {name!r}")
    played, again = replay(found), replay(found)
    says.demand(played.checks == again.checks, "the same seeds give the same checks")
    for line in unnoticed(played):
        says.demand(False, "a check notices a change of what it depends on", line)
