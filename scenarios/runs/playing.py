"""One call from a scenario and seeds to the tables of the runs."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from commonweal.scenarios.runs.progress import Progress, counting, told
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.schema.notation import read_seeds
from commonweal.scenarios.schema.scenario import Scenario

if TYPE_CHECKING:
    from commonweal.scenarios.runs.played import Played


def run(
    scenario: Scenario | str | Path,
    seeds: int | Iterable[int] = 8,
    rounds: int | None = None,
    *,
    tell: Progress | None = None,
) -> "Played":
    """Play a scenario with every seed.

    Args:
        scenario: one that is loaded, a name of the library, or the path of a file.
        seeds: how many (0, 1, …), or which.
        rounds: how many to play; as many as the scenario says if not given.
        tell: told the rounds played; a notebook shows them if it is None.

    Returns:
        Frames of all runs; the column ``run`` counts the seeds from 0. ``summary()`` says in words what came out.

    Raises:
        InputError: if there is no such scenario, a seed is not allowed, or the data or this machine cannot give what
            the scenario asks for.
    """
    from commonweal.economy.runs.ensemble import Ensemble  # imports torch
    from commonweal.economy.runs.results import rounds_to_play
    from commonweal.scenarios.runs.played import Played

    economy = scenario if isinstance(scenario, Scenario) else load(scenario)
    numbers = read_seeds(seeds)
    ensemble = Ensemble(economy, numbers)
    with told(tell) as telling:
        step = counting(telling, f"rounds of {economy.name}", rounds_to_play(rounds, economy.rounds))
        results = ensemble.run(rounds, step)
    return Played(**vars(results), scenario=economy, seeds=numbers)
