"""The map of where rivals collapse, in the study: one piece for each rival and length of episodes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from commonweal.agents.arrays import AnyArray
from commonweal.scenarios.studies.pieces import Piece, Tick
from commonweal.scenarios.studies.reciprocity.collapse import Grid, column

RIVALS: tuple[Literal["ppo", "reinforce"], ...] = ("ppo", "reinforce")
LENGTHS = 1, 4, 16  # acts of each in an episode
CLEARLY = 0.25  # part of the boundary by which a cell is clear of it
ACTS = 64  # of each for an update, however long episodes are


@dataclass(frozen=True)
class Part:
    """The cells of one rival with episodes of one length."""

    rival: Literal["ppo", "reinforce"]
    grid: Grid
    length: int  # T/N

    @property
    def piece(self) -> Piece:
        """To play; it is told of as many rounds as there are updates of single learners."""
        cells = len(self.grid.gammas) * len(self.grid.ratios) * self.grid.seeds
        return Piece(_play, self, cells * self.grid.updates)


def parts(discounts: Sequence[float], seeds: int) -> list[Part]:
    """What the map of both rivals is made of; nothing without discounts.

    Args:
        discounts: γ of an event.
        seeds: of every cell.
    """
    grid = Grid(tuple(discounts), LENGTHS, seeds=seeds, acts=ACTS)
    return [Part(rival, grid, length) for rival in RIVALS for length in LENGTHS] if discounts else []


def _play(asked: Part, tick: Tick) -> dict[str, AnyArray]:
    table = column(asked.rival, asked.grid, asked.length).drop(columns="rival")
    return {str(name): table[name].to_numpy() for name in table.columns}


def collapse_table(asked: Sequence[Part], found: Sequence[dict[str, AnyArray]]) -> pd.DataFrame:
    """A row per rival, length of episodes, discount and b/c, as ``collapse.collapse_map`` gives them."""
    tables = [pd.DataFrame({"rival": part.rival, **cells}) for part, cells in zip(asked, found, strict=True)]
    whole = pd.concat(tables, ignore_index=True)
    each = zip(whole["gamma"], whole["turnover"], whole["ratio"], strict=True)
    whole.insert(1, "cell", [f"γ {gamma:g}, T/N {length:g}, b/c {ratio:g}" for gamma, length, ratio in each])
    return whole


def collapse_sentence(table: pd.DataFrame) -> str:
    """In how many cells on either side of the boundary nobody, or everybody, ends giving to all alike."""
    above = table["ratio"] >= (1 + CLEARLY) * table["boundary"]
    below = table["ratio"] <= table["boundary"] / (1 + CLEARLY)
    said = []
    for rival, rows in table.groupby("rival"):
        name = {"ppo": "PPO", "reinforce": "REINFORCE"}[str(rival)]
        over, under = rows[above[rows.index]], rows[below[rows.index]]
        said.append(
            f"{name} ends constant in {_percent(over)} of {len(over)} cells a quarter or more above the boundary and in"
            f" {_percent(under)} of {len(under)} as far below it"
        )
    return f"Seeds that end giving to all alike, by cells of the map: {'; '.join(said)}."


def _percent(cells: pd.DataFrame) -> str:
    return f"{100 * cells['constant'].mean():.0f} % of seeds" if len(cells) else "no seeds"
