"""The reciprocity gradient in the donation world, under the same budget of episodes as its rivals."""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.agents.reciprocity.estimates import Counts, first_counts
from commonweal.agents.reciprocity.learner import Situation, first_learners, giving, judging, updated
from commonweal.agents.reciprocity.norms import Errors, Norm
from commonweal.agents.reciprocity.terms import LearnerTerms
from commonweal.agents.streams import Stream
from commonweal.scenarios.studies.reciprocity.rivals import Learned
from commonweal.scenarios.studies.reciprocity.world import Budget, World, play, with_learner


@dataclass(frozen=True)
class Planner:
    """How a learner plans through the chain of judgements."""

    schedules: int = 16  # E that are planned through in an update
    ahead: int = 30  # T rounds planned ahead, whatever the length of episodes
    rate: float = 0.3  # step of Adam on logits
    search: int = 20  # updates from one search among the 16 deterministic rules to the next; 0: none
    explore: float = 0.002  # probability of either act that always remains
    weight: float = 4.0  # rounds that the pooled rate counts for in an estimate

    def terms(self, signals: bool) -> LearnerTerms:
        """In the words of the policy."""
        weight, memory, rate, explore = (np.full((1, 1), each) for each in (self.weight, 1.0, self.rate, self.explore))
        return LearnerTerms("learned" if signals else "norm", "pooled", weight, memory, self.schedules, self.ahead,
                            rate, self.search, explore)  # fmt: skip


def learn(world: World, norm: Norm, planner: Planner, budget: Budget, stream: Stream,
          signals: bool = False) -> Learned:  # fmt: skip
    """Let the first principal of each world climb the reciprocity gradient, from one half on.

    It sees who gave to whom and who judged how in the episodes, and never the others' rules. It plans from the names
    at the end of the last episode.

    Args:
        world: B of them.
        norm: by which the learner judges unless it learns to.
        planner: how it plans.
        budget: what is played.
        stream: B generators.
        signals: whether verdicts are learned too; those go wrong only as they are meant to.
    """
    errors, worlds, count = world.errors, len(world), world.principals
    learners, counts = first_learners(worlds, count), first_counts(worlds, count)
    who = np.broadcast_to(np.arange(count) == 0, (worlds, count))
    terms = planner.terms(signals)
    benefit, cost = (np.repeat(each[:, None], count, axis=1) for each in (world.benefit, world.cost))
    if signals:
        errors = Errors(errors.execution, np.zeros(()), np.zeros(()))
    for _ in range(budget.updates):
        act, assess = giving(learners)[:, 0], judging(learners)[:, 0]
        played = play(with_learner(world, act, assess if signals else None), budget, stream)
        counts = Counts(counts.acts + played.acts, counts.verdicts + played.verdicts)
        situation = Situation(played.last[:, -1], counts, benefit, cost, errors, norm, world.judges)
        uniform: Floats = stream.uniform(planner.ahead, planner.schedules, count)
        learners = updated(learners, who, situation, terms, uniform)
    return Learned(giving(learners)[:, 0], judging(learners)[:, 0] if signals else None)
