"""Layers of one's own network: what is put in the place of those that one gradient for each sample does not allow.

BatchNorm becomes GroupNorm (Wu and He, "Group Normalization", ECCV 2018) as in Opacus, dropout draws its masks from a
stream of the run, and EmbeddingBag is computed by what can be differentiated twice. What has no such place is refused
by name, with the way out.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from commonweal.agents.errors import InputError
from commonweal.economy.learning.own.masks import kept
from commonweal.economy.learning.own.tokens import Bag, embeddings_of, nearest_tokens

CHANNELS, GROUPS = 16, 32  # of each group, the best of Wu and He (table 3); groups at most, as they recommend
MANY = 4096  # more layers than a network has
NO_KEYS = torch.empty(0, dtype=torch.int64)
Batch = nn.modules.batchnorm._BatchNorm
Instance = nn.modules.instancenorm._InstanceNorm
Chance = nn.modules.dropout._DropoutNd


class SeededDropout(nn.Module):
    """Dropout whose masks follow from keys of samples; without keys it lets everything through.

    Args:
        chance: that a unit is set to 0; the others are scaled by 1 / (1 − chance).
        whole: whether a channel is kept or not as a whole, instead of each of its values.
        number: of the layer, so that two layers draw different masks.
    """

    keys: Tensor

    def __init__(self, chance: float, whole: bool, number: int) -> None:
        super().__init__()
        self.chance, self.whole, self.number = chance, whole, number
        self.calls = 0  # in this pass: a layer that is used twice draws two masks
        self.register_buffer("keys", NO_KEYS, persistent=False)

    def forward(self, values: Tensor) -> Tensor:
        """(S, …) values of which some are 0."""
        if not self.keys.numel() or not self.chance:
            return values
        if len(values) != len(self.keys):
            raise ValueError(f"{len(values)} rows for {len(self.keys)} samples: the first axis must be that of samples")
        self.calls += 1
        shape = (*values.shape[1:2], *[1] * (values.dim() - 2)) if self.whole else values.shape[1:]
        keeps = kept(self.keys, self.number + MANY * self.calls, torch.Size(shape).numel(), self.chance)
        scale = 1 / (1 - self.chance) if self.chance < 1 else 0.0
        return values * keeps.view(len(values), *shape) * scale


def adapt(module: nn.Module, norms: str) -> nn.Module:
    """The module with layers in the place of those that cannot be trained sample by sample; its own is changed.

    Args:
        module: as its maker gives it. What is frozen stays as it is, in evaluation.
        norms: group or refuse: what becomes of BatchNorm.

    Raises:
        InputError: naming a layer that nothing takes the place of.
    """
    module.train()
    for _, layer in embeddings_of(module):
        layer.register_forward_pre_hook(nearest_tokens)
    frozen = {part for layer in module.modules() if _frozen(layer) for part in layer.eval().modules()}
    numbers: dict[nn.Module, nn.Module] = {}  # a layer with two names has one in its place
    for name, layer in list(module.named_modules()):
        new = None if layer in frozen else _instead(layer, name, norms, len(numbers))
        if new is not None:
            numbers[layer] = new
    if module in numbers:
        return numbers[module]
    for parent in list(module.modules()):
        for child, old in list(parent._modules.items()):
            if old in numbers:
                parent._modules[child] = numbers[old]
    return module


def drops_of(module: nn.Module) -> Iterator[tuple[str, SeededDropout]]:
    """The layers of a module that draw masks, by name."""
    return ((name, layer) for name, layer in module.named_modules() if isinstance(layer, SeededDropout))


def called(name: str, layer: nn.Module) -> str:
    """A layer as messages name it."""
    return f"layer {name!r} ({type(layer).__name__})" if name else type(layer).__name__


def _frozen(layer: nn.Module) -> bool:
    """Whether a layer has parameters and none is trained."""
    own = list(layer.parameters())
    return bool(own) and not any(each.requires_grad for each in own)


def _instead(layer: nn.Module, name: str, norms: str, number: int) -> nn.Module | None:
    """What takes the place of a layer; None: it stays."""
    for kind, reason in REFUSED.items():
        if isinstance(layer, kind):
            raise InputError(f"{called(name, layer)} {reason}")
    if isinstance(layer, nn.MultiheadAttention) and layer.dropout:
        ways = "give it dropout = 0, and put nn.Dropout after it"
        raise InputError(f"{called(name, layer)} draws masks of its own for attention: {ways}")
    if norms == "refuse" and (isinstance(layer, Batch) or (isinstance(layer, Instance) and layer.track_running_stats)):
        why = "takes averages over a batch, and every sample has a gradient of its own"
        raise InputError(f"{called(name, layer)} {why}: take nn.GroupNorm, or set learning.replace_norms = group")
    for kind, make in REPLACED.items():
        if isinstance(layer, kind):
            return make(layer, number)
    return None


def _grouped(old: nn.Module, number: int) -> nn.Module:
    """The GroupNorm of a BatchNorm's channels, with its weights: 16 channels a group, all in one where they are few."""
    assert isinstance(old, Batch)
    channels = old.num_features
    groups = max(g for g in range(1, GROUPS + 1) if channels % g == 0 and (g == 1 or channels // g >= CHANNELS))
    new = nn.GroupNorm(groups, channels, eps=old.eps, affine=bool(old.affine))
    if old.affine:
        new.weight, new.bias = old.weight, old.bias
    return new


def _of_itself(old: nn.Module, number: int) -> nn.Module:
    """The InstanceNorm that knows no averages of other samples."""
    assert isinstance(old, Instance)
    old.track_running_stats, old.running_mean, old.running_var, old.num_batches_tracked = False, None, None, None
    return old


def _seeded(whole: bool) -> Callable[[nn.Module, int], nn.Module]:
    def make(old: nn.Module, number: int) -> nn.Module:
        assert isinstance(old, Chance)
        return SeededDropout(float(old.p), whole, number)

    return make


def _bag(old: nn.Module, number: int) -> nn.Module:
    assert isinstance(old, nn.EmbeddingBag)
    return Bag(old)


REPLACED: dict[type[nn.Module], Callable[[nn.Module, int], nn.Module]] = {
    Batch: _grouped,
    Instance: _of_itself,
    nn.Dropout: _seeded(False),
    nn.Dropout1d: _seeded(True),
    nn.Dropout2d: _seeded(True),
    nn.Dropout3d: _seeded(True),
    nn.EmbeddingBag: _bag,
}

_STEPS = "has no gradient for each sample in torch: write its step with nn.Linear in a loop, or take nn.Conv1d"
REFUSED: dict[type[nn.Module], str] = {
    nn.RNNBase: _STEPS,
    nn.RNNCellBase: _STEPS,
    nn.AlphaDropout: "draws at random, and nothing takes its place: take nn.Dropout",
    nn.FeatureAlphaDropout: "draws at random, and nothing takes its place: take nn.Dropout",
    nn.RReLU: "draws at random, and nothing takes its place: take nn.LeakyReLU",
}
