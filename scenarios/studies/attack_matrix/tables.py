"""Tables of a matrix: a row for each settlement, and one for each settlement and attack, with intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from commonweal.agents.arrays import Floats
from commonweal.scenarios.runs.intervals import Interval, mean_interval
from commonweal.scenarios.studies.attack_matrix.playing import Outcome, Row
from commonweal.scenarios.studies.intervals import largest_interval

PAYS, LOSES, OPEN = "pays", "loses", "open"


@dataclass(frozen=True)
class Judged:
    """One settlement: what attacks bring, and which surely pay."""

    row: Row
    outcome: Outcome
    gain: Interval  # (A,) of an attacker, each by itself
    loss: Interval  # (A,) of each honest principal
    verdicts: tuple[str, ...]  # A, of all attacks on the settlement together

    def count(self, verdict: str) -> int:
        """How many attacks have a verdict."""
        return self.verdicts.count(verdict)


def judge(row: Row, outcome: Outcome, confidence: float) -> Judged:
    """Judge a settlement.

    Whether an attack surely pays is judged for all attacks on a settlement together (Bonferroni): that of none of them
    it is said wrongly has the confidence asked for.
    """
    together = mean_interval(outcome.gains, 1 - (1 - confidence) / max(1, len(row.attacks)))
    verdicts = tuple(PAYS if low > 0 else LOSES if high < 0 else OPEN
                     for low, high in zip(together.low, together.high, strict=True))  # fmt: skip
    gain, loss = (mean_interval(values, confidence) for values in (outcome.gains, outcome.losses))
    return Judged(row, outcome, gain, loss, verdicts)


def settlements_table(judged: Sequence[Judged], confidence: float) -> pd.DataFrame:
    """A row for each settlement, those under which least is to be gained first."""
    rows = [_settlement(each, confidence) for each in judged]
    return pd.DataFrame(rows).sort_values(["largest_gain", "settlement"], ignore_index=True)


def _settlement(each: Judged, confidence: float) -> dict[str, Any]:
    gains, names = each.outcome.gains, [attack.name for attack in each.row.attacks]
    largest, honest = largest_interval(gains, confidence), mean_interval(each.outcome.honest, confidence)
    return {
        "settlement": each.row.settlement,
        **_ends("largest_gain", largest),
        "strongest": names[int(gains.mean(axis=0).argmax())],
        "attacks": len(names),
        "surely_pay": each.count(PAYS),
        "surely_lose": each.count(LOSES),
        "open": each.count(OPEN),
        **_ends("honest_payoff", honest),
        "ledger_off_by": each.outcome.imbalance,
        "lowest_account": each.outcome.lowest,
    }


def matrix_table(judged: Sequence[Judged]) -> pd.DataFrame:
    """A row for each settlement and attack, in the order in which they were tried."""
    rows = []
    for each in judged:
        honest = float(each.outcome.honest.mean())
        for place, attack in enumerate(each.row.attacks):
            gain, loss = (Interval(*found.at(place)) for found in (each.gain, each.loss))
            rows.append({
                "settlement": each.row.settlement,
                "attack": attack.name,
                "family": attack.family,
                **_ends("gain", gain),
                **_ends("honest_loss", loss),
                "gain_percent": share_of(gain.value, honest),
                "verdict": each.verdicts[place],
            })  # fmt: skip
    return pd.DataFrame(rows)


def share_of(value: Floats, honest: float) -> float:
    """Percent of a mean honest payoff; nan where that is not above zero."""
    return float(100 * value / honest) if honest > 0 else np.nan


def _ends(name: str, found: Interval) -> dict[str, float]:
    return {name: float(found.value), f"{name}_low": float(found.low), f"{name}_high": float(found.high)}
