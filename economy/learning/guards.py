"""What principals change of their updates before these leave a node: noise, a bound on their length, rounded products.

Noise at the cut and clipped updates with noise (Gaussian mechanism: Dwork and Roth 2014; Abadi et al. 2016), and the
NoPeek term (``economy.learning.nopeek``). All is done principal by principal, so that it is the same on a node as where
everything is in one place, and u_i stays the part of the update that comes from principal i's samples alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from commonweal.agents.arrays import Floats, Ints
from commonweal.economy.learning.federated import DeltaPassage
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.learning.network import Directions, Owners, Parameters, Passage
from commonweal.economy.learning.nopeek import correlation_gradient
from commonweal.economy.learning.traversal import PathPassage, places_by_owner, seated, unseated

GUARDS = {  # what makes sense by what leaves a node
    "off": (),
    "paths": (),
    "cut": ("cut_noise", "nopeek", "clip", "smallest"),
    "cut-gradients": ("cut_noise", "nopeek", "clip", "smallest"),
    "secure": ("clip", "update_noise", "rounding", "smallest"),
    "two-servers": ("clip", "smallest"),
    "deltas": ("clip", "update_noise", "smallest"),
}
_AT_CUT, _ON_UPDATE = 0, 1  # what noise is for


@dataclass(frozen=True)
class Guard:
    """What is changed before it leaves a node. As it stands, nothing is."""

    cut_noise: float = 0.0  # ν: standard deviation of the noise at the cut, in that of what leaves the first layer
    nopeek: float = 0.0  # α: weight of the distance correlation between samples and what leaves the first layer
    clip: float = 0.0  # C: largest norm of a principal's mean gradient; 0: any
    update_noise: float = 0.0  # z: standard deviation zC of the noise on every entry of a clipped mean gradient
    rounding: float = 0.0  # grid of products ⟨u_i, v⟩, in ‖u_i‖ ‖v‖
    smallest: int = 0  # samples below which a principal does not take part

    @property
    def on(self) -> bool:
        """Whether anything that leaves is changed."""
        return any((self.cut_noise, self.nopeek, self.clip, self.update_noise, self.rounding))


NO_GUARD = Guard()


@dataclass(frozen=True)
class Secrets:
    """What principals draw their noise from: nobody else can, and numbers differ from question to question."""

    keys: Ints  # (R, N), below 0 for nobody's
    round: int
    purpose: int = 0  # 0: what is taught; others: what is only supposed
    again: int = 0  # how often the same was asked before

    def drawn(self, owner: Ints, width: int) -> Floats:
        """(R, S, width) standard normal numbers for samples of owners (R, S); 0 where padded."""
        noise = np.zeros((*owner.shape, width))
        for run, principal in self._present(owner):
            own = owner[run] == principal
            noise[run, own] = self._generator(run, principal, _AT_CUT).standard_normal((int(own.sum()), width))
        return noise

    def for_updates(self, owner: Ints, count: int) -> Floats:
        """(R, N, count) standard normal numbers for the updates of those who have samples; 0 for the others."""
        noise = np.zeros((*self.keys.shape, count))
        for run, principal in self._present(owner):
            noise[run, principal] = self._generator(run, principal, _ON_UPDATE).standard_normal(count)
        return noise

    def _present(self, owner: Ints) -> Iterator[tuple[int, int]]:
        for run, owners in enumerate(owner):
            for principal in np.unique(owners[owners >= 0]).tolist():
                yield run, principal

    def _generator(self, run: int, principal: int, what: int) -> np.random.Generator:
        return np.random.default_rng([int(self.keys[run, principal]), what, self.round, self.purpose, self.again])


def keys_of(secrets: Ints, principals: int) -> Ints:
    """(R, N) a key for each principal, from one secret number of each run (R,)."""
    spawned = [np.random.SeedSequence(int(secret)).generate_state(principals, np.uint64) >> np.uint64(1)
               for secret in secrets]  # fmt: skip
    return np.stack(spawned).astype(np.int64)


def guarded(
    network: MLP,
    parameters: Parameters,
    samples: tuple[Tensor, Tensor],
    owners: Owners,
    guard: Guard,
    secrets: Secrets,
) -> PathPassage | DeltaPassage:
    """The passage over a virtual batch as principals let it out.

    Args:
        network: of two layers at least, where anything is done at the cut.
        parameters: θ.
        samples: features (R, S, d) and labels (R, S).
        owners: whose samples they are.
        guard: what is changed.
        secrets: of these principals.
    """
    features, labels = samples
    passage = network.traverse(parameters, features, labels, owners)
    clean = passage.inputs[1] if len(passage.inputs) > 1 else features
    if guard.cut_noise:
        drawn = torch.as_tensor(secrets.drawn(owners.owner.numpy(), clean.shape[2])).to(clean)
        noise = guard.cut_noise * spread_of(clean, owners) * drawn
        passage = noisy_cut(network, parameters, features, labels, owners, noise)
    if guard.nopeek:
        passage = less_seen(passage, clean, network, guard.nopeek)
    return _bounded(passage, guard, secrets)


def guarded_deltas(passage: Passage, guard: Guard, secrets: Secrets) -> Passage:
    """The changes of FedAvg as principals let them out: clipped, and with noise."""
    if not isinstance(passage, DeltaPassage) or not guard.clip:
        return passage
    return _bounded(passage, guard, secrets)


def _bounded(
    passage: PathPassage | DeltaPassage, guard: Guard, secrets: Secrets
) -> PathPassage | DeltaPassage:
    """The passage of updates that are no longer than agreed, with noise where there is to be some."""
    if not guard.clip:
        return passage
    share = shares(passage.owners, passage.loss.dtype)
    passage = clipped(passage, guard.clip * share)
    if not guard.update_noise:
        return passage
    count = sum(part[0, 0].numel() for part in passage.updates())
    drawn = torch.as_tensor(secrets.for_updates(passage.owners.owner.numpy(), count)).to(passage.loss)
    return with_noise(passage, guard.update_noise * guard.clip * share, drawn)


def spread_of(activity: Tensor, owners: Owners) -> Tensor:
    """(R, S, 1) standard deviation of what leaves the first layer (R, S, h₁) over all of its owner."""
    places = places_by_owner(owners.owner)
    real = (places >= 0).to(activity)[..., None]  # (R, V, M, 1)
    own = seated(activity, places).view(*places.shape, activity.shape[2])
    count = (real.sum((2, 3)) * activity.shape[2]).clamp(min=1)
    mean = own.sum((2, 3)) / count
    apart = ((own - mean[..., None, None]) * real).square().sum((2, 3)) / count
    return unseated(apart.sqrt()[..., None, None] * real, places, activity.shape[1])


def noisy_cut(
    network: MLP, parameters: Parameters, features: Tensor, labels: Tensor, owners: Owners, noise: Tensor
) -> PathPassage:
    """The passage over what leaves the first layer with noise; gradients pass the noise as they pass a constant.

    Args:
        network: of two layers at least.
        parameters: θ.
        features: (R, S, d).
        labels: (R, S).
        owners: whose samples they are.
        noise: (R, S, h₁) that is added.
    """
    clean = network.traverse(parameters, features, labels, owners).inputs[1]
    above = replace(network, widths=network.widths[1:]).traverse(parameters[1:], clean + noise, labels, owners)
    back = torch.bmm(above.deltas[0], parameters[1][..., :-1])
    return PathPassage((features, *above.inputs), (network.slope(back, clean), *above.deltas), owners, above.loss)


def less_seen(passage: PathPassage, activity: Tensor, network: MLP, weight: float) -> PathPassage:
    """The passage of a loss with the NoPeek term: for every principal α dCor of its samples and their activity.

    A principal's term counts as its samples do, n_i / S, and is of its own samples alone: it moves the deltas of the
    first layer, so that every u_i stays a sum over paths.

    Args:
        passage: of the loss without it.
        activity: (R, S, h₁) what leaves the first layer, before noise.
        network: of two layers at least.
        weight: α.
    """
    term = nopeek_deltas(passage.inputs[0], activity, passage.owners, network, weight)
    return replace(passage, deltas=(passage.deltas[0] + term, *passage.deltas[1:]))


def nopeek_deltas(features: Tensor, activity: Tensor, owners: Owners, network: MLP, weight: float) -> Tensor:
    """(R, S, h₁) what the NoPeek term adds to the deltas of the first layer.

    Args:
        features: (R, S, d).
        activity: (R, S, h₁) what leaves the first layer, before noise.
        owners: whose samples they are.
        network: of two layers at least.
        weight: α.
    """
    places = places_by_owner(owners.owner)
    real = (places >= 0).flatten(0, 1)
    slope = correlation_gradient(seated(features, places), seated(activity, places), real)[1]
    back = unseated(slope.view(*places.shape, activity.shape[2]), places, activity.shape[1])
    own = owners.weights(activity.dtype)[..., None] * owners.spread(_counts(owners, activity.dtype))
    return network.slope(weight * own * back, activity)


def _counts(owners: Owners, dtype: torch.dtype) -> Tensor:
    """(R, N) samples of each principal."""
    return owners.total((owners.owner >= 0).to(dtype)[..., None]).squeeze(2)


def shares(owners: Owners, dtype: torch.dtype) -> Tensor:
    """(R, N) by how much a principal's mean gradient counts in the sum over samples."""
    return owners.total(owners.weights(dtype)[..., None]).squeeze(2)


def clipped(passage: PathPassage | DeltaPassage, limit: Tensor) -> PathPassage | DeltaPassage:
    """Updates of at most a norm each: longer ones are scaled down, with all their paths.

    Args:
        passage: of updates u_i.
        limit: (R, N) of ‖u_i‖.
    """
    norms = passage.squared_norms().clamp(min=0).sqrt()
    kept = (limit / norms.clamp(min=1e-30)).clamp(max=1.0)
    if isinstance(passage, DeltaPassage):
        return replace(passage, deltas=passage.deltas * kept[..., None])
    return passage.reweighted(passage.owners.spread(kept).squeeze(2))


def with_noise(passage: Passage, scale: Tensor, drawn: Tensor) -> DeltaPassage:
    """Updates with noise of their own on every entry; no path to samples is left.

    Args:
        passage: of updates u_i.
        scale: (R, N) standard deviation.
        drawn: (R, N, P) standard normal numbers; 0 for who puts in nothing.
    """
    parts = passage.updates()
    sent = torch.cat([part.flatten(2) for part in parts], dim=2) + scale[..., None] * drawn
    return DeltaPassage(sent, tuple(part.shape[2:] for part in parts), passage.owners, passage.loss)


def rounded(products: Tensor, grid: float, norms: Tensor, directions: Directions) -> Tensor:
    """Products (R, N, D) on a grid, in ‖u_i‖ ‖v_d‖: what is rounded is the cosine.

    Args:
        products: ⟨u_i, v_d⟩.
        grid: of cosines.
        norms: (R, N) ‖u_i‖.
        directions: v_d.
    """
    lengths = sum(v.flatten(2).square().sum(2) for v in directions)
    assert isinstance(lengths, Tensor)
    unit = (grid * norms[..., None] * lengths.sqrt()[:, None]).clamp(min=1e-30)
    return (products / unit).round() * unit


@dataclass(frozen=True)
class Told:
    """A passage whose products are told rounded; it keeps what was asked."""

    passage: Passage
    rounding: float = 0.0
    asked: list[Directions] = field(default_factory=list, compare=False)

    @property
    def owners(self) -> Owners:
        """Whose samples the batch is made of."""
        return self.passage.owners

    @property
    def loss(self) -> Tensor:
        """(R,) mean loss over the virtual batch."""
        return self.passage.loss

    def products(self, directions: Directions) -> Tensor:
        """(R, N, D) inner products ⟨u_i, v_d⟩ as they are told."""
        self.asked.append(directions)
        products = self.passage.products(directions)
        if not self.rounding:
            return products
        norms = self.passage.squared_norms().clamp(min=0).sqrt()
        return rounded(products, self.rounding, norms, directions)

    def squared_norms(self) -> Tensor:
        """(R, N) squared norms ‖u_i‖²."""
        return self.passage.squared_norms()

    def weighted_sum(self, weights: Tensor) -> Parameters:
        """Σ_i w_i u_i."""
        return self.passage.weighted_sum(weights)

    def updates(self) -> Directions:
        """Every u_i."""
        return self.passage.updates()
