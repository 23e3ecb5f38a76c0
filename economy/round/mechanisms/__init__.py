"""The mechanisms of this library: one file each, with its state and its hooks."""

from commonweal.economy.round.mechanisms import clawback, copies, deals, identity, menu, stakes, tolerance

__all__ = ["clawback", "copies", "deals", "identity", "menu", "stakes", "tolerance"]
