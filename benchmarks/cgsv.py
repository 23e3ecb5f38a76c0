"""CGSV: what a round costs, how near cosines are to Shapley values, and what the models that it hands out are worth.

    python benchmarks/cgsv.py                 all tables
    python benchmarks/cgsv.py rounds rewards  some of them
    python benchmarks/cgsv.py --write         all tables, into docs/results/models-as-pay.md

On one thread (``torch.set_num_threads(1)``); ratios are measured in one run.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from papers.cgsv_round import TINY, CgsvTerms, Holders, first_holders, local_changes, play_cgsv
from results_page import main, markdown
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity, cross_entropy

from commonweal.agents.arrays import Floats
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.learning.module import unflatten
from commonweal.economy.learning.network import Parameters
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.world.world import World
from commonweal.scenarios.atlas.rows.xu_2021 import DRAWS, PUBLISHED, shares
from commonweal.scenarios.runs.intervals import CORRELATION, mean_interval
from commonweal.scenarios.schema.loading import load

Row = list[str]
SIZES, EPOCHS, REPEATS = (10, 50, 200), 3, 5


def rounds() -> str:
    """One round of digits, 1,197 samples among all, three local epochs, against one principal after another."""
    heads, rows = ["principals", "one round (ms)", "one principal at a time (ms)", "ratio"], []
    for principals in SIZES:
        world, holders, data = collaboration({"population.count": principals, "task.partition": "equal"}, range(1))
        rate = np.full(1, 0.1)
        network = world.network
        assert isinstance(network, MLP)
        models = [as_module(network, holders, i) for i in range(principals)]
        first = play_cgsv(network, holders, data, rate, EPOCHS).holders
        second = play_cgsv(network, first, data, rate, EPOCHS).holders
        plainly = plain_round(models, data, 0.1, plain_round(models, data, 0.1, None))
        np.testing.assert_allclose(plainly, second.reputation[0], rtol=1e-3)  # the same collaboration
        batched = best(partial(play_cgsv, network, first, data, rate, EPOCHS))
        plain = best(partial(plain_round, models, data, 0.1, plainly))
        rows.append([f"{principals}", f"{1e3 * batched:.1f}", f"{1e3 * plain:.1f}", f"{plain / batched:.1f}"])
    return markdown(heads, rows)


def collaboration(changes: dict[str, Any], seeds: range) -> tuple[World, Holders, tuple[Tensor, Tensor, Tensor]]:
    """Principals of commons, their first models, and all their samples: features, labels, and which are real."""
    founded = Ensemble(load("commons", changes), seeds)
    world, first = founded.world, founded.state.parameters
    hold = world.holdings
    place = np.arange(hold.count.max())
    real = place < hold.count[..., None]
    index = np.minimum(hold.start[..., None] + place, hold.held.shape[1] - 1)
    ids = np.take_along_axis(hold.held, index.reshape(len(index), -1), axis=1)
    labels = torch.as_tensor(np.take_along_axis(hold.labels, ids, axis=1)).view(real.shape)
    features = world.features.gather(ids).view(*real.shape, -1)
    return world, first_holders(first, hold.count.shape[1]), (features, labels, torch.as_tensor(real))


def as_module(network: MLP, holders: Holders, principal: int) -> nn.Sequential:
    """One principal's model the way everybody writes it."""
    d_in, hidden, d_out = network.widths
    module = nn.Sequential(nn.Linear(d_in, hidden), nn.ReLU(), nn.Linear(hidden, d_out))
    with torch.no_grad():
        for layer, weight in zip((module[0], module[2]), holders.models, strict=True):
            layer.weight.copy_(weight[0, principal, :, :-1])
            layer.bias.copy_(weight[0, principal, :, -1])
    return module


def plain_round(
    models: list[nn.Sequential], data: tuple[Tensor, Tensor, Tensor], rate: float, reputation: Floats | None
) -> Floats:
    """A round as the authors' code plays it: one principal after another; returns the reputations."""
    terms, principals = CgsvTerms(), len(models)
    features, labels, real = (values[0] for values in data)
    updates = []
    for i, model in enumerate(models):
        before = [p.detach().clone() for p in model.parameters()]
        optimizer = torch.optim.SGD(model.parameters(), lr=rate)
        for _ in range(EPOCHS):
            optimizer.zero_grad()
            cross_entropy(model(features[i][real[i]]), labels[i][real[i]]).backward()
            optimizer.step()
        change = torch.cat([(p.detach() - b).flatten() for p, b in zip(model.parameters(), before, strict=True)])
        updates.append(terms.norm * change / (change.norm() + TINY))
        with torch.no_grad():
            for p, b in zip(model.parameters(), before, strict=True):
                p.copy_(b)
    count = real.sum(1).double()
    weights = count / count.sum() if reputation is None else torch.as_tensor(reputation)
    aggregate = sum(float(w) * u for w, u in zip(weights, updates, strict=True))
    assert isinstance(aggregate, Tensor)
    credit = np.array([float(cosine_similarity(u, aggregate, dim=0)) for u in updates])
    so_far = np.zeros(principals) if reputation is None else reputation
    moved = np.maximum(terms.memory * so_far + (1 - terms.memory) * credit, 1e-3)
    moved /= moved.sum()
    due = np.tanh(terms.altruism * moved)
    for model, quota in zip(models, due / due.max(), strict=True):
        start = 0
        for layer in (model[0], model[2]):
            own = list(layer.parameters())  # weights and biases are one layer, as in our networks
            entries = aggregate[start : start + sum(p.numel() for p in own)]
            kept = min(int(np.ceil(quota * len(entries))), len(entries) - 1)
            mask = torch.zeros_like(entries)
            mask[entries.abs().topk(kept).indices] = 1
            with torch.no_grad():
                for p, handed in zip(own, (entries * mask).split([p.numel() for p in own]), strict=True):
                    p.add_(handed.view_as(p))
            start += len(entries)
    return moved


def best(play: Callable[[], Any]) -> float:
    """Seconds of the fastest of some repetitions."""
    taken = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        play()
        taken.append(time.perf_counter() - start)
    return min(taken)


def cosines() -> str:
    """Cosines against exact Shapley values of ν(S) = cos(u_S, u_N), updates i.i.d. N(0, I_1000), 400 draws."""
    heads = ["principals", "Pearson (published)", "l1 distance of shares (published)"]
    rows = []
    for players, (pearson, l1) in PUBLISHED.items():
        pairs = [shares(players, np.random.default_rng([players, draw])) for draw in range(DRAWS)]
        found = [float(np.corrcoef(one, other)[0, 1]) for one, other in pairs]
        apart = [float(np.abs(one - other).sum()) for one, other in pairs]
        spread = mean_interval(np.array(found), within=CORRELATION).text(4)
        rows.append([f"{players}", f"{spread} ({pearson})", f"{np.mean(apart):.4f} ({l1})"])
    return markdown(heads, rows)


def models() -> str:
    """100 rounds of digits among 10 principals, 4 seeds: test accuracy of everybody's own model at the end."""
    heads = ["partition", "quota of", "β", "smallest quota", "worst model", "best model", "complete model",
             "training alone", "ρ(alone, rewarded)"]  # fmt: skip
    rows = []
    for partition in ("equal", "power", "class"):
        for scope, altruism in (("layer", 1.0), ("global", 1.0), ("layer", 1e7)):
            cells = collaborate(partition, CgsvTerms(scope=scope, altruism=altruism))
            shown = ["undefined" if np.isnan(value) else f"{value:.3f}" for value in cells]
            rows.append([partition, scope, f"{altruism:g}", *shown])
    return markdown(heads, rows)


def collaborate(partition: str, terms: CgsvTerms, rounds: int = 100) -> list[float]:
    """Means over seeds of what ``models`` shows."""
    world, holders, data = collaboration({"population.count": 10, "task.partition": partition}, range(4))
    complete = tuple(p[:, 0] for p in holders.models)
    alone, rate = holders.models, np.full(4, 0.1)
    for _ in range(rounds):
        played = play_cgsv(world.network, holders, data, rate, EPOCHS, terms)
        holders = played.holders
        complete = tuple(p + a for p, a in zip(complete, played.aggregate, strict=True))
        changes, shapes = local_changes(world.network, alone, data, rate, EPOCHS)
        alone = tuple(p + c for p, c in zip(alone, unflatten(changes, shapes), strict=True))
    rewarded, single = (accuracies(world, each) for each in (holders.models, alone))
    whole = accuracies(world, tuple(p.unsqueeze(1) for p in complete))
    differ = (rewarded.max(axis=1) - rewarded.min(axis=1) > 1 / 300).all()  # by more than a test sample
    related = [np.corrcoef(*pair)[0, 1] for pair in zip(single, rewarded, strict=True)] if differ else np.nan
    return [
        float(played.quota.min(axis=1).mean()), float(rewarded.min(axis=1).mean()),
        float(rewarded.max(axis=1).mean()), float(whole.mean()), float(single.mean()), float(np.mean(related)),
    ]  # fmt: skip


def accuracies(world: World, models: Parameters) -> Floats:
    """(R, N) share of the test set that models, each entry (R, N, *shape), classify right."""
    features, labels = world.test
    runs, principals = models[0].shape[:2]
    flat = tuple(p.flatten(0, 1) for p in models)
    found = world.network.logits(flat, features.repeat_interleave(principals, dim=0)).argmax(2)
    right = found == labels.repeat_interleave(principals, dim=0)
    return right.double().mean(1).view(runs, principals).numpy()


TABLES: dict[str, Callable[[], str]] = {"rounds": rounds, "cosines": cosines, "models": models}

if __name__ == "__main__":
    main(__doc__, TABLES, "cgsv-")
