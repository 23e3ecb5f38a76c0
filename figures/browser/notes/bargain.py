"""What a principal and the cooperative have agreed on, in rows and sentences: its line, its samples, its own model."""

import numpy as np

from commonweal.agents.actions import Action
from commonweal.economy.money.membership import NEVER
from commonweal.economy.world.world import World
from commonweal.figures.browser.notes.chronicle import Sight
from commonweal.figures.browser.notes.numbers import figure
from commonweal.figures.browser.notes.shown import (
    buys_tolerance,
    credit_unit,
    gives_models,
    holds_back,
    makes_copies,
    rewards_differ,
    takes_back,
    words_of,
)

Rows = list[tuple[str, str]]


def bargain_rows(sight: Sight, index: int, world: World) -> Rows:
    """What was agreed with a principal and what came of it in a round, where an economy knows such things."""
    rows = _menu_row(sight, index) + (_sample_rows(sight, index) if words_of(world).has("samples") else [])
    if gives_models(world):
        rows.append(("accuracy of its own model", _own_model(sight, index, world)))
    if world.terms.rewards.alone:
        rows.append(("a model trained alone, money per round", figure(sight.alone[index])))
    if "clawed" in takes_back(world):
        rows.append(("had of what was clawed back, money", _plain(sight.clawback[index])))
    if holds_back(world):
        rows.append((f"credit held back until it is sure, {credit_unit(world)}", figure(sight.held[index])))
    if buys_tolerance(world):
        rows.append(("paid for looser limits, money", figure(sight.sold[index])))
    return rows


def _menu_row(sight: Sight, index: int) -> Rows:
    lines, line = sight.worth.shape[1], int(sight.line[index])
    if not lines:
        return []
    chosen = f"{line + 1} of {lines}, dearest type first" if line != NEVER else "none"
    return [("line of the menu", chosen if sight.round else "none offered yet")]


def _sample_rows(sight: Sight, index: int) -> Rows:
    since = "not yet" if sight.joined[index] == NEVER else f"round {sight.joined[index] + 1}"
    put = f"{figure(sight.samples[index], 5)} in the round, {figure(sight.contributed[index], 5)} so far"
    return [("samples put in", put), ("puts samples in since", since)]


def _own_model(sight: Sight, index: int, world: World) -> str:
    """The accuracy of the model that it was given and was owed, and of the shared model."""
    if not sight.round or sight.actions[index] == Action.ABSTAIN:
        return "none given"
    told = f"{sight.given[index]:.3f}"
    if makes_copies(world) and rewards_differ(world):
        told += f" for {sight.owed[index]:.3f} owed ({'kept' if sight.kept_promise[index] else 'missed'})"
    return f"{told}; shared model {sight.quality:.3f}"


def why_so_many(sight: Sight, index: int, world: World) -> str:
    """Why a principal puts in as many samples as it does, in a sentence; "" where that is not for it to choose."""
    offer, line = world.terms.menu.offer, int(sight.line[index])
    if offer == "amounts" and sight.actions[index] == Action.DELEGATE:
        return (f"It puts in {figure(sight.samples[index], 5)} samples: as many as it began with, or as were best for "
                "it, the others given, when it last reconsidered.")
    if offer != "menu" or not sight.round:
        return ""
    worth, alone = sight.worth[index], f"{figure(sight.alone[index])} alone"
    if line == NEVER:
        return f"It takes no line of the menu: the best is expected to leave it {_plain(worth.max())}, against {alone}."
    told = f"It takes line {line + 1} of the menu, expected to leave it {_plain(worth[line])} money per round, against "
    others = np.delete(worth, line)
    return told + (f"{_plain(others.max())} by the next best line and " if others.size else "") + f"{alone}."


def _plain(amount: float) -> str:
    """An amount of money in figures, without what rounding makes of nothing."""
    return figure(amount if abs(amount) > 1e-9 else 0.0)
