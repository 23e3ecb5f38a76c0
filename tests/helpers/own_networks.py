"""Networks of one's own in a file, for tests: what works, and what is refused. Written as a user would, untyped."""

# mypy: ignore-errors

import torch
from torch import nn
from torch.nn import functional

COUNTER = [0.0]


class Images(nn.Module):
    """Convolution, BatchNorm, channels dropped as a whole."""

    def __init__(self, shape, classes):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(shape[0], 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout2d(0.5))
        self.out = nn.LazyLinear(classes)

    def forward(self, images):
        return self.out(self.body(images).flatten(1))


class Tokens(nn.Module):
    """An EmbeddingBag with padding, and one dropout layer that is used twice."""

    def __init__(self, classes, mode="mean"):
        super().__init__()
        self.vectors, self.out = nn.EmbeddingBag(64, 5, padding_idx=0, mode=mode), nn.Linear(5, classes)
        self.drop = nn.Dropout(0.3)

    def forward(self, tokens):
        return self.drop(self.out(self.drop(self.vectors(tokens.long()))))


def largest(classes):
    """EmbeddingBag by the maximum."""
    return Tokens(classes, "max")


def headed(shape, classes):
    """A frozen backbone with BatchNorm and Dropout of its own, and a head with both."""
    first = nn.Conv2d(shape[0], 4, 3, padding=1)
    body = nn.Sequential(first, nn.BatchNorm2d(4), nn.Dropout(0.5), nn.AdaptiveAvgPool2d(2), nn.Flatten())
    return body, nn.Sequential(nn.Linear(16, 6), nn.BatchNorm1d(6), nn.Dropout(0.2), nn.Linear(6, classes))


class Named(nn.Module):
    """A frozen part called backbone, after one step and beside the features themselves."""

    def __init__(self, features, classes, *, width=6):
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(features, width), nn.Tanh()).requires_grad_(False)
        self.head = nn.Linear(width + features, classes)

    def forward(self, values):
        return self.head(torch.cat([self.backbone(2 * values), values], dim=1))


class Attention(nn.Module):
    """A transformer layer over the features one by one."""

    def __init__(self, classes, dropout=0.0):
        super().__init__()
        self.up, self.out = nn.Linear(1, 4), nn.Linear(4, classes)
        self.layer = nn.TransformerEncoderLayer(4, 2, 8, dropout=dropout, batch_first=True)

    def forward(self, values):
        return self.out(self.layer(self.up(values.unsqueeze(-1))).mean(1))


def plain(features, classes, hidden):
    """A perceptron without anything special."""
    return nn.Sequential(nn.Linear(features, hidden[0]), nn.Tanh(), nn.Linear(hidden[0], classes))


class Bent(nn.Module):
    """A linear layer with something done to its scores."""

    def __init__(self, features, classes, change, layer=None):
        super().__init__()
        self.out, self.layer, self.change = nn.Linear(features, classes), layer or nn.Identity(), change
        self.register_buffer("seen", torch.zeros(()))

    def forward(self, values):
        return self.change(self, values)


def bent(change, layer=None):
    """A maker of such a module."""

    def make(features, classes):
        return Bent(features, classes, change, None if layer is None else layer(features))

    return make


def _in_place(net, values):
    scores = torch.zeros(len(values), net.out.out_features, dtype=values.dtype)
    scores += net.out(values)
    return scores


def _spoiled(net, values):
    scores = torch.sigmoid(net.out(values))
    return scores.mul_(2)


def _counts(net, values):
    net.seen += 1
    return net.out(values)


def _remembers(net, values):
    COUNTER[0] += 1
    return net.out(values) + COUNTER[0]


def _recurs(net, values):
    return net.out(net.layer(values.unsqueeze(-1))[0][..., 0])


def _long(net, values):
    return net.out(net.layer(values.flatten().unsqueeze(1)).view_as(values))


wide = bent(lambda net, values: torch.cat([net.out(values)] * 2, dim=1))
squeezed = bent(lambda net, values: net.out(values).squeeze())
doubled = bent(lambda net, values: (net.out(values), values))
single = bent(lambda net, values: net.out(values).half())
chance = bent(lambda net, values: functional.dropout(net.out(values), 0.5))
noisy = bent(lambda net, values: net.out(values + torch.randn(values.shape)))
averaged = bent(lambda net, values: net.out(values - values.mean(0)))
branches = bent(lambda net, values: net.out(values) if values.sum().item() > 0 else -net.out(values))
masked = bent(lambda net, values: net.out(values * (values[values > 0].sum())))
in_place, spoiled, counts, remembers = bent(_in_place), bent(_spoiled), bent(_counts), bent(_remembers)
mistyped = bent(lambda net, values: net.out(values.to(torch.complex64)))
unknown = bent(lambda net, values: net.nothing(values))
two_inputs = bent(lambda net, values: (lambda a, b: a)(values))
recurrent = bent(_recurs, lambda features: nn.LSTM(1, 4, num_layers=2, dropout=0.5, batch_first=True))
cell = bent(lambda net, values: net.out(values), lambda features: nn.GRUCell(4, 4))
alpha = bent(lambda net, values: net.out(values), lambda features: nn.AlphaDropout(0.1))
leaky = bent(lambda net, values: net.out(values), lambda features: nn.RReLU())
attends = bent(lambda net, values: net.out(values), lambda features: nn.MultiheadAttention(4, 2, dropout=0.1))
floats = bent(lambda net, values: net.out(net.layer(values).sum(1)), lambda features: nn.Embedding(9, features))
mixed_up = bent(lambda net, values: net.out(net.layer(values)), lambda features: nn.Linear(features + 1, features))
reshaped = bent(_long, lambda features: nn.Dropout(0.5))


def raises(features):
    """A constructor that raises."""
    raise OSError(f"no weights\nfor {features} features")


def asks(features, classes, vocabulary):
    """It asks for what there is not."""
    return nn.Linear(features, classes)


def nothing(features, classes):
    """No parameters."""
    return nn.Flatten()


def frozen(features, classes):
    """Nothing to train."""
    return nn.Linear(features, classes).requires_grad_(False)


def scored(features, classes):
    """No module at all."""
    return [nn.Linear(features, classes)]


def loose(features, classes):
    """A backbone that gives no tensor."""
    return nn.LSTM(features, 4), nn.Linear(4, classes)


def mixing(shape, classes):
    """A backbone that moves samples together."""
    return nn.Flatten(0), nn.Linear(4, classes)


ready = nn.Linear(3, 3)
number = 7


class NotAModule:
    """A class of something else."""
