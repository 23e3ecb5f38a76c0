"""One economy played with checkpoints, so that the same command goes on where it was stopped."""

import shutil
import sys
from pathlib import Path

from commonweal.economy.runs.checkpoint import play_on
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.runs.comparing import benchmark
from commonweal.scenarios.runs.progress import Progress, counting, silent
from commonweal.scenarios.runs.tables import SweepResults, gather
from commonweal.scenarios.schema.scenario import Scenario


def kept_in(folder: Path) -> Path:
    """Where the checkpoints of results that will lie in ``folder`` are kept."""
    return folder.absolute().with_name(f".{folder.absolute().name}.checkpoints")


def play_kept(
    base: Scenario,
    seeds: tuple[int, ...],
    folder: Path,
    every: int,
    *,
    keep_ledger: bool = False,
    tell: Progress = silent,
) -> SweepResults:
    """Play an economy and the one in which everybody delegates, keeping checkpoints of both; go on where there are any.

    Args:
        base: the economy.
        seeds: one run per seed.
        folder: where its results will lie; checkpoints are kept beside it.
        every: rounds between checkpoints.
        keep_ledger: keep every transfer of money.
        tell: told the rounds played.

    Returns:
        The same tables as without checkpoints.

    Raises:
        InputError: if a checkpoint is of another run, damaged, or cannot be written.
    """
    ideal, place = benchmark(base), kept_in(folder)
    on_round = counting(tell, f"rounds of {base.name}", base.rounds + ideal.rounds)
    try:
        own = play_on(Ensemble(base, seeds, keep_ledger=keep_ledger), place / "run.npz", every, on_round)
        rewarded = play_on(Ensemble(ideal, seeds), place / "all-delegate.npz", every, on_round)
    except KeyboardInterrupt:
        if place.is_dir():
            print(f"checkpoints are kept in {place}: the same command goes on from there", file=sys.stderr)
        raise
    return gather(base, seeds, [{}], [own], [rewarded])


def forget(folder: Path) -> None:
    """Remove the checkpoints of results that lie in ``folder`` now."""
    shutil.rmtree(kept_in(folder), ignore_errors=True)
