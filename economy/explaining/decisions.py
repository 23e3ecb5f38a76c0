"""Why did a principal act so? Its decision in one round, explained by what it saw, from all decisions of the play.

Behaviour, prediction and outcome as in Beechey and Şimşek (2025, arXiv 2511.06094), exact on binned features.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.agents.population import ConditionalKind
from commonweal.economy.explaining.conditional import explain_rows, outcome_of
from commonweal.economy.explaining.explanation import Explanation
from commonweal.economy.explaining.learned import Learned, Sample, explain_learned
from commonweal.economy.explaining.rows import Bins, Rows
from commonweal.economy.explaining.sights import Decisions
from commonweal.economy.explaining.valued import Question
from commonweal.economy.explaining.values import Effort
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import play_futures
from commonweal.economy.round.set_up import Economy
from commonweal.economy.round.worth import Judge

_Index = tuple[int, int, int]  # run, place of the round in the record, principal
_CODED: dict[str, type[IntEnum]] = {"last action": Action, "kind": ConditionalKind}
HORIZON = 10  # rounds that a value or a return looks ahead


@dataclass(frozen=True)
class Place:
    """Which decision."""

    principal: int
    round: int  # rounds played before it
    run: int = 0


def explain_decision(
    decisions: Decisions, principal: int, round: int, run: int = 0, effort: Effort | Learned | None = None
) -> Explanation:
    """What each feature that a principal saw adds to the probabilities of its actions.

    The game's conditional means are over all decisions, in all runs noted, of those who follow the same policy. What
    neither the features nor their bins show of the law of the action is left open (``residual``).

    Args:
        decisions: of a play.
        principal: whose.
        round: rounds played before it.
        run: of which run.
        effort: what it may cost. None: features in bins, and all coalitions of up to 20 that vary, then 4096 of them;
            an ``Effort``: some coalitions; ``Learned``: numbers as they are, whose conditional means networks learn.

    Returns:
        Of the kind ``behaviour``, its answers the actions; ``provenance["taken"]`` is what was done.

    Raises:
        InputError: if there is no such decision.
    """
    place = Place(principal, round, run)
    here, alike = _found(decisions, place)
    target = f"what principal {principal} does in round {round}"
    explained = _behaviour(decisions, place, _Asked([here], alike, effort), target)
    taken = Action(decisions.actions[here]).name.lower()
    found = {"seen": _seen(decisions, here), "taken": taken}
    return replace(explained, provenance={**explained.provenance, **found})


def explain_course(
    decisions: Decisions, principal: int, run: int = 0, effort: Effort | Learned | None = None
) -> Explanation:
    """All decisions of one principal, each explained as by ``explain_decision``.

    Args:
        decisions: of a play.
        principal: whose.
        run: of which run.
        effort: as for ``explain_decision``; networks learn once for all.

    Returns:
        With the rounds in which it chose as the run axis; ``provenance["rounds"]`` says which.

    Raises:
        InputError: if there is no such principal or run, or it never chose.
    """
    _demand(decisions, Place(principal, 0, run))
    chosen = np.flatnonzero(decisions.chose[run, :, principal])
    if not len(chosen):
        raise InputError(f"principal {principal}: it chose in no round that was noted")
    rounds = [decisions.first + int(number) for number in chosen]
    place = Place(principal, rounds[0], run)
    here = [(run, int(number), principal) for number in chosen]
    target = f"what principal {principal} does in rounds {rounds[0]} to {rounds[-1]}"
    explained = _behaviour(decisions, place, _Asked(here, _found(decisions, place)[1], effort), target)
    found = {"rounds": " ".join(map(str, rounds))}
    return replace(explained, provenance={**explained.provenance, **found})


def explain_prediction(
    decisions: Decisions,
    principal: int,
    round: int,
    run: int = 0,
    horizon: int = HORIZON,
    effort: Effort | Learned | None = None,
) -> Explanation:
    """What each feature that a principal saw adds to what it can expect to earn: its mean utility in the next rounds.

    The value of what was seen is estimated by what those earned who saw the same.

    Args:
        decisions: of a play.
        principal: whose.
        round: rounds played before the decision.
        run: of which run.
        horizon: rounds that count, the decision's own first.
        effort: as for ``explain_decision``.

    Raises:
        InputError: if there is no such decision, or fewer rounds were noted after it.
    """
    place = Place(principal, round, run)
    here, alike = _found(decisions, place)
    last = decisions.law.shape[1] - horizon
    if horizon < 1 or here[1] > last:
        raise InputError(f"round {round}: a value over {horizon} rounds needs as many noted from it on")
    alike[:, last + 1 :] = False
    sums = np.cumsum(np.pad(decisions.utility, ((0, 0), (1, 0), (0, 0))), axis=1)
    mean = np.zeros_like(decisions.utility)
    mean[:, : last + 1] = (sums[:, horizon:] - sums[:, :-horizon]) / horizon
    question = Question(
        "prediction",
        f"what principal {principal} can expect to earn a round in {horizon} rounds from round {round} on",
        f"the average decision by {_policy_of(decisions, place)}",
        decisions.names,
    )
    explained = _explained(decisions, _Asked([here], alike, effort), mean[..., None], question)
    found = {"seen": _seen(decisions, here)}  # returns that were drawn stand for values
    return replace(explained, exact=False, provenance={**explained.provenance, **found})


def explain_outcome(
    behaviour: Explanation, economy: Economy, place: Place, horizon: int = HORIZON, judge: Judge = "utility"
) -> Explanation:
    """What each feature adds to the return of a decision when it is made on what is known, and freely from then on.

    Args:
        behaviour: of this decision.
        economy: as it stood before the decision's round; unchanged.
        place: of the decision; its run is one of the economy's.
        horizon: rounds whose utility makes the return, the decision's own first.
        judge: ``utility``, payoff less value cost, or ``money``, payoff alone.

    Raises:
        InputError: if the economy stands in another round.
    """
    if economy.state.round != place.round:
        raise InputError(f"round {place.round}: the economy stands before round {economy.state.round}")
    codes = np.array([Action[name.upper()] for name in behaviour.answers])
    returns = forced_returns(economy, place.principal, codes, horizon, judge)[place.run][None]
    target = f"what principal {place.principal} earns in {horizon} rounds from round {place.round} on"
    explained = outcome_of(behaviour, returns, target)
    told = ", ".join(f"{name} {found:.6g}" for name, found in zip(behaviour.answers, returns[0], strict=True))
    found = {"returns": told, "futures": "one for each action, with the same luck"}
    return replace(explained, provenance={**explained.provenance, **found})


def forced_returns(
    economy: Economy, principal: int, actions: Ints, horizon: int = HORIZON, judge: Judge = "utility"
) -> Floats:
    """Q: what a principal earns if it takes an action in the next round and follows its policy from then on.

    Args:
        economy: B runs between two rounds; unchanged.
        principal: who is forced.
        actions: (A,) codes.
        horizon: rounds that are summed up.
        judge: what is counted.

    Returns:
        (B, A) money, all from the same random numbers.
    """
    forced = [Deviation(Action(code).name.lower(), (principal,), Action(code), until=1) for code in actions]
    futures = play_futures(economy, forced, horizon, judge=judge)
    returns: Floats = futures.worth[:, 1:, :, principal].sum(axis=2)
    return returns


def _found(decisions: Decisions, place: Place) -> tuple[_Index, Bools]:
    """Where a decision stands in the record, and (R, T, N) which decisions are by the same policy.

    Raises:
        InputError: if there is no such decision.
    """
    _demand(decisions, place)
    noted = decisions.rounds
    if place.round not in noted:
        raise InputError(f"round {place.round}: noted are {noted[0]} to {noted[-1]}")
    here = (place.run, place.round - decisions.first, place.principal)
    if not decisions.chose[here]:
        raise InputError(f"round {place.round}: principal {place.principal} did not choose by its policy in it")
    same = decisions.policy == decisions.policy[place.run, place.principal]
    return here, decisions.chose & same[:, None, :]


def _demand(decisions: Decisions, place: Place) -> None:
    """Raise InputError where there is no such run or principal."""
    runs, _, principals = decisions.chose.shape
    for name, given, count in (("run", place.run, runs), ("principal", place.principal, principals)):
        if not 0 <= given < count:
            raise InputError(f"{name} {given}: there are 0 to {count - 1}")


@dataclass(frozen=True)
class _Asked:
    """Which decisions are explained, from which, and how."""

    here: Sequence[_Index]
    alike: Bools  # (R, T, N) those by the same policy
    effort: Effort | Learned | None


def _behaviour(decisions: Decisions, place: Place, asked: _Asked, target: str) -> Explanation:
    """The laws of some decisions of one principal, whose policy is that of a place."""
    used = np.union1d(decisions.available, np.flatnonzero(decisions.law[asked.alike].any(axis=0)))
    law, answers = decisions.law[..., used], tuple(Action(code).name.lower() for code in used)
    baseline = f"the average decision by {_policy_of(decisions, place)}"
    question = Question("behaviour", target, baseline, decisions.names, answers)
    return _explained(decisions, asked, law, question, np.stack([law[each] for each in asked.here]))


def _policy_of(decisions: Decisions, place: Place) -> str:
    return decisions.policies[int(decisions.policy[place.run, place.principal])]


def _explained(
    decisions: Decisions, asked: _Asked, answers: Floats, question: Question, truth: Floats | None = None
) -> Explanation:
    """Some decisions, explained from those alike with their answers (R, T, N, A)."""
    features, answers = decisions.features[asked.alike], answers[asked.alike]
    seen = np.stack([decisions.features[each] for each in asked.here])
    if isinstance(asked.effort, Learned) and not asked.effort.in_bins:
        return explain_learned(Sample(features, answers, np.ones(len(features))), seen, question, asked.effort, truth)
    bins = Bins.of(features)
    rows, codes = Rows.of(bins.codes(features), answers), bins.codes(seen)
    if isinstance(asked.effort, Learned):
        sample = Sample(rows.codes.astype(np.float64), rows.answers, rows.weights)
        return explain_learned(sample, codes.astype(np.float64), question, asked.effort, truth)
    return explain_rows(rows, codes, question, truth, asked.effort)


def _seen(decisions: Decisions, here: _Index) -> str:
    """What was seen, in words."""
    seen = zip(decisions.names, decisions.features[here], strict=True)
    return "; ".join(f"{name} {_told(name, value)}" for name, value in seen)


def _told(name: str, value: float) -> str:
    if name in _CODED:
        return _CODED[name](int(value)).name.lower()
    return f"{value:.4g}"
