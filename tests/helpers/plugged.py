"""A rule for every plug point, for tests. Registered where this is imported, in workers too."""

from typing import Any

from commonweal.agents.registry import REGISTRIES

NAME = "of-another-module"


def rule(*arguments: Any) -> Any:
    """Never asked."""


for registry in REGISTRIES:
    registry.register(NAME)(rule)
