"""Metrics against golden values and against vectors written out."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats
from commonweal.economy.money.ledger import MICRO, Reason
from commonweal.economy.round.record import Record
from commonweal.economy.round.set_up import Economy
from commonweal.economy.round.visits import visit
from commonweal.economy.runs import metrics as metrics_module
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.runs.metrics import concentration, removed_norms, round_metrics, screened_share
from commonweal.economy.screening.admissible import Screened
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.scenario import Scenario

DIMENSIONS = [
    {"sense": "protect", "label": 0, "limit": 1.0, "spread": 0.3},
    {"sense": "withhold", "label": 2, "limit": 0.5, "spread": 0.2},
]


def scenario(mode: str = "project", scope: str = "aggregate", values: bool = True) -> Scenario:
    return Scenario.model_validate(
        {
            "precision": "float64",
            "task": {"kind": "wine", "validation": 40, "test": 40},
            "population": {"count": 8, "endowment": 0.2},
            "actions": {"available": ["abstain", "delegate", "free_ride", "defect"]},
            "policy": {"revision": 0.3, "mutation": 0.2},
            "learning": {"hidden": [8], "samples": 4},
            "values": {"dimensions": DIMENSIONS if values else [], "influence": "friedkin_johnsen"},
            "screening": {"mode": mode, "scope": scope},
            "settlement": {"reserve": 0.2},
            "stakes": {"stake": 0.05, "audit": 0.3},
        }
    )


def played(chosen: Scenario, rounds: int = 12) -> tuple[Ensemble, list[tuple[Economy, Record, Economy]]]:
    economy, told = Ensemble(chosen, [5, 6]), []
    for _ in range(rounds):
        before = economy.snapshot
        record = economy.step()
        told.append((before, record, economy.snapshot))
    return economy, told


class TestConcentration:
    @pytest.mark.parametrize(
        ("credit", "expected"),
        [
            ([2.0, 2.0, 2.0, 2.0], 0.25),
            ([0.0, 5.0, 0.0], 1.0),
            ([3.0, 1.0], 0.625),  # (9 + 1) / 16
            ([3.0, 1.0, -8.0], 0.625),  # debts do not count
            ([0.0, 0.0], 0.0),
            ([-1.0, -2.0], 0.0),
        ],
    )
    def test_it_has_its_textbook_values(self, credit: list[float], expected: float) -> None:
        assert concentration(np.array([credit]))[0] == pytest.approx(expected, abs=1e-15)


class TestRemovedNorms:
    @given(
        hnp.arrays(float, (2, 3, 6), elements=st.floats(-5, 5)),
        hnp.arrays(float, (2, 2, 6), elements=st.floats(-5, 5)),
        hnp.arrays(float, (2, 3), elements=st.floats(0, 1)),
        hnp.arrays(float, (2, 3, 2), elements=st.floats(-5, 5)),
    )
    def test_products_alone_tell_how_much_was_taken_off(
        self, updates: Floats, probes: Floats, weights: Floats, multipliers: Floats
    ) -> None:
        left = weights[..., None] * updates - multipliers @ probes
        removed = removed_norms(
            Screened(weights, multipliers, multipliers.sum(axis=1)),
            np.linalg.norm(updates, axis=2),
            updates @ probes.transpose(0, 2, 1),
            probes @ probes.transpose(0, 2, 1),
        )
        # a difference of squares of up to 10⁴ is exact to 10⁻¹², its root to 10⁻⁶
        np.testing.assert_allclose(removed, np.linalg.norm(updates - left, axis=2), rtol=1e-6, atol=1e-5)

    @pytest.mark.parametrize("mode", ["reject", "scale", "project"])
    @pytest.mark.parametrize("scope", ["own", "aggregate"])
    def test_the_screened_share_of_a_round_is_that_of_its_vectors(self, mode: str, scope: str) -> None:
        economy, told = played(scenario(mode, scope))
        shares = []
        for before, record, _ in told:
            lesson = record.taught
            passage = visit(lesson.batch, before.state.parameters, economy.world)
            updates = torch.cat([u.flatten(2) for u in passage.updates()], dim=2).numpy()
            probes = torch.cat([p.flatten(2) for p in lesson.exam.probes], dim=2).numpy()
            left = lesson.screened.weights[..., None] * updates - lesson.screened.multipliers @ probes
            offered = lesson.active & ~lesson.gated
            taken = (np.linalg.norm(updates - left, axis=2) * offered).sum(axis=1)
            said = (np.linalg.norm(updates, axis=2) * offered).sum(axis=1)
            np.testing.assert_allclose(screened_share(record.taught, economy.world) * said, taken, rtol=1e-6, atol=1e-7)
            shares.append(screened_share(record.taught, economy.world))
        assert np.max(shares) > 0.01

    @pytest.mark.parametrize("mode", ["off", "reject", "project"])
    def test_where_few_put_something_in_metrics_are_the_same_to_the_last_bit(
        self, mode: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        few = revise(scenario(mode, "all"), {"learning.sampling": "pool", "learning.batch": 3, "population.count": 20})
        economy, told = played(few)
        assert all(record.taught.active.any(axis=0).mean() < 0.5 for _, record, _ in told)
        left_out = [round_metrics(r, b.state, a.state, a.people, economy.world) for b, r, a in told]
        monkeypatch.setattr(metrics_module, "_screened_places", lambda lesson: slice(None))
        for (b, r, a), metrics in zip(told, left_out, strict=True):
            for name, values in round_metrics(r, b.state, a.state, a.people, economy.world).items():
                np.testing.assert_array_equal(values, metrics[name], err_msg=name)

    def test_nothing_is_taken_off_while_screening_is_off(self) -> None:
        economy, told = played(scenario("off"), rounds=2)
        assert all(not screened_share(record.taught, economy.world).any() for _, record, _ in told)


@pytest.fixture(scope="module")
def story() -> list[tuple[dict[str, Floats], Economy, Record, Economy]]:
    economy, told = played(scenario())
    return [(round_metrics(r, b.state, a.state, a.people, economy.world), b, r, a) for b, r, a in told]


class TestRoundMetrics:
    def test_every_metric_is_a_finite_number_per_run(self, story: list[Any]) -> None:
        for metrics, _, record, _ in story:
            members = (record.actions != Action.ABSTAIN).any(axis=1)
            for name, values in metrics.items():
                assert values.shape == (2,), name
                assert np.isfinite(values[members]).all(), name

    def test_shares_of_actions_sum_to_one(self, story: list[Any]) -> None:
        for metrics, _, record, _ in story:
            shares = [metrics[f"share_{name}"] for name in ("abstain", "delegate", "free_ride", "defect")]
            np.testing.assert_allclose(np.sum(shares, axis=0), 1.0)
            np.testing.assert_allclose(shares[3], (record.actions == 3).mean(axis=1))

    def test_welfare_is_payoffs_and_what_the_treasury_kept(self, story: list[Any]) -> None:
        treasury = np.zeros(2)
        for metrics, _, record, _ in story:
            kept = metrics["treasury"] - treasury
            np.testing.assert_allclose(metrics["welfare"], record.payday.payoffs.sum(axis=1) + kept, atol=1e-12)
            slashed = -record.payday.net(Reason.SLASH).sum(axis=1) / MICRO
            np.testing.assert_allclose(kept, metrics["revenue"] - metrics["paid"] + slashed, atol=1e-12)
            treasury = metrics["treasury"]
        assert (treasury > 0).all()

    def test_the_limit_of_a_value_is_the_tightest_participants(self, story: list[Any]) -> None:
        for metrics, before, record, _ in story:
            member = (record.actions != Action.ABSTAIN)[..., None]
            protect = np.where(member, before.people.limits, np.inf).min(axis=1)[:, 0]
            withhold = np.where(member, before.people.limits, -np.inf).max(axis=1)[:, 1]
            np.testing.assert_allclose(metrics["limit_0"], protect)
            np.testing.assert_allclose(metrics["limit_1"], withhold)

    def test_permitted_accuracy_is_that_on_classes_that_nobody_withholds(self, story: list[Any]) -> None:
        for metrics, economy, record, _ in story:
            features, labels = (each.numpy() for each in economy.world.test)
            scores = economy.world.network.logits(record.taught.parameters, torch.as_tensor(features)).numpy()
            for run in range(2):
                right = scores[run].argmax(axis=1) == labels[run]
                assert metrics["accuracy"][run] == pytest.approx(right.mean())
                assert metrics["permitted_accuracy"][run] == pytest.approx(right[labels[run] != 2].mean())
        assert any((m["permitted_accuracy"] != m["accuracy"]).any() for m, *_ in story)

    def test_where_no_class_is_withheld_all_are_permitted(self) -> None:
        economy, told = played(revise(scenario(), {"values.dimensions": DIMENSIONS[:1]}), rounds=2)
        for before, record, after in told:
            metrics = round_metrics(record, before.state, after.state, after.people, economy.world)
            np.testing.assert_array_equal(metrics["permitted_accuracy"], metrics["accuracy"])

    def test_true_changes_lead_from_one_rounds_level_to_the_next(self, story: list[Any]) -> None:
        for (now, _, _, _), (then, _, _, _) in pairwise(story):
            for k in range(2):  # nothing drifts here
                np.testing.assert_allclose(now[f"level_{k}"] + now[f"true_change_{k}"], then[f"level_{k}"], rtol=1e-9)

    def test_without_values_there_are_no_metrics_of_values(self) -> None:
        economy, told = played(scenario("off", values=False), rounds=1)
        before, record, after = told[0]
        metrics = round_metrics(record, before.state, after.state, after.people, economy.world)
        assert not [name for name in metrics if name[-1].isdigit()]
        assert metrics["gini"].shape == (2,)
