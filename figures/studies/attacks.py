"""Figure of the study ``attacks``: the maps of gains and losses, settlements by attacks."""


import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from commonweal.figures.attack_maps import PERCENT, Scale, draw_attacks
from commonweal.scenarios.runs.intervals import Interval
from commonweal.scenarios.studies.base import Answer
from commonweal.scenarios.studies.judging import per_round

_THOUSAND = 1000.0


def draw(answer: Answer) -> dict[str, Figure]:
    """The figure of an answer, by name."""
    settlements, cells = answer.tables["settlements"], answer.tables["attacks"]
    rows, columns = list(settlements["settlement"]), list(dict.fromkeys(cells["attack"]))
    scale, units = _scale(answer)
    gain, loss = (_map(cells, name, rows, columns, units) for name in ("gain", "honest_loss"))
    seeds = len(answer.provenance.get("seeds", ()))
    note = f"{seeds} seeds, {answer.provenance.get('options', {}).get('horizon', 'all')} rounds."
    labels = [name.replace("_", " ") for name in columns]
    return {"attacks": draw_attacks([name.replace("_", " ") for name in rows], labels, gain, loss, note, scale)}


def _scale(answer: Answer) -> tuple[Scale, dict[str, float]]:
    """Percent of each settlement's honest payoff where that is surely above zero in all; else thousandths of money."""
    table = answer.tables["settlements"]
    if (table["honest_payoff_low"] > 0).all():
        return PERCENT, dict(zip(table["settlement"], 100 / table["honest_payoff"], strict=True))
    cells = answer.tables["attacks"]
    largest = _THOUSAND * float(cells[["gain", "honest_loss"]].abs().to_numpy().max())
    decimals = max(0, 2 - int(np.floor(np.log10(largest)))) if largest > 0 else 0
    unit = f"thousandths of {per_round(answer.provenance)}"
    return Scale(unit, largest or 1.0, "", decimals), dict.fromkeys(table["settlement"], _THOUSAND)


def _map(
    cells: pd.DataFrame, name: str, rows: list[str], columns: list[str], units: dict[str, float]
) -> Interval:
    factor = np.array([units[row] for row in rows])[:, None]

    def values(column: str) -> np.ndarray:
        wide = cells.pivot(index="settlement", columns="attack", values=column).reindex(index=rows, columns=columns)
        return np.asarray(wide.to_numpy(dtype=float) * factor)

    return Interval(*(values(f"{name}{end}") for end in ("", "_low", "_high")))
