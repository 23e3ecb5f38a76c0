"""Why a principal did what it did: the chance of its action, by what it saw, among the decisions of the latest rounds.

What everybody sees is noted by the chronicle; nothing is worked out before somebody asks.
"""

from dataclasses import dataclass, field

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.agents.graphs import SparseGraph
from commonweal.agents.policies.laws import action_law
from commonweal.economy.explaining.decisions import explain_decision
from commonweal.economy.explaining.explanation import Explanation
from commonweal.economy.explaining.sights import DecisionLog, Decisions
from commonweal.economy.world.world import World
from commonweal.figures.browser.notes.chronicle import Chronicle, Sight

DECISIONS = 2400  # that a decision is compared with, about
FEWEST_ROUNDS, MOST_ROUNDS = 2, 100  # that those are of
PAIRS = 2_000_000  # of principals compared for that, where everybody may imitate everybody
MOST_COMPARED = 2000  # principals of a society in which everybody may imitate everybody: N² numbers a round


@dataclass(frozen=True)
class Why:
    """How the chance of an action came about."""

    explanation: Explanation
    answer: int  # which of its answers was done
    seen: Floats  # (F,) what the principal saw, in the order of the explanation's names
    rounds: tuple[int, int]  # first and last whose decisions it is compared with

    @property
    def base(self) -> float:
        """Chance of the action for anybody of its policy, on average."""
        return float(self.explanation.base[0, self.answer])

    @property
    def chance(self) -> float:
        """Chance of the action for this principal."""
        return float(self.explanation.value[0, self.answer])

    @property
    def parts(self) -> Floats:
        """(F,) what each thing that it saw adds."""
        parts: Floats = self.explanation.values[0, :, self.answer]
        return parts

    @property
    def error(self) -> float:
        """The largest standard error of a part; 0 where they are exact."""
        errors = self.explanation.standard_error
        return 0.0 if errors is None else float(errors[0, :, self.answer].max())

    @property
    def hidden(self) -> float:
        """What nothing that was told apart explains."""
        residual = self.explanation.residual
        return 0.0 if residual is None else float(residual[0, self.answer])


@dataclass
class _Noted:
    """The decisions of the latest rounds, as far as they were asked for."""

    log: DecisionLog | None = None
    upto: int = 0  # round of the newest of them
    decisions: Decisions | None = None


@dataclass
class _Laws:
    """The laws of actions in the latest rounds that were asked about."""

    known: dict[int, tuple[Sight, Floats]] = field(default_factory=dict)  # (1, N, 4) by round of what was seen


def why(chronicle: Chronicle, index: int, round: int) -> Why | None:
    """What made a principal likely to do what it did.

    Args:
        chronicle: of the run.
        index: which principal.
        round: which, as the page counts: the first is 1.

    Returns:
        None where that is not known: what it saw is no longer kept, it did not choose, or the society is too large.
    """
    sight, before = chronicle.at(round), chronicle.at(round - 1)
    if sight.round != round or before.round != round - 1 or is_too_large(chronicle.world):
        return None
    decisions = _decisions(chronicle, round)
    try:
        found = explain_decision(decisions, index, round - 1)
    except InputError:  # it did not choose
        return None
    action = Action(int(sight.actions[index])).name.lower()
    if action not in found.answers:  # it was made to
        return None
    seen = decisions.features[0, round - 1 - decisions.first, index]
    first = 1 + decisions.first + int(decisions.chose[0].any(axis=1).argmax())
    return Why(found, found.answers.index(action), seen, (first, round))


def rounds_compared(world: World) -> int:
    """How many rounds the decisions are of that one is compared with."""
    principals = world.shape[1]
    most = PAIRS // principals**2 if _all_compared(world) else MOST_ROUNDS
    return min(max(FEWEST_ROUNDS, min(most, DECISIONS // principals)), MOST_ROUNDS)


def is_too_large(world: World) -> bool:
    """Whether the laws of actions are not worked out, since too many would be compared with too many."""
    return _all_compared(world) and world.shape[1] > MOST_COMPARED


def _all_compared(world: World) -> bool:
    """Whether everybody may imitate everybody."""
    terms = world.terms.policy
    anybody = terms.imitation.reach == "population" or not isinstance(world.graph, SparseGraph)
    return "imitation" in terms.names and anybody


def law_of(chronicle: Chronicle, before: Sight) -> Floats | None:
    """(N, 4) how likely each action was for everybody, given what it saw; None in too large a society.

    Args:
        chronicle: of the run.
        before: what everybody saw: the round before.
    """
    if is_too_large(chronicle.world):
        return None
    known = chronicle.remembered(_Laws).known
    if before.round not in known or known[before.round][0] is not before:
        if len(known) > rounds_compared(chronicle.world):
            known.pop(min(known))
        known[before.round] = before, action_law(before.observed, chronicle.world.terms.policy)
    law: Floats = known[before.round][1][0]
    return law


def _decisions(chronicle: Chronicle, round: int) -> Decisions:
    """Those of the latest rounds up to one; what was noted for an earlier question is not worked out again."""
    noted, most = chronicle.remembered(_Noted), rounds_compared(chronicle.world)
    if noted.decisions is not None and noted.upto == round:
        return noted.decisions
    if noted.log is None or not noted.upto < round <= noted.upto + most:
        noted.log, noted.upto = DecisionLog(chronicle.world, most), round - most
    sights = {sight.round: sight for sight in list(chronicle.sights)}
    for number in range(max(noted.upto + 1, min(sights) + 1), round + 1):
        before, now = sights[number - 1], sights[number]
        law = law_of(chronicle, before)
        noted.log.look(before.observed, before.policy[None], None if law is None else law[None])
        noted.log.tell(now.actions[None], (now.payoffs - now.value_cost)[None])
    noted.upto, noted.decisions = round, noted.log.decisions()
    return noted.decisions
