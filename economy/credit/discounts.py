"""Discounts on the credit of any rule: for putting in the same again, and for putting in what others put in.

Only credit above zero is cut: harm is charged in full, however often it is repeated and under however many names.
"""

from dataclasses import replace

import numpy as np

from commonweal.economy.credit.alike import Likeness, alike_samples
from commonweal.economy.credit.game import Credit, RoundGame
from commonweal.economy.credit.novelty import novelty
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
    terms, remains, rule = game.terms, np.ones(game.shape), credit.rule
    by_samples = terms.replication.penalty.any() and terms.replication.similarity == "samples"
    if terms.memory:
        alike = alike_samples(game.seen, game.likeness or Likeness.of(game.features))
    if terms.novelty.memory:
        remains, rule = remains * novelty(alike, game.seen[-1].real.shape[2]), f"{rule} × novelty"
    if terms.replication.penalty.any():
        similarity = sample_similarity(alike) if by_samples else update_similarity(game.updates)
        remains, rule = remains * discount(similarity, terms.replication.penalty), f"{rule} × robust"
    error = None if credit.standard_error is None else credit.standard_error * remains
    values = np.where(credit.values > 0, credit.values * remains, credit.values)
    return replace(credit, values=values, rule=rule, standard_error=error)

