"""Metrics are those of scikit-learn, for every run at once, and keep what every metric promises."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn
from torch import Tensor

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.economy.tasks.metrics import METRICS, metric, metric_of
from commonweal.testing import check_metric

RUNS, SAMPLES = 3, 40
Judge = Callable[[Floats, Ints, Floats], float]  # scores (E, C), labels (E,) and weights (E,) of one run


def probabilities(scores: Floats) -> Floats:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Floats = raised / raised.sum(axis=1, keepdims=True)
    return shares


def area(scores: Floats, labels: Ints, weights: Floats) -> float:
    chances = probabilities(scores)
    if scores.shape[1] == 2:
        return float(sklearn.roc_auc_score(labels, chances[:, 1], sample_weight=weights))
    each = [sklearn.roc_auc_score(labels == c, chances[:, c], sample_weight=weights) for c in range(scores.shape[1])]
    return float(np.mean(each))


def explained(scores: Floats, labels: Ints, weights: Floats) -> float:
    shares = np.bincount(labels, weights, scores.shape[1]) / weights.sum()
    guess = np.broadcast_to(shares, scores.shape)
    told, guessed = (
        sklearn.log_loss(labels, p, sample_weight=weights, labels=range(scores.shape[1]))
        for p in (probabilities(scores), guess)
    )
    return float(1 - told / guessed)


JUDGES: dict[str, Judge] = {
    "accuracy": lambda s, y, w: float(sklearn.accuracy_score(y, s.argmax(1), sample_weight=w)),
    "balanced_accuracy": lambda s, y, w: float(sklearn.balanced_accuracy_score(y, s.argmax(1), sample_weight=w)),
    "auc": area,
    "log_loss": explained,
}


def drawn(seed: int, classes: int) -> tuple[Tensor, Tensor, Tensor]:
    """Scores with ties here and there in single columns, labels in which every class is, and weights."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes, size=(RUNS, SAMPLES))
    labels[:, :classes] = np.arange(classes)
    scores = rng.normal(size=(RUNS, SAMPLES, classes)) + 1.5 * np.eye(classes)[labels] * rng.random((RUNS, 1, 1))
    weights = rng.integers(1, 4, size=labels.shape).astype(np.float64)
    return torch.tensor(scores), torch.tensor(labels), torch.tensor(weights)


@given(seed=st.integers(0, 10**6), classes=st.integers(2, 5), weighted=st.booleans())
@settings(max_examples=25, deadline=None)
def test_metrics_of_classes_are_those_of_scikit_learn_in_every_run(seed: int, classes: int, weighted: bool) -> None:
    scores, labels, weights = drawn(seed, classes)
    for name, judge in JUDGES.items():
        found = METRICS[name](scores, labels, weights if weighted else None)
        own = weights if weighted else torch.ones_like(weights)
        expected = [judge(s.numpy(), y.numpy(), w.numpy()) for s, y, w in zip(scores, labels, own, strict=True)]
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12, err_msg=name)


@given(seed=st.integers(0, 10**6), steps=st.integers(2, 6))
@settings(max_examples=15, deadline=None)
def test_ties_count_half_under_the_roc_curve(seed: int, steps: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(2, size=(RUNS, SAMPLES))
    labels[:, :2] = (0, 1)
    second = rng.integers(steps, size=labels.shape).astype(np.float64)
    scores = np.stack([np.zeros_like(second), second], axis=2)
    expected = [sklearn.roc_auc_score(y, s) for y, s in zip(labels, second, strict=True)]
    np.testing.assert_allclose(METRICS["auc"](torch.tensor(scores), torch.tensor(labels), None), expected, rtol=1e-12)


@given(seed=st.integers(0, 10**6), weighted=st.booleans())
@settings(max_examples=15, deadline=None)
def test_the_share_of_variance_explained_is_that_of_scikit_learn(seed: int, weighted: bool) -> None:
    rng = np.random.default_rng(seed)
    target, weights = rng.normal(3.0, 5.0, size=(RUNS, SAMPLES)), rng.random((RUNS, SAMPLES)) + 0.1
    scores = 0.5 * target + rng.normal(size=target.shape)
    counted = torch.tensor(weights) if weighted else None
    found = METRICS["r2"](torch.tensor(scores)[..., None], torch.tensor(target), counted)
    own = weights if weighted else np.ones_like(weights)
    expected = [sklearn.r2_score(y, s, sample_weight=w) for y, s, w in zip(target, scores, own, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("name", list(METRICS))
def test_every_metric_keeps_its_promises(name: str) -> None:
    check_metric(name)


def test_a_class_that_is_not_there_does_not_count() -> None:
    scores = torch.eye(3)[[0, 1, 1, 0]].unsqueeze(0)
    labels = torch.tensor([[0, 1, 1, 1]])
    assert METRICS["balanced_accuracy"](scores, labels, None)[0] == pytest.approx((1 + 2 / 3) / 2)
    assert METRICS["auc"](scores, labels, None)[0] == pytest.approx((1 - 0.5 / 3), abs=1e-12)


def test_where_there_is_nothing_to_explain_nothing_is_explained() -> None:
    same = torch.ones(1, 4)
    assert METRICS["r2"](same.unsqueeze(2), same, None)[0] == 0
    assert METRICS["log_loss"](torch.zeros(1, 4, 2), torch.ones(1, 4, dtype=torch.int64), None)[0] == 0


def test_the_usual_metric_is_accuracy_of_classes_and_the_variance_explained_of_numbers() -> None:
    assert (metric_of("auto", "class"), metric_of("auto", "number")) == ("accuracy", "r2")
    assert metric_of("auc", "class") == "auc"


def test_a_metric_that_breaks_a_promise_is_told_which() -> None:
    @metric("first_alone")
    def first_alone(scores: Tensor, labels: Tensor, weights: Tensor | None = None) -> Floats:
        right: Floats = (scores[:, 0].argmax(1) == labels[:, 0]).double().numpy()
        return right

    try:
        with pytest.raises(AssertionError, match="metric 'first_alone' breaks a promise: "):
            check_metric("first_alone")
    finally:
        METRICS._plugs.pop("first_alone")
    with pytest.raises(InputError, match="unknown metric 'f1': there are accuracy, auc, auto, balanced_accuracy"):
        check_metric("f1")
