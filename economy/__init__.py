"""What happens to what principals contribute: tasks, learning, screening, credit, settlement, the round."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from economy.ensemble import Ensemble
    from economy.model import Cooperative

__all__ = ["Cooperative", "Ensemble"]


def __getattr__(name: str) -> Any:
    """Import on first use: the kernel needs no Mesa, and a command's help no torch."""
    if name == "Cooperative":
        from economy.model import Cooperative

        return Cooperative
    if name == "Ensemble":
        from economy.ensemble import Ensemble

        return Ensemble
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
