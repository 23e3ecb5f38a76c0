"""Decisions explained without any training: exact conditional means over all coalitions of what a principal saw.

Masking all features but those in C leaves b(C) = E[answer | the features in C are as in the decision], the mean over
the rows of a play that agree with the decision on C (Beechey and Şimşek 2025, arXiv 2511.06094, who learn it). Rows are
counted by the set of features on which they agree; sums over all supersets of C then give every b(C) in F 2^(F−1)
additions. The answer may be the law of the action (behaviour), a value (prediction), or a return (outcome).
"""

from dataclasses import dataclass, replace

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.economy.explaining.explanation import Explanation
from commonweal.economy.explaining.rows import Rows, agreement
from commonweal.economy.explaining.supersets import ratio_values, superset_sums
from commonweal.economy.explaining.valued import Question, Valued, value_answers, varying_features
from commonweal.economy.explaining.values import Effort

MOST_FEATURES = 20  # that vary, for exact values
MOST_SAMPLED = 60  # that vary, at all: a coalition is one whole number
_SAMPLED = Effort(budget=4096, estimator="leverage_shap")  # coalitions where there are too many for all
_STRANGE = "a decision is not among the rows that explain it"
_HELD = 1 << 24  # numbers of rows by coalitions held at a time


@dataclass(frozen=True)
class ConditionalGames:
    """What is known of the answers of S decisions when only some of F features are."""

    values: Floats  # (S, A, 2^F) b of every coalition, numbered as in ``all_coalitions``
    matching: Ints  # (S, 2^F) decisions of the play that agree on it


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
            raise ValueError(_STRANGE)
        for answer, whole in enumerate(sums):
            np.divide(whole, total, out=values[place, answer])
        matching[place] = alike
    return ConditionalGames(values, matching)


def explain_rows(
    rows: Rows, decisions: Ints, question: Question, truth: Floats | None = None, effort: Effort | None = None
) -> Explanation:
    """What each feature adds to the answers of S decisions: Shapley values of their conditional means.

    Args:
        rows: of the play, the decisions themselves among them.
        decisions: (S, F) codes.
        question: in words.
        truth: (S, A) the answers of the decisions themselves, where bins hide something of them; what the mean of the
            rows alike misses of it is left open.
        effort: what estimated values may cost; None: all coalitions up to 20 features that vary, then 4096 of them.

    Returns:
        With S as the run axis.

    Raises:
        InputError: if more than 60 features vary.
        ValueError: if no row that counts has seen what one of the decisions saw.
    """
    features = rows.codes.shape[1]
    varying = varying_features(rows.codes, decisions)
    if len(varying) > MOST_SAMPLED:
        raise InputError(f"{len(varying)} features vary: at most {MOST_SAMPLED} can be told apart, or Learned")
    rows, decisions = replace(rows, codes=rows.codes[:, varying]), decisions[:, varying]
    masks = np.stack([agreement(rows.codes, decision) for decision in decisions])
    if effort is None and len(varying) <= MOST_FEATURES:
        valued = _exact(rows, masks)
    else:
        valued = _sampled(rows, masks, effort or _SAMPLED)
    decided, alike = int(rows.counts.sum()), _alike(rows, masks)
    found = {
        "distinct observations": str(len(rows.codes)),
        "decisions alike (all features known)": _range_of(alike[:, -1]),
        "decisions alike (one feature known, fewest)": _range_of(alike[:, :-1].min(axis=1, initial=decided)),
    }
    return replace(valued.among(varying, features), provenance=found).explanation(question, decided, truth)


def _exact(rows: Rows, masks: Ints) -> Valued:
    """From all coalitions; masks (S, M) say on which each row agrees with each decision."""
    parts, features = (rows.weights[:, None] * rows.answers).T, rows.codes.shape[1]
    found = []
    for own in masks:
        if not rows.weights[own == (1 << features) - 1].sum() > 0:
            raise ValueError(_STRANGE)
        found.append(ratio_values(own, parts, rows.weights, features))
    base, known, values = (np.stack([getattr(each, name) for each in found]) for name in ("base", "known", "values"))
    return Valued("conditional means of all coalitions of features", base, known, values)


def _sampled(rows: Rows, masks: Ints, effort: Effort) -> Valued:
    """From some coalitions, the same for all decisions and answers; their conditional means are exact."""
    return value_answers(rows.codes.shape[1], lambda known: conditional_means(rows, masks, known), effort)


def conditional_means(rows: Rows, masks: Ints, coalitions: Bools) -> Floats:
    """The conditional means of some coalitions, counted one by one.

    Args:
        rows: of the play.
        masks: (S, M) the coalition on which each row agrees with each of S decisions.
        coalitions: (C, F).

    Returns:
        (C, S, A).

    Raises:
        ValueError: if no row that counts has seen what one of the decisions saw.
    """
    weighed = np.column_stack([rows.weights[:, None] * rows.answers, rows.weights])
    means = np.empty((len(coalitions), len(masks), rows.answers.shape[1]))
    step = max(1, _HELD // max(1, masks.shape[1]))
    for place, own in enumerate(masks):
        for first in range(0, len(coalitions), step):
            part = slice(first, first + step)
            sums = _agrees(own, coalitions[part]) @ weighed
            if not (sums[:, -1] > 0).all():
                raise ValueError(_STRANGE)
            means[part, place] = sums[:, :-1] / sums[:, -1:]
    return means


def _agrees(masks: Ints, coalitions: Bools) -> Floats:
    """(C, M) 1 where a row, by the coalition on which it agrees with a decision (M,), agrees on all of another."""
    numbers = coalitions @ (1 << np.arange(coalitions.shape[1]))
    agrees: Floats = ((masks & numbers[:, None]) == numbers[:, None]).astype(np.float64)
    return agrees


def _alike(rows: Rows, masks: Ints) -> Ints:
    """(S, F + 1) decisions of the play that agree with each of some on one feature, for every feature, and on all."""
    features = rows.codes.shape[1]
    few = np.vstack([np.eye(features, dtype=np.bool_), np.ones((1, features), dtype=np.bool_)])
    return np.stack([_agrees(own, few) @ rows.counts for own in masks]).astype(np.int64)


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
    error = behaviour.standard_error  # at most those of all actions together, since they share their coalitions
    return Explanation(
        "outcome",
        target,
        behaviour.baseline,
        behaviour.names,
        (behaviour.base * returns).sum(axis=1, keepdims=True),
        (behaviour.value * returns).sum(axis=1, keepdims=True),
        (behaviour.values * returns[:, None, :]).sum(axis=2, keepdims=True),
        standard_error=None if error is None else (error * np.abs(returns)[:, None, :]).sum(axis=2, keepdims=True),
        residual=residual,
        evaluations=behaviour.evaluations,
        exact=behaviour.exact,
        provenance={**behaviour.provenance, "masked": "at this decision alone, not at later ones"},
    )
