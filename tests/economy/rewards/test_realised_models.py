"""Copies of the shared model that are measured to be worth what is owed, and snapshots that are kept for it."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from commonweal.agents.actions import Action
from commonweal.agents.streams import Streams
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import play_futures
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.learning.network import Owners, Parameters, descend
from commonweal.economy.rewards.copies import (
    Family,
    Snapshots,
    Trial,
    draw_noise,
    given_copies,
    given_snapshots,
    nearest,
    noised,
    pruned,
    remembered_model,
    retested,
)
from commonweal.economy.runs.checkpoint import restore, save
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.runs.metrics import kept_promises
from commonweal.economy.tasks.datasets import TASKS
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.scenario import Scenario

Floats = np.ndarray

TOLERANCE = np.full((2, 1), 0.01)


@dataclass(frozen=True)
class Learnt:
    """Two runs of a perceptron that learns the digits."""

    network: MLP
    course: tuple[Parameters, ...]  # parameters after each tenth step
    test: tuple[Tensor, Tensor]

    @property
    def parameters(self) -> Parameters:
        return self.course[-1]

    @property
    def quality(self) -> Floats:
        return self.accuracy(self.parameters)

    def accuracy(self, parameters: Parameters) -> Floats:
        """(R,)"""
        return self.trial.measured(tuple(p[:, None] for p in parameters))[:, 0]

    @property
    def trial(self) -> Trial:
        return Trial(self.network, *self.test)

    def family(self, kind: str) -> Family:
        if kind == "noise":
            return noised(self.parameters, draw_noise(self.parameters, Streams.from_seeds([1, 2]).shock), 2)
        return pruned(self.parameters, 2)


@cache
def learnt() -> Learnt:
    data = TASKS["digits"](None, np.random.default_rng(0))  # type: ignore[arg-type]
    order = torch.as_tensor(np.random.default_rng(0).permutation(len(data.labels)))
    features = torch.tensor(data.features, dtype=torch.float32)[order].expand(2, -1, -1)
    labels = torch.tensor(data.labels)[order].expand(2, -1)
    network = MLP((64, 32, 10))
    parameters = network.initial(Streams.from_seeds([3, 4]).task)
    owners, course = Owners(torch.zeros(2, 600, dtype=torch.int64), 1), []
    for step in range(120):
        passage = network.traverse(parameters, features[:, :600], labels[:, :600], owners)
        parameters = descend(parameters, tuple(0.5 * s for s in passage.weighted_sum(torch.ones(2, 1))))
        if step % 10 == 9:
            course.append(parameters)
    return Learnt(network, tuple(course), (features[:, 600:1000], labels[:, 600:1000]))


@pytest.mark.parametrize("kind", ["noise", "sparsify"])
class TestCopies:
    def test_they_are_worth_what_is_owed_within_the_tolerance(self, kind: str) -> None:
        studied = learnt()
        owed = np.linspace(0.3, 1.0, 30) * studied.quality[:, None]
        given = given_copies(owed, studied.quality, studied.family(kind), studied.trial, TOLERANCE)
        assert given.met.mean() > 0.95  # accuracy moves by whole test samples, at a few strengths by several at once
        assert np.abs(given.accuracy - owed)[given.met].max() <= 0.01 + 1e-9
        assert np.abs(given.accuracy - owed).max() < 0.03

    def test_the_copy_that_is_handed_over_is_the_one_that_was_measured(self, kind: str) -> None:
        studied, family = learnt(), learnt().family(kind)
        owed = np.array([[0.4, 0.6, 0.8]]) * studied.quality[:, None]
        given = given_copies(owed, studied.quality, family, studied.trial, TOLERANCE)
        again = studied.trial.measured(family(given.strength))
        np.testing.assert_array_equal(again, given.accuracy)
        assert not np.allclose(again, studied.quality[:, None])

    def test_who_is_owed_everything_is_given_the_model_itself_and_who_is_owed_nothing_none(self, kind: str) -> None:
        studied = learnt()
        owed = np.stack([studied.quality, np.zeros(2)], axis=1)
        given = given_copies(owed, studied.quality, studied.family(kind), studied.trial, TOLERANCE)
        np.testing.assert_array_equal(given.accuracy, owed)
        np.testing.assert_array_equal(given.strength, [[0, np.nan]] * 2)
        assert given.met.all()
        whole = studied.family(kind)(np.zeros((2, 1)))
        assert all(torch.equal(copy[:, 0], p) for copy, p in zip(whole, studied.parameters, strict=True))

    def test_a_run_is_given_the_same_alone_as_in_an_ensemble(self, kind: str) -> None:
        studied = learnt()
        owed = np.random.default_rng(0).uniform(0.2, 1, (2, 8)) * studied.quality[:, None]
        owed[1] = studied.quality[1]  # needs no bisection
        both = given_copies(owed, studied.quality, studied.family(kind), studied.trial, TOLERANCE)
        only = tuple(p[:1] for p in studied.parameters)
        noise = draw_noise(only, Streams.from_seeds([1]).shock)
        family = noised(only, noise, 2) if kind == "noise" else pruned(only, 2)
        trial = Trial(studied.network, studied.test[0][:1], studied.test[1][:1])
        alone = given_copies(owed[:1], studied.quality[:1], family, trial, TOLERANCE[:1])
        np.testing.assert_array_equal(alone.accuracy, both.accuracy[:1])
        np.testing.assert_array_equal(alone.strength, both.strength[:1])

    def test_what_no_copy_is_worth_is_said_to_be_missed(self, kind: str) -> None:
        studied = learnt()
        owed, strict = np.full((2, 1), 0.50125), TOLERANCE / 10  # accuracy on 400 samples is .5 or .5025
        given = given_copies(owed, studied.quality, studied.family(kind), studied.trial, strict)
        assert not given.met.any()


def test_what_a_network_carries_beyond_its_trained_parameters_stays() -> None:
    parameters = (torch.ones(2, 3, 4), torch.eye(3).expand(2, 3, 3))
    noise = draw_noise(parameters[:1], Streams.from_seeds([0, 1]).shock)
    for family in (noised(parameters, noise, 1), pruned(parameters, 1)):
        copies = family(np.array([[0.3, 0.9]] * 2))
        assert not torch.equal(copies[0][:, 0], parameters[0])
        assert torch.equal(copies[1], parameters[1][:, None].expand(2, 2, 3, 3))


def test_pruning_keeps_the_largest_entries_and_a_part_of_the_next() -> None:
    weights = torch.tensor([[[1.0, -4.0, 3.0, 2.0]]])
    half, five_eighths = pruned((weights,), 1)(np.array([[0.5, 0.375]]))[0][0]
    assert half.tolist() == [[0, -4, 3, 0]]
    assert five_eighths.tolist() == [[0, -4, 3, 1]]


class TestSnapshots:
    def kept(self, most: int) -> Snapshots:
        studied = learnt()
        kept = Snapshots.none(studied.parameters)
        for parameters in studied.course:
            kept = remembered_model(kept, parameters, studied.accuracy(parameters), most)
        return kept

    def test_each_is_given_the_earlier_model_nearest_to_what_it_is_owed(self) -> None:
        studied, kept = learnt(), self.kept(50)
        owed = np.array([[0.5, 0.7, 0.9]]) * studied.quality[:, None]
        given = given_snapshots(owed, studied.quality, kept, TOLERANCE)
        choices = np.stack([studied.accuracy(p) for p in studied.course], axis=1)
        expected = np.minimum(np.abs(choices[:, None] - owed[..., None]).min(axis=2), owed)
        np.testing.assert_allclose(np.abs(given.accuracy - owed), expected)
        np.testing.assert_array_equal(given.met, expected <= 0.01 + 1e-9)

    def test_few_kept_are_spread_over_the_accuracies_that_were_gone_through(self) -> None:
        every, few = self.kept(50), self.kept(5)
        assert few.accuracy.shape == (2, 5)
        np.testing.assert_array_equal(few.accuracy.max(axis=1), every.accuracy.max(axis=1))
        np.testing.assert_array_equal(few.accuracy.min(axis=1), every.accuracy.min(axis=1))
        last = np.sort(every.accuracy, axis=1)[:, -5:]  # what keeping the five best would leave
        assert (np.diff(np.sort(few.accuracy, axis=1), axis=1).max(axis=1) < np.ptp(every.accuracy, axis=1) / 1.5).all()
        assert (np.ptp(last, axis=1) < np.ptp(few.accuracy, axis=1)).all()

    def test_what_is_kept_is_the_model_its_accuracy_was_measured_of(self) -> None:
        studied, few = learnt(), self.kept(4)
        np.testing.assert_array_equal(studied.trial.measured(few.parameters), few.accuracy)

    def test_when_features_turn_earlier_models_see_what_they_saw_and_are_tested_anew(self) -> None:
        studied, few = learnt(), self.kept(4)
        generator = torch.linalg.qr(torch.randn(2, 64, 64, generator=torch.Generator().manual_seed(0)))[0]
        turned = retested(few, studied.trial, generator)
        features, labels = studied.test
        seen = Trial(studied.network, torch.bmm(features, generator), labels).measured(few.parameters)
        np.testing.assert_allclose(turned.accuracy, seen, atol=0.006)  # two of 400 samples by rounding
        assert retested(few, studied.trial) is few

    def test_before_there_are_any_the_choice_is_all_or_nothing(self) -> None:
        studied = learnt()
        owed = np.array([[0.9, 0.1]]) * studied.quality[:, None]
        given = given_snapshots(owed, studied.quality, Snapshots.none(studied.parameters), TOLERANCE)
        np.testing.assert_array_equal(given.accuracy, np.stack([studied.quality, np.zeros(2)], axis=1))
        assert not given.met.any()


def test_of_two_equally_near_the_first_offered_is_given() -> None:
    given = nearest(np.array([[0.5]]), np.array([[0.6, 0.4]]), np.array([[0.2]]))
    assert given.accuracy == 0.6
    assert given.met


@pytest.mark.parametrize("kind", ["noise", "sparsify", "snapshot"])
class TestEconomy:
    """Model rewards by credit in the scenario wait-and-see, where everybody takes part from the start."""

    def scenario(self, kind: str, **changes: Any) -> Scenario:
        by_credit = {"rewards.kind": "time_valuation", "rewards.realise": kind, "rewards.tolerance": 0.01}
        everybody = {"population.start_delegate": 1.0, "population.start_abstain": 0.0, "policy.mix": {"fixed": 1.0}}
        return revise(load("wait-and-see"), by_credit | everybody | {"task.drift": 0.005} | changes)

    def test_what_is_given_is_what_is_owed_within_the_tolerance_or_said_not_to_be(self, kind: str) -> None:
        promised, realised = Ensemble(self.scenario("promise"), (0, 1)), Ensemble(self.scenario(kind), (0, 1))
        kept = []
        for _ in range(20):
            owed, record = promised.step().payday.rewards, realised.step()
            near = np.abs(record.payday.rewards - owed) <= 0.01 + 1e-9
            np.testing.assert_array_equal(near, kept_promises(record))
            kept.append(kept_promises(record).mean())
        assert np.mean(kept[10:]) > (0.5 if kind == "snapshot" else 0.8)

    def test_a_run_is_the_same_alone_and_in_an_ensemble(self, kind: str) -> None:
        scenario = self.scenario(kind)
        together, alone = Ensemble(scenario, (4, 9)), Ensemble(scenario, (9,))
        for _ in range(6):
            np.testing.assert_array_equal(together.step().payday.rewards[1:], alone.step().payday.rewards)

    def test_a_run_goes_on_from_a_checkpoint_as_if_it_had_never_stopped(self, kind: str, tmp_path: Path) -> None:
        scenario = self.scenario(kind)
        whole, stopped = Ensemble(scenario, (3,)), Ensemble(scenario, (3,))
        for ensemble in (whole, stopped):
            for _ in range(4):
                ensemble.step()
        save(tmp_path / "run.npz", stopped)
        resumed = Ensemble(scenario, (3,))
        restore(tmp_path / "run.npz", resumed)
        for _ in range(3):
            np.testing.assert_array_equal(resumed.step().payday.rewards, whole.step().payday.rewards)

    def test_futures_of_a_run_are_what_becomes_of_it(self, kind: str) -> None:
        ensemble = Ensemble(self.scenario(kind), (0, 1))
        for _ in range(4):
            ensemble.step()
        late = [Deviation("late", (0,), Action.DELEGATE, joins=2)]
        futures = play_futures(ensemble.snapshot, late, 3)
        for number in range(3):
            np.testing.assert_array_equal(futures.payoffs[:, 0, number], ensemble.step().payday.payoffs)
