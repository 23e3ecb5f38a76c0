"""Moves: all that one principal may do in a round, as a menu of factors, each with a few choices.

What a principal does is an action, what it puts in under it, how much of that, and what it claims. The first choice of
a factor is as the scenario says.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonweal.agents.actions import Action
from commonweal.agents.arrays import AnyArray, Floats, Ints
from commonweal.agents.errors import InputError, shown
from commonweal.economy.tasks import Form

Choice = str | float

FORMS = {
    "own": Form.OWN,
    "wrong": Form.WRONG,
    "junk": Form.JUNK,
    "stale": Form.STALE,
    "disguised": Form.DISGUISED,
    "replay": Form.REPLAY,
}
FREE = -1  # of an action or a form: as the policy, or the action, says
AS_BEFORE = "as before"
DOES_NAMED: dict[str, tuple[Action | None, str | None]] = {
    AS_BEFORE: (None, None),
    **{action.name.lower(): (action, None) for action in Action},
    "poison": (Action.DELEGATE, "wrong"),
    **{form: (Action.DELEGATE, form) for form in ("junk", "stale", "disguised", "replay")},
}  # what the choices of the factor ``does`` stand for: an action, and what is put in under it
USUAL = {"share": 1.0, "looser": 0.0, "dearer": 0.0, "exaggerates": 0.0}  # of factors that are numbers
_LOWEST = {"share": 0.0, "looser": -1.0, "dearer": -1.0, "exaggerates": -np.inf}
_HIGHEST = {"share": 1.0, "looser": np.inf, "dearer": np.inf, "exaggerates": np.inf}


@dataclass(frozen=True)
class Move:
    """What one principal does in one round; what is not given is as the scenario says."""

    name: str  # what tables call it
    action: Action | None = None  # None: what its policy says
    form: str | None = None  # one of FORMS: what it puts in under that action; None: as the action says
    share: float = 1.0  # of its samples that it puts in
    looser: float = 0.0  # share of its limits by which it claims to be looser than it is; negative: stricter
    dearer: float = 0.0  # share by which it claims that samples and looser limits cost it more; negative: less
    exaggerates: float = 0.0  # share by which it claims that its update does more than it does, where that is a claim


@dataclass(frozen=True)
class Laid:
    """Moves as arrays, each of the shape (…,) of the codes that they were laid from."""

    action: Ints  # codes of ``Action``; FREE: what the policy says
    form: NDArray[np.int8]  # a Form; FREE: as the action says
    share: Floats
    looser: Floats
    dearer: Floats
    exaggerates: Floats

    def at(self, places: Any) -> "Laid":
        """The moves at some places of the arrays."""
        return Laid(**{name: values[places] for name, values in vars(self).items()})


@dataclass(frozen=True)
class Moves:
    """A menu of D factors. A move is a code (D,): the place of a choice in each factor; zeros are the first choices.

    Args:
        factors: choices by factor: ``does`` (names in DOES_NAMED), ``share``, ``looser``, ``dearer``, ``exaggerates``
            (numbers). A factor that is left out is as the scenario says.

    Raises:
        InputError: if a factor or a choice is not allowed.
    """

    factors: Mapping[str, tuple[Choice, ...]]

    def __post_init__(self) -> None:
        object.__setattr__(self, "factors", {name: _checked(name, each) for name, each in self.factors.items()})
        if not self.factors:
            raise InputError("moves: there must be a factor at least")

    def __hash__(self) -> int:
        return hash(tuple(self.factors.items()))

    @classmethod
    def plain(cls, available: Ints, *, policies: bool = False) -> "Moves":
        """The actions that a scenario has, and nothing else.

        Args:
            available: (A,) codes of the actions a principal may take.
            policies: whether the first choice is what one's policy says.
        """
        names = tuple(Action(code).name.lower() for code in available.tolist())
        return cls({"does": (AS_BEFORE, *names) if policies else names})

    @cached_property
    def sizes(self) -> Ints:
        """(D,) choices of each factor."""
        return np.array([len(choices) for choices in self.factors.values()], dtype=np.int64)

    @property
    def count(self) -> int:
        """Different moves."""
        return prod(self.sizes.tolist())

    @property
    def frees(self) -> bool:
        """Whether a move can leave the action to the policy."""
        return AS_BEFORE in self.factors.get("does", (AS_BEFORE,))

    @property
    def bare(self) -> bool:
        """Whether moves are nothing but actions."""
        return not self.factors.keys() - {"does"} and not any(DOES_NAMED[str(d)][1] for d in self.factors["does"])

    def at(self, code: Any) -> Move:
        """The move with a code (D,)."""
        places = self.demand(np.asarray(code))
        if places.ndim != 1:
            raise InputError(f"moves: a move has one code ({len(self.sizes)},), not an array {places.shape}")
        chosen = {name: choices[place] for (name, choices), place in zip(self.factors.items(), places, strict=True)}
        does = chosen.pop("does", AS_BEFORE)
        action, form = DOES_NAMED[str(does)]
        return Move(_described(does, chosen), action, form, **{name: float(value) for name, value in chosen.items()})

    def lay(self, codes: AnyArray) -> Laid:
        """Moves as arrays.

        Args:
            codes: (…, D).

        Returns:
            Arrays (…,).

        Raises:
            InputError: if codes are none of this menu.
        """
        places = self.demand(codes)
        column = {name: places[..., place] for place, name in enumerate(self.factors)}
        does = column.get("does")
        shape = places.shape[:-1]
        numbers = {
            name: np.full(shape, usual) if name not in column else self._tables[name][column[name]]
            for name, usual in USUAL.items()
        }
        if does is None:
            return Laid(np.full(shape, FREE), np.full(shape, FREE, np.int8), **numbers)
        action, form = self._tables["action"][does], self._tables["form"][does]
        return Laid(action, form.astype(np.int8), **numbers)

    def demand(self, codes: AnyArray) -> Ints:
        """Codes (…, D) as whole numbers; InputError if they are none of this menu."""
        whole = np.asarray(codes)
        if whole.dtype.kind not in "iu" or whole.ndim < 1 or whole.shape[-1] != len(self.sizes):
            raise InputError(
                f"moves: codes {whole.dtype} {whole.shape} must be whole numbers, the last axis one of each factor: "
                f"{', '.join(self.factors)}"
            )
        if ((whole < 0) | (whole >= self.sizes)).any():
            allowed = ", ".join(f"{name} 0 to {len(each) - 1}" for name, each in self.factors.items())
            raise InputError(f"moves: a code is out of the menu: {allowed}")
        return whole.astype(np.int64, copy=False)

    def flat(self, codes: AnyArray) -> Ints:
        """(…,) number of each move, 0 to ``count`` − 1, from codes (…, D)."""
        places = np.moveaxis(self.demand(codes), -1, 0)
        return np.asarray(np.ravel_multi_index(tuple(places), tuple(self.sizes)), dtype=np.int64)

    def codes(self, flat: AnyArray) -> Ints:
        """(…, D) codes of moves by their number (…,)."""
        return np.stack(np.unravel_index(np.asarray(flat), tuple(self.sizes)), axis=-1).astype(np.int64)

    @cached_property
    def _tables(self) -> dict[str, AnyArray]:
        """What stands for each choice, by factor; the factor ``does`` as action and form."""
        tables: dict[str, AnyArray] = {n: np.array(c, np.float64) for n, c in self.factors.items() if n != "does"}
        known = [DOES_NAMED[str(name)] for name in self.factors.get("does", ())]
        tables["action"] = np.array([FREE if action is None else int(action) for action, _ in known], dtype=np.int64)
        tables["form"] = np.array([FREE if form is None else int(FORMS[form]) for _, form in known], dtype=np.int64)
        return tables

    def document(self) -> dict[str, list[Choice]]:
        """The menu as a JSON document; ``Moves(document)`` reads it."""
        return {name: list(choices) for name, choices in self.factors.items()}


def _checked(name: str, choices: Any) -> tuple[Choice, ...]:
    """The choices of a factor; numbers as floats."""
    if name != "does" and name not in USUAL:
        raise InputError(f"moves: {name!r} is no factor: must be one of does, {', '.join(USUAL)}")
    given = tuple(choices) if isinstance(choices, Iterable) and not isinstance(choices, str) else ()
    if not given or len(set(given)) < len(given):
        raise InputError(f"moves: {name} must have different choices, one or more")
    if name == "does":
        if unknown := [each for each in given if each not in DOES_NAMED]:
            raise InputError(f"moves: does {unknown[0]!r} must be one of {', '.join(DOES_NAMED)}")
        if AS_BEFORE in given[1:]:
            raise InputError(f"moves: {AS_BEFORE!r} must be the first choice of does, where it is one")
        return given
    if wrong := [each for each in given if not isinstance(each, int | float | np.number)]:
        raise InputError(f"moves: {name} {shown(wrong[0])} must be a number")
    numbers = tuple(float(each) for each in given)
    if numbers[0] != USUAL[name]:
        raise InputError(f"moves: the first choice of {name} must be {USUAL[name]:g}, as the scenario says")
    if not all(_LOWEST[name] <= each <= _HIGHEST[name] and np.isfinite(each) for each in numbers):
        raise InputError(f"moves: {name} must be from {_LOWEST[name]:g} to {_HIGHEST[name]:g}")
    return numbers


def _described(does: Choice, numbers: Mapping[str, Choice]) -> str:
    """A move in words: what differs from the scenario."""
    words = [] if does == AS_BEFORE else [str(does).replace("_", "-")]
    share, looser, dearer, more = (float(numbers.get(name, usual)) for name, usual in USUAL.items())
    if share != 1.0:
        words.append(f"{share:.0%} of its samples")
    if looser:
        words.append(f"claims limits {abs(looser):.0%} {'looser' if looser > 0 else 'stricter'}")
    if dearer:
        words.append(f"claims a cost {abs(dearer):.0%} {'higher' if dearer > 0 else 'lower'}")
    if more:
        words.append(f"claims {abs(more):.0%} {'more' if more > 0 else 'less'} of its update")
    return ", ".join(words) or AS_BEFORE
