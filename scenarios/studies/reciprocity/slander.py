"""Slander: what a judge gains by calling everybody bad, and what is given where learners choose their verdicts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from commonweal.agents.arrays import Floats
from commonweal.scenarios.runs.intervals import SHARE, mean_interval
from commonweal.scenarios.studies.reciprocity.invasion import Trials, pay_of
from commonweal.scenarios.studies.reciprocity.playing import Played
from commonweal.scenarios.studies.reciprocity.tables import mean_of, of_one


@dataclass(frozen=True)
class Jury:
    """What became of S seeds with as many judges of each."""

    honest: Played  # where everybody judges as its norm says
    learned: Played | None  # where learners choose their verdicts too; None where nobody learns
    trials: Trials  # single slanderers among the honest
    gains: Floats  # (S, D) of these, money per round


def slander(juries: Mapping[int, Jury]) -> pd.DataFrame:
    """A row per number of judges and policy: what one slanderer gains, as played and as expected in mean field.

    ``honest`` is the share of verdicts that are what the norm says, where learners choose theirs; ``cooperation_lost``
    how much less is given then, in the same seeds.
    """
    rows = []
    for judges, jury in juries.items():
        found = mean_interval(jury.trials.by_pair(jury.gains))
        for place, policy in enumerate(pair.resident for pair in jury.trials.pairs):
            paid = pay_of(jury.honest, policy)
            members = jury.honest.policy == jury.honest.policies.index(policy)
            columns: dict[str, Any] = {"judges": judges, "policy": policy}
            columns |= {name: float(end[place]) for name, end in found.columns("gain").items()}
            columns |= of_one(mean_of(jury.honest.scored.slander, members), "expected")
            columns |= {"expected_share": columns["expected"] / paid}
            columns |= _of_learned(jury, members)
            rows.append(columns)
    return pd.DataFrame(rows)


def _of_learned(jury: Jury, members: Any) -> dict[str, float]:
    if jury.learned is None:
        return {}
    lost = jury.honest.late("cooperation") - jury.learned.late("cooperation")
    honest = of_one(mean_of(jury.learned.honest, members), "honest", SHARE)
    cooperation = of_one(jury.learned.late("cooperation"), "cooperation", SHARE)
    return honest | cooperation | of_one(lost, "cooperation_lost", SHARE.of_differences)
