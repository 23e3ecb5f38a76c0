"""Searching the space of deviations: coordinate search, or Optuna's tree-structured Parzen estimator."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.agents.errors import InputError
from commonweal.scenarios.studies.best_deviation.space import Candidate, Space, plain

Judge = Callable[[Sequence[Candidate]], Floats]  # C candidates → (S, C) gains in S seeds

_PROPOSED = 6  # candidates that Optuna proposes at once
_REFINED, _FINEST = "share", 1 / 512  # the dimension that goes by degrees, and how near its best value is found


@dataclass(frozen=True)
class Evaluation:
    """A candidate that was tried."""

    candidate: Candidate
    gains: Floats  # (S,) money per round, or utility

    @property
    def gain(self) -> float:
        """Mean over seeds."""
        return float(self.gains.mean())


class Record:
    """Everything that was tried, in order: each candidate once, and at most the budget.

    Args:
        judge: plays candidates.
        budget: candidates at most.
    """

    def __init__(self, judge: Judge, budget: int) -> None:
        self._judge, self._budget = judge, budget
        self._tried: dict[tuple[object, ...], Evaluation] = {}

    @property
    def evaluations(self) -> list[Evaluation]:
        """In the order in which they were tried."""
        return list(self._tried.values())

    @property
    def left(self) -> int:
        """How many more candidates may be tried."""
        return self._budget - len(self._tried)

    def evaluate(self, candidates: Sequence[Candidate]) -> list[Evaluation]:
        """Those of the candidates that were tried before or that the budget allows."""
        fresh = {tuple(c.values()): c for c in candidates if tuple(c.values()) not in self._tried}
        asked = list(fresh.items())[: self.left]
        gains = self._judge([candidate for _, candidate in asked]) if asked else np.empty((0, 0))
        for (key, candidate), column in zip(asked, gains.T, strict=True):
            self._tried[key] = Evaluation(candidate, column)
        return [self._tried[key] for c in candidates if (key := tuple(c.values())) in self._tried]


def by_coordinate(space: Space, record: Record, seed: int) -> None:
    """Try all values of one dimension after another, until a whole turn finds nothing better; then refine a share."""
    (best,) = record.evaluate([plain(space)])
    while True:
        before = best
        for name, values in space.items():
            best = max(record.evaluate([{**best.candidate, name: value} for value in values]), key=lambda e: e.gain)
        if best is before or record.left == 0:
            break
    if best.candidate.get(_REFINED, 1.0) != 1.0:
        _refine(best, space, record)


def _refine(best: Evaluation, space: Space, record: Record) -> None:
    """Look for a better share on both sides of the best, each time half as far; 1 is as before, 0 free-rides."""
    step = float(np.diff(sorted([0.0, *space[_REFINED]])).min()) / 2  # type: ignore[type-var]
    while step >= _FINEST and record.left:
        about = float(best.candidate[_REFINED])  # type: ignore[arg-type]
        sides = [side for side in (about - step, about + step) if 0 < side < 1]
        tried = record.evaluate([{**best.candidate, _REFINED: side} for side in sides])
        best = max([best, *tried], key=lambda evaluation: evaluation.gain)
        step /= 2


def demand_search(name: str) -> None:
    """Raise InputError where what a search needs is not installed."""
    if name == "optuna" and find_spec("optuna") is None:
        raise InputError("option search = 'optuna' needs the extra 'search': pip install 'commonweal[search]'")


def by_optuna(space: Space, record: Record, seed: int) -> None:
    """Tree-structured Parzen estimator (Bergstra et al. 2011) over all dimensions together."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    study.enqueue_trial(plain(space))
    for _ in range(record.left):  # proposals may repeat, so not until the budget is spent
        asked = [study.ask() for _ in range(_PROPOSED)]
        proposed = [{name: t.suggest_categorical(name, values) for name, values in space.items()} for t in asked]
        found = {tuple(e.candidate.values()): e.gain for e in record.evaluate(proposed)}
        for trial, candidate in zip(asked, proposed, strict=True):
            gain = found.get(tuple(candidate.values()))
            study.tell(trial, gain, state=None if gain is not None else optuna.trial.TrialState.FAIL)
        if record.left == 0:
            return


SEARCHES = {"coordinate": by_coordinate, "optuna": by_optuna}
