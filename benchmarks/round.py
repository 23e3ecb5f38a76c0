"""How long a round takes, as ratios measured in one process: against plain SGD, and against bare matrix products.

    python benchmarks/round.py            all parts
    python benchmarks/round.py a b        some of them

(a) screening + first-order credit + step for 1000 principals, against one plain autograd SGD step on the same batch;
    and the same at the grain of classes and of samples, against that of principals
(b) a whole round of an ensemble of 64 runs and of one Mesa run, against the bare matrix products it contains
(c) one round of 100,000 principals: seconds and peak memory
(d) slope of round time against the number of principals at a fixed batch
(e) one round of a million principals with 16 features, of whom a few thousand put something in
"""

import resource
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
import torch
from results_page import run_parts
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.utils._python_dispatch import TorchDispatchMode

import commonweal.economy.round.learn
import commonweal.economy.round.markets.model
import commonweal.economy.round.play
import commonweal.economy.runs.cooperative
import commonweal.economy.runs.ensemble
import commonweal.economy.runs.results
from commonweal.agents.streams import Streams
from commonweal.economy.credit import admissible_step
from commonweal.economy.learning.mlp import MLP
from commonweal.economy.learning.network import Objectives, Owners, descend, inner, to_numpy, to_tensor
from commonweal.economy.runs.cooperative import Cooperative
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.screening.admissible import ScreeningTerms, screen
from commonweal.economy.screening.grain import leave_out
from commonweal.scenarios.schema.loading import load, revise

Key = TypeVar("Key")
PRODUCTS = (
    torch.ops.aten.bmm.default,
    torch.ops.aten.mm.default,
    torch.ops.aten.addmm.default,
    torch.ops.aten.baddbmm.default,
)


def medians(functions: Mapping[Key, Callable[[], Any]], repeats: int = 30) -> dict[Key, float]:
    """Median seconds of each function, measured turn by turn so that a busy machine slows all alike."""
    times: dict[Key, list[float]] = {name: [] for name in functions}
    for _ in range(3):
        for function in functions.values():
            function()
    for _ in range(repeats):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}


class Products(TorchDispatchMode):
    """Notes the operands of every matrix product, to repeat them bare."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Any, tuple[Tensor, ...]]] = []

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function in PRODUCTS:
            self.calls.append((function, args))
        return function(*args, **(kwargs or {}))

    def repeat(self) -> None:
        """The same products and nothing else."""
        for function, operands in self.calls:
            function(*operands)


def screening_step(
    principals: int = 1000, samples: int = 8, probes: int = 4, probe_samples: int = 32
) -> dict[tuple[str, str], float]:
    """Part (a), and the seconds of each scope and grain."""
    widths = (64, 128, 10)
    generator = torch.Generator().manual_seed(0)
    batch = principals * samples
    features = torch.randn(1, batch, 64, generator=generator)
    labels = torch.randint(0, 10, (1, batch), generator=generator)
    owner = torch.arange(principals).repeat_interleave(samples)[None]
    owners = Owners(owner, principals, samples)
    network = MLP(widths)
    parameters = network.initial(Streams.from_seeds([0]).task)
    sizes = (300, *[probe_samples] * probes)
    exam = Objectives(
        torch.randn(1, sum(sizes), 64, generator=generator),
        torch.randint(0, 10, (1, sum(sizes)), generator=generator),
        torch.cat([torch.full((1, size), 1 / size) for size in sizes], dim=1),
        sizes,
        torch.arange(sum(sizes)) >= 300,
    )
    senses = np.ones(probes)
    rate = np.array([[0.5]])
    terms = ScreeningTerms("project", "all", "level", rate, rate, False, rate)
    budget = np.full((1, 1, probes), 1e-4)
    claimed, whose = labels.numpy(), owner.numpy()
    share = {"all": np.repeat(budget / principals, principals, axis=1), "aggregate": budget}
    of_one = np.zeros_like(whose)

    def ours(grain: str = "principal", scope: str = "all") -> Any:
        passage = network.traverse(parameters, features, labels, owners)
        directions = network.examine(parameters, exam).directions
        if grain == "principal":
            products = to_numpy(passage.products(directions))
        else:
            each = passage.sample_products(directions)
            group, unit = whose if scope == "all" else of_one, whose * 10 + claimed if grain == "class" else None
            kept = leave_out(to_numpy(each[..., 1:]) * senses, group, share[scope], unit)
            weights = to_tensor(kept.astype(float), each)
            passage = passage.reweighted(weights)
            products = to_numpy(owners.total(each * weights.unsqueeze(2)))
        gram = to_numpy(inner(directions, directions))
        everybody = np.ones((1, principals), dtype=bool)
        screened = screen(products[..., 1:], gram[:, 1:, 1:], budget, everybody, senses, replace(terms, scope=scope))
        offsets = (screened.multipliers @ gram[:, 1:, :1])[..., 0]
        credit = rate * (screened.weights * products[..., 0] - offsets)
        step = admissible_step(passage, tuple(v[:, 1:] for v in directions), screened.weights, screened.multipliers)
        return credit, descend(parameters, tuple(0.5 * s for s in step)), screened

    module = torch.nn.Sequential(torch.nn.Linear(64, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10))
    optimiser = torch.optim.SGD(module.parameters(), lr=0.5)

    def plain() -> None:
        optimiser.zero_grad()
        cross_entropy(module(features[0]), labels[0]).backward()  # type: ignore[no-untyped-call]
        optimiser.step()

    def one_by_one() -> None:
        for i in range(principals):
            part = slice(i * samples, (i + 1) * samples)
            optimiser.zero_grad()
            (cross_entropy(module(features[0, part]), labels[0, part]) / principals).backward()  # type: ignore[no-untyped-call]

    operations = Products()
    with operations:
        screened = ours()[2]
    took = medians({"ours": ours, "plain": plain, "bare products": operations.repeat})
    took |= medians({"one backward per principal": one_by_one}, repeats=5)
    finer = {
        (scope, grain): (lambda scope=scope, grain=grain: ours(grain, scope))
        for scope in ("all", "aggregate")
        for grain in ("principal", "class", "sample")
    }
    print(
        f"(a) {principals} principals × {samples} samples, MLP 64-128-10: project with K = {probes}, "
        "first-order credit, step"
    )
    print(f"    principals whose update was cut: {int((screened.multipliers > 0).any(-1).sum())}")
    for name, seconds in took.items():
        print(f"    {name:28s} {seconds * 1e3:8.2f} ms   {seconds / took['plain']:6.2f} × plain SGD step")
    print(
        f"    ours / plain {took['ours'] / took['plain']:.2f} (at most 4; aim 2.5; floor of its bare products "
        f"{took['bare products'] / took['plain']:.2f}); one by one / ours "
        f"{took['one backward per principal'] / took['ours']:.2f} (at least 3)"
    )
    by_grain = medians(finer, repeats=60)
    for scope in ("all", "aggregate"):
        ratios = {grain: by_grain[scope, grain] / by_grain[scope, "principal"] for grain in ("class", "sample")}
        said = ", ".join(f"{grain} {ratio:.2f}" for grain, ratio in ratios.items())
        print(f"    grain under scope {scope}, over that of principals: {said} (at most 1.3)")
    return by_grain


STAGES = (
    (commonweal.economy.round.play, ("agree", "pay", "remember")),
    (commonweal.economy.round.learn, ("put_in", "visit", "examine", "screen_updates", "step", "credit")),
    (commonweal.economy.round.markets.model, ("test_scores", "measured")),
    (commonweal.economy.runs.ensemble, ("next_actions",)),
    (commonweal.economy.runs.cooperative, ("next_actions", "round_metrics")),
    (commonweal.economy.runs.results, ("round_metrics",)),
)


@contextmanager
def stage_times() -> Iterator[dict[str, float]]:
    """Seconds spent in each stage of ``play_round`` while the context is open."""
    spent: dict[str, float] = defaultdict(float)
    originals = [(module, name, getattr(module, name)) for module, names in STAGES for name in names]

    def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            start = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                spent[name] += time.perf_counter() - start

        return run

    for module, name, function in originals:
        setattr(module, name, timed(name, function))
    try:
        yield spent
    finally:
        for module, name, function in originals:
            setattr(module, name, function)


def whole_round(runs: int = 64) -> None:
    """Part (b)."""
    scenario = revise(load("value-conflict"), {
        "task.drift": 0.02, "task.validation": 300, "policy.mix": {"imitation": 1.0}, "policy.revision": 0.0,
        "values.experience": 0.1, "population.endowment": 1.0, "stakes.stake": 0.1, "stakes.audit": 0.05,
        "learning.hidden": [32],
    })  # fmt: skip
    for name, limit, make in (
        (f"ensemble of {runs} runs", 2.5, lambda: Ensemble(scenario, range(runs))),
        ("one Mesa run (Cooperative)", 6.0, lambda: Cooperative(scenario, rng=0)),
    ):
        economy_ = make()
        play = economy_.step if isinstance(economy_, Cooperative) else (lambda e=economy_: e.run(1))
        per = runs if isinstance(economy_, Ensemble) else 1
        for _ in range(30):
            play()
        operations = Products()
        with operations:
            play()
        timed: dict[str, Callable[[], Any]] = {"round": play, "bare": operations.repeat}
        if isinstance(economy_, Cooperative):
            timed["with metrics"] = lambda model=economy_: (model.step(), model.metrics)
        took = medians(timed, repeats=60 if per > 1 else 300)
        with stage_times() as spent:
            start = time.perf_counter()
            for _ in range(20):
                play()
            total = time.perf_counter() - start
        print(f"(b) {name}: N = 40, 320 samples, hidden 32, K = 2, everything in the round")
        print(
            f"    round {took['round'] / per * 1e6:.0f} µs per run-round, "
            f"its {len(operations.calls)} bare matrix products "
            f"{took['bare'] / per * 1e6:.0f} µs: ratio {took['round'] / took['bare']:.2f} (at most {limit})"
        )
        if "with metrics" in took:
            print(f"    read every round, its metrics make that {took['with metrics'] / took['bare']:.2f}")
        shares = ", ".join(
            f"{stage} {seconds / total:.0%}" for stage, seconds in sorted(spent.items(), key=lambda x: -x[1])
        )
        print(f"    stages: {shares}, rest {1 - sum(spent.values()) / total:.0%}")


def crowd(principals: int, batch: int = 8192, features: int = 64) -> Any:
    """A scenario with many principals and a fixed virtual batch."""
    return revise(load("value-conflict"), {
        "task.kind": "synthetic", "task.samples": max(2 * principals + 2000, 20_000), "task.features": features,
        "task.classes": 10, "task.separation": 4.0, "task.partition": "equal", "population.count": principals,
        "learning.sampling": "pool", "learning.batch": batch, "policy.mix": {"imitation": 1.0},
        "values.influence": "none", "learning.hidden": [32], "screening.scope": "all",
    })  # fmt: skip


def many_principals() -> None:
    """Part (c)."""
    ensemble = Ensemble(crowd(100_000), [0])
    ensemble.run(2)
    took = medians({"round": lambda: ensemble.run(1)}, repeats=7)["round"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        "(c) 100,000 principals, 8192 samples per round, project, scope all, K = 2: "
        f"{took:.3f} s per round (under 1), "
        f"peak memory {peak:.2f} GiB (under 4)"
    )


def slope() -> None:
    """Part (d)."""
    counts = [1000, 3162, 10_000, 31_623, 100_000]
    ensembles = {str(n): Ensemble(crowd(n), [0]) for n in counts}
    for ensemble in ensembles.values():
        ensemble.run(2)
    took = medians({n: (lambda e=e: e.run(1)) for n, e in ensembles.items()}, repeats=7)
    fitted = np.polyfit(np.log(counts), np.log(list(took.values())), 1)[0]
    table = ", ".join(f"{int(n):,}: {seconds * 1e3:.0f} ms" for n, seconds in took.items())
    print(f"(d) round time by principals at 8192 samples: {table}; log-log slope {fitted:.2f} (at most 1.05)")


def a_million() -> None:
    """Part (e)."""
    ensemble = Ensemble(crowd(1_000_000, features=16), [0])
    for _ in range(3):
        ensemble.step()
    took, spans = medians({"round": ensemble.step}, repeats=15)["round"], []
    with stage_times() as spent:
        for _ in range(5):
            start = time.process_time()
            record = ensemble.step()
            spans.append(time.process_time() - start)
    put_in = int((record.produce.put.total > 0).sum())
    shares = ", ".join(f"{stage} {1e3 * seconds / 5:.0f} ms" for stage, seconds in spent.items() if seconds > 5e-3)
    print(
        f"(e) 1,000,000 principals, {put_in:,} of whom put something in: {took * 1e3:.0f} ms per round (at most 250), "
        f"processor time {statistics.median(spans) * 1e3:.0f} ms"
    )
    print(f"    stages: {shares}")


if __name__ == "__main__":
    run_parts(__doc__, {"a": screening_step, "b": whole_round, "c": many_principals, "d": slope, "e": a_million})
