"""Attacks as tactics of one menu, so that some can play against others and learners can begin with them."""

from collections.abc import Sequence
from dataclasses import fields, replace

from commonweal.agents.actions import Action
from commonweal.economy.arena.moves import AS_BEFORE, DOES_NAMED, USUAL, Moves
from commonweal.economy.arena.tactics import Constant, Programme, Tactic
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.learners.population import Steps

_MOVED = ("action", "form", *USUAL)  # what a move says
_TIMED = ("joins", "leaves", "from_round", "until")  # what a programme says
_OTHERS = ("name", "members", "identities", "tactic", *_MOVED, *_TIMED)
_PLAIN = {part.name: part.default for part in fields(Deviation)}


def menu_with(moves: Moves, deviations: Sequence[Deviation]) -> Moves:
    """A menu with the choices that deviations need, behind its own: codes stay what they are."""
    factors = {
        name: tuple(dict.fromkeys((*choices, *_needed(name, deviations)))) for name, choices in moves.factors.items()
    }
    return Moves(factors)


def _needed(factor: str, deviations: Sequence[Deviation]) -> list[float]:
    if factor == "does":
        return []
    return sorted({float(getattr(each, factor)) for each in deviations if each.tactic is None}, reverse=True)


def as_tactic(deviation: Deviation, moves: Moves) -> Tactic | None:
    """What a deviation does under one name as a tactic of a menu; None where no move of it can.

    Args:
        deviation: of one principal.
        moves: the menu; as ``menu_with`` answers it.
    """
    if any(getattr(deviation, name) != plain for name, plain in _PLAIN.items() if name not in _OTHERS):
        return None
    if deviation.tactic is not None:
        return _moved(deviation.tactic, moves) if not _is_timed(deviation) else None
    code, away = _code(deviation, moves), _code(Deviation("away", deviation.members, Action.ABSTAIN), moves)
    if code is None or (away is None and (deviation.joins or deviation.leaves is not None)):
        return None
    nothing = (0,) * len(code)
    changes = sorted({0, deviation.joins, deviation.leaves or 0, deviation.from_round, deviation.until or 0})
    steps: list[tuple[int, tuple[int, ...]]] = []
    for start in changes:
        gone = start < deviation.joins or (deviation.leaves is not None and start >= deviation.leaves)
        due = away if gone and away is not None else code if deviation.is_on(start) else nothing
        if not steps or steps[-1][1] != due:
            steps.append((start, due))
    return Constant(moves, code) if len(steps) == 1 and steps[0][1] == code else Programme(moves, tuple(steps))


def steps_of(tactic: Tactic | None) -> Steps | None:
    """A tactic as steps with which a search over programmes can begin; None where it is none."""
    if isinstance(tactic, Constant):
        return ((0, tactic.codes),)
    return tactic.steps if isinstance(tactic, Programme) and tactic.every is None else None


def _is_timed(deviation: Deviation) -> bool:
    return any(getattr(deviation, name) != _PLAIN[name] for name in _TIMED)


def _moved(tactic: Tactic, moves: Moves) -> Tactic | None:
    """The tactic with a larger menu; None where a kind of tactic does not say its codes."""
    if tactic.moves == moves:
        return tactic
    known = tactic.moves.factors
    behind = list(known) == list(moves.factors) and all(
        choices == moves.factors[name][: len(choices)] for name, choices in known.items()
    )
    return replace(tactic, moves=moves) if behind and isinstance(tactic, Constant | Programme) else None


def _code(deviation: Deviation, moves: Moves) -> tuple[int, ...] | None:
    """The code of what a deviation does while it is on; None where the menu does not hold it."""
    does = [name for name, what in DOES_NAMED.items() if what == (deviation.action, deviation.form)]
    wanted: dict[str, str | float] = {"does": does[0] if does else ""}
    wanted |= {name: float(getattr(deviation, name)) for name in USUAL}
    left_out = {"does": AS_BEFORE, **USUAL}
    if any(wanted[name] != left_out[name] for name in wanted if name not in moves.factors):
        return None
    if any(wanted[name] not in choices for name, choices in moves.factors.items()):
        return None
    return tuple(choices.index(wanted[name]) for name, choices in moves.factors.items())
