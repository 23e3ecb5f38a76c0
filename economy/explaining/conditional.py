"""Decisions explained without any training: exact conditional means over all coalitions of what a principal saw.

Masking all features but those in C leaves b(C) = E[answer | the features in C are as in the decision], the mean over
the rows of a play that agree with the decision on C (Beechey and Şimşek 2025, arXiv 2511.06094, who learn it). Rows are
counted by the set of features on which they agree; sums over all supersets of C then give every b(C) in F 2^(F−1)
additions. The answer may be the law of the action (behaviour), a value (prediction), or a return (outcome).
"""

from dataclasses import dataclass, replace

import numpy as np

from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.economy.credit.exact import shapley_value
from commonweal.economy.explaining.explanation import Explanation

MOST_FEATURES = 20
BINS = 4  # of a feature
_SHORT = 16  # coalitions that lie together, below which sums go place by place
_HELD = 1 << 24  # numbers of games held at a time


@dataclass(frozen=True)
class Bins:
    """Where features are cut, so that decisions can agree on them."""

    edges: tuple[Floats, ...]  # of each feature, ascending; a value at an edge is above it

    @classmethod
    def of(cls, features: Floats, bins: int = BINS) -> "Bins":
        """Cut each feature into bins of about as many rows; a feature with few values keeps each apart.

        Args:
            features: (M, F).
            bins: most of a feature.
        """
        return cls(tuple(_edges(column, bins) for column in features.T))

    def codes(self, features: Floats) -> Ints:
        """(M, F) bin of each value of features (M, F)."""
        codes = np.zeros(features.shape, dtype=np.int64)
        for feature, edges in enumerate(self.edges):
            codes[:, feature] = np.searchsorted(edges, features[:, feature], side="right")
        return codes


def _edges(column: Floats, bins: int) -> Floats:
    """(B − 1,) where one feature is cut."""
    values = np.unique(column)
    if len(values) <= bins:
        return np.array(values[1:])
    edges = np.quantile(column, np.arange(1, bins) / bins, method="higher")
    return np.array(np.unique(np.maximum(edges, values[1])))  # where most have the lowest value, it keeps a bin


@dataclass(frozen=True)
class Rows:
    """Decisions of a play: what was seen, in bins, and the answer that stood behind it."""

    codes: Ints  # (M, F)
    answers: Floats  # (M, A) law of the action, or a value
    weights: Floats  # (M,) how much a row counts
    counts: Floats  # (M,) decisions that a row stands for

    @classmethod
    def of(cls, codes: Ints, answers: Floats, weights: Floats | None = None) -> "Rows":
        """Rows that count alike unless weights (M,) say otherwise; those that saw the same are made one.

        Args:
            codes: (M, F) from 0.
            answers: (M, A).
            weights: (M,) at least 0.
        """
        weights = np.ones(len(codes)) if weights is None else weights
        _, first, place, counts = np.unique(
            _numbered(codes), return_index=True, return_inverse=True, return_counts=True
        )
        whole = np.bincount(place, weights, len(first)).astype(np.float64)
        sums = [np.bincount(place, weights * column, len(first)) for column in answers.T]
        mean = np.stack(sums, axis=1) / np.where(whole > 0, whole, 1.0)[:, None]
        return cls(codes[first], mean, whole, counts.astype(np.float64))


def _numbered(codes: Ints) -> Ints:
    """(M,) numbers that are the same where rows (M, F) of small codes are."""
    numbers = np.zeros(len(codes), dtype=np.int64)
    for column in codes.T:
        numbers = numbers * (int(column.max(initial=0)) + 1) + column
        if numbers.max(initial=0) > 1 << 40:  # whole numbers would not hold another feature of many codes
            numbers = np.unique(numbers, return_inverse=True)[1].ravel()
    return numbers


@dataclass(frozen=True)
class ConditionalGames:
    """What is known of the answers of S decisions when only some of F features are."""

    values: Floats  # (S, A, 2^F) b of every coalition, numbered as in ``all_coalitions``
    matching: Ints  # (S, 2^F) decisions of the play that agree on it


def agreement(codes: Ints, decision: Ints) -> Ints:
    """(M,) number of the coalition of features on which each row (M, F) agrees with one decision (F,)."""
    masks = np.zeros(len(codes), dtype=np.int64)
    for feature, code in enumerate(decision):
        masks |= (codes[:, feature] == code).astype(np.int64) << feature
    return masks


def superset_sums(numbers: Floats) -> Floats:
    """Σ over all coalitions that contain C, for every C: the zeta transform (Yates 1937), in place.

    Args:
        numbers: (B, 2^F) of every coalition, numbered as in ``all_coalitions``; overwritten by the sums.
    """
    size = 1
    while size < numbers.shape[1]:
        pairs = numbers.reshape(len(numbers), -1, 2, size)
        if size < _SHORT:  # numpy is slow along short axes
            for place in range(size):
                pairs[:, :, 0, place] += pairs[:, :, 1, place]
        else:
            pairs[:, :, 0] += pairs[:, :, 1]
        size *= 2
    return numbers


def conditional_games(rows: Rows, decisions: Ints) -> ConditionalGames:
    """The conditional means of all coalitions of features, for each of S decisions.

    Args:
        rows: of the play, the decisions themselves among them.
        decisions: (S, F) codes.

    Raises:
        ValueError: if no row that counts has seen what one of the decisions saw.
    """
    answers = rows.answers.shape[1]
    values = np.empty((len(decisions), answers, 2 ** decisions.shape[1]))
    matching = np.empty((len(decisions), values.shape[2]), dtype=np.int64)
    weighed = rows.weights[:, None] * rows.answers
    for place, decision in enumerate(decisions):
        masks = agreement(rows.codes, decision)
        columns = (rows.weights, *weighed.T, rows.counts)
        counted: Floats = np.stack([np.bincount(masks, column, values.shape[2]) for column in columns])
        total, *sums, alike = superset_sums(counted)
        if not total[-1] > 0:
            raise ValueError("a decision is not among the rows that explain it")
        for answer, whole in enumerate(sums):
            np.divide(whole, total, out=values[place, answer])
        matching[place] = alike
    return ConditionalGames(values, matching)


@dataclass(frozen=True)
class Question:
    """What is explained, in words."""

    kind: str  # behaviour or prediction
    target: str
    baseline: str
    names: tuple[str, ...]  # (F,) of the features
    answers: tuple[str, ...] = ()  # (A,) what each is called


def explain_rows(rows: Rows, decisions: Ints, question: Question, truth: Floats | None = None) -> Explanation:
    """What each feature adds to the answers of S decisions: Shapley values of their conditional means.

    Args:
        rows: of the play, the decisions themselves among them.
        decisions: (S, F) codes.
        question: in words.
        truth: (S, A) the answers of the decisions themselves, where bins hide something of them; what the mean of the
            rows alike misses of it is left open.

    Returns:
        With S as the run axis.

    Raises:
        InputError: if more features vary than can be explained exactly.
        ValueError: if no row that counts has seen what one of the decisions saw.
    """
    features = rows.codes.shape[1]
    varying = np.flatnonzero((rows.codes != decisions[:1]).any(axis=0))  # what is always the same adds nothing
    if len(varying) > MOST_FEATURES:
        raise InputError(f"{len(varying)} features vary: at most {MOST_FEATURES} can be explained exactly")
    rows, decisions = replace(rows, codes=rows.codes[:, varying]), decisions[:, varying]
    held = max(1, _HELD // (rows.answers.shape[1] * 2 ** len(varying)))
    parts = [_valued(rows, decisions[first : first + held]) for first in range(0, len(decisions), held)]
    base, known, found, alike = (np.concatenate(each) for each in zip(*parts, strict=True))
    values = np.zeros((len(decisions), features, base.shape[1]))
    values[:, varying] = found
    residual = None if truth is None else truth - known
    decided = int(rows.counts.sum())
    return Explanation(
        question.kind,
        question.target,
        question.baseline,
        question.names,
        base,
        known if truth is None else truth,
        values,
        residual=residual,
        evaluations=decided,
        answers=question.answers,
        provenance={
            "method": "conditional means of all coalitions of features",
            "distinct observations": str(len(rows.codes)),
            "decisions alike (all features known)": _range_of(alike[:, -1]),
            "decisions alike (one feature known, fewest)": _range_of(alike[:, :-1].min(axis=1, initial=decided)),
        },
    )


def _valued(rows: Rows, decisions: Ints) -> tuple[Floats, Floats, Floats, Ints]:
    """Base (S, A), value (S, A), values (S, F, A), and matching rows (S, F + 1) of one feature each and of all."""
    games = conditional_games(rows, decisions)
    count, answers, coalitions = games.values.shape
    values = np.zeros((count, decisions.shape[1], answers))
    if coalitions > 1:
        values[:] = shapley_value(games.values.reshape(-1, coalitions)).reshape(count, answers, -1).swapaxes(1, 2)
    few = games.matching[:, [*(1 << np.arange(decisions.shape[1])), coalitions - 1]]
    return games.values[..., 0], games.values[..., -1], values, few


def _range_of(counts: Ints) -> str:
    low, high = int(counts.min()), int(counts.max())
    return str(low) if low == high else f"{low} to {high}"


def outcome_of(behaviour: Explanation, returns: Floats, target: str) -> Explanation:
    """What each feature adds to the return when the policy acts once on what is known, and freely from then on.

    v(C) = Σ_a b_a(C) Q(s, a), so that by linearity each part is that of the behaviour, weighed by returns.

    Args:
        behaviour: of S decisions, whose answers are actions.
        returns: (S, A) Q, what follows if the action is taken once and the policy goes on.
        target: whose return, in words.
    """
    residual = None if behaviour.residual is None else (behaviour.residual * returns).sum(axis=1, keepdims=True)
    return Explanation(
        "outcome",
        target,
        behaviour.baseline,
        behaviour.names,
        (behaviour.base * returns).sum(axis=1, keepdims=True),
        (behaviour.value * returns).sum(axis=1, keepdims=True),
        (behaviour.values * returns[:, None, :]).sum(axis=2, keepdims=True),
        residual=residual,
        evaluations=behaviour.evaluations,
        exact=behaviour.exact,
        provenance={**behaviour.provenance, "masked": "at this decision alone, not at later ones"},
    )
