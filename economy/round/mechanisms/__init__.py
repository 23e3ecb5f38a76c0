"""The mechanisms of this library: one file each, with its state and its hooks."""

from commonweal.economy.round.mechanisms import (
    beliefs,
    clawback,
    concern,
    copies,
    deals,
    identity,
    image_terms,
    learned,
    menu,
    q_network,
    reciprocity,
    selection,
    stakes,
    tolerance,
    voice,
    wire,
)

__all__ = [
    "beliefs", "clawback", "concern", "copies", "deals", "identity", "image_terms", "learned", "menu", "q_network",
    "reciprocity", "selection", "stakes", "tolerance", "voice", "wire",
]  # fmt: skip
