"""Text: ``learning.network = "module:own_text.py:WordVectors"`` for tokens, ``:on_tf_idf`` for TF-IDF."""

import torch
from torch import nn


class WordVectors(nn.Module):
    """The mean of a sentence's word vectors, and one layer."""

    def __init__(self, classes: int, words: int = 64, size: int = 8) -> None:
        super().__init__()
        self.vectors = nn.EmbeddingBag(words, size, padding_idx=0)
        self.out = nn.Sequential(nn.Dropout(0.1), nn.Linear(size, classes))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """(S, C) scores of rows of tokens (S, L), 0 behind the end of a sentence."""
        return self.out(self.vectors(tokens.long()))


def on_tf_idf(features: int, classes: int, hidden: tuple[int, ...]) -> nn.Module:
    """A layer of ``learning.hidden`` units with dropout, on weights of words."""
    return nn.Sequential(nn.Linear(features, hidden[0]), nn.ReLU(), nn.Dropout(0.2), nn.Linear(hidden[0], classes))
