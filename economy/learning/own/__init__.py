"""Networks of one's own: ``learning.network = "module:MODULE:NAME"`` or ``"module:FILE.py:NAME"``.

NAME is a class or a function that is called with what it asks for among ``features``, ``classes``, ``shape`` and
``hidden``, and gives a ``torch.nn.Module`` or a frozen backbone and a head.
"""

from functools import lru_cache
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.agents.module_names import PREFIX, file_of
from commonweal.economy.learning.losses import Loss
from commonweal.economy.learning.own.making import Wanted
from commonweal.economy.learning.own.named import Maker, maker_named
from commonweal.economy.learning.own.network import OwnNetwork
from commonweal.economy.learning.own.tokens import embeddings_of
from commonweal.economy.learning.own.trial import tried

KEPT = 32  # modules that are ready, so that many runs with one network try it once


def maker_of(rest: str) -> Any:
    """The network of a name: from terms and site to the module, made for them.

    The class or function is looked up now: a bad one is refused where a scenario names it.

    Args:
        rest: what follows ``module:``.
    """
    said = f"learning.network = '{PREFIX}:{rest}'"
    found = maker_named(rest, said)

    def make(terms: Any, site: Any) -> OwnNetwork:
        shape = (1, *site.shape) if site.shape is not None else (site.features,)
        wanted = Wanted(site.features, site.classes, shape, terms.hidden, terms.replace_norms, site.dtype, site.device)
        return _ready(maker_named(rest, said), said, wanted, terms.initial_weights, site.loss, site.drifts)

    if not file_of(rest):  # what decides on it is there, and workers import it too
        make.__wrapped__ = found  # type: ignore[attr-defined]
    return make


@lru_cache(maxsize=KEPT)
def _ready(maker: Maker, said: str, wanted: Wanted, first: str, loss: Loss, drifts: bool) -> OwnNetwork:
    """The network after its trial; the same module again is not made anew."""
    network = tried(maker, said, wanted, first, loss, drifts)
    if drifts and any(embeddings_of(network.module, network.made.whole)):
        raise InputError(f"{said}: its features are tokens, which do not turn: must be task.drift = 0")
    return network
