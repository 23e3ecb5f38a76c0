"""Why a principal acted as it did: what its policy weighs, from what could be seen before the round, and what it did.

A reason never says more than is known: what was drawn is not kept, so it tells with which probability the principal's
policy leads to each action, and where an action has several explanations how likely each of them is.
"""

from collections.abc import Callable

import numpy as np
from scipy.special import expit

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, ratio
from commonweal.agents.graphs import CompleteGraph
from commonweal.agents.policies.conditional import willingness
from commonweal.agents.population import ConditionalKind
from commonweal.economy.world.world import World
from commonweal.figures.browser.notes.chronicle import Chronicle, Sight
from commonweal.figures.browser.notes.names import goes_by_names, why_it_gave
from commonweal.figures.browser.notes.numbers import figure, percent
from commonweal.figures.browser.notes.shown import action_words
from commonweal.figures.browser.notes.why import law_of

_KINDS = {  # {} for what who takes part does
    ConditionalKind.COOPERATOR: "a conditional cooperator",
    ConditionalKind.FREE_RIDER: "of the kind that never {} by itself",
    ConditionalKind.HUMP_SHAPED: "of the hump-shaped kind, which {} most readily when half of the others do",
    ConditionalKind.RANDOM: "of no kind, and takes any available action",
}


def reason(chronicle: Chronicle, index: int, round: int | None = None) -> str:
    """Why a principal acted as it did in a round, in a few sentences.

    Args:
        chronicle: of the run.
        index: which principal.
        round: which; the newest if not given.
    """
    sight = chronicle.newest if round is None else chronicle.at(round)
    action, world = Action(int(sight.actions[index])), chronicle.world
    verb = action_words(world, action)
    if sight.round == 0:
        return f"Nothing has been played yet: it starts with {verb.doing}."
    before = chronicle.at(sight.round - 1)
    if before.round == sight.round - 1 and goes_by_names(world, before, index):
        return why_it_gave(before, sight, index, world)
    if sight.round == 1:
        return f"It {verb.does} in the first round because it started so; its policy chooses from the second on."
    if before.round != sight.round - 1:
        return f"It {verb.does} in round {sight.round}; what it saw before is no longer kept."
    last = Action(int(before.actions[index]))
    name = world.terms.policy.names[int(before.policy[index])]
    turned = f"changed from {action_words(world, last).doing} to {verb.doing}"
    changed = f"again {verb.does}" if action == last else turned
    told = f"In round {sight.round} it {changed}. Its policy is {name.replace('_', ' ')}"
    if name == "q_network":
        return f"{told}: it does what its network says is worth most to who sees what it saw."
    if name not in _WEIGHS:
        return f"{told}, registered by a user: the page does not know what it weighs."
    law = law_of(chronicle, before)
    account = "" if law is None else _account(float(law[index, action]), action, _meant(before, index), world)
    return f"{told}: {_WEIGHS[name](before, index, world)} {account}".strip()


def _meant(before: Sight, index: int) -> Action:
    """What it did last, or meant to, where a mechanism kept it from that."""
    return Action(int(before.observed.population.action[0, index]))


def _account(total: float, action: Action, last: Action, world: World) -> str:
    """How likely the action was, and how it can have happened."""
    revision, mutation = (float(term[0, 0]) for term in (world.terms.policy.revision, world.terms.policy.mutation))
    by_chance = mutation / len(world.terms.available) * (action in world.terms.available)
    by_habit = (1 - mutation) * (1 - revision) * (action == last)
    by_policy = round(max(0.0, total - by_chance - by_habit), 12)
    said = f"It reconsiders with probability {revision:g} and takes a random action with probability {mutation:g}"
    if not total > 0:
        return f"{said}; neither leads to this action, so something else made it act."
    told = f"{said}; together that made this action {percent(total)} likely."
    if action == last or not by_chance or not by_policy:
        only = "" if action == last else f" Only {'a random draw' if by_chance else 'its policy'} explains it."
        return told + only
    ways = f"its policy {percent(by_policy / total)}, a random draw {percent(by_chance / total)}"
    return f"{told} Which of the two it was is not recorded; by likelihood {ways}."


def _imitation(before: Sight, index: int, world: World) -> str:
    terms = world.terms.policy.imitation
    anybody = terms.reach == "population"
    graph = CompleteGraph(1, len(before.actions)) if anybody else world.graph
    itself = np.arange(len(before.actions)) == index
    if graph.neighbour_mean(itself[None].astype(np.float64))[0, index] > 0:  # who has no other is its own neighbour
        return "it knows nobody that it could imitate."
    own, does = before.utility[index], np.eye(4)[before.actions]  # (N, 4)
    promised = promised_by(before, index)
    share = graph.neighbour_mean(does[None])[0, index]
    earned = graph.neighbour_mean((does * promised[:, None])[None])[0, index]
    means = {code: earned[code] / share[code] for code in np.flatnonzero(share > 0).tolist()}
    told = _listed(np.where(share > 0, ratio(earned, share), np.nan), world)
    whom = "the others" if anybody else "its neighbours"
    net = ", what each would cost it in its own values subtracted" if before.value_costs.size else ""
    words = f"{_remembers(before, index)}, against a mean among {whom} of {told}{net}."
    others = {code: mean for code, mean in means.items() if code != before.actions[index]}
    if others:
        best = max(others, key=lambda code: others[code])
        fermi = float(expit(terms.intensity[0, 0] * (others[best] - own)))
        words += f" Someone {action_words(world, best).doing} at that mean it would copy with probability {fermi:.2f}."
    return words


def promised_by(before: Sight, index: int) -> Floats:
    """(N,) what others' actions promise a principal: their payoff, less what the action costs it in its own values."""
    if not before.value_costs.size:
        return before.remembered
    promised: Floats = before.remembered - before.value_costs[index, before.actions]
    return promised


def _remembers(before: Sight, index: int) -> str:
    own, paid = before.utility[index], before.remembered[index]
    if not before.value_costs.size:
        return f"it remembers {figure(paid)} money per round"
    return f"it remembers a utility of {figure(own)} money per round ({figure(paid)} of pay, less value cost)"


def _best_response(before: Sight, index: int, world: World) -> str:
    inertia = float(world.terms.policy.best_response.inertia[0, 0])
    keeps = f" It keeps its last action with probability {inertia:g} anyway." if inertia else ""
    return f"the round before would have {_paid(before)} it {_listed(before.foregone[index], world)}.{keeps}"


def _learning(before: Sight, index: int, world: World) -> str:
    exploration = float(world.terms.policy.learning.exploration[0, 0])
    known = np.where(np.isin(np.arange(4), world.terms.available), before.action_values[index], np.nan)
    net = ", value cost subtracted," if before.value_costs.size else ""
    told = f"the learned values of its actions{net} are {_listed(known, world)}"
    return f"{told}, and it explores with probability {exploration:g}."


def _conditional(before: Sight, index: int, world: World) -> str:
    kind = before.kind[index : index + 1]
    delegated = (before.actions == Action.DELEGATE).astype(np.float64)
    share = world.graph.neighbour_mean(delegated[None])[:, index]
    willing = float(willingness(kind, share, world.terms.policy.conditional.slope[0])[0])
    verb = action_words(world, Action.DELEGATE)
    told = _KINDS[ConditionalKind(int(kind[0]))].format(verb.does)
    words = f"it is {told}; {percent(share[0])} of its neighbours {verb.did}."
    if kind[0] == ConditionalKind.RANDOM:
        return words
    return f"{words} So it is willing to {verb.do} with probability {willing:.2f}."


def _fixed(before: Sight, index: int, world: World) -> str:
    return "it does what it did."


def _wait_and_see(before: Sight, index: int, world: World) -> str:
    if before.actions[index] != Action.ABSTAIN:
        return "it has joined, and does what it did."
    paid = _listed(before.foregone[index], world)
    return f"it has not joined; the round before would have {_paid(before)} it {paid}."


_WEIGHS: dict[str, Callable[[Sight, int, World], str]] = {  # what a policy looked at, in words
    "imitation": _imitation, "best_response": _best_response, "learning": _learning, "conditional": _conditional,
    "fixed": _fixed, "wait_and_see": _wait_and_see,
}


def _paid(before: Sight) -> str:
    """What a round would have done for a principal, before how much: in utility where it minds."""
    return "been worth to" if before.value_costs.size else "paid"


def _listed(values: Floats, world: World) -> str:
    """Values of actions in words, the best first."""
    known = [code for code in np.argsort(-values, kind="stable") if not np.isnan(values[code])]
    told = ", ".join(f"{figure(values[code])} for {action_words(world, int(code)).doing}" for code in known)
    return told or "nothing that is known"
