"""Who is violated and stays speaks up: its claim gets stricter until the limit is kept."""

from typing import Any

import numpy as np

from commonweal.agents.actions import Action
from commonweal.economy.round.record import Record
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.scenario import Scenario


def speaking(**fields: Any) -> Scenario:
    """Exit-and-voice, small and on synthetic data."""
    usual = {
        "population.count": 8, "values.voice": 0.5, "policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0,
        "population.start_delegate": 0.5, "population.start_free_ride": 0.25, "population.start_abstain": 0.25,
        "population.start_defect": 0.0, "task.kind": "synthetic", "task.classes": 10, "task.samples": 900,
        "task.validation": 100,
    }  # fmt: skip
    return revise(load("exit-and-voice"), {**usual, **fields})


def played(scenario: Scenario, rounds: int) -> tuple[Ensemble, list[Record]]:
    ensemble = Ensemble(scenario, seeds=range(2))
    return ensemble, [ensemble.step() for _ in range(rounds)]


class TestVoice:
    def test_claims_grow_with_violation_and_relax_once_the_limit_is_kept(self) -> None:
        _, records = played(speaking(**{"screening.mode": "off"}), 6)
        stricter = np.zeros((2, 8, 2))
        for record in records:
            np.testing.assert_allclose(record.notes["voice"].stricter, stricter, rtol=1e-12)
            broken = record.notes["concern"].violation
            member = (record.actions != Action.ABSTAIN)[..., None]
            stricter = (np.where(broken > 0, stricter, 0.5 * stricter) + 0.5 * broken) * member
        assert stricter.max() > 0

    def test_who_stays_away_has_no_voice(self) -> None:
        _, records = played(speaking(**{"screening.mode": "off"}), 4)
        away = records[-1].actions == Action.ABSTAIN
        assert away.any() and not records[-1].notes["voice"].stricter[away].any()

    def test_updates_are_screened_by_what_is_claimed(self) -> None:
        ensemble, records = played(speaking(**{"screening.safeguard": 1.0}), 5)
        senses, spoke = ensemble.world.senses, False
        for record in records:
            claimed = record.limits + senses * record.notes["voice"].stricter
            room = (record.taught.exam.levels[:, None] - np.clip(claimed, 0.0, [np.inf, 1.0])) * senses
            tightest = np.where((record.actions != Action.ABSTAIN)[..., None], room, np.inf).min(axis=1)
            np.testing.assert_allclose(record.taught.common_room, tightest, rtol=1e-12)
            spoke |= bool(record.notes["voice"].stricter.any())
        assert spoke

    def test_silence_changes_nothing(self) -> None:
        """Without voice there is no mechanism, and with limits that are always kept nobody speaks."""
        kept = {"values.dimensions": [{"sense": "withhold", "label": 9, "limit": 0.0, "spread": 0.0}]}
        plain, loud = (Ensemble(speaking(**kept, **{"values.voice": v}), seeds=[1]).run(5).rounds for v in (0.0, 1.0))
        for name in plain:
            np.testing.assert_array_equal(plain[name], loud[name], err_msg=name)
