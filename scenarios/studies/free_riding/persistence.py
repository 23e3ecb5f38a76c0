"""Persistence: how much free-riding remains, how long cooperation lasts, and what that costs everybody."""

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats
from commonweal.economy.round.words import Words
from commonweal.scenarios.runs.intervals import POSITIVE, SHARE, beside, mean_interval, range_of
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.schema.words import words_of
from commonweal.scenarios.studies.pieces import Pieces
from commonweal.scenarios.sweeps.sweep import comparison, sweep

_LAST = ("share_delegate", "share_free_ride", "share_defect", "accuracy", "welfare", "price_of_anarchy")


def persistence(
    scenario: Scenario, seeds: tuple[int, ...], pieces: Pieces
) -> tuple[pd.DataFrame, pd.DataFrame, Floats]:
    """Play a scenario as it is.

    Args:
        scenario: the economy.
        seeds: S of them.
        pieces: plays and keeps it.

    Returns:
        Means over the last quarter of rounds, a row per measure; the course of delegating, a row per round; and the
        half-life of cooperation (S,), nan where it never halved.
    """
    plan = comparison(scenario, seeds=seeds)
    with pieces.place(plan) as place:
        results = sweep(plan, tell=pieces.share("course", course_rounds(scenario, seeds)), folder=place)
    words = words_of(scenario)
    last = [name for name in _LAST if words.has(name)]
    values = results.runs[last].to_numpy(dtype=np.float64)
    found = beside([mean_interval(values[:, k], within=range_of(name)) for k, name in enumerate(last)])
    measures = pd.DataFrame({"measure": [_words(name, words) for name in last], **found.columns("mean")})
    shares = results.rounds.pivot_table(index="run", columns="round", values="share_delegate").to_numpy()
    of_all = mean_interval(shares, within=SHARE)
    course = pd.DataFrame({"round": np.arange(1, shares.shape[1] + 1), **of_all.columns("share_delegate")})
    lives = half_life(shares)
    return pd.concat([measures, _lives_row(lives)], ignore_index=True), course, lives


def course_rounds(scenario: Scenario, seeds: tuple[int, ...]) -> int:
    """Rounds of single runs that are played, with those in which everybody delegates."""
    return 2 * scenario.rounds * len(seeds)


def half_life(shares: Floats) -> Floats:
    """Rounds until half of those who cooperated at first still do; nan where that never happens.

    Args:
        shares: (S, T) share that delegates in every round.
    """
    halved = shares <= shares[:, :1] / 2
    lives: Floats = np.where(halved.any(axis=1), halved.argmax(axis=1), np.nan)
    return lives


def _lives_row(lives: Floats) -> pd.DataFrame:
    """The half-life as one more measure; without an interval if some seeds have none."""
    if np.isnan(lives).all():
        return pd.DataFrame()
    found = mean_interval(lives, within=POSITIVE).columns("mean")
    ends = found if not np.isnan(lives).any() else {"mean": np.nanmedian(lives)}
    label = "half life of cooperation (rounds)"
    if np.isnan(lives).any():
        label = f"half life of cooperation (rounds; median of the {np.isfinite(lives).sum()} seeds in which it halved)"
    return pd.DataFrame({"measure": [label], **{name: [float(value)] for name, value in ends.items()}})


def _words(name: str, words: Words) -> str:
    own = {"accuracy": words.quality, "welfare": words.welfare_axis}
    return own.get(name, name.replace("_", " "))
