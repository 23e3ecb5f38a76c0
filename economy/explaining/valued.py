"""Values of what decisions saw, wherever the conditional means come from, and the explanation that they make."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from commonweal.agents.arrays import AnyArray, Bools, Floats, Ints
from commonweal.economy.explaining.explanation import Explanation
from commonweal.economy.explaining.values import Effort, value_games


@dataclass(frozen=True)
class Question:
    """What is explained, in words."""

    kind: str  # behaviour or prediction
    target: str
    baseline: str
    names: tuple[str, ...]  # (F,) of the features
    answers: tuple[str, ...] = ()  # (A,) what each is called


@dataclass(frozen=True)
class Valued:
    """What F features add to A answers of S decisions."""

    method: str
    base: Floats  # (S, A) nothing known
    known: Floats  # (S, A) all features known
    values: Floats  # (S, F, A)
    standard_error: Floats | None = None  # (S, F, A) for the coalitions that were not looked at
    exact: bool = True
    provenance: Mapping[str, str] = field(default_factory=dict)

    def among(self, varying: Ints, features: int) -> "Valued":
        """The same with features that never vary, which add exactly nothing.

        Args:
            varying: (V,) places of those that are valued.
            features: F, all.
        """

        def spread(values: Floats) -> Floats:
            wide = np.zeros((len(values), features, values.shape[2]))
            wide[:, varying] = values
            return wide

        error = None if self.standard_error is None else spread(self.standard_error)
        return replace(self, values=spread(self.values), standard_error=error)

    def explanation(self, question: Question, decided: int, truth: Floats | None = None) -> Explanation:
        """As an explanation, with S as the run axis.

        Args:
            question: in words.
            decided: decisions that were looked at.
            truth: (S, A) the answers themselves, where ``known`` misses some of them.
        """
        return Explanation(
            question.kind,
            question.target,
            question.baseline,
            question.names,
            self.base,
            self.known if truth is None else truth,
            self.values,
            standard_error=self.standard_error,
            residual=None if truth is None else truth - self.known,
            evaluations=decided,
            exact=self.exact,
            answers=question.answers,
            provenance={"method": self.method, **self.provenance},
        )


def varying_features(features: AnyArray, decisions: AnyArray) -> Ints:
    """(V,) features that are not always the same in rows (M, F) and decisions (S, F); one, if none varies."""
    varies = (features != decisions[:1]).any(axis=0) | (decisions != decisions[:1]).any(axis=0)
    return np.flatnonzero(varies) if varies.any() else np.arange(1)


def value_answers(features: int, means: Callable[[Bools], Floats], effort: Effort) -> Valued:
    """Shapley values from the conditional means of coalitions, which are the same for all decisions and answers.

    Args:
        features: F.
        means: (C, F) coalitions → (C, S, A).
        effort: budget and estimator.
    """
    shape: list[tuple[int, ...]] = []

    def play(coalitions: Bools) -> Floats:
        found = means(coalitions)
        shape[:] = [found.shape[1:]]
        return found.reshape(len(coalitions), -1)

    found = value_games(features, play, effort)

    def shaped(values: Floats) -> Floats:
        apart: Floats = values.reshape(*shape[0], features).swapaxes(1, 2)
        return apart

    base, known = found.base.reshape(shape[0]), found.whole.reshape(shape[0])
    method = f"conditional means of {found.evaluations} coalitions of features"
    return Valued(method, base, known, shaped(found.values), shaped(found.standard_error), exact=False)
