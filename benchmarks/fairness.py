"""The study ``fairness`` on 4 data sets × 4 partitions × clean and noisy labels; 8 principals, all 256 coalitions.

    python benchmarks/fairness.py                      all tables (about ten minutes on one core)
    python benchmarks/fairness.py fairness-variants    one of them
    python benchmarks/fairness.py --write              and put them into docs/results/fairness.md

One thread: torch.set_num_threads(1).
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import pandas as pd
from results_page import main, markdown

from commonweal.scenarios.runs.intervals import written
from commonweal.scenarios.studies import Answer, ask

SEEDS = 5
PRINCIPALS, ROUNDS = 8, 30
VARIED = {"tasks": ["digits"], "partitions": ["dirichlet"]}  # the economies in which one thing is varied
VARIANTS: dict[str, tuple[Sequence[str], dict[str, Any]]] = {
    "as above": ([], {}),
    "as many steps: 150 rounds of TL": ([], {"match": "steps"}),
    "learning.rate = 0.1": (["learning.rate=0.1"], {}),
    "credit.kind = second_order": (["credit.kind=second_order"], {}),
    "credit.kind = shapley": (["credit.kind=shapley"], {}),
}
WORDS = {
    "retraining": "retraining, test accuracy", "retraining_loss": "retraining, validation loss",
    "pooled": "pooled retraining, test accuracy", "per_round": "rounds' games", "standalone": "accuracy alone",
    "samples": "samples held", "quality": "right labels", "centralised": "less that of centralised training", "": "",
}  # fmt: skip


def answer(overrides: Sequence[str] = (), **options: Any) -> Answer:
    """The study's answer for 8 principals, from the scenario commons."""
    return ask("fairness", "commons", SEEDS, overrides, principals=PRINCIPALS, rounds=ROUNDS, **options)


@cache
def every_economy() -> Answer:
    """All tasks, partitions and labels."""
    return answer(tasks=["all"], partitions=["all"])


def overall() -> str:
    """The headline, and the measures averaged over economies seed by seed."""
    found, rows = every_economy(), []
    for row in found.tables["overall"].query("of in ['payments', 'credit', 'accuracy', 'retraining']").itertuples():
        name = f"{row.measure}: {row.of}" if row.measure != "accuracy" else "test accuracy"
        rows.append([name, WORDS[row.against], *_estimates(row)])
    return f"{found.headline}\n\n{markdown(['measure', 'against', 'TL', 'FedAvg', 'TL − FedAvg'], rows)}"


def by_economy() -> str:
    """Pearson's correlation of payments with retraining, and accuracy, in every economy."""
    table = every_economy().tables["economies"]
    keys = ["task", "partition", "labels"]
    rows = []
    for names, group in table.groupby(keys, sort=False):
        one = group.set_index(["of", "against", "measure"])
        correlation = one.loc[("payments", "retraining", "pearson")]
        accuracy, gap = one.loc[("accuracy", "", "accuracy")], one.loc[("accuracy", "centralised", "accuracy")]
        central = accuracy["traversal"] - gap["traversal"]
        accuracies = (f"{value:.3f}" for value in (accuracy["traversal"], accuracy["federated"], central))
        rows.append([*names, *_estimates(correlation), *accuracies])
    heads = ["TL", "FedAvg", "TL − FedAvg", "accuracy TL", "FedAvg", "centralised"]
    return markdown([*keys, *heads], rows)


def variants() -> str:
    """Pearson's correlation of payments with true values where one thing is different."""
    rows = []
    for name, (changes, options) in VARIANTS.items():
        rows.append([name, *_agreement(answer(changes, **VARIED, **options))])
    return markdown(["variant", *_TRUTHS], rows)


_TRUTHS = [f"{truth}: {name}" for truth in ("retraining", "rounds' games") for name in ("TL", "FedAvg", "TL − FedAvg")]


def _agreement(found: Answer) -> list[str]:
    table = found.tables["overall"].set_index(["of", "against", "measure"])
    return [
        text for truth in ("retraining", "per_round") for text in _estimates(table.loc[("payments", truth, "pearson")])
    ]


def _estimates(row: Any) -> list[str]:
    """Both ways and their difference, each with its 95 % interval."""
    texts = []
    for name in ("traversal", "federated", "difference"):
        ends = (getattr(row, name), getattr(row, f"{name}_low"), getattr(row, f"{name}_high"))
        texts.append("undefined" if pd.isna(ends[0]) else written(*ends, sign="+" if name == "difference" else ""))
    return texts


TABLES: dict[str, Callable[[], str]] = {
    "fairness": overall,
    "fairness-economies": by_economy,
    "fairness-variants": variants,
}


if __name__ == "__main__":
    main(__doc__, TABLES)
