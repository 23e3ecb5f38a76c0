"""Discounts on the credit of any rule: for putting in the same again, and for putting in what others put in.

Only credit above zero is cut: harm is charged in full, however often it is repeated and under however many names.
"""

from dataclasses import replace

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.economy.credit.game import Credit, RoundGame
from commonweal.economy.credit.novelty import novelty, resolution
from commonweal.economy.credit.robust import discount, sample_similarity, update_similarity


def discounted(credit: Credit, game: RoundGame) -> Credit:
    """The credit of a round under ``scenario.credit.novelty`` and ``scenario.credit.replication``.

    Args:
        credit: as its rule found it.
        game: the round.

    Returns:
        The same where nothing is discounted. What is cut goes to nobody, so that sums are no longer the rule's.
    """
    if not game.terms.is_discounted:
        return credit
    remains, rule = np.ones(game.shape), credit.rule
    if game.terms.novelty.memory:
        *past, newest = game.seen
        remains, rule = remains * novelty(newest, past, resolution(game.features)), f"{rule} × novelty"
    if game.terms.replication.penalty.any():
        remains, rule = remains * discount(_similarity(game), game.terms.replication.penalty), f"{rule} × robust"
    error = None if credit.standard_error is None else credit.standard_error * remains
    values = np.where(credit.values > 0, credit.values * remains, credit.values)
    return replace(credit, values=values, rule=rule, standard_error=error)


def _similarity(game: RoundGame) -> Floats:
    """(R, N, N) how alike what principals put in is."""
    if game.terms.replication.similarity == "updates":
        return update_similarity(game.updates)
    return sample_similarity(game.seen, resolution(game.features))
