"""A software team: paid by what it completed, nobody reviews; by a deal those who gain by the review pay for it.

The third setting of Shapley-Coop (Hua et al. 2025, arXiv 2506.07388); the rules are in
``commonweal.scenarios.games.project``.
"""
# mypy: disallow-subclassing-any=False

from collections.abc import Sequence
from textwrap import shorten

import mesa
import numpy as np

from commonweal.agents.arrays import Bools, Floats
from commonweal.agents.errors import InputError, apart
from commonweal.economy.credit.exact import all_coalitions
from commonweal.economy.money.ledger import to_micro
from commonweal.economy.negotiation import Course, Negotiator, Situation
from commonweal.scenarios.games.negotiated_game import NegotiatedGame
from commonweal.scenarios.games.product_game import shares_of_team, worths
from commonweal.scenarios.games.project import (
    Project,
    best_by_coalition,
    payoffs_by_plan,
    plan_of_each_for_itself,
)
from commonweal.scenarios.games.project_log import EXAMPLE, read_project

REWARD = 100.0  # money for a project without a skipped stage
LONGEST_TOLD = 200  # characters of what was done in a stage that negotiators are told


class Owner(mesa.Agent):
    """One member of the team.

    Args:
        model: the game.
        seat: its place among the project's owners.
    """

    def __init__(self, model: "SoftwareTeam", seat: int) -> None:
        super().__init__(model)
        self.seat = seat
        self.done: list[str] = []  # stages


class SoftwareTeam(NegotiatedGame):
    """One project. A step is a stage; ``running`` ends with the last.

    Args:
        project: stages and owners; the example of the library if not given.
        reward: for the project with every stage done by its owner; each has as much to stake on a deal.
        negotiated: whether the owners talk before the first stage.
        negotiators: one for each owner; the default negotiator if not given.
        rng: seed; there is no luck in this game.

    Raises:
        InputError: if there is no reward.
    """

    def __init__(
        self,
        project: Project | None = None,
        reward: float = REWARD,
        *,
        negotiated: bool = False,
        negotiators: Sequence[Negotiator] | None = None,
        rng: int | None = None,
    ) -> None:
        if not 0 < reward <= 1e6:
            raise InputError(f"reward = {apart(reward, 0, 1e6)[0]}: must be more than 0 and at most 1_000_000")
        self.project = read_project(EXAMPLE) if project is None else project
        super().__init__(self.project.owners, reward, negotiated=negotiated, negotiators=negotiators, rng=rng)
        self.reward = reward
        self.owners = tuple(Owner(self, seat) for seat in range(len(self.players)))
        self._by_plan = payoffs_by_plan(self.project, reward)
        self._alone = plan_of_each_for_itself(self._by_plan, self.project.owned)
        self._together = int(np.argmax(self._by_plan.sum(axis=1)))
        self._taken = self._alone
        self._stage = 0

    @property
    def plans(self) -> tuple[Bools, Bools]:
        """What is done, (m,) each: if everybody works for itself, and if all together are to have most."""
        plans = all_coalitions(len(self.project.stages))
        return plans[self._alone], plans[self._together]

    @property
    def plan(self) -> Bools:
        """(m,) what is done in this game."""
        plan: Bools = all_coalitions(len(self.project.stages))[self._taken]
        return plan

    @property
    def outside(self) -> Floats:
        """(n,) money each has without a deal, less its efforts."""
        outside: Floats = self._by_plan[self._alone]
        return outside

    @property
    def shapley_shares(self) -> Floats:
        """(n,) Shapley's division of the reward: v(S) is what the project is worth with substitutes for all others."""
        return shares_of_team(self.project.members)

    def worth(self, plan: Bools) -> float:
        """Money that the project brings if it is done so."""
        return self.reward * float(worths(plan[None], self.project.substitutes)[0])

    def situation(self) -> Situation:
        """Which stages to do that nobody does for itself, and for how much.

        A coalition's worth is the most its members can have together while all others work for themselves.
        """
        best = best_by_coalition(self._by_plan, self.project.owned, self._alone)
        return Situation(
            task=self._told(),
            parties=self.players,
            courses=(
                Course("everybody works for itself", self.outside),
                Course(name_of(self.project, self.plans[1]), self._by_plan[self._together]),
            ),
            outside=self.outside,
            funds=self.ledger.principals[0],
            value=lambda coalitions: best[coalitions @ 2 ** np.arange(len(self.players))],
        )

    def step(self) -> None:
        """One stage; talks before the first, payment after the last."""
        if self._stage == 0:
            self.open_talks(self.situation)
            self._taken = self._together if self.deal is not None and self.deal.course == 1 else self._alone
        if self.plan[self._stage]:
            self.owners[self.project.owned[self._stage]].done.append(self.project.stages[self._stage])
        self._stage += 1
        if self._stage == len(self.project.stages):
            self.running = False
            self.pay_out(to_micro(self._by_plan[self._taken]))

    def _told(self) -> str:
        """The project in words, for those who negotiate."""
        project, parts = self.project, []
        for stage, work, owner, count in zip(
            project.stages, project.work, project.owned, project.completed, strict=True
        ):
            done = f": {shorten(work, LONGEST_TOLD, placeholder=' …')}" if work else ""
            parts.append(f"{stage} by {project.owners[owner]}, {count:g} completed{done}")
        return f"a project that is worth {self.reward:g} and paid by what each completes ({'; '.join(parts)})"


def name_of(project: Project, plan: Bools) -> str:
    """A plan (m,) in words."""
    skipped = project.skipped(plan)
    return f"every stage but {', '.join(skipped)} is done" if skipped else "every stage is done"
