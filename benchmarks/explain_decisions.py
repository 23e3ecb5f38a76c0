"""What an explanation of a decision costs, and how far estimates and networks are from exact values.

    python benchmarks/explain_decisions.py            print the tables (about five minutes on one core)
    python benchmarks/explain_decisions.py --write    put them into docs/explanations.md

``timings``: one decision among 28 800 of which 1657 differ, features of four bins, laws of three and of four actions;
medians of nine, processor time on one thread. ``commons`` and ``nets`` play the digits scenario with 20 principals for
60 rounds, 8 seeds. ``numbers`` plants features that are normally distributed and a logistic law of their sum.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from results_page import DOCS, main, markdown
from torch import Tensor

from commonweal.agents.arrays import Bools, Floats, ratio
from commonweal.economy.credit.exact import all_coalitions, shapley_value
from commonweal.economy.explaining.conditional import conditional_games, explain_rows
from commonweal.economy.explaining.decisions import explain_decision
from commonweal.economy.explaining.explanation import Explanation
from commonweal.economy.explaining.learned import Learned, Sample, explain_learned
from commonweal.economy.explaining.nets import (
    Network,
    Training,
    Worth,
    coalitions,
    fit,
    kernel_sizes,
    learn_means,
    learn_values,
)
from commonweal.economy.explaining.rows import Bins, Rows
from commonweal.economy.explaining.sights import Decisions, watched
from commonweal.economy.explaining.valued import Question, varying_features
from commonweal.economy.explaining.values import Effort, value_games
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load, revise

PAGE = DOCS / "explanations.md"
DECISIONS, DISTINCT, BINS, REPEATS = 28_800, 1657, 4, 9
NORMAL = 1.959964  # standard errors to each side of an interval of 95 %


def milliseconds(task: Callable[[int], object]) -> float:
    """Median processor time of a task, which is told the number of its turn."""
    taken = []
    for turn in range(REPEATS):
        start = time.process_time()
        task(turn)
        taken.append(1000 * (time.process_time() - start))
    return float(np.median(taken))


def timed(features: int, actions: int) -> tuple[float, float]:
    """Milliseconds for a decision, and for finding the decisions alike, among random ones of which some are alike."""
    random = np.random.default_rng(features)
    seen = random.integers(0, BINS, (DISTINCT, features))
    codes, laws = seen[np.arange(DECISIONS) % DISTINCT], random.dirichlet(np.ones(actions), DECISIONS)
    names = [tuple(str(place) for place in range(count)) for count in (features, actions)]
    question, rows = Question("behaviour", "an action", "all", *names), Rows.of(codes, laws)
    decision = milliseconds(lambda turn: explain_rows(rows, codes[turn : turn + 1], question))
    return decision, milliseconds(lambda _: Rows.of(codes, laws))


def timings() -> str:
    """Milliseconds a decision, and once a play for finding the decisions alike."""
    rows: list[Sequence[str]] = []
    for features in (4, 8, 12, 16, 18, 20):
        (three, _), (four, alike) = timed(features, 3), timed(features, 4)
        rows.append(
            [str(features), f"{2**features:,}".replace(",", " "), f"{three:.1f}", f"{four:.1f}", f"{alike:.0f}"]
        )
    return markdown(["features", "coalitions", "3 actions, ms", "4 actions, ms", "decisions alike, ms a play"], rows)


def sampled() -> str:
    """Error and time of estimates from some coalitions, by their number: Σ(estimate − exact)² / Σ exact², 20 decisions.

    16 and 20 features of three bins, 1000 decisions of which 200 differ, a law of five of them; leverage_shap.
    """
    rows: list[Sequence[str]] = []
    for features in (16, 20):
        random = np.random.default_rng(features)
        codes = random.integers(0, 3, (200, features))[random.integers(0, 200, 1000)]
        chance = 1 / (1 + np.exp(-(codes[:, 0] - codes[:, 1] + codes[:, 2] * codes[:, 3] - codes[:, 4])))
        play, asked = Rows.of(codes, np.stack([chance, 1 - chance], axis=1)), codes[:20]
        question = Question("behaviour", "an action", "all", tuple(map(str, range(features))), ("a", "b"))
        exact = explain_rows(play, asked, question)
        for budget in (512, 1024, 2048, 4096, 8192):
            effort, start = Effort(budget, "leverage_shap"), time.process_time()
            found = explain_rows(play, asked, question, effort=effort)
            taken = 1000 * (time.process_time() - start) / len(asked)
            missed = found.values - exact.values
            error = (missed**2).sum() / (exact.values**2).sum()
            covered = (np.abs(missed) <= NORMAL * found.standard_error).mean()
            rows.append([str(features), str(budget), f"{error:.4f}", f"{covered:.2f}", f"{taken:.0f}"])
    return markdown(["features", "coalitions", "error", "intervals of 95 % that hold", "ms a decision"], rows)


def share_of_parts(explained: Explanation) -> Floats:
    """(P,) each reason's share of Σ|φ| of the action taken."""
    parts = np.abs(explained.values[0, :, explained.answers.index(explained.provenance["taken"])])
    return ratio(parts, parts.sum())


def explain_nth(decisions: Decisions, asked: Sequence[tuple[int, int, int]], turn: int) -> Explanation:
    """Explain one of the decisions that are asked about, by principal, round and run."""
    return explain_decision(decisions, *asked[turn])


def played(policy: str) -> Decisions:
    """20 principals on a ring who follow one policy for 60 rounds, 8 seeds."""
    changes = {"population.count": 20, "population.graph": "ring", "policy.mix": {policy: 1.0}, "policy.revision": 0.5}
    return watched(Ensemble(revise(load("commons"), changes), range(8)), 60)


def commons() -> str:
    """What explains real decisions, how long one takes from the record of the play on, and what is left open.

    Largest reasons: mean share of Σ|φ| of the action taken, 60 decisions. Left open: mean over them of Σ|law − mean of
    the decisions alike| over actions.
    """
    rows: list[Sequence[str]] = []
    for name in ("imitation", "learning", "conditional"):
        decisions = played(name)
        asked = [(turn % 20, 5 + 7 * turn % 55, turn % 8) for turn in range(60)]
        explained = [explain_decision(decisions, *each) for each in asked]
        taken = milliseconds(partial(explain_nth, decisions, asked))
        shares = np.mean([share_of_parts(each) for each in explained], axis=0)
        largest = [f"{decisions.names[place]} {shares[place]:.2f}" for place in np.argsort(-shares)[:3]]
        left = np.mean([np.abs(each.residual).sum() for each in explained if each.residual is not None])
        distinct = explained[0].provenance["distinct observations"]
        rows.append([name, str(len(shares)), distinct, f"{taken:.0f}", ", ".join(largest), f"{left:.3f}"])
    return markdown(["policy", "features", "distinct of 9440", "ms", "largest reasons", "left open"], rows)


class Exact:
    """All decisions of a play by one policy, in bins, with exact conditional means and values."""

    def __init__(self, policy: str) -> None:
        decisions = played(policy)
        features = decisions.features[decisions.chose]
        rows = Rows.of(Bins.of(features).codes(features), decisions.law[decisions.chose][:, decisions.available])
        self.rows = replace(rows, codes=rows.codes[:, varying_features(rows.codes, rows.codes)])
        start = time.process_time()
        self.means = conditional_games(self.rows, self.rows.codes).values  # (M, A, 2^F)
        self.values = values_of(self.means)
        self.seconds = time.process_time() - start
        self.table = torch.from_numpy(self.means.swapaxes(1, 2).copy())

    @property
    def shape(self) -> tuple[int, int]:
        """Features and answers."""
        return self.rows.codes.shape[1], self.rows.answers.shape[1]

    def worth(self, rows: Tensor, known: Tensor) -> Tensor:
        """The exact means as something to learn values from."""
        return self.table[rows, (known * (1 << torch.arange(known.shape[1]))).sum(dim=1)]

    def missed(self, found: Floats, exact: Floats, weights: Floats | None = None) -> tuple[str, str]:
        """Mean squared errors over distinct observations, and over decisions; all of them if no weights are given."""
        error = ((found - exact) ** 2).reshape(len(found), -1).mean(axis=1)
        weights = self.rows.weights if weights is None else weights
        return f"{error.mean():.1e}", f"{np.average(error, weights=weights):.1e}"


def values_of(means: Floats) -> Floats:
    """(M, F, A) Shapley values of means (M, A, 2^F)."""
    count, answers, size = means.shape
    return shapley_value(means.reshape(-1, size)).reshape(count, answers, -1).swapaxes(1, 2)


def means_table(worth: Worth, count: int, features: int) -> Floats:
    """(M, A, 2^F) of everything that learned means say."""
    rows = torch.arange(count)
    with torch.no_grad():
        found = [worth(rows, torch.from_numpy(known).expand(count, -1)) for known in all_coalitions(features)]
    return torch.stack(found, dim=2).double().numpy()


class Authors:
    """Beechey and Şimşek's scheme on the same layers and updates: the unknown reads −2; a batch has one coalition."""

    def __init__(self, exact: Exact, training: Training) -> None:
        self.exact, self.training = exact, training
        self.read = torch.from_numpy(exact.rows.codes.astype(np.float32))
        self.weights = torch.from_numpy(exact.rows.weights)

    def batch(self, law: Tensor | None, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Rows by visits, and one coalition for all of them: each equally likely, or with sizes by a law."""
        rows = torch.multinomial(self.weights, self.training.batch, replacement=True, generator=generator)
        features = self.read.shape[1]
        one = torch.rand(1, features, generator=generator) < 0.5 if law is None else coalitions(law, 1, generator)
        return rows, one.expand(len(rows), -1)

    def means(self) -> Worth:
        """Learned conditional means."""
        generator = torch.Generator().manual_seed(self.training.seed)
        targets = torch.from_numpy(self.exact.rows.answers.astype(np.float32))
        network = Network(self.read.shape[1], targets.shape[1:], self.training.units, generator)

        def worth(rows: Tensor, known: Tensor) -> Tensor:
            return network(torch.where(known, self.read[rows], -2.0))

        def loss() -> Tensor:
            rows, known = self.batch(None, generator)
            return ((worth(rows, known) - targets[rows]) ** 2).mean()

        fit(network, loss, self.training)
        return worth

    def values(self, worth: Worth) -> Floats:
        """(M, F, A) learned values, with what they miss of the sum added in equal parts."""
        generator = torch.Generator().manual_seed(self.training.seed)
        features, answers = self.exact.shape
        network, law = Network(features, (features, answers), self.training.units, generator), kernel_sizes(features)
        known = torch.ones(len(self.read), features, dtype=torch.bool)
        rows = torch.arange(len(self.read))
        with torch.no_grad():
            base, whole = worth(rows, ~known), worth(rows, known)

        def loss() -> Tensor:
            drawn, known = self.batch(law, generator)
            with torch.no_grad():
                gained = worth(drawn, known) - base[drawn]
            return ((gained - (network(self.read[drawn]) * known[:, :, None]).sum(dim=1)) ** 2).mean()

        fit(network, loss, self.training)
        with torch.no_grad():
            found = network(self.read).double()
            found += ((whole - base - found.sum(dim=1)) / features)[:, None]
        return found.numpy()


def seconds(task: Callable[[], object]) -> tuple[object, float]:
    """What a task gives, and its processor time."""
    start = time.process_time()
    return task(), time.process_time() - start


def nets() -> str:
    """Networks beside exact values: 4000 updates of 256, 2 × 128 units, Adam; mean squared errors.

    Over distinct observations, and over decisions. ``conditional`` in bins; learned means, the exact values of learned
    means, networks of values on exact and on learned means, KernelSHAP on exact means, and two splits for reference.
    """
    exact, training = Exact("conditional"), Training()
    (features, answers), count, codes = exact.shape, len(exact.rows.codes), exact.rows.codes.astype(np.float64)
    everything, theirs = torch.arange(count), Authors(exact, training)
    even = np.broadcast_to(exact.values.mean(axis=1, keepdims=True), exact.values.shape)
    lines: list[Sequence[str]] = [
        ["nothing", "", "", *exact.missed(np.zeros_like(even), exact.values), ""],
        ["equal parts", "", "", *exact.missed(even, exact.values), ""],
    ]
    some = slice(None, None, 6)
    games = exact.means[some].reshape(-1, 2**features)
    for budget in (64, 256):
        found, taken = seconds(partial(by_kernel, games, 1 << np.arange(features), features, budget))
        shaped = np.asarray(found).reshape(-1, answers, features).swapaxes(1, 2)
        errors = exact.missed(shaped, exact.values[some], exact.rows.weights[some])
        lines.append([f"KernelSHAP, {budget} coalitions", "", "", *errors, f"{6 * taken:.0f}"])
    own, taken = seconds(lambda: learn_means(codes, exact.rows.answers, exact.rows.weights, training))
    read = own.inputs.read(codes)

    def ours(rows: Tensor, known: Tensor) -> Tensor:
        with torch.no_grad():
            return own.of(read[rows], known)

    learned, took = seconds(theirs.means)
    for name, worth, spent in (
        ("−2, one coalition a batch", learned, took),
        ("one-hot, one a row, paired", ours, taken),
    ):
        table = means_table(worth, count, features)
        errors = (*exact.missed(table, exact.means), *exact.missed(values_of(table), exact.values))
        lines.append([f"means: {name}", *errors, f"{spent:.0f}"])
    for of, each in (("exact", (exact.worth, exact.worth)), ("learned", (learned, ours))):
        found, spent = seconds(partial(theirs.values, each[0]))
        lines.append(
            [f"values on {of} means: −2, one a batch", "", "", *exact.missed(found, exact.values), f"{spent:.0f}"]
        )
        values, spent = seconds(partial(learn_values, read, each[1], exact.rows.weights, exact.shape, training))
        known = torch.ones(count, features, dtype=torch.bool)
        with torch.no_grad():
            found = values.of(read, each[1](everything, known) - each[1](everything, ~known)).numpy()
        lines.append(
            [f"values on {of} means: one-hot, paired", "", "", *exact.missed(found, exact.values), f"{spent:.0f}"]
        )
    lines.append([f"exact: {count} observations, F = {features}", "0", "0", "0", "0", f"{exact.seconds:.1f}"])
    return markdown(["", "b, distinct", "b, by visits", "φ, distinct", "φ, by visits", "seconds"], lines)


def by_kernel(games: Floats, places: Floats, features: int, budget: int) -> Floats:
    """(G, F) values of games (G, 2^F) by KernelSHAP, all from the same coalitions."""
    return value_games(features, lambda known: games[:, known @ places].T, Effort(budget, "kernel_shap")).values


WEIGHTS = np.array([1.5, -1.0, 0.8, 0.0, 0.0, 0.5, 0.0, 1.0, -0.6, 0.0])
SPREAD = 0.5 ** np.abs(np.subtract.outer(np.arange(10), np.arange(10)))  # neighbours correlate by a half
EXPLAINED = 40


def planted_means(seen: Floats, known: Bools) -> Floats:
    """(S, C) E[1 / (1 + exp(−w·x)) | x_C], x ~ N(0, SPREAD): w·x given x_C is normal, integrated on 40 nodes."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    means = np.empty((len(seen), len(known)))
    for place, coalition in enumerate(known):
        inside, outside = np.flatnonzero(coalition), np.flatnonzero(~coalition)
        slope = np.linalg.solve(SPREAD[np.ix_(inside, inside)], SPREAD[np.ix_(inside, outside)])
        mean = seen[:, inside] @ (WEIGHTS[inside] + slope @ WEIGHTS[outside])
        left = SPREAD[np.ix_(outside, outside)] - SPREAD[np.ix_(outside, inside)] @ slope
        spread = np.sqrt(max(0.0, WEIGHTS[outside] @ left @ WEIGHTS[outside]))
        means[:, place] = 1 / (1 + np.exp(-(mean[:, None] + spread * nodes))) @ (weights / weights.sum())
    return means


def apart(found: Floats, exact: Floats) -> str:
    """Σ(found − exact)² / Σ exact², with its interval of 95 % over decisions, drawn again 2000 times."""
    missed, size = ((found - exact) ** 2).sum(axis=1), (exact**2).sum(axis=1)
    drawn = np.random.default_rng(0).integers(0, len(exact), (2000, len(exact)))
    low, high = np.quantile(missed[drawn].sum(axis=1) / size[drawn].sum(axis=1), [0.025, 0.975])
    return f"{missed.sum() / size.sum():.3f} ({low:.3f}–{high:.3f})"


def numbers() -> str:
    """Features that are numbers: bins against networks where every conditional mean is known; errors of 40 decisions.

    Ten normal features, neighbours correlated by a half; a logistic law of a sum of six of them. With 30 features the
    other 20 are independent of everything: their values are 0 and those of the ten are what they are without them.
    """
    cases = ((10, 1_000), (10, 10_000), (30, 10_000))
    methods: dict[str, list[str]] = {}
    for features, count in cases:
        random = np.random.default_rng(count + features)
        x = random.multivariate_normal(np.zeros(10), SPREAD, count)
        chance = 1 / (1 + np.exp(-x @ WEIGHTS))
        x, laws = np.hstack([x, random.normal(size=(count, features - 10))]), np.stack([chance, 1 - chance], axis=1)
        exact = np.zeros((EXPLAINED, features))
        exact[:, :10] = shapley_value(planted_means(x[:EXPLAINED, :10], all_coalitions(10)))
        question = Question("behaviour", "an action", "all", tuple(map(str, range(features))), ("a", "b"))
        even = np.broadcast_to(exact.mean(axis=1, keepdims=True), exact.shape)
        methods.setdefault("equal parts", []).append(apart(even, exact))
        for bins in (2, 3, 4, 8):
            codes = Bins.of(x, bins).codes(x)
            found = explain_rows(Rows.of(codes, laws), codes[:EXPLAINED], question)
            methods.setdefault(f"{bins} bins", []).append(apart(found.values[..., 0], exact))
        sample = Sample(x, laws, np.ones(count))
        for name, how in (("learned means", Learned()), ("learned means and values", Learned(coalitions=None))):
            found, taken = seconds(partial(explain_learned, sample, x[:EXPLAINED], question, how, laws[:EXPLAINED]))
            values = found.values[..., 0]
            methods.setdefault(name, []).append(f"{apart(values, exact)}, {taken:.0f} s")
    heads = ["", *(f"F = {features}, {count:,} decisions".replace(",", " ") for features, count in cases)]
    return markdown(
        [heads[0], *(head.replace("  ", ", ") for head in heads[1:])], [[name, *row] for name, row in methods.items()]
    )


if __name__ == "__main__":
    tables = {"timings": timings, "sampled": sampled, "commons": commons, "nets": nets, "numbers": numbers}
    main(__doc__, tables, "decisions ", PAGE)
