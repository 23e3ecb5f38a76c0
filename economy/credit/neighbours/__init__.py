"""Exact nearest-neighbour values: of samples before training, of a round's samples, and of those behind a request."""

from commonweal.economy.credit.neighbours.locality import Locality, localised, tent
from commonweal.economy.credit.neighbours.rule import worth
from commonweal.economy.credit.neighbours.values import Samples, by_owner, duplicated, soft_label, unweighted

__all__ = ["Locality", "Samples", "by_owner", "duplicated", "localised", "soft_label", "tent", "unweighted", "worth"]
