"""The study ``heterogeneity`` on six data sets × three partitions; tables and a figure for docs/heterogeneity.md.

    python benchmarks/heterogeneity.py                    all tables (about half an hour of processor time)
    python benchmarks/heterogeneity.py bytes --write      one of them, into docs/heterogeneity.md, and the figure
    python benchmarks/heterogeneity.py --keep FOLDER      keeps what is played there, and goes on from it

Needs the packages of the extra ``data``, and adult (see ``commonweal.economy.tasks.packaged``).
"""

import sys
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image
from results_page import DOCS, main, markdown

from commonweal.figures.printing import save
from commonweal.figures.studies.heterogeneity import draw_bytes
from commonweal.scenarios.runs.intervals import in_brief
from commonweal.scenarios.studies import Answer, ask
from commonweal.scenarios.studies.heterogeneity.played import POOLED

PAGE = DOCS / "heterogeneity.md"
FIGURE = DOCS / "images" / "heterogeneity.png"
SCENARIO, SEEDS, ROUNDS, WORKERS = "exit-and-voice", 8, 80, 2
PARTITIONS = ["equal", "dirichlet", "class"]
TASKS = ["digits", "breast_cancer", "wine", "japanese_vowels", "mnist_5k", "adult"]
SCOPES = ["own", "all", "quorum", "aggregate"]
SHOWN = {"accuracy": 3, "worst": 4, "violated": 3, "taking_part": 2, "delegating": 2, "welfare": 4, "agreement": 2}
KEPT: list[Path] = []


@cache
def learned() -> Answer:
    """Ways of training."""
    return _asked("learning", tasks=TASKS, parts=["learning"])


@cache
def screened() -> Answer:
    """Ways of screening."""
    return _asked("screening", tasks=TASKS, parts=["screening"], scopes=SCOPES)


def _asked(name: str, **options: Any) -> Answer:
    folder = KEPT[0] / name if KEPT else None
    answer = ask("heterogeneity", SCENARIO, SEEDS, ["task.test=1000"], folder=folder, partitions=PARTITIONS,
                 rounds=ROUNDS, workers=WORKERS, **options)  # fmt: skip
    print(f"{answer.headline}\n", *answer.notes, sep="\n", flush=True)
    return answer


def sent() -> str:
    """Bytes to 95 % of pooled accuracy, over those of traversal learning; and accuracy at equal bytes."""
    table, rows = learned().tables["bytes"], []
    for (task, partition), group in table.groupby(["task", "partition"], sort=False):
        cells = [str(task), str(partition)]
        for credited in ("yes", "no"):
            one = group[group["credited"] == credited].set_index("way")
            cells.append(_cell(one.loc[POOLED], "megabytes_to_target"))
            for way in WAYS:
                row = one.loc[way]
                cells.append(_cell(row, "ratio") + (f" ({row['reached']:.0%})" if row["reached"] < 1 else ""))
        rows.append(cells)
    heads = [f"{head}{credited}" for credited in (", with credit", ", without") for head in
             ("TL, MB", *(f"{_short(way)} / TL" for way in WAYS))]  # fmt: skip
    return markdown(["data", "spread", *heads], rows)


def at_equal() -> str:
    """Accuracy at equal rounds and at equal bytes, with credit for everybody."""
    answer, rows = learned(), []
    rounds = answer.tables["learning"].set_index(["task", "partition", "way"])
    sizes = answer.tables["bytes"].query("credited == 'yes'").set_index(["task", "partition", "way"])
    for task, partition in dict.fromkeys((task, partition) for task, partition, _ in rounds.index):
        ways = [(task, partition, way) for way in (POOLED, *WAYS)]
        equal = [_cell(rounds.loc[each], "accuracy") for each in ways]
        rows.append([task, partition, *equal, *(_cell(sizes.loc[each], "accuracy_at_equal_bytes") for each in ways)])
    names = ["TL", *map(_short, WAYS)]
    heads = [*(f"{name}, equal rounds" for name in names), *(f"{name}, equal bytes" for name in names)]
    return markdown(["data", "spread", *heads], rows)


def sizes() -> str:
    """Kilobytes of a round by what is sent: 20 principals on 4 nodes, 160 samples, one direction."""
    table = learned().tables["modes"]
    rows = [[str(row.iloc[0]), *(f"{value:.0f}" for value in row.iloc[1:])] for _, row in table.iterrows()]
    return markdown(["data", *table.columns[1:]], rows)


def designs() -> str:
    """Ways of screening, averaged over places seed by seed."""
    rows = [
        [row["mode"], row["scope"] or "–", *(_cell(row, name, digits) for name, digits in SHOWN.items())]
        for _, row in screened().tables["designs"].iterrows()
    ]
    return markdown(["mode", "scope", *(name.replace("_", " ") for name in SHOWN)], rows)


def by_place() -> str:
    """Screening by project and reject with scope all, by data set and partition."""
    table, rows = screened().tables["cooperatives"], []
    for _, row in table[(table["mode"] == "off") | (table["scope"] == "all")].iterrows():
        cells = [_cell(row, name, digits) for name, digits in SHOWN.items()]
        rows.append([row["task"], row["partition"], row["mode"], *cells])
    return markdown(["data", "spread", "mode", *(name.replace("_", " ") for name in SHOWN)], rows)


WAYS = ("FedAvg, 5 epochs", "FedAvg, 5 epochs, 4 × samples")


def _short(way: str) -> str:
    return way.replace("FedAvg, 5 epochs", "FedAvg").replace(", 4 × samples", " ×4")


def _cell(row: Any, name: str, digits: int = 3) -> str:
    if row[name] != row[name]:
        return "–"
    return in_brief(row[name], row[f"{name}_low"], row[f"{name}_high"], most=digits)


if __name__ == "__main__":
    if "--keep" in sys.argv:
        place = sys.argv.index("--keep")
        KEPT.append(Path(sys.argv[place + 1]))
        del sys.argv[place : place + 2]
    tables = {"bytes": sent, "equal": at_equal, "sizes": sizes, "designs": designs, "places": by_place}
    main(__doc__, tables, prefix="heterogeneity-", page=PAGE)
    if "--write" in sys.argv and learned.cache_info().currsize:
        save(draw_bytes(learned().tables["courses"], SEEDS), FIGURE)
        Image.open(FIGURE).convert("RGB").quantize(64).save(FIGURE, optimize=True)
