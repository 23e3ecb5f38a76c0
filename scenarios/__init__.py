"""Which economies to run and what to ask of them. Notebook use: ``from scenarios import load, sweep``."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scenarios.loading import load, revise
    from scenarios.schema import Scenario
    from scenarios.sweeping import sweep

__all__ = ["Scenario", "load", "revise", "sweep"]

_HOMES = {"Scenario": "schema", "load": "loading", "revise": "loading", "sweep": "sweeping"}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that the command line answers fast."""
    if name not in _HOMES:
        raise AttributeError(f"module 'scenarios' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"scenarios.{_HOMES[name]}"), name)
