"""The rules of a project: stages with owners, what is paid by completions, and what owners do who look ahead.

After the software team of Shapley-Coop (Hua et al. 2025, arXiv 2506.07388); efforts and substitutes are ours.
"""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.economy.credit.exact import all_coalitions
from commonweal.scenarios.games.product_game import worths


@dataclass(frozen=True, eq=False)
class Project:
    """m stages in the order in which they come, each with one of n owners."""

    stages: tuple[str, ...]  # (m,) names
    work: tuple[str, ...]  # (m,) what was done, in words; may be empty
    owners: tuple[str, ...]  # (n,) names
    owned: Ints  # (m,) the owner of each stage
    completed: Floats  # (m,) how many of whatever a stage counts
    efforts: Floats  # (m,) money that doing a stage costs its owner
    substitutes: Floats  # (m,) quality of a stage that its owner skips, in [0, 1]

    @property
    def owns(self) -> Bools:
        """(m, n) whose stages are whose."""
        owns: Bools = self.owned[:, None] == np.arange(len(self.owners))
        return owns

    @property
    def completions(self) -> Floats:
        """(n,) share of all that was completed."""
        counted: Floats = self.completed @ self.owns
        shares: Floats = counted / counted.sum()
        return shares

    @property
    def members(self) -> Floats:
        """(n,) quality at which each owner, with all its stages, is replaced."""
        quality: Floats = np.where(self.owns, self.substitutes[:, None], 1.0).prod(axis=0)
        return quality

    def skipped(self, plan: Bools, owner: int | None = None) -> list[str]:
        """Names of the stages, of one owner or of all, that a plan (m,) skips."""
        of = range(len(self.owners)) if owner is None else (owner,)
        return [name for name, done, who in zip(self.stages, plan, self.owned, strict=True) if not done and who in of]


def payoffs_by_plan(project: Project, reward: float) -> Floats:
    """(2^m, n) what owners have if all that is done is as in each plan, paid by completions and less their efforts.

    Who skips a stage has completed nothing in it. Plans are numbered as in ``all_coalitions``.
    """
    plans = all_coalitions(len(project.stages))
    counted = plans * project.completed
    pool = counted.sum(axis=1, keepdims=True)
    shares = counted / np.where(pool > 0, pool, 1.0)
    income = reward * worths(plans, project.substitutes)[:, None] * shares
    payoffs: Floats = (income - plans * project.efforts) @ project.owns
    return payoffs


def plan_of_each_for_itself(payoffs: Floats, owned: Ints) -> int:
    """The plan that comes about if each owner, stage after stage, does what leaves it most (backward induction).

    Args:
        payoffs: (2^m, n) by plan.
        owned: (m,) who decides about each stage, knowing what was done before and foreseeing what will be after.

    Returns:
        Its number. An owner to whom both are worth the same does its stage.
    """
    ends = np.arange(len(payoffs))  # which plan each course so far ends in
    for owner in owned[::-1]:
        skipping, doing = np.split(ends, 2)
        ends = np.where(payoffs[doing, owner] >= payoffs[skipping, owner], doing, skipping)
    return int(ends[0])


def best_by_coalition(payoffs: Floats, owned: Ints, alone: int) -> Floats:
    """(2^n,) the most that the members of each coalition have together if all others go on as in one plan.

    Args:
        payoffs: (2^m, n) by plan.
        owned: (m,) owner of each stage.
        alone: number of the plan of the others.
    """
    numbers, bits = np.arange(len(payoffs)), 2 ** np.arange(len(owned))
    best = np.zeros(2 ** payoffs.shape[1])
    for place, members in enumerate(all_coalitions(payoffs.shape[1])):
        fixed = int(bits[~members[owned]].sum())
        open_to_them = numbers & fixed == alone & fixed
        best[place] = payoffs[open_to_them][:, members].sum(axis=1).max()
    return best
