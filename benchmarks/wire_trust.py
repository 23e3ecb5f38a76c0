"""How soon lies about updates are found where nodes claim them, what liars gain, and how exact honest sums are.

    python benchmarks/wire_trust.py                all tables (two minutes on one core)
    python benchmarks/wire_trust.py residuals      one of them
    python benchmarks/wire_trust.py --write        all, into docs/wire.md

Ten principals on drifting digits who all delegate, as in ``attacks.py``; 8 seeds, 95 % intervals over seeds. A lie is
told in every round from the first on, by three different principals or pairs, each in runs of its own.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from results_page import main, markdown
from shared.attacks import BASE, TRIED, Changes, by

from commonweal.agents.arrays import Floats
from commonweal.agents.conduct import Conduct
from commonweal.agents.streams import Streams
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import Futures, play_futures
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.wire.trust import random_halves
from commonweal.scenarios.runs.intervals import mean_interval
from commonweal.scenarios.schema.loading import load, revise

PAGE = Path(__file__).parents[1] / "docs" / "wire.md"
SEEDS, ROUNDS = range(8), 40
HALVES = (1, 2, 3)
LIES = (
    Deviation("claims × 1.5", (0,), exaggerates=0.5),
    Deviation("one update more", (0,), pads=1.0),
    Deviation("pair that cancels", (0, 1), pads=1.0, cancels=True),
)
ALONE: Changes = {"learning.distrust": "note"}
SLASHED: Changes = {"population.endowment": 0.05, "stakes.stake": 0.05, "stakes.audit": 0.0, "clawback.share": 1.0}
CHECKS: dict[str, Changes] = {
    "none": ALONE,
    "each opens with chance .1": {**ALONE, "learning.audit": 0.1},
    "each opens with chance .5": {**ALONE, "learning.audit": 0.5},
    "sum of all, search": {},
    "and one half": {"learning.halves": 1},
    "and two halves": {"learning.halves": 2},
    "and one half, stakes and clawback": {"learning.halves": 1, **SLASHED},
    "two servers, none": {**ALONE, "learning.wire": "two-servers"},
    "two servers, and one half": {"learning.halves": 1, "learning.wire": "two-servers"},
}


def economy(changes: Changes) -> Any:
    """The scenario under some checks."""
    return revise(load("commons"), {**BASE, "learning.wire": "secure", **changes})


def checks() -> str:
    """Rounds until a liar is caught (the first round is 1) and its gain, percent of an honest payoff, under each check.

    Gains are per member, over 40 rounds. Opened: updates that honest principals open in a round without liars.
    """
    heads = ["check", *(f"{lie.name}: rounds" for lie in LIES), *(f"{lie.name}: gain" for lie in LIES), "opened"]
    return markdown(heads, [_row(name, changes) for name, changes in CHECKS.items()])


def _row(name: str, changes: Changes) -> list[str]:
    ensemble = Ensemble(economy(changes), SEEDS)
    opened = mean_interval(np.array([_opened(seed, changes) for seed in SEEDS])).text(2)
    tried = [by(first, lie) for lie in LIES for first in TRIED]
    futures = play_futures(ensemble.snapshot, tried, ROUNDS)
    assert futures.caught is not None
    assert not accused(futures).any(), "an honest principal is accused"
    assert not futures.balances.sum(axis=2).any(), "a ledger does not add up"
    honest = np.abs(futures.payoffs[:, 0].mean())
    soon = [_soon(until_caught(futures, columns(k))) for k in range(len(LIES))]
    gains = [100 * futures.gains[:, columns(k)].mean(axis=1) / honest for k in range(len(LIES))]
    return [name, *soon, *(mean_interval(each).text(0, "+").replace("-", "−") for each in gains), opened]


def columns(lie: int) -> slice:
    """Places of a lie among those that are tried."""
    return slice(lie * len(TRIED), (lie + 1) * len(TRIED))


def until_caught(futures: Futures, tried: slice) -> Floats:
    """(B,) rounds until the first member is caught, means over who tries; infinite where somebody never is."""
    assert futures.caught is not None
    found = []
    for k in range(tried.start, tried.stop):
        seen = futures.caught[:, 1 + k][..., list(futures.deviations[k].members)].any(axis=2)
        found.append(np.where(seen.any(axis=1), 1.0 + seen.argmax(axis=1), np.inf))
    mean: Floats = np.mean(found, axis=0)
    return mean


def accused(futures: Futures) -> Floats:
    """(1 + D,) how often somebody is caught who does not lie."""
    assert futures.caught is not None
    times = futures.caught.sum(axis=(0, 2)).astype(np.float64)
    for k, deviation in enumerate(futures.deviations, start=1):
        times[k, list(deviation.members)] = 0.0
    total: Floats = times.sum(axis=1)
    return total


def _soon(rounds: Floats) -> str:
    """Mean and interval; a dash where somebody is never caught."""
    if not np.isfinite(rounds).all():
        return "never" if np.isinf(rounds).all() else "–"
    if np.ptp(rounds) == 0:
        return f"{rounds[0]:.2f}"
    return mean_interval(rounds).text(2)


def _opened(seed: int, changes: Changes) -> float:
    return float(Ensemble(economy(changes), [seed]).run(5).rounds["updates_opened"].mean())


def residuals() -> str:
    """How far sums of claims are off over 4 in-process nodes, 10 rounds: honest, and with one principal's × 1.5.

    Residuals are relative to the sizes of all claims; used: the largest part of what is tolerated that honest claims
    take up; found: the smallest share by which a typical principal can exaggerate without failing, median over rounds.
    """
    rows = [_exactness(mode, precision) for mode in ("secure", "two-servers") for precision in ("float64", "float32")]
    return markdown(["mode", "precision", "honest", "used", "one × 1.5", "found from"], rows)


def _exactness(mode: str, precision: str) -> list[str]:
    changes = {"learning.wire": mode, "precision": precision, "learning.halves": 2, "learning.distrust": "note"}
    plain, lying = (Ensemble(economy(changes), SEEDS) for _ in range(2))
    conduct = Conduct.plain(*lying.world.shape, 0)
    conduct.exaggerates[:, 0] = 0.5
    lying.world = replace(lying.world, conduct=conduct)
    honest, told = _checked(plain), _checked(lying)
    off, seen = (np.stack([each.residual.max(axis=1) for each in series]) for series in (honest, told))
    used = max(each.excess.max() for each in honest)
    least = np.median([0.5 / each.excess[:, 0] for each in told])
    one = mean_interval(seen.mean(axis=0)).text(3)
    return [mode, precision, f"{off.max():.0e}", f"{used:.3f}", one, f"{least:.0e}"]


def _checked(ensemble: Ensemble, rounds: int = 10) -> Sequence[Any]:
    return [ensemble.step().notes["trust"] for _ in range(rounds)]


def halves() -> str:
    """Rounds until a pair that cancels is parted by random halves, all of N putting something in, over 1000 seeds."""
    heads = ["principals", *(f"{count} a round" for count in HALVES)]
    return markdown(heads, [[str(n), *(_parted(n, count) for count in HALVES)] for n in (6, 10, 40)])


def _parted(principals: int, count: int) -> str:
    stream, everybody = Streams.from_seeds(range(1000)).audit, np.ones((1000, principals), dtype=bool)
    rounds = np.zeros(1000)
    for played in range(1, 101):
        drawn = random_halves(everybody, stream.uniform(1 + count, principals)[:, 1:])
        parted = (drawn[..., 0] != drawn[..., 1]).any(axis=1)
        rounds = np.where((rounds == 0) & parted, played, rounds)
    return mean_interval(rounds).text(2)


if __name__ == "__main__":
    main(__doc__, {"checks": checks, "halves": halves, "residuals": residuals}, "trust-", PAGE)
