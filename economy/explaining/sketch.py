"""What an action profile, or a cell of a sweep, was worth to an outcome: Shapley values over who chose what.

The game at profile x is v(S) = E[f | x_S], the others' actions drawn independently from a baseline. The outcome f is
known at the profiles that were played: all of them, so that enumeration is exact, or some, through which a model of f
goes. One model answers for every profile and every baseline. After SHAP zero (Tsui et al. 2024, arXiv 2410.19236),
which sketches f by a sparse Fourier transform; outcomes of runs are of low degree but not sparse.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import pandas as pd

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.economy.explaining.explanation import Explanation
from commonweal.economy.explaining.fourier import fit_sparse
from commonweal.economy.explaining.process import fit_process
from commonweal.economy.explaining.products import ProductSum
from commonweal.economy.explaining.subsampled import Subsampling, fit_subsampled

Kind = Literal["process", "fourier"]


@dataclass(frozen=True, eq=False)
class Played:
    """Profiles of n players and what they came to, in A outcomes."""

    profiles: Ints  # (M, n) positions in ``actions`` of what each player chose
    outcomes: Floats  # (M, A)
    names: tuple[str, ...]  # (n,) of the players
    answers: tuple[str, ...]  # (A,) of the outcomes
    actions: tuple[tuple[str, ...], ...]  # (n) what each player may choose

    def __post_init__(self) -> None:
        rows, players = self.profiles.shape
        fits = (len(self.names), len(self.actions), self.outcomes.shape) == (
            players,
            players,
            (rows, len(self.answers)),
        )
        if not rows or not fits:
            raise InputError(f"{rows} profiles of {players} players with outcomes {self.outcomes.shape} do not fit")
        if (self.profiles < 0).any() or (self.profiles >= self.levels).any():
            raise InputError("profiles: a player chose what is not among its actions")
        if not np.isfinite(self.outcomes).all():
            raise InputError("outcomes: there are some that are no finite numbers; leave out profiles that failed")

    @property
    def levels(self) -> Ints:
        """(n,) how many actions each player has."""
        return np.array([len(each) for each in self.actions])

    @property
    def is_complete(self) -> bool:
        """Whether every combination of actions that were played was played."""
        seen = [len(np.unique(column)) for column in self.profiles.T]
        return len(np.unique(self.profiles, axis=0)) == np.prod(seen, dtype=np.float64)


@dataclass(frozen=True)
class Baseline:
    """How actions of players who are absent from a coalition are drawn."""

    words: str  # what it is called in a sentence
    law: Floats  # (n, q) probabilities; players draw independently


class Fitted(Protocol):
    """A model of one outcome."""

    @property
    def function(self) -> ProductSum:
        """What it takes the outcome to be."""

    def error(self, profiles: Ints, law: Floats) -> Floats:
        """(R, n) standard errors of Shapley values at profiles (R, n); nan where it knows of none."""

    def pair_error(self, profiles: Ints, law: Floats) -> Floats:
        """(R, n, n) standard errors of dividends of pairs at profiles (R, n); nan where it knows of none."""


@dataclass(frozen=True, eq=False)
class Exact:
    """An outcome that is known at every profile."""

    function: ProductSum

    def error(self, profiles: Ints, law: Floats) -> Floats:
        """(R, n) zeros."""
        return np.zeros(profiles.shape)

    def pair_error(self, profiles: Ints, law: Floats) -> Floats:
        """(R, n, n) zeros."""
        return np.zeros((*profiles.shape, profiles.shape[1]))


@dataclass(frozen=True, eq=False)
class Sketch:
    """A model of every outcome of played profiles."""

    played: Played
    fitted: tuple[Fitted, ...]  # (A,)
    kind: str  # exact, or a ``Kind``

    def at(self, profiles: Ints) -> Floats:
        """(R, A) outcomes of profiles (R, n)."""
        return np.stack([each.function.at(profiles) for each in self.fitted], axis=1)


def of_actions(profiles: Ints, outcomes: Floats, answers: Sequence[str]) -> Played:
    """Profiles (M, N) of actions of principals, and what they came to (M, A)."""
    names = tuple(f"principal {number}" for number in range(profiles.shape[1]))
    actions = tuple(action.name.lower() for action in Action)
    return Played(profiles, outcomes, names, tuple(answers), (actions,) * len(names))


def of_cells(factors: pd.DataFrame, outcomes: pd.DataFrame) -> Played:
    """Cells of a sweep: a row a cell, a column a factor, whose values are its actions; outcomes in the same rows."""
    coded = [pd.factorize(factors[name], sort=True) for name in factors]
    actions = tuple(tuple(str(value) for value in values) for _, values in coded)
    profiles = np.stack([codes for codes, _ in coded], axis=1).astype(np.int64)
    numbers = outcomes.to_numpy(dtype=np.float64)
    return Played(profiles, numbers, tuple(map(str, factors)), tuple(map(str, outcomes)), actions)


def uniform(played: Played) -> Baseline:
    """Every action that a player was seen to choose is equally likely."""
    seen = shares(played, played.profiles) > 0
    return Baseline("the average of all profiles", seen / seen.sum(axis=1, keepdims=True))


def as_played(played: Played, profiles: Ints) -> Baseline:
    """Every player draws from what it chose in profiles (T, n), such as the rounds of a run."""
    return Baseline("the shares of actions that were played", shares(played, profiles))


def instead_of(played: Played, profile: Ints, words: str | None = None) -> Baseline:
    """One profile (n,): what the others would have chosen instead."""
    chosen = [each[place] for each, place in zip(played.actions, profile, strict=True)]
    said = f"all {chosen[0]}" if len(set(chosen)) == 1 else ", ".join(chosen)
    return Baseline(words or said, shares(played, profile[None]))


def shares(played: Played, profiles: Ints) -> Floats:
    """(n, q) share of profiles (T, n) in which each player chose each action."""
    found: Floats = (profiles[:, :, None] == np.arange(played.levels.max())).mean(axis=0)
    return found


def sketch(played: Played, kind: Kind = "process", design: Subsampling | None = None) -> Sketch:
    """A model of the outcomes: exact where every profile was played, else fitted.

    Args:
        played: what is known.
        kind: ``process``, a Gaussian process with a covariance for every order of interactions, right for outcomes of
            runs; ``fourier``, few coefficients of a low degree, right where the outcome has no others.
        design: of a ``fourier`` sketch whose few coefficients may be of any degree; what was played must be
            ``design.profiles``.

    Raises:
        InputError: if there is no such kind, or something else than the design was played.
    """
    if played.is_complete:
        return Sketch(played, tuple(Exact(_known(played, column)) for column in played.outcomes.T), "exact")
    fit: dict[str, Callable[[Ints, Floats, Ints], Fitted]] = {"process": fit_process, "fourier": fit_sparse}
    if kind not in fit:
        raise InputError(f"sketch.kind = {kind!r}: must be one of {', '.join(fit)}")
    if design is not None:
        if kind != "fourier" or not np.array_equal(played.profiles, design.profiles):
            raise InputError("sketch.design: must go with kind 'fourier' and with its own profiles, in their order")
        series = tuple(fit_subsampled(design, column) for column in played.outcomes.T)
        return Sketch(played, series, kind)
    fitted = tuple(fit[kind](played.profiles, column, played.levels) for column in played.outcomes.T)
    return Sketch(played, fitted, kind)


def explain(
    model: Sketch,
    profiles: Ints,
    baseline: Baseline,
    target: str = "outcome",
    observed: Floats | None = None,
    *,
    values_only: bool = False,
) -> Explanation:
    """Shapley values of who chose what, and dividends of pairs.

    Args:
        model: of the outcomes.
        profiles: (R, n) to be explained.
        baseline: what choices are compared with.
        target: what is explained, in words.
        observed: (R, A) outcomes of these profiles where they were played; what the model misses of them is the
            residual. None: the model's outcome is explained.
        values_only: whether to leave out standard errors and pairs, which take a process most of the time.

    Returns:
        Values (R, n, A). Two players with a large negative dividend do what one of them does (duplicates); with a
        positive one they need each other. A standard error is that of the model: how far the outcome may differ at
        profiles that were not played, given that the model is right up to its weights.

    Raises:
        InputError: if nothing is fitted and a player is asked for an action that it was not seen to choose.
    """
    law, exact = baseline.law, model.kind == "exact"
    if exact:
        _demand_seen(model.played, profiles, law)
    value, doubted = model.at(profiles), not (exact or values_only)
    every = [each.function for each in model.fitted]
    luck = [f"{np.sqrt(each.noise):.4g}" for each in model.fitted if hasattr(each, "noise")]
    return Explanation(
        kind="outcome",
        target=target,
        baseline=baseline.words,
        names=model.played.names,
        base=np.tile([each.mean(law) for each in every], (len(profiles), 1)),
        value=value if observed is None else observed,
        values=np.stack([each.shapley(profiles, law) for each in every], axis=2),
        standard_error=np.stack([each.error(profiles, law) for each in model.fitted], axis=2) if doubted else None,
        interactions=None if values_only else np.stack([each.pairs(profiles, law) for each in every], axis=3),
        interaction_error=np.stack([f.pair_error(profiles, law) for f in model.fitted], axis=3) if doubted else None,
        residual=None if observed is None else observed - value,
        evaluations=len(model.played.profiles),
        exact=exact,
        answers=model.played.answers,
        provenance={
            "sketch": model.kind,
            "estimand": "everybody keeps to its action",
            **({"noise": ", ".join(luck)} if luck else {}),
        },
    )


def _demand_seen(played: Played, profiles: Ints, law: Floats) -> None:
    seen, asked = shares(played, played.profiles) > 0, (law > 0) | (shares(played, profiles) > 0)
    if (asked & ~seen).any():
        player, action = np.argwhere(asked & ~seen)[0]
        what = played.actions[player][action]
        raise InputError(f"{played.names[player]} was never seen to choose {what}: play profiles in which it does")


def _known(played: Played, outcomes: Floats) -> ProductSum:
    """The outcome at every profile: the mean of those that were played more than once."""
    rows, places, count = np.unique(played.profiles, axis=0, return_inverse=True, return_counts=True)
    means = np.bincount(places.ravel(), weights=outcomes) / count
    tables = (rows.T[:, None] == np.arange(played.levels.max())[:, None]).astype(np.float64)
    return ProductSum(tables, means)
