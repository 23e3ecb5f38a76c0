"""Balanced accuracy counts classes alike: in quality, in the validation loss, in training, and so in credit."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.economy.credit import CREDITS
from commonweal.economy.round.learn import game_of
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.tasks import TASKS, Dataset, TaskTerms
from commonweal.economy.world.replicas import pick_world
from commonweal.scenarios.schema.loading import revise
from commonweal.scenarios.schema.scenario import Scenario

SEEDS, ROUNDS = range(4), 40
HONEST = {
    "policy.mix": {"fixed": 1.0}, "policy.mutation": 0.0, "population.start_delegate": 1.0,
    "population.start_free_ride": 0.0, "population.start_defect": 0.0, "population.start_abstain": 0.0,
}  # fmt: skip


def rare(terms: TaskTerms, generator: np.random.Generator) -> Dataset:
    """One sample in 20 is rare; the first of four owners holds them all, beside a quarter of the others."""
    rng, labels = np.random.default_rng(7), (np.arange(1200) % 20 == 0).astype(np.int64)
    features = rng.normal(size=(1200, 6)) + labels[:, None] * np.array([1.5, -1.0, 0, 0, 0, 0])
    owners = np.zeros(1200, dtype=np.int64)
    owners[labels == 0] = np.arange((labels == 0).sum()) % 4
    return Dataset("rare", features, labels, classes=2, owners=owners, owner_names=("rare", "b", "c", "d"))


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    TASKS.register("rare")(rare)
    yield
    TASKS._plugs.pop("rare")


def scenario(metric: str, **changes: object) -> Scenario:
    task = {"task.kind": "rare", "task.partition": "owner", "task.validation": 400, "task.test": 400}
    learning = {"learning.hidden": [], "learning.rate": 0.1, "learning.samples": 60, "screening.gate": False}
    fields = {**HONEST, **task, **learning, "task.metric": metric, "population.count": 4, **changes}
    return revise(Scenario(), fields)


def shares(metric: str) -> Floats:
    """(R,) share of all credit that the holder of the rare class earns, from a network that knows nothing."""
    played = Ensemble(scenario(metric), list(SEEDS))
    played.state = replace(played.state, parameters=tuple(torch.zeros_like(p) for p in played.state.parameters))
    credit = sum(played.step().produce.credit for _ in range(ROUNDS))
    assert isinstance(credit, np.ndarray)
    earned: Floats = credit[:, 0] / credit.sum(axis=1)
    return earned


def test_who_holds_the_rare_class_earns_less_than_its_head_by_accuracy_and_most_where_classes_count_alike() -> None:
    assert (shares("accuracy") < 1 / 4).all()  # .15 to .19 when written
    assert (shares("balanced_accuracy") > 1 / 2).all()  # .68 to 1.06: what the others teach alone does harm


def test_classes_of_the_validation_set_count_alike_in_the_loss_and_in_the_game_of_a_round() -> None:
    played = Ensemble(scenario("balanced_accuracy"), list(SEEDS))
    world, exam = played.world, played.world.exam
    labels, weights = exam.labels.numpy(), exam.weights.numpy()
    for label in (0, 1):
        np.testing.assert_allclose(np.where(labels == label, weights, 0).sum(axis=1), 1 / 2, rtol=1e-5)
    record = played.step()
    assert record.lesson is not None
    game = game_of(record.lesson, world, played.streams.credit)
    np.testing.assert_allclose(game.loss(game.parameters).numpy(), record.produce.loss, rtol=1e-4)
    whole = game.values(np.ones((1, 4), dtype=np.bool_))[:, 0]
    found = CREDITS["shapley"](game)
    np.testing.assert_allclose(found.values.sum(axis=1), whole, atol=1e-6)


def test_training_counts_samples_by_their_class_and_a_run_does_not_depend_on_others() -> None:
    together, alone = (Ensemble(scenario("balanced_accuracy"), seeds) for seeds in ([0, 1, 2], [1]))
    assert together.world.balance is not None
    picked = pick_world(together.world, np.array([1]))
    np.testing.assert_array_equal(picked.balance, alone.world.balance)
    counts = picked.importance(picked.exam.labels[:, :400], picked.holdings.validation)
    assert counts is not None
    assert counts.mean() == pytest.approx(1.0, abs=1e-5)
    for _ in range(3):
        one, other = together.step().produce, alone.step().produce
        np.testing.assert_allclose(one.credit[1], other.credit[0], rtol=1e-5, atol=1e-7)
        assert one.quality[1] == other.quality[0]


def test_quality_is_the_metric_and_accuracy_where_the_scenario_does_not_say() -> None:
    named = [scenario(metric) for metric in ("auto", "accuracy", "auc")]
    usual, accuracy, auc = (Ensemble(each, [0]).run(5).rounds for each in named)
    np.testing.assert_array_equal(usual["accuracy"], accuracy["accuracy"])
    assert (usual["accuracy"] != auc["accuracy"]).all()
    np.testing.assert_array_equal(usual["validation_loss"], auc["validation_loss"])  # the loss is not changed by it


def test_copies_of_the_model_are_measured_by_the_metric() -> None:
    paid = {"rewards.realise": "sparsify", "rewards.kind": "quota", "market.model_value": 0.01}
    played = Ensemble(scenario("auc", **paid), [0])
    for _ in range(10):
        record = played.step()
    given = record.notes["copies"]
    assert given.offered[0, 0] == record.produce.quality[0]
    assert np.isclose(given.offered[0, -1], 0.5)  # a copy without entries ranks by nothing


def test_federated_learning_counts_classes_alike_too() -> None:
    plain, balanced = (
        Ensemble(scenario(metric, **{"learning.method": "federated"}), [0]).run(8).rounds["validation_loss"].iloc[-1]
        for metric in ("accuracy", "balanced_accuracy")
    )
    assert plain < balanced  # half of the second is the loss of the class that is hard to tell


def test_over_a_wire_it_is_refused_in_one_line() -> None:
    with pytest.raises(InputError, match=r"learning\.wire must be off where task\.metric = 'balanced_accuracy'"):
        Ensemble(scenario("balanced_accuracy", **{"learning.wire": "paths"}), [0])
