"""Selection at the source: agents leave out classes that were screened out, and put in less."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from commonweal.agents.actions import Action
from commonweal.economy.round.mechanisms.selection import MOST, PATIENCE
from commonweal.economy.round.record import Record
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.tasks import Batch, Form, PutIn, without_classes
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.scenario import Scenario


def scenario(**fields: Any) -> Scenario:
    """Everybody delegates, one class is withheld more and more, and its samples are left out."""
    usual = {
        "population.count": 8, "task.kind": "synthetic", "task.classes": 5, "task.samples": 900,
        "task.validation": 100, "learning.hidden": [8], "learning.samples": 8, "screening.grain": "sample",
        "screening.mode": "project", "screening.scope": "aggregate", "actions.selection": "classes",
        "values.influence": "none", "population.cost_low": 1e-4, "population.cost_high": 1e-4,
        "values.dimensions": [{"sense": "withhold", "label": 2, "limit": 0.95, "spread": 0.0}],
    }  # fmt: skip
    return revise(load("value-conflict"), {**usual, **fields})


def played(chosen: Scenario, rounds: int) -> tuple[Ensemble, list[tuple[Any, Record]]]:
    """The state of the mechanism before each round, and the rounds."""
    ensemble, told = Ensemble(chosen, [0, 1]), []
    for _ in range(rounds):
        before = ensemble.state.mechanisms.get("selection")
        told.append((before, ensemble.step()))
    return ensemble, told


def put_by_class(record: Record, principals: int, classes: int) -> Any:
    """(R, N, C) samples put in."""
    batch = record.taught.batch
    counted = np.zeros((len(batch.owner), principals, classes), dtype=np.int64)
    for run, sample in zip(*np.nonzero(batch.owner >= 0), strict=True):
        counted[run, batch.owner[run, sample], batch.label[run, sample]] += 1
    return counted


def test_a_batch_without_classes_is_that_of_the_other_samples() -> None:
    """By hand: principal 0 leaves class 1 out; 1 leaves out everything, but puts in poison; the last place is empty."""
    batch = Batch(
        sample=np.arange(5)[None], label=np.array([[1, 0, 1, 0, 0]]), owner=np.array([[0, 0, 0, 1, -1]]),
        junk=None, noise=None, visit=0,
    )  # fmt: skip
    put = PutIn(np.array([[3, 1]]), np.array([[3, 0]]), np.array([[Form.OWN, Form.WRONG]], dtype=np.int8))
    left, fewer = without_classes(batch, put, np.array([[[False, True], [True, True]]]))
    assert left.owner.tolist() == [[-1, 0, -1, 1, -1]]
    assert fewer.total.tolist() == [[1, 1]]
    assert fewer.delegated.tolist() == [[1, 0]]
    same, all_of_it = without_classes(batch, put, np.zeros((1, 2, 2), dtype=bool))
    assert same is batch and all_of_it is put


def test_who_delegates_leaves_out_what_was_screened_out_last_time() -> None:
    ensemble, told = played(scenario(), 40)
    waited = 0
    for before, record in told:
        put = put_by_class(record, 8, 5)
        left_out = (before.screened > MOST) & (before.since < PATIENCE)
        delegates = record.actions == Action.DELEGATE
        assert not put[left_out & delegates[..., None]].any()
        waited += int(left_out.sum())
        np.testing.assert_array_equal(record.produce.put.total, put.sum(axis=2))
        np.testing.assert_array_equal(record.produce.put.delegated, put.sum(axis=2) * delegates)
    assert waited > 0
    np.testing.assert_array_equal(ensemble.state.mechanisms["selection"].screened[..., 2] > MOST,
                                  ensemble.state.mechanisms["selection"].screened.max(axis=2) > MOST)  # fmt: skip


def test_what_became_of_samples_is_remembered_by_class_until_they_are_tried_again() -> None:
    _, told = played(scenario(), 30)
    for (before, record), (after, _) in pairwise(told):
        lesson, put = record.taught, put_by_class(record, 8, 5)
        kept = np.ones(lesson.batch.owner.shape, dtype=bool) if lesson.sifted is None else lesson.sifted.kept
        for run, principal, label in np.ndindex(put.shape):
            if not put[run, principal, label] or lesson.gated[run, principal]:
                assert after.screened[run, principal, label] == before.screened[run, principal, label]
                assert after.since[run, principal, label] == before.since[run, principal, label] + 1
            else:
                mine = (lesson.batch.owner[run] == principal) & (lesson.batch.label[run] == label)
                assert after.screened[run, principal, label] == pytest.approx(1 - kept[run, mine].mean())
                assert after.since[run, principal, label] == 0


def test_less_is_put_in_less_is_screened_and_it_costs_less() -> None:
    rounds = {kind: Ensemble(scenario(**{"actions.selection": kind}), range(4)).run(60).rounds
              for kind in ("none", "classes")}  # fmt: skip
    late = {kind: frame[frame["round"] >= 30].mean() for kind, frame in rounds.items()}
    assert late["none"]["samples_screened"] > 0.02
    assert late["classes"]["samples_screened"] < late["none"]["samples_screened"] / 2
    assert late["classes"]["samples"] < late["none"]["samples"]
    assert late["classes"]["violated"] <= late["none"]["violated"] + 0.01


@pytest.mark.parametrize("off", [{"screening.grain": "principal"}, {"screening.mode": "off"}])
def test_without_a_finer_grain_nobody_selects(off: dict[str, Any]) -> None:
    ensemble, _ = played(scenario(**off), 1)
    assert "selection" not in ensemble.state.mechanisms
