"""Tokens of text as features: what embeds them, and whether the data hold others than it knows."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import embedding

from commonweal.agents.errors import InputError


class Bag(nn.Module):
    """An EmbeddingBag over rows of tokens as torch.nn's, from operations that can be differentiated twice."""

    def __init__(self, old: nn.EmbeddingBag) -> None:
        super().__init__()
        self.weight, self.mode, self.padding_idx = old.weight, old.mode, old.padding_idx
        self.num_embeddings = old.num_embeddings
        self.register_forward_pre_hook(nearest_tokens)

    def forward(self, tokens: Tensor) -> Tensor:
        """(S, D) mean, sum or maximum of the embeddings of tokens (S, L), padding left out."""
        values = embedding(tokens, self.weight)
        counts = torch.ones_like(tokens) if self.padding_idx is None else tokens != self.padding_idx
        if self.mode == "max":
            lowest = values.masked_fill(counts.unsqueeze(-1) == 0, -torch.inf).amax(1)
            return torch.where(counts.any(1, keepdim=True), lowest, 0.0)
        total = (values * counts.unsqueeze(-1)).sum(1)
        return total if self.mode == "sum" else total / counts.sum(1, keepdim=True).clamp(min=1)


Embeds = nn.Embedding | nn.EmbeddingBag | Bag


def embeddings_of(*modules: nn.Module | None) -> Iterator[tuple[str, Embeds]]:
    """The layers of modules that embed tokens, by name."""
    for module in modules:
        for name, layer in [] if module is None else list(module.named_modules()):
            if isinstance(layer, nn.Embedding | nn.EmbeddingBag | Bag):
                yield name, layer


def nearest_tokens(layer: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...]:
    """The nearest tokens that an embedding knows: the noise of who puts in junk names others."""
    assert isinstance(layer, nn.Embedding | nn.EmbeddingBag | Bag)
    tokens = given[0]
    return (tokens if tokens.is_floating_point() else tokens.clamp(0, layer.num_embeddings - 1), *given[1:])


def demand_known(name: str, layer: Embeds, tokens: Tensor) -> None:
    """Tokens of the data that an embedding knows.

    Raises:
        InputError: if there are others.
    """
    low, high = int(tokens.min()), int(tokens.max())
    if low < 0 or high >= layer.num_embeddings:
        wrong = low if low < 0 else high
        known = f"layer {name!r} knows tokens from 0 to {layer.num_embeddings - 1}"
        raise InputError(f"the data hold the token {wrong}, and {known}")
