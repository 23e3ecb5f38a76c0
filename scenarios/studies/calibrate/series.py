"""Series of human contributions: those that come with the library, and any CSV file.

Contributions in the economy are all or nothing, so a mean contribution is the share that delegates.
"""

from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError, apart
from commonweal.scenarios.schema.library import LIBRARY, is_file

FOLDER = LIBRARY / "data"
TOKENS = 20.0  # endowment in the experiments that come with the library

_FOURS: dict[str, Any] = {"market.multiplication": 1.6, "market.contribution": 1.0, "market.group_size": 4}
_STRANGERS = {**_FOURS, "market.groups": "random", "population.graph": "complete", "market.punishment.probability": 0.0}
_PARTNERS = {**_STRANGERS, "market.groups": "blocks", "population.graph": "cliques", "population.degree": 3}
# A punishment point takes 3 tokens and costs 1 (of 20). Taken together: who punishes assigns three points.
_PUNISHED = {**_PARTNERS, "market.punishment.probability": 0.5, "market.punishment.cost": 0.15,
             "market.punishment.fine": 0.45}  # fmt: skip

GAMES: dict[str, dict[str, Any]] = {  # the experiment's own game, as fields of a scenario
    "fischbacher-gaechter-2010": _STRANGERS,
    "herrmann-2008": _PARTNERS,
    "herrmann-2008-punishment": _PUNISHED,
}


@dataclass(frozen=True)
class Series:
    """Mean contributions of T periods."""

    name: str
    contribution: Floats  # (T,) share of the endowment
    zero_share: Floats  # (T,) share of subjects who gave nothing; nan where not known
    game: dict[str, Any] = field(default_factory=dict)  # what the experiment was, as fields of a scenario
    source: str = ""


def read_series(name: str, endowment: float | None = None) -> Series:
    """A series by its name in the library, or from a CSV file.

    Args:
        name: of the library, or the path of a file with columns period and contribution, and zero_share if known.
        endowment: tokens a subject could give, if the file counts in tokens; it counts in shares if not given.

    Raises:
        InputError: if there is no such series, or the file has not what is needed.
    """
    if name in GAMES:
        return _read(FOLDER / f"{name}.csv", name, TOKENS, GAMES[name])
    path = Path(name)
    if not is_file(path):
        raise InputError(f"option data = {name!r}: must be one of {', '.join(GAMES)}, or the path of a CSV file")
    return _read(path, path.stem, endowment or 1.0, {})


def _read(path: Path, name: str, endowment: float, game: dict[str, Any]) -> Series:
    try:
        text = path.read_text(encoding="utf-8-sig")
        table = pd.read_csv(StringIO(text), comment="#")
        contribution = table["contribution"].to_numpy(dtype=np.float64) / endowment
        period = table["period"].to_numpy(dtype=np.float64)
        known = "zero_share" in table
        zero = table["zero_share"].to_numpy(dtype=np.float64) if known else np.full(len(period), np.nan)
    except KeyError as missing:
        raise InputError(f"{path}: has no column {missing}; it needs period and contribution") from None
    except (OSError, ValueError) as error:  # pandas' own errors, and bad encodings, are ValueErrors
        raise InputError(f"{path}: cannot be read as CSV: {error}") from None
    if len(period) < 3 or not np.array_equal(period, np.arange(1, len(period) + 1)):
        raise InputError(f"{path}: period must count 1, 2, 3, …, at least three of them")
    if not ((contribution >= 0) & (contribution <= 1)).all():
        wrong = table["contribution"][~((contribution >= 0) & (contribution <= 1))].iloc[0]
        found, _, most = apart(wrong, 0, endowment)
        raise InputError(f"{path}: contribution {found}: must be between 0 and the endowment {most}")
    if (wrong_shares := zero[(zero < 0) | (zero > 1)]).size:
        raise InputError(f"{path}: zero_share {wrong_shares[0]:g}: must be a share between 0 and 1, or empty")
    lines = [line.removeprefix("#").strip() for line in text.splitlines() if line.startswith("#")]
    return Series(name, contribution, zero, game, " ".join(lines))
