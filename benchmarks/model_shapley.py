"""Model Shapley: how near cheap values of hidden units come to the exact ablation game, and what they prune well.

    python benchmarks/model_shapley.py              all parts
    python benchmarks/model_shapley.py a b          some of them

(a) first order, second order and five nodes of the path, against 2¹⁰ networks without some of ten hidden units
(b) test accuracy of sparsified networks: entries or hidden units kept by value or by magnitude
(c) Hessian-vector product on the paths of the examination, against automatic differentiation
"""

import time
from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from papers.model_shapley import (
    along_path,
    block_values,
    ranking,
    second_order,
    sparsified,
    spread,
    unit_blocks,
)
from results_page import run_parts
from scipy.stats import pearsonr, spearmanr
from torch import Tensor
from torch.func import grad, jvp
from torch.nn.functional import cross_entropy

from commonweal.agents.arrays import Floats
from commonweal.agents.streams import Streams
from commonweal.economy.credit.exact import all_coalitions, shapley_value
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.learning.network import Examination, Objectives, Owners, Parameters, descend
from commonweal.economy.tasks.datasets import TASKS

SEEDS = 8
DOUBLE = torch.float64
LEARNT, JUDGED = slice(0, 1000), slice(1000, 1400)
TESTED = slice(1400, None)
SHARES = (0.1, 0.2, 0.3, 0.5)


class Trained:
    """A perceptron that has learnt the digits."""

    def __init__(self, hidden: int, activation: str, seed: int) -> None:
        generator = np.random.default_rng(seed)
        data = TASKS["digits"](None, generator)  # type: ignore[arg-type]
        order = torch.as_tensor(generator.permutation(len(data.labels)))
        self.features = torch.tensor(data.features)[order][None]
        self.labels = torch.tensor(data.labels)[order][None]
        self.network = MLP((64, hidden, 10), activation, DOUBLE)
        self.parameters = self._learn(seed)
        self.objectives = one_objective(self.features[:, JUDGED], self.labels[:, JUDGED])
        self.examined = self.network.examine(self.parameters, self.objectives)

    def _learn(self, seed: int) -> Parameters:
        parameters = self.network.initial(Streams.from_seeds([seed]).task)
        owners = Owners(torch.zeros(1, LEARNT.stop, dtype=torch.int64), 1)
        for _ in range(300):
            passage = self.network.traverse(parameters, self.features[:, LEARNT], self.labels[:, LEARNT], owners)
            step = passage.weighted_sum(torch.ones(1, 1, dtype=DOUBLE))
            parameters = descend(parameters, tuple(0.5 * s for s in step))
        return parameters

    def accuracy(self, parameters: Parameters) -> float:
        """Share of the test set classified right."""
        scores = self.network.logits(parameters, self.features[:, TESTED])
        return float((scores.argmax(-1) == self.labels[:, TESTED]).double().mean())

    def ablation_values(self) -> Floats:
        """(H,) exact Shapley values of hidden units, from the loss without every set of them."""
        first, last = self.parameters
        present = torch.as_tensor(all_coalitions(first.shape[1]), dtype=DOUBLE)
        gates = torch.cat([present, torch.ones(len(present), 1, dtype=DOUBLE)], dim=1)  # the bias stays
        features, labels = self.features[:, JUDGED], self.labels[:, JUDGED]
        losses = []
        for gate in gates.split(64):
            own = first.expand(len(gate), -1, -1), last * gate.unsqueeze(1)
            scores = self.network.logits(own, features.expand(len(gate), -1, -1)).flatten(0, 1)
            every = cross_entropy(scores, labels.expand(len(gate), -1).flatten(), reduction="none")
            losses.append(every.view(len(gate), -1).mean(1))
        loss = torch.cat(losses).numpy()
        values: Floats = shapley_value((loss[0] - loss)[None])[0]
        return values


def one_objective(features: Tensor, labels: Tensor) -> Objectives:
    """The mean cross-entropy of samples (R, V, d)."""
    count = labels.shape[1]
    weights = torch.full(labels.shape, 1 / count, dtype=features.dtype)
    return Objectives(features, labels, weights, (count,), torch.zeros(count, dtype=torch.bool))


def fidelity() -> None:
    """Part (a)."""
    print(f"(a) Pearson / Spearman with the exact ablation game of 10 hidden units, mean and range of {SEEDS} networks")
    print("| hidden units | first order | second order | path, 5 nodes |\n| --- | --- | --- | --- |")
    for activation in ("relu", "tanh"):
        told = np.array([_correlations(Trained(10, activation, seed)) for seed in range(SEEDS)])
        mean, low, high = told.mean(axis=0), told.min(axis=0), told.max(axis=0)
        cells = (
            f"{m[0]:.2f} / {m[1]:.2f} ({a[0]:.2f} to {b[0]:.2f} / {a[1]:.2f} to {b[1]:.2f})"
            for m, a, b in zip(mean, low, high, strict=True)
        )
        print(f"| {activation} | {' | '.join(cells)} |")


def _correlations(studied: Trained) -> list[tuple[float, float]]:
    exact, units = studied.ablation_values(), unit_blocks(studied.parameters)
    examined = studied.examined
    straight = Examination(examined.levels, examined.directions, lambda v: tuple(torch.zeros_like(x) for x in v))
    estimates = (
        second_order(straight, studied.parameters, units),
        second_order(examined, studied.parameters, units),
        along_path(studied.network, studied.parameters, studied.objectives, units),
    )
    values = [block_values(estimate, units)[0] for estimate in estimates]
    return [(float(pearsonr(v, exact)[0]), float(spearmanr(v, exact)[0])) for v in values]


def pruning() -> None:
    """Part (b)."""
    print(f"(b) test accuracy with a share of all parameters, mean of {SEEDS} networks of 64 hidden units")
    print(f"| hidden units | ranked by | {' | '.join(f'{share:.0%}' for share in SHARES)} |")
    print(f"| --- | --- |{' --- |' * len(SHARES)}")
    for activation in ("relu", "tanh"):
        kept = [_kept(Trained(64, activation, seed)) for seed in range(SEEDS)]
        for name in kept[0]:
            mean = np.mean([each[name] for each in kept], axis=0)
            print(f"| {activation} | {name} | {' | '.join(f'{accuracy:.3f}' for accuracy in mean)} |")


def _kept(studied: Trained) -> dict[str, list[float]]:
    parameters, units = studied.parameters, unit_blocks(studied.parameters)
    path = partial(along_path, studied.network, parameters, studied.objectives)
    magnitude = tuple(p.abs() for p in parameters)
    ranked = {
        "magnitude of entries": magnitude,
        "path value of entries": path(),
        "size of path value of entries": tuple(v.abs() for v in path()),
        "norm of units": spread(block_values(tuple(p.square() for p in parameters), units), units),
        "second-order value of units": spread(
            block_values(second_order(studied.examined, parameters, units), units), units
        ),
        "path value of units": spread(block_values(path(units), units), units),
    }
    places = {name: ranking(values, "global") for name, values in ranked.items()}
    return {
        name: [studied.accuracy(sparsified(parameters, place, np.array([share]))) for share in SHARES]
        for name, place in places.items()
    }


def curvature() -> None:
    """Part (c)."""
    print("(c) Hessian-vector product, least of 100 times; automatic differentiation repeats the pass")
    for runs, samples, widths, dtype in (
        (1, 200, (64, 32, 10), torch.float64),
        (1, 200, (64, 32, 10), torch.float32),
        (8, 200, (64, 32, 10), torch.float32),
        (1, 500, (64, 128, 64, 10), torch.float32),
    ):
        network = MLP(widths, "relu", dtype)
        parameters = network.initial(Streams.from_seeds(range(runs)).task)
        generator = torch.Generator().manual_seed(0)
        features = torch.randn(runs, samples, 64, generator=generator, dtype=dtype)
        objectives = one_objective(features, torch.randint(10, (runs, samples), generator=generator))
        examined = network.examine(parameters, objectives)
        direction = tuple(torch.randn(p.shape, generator=generator, dtype=dtype) for p in parameters)
        through = partial(_automatic, network, parameters, objectives, direction)
        on_paths = partial(examined.curvature, direction)
        ours, theirs = _least(on_paths), _least(through)
        pairs = zip(on_paths(), through(), strict=True)
        apart = max(float((a - b).abs().max() / b.abs().max()) for a, b in pairs)
        print(
            f"    {runs} × {samples} samples, {widths}, {str(dtype).removeprefix('torch.')}: {ours * 1e6:.0f} µs, "
            f"{theirs / ours:.1f} × faster; apart {apart:.0e} of the largest"
        )


def _automatic(network: MLP, parameters: Parameters, objectives: Objectives, direction: Parameters) -> Parameters:
    def loss(own: Parameters) -> Tensor:
        scores = network.logits(own, objectives.features).flatten(0, 1)
        return cross_entropy(scores, objectives.labels.flatten(), reduction="none") @ objectives.weights.flatten()

    product: Parameters = jvp(grad(loss), (parameters,), (direction,))[1]
    return product


def _least(call: Callable[[], object]) -> float:
    took = []
    for _ in range(100):
        start = time.perf_counter()
        call()
        took.append(time.perf_counter() - start)
    return min(took)


if __name__ == "__main__":
    run_parts(__doc__, {"a": fidelity, "b": pruning, "c": curvature})
