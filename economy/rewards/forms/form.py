"""Closed forms: what accuracy follows from the real samples that principals put in, where nothing is learned.

``rewards.accuracy.kind`` names one, and the market ``curve`` plays it. A form is a function of a ``Pool``, whose rows
are runs, or what might have been in one of them, or coalitions of one round; it answers for all rows at once, each by
itself. It sees real samples alone, so that junk teaches nothing. Its answer is one of two:

* an array (R,), the accuracy of the cooperative's model: who takes part has it, who stays away has none;
* ``Accuracies``, where principals end up with different ones: ``each`` (R, N), who stays away included.

What it leaves out follows: ``alone`` is the model of a pool of one's own samples, the worth of a coalition the model of
the pool of its members. Accuracies are in [0, 1] unless the form says otherwise (``lowest``, ``highest``); nothing is
cut off, customers only pay for what is above ``market.baseline``. Register your own with ``@closed_form("name")`` or as
an entry point of ``commonweal.closed_forms``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints
from commonweal.agents.errors import InputError
from commonweal.agents.registry import Registry
from commonweal.agents.terms import NumbersByName, PerRun, pick
from commonweal.economy.rewards.accuracy import Accuracy


@dataclass(frozen=True)
class AccuracyTerms:
    """``scenario.rewards.accuracy``: the accuracy that is expected of samples."""

    kind: str  # name of the closed form
    optimum: PerRun  # (R, 1) accuracy by unlimited samples (bound, power_law)
    scale: PerRun  # (R, 1) k (bound)
    drop: PerRun  # (R, 1) accuracy that is missing with one sample (power_law)
    exponent: PerRun  # (R, 1) how fast that vanishes (power_law)
    options: NumbersByName  # (R, 1), (R, N) or (R, N, N) of the form, by name


@dataclass(frozen=True)
class Pool:
    """What N principals put in, in R rows."""

    samples: Floats  # (R, N) real samples put in
    member: Bools  # (R, N) who takes part
    held: Floats  # (R, N) real samples that each would put in if it delegated: what it could train on by itself
    terms: AccuracyTerms  # of the rows

    @property
    def total(self) -> Floats:
        """(R,) real samples of all."""
        total: Floats = self.samples.sum(axis=1)
        return total

    @cached_property
    def options(self) -> Mapping[str, Any]:
        """The form's own numbers by name: (R, 1); (R, N) of each principal; (R, N, N) of each pair. Or its defaults."""
        return {**CLOSED_FORMS.facts(self.terms.kind).options, **self.terms.options}

    def pick(self, rows: Ints) -> "Pool":
        """Some of the rows, in any order; a row may occur several times."""
        return Pool(self.samples[rows], self.member[rows], self.held[rows], pick(self.terms, rows))


@dataclass(frozen=True)
class Accuracies:
    """What a form answers of R rows."""

    quality: Floats  # (R,) accuracy of the cooperative's model: what customers pay for
    each: Floats | None = None  # (R, N) that each has in the end; None: the model's for who takes part, else none
    alone: Floats | None = None  # (R, N) that each would have by itself; None: of a pool of its own samples
    value: Floats | None = None  # (R,) worth of the pool where it is that of a coalition; None: its quality
    alike: Floats | None = None  # (R, N, N) likeness of what principals hold, 0 to 1; None: only copies are alike

    @property
    def worth(self) -> Floats:
        """(R,) v of the pool, in the unit of credit."""
        return self.quality if self.value is None else self.value


ClosedForm = Callable[[Pool], "Floats | Accuracies"]


@dataclass(frozen=True)
class FormFacts:
    """What others must know of a closed form."""

    pooled: bool = True  # who takes part has the model's accuracy, who stays away none
    total: bool = False  # goes by how many samples there are in all, whoever put them in; none are worth nothing
    monotone: bool = True  # nobody's samples make the model worse
    lowest: float = 0.0  # accuracy that there may be
    highest: float = 1.0
    options: Mapping[str, float] = field(default_factory=dict)  # its own numbers, and what they are if not said
    curve: Callable[[AccuracyTerms], Accuracy] | None = None  # the same as accuracy by samples, with a slope (total)


CLOSED_FORMS: Registry[ClosedForm, FormFacts] = Registry(
    "closed form", "commonweal.closed_forms", "rewards.accuracy.kind", FormFacts()
)
closed_form = CLOSED_FORMS.register


def accuracies(pool: Pool) -> Accuracies:
    """What the form that the pool's terms name says of it.

    Raises:
        InputError: if it answers no accuracy for every row, or one outside what it says that there may be.
    """
    kind = pool.terms.kind
    said = CLOSED_FORMS[kind](pool)
    found = said if isinstance(said, Accuracies) else Accuracies(said)
    facts, shape = CLOSED_FORMS.facts(kind), pool.samples.shape
    for name, values, size in (("quality", found.quality, shape[:1]), ("each", found.each, shape)):
        if values is not None:
            _demand(kind, name, values, size, facts)
    if found.each is None and not facts.pooled:
        raise InputError(f"rewards.accuracy.kind = {kind!r} says pooled=False, and answers no accuracy of each")
    return found


def _demand(kind: str, name: str, values: Floats, shape: tuple[int, ...], facts: FormFacts) -> None:
    """Raise InputError where a form answers something else than accuracies."""
    if np.shape(values) != shape:
        raise InputError(f"rewards.accuracy.kind = {kind!r} gave {name} {np.shape(values)}; a form gives {shape}")
    if not ((values >= facts.lowest) & (values <= facts.highest)).all():
        found, allowed = f"{np.min(values):g} to {np.max(values):g}", f"{facts.lowest:g} to {facts.highest:g}"
        raise InputError(f"rewards.accuracy.kind = {kind!r} gave {name} from {found}; it says {allowed}")


def alone(pool: Pool) -> Floats:
    """(R, N) accuracy that each would have by itself, with the samples that it holds."""
    found = accuracies(pool).alone
    if found is not None:
        return found
    rows, principals = pool.samples.shape
    own = np.tile(np.eye(principals, dtype=bool), (rows, 1))
    single = pool.pick(np.repeat(np.arange(rows), principals))
    single = replace(single, samples=np.where(own, single.held, 0.0), member=own)
    return accuracies(single).quality.reshape(rows, principals)


def curve_of(terms: AccuracyTerms) -> Accuracy | None:
    """Accuracy by samples, with a slope, where the form that is named is one of the total and says so."""
    curve = CLOSED_FORMS.facts(terms.kind).curve
    return None if curve is None else curve(terms)
