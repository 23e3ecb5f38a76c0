"""Choosing one of several options by declared values, with taxes that make the truth the best declaration.

The option with the largest sum of values is taken. A Clarke tax charges whoever changes the choice with what that costs
the others, which makes the truth a dominant strategy and leaves a surplus (Clarke 1971; Groves 1973). The expected
externality mechanism pays everybody what its declaration is expected to bring the others, which all others pay for: it
balances, and the truth is best as long as all others tell it (d'Aspremont and Gérard-Varet 1979).
"""

from collections.abc import Iterable

import numpy as np

from commonweal.agents.arrays import Bools, Floats, Ints, ratio
from commonweal.economy.money.ledger import MICRO


def best_option(values: Floats) -> Ints:
    """The option with the largest sum of values; of equal ones the first.

    Args:
        values: (..., P, X) declared value of each of X options for each of P parties.

    Returns:
        (...) its number.
    """
    option: Ints = values.sum(axis=-2).argmax(axis=-1)
    return option


def clarke_taxes(values: Floats) -> Floats:
    """What the others lose by a party's declaration: t_i = max_x Σ_{j≠i} v_j(x) − Σ_{j≠i} v_j(x*) (Clarke 1971).

    Args:
        values: (..., P, X) declared values.

    Returns:
        (..., P) tax of each, at least 0, in the unit of the values.
    """
    others = values.sum(axis=-2, keepdims=True) - values
    option = np.broadcast_to(best_option(values)[..., None], others.shape[:-1])
    taxes: Floats = others.max(axis=-1) - _at(others, option)
    return taxes


def expected_externalities(values: Floats, drawn: Iterable[Floats]) -> Floats:
    """What the others are expected to have of the choice that a party's declaration leads to.

    Args:
        values: (..., P, X) declared values.
        drawn: values (..., P, X) as the prior has them, each as probable; a party's own are not looked at.

    Returns:
        (..., P) mean of Σ_{j≠i} v_j(x*), x* the best option by the party's declaration and the others' drawn values.
    """
    total, draws = np.zeros(values.shape[:-1]), 0
    for each in drawn:
        others = each.sum(axis=-2, keepdims=True) - each
        total += _at(others, (others + values).argmax(axis=-1))
        draws += 1
    return total / draws


def dagva_taxes(externalities: Floats, member: Bools) -> Floats:
    """Everybody is paid its expected externality, which the others pay for in equal parts.

    Args:
        externalities: (..., P) expected externality of each party.
        member: (..., P) who is a party.

    Returns:
        (..., P) tax of each, negative where it is paid; the sum is 0 but for rounding. One party alone pays nothing.
    """
    own = np.where(member, externalities, 0.0)
    number = member.sum(axis=-1, keepdims=True)
    of_others = ratio(own.sum(axis=-1, keepdims=True) - own, number - 1)
    return np.where(member & (number > 1), of_others - own, 0.0)


def whole(taxes: Floats) -> Ints:
    """(R, N) taxes that sum to 0 in whole micro-units that do too, by largest remainder: each within 1 of its own."""
    micro = taxes * MICRO
    parts = np.floor(micro).astype(np.int64)
    order = np.argsort(-(micro - parts), axis=1, kind="stable")
    parts[np.arange(len(parts))[:, None], order] += np.arange(parts.shape[1]) < -parts.sum(axis=1, keepdims=True)
    return parts


def _at(values: Floats, option: Ints) -> Floats:
    """(..., P) values (..., P, X) of one option (..., P)."""
    found: Floats = np.take_along_axis(values, option[..., None], axis=-1)[..., 0]
    return found
