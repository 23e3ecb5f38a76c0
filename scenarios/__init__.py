"""Which economies to run and what to ask of them. Notebook use: ``from commonweal.scenarios import load, sweep``."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from commonweal.scenarios.schema.loading import load, revise
    from commonweal.scenarios.schema.scenario import Scenario
    from commonweal.scenarios.sweeps.sweep import sweep

__all__ = ["Scenario", "load", "revise", "sweep"]

_HOMES = {"Scenario": "schema.scenario", "load": "schema.loading", "revise": "schema.loading", "sweep": "sweeps.sweep"}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that the command line answers fast."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"commonweal.scenarios.{_HOMES[name]}"), name)
