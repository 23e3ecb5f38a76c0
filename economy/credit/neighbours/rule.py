"""What data is worth by its nearest-neighbour value, before any training and as the credit of a round."""

import numpy as np

from commonweal.agents.arrays import Floats
from commonweal.economy.credit.game import Credit, RoundGame, credit_rule
from commonweal.economy.credit.neighbours.values import Samples, by_owner, unweighted
from commonweal.economy.tasks.examples import FeatureTable
from commonweal.economy.tasks.holdings import Holdings

NEIGHBOURS = 5  # K


def worth(holdings: Holdings, table: FeatureTable, neighbours: int = NEIGHBOURS) -> Floats:
    """What each principal's samples, as labelled, are worth to the validation set before any training.

    Args:
        holdings: who holds what.
        table: the features of all samples.
        neighbours: K.

    Returns:
        (R, N) shares of the validation set that K nearest neighbours vote right for; a run's sum is their accuracy.
    """
    train, validation = (
        Samples(table.gather(ids).numpy(force=True), np.take_along_axis(holdings.labels, ids, axis=1))
        for ids in (holdings.held, holdings.validation)
    )
    principals = holdings.count.shape[1]
    owner = np.stack([np.repeat(np.arange(principals), count) for count in holdings.count])
    return by_owner(unweighted(train, validation, neighbours), owner, principals)


@credit_rule("neighbours")
def neighbours(game: RoundGame) -> Credit:
    """Nearest-neighbour value, for the validation set, of the samples put in (Jia et al. 2019, theorem 1).

    Looks at the samples alone, not at what the network learned from them. Whose update was dropped is not in the game.
    The credits of a round sum to the share of validation samples that their K nearest vote right for.
    """
    features, labels = (values.numpy(force=True) for values in game.samples())
    owner = game.passage.owners.owner.numpy(force=True)
    validation = Samples(game.features.numpy(force=True), game.labels.numpy(force=True))
    values = np.zeros(owner.shape)
    for run, contributors in enumerate(game.contributors()):
        if not (plays := np.isin(owner[run], contributors)).any():
            continue
        train = Samples(features[run : run + 1, plays], labels[run : run + 1, plays])
        test = Samples(validation.features[run : run + 1], validation.labels[run : run + 1])
        values[run, plays] = unweighted(train, test, NEIGHBOURS)[0]
    return Credit(by_owner(values, owner, game.shape[1]), "neighbours")
