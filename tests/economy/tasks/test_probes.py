"""Probes by a rule: groups of held-out samples, or samples of their own, beside classes and features."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from commonweal import Ensemble, load, probe
from commonweal.agents.errors import InputError
from commonweal.economy.tasks import PROBES, Dataset
from commonweal.testing import check_probe
from tests.helpers.own_rules import SMALL, forgotten


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    with forgotten():
        yield


def economy(*dimensions: dict[str, Any], seeds: tuple[int, ...] = (0, 1), **changes: Any) -> Ensemble:
    values = {"values.dimensions": [{"sense": "protect", "limit": 1.0} | each for each in dimensions]}
    return Ensemble(load("commons", SMALL | values | {"screening.mode": "project"} | changes), seeds)


@pytest.mark.parametrize("name", list(PROBES))
@pytest.mark.parametrize("kind", ["digits", "wine", "synthetic"])
def test_every_probe_keeps_what_probes_promise(name: str, kind: str) -> None:
    check_probe(name, {"task.kind": kind})


def test_a_probe_that_chooses_a_class_is_the_probe_of_that_label() -> None:
    probe("of_class_one")(lambda data, generator: data.labels == 1)
    by_rule, by_label = economy({"probe": "of_class_one"}), economy({"label": 1})
    left, right = by_rule.world.exam, by_label.world.exam
    assert left.features.equal(right.features) and left.labels.equal(right.labels)
    one, other = (each.run().rounds.drop(columns="run") for each in (by_rule, by_label))
    assert one.equals(other)


def test_samples_of_its_own_stand_in_the_probe_and_nowhere_else() -> None:
    @probe("made_up")
    def made_up(data: Dataset, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        return generator.normal(size=(5, data.features.shape[1])), np.array([0, 1, 2, 0, 1])

    with_own, without = economy({"label": 0}, {"probe": "made_up", "samples": 4}), economy({"label": 0})
    exam, usual = with_own.world.exam, without.world.exam
    plain = sum(usual.sizes)
    assert exam.features[:, :plain].equal(usual.features)
    own = exam.labels[:, plain:]
    assert (exam.weights[:, plain:] > 0).sum(dim=1).tolist() == [4, 4]
    assert own[:, :4].tolist() == [[0, 1, 2, 0]] * 2
    assert not exam.features[0, plain:].equal(exam.features[1, plain:])  # each run draws its own
    alone = economy({"label": 0}, {"probe": "made_up", "samples": 4}, seeds=(1,)).world.exam
    assert alone.features[0][alone.weights[0] > 0].equal(exam.features[1][exam.weights[1] > 0])
    drawn = with_own.run().rounds.query("run == 1").drop(columns="run").reset_index(drop=True)
    again = economy({"label": 0}, {"probe": "made_up", "samples": 4}, seeds=(1,)).run().rounds.drop(columns="run")
    # A change of loss is the difference of two losses of about 1 in single precision: some 1e-7 each.
    np.testing.assert_allclose(drawn.to_numpy(float), again.to_numpy(float), rtol=1e-5, atol=1e-6, equal_nan=True)


def test_a_withheld_purpose_may_be_samples_of_a_rule() -> None:
    economy({"probe": "unusual", "sense": "withhold", "limit": 0.5}).run()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda data, _: data.labels, r"answers int64 \(178,\): must be bool \(178,\), which samples are in its group"),
        (lambda data, _: None, "answers NoneType: must be bool"),
        (lambda data, _: np.zeros(len(data.labels), bool), "none of the task.validation = 40 held-out samples"),
        (lambda data, _: (data.features[:, 1:], data.labels), r"must be \(b, 13\) and \(b,\), b at least 1"),
        (lambda data, _: (data.features[:0], data.labels[:0]), "b at least 1"),
        (lambda data, _: (data.features * np.nan, data.labels), "features that are nan or infinite"),
        (lambda data, _: (data.features, data.labels + 1), "must be classes, 0 to 2"),
        (lambda data, _: (["a"], [0]), "must be numbers"),
    ],
)
def test_what_is_neither_a_group_nor_samples_is_refused_in_one_line(answer: Any, said: str) -> None:
    probe("wrong")(answer)
    with pytest.raises(InputError, match=r"^values\.dimensions\[0\]\.probe = 'wrong': .*" + said):
        economy({"probe": "wrong"})


def test_names_of_probes_are_checked_where_they_stand() -> None:
    with pytest.raises(InputError, match=r"values\.dimensions\[1\]\.probe = 'rear': must be one of rare, unusual; did"):
        economy({"label": 0}, {"probe": "rear"})
    with pytest.raises(InputError, match="give exactly one of label, feature and probe"):
        economy({"label": 0, "probe": "rare"})


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (lambda data, generator: generator.random(len(data.labels)) < 2, "not every sample is in its group"),
        (lambda data, generator: data.labels < 0, "some sample is in its group"),
        (lambda data, generator: np.random.random(len(data.labels)) < 0.5, "the same generator gives the same answer"),
        (lambda data, generator: data.labels, "must be bool"),
    ],
)
def test_a_probe_that_breaks_a_promise_is_told_which(rule: Any, said: str) -> None:
    probe("wrong")(rule)
    with pytest.raises(AssertionError, match=said):
        check_probe("wrong", {"task.kind": "wine"})
