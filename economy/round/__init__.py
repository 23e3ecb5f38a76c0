"""A round: agree, learn, pay, remember."""

from commonweal.economy.round.play import Record, play_round

__all__ = ["Record", "play_round"]
