"""Indirect reciprocity without mean field: the joint distribution over all 2^N images, differentiable in torch.

Given the images of now, the next ones are independent, so that a round is one matrix of products. It tells how far the
mean field of ``agents/reciprocity/chain.py`` is off, for few principals.
"""

from collections.abc import Iterator
from itertools import product

import torch
from torch import Tensor

from commonweal.agents.arrays import Ints


def exact_value(
    first: Tensor, act: Tensor, assess: Tensor, recipient: Ints, judges: Ints, stakes: tuple[int, float, float]
) -> Tensor:
    """Payoff of one learner over the rounds of one schedule.

    Args:
        first: (N,) probability that an image is good, of each independently.
        act: (N, 2, 2) probability of giving.
        assess: (N, 2, 2, 2) probability of calling good.
        recipient: (T, N) whom each donor meets.
        judges: (T, N, J) who judges it by majority.
        stakes: whose payoff, benefit and cost.
    """
    learner, benefit, cost = stakes
    images = torch.cartesian_prod(*[torch.arange(2)] * len(first))  # (2^N, N)
    chance = _joint(images, first.expand(len(images), -1))
    total = torch.zeros((), dtype=act.dtype)
    for met, judging in zip(recipient, judges, strict=True):
        donors = torch.arange(len(first))
        x, y = images, images[:, torch.as_tensor(met)]
        gives = act[donors, x, y]  # (2^N, N)
        giver = list(met).index(learner)
        total = total + chance @ (benefit * gives[:, giver] - cost * gives[:, learner])
        named = _majority(assess[torch.as_tensor(judging).T[:, None, :], x, y])  # (2^N, N, 2) by act
        good = gives * named[..., 1] + (1 - gives) * named[..., 0]
        moves = torch.where(images[None] == 1, good[:, None], 1 - good[:, None]).prod(-1)
        chance = chance @ moves
    return total


def _joint(images: Tensor, good: Tensor) -> Tensor:
    return torch.where(images == 1, good, 1 - good).prod(-1)


def _majority(votes: Tensor) -> Tensor:
    """Probability that most say good, summed over every way to vote; votes (J, ...)."""
    total = torch.zeros_like(votes[0])
    for ballot in product((0, 1), repeat=len(votes)):
        if 2 * sum(ballot) > len(votes):
            total = total + torch.stack([v if b else 1 - v for v, b in zip(votes, ballot, strict=True)]).prod(0)
    return total


def paths_value(
    first: Tensor, act: Tensor, assess: Tensor, recipient: Ints, judges: Ints, stakes: tuple[int, float, float]
) -> float:
    """The same payoff with one judge for each donor, by listing every path of images, acts and names.

    Args:
        first: (N,) probability that an image is good, of each independently.
        act: (N, 2, 2) probability of giving.
        assess: (N, 2, 2, 2) probability of calling good.
        recipient: (T, N) whom each donor meets.
        judges: (T, N, 1) who judges it.
        stakes: whose payoff, benefit and cost.
    """
    learner, benefit, cost = stakes
    start = [(_product(first.tolist(), images), images, 0.0) for images in product((0, 1), repeat=len(first))]
    paths: Iterator[tuple[float, tuple[int, ...], float]] = iter(start)
    for met, judging in zip(recipient, judges[..., 0], strict=True):
        paths = _continued(paths, act, assess, (met, judging), (learner, benefit, cost))
    return sum(chance * paid for chance, _, paid in paths)


def _continued(
    paths: Iterator[tuple[float, tuple[int, ...], float]],
    act: Tensor,
    assess: Tensor,
    schedule: tuple[Ints, Ints],
    stakes: tuple[int, float, float],
) -> Iterator[tuple[float, tuple[int, ...], float]]:
    (met, judging), (learner, benefit, cost) = schedule, stakes
    giver, size = list(met).index(learner), len(met)
    gives, named = act.tolist(), assess.tolist()
    for chance, images, paid in paths:
        rates = [gives[i][images[i]][images[met[i]]] for i in range(size)]
        for acts in product((0, 1), repeat=size):
            reward = benefit * acts[giver] - cost * acts[learner]
            goods = [named[judging[i]][images[i]][images[met[i]]][acts[i]] for i in range(size)]
            for names in product((0, 1), repeat=size):
                yield chance * _product(rates, acts) * _product(goods, names), names, paid + reward


def _product(rates: list[float], outcomes: tuple[int, ...]) -> float:
    total = 1.0
    for rate, outcome in zip(rates, outcomes, strict=True):
        total *= rate if outcome else 1 - rate
    return total
