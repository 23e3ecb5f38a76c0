"""Images through BatchNorm and Dropout: ``learning.network = "module:own_conv.py:SmallResNet"``."""

import torch
from torch import nn


class SmallResNet(nn.Module):
    """One residual block. Where the constructor asks for a shape, forward gets samples of that shape."""

    def __init__(self, shape: tuple[int, ...], classes: int, channels: int = 8) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(shape[0], channels, 3, 2, 1), nn.BatchNorm2d(channels))
        self.second = nn.Sequential(nn.Conv2d(channels, channels, 3, 1, 1), nn.BatchNorm2d(channels))
        self.out = nn.Sequential(nn.Flatten(), nn.Dropout(0.1), nn.LazyLinear(classes))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(S, C) scores of images (S, 1, rows, columns)."""
        hidden = torch.relu(self.first(images))
        return self.out(torch.relu(hidden + self.second(hidden)))
