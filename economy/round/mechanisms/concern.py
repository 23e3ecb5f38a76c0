"""Concern: broken limits cost their owners something, in their own eyes; no money moves (``agents.concerns``)."""

from dataclasses import dataclass

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.agents.concerns import parts_of_harm, value_costs, violations
from commonweal.agents.streams import Streams
from commonweal.economy.round.mechanism import Mechanism, mechanism
from commonweal.economy.round.record import Effects, Income, Lesson, Moment, Produce
from commonweal.economy.round.regret import taking_part
from commonweal.economy.world.terms import Terms
from commonweal.economy.world.world import World


@dataclass(frozen=True)
class Minded:
    """How far a round broke limits, and what that costs."""

    violation: Floats  # (R, N, K) by how much each limit is broken after the step, in units of the probe loss
    costs: Floats  # (R, N, 4) money: what that costs each under each of its actions


@mechanism("concern")
class Concern(Mechanism):
    """Scenario fields: ``values.concern``, ``values.outcome_low`` and the like. Note: ``Minded``."""

    @classmethod
    def on(cls, terms: Terms) -> bool:
        """Where anything is valued, and somebody minds what becomes of it."""
        return terms.values.concern != "none" and bool(terms.values.dimensions)

    def pay(
        self, own: None, moment: Moment, produce: Produce, income: Income, world: World, streams: Streams
    ) -> tuple[None, Effects]:
        """Look at the model after the step, and at who took part."""
        lesson, people = produce.taught, moment.people
        violation = violations(people.limits, lesson.levels, world.senses)
        member = taking_part(moment)
        part = member[..., None].astype(np.float64)
        if world.terms.values.concern == "share":
            part = parts_of_harm(admitted_harms(lesson, world.senses), moment.actions, member)
        costs = value_costs(violation, people.outcome_concern, people.complicity_concern, part)
        return own, Effects(value_costs=costs, note=Minded(violation, costs))


def admitted_harms(lesson: Lesson, senses: Floats) -> Floats:
    """(R, N, K) harm s_k⟨p_k, ũ_i⟩ of every admitted update, per unit of learning rate."""
    exam, screened = lesson.exam, lesson.screened
    aligned = screened.weights[..., None] * exam.alignments - screened.multipliers @ exam.gram[:, 1:, 1:]
    harms: Floats = aligned * senses
    return harms
