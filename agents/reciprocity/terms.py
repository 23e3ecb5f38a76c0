"""What a scenario says of names, judges and of who learns to give (``scenario.reciprocity``)."""

from dataclasses import dataclass

from commonweal.agents.reciprocity.norms import Errors
from commonweal.agents.terms import PerRun


@dataclass(frozen=True)
class LearnerTerms:
    """``scenario.reciprocity.learner``: those who follow the policy ``reciprocity``."""

    signals: str  # norm or learned: how learners judge others
    belief: str  # pooled, norm or equilibrium: what estimates of how others act are shrunk to
    weight: PerRun  # (R, 1) rounds that the belief counts for in an estimate
    memory: PerRun  # (R, 1) weight of a round's counts one round later
    schedules: int  # E schedules that are planned through in an update
    ahead: int  # T rounds that are planned ahead
    rate: PerRun  # (R, 1) step size of Adam on logits
    search: int  # rounds from one search among the 16 deterministic rules to the next; 0: none
    explore: PerRun  # (R, 1) probability of either act that always remains


@dataclass(frozen=True)
class ImageTerms:
    """``scenario.reciprocity.terms``: what a bad name costs its bearer."""

    pay: PerRun  # (R, 1) share of what it is paid in a round that a bad name forfeits
    to: str  # treasury or good: who gets that
    stake: PerRun  # (R, 1) multiple of the stake that a bad name must hold
    out: PerRun  # (R, 1) rounds that a name must stay away once it has become bad; 0: none


@dataclass(frozen=True)
class ReciprocityTerms:
    """``scenario.reciprocity``."""

    kind: str  # none, requests, pool or admission: what a gift is
    images: str  # public or private
    norm: str  # by which those judge who follow no norm
    judges: int  # J judges of each, odd; the majority counts
    dissent: PerRun  # (R, 1) probability that a verdict against the majority costs a judge its good name
    execution: PerRun  # (R, 1) probability that a gift fails
    perception: PerRun  # (R, 1) probability that a judge takes a refusal for a gift; private: either for the other
    assignment: PerRun  # (R, 1) probability that a verdict turns into its opposite
    observed: PerRun  # (R, 1) probability that one who is not part of an encounter sees it (private images)
    terms: ImageTerms
    learner: LearnerTerms

    @property
    def errors(self) -> Errors:
        """What goes wrong, (R, 1) each."""
        return Errors(self.execution, self.perception, self.assignment)
