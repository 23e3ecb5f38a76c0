"""What fits what the labels of a task are; what would mean nothing is refused in one line before a round is played."""

from collections.abc import Iterator

from commonweal.agents.errors import InputError
from commonweal.economy.credit import CREDITS
from commonweal.economy.learning.losses import CROSS_ENTROPY
from commonweal.economy.learning.network import Network
from commonweal.economy.tasks import Holdings
from commonweal.economy.tasks.metrics import METRICS, demand_metric, metric_of
from commonweal.economy.world.terms import Terms


def demand_fitting(terms: Terms, holdings: Holdings, network: Network) -> None:
    """Raise InputError where the scenario asks for what the labels of its task, or its metric, cannot give.

    Args:
        terms: of a market that learns.
        holdings: the data.
        network: the shared network.
    """
    demand_metric(terms.task.metric, holdings.target, terms.task.kind)
    for path, fits, needed in _demands(terms, holdings, network):
        if not fits:
            raise InputError(f"{path} must be {needed}")


def _demands(terms: Terms, holdings: Holdings, network: Network) -> Iterator[tuple[str, bool, str]]:
    """Field, whether it fits, and what it must be."""
    kind, credit, learning = terms.task.kind, terms.credit.kind, terms.learning
    if METRICS.facts(metric_of(terms.task.metric, holdings.target)).balanced:
        unknown = f"off where task.metric = {terms.task.metric!r}: nodes do not know how rare a class is"
        yield "learning.wire", learning.wire == "off", unknown
    blind = f"off where task.weight = {terms.task.weight!r}: nodes do not know what samples count"
    yield "learning.wire", learning.wire == "off" or holdings.sample_weights is None, blind
    if holdings.target == "class":
        return
    where = f"where task.kind = {kind!r}, whose labels are numbers:"
    trained = getattr(network, "loss", CROSS_ENTROPY).target == "number"
    yield "learning.network", trained, f"another {where} {learning.network} is trained by cross-entropy"
    yield "credit.kind", not CREDITS.facts(credit).needs_classes, f"another {where} {credit} counts votes for classes"
    yield "screening.grain", terms.screening.grain != "class", f"principal or sample {where} there are no classes"
    yield "actions.selection", terms.actions.selection != "classes", f"none {where} there are no classes to leave out"
