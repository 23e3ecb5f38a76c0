"""Glances: what a picture of the society needs of every round, as bytes, so that many rounds are kept."""

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.world.world import World
from commonweal.figures.browser.notes.chronicle import Sight
from commonweal.figures.browser.notes.shown import gives_models, names_count, pays_money

SIZED = 2000  # principals whose size and ring are kept; of more only what they do
KEPT = 64_000_000  # bytes of glances kept at a time
STRUCK = 128  # added to the action of whose update the quality gate dropped
BAD = 64  # added to the action of who has a bad name after the round
_TOP = 65535  # of a ring: all


class Glances:
    """What each principal does, has and is worth in the latest rounds.

    Args:
        world: of one run.
    """

    def __init__(self, world: World) -> None:
        self._money, self._bytes = pays_money(world), 0
        self.sized = world.shape[1] <= SIZED
        self.rings = (("reputation", "credit", "own model") if gives_models(world) else ("reputation", "credit"))
        self.named = names_count(world)
        self._rounds: OrderedDict[int, tuple[bytes, bytes, dict[str, bytes], bytes]] = OrderedDict()

    def note(self, sight: Sight) -> None:
        """Keep what is to be drawn after a round."""
        rings = {name: _shares(sight, name).tobytes() for name in self.rings} if self.sized else {}
        amounts = sight.wealth if self._money else sight.samples
        size = np.asarray(amounts, dtype="<f4").tobytes() if self.sized else b""
        told = sight.actions + STRUCK * sight.gated + BAD * bad_names(sight)
        requests = _whose(sight) if self.sized else b""
        self._rounds[sight.round] = (told.astype(np.uint8).tobytes(), size, rings, requests)
        self._bytes += self._weight(sight.round)
        while self._bytes > KEPT and len(self._rounds) > 1:
            oldest = next(iter(self._rounds))
            self._bytes -= self._weight(oldest)
            del self._rounds[oldest]

    @property
    def each(self) -> int:
        """Bytes that are sent of each principal in a round."""
        return (9 if self.named else 7) if self.sized else 1

    @property
    def first(self) -> int:
        """The earliest round kept."""
        return next(iter(self._rounds))

    def known(self, rounds: Sequence[int]) -> list[int]:
        """Those of some rounds that are kept."""
        return [round for round in rounds if round in self._rounds]

    def bytes_of(self, rounds: Sequence[int], ring: str) -> bytes:
        """Of each of some rounds: (N,) uint8 actions, (N,) float32 sizes, (N,) uint16 places on the ring's scale.

        Where names count (N,) uint16 follow: whose request each had; itself where it met nobody. Actions are with
        ``STRUCK`` and ``BAD``. Of more than ``SIZED`` principals actions alone.
        """
        parts = []
        for round in rounds:
            actions, size, rings, requests = self._rounds[round]
            parts += [actions, size, rings.get(ring, b""), requests]
        return b"".join(parts)

    def deeds(self, index: int) -> tuple[int, list[int]]:
        """The first round kept after the beginning, and what a principal did since, round by round, with ``BAD``."""
        rounds = [round for round in self._rounds if round > 0]
        return min(rounds, default=0), [self._rounds[round][0][index] % STRUCK for round in rounds]

    def _weight(self, round: int) -> int:
        actions, size, rings, requests = self._rounds[round]
        return len(actions) + len(size) + sum(map(len, rings.values())) + len(requests)


def bad_names(sight: Sight) -> Ints:
    """(N,) 1 for who has a bad name after the round, private ones in the eyes of most; 0 where names do not count."""
    if sight.requests is None:
        return np.zeros_like(sight.actions)
    return np.asarray(sight.requests.good < 0.5, dtype=np.int64)


def _whose(sight: Sight) -> bytes:
    """(N,) uint16 whose request each had; nothing where names do not count."""
    return b"" if sight.requests is None else sight.requests.counterpart.astype("<u2").tobytes()


def _shares(sight: Sight, ring: str) -> Floats:
    """(N,) uint16 place of everybody on a ring's scale.

    Of reputation from 0 to 1, of credit up to the most, of models up to the shared one's accuracy.
    """
    values = {"reputation": sight.reputation, "credit": sight.cumulated, "own model": sight.given}[ring]
    top = {"reputation": 1.0, "credit": float(values.max(initial=0.0)), "own model": sight.quality}[ring]
    shares: Floats = (np.clip(values / (top or 1.0), 0.0, 1.0) * _TOP).round().astype("<u2")
    return shares
