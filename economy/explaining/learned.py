"""Decisions explained by what networks learn of a play: for features that are numbers, or too many to be counted."""

from dataclasses import dataclass, replace

import numpy as np
import torch

from commonweal.agents.arrays import Bools, Floats
from commonweal.agents.errors import InputError
from commonweal.economy.explaining.explanation import Explanation
from commonweal.economy.explaining.nets import Means, Training, learn_means, learn_values
from commonweal.economy.explaining.valued import Question, Valued, value_answers, varying_features
from commonweal.economy.explaining.values import Effort

_COALITIONS = Effort(budget=2048, estimator="leverage_shap")
_HELD = 1 << 16  # rows that a network reads at a time


@dataclass(frozen=True)
class Learned(Training):
    """Learn the conditional means of what was seen, instead of counting who saw the same.

    Raises:
        InputError: if a number is out of its range.
    """

    coalitions: Effort | None = _COALITIONS  # from which values are computed; None: a second network learns them
    in_bins: bool = False  # whether what is known of a feature is its bin, as where decisions are counted
    left_out: float = 0.1  # share of decisions that only test the network

    def __post_init__(self) -> None:
        if min(self.updates, self.units) < 1 or self.batch < 2 or not self.rate > 0 or not 0 <= self.left_out < 1:
            raise InputError(
                f"updates = {self.updates}, units = {self.units}, batch = {self.batch}, rate = {self.rate:g}, "
                f"left_out = {self.left_out:g}: must be at least 1, 1 and 2, above 0, and from 0 to below 1"
            )


@dataclass(frozen=True)
class Sample:
    """Decisions to learn from."""

    features: Floats  # (M, F)
    answers: Floats  # (M, A)
    weights: Floats  # (M,) how much each counts


def explain_learned(
    sample: Sample, decisions: Floats, question: Question, learned: Learned, truth: Floats | None = None
) -> Explanation:
    """What each feature adds to the answers of S decisions: Shapley values of learned conditional means.

    Parts sum to b̂(all) − b(∅), with the mean answer for b(∅); what the network misses of the answers is left open.

    Args:
        sample: to learn from.
        decisions: (S, F) features.
        question: in words.
        learned: how.
        truth: (S, A) the answers of the decisions themselves.

    Returns:
        With S as the run axis, never exact; its ``standard_error``, if any, is of the coalitions alone, not of the
        network. ``provenance`` says how far the network misses decisions that it has not learned from.
    """
    varying = varying_features(sample.features, decisions)
    sample, seen = Sample(sample.features[:, varying], sample.answers, sample.weights), decisions[:, varying]
    means = learn_means(sample.features, sample.answers, sample.weights, learned, learned.left_out)
    valued = (
        _by_network(means, sample, seen, learned)
        if learned.coalitions is None
        else _by_coalitions(means, seen, learned.coalitions)
    )
    return valued.among(varying, decisions.shape[1]).explanation(question, len(sample.features), truth)


def _by_coalitions(means: Means, decisions: Floats, effort: Effort) -> Valued:
    """Values computed from the learned means of coalitions."""
    read = means.inputs.read(decisions)

    def of(known: Bools) -> Floats:
        step = max(1, _HELD // len(read))
        return np.concatenate(
            [_means(means, read, known[first : first + step]) for first in range(0, len(known), step)]
        )

    valued = value_answers(decisions.shape[1], of, effort)
    return _told(means, valued, f"learned {valued.method}")


def _means(means: Means, read: torch.Tensor, known: Bools) -> Floats:
    """(C, S, A) learned means of each coalition (C, F) for each of S decisions."""
    given = torch.from_numpy(known).repeat_interleave(len(read), dim=0)
    with torch.no_grad():
        found = means.of(read.repeat(len(known), 1), given)
    return found.numpy().reshape(len(known), len(read), -1)


def _by_network(means: Means, sample: Sample, decisions: Floats, training: Training) -> Valued:
    """Values that a second network has learned from the learned means."""
    read, shape = means.inputs.read(sample.features), (decisions.shape[1], sample.answers.shape[1])

    def worth(rows: torch.Tensor, known: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return means.of(read[rows], known)

    values = learn_values(read, worth, sample.weights, shape, training)
    asked = means.inputs.read(decisions)
    base, known = _means(means, asked, np.array([[False] * shape[0], [True] * shape[0]]))
    with torch.no_grad():
        found = values.of(asked, torch.from_numpy(known - base)).numpy()
    return _told(means, Valued("", base, known, found), "a network of values on learned conditional means")


def _told(means: Means, valued: Valued, method: str) -> Valued:
    """Values with how they were found."""
    tested = "nothing was left out"
    if means.tested is not None:
        every, some, none = means.tested
        tested = f"{every:.3g} with all features known, {some:.3g} with some, {none:.3g} with none"
    found = {"mean squared error on decisions left out": tested}
    return replace(valued, method=method, exact=False, provenance=found)
