"""Which principals a round visits and which of their samples: every contributor equally, or as a shuffled index says.

The index follows Batbaatar, Kim, Kim and Yoon, "Traversal Learning" (arXiv 2504.07471): a global index over all
contributed samples is shuffled, cut into virtual batches and rebuilt when the set of contributors changes.
"""

from dataclasses import dataclass, replace

import numpy as np

from commonweal.agents.arrays import Bools, Ints
from commonweal.agents.streams import Stream
from commonweal.economy.tasks.batch import NOTHING, Form, Forms, SamplingTerms, Supply, Traversal

# Forms whose samples are new ones in every round.
WALKS = np.isin(np.arange(len(Form)), (Form.OWN, Form.WRONG, Form.COPY))


@dataclass(frozen=True)
class Visits:
    """n visits to principals, run by run, each taking w consecutive samples of the principal's holding."""

    who: Ints  # (n,) run · N + principal
    place: Ints  # (n, w) place in the principal's holding, not yet wrapped around its end
    taken: Bools  # (n, w) False at the end of a visit to who puts in fewer than w samples
    length: Ints  # (R,) visits of each run


def visit_each(
    form: Forms, amount: Ints, count: Ints, supply: Supply, width: int
) -> tuple[Visits, Supply]:
    """Every contributor puts in up to ``width`` samples and walks on through its own holding.

    Args:
        form: (R, N) the Form of every principal's samples.
        amount: (R, N) samples it puts in, 1 to ``width`` for a contributor.
        count: (R, N) samples held.
        supply: where the walks stand.
        width: w, places of every visit.
    """
    contributes = form != NOTHING
    walks = WALKS[form]
    who = np.flatnonzero(contributes)
    begin = (supply.cursor * walks).ravel()[who]  # all others start at the first place each round
    moved = np.where(walks, (supply.cursor + amount) % count, supply.cursor)
    step = np.arange(width)
    taken = step < amount.ravel()[who, None]
    visits = Visits(who, begin[:, None] + step, taken, np.count_nonzero(contributes, axis=1))
    return visits, Supply(moved, supply.traversals)


def visit_pool(
    form: Forms, amount: Ints, supply: Supply, terms: SamplingTerms, stream: Stream
) -> tuple[Visits, Supply]:
    """The next virtual batch of every run's traversal.

    Args:
        form: (R, N) the Form of every principal's samples.
        amount: (R, N) samples it contributes, by default all it holds; junk as many.
        supply: the traversals.
        terms: size of the virtual batch.
        stream: the R runs' batch stream.
    """
    principals = form.shape[1]
    end = np.cumsum(amount, axis=1)
    traversals, who, place = [], [], []
    for run, generator in enumerate(stream.generators):
        past = supply.traversals[run] if supply.traversals else None
        now = _current(past, form[run], amount[run], generator)
        visited = now.order[now.taken : now.taken + terms.batch]
        principal = np.searchsorted(end[run], visited, side="right")
        who.append(principal + run * principals)
        place.append(visited - end[run, principal] + amount[run, principal])
        traversals.append(replace(now, taken=now.taken + len(visited)))
    length = np.array([len(visited) for visited in who])
    places = np.concatenate(place)[:, None]
    visits = Visits(np.concatenate(who), places, np.ones(places.shape, bool), length)
    return visits, Supply(supply.cursor, tuple(traversals))


def _current(past: Traversal | None, form: Forms, amount: Ints, generator: np.random.Generator) -> Traversal:
    """The same traversal while it lasts and nobody's samples change in form or number, otherwise a new one."""
    same = past is not None and np.array_equal(past.form, form) and np.array_equal(past.amount, amount)
    if past is None or not same or past.taken >= len(past.order):
        return Traversal(form, amount, generator.permutation(int(amount.sum())), taken=0)
    return past
