"""A round: agree, learn, pay, remember."""

from commonweal.economy.round.play import play_round
from commonweal.economy.round.record import Record

__all__ = ["Record", "play_round"]
