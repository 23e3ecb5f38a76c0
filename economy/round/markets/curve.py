"""A market without a task: the model's accuracy in a round is a known function of all samples put in.

It plays the one-shot games of the papers on contracts and data sharing in every round. Each is credited with its
Aumann–Shapley price (Aumann and Shapley 1974): for v(m) = a(Σ m) that is a(Σ m) times its part of the samples.
"""

import numpy as np

from commonweal.agents.actions import Action
from commonweal.agents.arrays import Floats, Ints, ratio
from commonweal.agents.population import Population
from commonweal.agents.streams import Streams
from commonweal.economy.credit import Credit
from commonweal.economy.rewards.accuracy import Bound
from commonweal.economy.round.market import market
from commonweal.economy.round.markets.model import ModelMarket
from commonweal.economy.round.record import Foregone, Moment, Payday, Produce
from commonweal.economy.round.regret import prospects
from commonweal.economy.round.standing import usual_amounts
from commonweal.economy.world.world import State, World


@market("curve")
class CurveMarket(ModelMarket):
    """The market for a model whose accuracy follows a curve. It sells and settles as the market for a learned model."""

    learns = False

    def produce(self, moment: Moment, world: World, streams: Streams) -> tuple[Moment, Produce]:
        """The accuracy of the round's samples."""
        put = usual_amounts(moment.state.membership.amount, moment.actions, world)
        quality = curve_of(world)(put.delegated.sum(axis=1)[:, None])[:, 0]
        worth = Credit(priced(put.delegated, quality), "aumann_shapley")
        return moment, Produce(put, worth, quality, 1 - quality)

    def foregone(self, moment: Moment, produce: Produce, payday: Payday, world: World, streams: Streams) -> Foregone:
        """Exact: everybody else puts in what it did, and accuracy follows the curve."""
        terms, amount, shape = world.terms, moment.state.membership.amount, moment.actions.shape
        puts = [usual_amounts(amount, np.full(shape, int(action)), world) for action in Action]
        put, real = (np.stack([getattr(each, name) for each in puts], axis=2) for name in ("total", "delegated"))
        payoffs = prospects(put, real, moment.state, moment.people, world, curve_of(world))
        payoffs[..., Action.DEFECT] += terms.actions.defect_gain
        payoffs[..., Action.ABSTAIN] = moment.outside
        payoffs[..., [a for a in Action if a not in terms.available]] = np.nan
        return Foregone(payoffs, np.zeros(payoffs.shape), np.zeros(payoffs.shape, dtype=np.bool_))

    def usual_credit(
        self, real: Floats, put: Floats, quality: Floats, row: Ints, state: State, people: Population, world: World
    ) -> Floats:
        """Aumann–Shapley prices at the accuracy of these samples."""
        return priced(real, quality)


def curve_of(world: World) -> Bound:
    """The accuracy of each run's samples."""
    terms = world.terms.rewards.accuracy
    return Bound(terms.optimum, terms.scale)


def priced(samples: Ints | Floats, quality: Floats) -> Floats:
    """(R, N) Aumann–Shapley prices of samples (R, N) that together give accuracy (R,)."""
    return samples * ratio(quality, samples.sum(axis=1))[:, None]
