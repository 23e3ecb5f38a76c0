"""Judging a league: other seeds choose the strongest of the catalogue and its challenger, fresh ones compare them.

So neither is judged by its luck, and one comparison is made. The challenger surely beats the catalogue only where it is
surely ahead of each of its strongest: the lower end is the lowest against any of them, which needs no correction for
their number (intersection-union test: Berger 1982). The upper end is that against the one that other seeds chose.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.economy.futures.deviations import Deviation
from commonweal.scenarios.runs.intervals import Interval, mean_interval
from commonweal.scenarios.studies.attacks.exploitability import strongest
from commonweal.scenarios.studies.league.known import Known
from commonweal.scenarios.studies.league.options import CATALOGUE
from commonweal.scenarios.studies.league.playing import Bench
from commonweal.scenarios.studies.league.season import HONEST, Entrant, Season

_SAME = 1e-10  # money per round: attacks whose gains differ by less in every run do the same


@dataclass(frozen=True)
class Verdict:
    """What C attacks of the catalogue and E entrants gain by themselves on fresh seeds."""

    catalogue: tuple[Deviation, ...]  # C, the strongest first by the seeds that chose
    entrants: tuple[Entrant, ...]  # E, none of which is of the catalogue
    challenger: int  # of the entrants, which was the strongest on the seeds that chose
    chosen: Floats  # (C + E,) means on the seeds that chose
    gains: Floats  # (S, P, C + E) on fresh ones
    confidence: float

    @property
    def at(self) -> int:
        """Where the challenger stands among all C + E."""
        return len(self.catalogue) + self.challenger

    def ahead(self, place: int, at: int | None = None) -> Interval:
        """() how far one of the C + E is ahead of the catalogue.

        Args:
            place: of which.
            at: of the P principals; all of them if None.
        """
        gains = self.gains.mean(axis=1) if at is None else self.gains[:, at]
        every = mean_interval(gains[:, [place]] - gains[:, : len(self.catalogue)], self.confidence)
        low = every.low.min() if place >= len(self.catalogue) else every.low[0]
        return Interval(every.value[0], low, every.high[0])

    @property
    def gain(self) -> Interval:
        """(C + E,) per round, mean over the principals that tried."""
        return mean_interval(self.gains.mean(axis=1), self.confidence)

    @property
    def first(self) -> int:
        """Which of the C + E was the strongest on the seeds that chose."""
        return 0 if self.chosen[0] >= self.chosen[self.at] else self.at

    @property
    def exploitability(self) -> Interval:
        """() what the strongest of all gains; its upper end covers every attack that was judged."""
        gains = self.gains.mean(axis=1)
        rest = [k for k in range(gains.shape[1]) if k != self.first]
        return strongest(gains[:, [self.first, *rest]], self.confidence)


def judged(bench: Bench, known: Known, season: Season, seeds: Sequence[int]) -> Verdict:
    """Choose on some seeds and compare on others.

    Args:
        bench: plays them.
        known: what was tried before anybody learned.
        season: who entered.
        seeds: that were used so far; those that choose and those that judge follow the largest of them.
    """
    every = [each.deviation for each in known.catalogue]
    entrants = tuple(each for each in season.entrants if each.origin not in (HONEST, CATALOGUE))
    entered = [each.deviation for each in entrants]
    choosing, fresh = seeds_after(seeds, bench)
    found = bench.gains([*every, *entered], choosing, "attacks on the seeds that choose")
    chosen = found.mean(axis=(0, 1))
    best = np.argsort(-chosen[: len(every)], kind="stable")[: bench.options.rivals]
    catalogue, order = tuple(every[k] for k in best), [*best, *range(len(every), len(chosen))]
    challenger = challenger_of(found[..., : len(every)], found[..., len(every) :])
    gains = bench.gains([*catalogue, *entered], fresh, "attacks on held-out seeds")
    return Verdict(catalogue, entrants, challenger, chosen[order], gains, bench.options.confidence)


def challenger_of(known: Floats, entered: Floats) -> int:
    """The strongest of E entrants, by gains (S, P, E); who does the same as one of C known attacks only if all do.

    Args:
        known: (S, P, C) gains of the catalogue.
        entered: (S, P, E) gains of entrants.
    """
    close = np.isclose(entered[..., None], known[..., None, :], rtol=0, atol=_SAME)
    same = np.asarray(close.all(axis=(0, 1))).any(axis=1)
    means = entered.mean(axis=(0, 1))
    return int(np.argmax(means if same.all() else np.where(same, -np.inf, means)))


def seeds_after(seeds: Sequence[int], bench: Bench) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The seeds that choose, and after them those that judge."""
    first, options = max(seeds) + 1, bench.options
    middle = first + options.choosing
    return tuple(range(first, middle)), tuple(range(middle, middle + options.held_out))

