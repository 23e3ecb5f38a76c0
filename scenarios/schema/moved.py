"""Where fields of older scenario files are now."""

from collections.abc import Mapping, Sequence
from typing import Any

from commonweal.scenarios.schema.notation import join_path

# Fields of [contract] of version 0.1, by their new places.
MOVED: dict[str, str] = {
    "stakes.stake": "stakes.stake",
    "stakes.audit": "stakes.audit",
    "stakes.reveal": "stakes.reveal",
    "stakes.slash": "stakes.slash",
    "population.endowment": "population.endowment",
    "clawback.share": "clawback.share",
    "identity.cost": "identity.cost",
    "rewards.kind": "rewards.kind",
    "rewards.content": "rewards.content",
    "rewards.joining": "rewards.joining",
    "rewards.accuracy": "rewards.accuracy",
    "rewards.shaping_margin": "rewards.shaping_margin",
    "rewards.altruism": "rewards.altruism",
    "rewards.time": "rewards.time",
    "rewards.rho": "rewards.rho",
    "rewards.alone": "rewards.alone",
    "rewards.realise": "rewards.realise",
    "rewards.tolerance": "rewards.tolerance",
    "menu.offer": "menu.offer",
    "menu.term": "menu.term",
    "menu.reading": "menu.reading",
    "negotiation.kind": "negotiation.kind",
    "negotiation.negotiator": "negotiation.negotiator",
    "negotiation.every": "negotiation.every",
    "negotiation.returns": "negotiation.returns",
    "negotiation.concession": "negotiation.concession",
    "tolerance.budget": "tolerance.budget",
}
_CHANGED = "(scenario files changed in version 0.2)"


def moved(parts: Sequence[str | int], value: Any = None) -> str | None:
    """One line that says where an older field is now; None if there was none.

    Args:
        parts: of the field's path.
        value: what stands there; of a section, the first field that has moved is named.
    """
    path = join_path(parts)
    if isinstance(value, Mapping):
        inside = (f"{path}.{name}" for name in value)
        path = next((each for each in inside if each in MOVED), path)
    for old, new in MOVED.items():
        if path == old or path.startswith(f"{old}."):
            return f"{path} is now {new}{path[len(old) :]} {_CHANGED}"
    if (section := path.partition(".")[0]) in {old.partition(".")[0] for old in MOVED}:
        homes = dict.fromkeys(new.partition(".")[0] for new in MOVED.values())
        return f"{path} is not a field; [{section}] is now {', '.join(f'[{home}]' for home in homes)} {_CHANGED}"
    return None
