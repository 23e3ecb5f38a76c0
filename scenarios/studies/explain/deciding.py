"""Why a principal did what it did in a round, what it could expect, and what its decision brought."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.economy.explaining.decisions import (
    Place,
    explain_course,
    explain_decision,
    explain_outcome,
    explain_prediction,
)
from commonweal.economy.explaining.explanation import Explanation
from commonweal.economy.explaining.sights import Decisions
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.studies.explain.options import Asked, ExplainOptions
from commonweal.scenarios.studies.explain.replies import Reply
from commonweal.scenarios.studies.explain.sentences import decided, seen_in
from commonweal.scenarios.studies.explain.watching import Run, Watched
from commonweal.scenarios.studies.pieces import Piece, Pieces, Tick

FEW = 5  # decisions alike, below which a conditional mean is mostly the decision itself


def explain_why(run: Run, watched: Watched, options: ExplainOptions, pieces: Pieces) -> Reply:
    """Explain a decision of the first run.

    Args:
        run: the first of the runs that were watched.
        watched: it, and others whose decisions stand beside it.
        options: which decision, and what is asked of it.
        pieces: plays futures of it.

    Raises:
        InputError: if there is no such decision.
    """
    decisions = watched.decisions
    place = place_of(decisions, options)
    behaviour = explain_decision(decisions, place.principal, place.round)
    why = behaviour
    if options.question == "prediction":
        why = explain_prediction(decisions, place.principal, place.round, horizon=options.horizon)
    elif options.question == "outcome":
        asked = _Future(run.scenario, run.seed, place, behaviour, options.horizon)
        (why,) = pieces.play("futures of the decision", [asked.piece])
    course = explain_course(decisions, place.principal)
    tables = {"decision": decision_table(why, behaviour), "course": course_table(course, decisions, place.principal)}
    sentence = decided(why, behaviour, place)
    ahead = "" if options.question == "behaviour" else f"-{options.horizon}"
    name = f"principal-{place.principal}-round-{place.round}-{options.question}{ahead}"
    return Reply(sentence, tables, {"decision": why, "course": course}, _notes(why, options.question), name)


def place_of(decisions: Decisions, options: ExplainOptions) -> Place:
    """Which decision is asked for: where that is not said, the likeliest in which somebody changed what it does.

    Raises:
        InputError: if nobody chose in what is left to be chosen from.
    """
    rounds, principals = decisions.chose.shape[1:]
    _demand_there("principal", options.principal, principals)
    _demand_there("round", options.round, rounds)
    if options.principal is not None and options.round is not None:
        return Place(options.principal, options.round)
    chose = decisions.chose[0].copy()
    if options.principal is not None:
        chose[:, np.arange(principals) != options.principal] = False
    if options.round is not None:
        chose[np.arange(rounds) != options.round] = False
    if options.question != "behaviour":
        chose[rounds - options.horizon + 1 :] = False
    changed = chose.copy()
    changed[0] = False
    changed[1:] &= decisions.actions[0, 1:] != decisions.actions[0, :-1]
    candidates = np.argwhere(changed if changed.any() else chose)
    if not len(candidates):
        said = [f"{name} {given}" for name, given in (("principal", options.principal), ("round", options.round))
                if given is not None]  # fmt: skip
        raise InputError(f"{', '.join(said) or 'decisions'}: nobody chose by its policy there; name another")
    likely = decisions.law[0][*candidates.T, decisions.actions[0][*candidates.T]]
    number, principal = candidates[len(likely) - 1 - likely[::-1].argmax()]  # the last of those as likely
    return Place(int(principal), int(number))


def _demand_there(name: str, given: int | None, count: int) -> None:
    if given is not None and given >= count:
        raise InputError(f"{name} {given}: there are 0 to {count - 1}")


@dataclass(frozen=True)
class _Future:
    """What a decision brought, from futures in which each action is taken."""

    scenario: Scenario
    seed: int
    place: Place
    behaviour: Explanation
    horizon: int

    @property
    def piece(self) -> Piece:
        """To play."""
        rounds = self.place.round + self.horizon * (1 + len(self.behaviour.answers))
        return Piece(_future, self, rounds, (Explanation,))


def _future(asked: _Future, tick: Tick) -> Explanation:
    ensemble = Ensemble(asked.scenario, [asked.seed])
    for _ in range(asked.place.round):
        ensemble.step()
        tick(1)
    return explain_outcome(asked.behaviour, ensemble.snapshot, asked.place, asked.horizon)


def decision_table(why: Explanation, behaviour: Explanation) -> pd.DataFrame:
    """A row for every answer and reason, what was done first and the largest reasons first.

    Args:
        why: of one decision.
        behaviour: of the same, which says what was seen and done.
    """
    seen = seen_in(behaviour)
    table = why.frame().drop(columns="run")
    table.insert(2, "seen", [seen.get(reason, "") for reason in table["reason"]])
    table = _with_ends(table)
    taken = table["answer"] != behaviour.provenance["taken"]
    return table.assign(_taken=taken, _size=-table["value"].abs()).sort_values(
        ["_taken", "answer", "_size"], kind="stable", ignore_index=True
    ).drop(columns=["_taken", "_size"])  # fmt: skip


def _with_ends(table: pd.DataFrame) -> pd.DataFrame:
    """A table whose values have ends, unknown where nothing is estimated."""
    if "value_low" in table:
        return table
    return table.assign(value_low=np.nan, value_high=np.nan)


def course_table(course: Explanation, decisions: Decisions, principal: int) -> pd.DataFrame:
    """A row for every decision of one principal and reason: what each adds to the probability of what was done."""
    rounds = np.array([int(number) for number in course.provenance["rounds"].split()])
    seen = decisions.features[0, rounds - decisions.first, principal]  # (D, F)
    actions = decisions.actions[0, rounds - decisions.first, principal]
    names = [action.name.lower() for action in Action]
    places = np.array([_place(course.answers, names[code]) for code in actions])
    values: Floats = course.values[np.arange(len(rounds)), :, places]  # (D, F)
    values = np.where(places[:, None] < 0, np.nan, values)
    count = len(course.names)
    return pd.DataFrame({
        "round": np.repeat(rounds, count),
        "action": np.repeat(np.array(names, dtype=object)[actions], count),
        "reason": np.tile(np.array(course.names, dtype=object), len(rounds)),
        "seen": seen.ravel(),
        "value": values.ravel(),
    })  # fmt: skip


def _place(answers: tuple[str, ...], action: str) -> int:
    """Where an action stands among answers; −1 where it does not."""
    return answers.index(action) if action in answers else -1


def _notes(why: Explanation, question: Asked) -> tuple[str, ...]:
    """What a reader must know of a decision that is explained."""
    alike = why.provenance.get("decisions alike (all features known)", "")
    what = "the probability of each action" if question == "behaviour" else "the answer"
    notes = [
        f"decision: what each feature adds to {what},"
        f" from {why.evaluations} decisions by the same policy; features that go together share the credit although a"
        " policy may read only one of them.",
    ]
    if alike.isdecimal() and int(alike) < FEW:
        said = f"only {alike} of them" if int(alike) > 1 else "no other of them"
        notes.append(f"decision: {said} saw all the same, so that much of this is the decision itself.")
    return tuple(notes)
