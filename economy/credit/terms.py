"""What the credit rules need to know of the scenario."""

from dataclasses import dataclass, replace
from functools import cached_property
from math import log
from typing import Literal

import numpy as np

from commonweal.agents.terms import PerRun

EstimatorName = Literal["adjusted", "permutation", "antithetic", "stratified", "msr", "kernel_shap", "leverage_shap"]
Mode = Literal["auto", "mse", "audit"]
RegressorName = Literal["auto", "linear", "pairwise", "interactions", "tree"]
Similarity = Literal["samples", "updates"]


@dataclass(frozen=True)
class AumannShapleyTerms:
    """``scenario.credit.aumann_shapley``."""

    gradients: int  # of the validation loss along the step, beside the one where it starts


@dataclass(frozen=True)
class BetaShapleyTerms:
    """``scenario.credit.beta_shapley``."""

    alpha: PerRun  # (R, 1) α: large values stress small coalitions
    beta: PerRun  # (R, 1) β: large values stress large coalitions


@dataclass(frozen=True)
class WeightedBanzhafTerms:
    """``scenario.credit.weighted_banzhaf``."""

    weight: PerRun  # (R, 1) probability that another contributor is there


@dataclass(frozen=True)
class GtgShapleyTerms:
    """``scenario.credit.gtg_shapley``."""

    between: PerRun  # (R, 1) nat: a round whose step changed the loss by less credits nobody
    within: PerRun  # (R, 1) share of the step's worth: so close to it, the rest of an order adds nothing
    converged: PerRun  # (R, 1) mean relative change of the credits at which no further orders are drawn


@dataclass(frozen=True)
class NoveltyTerms:
    """``scenario.credit.novelty``."""

    memory: int  # rounds, this one included, over which putting in the same again earns less; 0: never


@dataclass(frozen=True)
class ReplicationTerms:
    """``scenario.credit.replication``."""

    penalty: PerRun  # (R, 1) λ of exp(−λ Σ similarity); 0: none
    similarity: Similarity  # of what principals put in


@dataclass(frozen=True)
class CreditTerms:
    """``scenario.credit``."""

    kind: str  # name of the credit rule
    budget: int  # coalitions that an estimate may evaluate per run and round
    estimator: EstimatorName
    mode: Mode  # of the adjusted estimator
    regressor: RegressorName  # of the adjusted estimator
    aumann_shapley: AumannShapleyTerms
    beta_shapley: BetaShapleyTerms
    weighted_banzhaf: WeightedBanzhafTerms
    gtg_shapley: GtgShapleyTerms
    novelty: NoveltyTerms
    replication: ReplicationTerms

    @cached_property
    def is_discounted(self) -> bool:
        """Whether anything is taken off the credit that the rule finds."""
        return self.novelty.memory > 0 or bool(self.replication.penalty.any())

    @cached_property
    def memory(self) -> int:
        """Rounds, this one included, whose samples are looked at again; 0: none."""
        watched = self.replication.similarity == "samples" and bool(self.replication.penalty.any())
        return max(self.novelty.memory, int(watched))


def replication_robust(terms: CreditTerms) -> CreditTerms:
    """The same, with credit cut for putting in again what others or oneself put in, where that is not set anyway.

    At λ = ln 2 copying oneself no longer pays; two rounds of memory find who puts in the same over and over.
    """
    penalty = np.where(terms.replication.penalty > 0, terms.replication.penalty, log(2))
    memory = terms.novelty.memory or 2
    return replace(terms, novelty=NoveltyTerms(memory), replication=replace(terms.replication, penalty=penalty))
