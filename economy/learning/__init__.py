"""The shared network and its training by traversal learning."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch

from commonweal.agents.errors import InputError
from commonweal.agents.module_names import PREFIX, file_of
from commonweal.agents.registry import Registry
from commonweal.agents.terms import PerRun
from commonweal.economy.learning.guards import NO_GUARD, Guard
from commonweal.economy.learning.losses import CROSS_ENTROPY, Loss
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.learning.module import ModuleNetwork, SmallConvolution
from commonweal.economy.learning.network import Network
from commonweal.economy.learning.own import maker_of
from commonweal.economy.learning.own.named import Everything


@dataclass(frozen=True)
class LearningTerms:
    """What the scenario says of the network and its training."""

    network: str
    hidden: tuple[int, ...]
    activation: str
    rate: PerRun  # (R, 1) learning rate η
    method: str = "traversal"  # traversal or federated
    local_epochs: int = 1  # E steps of each contributor (federated)
    sampling: str = "each"  # each or pool
    samples: int = 1  # samples per contributor and round (each)
    batch: int = 1  # samples per round (pool)
    wire: str = "off"  # what leaves a node; off: all samples are here
    nodes: int = 1  # that hold the samples
    patience: float = 30.0  # seconds for an answer
    quorum: float = 0.5  # share of those who put something in that must be reached
    audit: float = 0.0  # chance that who put something in is asked to open its update
    halves: int = 0  # random halves whose sums are checked beside that of all
    distrust: str = "search"  # what follows where claims do not add up: note, search or all
    privacy: Guard = NO_GUARD  # what is changed before it leaves a node
    replace_norms: str = "group"  # what becomes of BatchNorm in a module of one's own: group or refuse
    initial_weights: str = "drawn"  # of such a module: drawn or own


@dataclass(frozen=True)
class Site:
    """Where a network is put: the data it must fit and the machine it runs on."""

    features: int  # d
    classes: int  # C; 1 where labels are numbers
    dtype: torch.dtype
    device: torch.device
    loss: Loss = CROSS_ENTROPY  # that the network is trained by
    shape: tuple[int, int] | None = None  # rows and columns where features are an image
    drifts: bool = False  # whether features turn from round to round


@dataclass(frozen=True)
class NetworkFacts:
    """What is true of a network."""

    file: str = ""  # that the network is in


NetworkMaker: TypeAlias = Callable[[LearningTerms, Site], Network]
NETWORKS: Registry[NetworkMaker, NetworkFacts] = Registry(
    "network", "commonweal.networks", "learning.network", NetworkFacts()
)
network = NETWORKS.register
NETWORKS.derive(PREFIX, Everything(), maker_of, of_each={"file": file_of})


@network("mlp")
def mlp(terms: LearningTerms, site: Site) -> Network:
    """Multilayer perceptron with the scenario's hidden layers."""
    return MLP((site.features, *terms.hidden, site.classes), terms.activation, site.dtype, site.device, site.loss)


@network("conv")
def conv(terms: LearningTerms, site: Site) -> Network:
    """Small convolutional network for square images; its channels are the first entry of ``hidden``, at most 32."""
    side = round(site.features**0.5)
    if side**2 != site.features:
        raise InputError(f"learning.network = 'conv' needs square images; {site.features} features are not a square")
    channels = min(terms.hidden[0], 32) if terms.hidden else 8
    module = SmallConvolution(side, site.classes, channels).to(site.device, site.dtype)
    return ModuleNetwork(module, site.features, site.dtype, site.device, site.loss)
