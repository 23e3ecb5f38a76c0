"""The study ``fairness`` on 4 data sets × 4 partitions × clean and noisy labels; 8 principals, all 256 coalitions.

    python benchmarks/fairness.py                      all tables (about ten minutes on one core)
    python benchmarks/fairness.py fairness-variants    one of them
    python benchmarks/fairness.py --write              and put them into docs/results.md

One thread: torch.set_num_threads(1).
"""

import argparse
import time
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import pandas as pd
import torch
from outcomes import RESULTS, insert

from scenarios.studies import Answer, ask

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
    return f"{found.headline}\n\n{_table(['measure', 'against', 'TL', 'FedAvg', 'TL − FedAvg'], rows)}"


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
    return _table([*keys, *heads], rows)


def variants() -> str:
    """Pearson's correlation of payments with true values where one thing is different."""
    rows = []
    for name, (changes, options) in VARIANTS.items():
        rows.append([name, *_agreement(answer(changes, **VARIED, **options))])
    return _table(["variant", *_TRUTHS], rows)


_TRUTHS = [f"{truth}: {name}" for truth in ("retraining", "rounds' games") for name in ("TL", "FedAvg", "TL − FedAvg")]


def _agreement(found: Answer) -> list[str]:
    table = found.tables["overall"].set_index(["of", "against", "measure"])
    return [
        text for truth in ("retraining", "per_round") for text in _estimates(table.loc[("payments", truth, "pearson")])
    ]


def _estimates(row: Any) -> list[str]:
    """Both ways and their difference, each ± the half width of its 95 % interval."""
    texts = []
    for name in ("traversal", "federated", "difference"):
        middle, high = getattr(row, name), getattr(row, f"{name}_high")
        sign = "+" if name == "difference" else ""
        texts.append("undefined" if pd.isna(middle) else f"{middle:{sign}.3f} ± {high - middle:.3f}")
    return texts


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in [heads, ["---"] * len(heads), *rows])


TABLES: dict[str, Callable[[], str]] = {
    "fairness": overall,
    "fairness-economies": by_economy,
    "fairness-variants": variants,
}


def main() -> None:
    """Print the tables that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"{', '.join(TABLES)}; all if not given")
    parser.add_argument("--write", action="store_true", help=f"put the tables into {RESULTS.name}")
    arguments = parser.parse_args()
    if unknown := set(arguments.tables) - set(TABLES):
        parser.error(f"unknown table {min(unknown)!r}: there are {', '.join(TABLES)}")
    torch.set_num_threads(1)
    for name in arguments.tables or TABLES:
        clock = time.process_time()
        table = TABLES[name]()
        print(f"{name}: {TABLES[name].__doc__}\n\n{table}\n", flush=True)
        print(f"{time.process_time() - clock:.0f} s of one core\n", flush=True)
        if arguments.write:
            RESULTS.write_text(insert(RESULTS.read_text(encoding="utf-8"), name, table), encoding="utf-8")


if __name__ == "__main__":
    main()
