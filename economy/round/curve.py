"""A market without a task: the model's accuracy in a round is a known function of the samples put in by all.

The one-shot games of the papers on contracts and data sharing, played every round. Each is credited with its
Aumann–Shapley price (Aumann and Shapley 1974): for v(m) = a(Σ m) that is a(Σ m) times its part of the samples.
"""


from commonweal.agents.arrays import Floats, Ints, ratio
from commonweal.economy.rewards.accuracy import Bound
from commonweal.economy.round.learn import Lesson
from commonweal.economy.round.untaught import without_learning
from commonweal.economy.tasks import Form, PutIn
from commonweal.economy.tasks.supply import carried_out
from commonweal.economy.world.world import State, World


def add_up(state: State, world: World) -> tuple[Lesson, Floats]:
    """The round's lesson, of which nobody learns anything, and the accuracy (R,) of its samples."""
    put = usual_amounts(state, world, state.population.action)
    quality = accuracy_of(put.delegated.sum(axis=1), world)
    return without_learning(state, put, priced(put.delegated, quality), 1 - quality, "aumann_shapley"), quality


def usual_amounts(state: State, world: World, actions: Ints) -> PutIn:
    """What everybody puts in under actions (R, N); junk, stale and wrong samples count, but are worth nothing."""
    form, amount = carried_out(actions, state.membership.amount, world.terms.actions, world.conduct)
    return PutIn(amount, amount * (form == Form.OWN))


def accuracy_of(samples: Floats, world: World) -> Floats:
    """(R,) accuracy of (R,) samples."""
    terms = world.terms.rewards.accuracy
    return Bound(terms.optimum[:, 0], terms.scale[:, 0])(samples)


def priced(samples: Ints | Floats, quality: Floats) -> Floats:
    """(R, N) Aumann–Shapley prices of samples (R, N) that have accuracy (R,) together."""
    total = samples.sum(axis=1)
    return samples * (ratio(quality, total))[:, None]
