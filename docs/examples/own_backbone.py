"""A frozen backbone and a trained head: learning.network = "module:own_backbone.py:on_filters"."""

from torch import nn


def on_filters(shape: tuple[int, ...], classes: int) -> tuple[nn.Module, nn.Module]:
    """Random filters, which take the place of a pretrained network: both are the same in every run."""
    layers = [nn.Conv2d(shape[0], 32, 5, padding=2), nn.ReLU(), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU()]
    backbone = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(4), nn.Flatten())
    return backbone, nn.Sequential(nn.LayerNorm(1024), nn.Linear(1024, classes))
