"""Data sets, holdings, probes and drift."""

import dataclasses
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.error import URLError

import numpy as np
import pandas as pd
import pytest
import sklearn.datasets
import torch

from commonweal.agents.errors import InputError
from commonweal.agents.streams import Streams
from commonweal.agents.terms import stack
from commonweal.economy.tasks import (
    TASKS,
    Dataset,
    Examples,
    Holdings,
    ProbeTerms,
    Task,
    TaskTerms,
    checked,
    draw_dataset,
    draw_holdings,
    draw_rotation_generator,
    load_examples,
    rotation,
    task,
)
from commonweal.economy.tasks.datasets import OPENML
from commonweal.economy.tasks.openml import fetch
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.testing import check_task

Register = Callable[[str, Task], None]

TASK: dict[str, Any] = {"kind": "synthetic", "samples": 400, "features": 5, "classes": 3, "validation": 60, "test": 50}
PROBES = (ProbeTerms(label=1, feature=None, samples=8), ProbeTerms(label=None, feature=2, samples=100))


def load_dataset(terms: TaskTerms, generator: np.random.Generator) -> Dataset:
    return checked(draw_dataset(terms, generator))


def task_terms(runs: int = 1, **changes: Any) -> TaskTerms:
    return stack(TaskTerms, [Scenario.model_validate({"task": TASK | changes}).task] * runs, "task")


def drawn(
    seeds: Sequence[int], principals: int = 10, dimensions: Sequence[ProbeTerms] = PROBES, **changes: Any
) -> tuple[Examples, Holdings]:
    streams = Streams.from_seeds(seeds)
    terms = task_terms(len(seeds), **changes)
    examples = load_examples(terms, streams.task)
    return examples, draw_holdings(examples, principals, terms, dimensions, streams)


@pytest.fixture
def registered() -> Iterator[Register]:
    """Registers a task for one test."""
    names: list[str] = []

    def add(name: str, function: Task) -> None:
        names.append(name)
        task(name)(function)

    yield add
    for name in names:
        TASKS._plugs.pop(name)


def test_digits_are_scaled_from_minus_one_to_one_and_read_once() -> None:
    generator = np.random.default_rng(0)
    digits = load_dataset(task_terms(kind="digits"), generator)
    assert digits.features.shape == (1797, 64)  # platform notes of scikit-learn's bundled data
    assert (digits.features.min(), digits.features.max()) == (-1, 1)
    assert digits.shape == (8, 8)
    assert np.shares_memory(digits.features, load_dataset(task_terms(kind="digits"), generator).features)
    assert generator.random() == np.random.default_rng(0).random()  # bundled data draws nothing
    with pytest.raises(ValueError, match="read-only"):
        digits.features[0, 0] = 7


@pytest.mark.parametrize(("kind", "shape", "classes"), [("breast_cancer", (569, 30), 2), ("wine", (178, 13), 3)])
def test_bundled_tables_are_standardised(kind: str, shape: tuple[int, int], classes: int) -> None:
    data = load_dataset(task_terms(kind=kind), np.random.default_rng(0))
    assert data.features.shape == shape
    assert set(data.labels.tolist()) == set(range(classes))
    np.testing.assert_allclose(data.features.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(data.features.std(axis=0), 1)


def test_synthetic_classes_lie_around_centres_at_the_given_distance_with_unit_noise() -> None:
    data = load_dataset(task_terms(samples=60_000, separation=3.0), np.random.default_rng(0))
    centres = np.stack([data.features[data.labels == label].mean(axis=0) for label in range(3)])
    np.testing.assert_allclose(np.linalg.norm(centres, axis=1), 3, atol=0.05)
    np.testing.assert_allclose((data.features - centres[data.labels]).std(axis=0), 1, atol=0.02)


def test_runs_share_bundled_data_but_draw_their_own_synthetic_data() -> None:
    terms, stream = task_terms(2, kind="digits"), Streams.from_seeds([0, 1]).task
    assert load_examples(terms, stream).features.shape == (1, 1797, 64)
    assert load_examples(task_terms(2), stream).features.shape == (2, 400, 5)


@pytest.mark.parametrize("kind", ["wine", "synthetic"])
def test_gathering_gives_each_run_its_own_samples_with_noise_in_junk_places(kind: str) -> None:
    examples = load_examples(task_terms(2, kind=kind), Streams.from_seeds([0, 1]).task)
    sample = np.array([[3, 5, 7], [7, 7, 0]])
    width = examples.features.shape[2]
    junk, noise = np.array([[False, True, False], [False, False, True]]), np.arange(2.0 * width).reshape(2, width)
    table = examples.table(torch.float64)
    clean, gathered = table.gather(sample).numpy(), table.gather(sample, junk, noise).numpy()
    expected = np.stack([examples.features[run % len(examples.features), sample[run]] for run in range(2)])
    np.testing.assert_array_equal(clean, expected)
    np.testing.assert_array_equal(gathered[junk], noise)
    np.testing.assert_array_equal(gathered[~junk], expected[~junk])


@pytest.mark.parametrize("kind", ["wine", "synthetic"])
def test_a_run_is_drawn_the_same_alone_and_in_an_ensemble(kind: str) -> None:
    changes: dict[str, Any] = {"kind": kind, "label_noise": 0.5, "noisy_share": 0.5}
    (examples, together), (own, alone) = drawn([4, 9], **changes), drawn([9], **changes)
    np.testing.assert_array_equal(examples.features[-1], own.features[0])
    for name in ("labels", "held", "start", "count", "validation", "test"):
        np.testing.assert_array_equal(getattr(together, name)[1], getattr(alone, name)[0])
    used, used_alone = together.weights[1] > 0, alone.weights[0] > 0
    np.testing.assert_array_equal(together.probes[1][used], alone.probes[0][used_alone])
    assert not np.array_equal(together.held[0], together.held[1])


def test_every_sample_is_trained_on_or_held_out_once() -> None:
    _, holdings = drawn([0, 1])
    for run in range(2):
        parts = [holdings.held[run], holdings.validation[run], holdings.test[run]]
        assert [len(part) for part in parts] == [290, 60, 50]  # 400 samples in all
        assert sorted(np.concatenate(parts)) == list(range(400))
    np.testing.assert_array_equal(holdings.start[:, 1:], np.cumsum(holdings.count, axis=1)[:, :-1])
    assert (holdings.count.sum(axis=1) == 290).all()


def test_noisy_principals_hold_the_given_share_of_wrong_labels_and_nobody_else_any() -> None:
    examples, holdings = drawn([3], principals=4, partition="equal", label_noise=0.25, noisy_share=0.5)
    wrong = holdings.labels[0] != examples.labels[0]
    shares = np.add.reduceat(wrong[holdings.held[0]], holdings.start[0])
    # 290 / 4 = 72 or 73 samples each, a quarter of which is 18 to 18.25
    assert sorted(shares.tolist())[:2] == [0, 0]
    assert all(18 <= share <= 19 for share in sorted(shares.tolist())[2:])
    assert not wrong[holdings.validation[0]].any()
    assert not wrong[holdings.test[0]].any()
    assert holdings.labels.max() < 3


def test_full_label_noise_makes_every_training_label_wrong() -> None:
    examples, holdings = drawn([3], label_noise=1, noisy_share=1)
    assert (holdings.labels[0] != examples.labels[0])[holdings.held[0]].all()


def test_noise_terms_may_differ_between_runs() -> None:
    scenarios = [
        Scenario.model_validate({"task": TASK | {"label_noise": noise, "noisy_share": 1}}).task for noise in (0.0, 1.0)
    ]
    streams = Streams.from_seeds([0, 0])
    examples = load_examples(terms := stack(TaskTerms, scenarios), streams.task)
    holdings = draw_holdings(examples, 10, terms, (), streams)
    wrong = holdings.labels != examples.labels
    assert wrong.sum(axis=1).tolist() == [0, 290]
    np.testing.assert_array_equal(holdings.held[0], holdings.held[1])  # the noise alone differs


def test_probes_are_held_out_samples_of_their_class_or_top_quarter() -> None:
    examples, holdings = drawn([0, 1])
    for run in range(2):
        used = holdings.weights[run] > 0
        assert set(holdings.probes[run][used]) <= set(holdings.validation[run])
        assert (examples.labels[run, holdings.probes[run, 0][used[0]]] == 1).all()
        values = examples.features[run, :, 2]
        assert (values[holdings.probes[run, 1][used[1]]] >= np.quantile(values, 0.75)).all()
        assert used[0].sum() == 8  # as many as asked for
        assert 5 <= used[1].sum() <= 25  # about a quarter of 60 held-out samples
    np.testing.assert_allclose(holdings.weights.sum(axis=2), 1)


def test_without_value_dimensions_there_are_no_probes() -> None:
    assert drawn([0, 1], dimensions=())[1].probes.shape == (2, 0, 0)


@pytest.mark.parametrize(
    ("probe", "message"),
    [
        (ProbeTerms(3, None, 8), r"values.dimensions\[1\].label = 3: classes of synthetic are 0 to 2"),
        (ProbeTerms(None, 5, 8), r"values.dimensions\[1\].feature = 5: features of synthetic are 0 to 4"),
    ],
)
def test_a_probe_of_something_that_does_not_exist_is_an_input_error(probe: ProbeTerms, message: str) -> None:
    with pytest.raises(InputError, match=message):
        drawn([0], dimensions=(PROBES[0], probe))


def test_a_probe_without_held_out_samples_is_an_input_error() -> None:
    with pytest.raises(InputError, match=r"label = 0: none of the task.validation = 1 held-out samples of synthetic"):
        drawn(range(10), dimensions=(ProbeTerms(0, None, 8),), validation=1)
    with pytest.raises(InputError, match=r"feature = 0: none of"):  # the corner of every 8 × 8 digit is blank
        drawn([0], dimensions=(ProbeTerms(None, 0, 8),), kind="digits")


def test_data_too_small_for_its_splits_is_an_input_error_with_the_numbers() -> None:
    with pytest.raises(InputError, match=r"300 \+ task.test = 260 .* = 600 exceed the 569 samples of breast_cancer"):
        drawn([0], principals=40, kind="breast_cancer", validation=300, test=260)


def test_an_unknown_task_lists_what_exists() -> None:
    with pytest.raises(InputError, match=r"unknown task .digit.: there are adult, breast_cancer, csv:FILE, diabetes,"):
        load_dataset(task_terms(kind="digit"), np.random.default_rng(0))


def test_a_registered_task_is_used_and_left_writable(registered: Register) -> None:
    mine = Dataset("mine", np.eye(4), np.array([0, 1, 0, 1]), classes=2)
    registered("mine", lambda terms, generator: mine)
    assert load_dataset(task_terms(kind="mine"), np.random.default_rng(0)).name == "mine"
    assert mine.features.flags.writeable


@pytest.mark.parametrize(
    ("features", "labels", "message"),
    [
        ([[1, 2], [3, np.nan], [np.inf, np.nan]], [0, 1, 0], "1 of 3 values of feature 0 are nan or infinite .2 such"),
        ([[1.0], [2.0]], [1, 1], "name 1 class"),
        ([[1.0], [2.0]], [0, 2], "from 0 to 2 must lie from 0 to 1"),
        ([[1.0], [2.0]], [0, 1, 1], "must be .samples, features. and .samples,."),
    ],
)
def test_data_that_cannot_be_learnt_from_is_an_input_error(
    registered: Register, features: list[list[float]], labels: list[int], message: str
) -> None:
    data = Dataset("broken", np.array(features, dtype=np.float64), np.array(labels), classes=2)
    registered("broken", lambda terms, generator: data)
    with pytest.raises(InputError, match=message):
        load_dataset(task_terms(kind="broken"), np.random.default_rng(0))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.arange(0.05, 2.9, 0.1), "29 of 29 labels are not whole, like 0.05; a label must be the number of a class"),
        ([0, 1, 0.5], "1 of 3 labels are not whole, like 0.5"),
        ([0, 1, np.nan], "1 of 3 labels are not whole, like nan"),
        ([0, 1, np.inf], "1 of 3 labels are not whole, like inf"),
        (["cat", "dog", "cat"], "labels of dtype <U3: they must be real numbers"),
        ([0j, 1j, 1], "labels of dtype complex128: they must be real numbers"),
        ([None, 1, 0], "1 of 3 labels are not whole, like nan"),
    ],
)
def test_labels_that_are_no_class_numbers_are_refused(labels: Any, message: str) -> None:
    features = np.eye(len(labels))
    with pytest.raises(InputError, match=f"^task mine: {message}"):
        checked(Dataset("mine", features, np.array(labels), classes=3))


def test_features_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(InputError, match="task mine: features of dtype <U3: they must be real numbers"):
        checked(Dataset("mine", np.array([["low"], ["top"]]), np.array([0, 1]), classes=2))  # type: ignore[arg-type]


def test_whole_labels_of_any_number_format_are_classes() -> None:
    for labels in (np.array([0.0, 1.0, 2.0]), np.array([0, 1, 2], np.uint8), np.array([0, 1, 2], np.float16)):
        kept = checked(Dataset("mine", np.eye(3), labels, classes=3)).labels  # type: ignore[arg-type]
        assert kept.dtype == np.int64 and kept.tolist() == [0, 1, 2]


def test_runs_of_an_ensemble_must_have_data_of_one_size(registered: Register) -> None:
    def ragged(terms: TaskTerms, generator: np.random.Generator) -> Dataset:
        labels = np.arange(generator.integers(4, 1_000_000)) % 2
        return Dataset("ragged", labels[:, None].astype(np.float64), labels, classes=2)

    registered("ragged", ragged)
    with pytest.raises(InputError, match="equally many samples"):
        load_examples(task_terms(2, kind="ragged"), Streams.from_seeds([0, 1]).task)


OWN = ("csv:FILE", "parquet:FILE", "torch:FILE.py:NAME")
ELSEWHERE = (OPENML, "mnist_5k", "japanese_vowels", "adult", *OWN)  # data that are not here


@pytest.mark.parametrize("kind", [name for name in TASKS if name not in ELSEWHERE])
def test_every_task_keeps_its_promises(kind: str) -> None:
    check_task(kind)


def _some(seed: float, classes: int = 2, shape: tuple[int, int] | None = None, samples: int = 4) -> Dataset:
    labels = np.arange(samples) % 2
    return Dataset("some", np.stack([labels + seed, labels], axis=1).astype(np.float64), labels, classes, shape)


@pytest.mark.parametrize(
    ("draw", "promise"),
    [
        (lambda terms, generator: _some(np.nan), "4 of 4 values of feature 0 are nan or infinite"),
        (lambda terms, generator: _some(0.0, classes=1), "labels from 0 to 1 must lie from 0 to 0"),
        (lambda terms, generator: _some(np.random.default_rng().random()), "the same generator draws the same data"),
        (lambda terms, generator: _some(0, samples=generator.integers(4, 10**6)), "all seeds draw data of one size"),
        (lambda terms, generator: _some(0, shape=(2, 2)), "an image of (2, 2) has 4 features"),
    ],
)
def test_a_task_that_breaks_a_promise_is_told_which(
    registered: Register, draw: Callable[[TaskTerms, np.random.Generator], Dataset], promise: str
) -> None:
    registered("broken", draw)
    with pytest.raises(AssertionError, match="task 'broken' breaks a promise: ") as told:
        check_task("broken")
    assert promise in str(told.value)


def openml_answers(monkeypatch: pytest.MonkeyPatch, answer: Any) -> TaskTerms:
    def fetch_openml(name: str, **options: Any) -> SimpleNamespace:
        if isinstance(answer, Exception):
            raise answer
        return SimpleNamespace(data=answer[0], target=answer[1])

    fetch.cache_clear()
    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch_openml)
    return task_terms(kind="openml:tiny")


@pytest.mark.parametrize(
    "error",
    [
        URLError("[Errno -2]\nName or service not known"),
        TimeoutError(),
        sklearn.datasets._openml.OpenMLError("No\nset"),
    ],
)
def test_openml_without_network_or_with_an_unknown_name_is_one_line(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    terms = openml_answers(monkeypatch, error)
    with pytest.raises(InputError, match=r"task.kind = 'openml:tiny' cannot be had") as caught:
        load_dataset(terms, np.random.default_rng(0))
    assert "\n" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_openml_is_asked_without_retrying_for_long(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = []

    def no_network(request: Any) -> None:
        asked.append(socket.getdefaulttimeout())
        raise URLError("no route")

    fetch.cache_clear()
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    monkeypatch.setattr(sklearn.datasets._openml, "urlopen", no_network)
    with pytest.raises(InputError, match="cannot be had: <urlopen error no route>"):
        load_dataset(task_terms(kind="openml:tiny"), np.random.default_rng(0))
    assert asked == [10.0, 10.0]  # seconds, twice; scikit-learn alone would wait for ever
    assert socket.getdefaulttimeout() is None


def test_openml_data_becomes_numeric_and_standardised(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pd.DataFrame(
        {"age": [1, 2, 3, 4], "town": pd.Categorical(["b", "a", "a", "b"]), "yes": [True, True, False, True]}
    )
    terms = openml_answers(monkeypatch, (frame, pd.Series(["no", "yes", "no", "yes"], name="class")))
    data = load_dataset(terms, np.random.default_rng(0))
    assert data.name == "openml:tiny"
    np.testing.assert_allclose(data.features[:, 0], (np.arange(4) - 1.5) / np.sqrt(1.25))
    np.testing.assert_allclose(data.features[:, 1:3], [[-1, 1], [1, -1], [1, -1], [-1, 1]])  # a, b: one-hot
    np.testing.assert_array_equal(data.labels, [0, 1, 0, 1])
    assert (data.features.shape, data.classes) == ((4, 4), 2)
    check_task("openml:tiny")


def test_an_openml_column_of_very_many_categories_becomes_one_column(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pd.DataFrame({"name": [f"n{i:03}" for i in range(150)]})
    terms = openml_answers(monkeypatch, (frame, pd.Series(np.arange(150) % 2)))
    features = load_dataset(terms, np.random.default_rng(0)).features
    assert features.shape == (150, 1)
    assert (np.diff(features[:, 0]) > 0).all()


@pytest.mark.parametrize(
    ("data", "target", "message"),
    [
        (
            pd.DataFrame({"age": [1.0, None], "town": ["a", None]}),
            pd.Series([0, 1]),
            "1 of 2 values of age are missing .2 ",
        ),
        (pd.DataFrame({"age": [1.0, 2.0]}), pd.Series(["a", None]), "1 of 2 values of the target are missing"),
        (pd.DataFrame({"age": [1.0, 2.0]}), pd.Series([0.5, 1.5]), "numeric values; it must be a class"),
        (pd.DataFrame({"age": [1.0, 2.0]}), None, "must be one column"),
    ],
)
def test_openml_data_that_is_incomplete_or_has_no_class_is_an_input_error(
    monkeypatch: pytest.MonkeyPatch, data: pd.DataFrame, target: Any, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        load_dataset(openml_answers(monkeypatch, (data, target)), np.random.default_rng(0))


def test_drift_turns_features_without_stretching_them() -> None:
    stream = Streams.from_seeds([0, 1]).task
    generator = draw_rotation_generator(64, stream)
    np.testing.assert_array_equal(generator, -generator.transpose(0, 2, 1))
    np.testing.assert_allclose(np.linalg.norm(generator, ord=2, axis=(1, 2)), 1)
    turned = rotation(generator, np.array([[0.02], [5.0]]))
    np.testing.assert_allclose(turned @ turned.transpose(0, 2, 1), np.broadcast_to(np.eye(64), (2, 64, 64)), atol=1e-12)
    # the largest angle of the rotation is the angle asked for
    assert np.abs(np.angle(np.linalg.eigvals(turned[0]))).max() == pytest.approx(0.02)


def test_drift_adds_up_and_is_drawn_the_same_alone_and_in_an_ensemble() -> None:
    generator = draw_rotation_generator(7, Streams.from_seeds([5, 8]).task)
    alone = draw_rotation_generator(7, Streams.from_seeds([8]).task)
    np.testing.assert_array_equal(generator[1:], alone)
    step, twice = rotation(alone, np.array([[0.3]])), rotation(alone, np.array([[0.6]]))
    np.testing.assert_allclose(step @ step, twice, atol=1e-13)


def test_a_single_feature_cannot_drift() -> None:
    generator = draw_rotation_generator(1, Streams.from_seeds([0]).task)
    np.testing.assert_array_equal(rotation(generator, np.array([[1.0]])), [[[1.0]]])


def test_terms_carry_every_field_of_the_task_section() -> None:
    names = {field.name for field in dataclasses.fields(TaskTerms)}
    assert names == set(type(Scenario().task).model_fields)
