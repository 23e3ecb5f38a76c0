"""What happens to what principals contribute: tasks, learning, screening, credit, settlement, the round."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from commonweal.economy.runs.cooperative import Cooperative
    from commonweal.economy.runs.ensemble import Ensemble

__all__ = ["Cooperative", "Ensemble"]


def __getattr__(name: str) -> Any:
    """Import on first use: the kernel needs no Mesa, and a command's help no torch."""
    if name == "Cooperative":
        from commonweal.economy.runs.cooperative import Cooperative

        return Cooperative
    if name == "Ensemble":
        from commonweal.economy.runs.ensemble import Ensemble

        return Ensemble
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
