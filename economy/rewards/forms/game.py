"""Credit in a market without a network: the game of a round whose coalitions are worth what a closed form says."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints, ratio
from commonweal.agents.streams import Stream
from commonweal.economy.credit import CREDITS, Credit
from commonweal.economy.credit.exact import all_coalitions
from commonweal.economy.credit.robust import discount
from commonweal.economy.credit.terms import CreditTerms
from commonweal.economy.rewards.forms.contributions import Contributions, coalition_values, path_prices
from commonweal.economy.rewards.forms.form import CLOSED_FORMS, accuracies

MOST_NAMES = 12  # of whom all coalitions are valued at once
MOST_VALUES = 1 << 23


@dataclass(frozen=True)
class FormGame:
    """v(S) = the worth of the model that the names in S would have alone, in R rows: a ``ValueGame``."""

    put: Contributions
    terms: CreditTerms  # of the rows
    stream: Stream  # R generators for rules that draw coalitions

    @property
    def shape(self) -> tuple[int, int]:
        """(R, M)."""
        rows, names = self.put.real.shape
        return rows, names

    def contributors(self) -> list[Ints]:
        """For each row, the names that put in samples which might teach anything."""
        return [np.flatnonzero(row) for row in self.put.contributes]

    def values(self, coalitions: Bools) -> Floats:
        """(R, C) v of coalitions (C, M), the same for every row, or (R, C, M)."""
        return coalition_values(self.put, coalitions)

    def run_values(self, run: int, coalitions: Bools) -> Floats:
        """(C,) v of coalitions (C, M) of one row."""
        if self._every is None:
            own: Floats = coalition_values(self.put.pick(np.array([run])), coalitions)
            return own.ravel()
        numbers = coalitions @ (1 << np.arange(self.shape[1]))
        found: Floats = self._every[run][numbers]
        return found

    @cached_property
    def _every(self) -> Floats | None:
        """(R, 2^M) v of every coalition, numbered as in ``all_coalitions``; None where they are too many."""
        rows, names = self.shape
        if names > MOST_NAMES or rows << names > MOST_VALUES:
            return None
        return coalition_values(self.put, all_coalitions(names))


def credit_of(put: Contributions, quality: Floats, terms: CreditTerms, stream: Stream) -> Credit:
    """Credit of a round in which accuracy follows a closed form.

    A rule that goes by values alone plays the game of coalitions. All others follow paths, of which there are none
    here: they are Aumann and Shapley's price (1974), for v(m) = a(Σ m) that is a(Σ m) times one's part of the samples.

    Args:
        put: of R rows.
        quality: (R,) accuracy of the model of all.
        terms: of the rows.
        stream: R generators for rules that draw coalitions.
    """
    if CREDITS.facts(terms.kind).by_values:
        game = FormGame(put, terms, stream)
        return _for_likeness(CREDITS[terms.kind](cast(Any, game)), game)
    if is_priced(put.terms.kind, terms.kind):
        return Credit(priced(put.real, quality), "aumann_shapley")
    return Credit(path_prices(put), "aumann_shapley")


def is_priced(form: str, rule: str) -> bool:
    """Whether credit is a price of samples under a form and a credit rule: no coalitions and no paths are looked at."""
    return CLOSED_FORMS.facts(form).total and not CREDITS.facts(rule).by_values


def priced(samples: Ints | Floats, quality: Floats) -> Floats:
    """(R, N) Aumann–Shapley prices of samples (R, N) that together give accuracy (R,)."""
    return samples * ratio(quality, samples.sum(axis=1))[:, None]


def _for_likeness(credit: Credit, game: FormGame) -> Credit:
    """Credit above zero, cut for putting in what others put in too (``credit.replication``)."""
    if not game.terms.replication.penalty.any():
        return credit
    remains = discount(_likeness(game.put, accuracies(game.put.pool()).alike), game.terms.replication.penalty)
    error = None if credit.standard_error is None else credit.standard_error * remains
    values = np.where(credit.values > 0, credit.values * remains, credit.values)
    return replace(credit, values=values, rule=f"{credit.rule} × robust", standard_error=error)


def _likeness(put: Contributions, alike: Floats | None) -> Floats:
    """(R, M, M) likeness of what names put in: 1 of copies of the same, else what the form says of their bearers."""
    rows, names = put.real.shape
    bearer = np.tile(np.arange(names), (rows, 1)) if put.bearer is None else put.bearer
    original = np.arange(names) + np.zeros((rows, 1), dtype=np.int64)
    if put.source is not None:  # a principal's first name is its own
        original = np.where(put.copied > 0, put.source, original)
    same = (original[:, :, None] == original[:, None]).astype(np.float64)
    if alike is not None:
        owner = bearer if put.source is None else np.where(put.copied > 0, put.source, bearer)
        run = np.arange(rows)[:, None, None]
        same = np.maximum(same, alike[run, owner[:, :, None], owner[:, None]])
    there = put.contributes
    likeness: Floats = same * (there[:, :, None] & there[:, None])
    return likeness
