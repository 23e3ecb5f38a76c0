"""Where fields of older scenario files are now."""

from collections.abc import Mapping, Sequence
from typing import Any

from commonweal.scenarios.schema.notation import join_path

# Fields of [contract] of version 0.1, by their new places.
MOVED: dict[str, str] = {
    "contract.stake": "stakes.stake",
    "contract.audit": "stakes.audit",
    "contract.reveal": "stakes.reveal",
    "contract.slash": "stakes.slash",
    "contract.endowment": "population.endowment",
    "contract.clawback": "clawback.share",
    "contract.identity_cost": "identity.cost",
    "contract.reward": "rewards.kind",
    "contract.content": "rewards.content",
    "contract.joining": "rewards.joining",
    "contract.accuracy": "rewards.accuracy",
    "contract.shaping_margin": "rewards.shaping_margin",
    "contract.altruism": "rewards.altruism",
    "contract.time": "rewards.time",
    "contract.rho": "rewards.rho",
    "contract.alone": "rewards.alone",
    "contract.realise": "rewards.realise",
    "contract.tolerance": "rewards.tolerance",
    "contract.offer": "menu.offer",
    "contract.term": "menu.term",
    "contract.reading": "menu.reading",
    "contract.negotiation": "negotiation.kind",
    "contract.negotiator": "negotiation.negotiator",
    "contract.negotiation_every": "negotiation.every",
    "contract.returns": "negotiation.returns",
    "contract.concession": "negotiation.concession",
    "contract.admissibility_budget": "tolerance.budget",
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
