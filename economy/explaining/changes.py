"""What changes of a scenario did to a run: each is made or left out, and the run is played again from the start.

v(S) is the outcome of the run with the same seed in which the changes in S are made and the others are not; v(all) is
the run itself. A change may be one of anything that a scenario says, since every coalition is set up anew.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from commonweal.agents.arrays import Bools, Floats
from commonweal.agents.errors import InputError
from commonweal.economy.explaining.explanation import Explanation
from commonweal.economy.explaining.tree import Outcome, counted
from commonweal.economy.explaining.values import Effort, value_games
from commonweal.economy.runs.ensemble import Ensemble


def explain_changes(
    names: Sequence[str],
    changed: Callable[[Bools], Any],
    seed: int,
    rounds: int,
    outcome: Outcome | None = None,
    effort: Effort | None = None,
) -> Explanation:
    """What each change of a scenario adds to the outcome of a run.

    Args:
        names: of P changes.
        changed: (P,) which changes are made → the scenario.
        seed: of the run.
        rounds: T, from the start.
        outcome: what is explained.
        effort: budget and estimator, for more changes than every coalition of them allows.

    Returns:
        Of the kind ``changes``, one run; exact where every coalition is played.

    Raises:
        InputError: if there is no change or no round, a scenario asks for what is not there, or a metric is unknown.
    """
    outcome, effort = outcome or Outcome(), effort or Effort()
    if not names or rounds < 1:
        raise InputError(f"changes: {len(names)} of them, {rounds} rounds: must be one or more")

    def play(coalitions: Bools) -> Floats:
        return np.stack([outcome_of(changed(row), seed, rounds, outcome) for row in coalitions])

    found, exact = value_games(len(names), play, effort), effort.is_exact(len(names))
    return Explanation(
        kind="changes",
        target=outcome.words(rounds),
        baseline="no change, with the same random numbers",
        names=tuple(names),
        base=found.base[None],
        value=found.whole[None],
        values=found.values.T[None],
        standard_error=None if exact else found.standard_error.T[None],
        evaluations=found.evaluations,
        exact=exact,
        answers=outcome.metrics,
        provenance={
            "rounds": str(rounds),
            "coalitions": effort.words(len(names)),
        },
    )


def outcome_of(scenario: Any, seed: int, rounds: int, outcome: Outcome) -> Floats:
    """(A,) outcome of a run of a scenario, played alone.

    Args:
        scenario: of the run.
        seed: of the run.
        rounds: T.
        outcome: what is measured.

    Raises:
        InputError: if the scenario asks for what the data or this machine cannot give, or a metric is unknown.
    """
    ensemble, count = Ensemble(scenario, [seed]), counted(outcome, rounds)
    total = np.zeros(len(outcome.metrics))
    for counts in count:
        before = ensemble.state
        record = ensemble.step()
        if counts:
            total += outcome.of(record, before, ensemble.state, ensemble.people, ensemble.world)[0]
    found: Floats = total / sum(count)
    return found
