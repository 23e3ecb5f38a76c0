"""What leaks in each wire mode and what protecting costs: the study privacy of commons with data far from equal.

    python benchmarks/privacy.py          all tables (some minutes on two cores)
    python benchmarks/privacy.py --write  into docs/privacy.md, and docs/images/privacy.png

It is ``commonweal study privacy commons --seeds 4 --set task.concentration=0.3`` with its own defaults.
"""

import sys
from functools import cache
from pathlib import Path
from typing import Any

from results_page import main, markdown

from commonweal.figures.printing import save
from commonweal.figures.studies import draw
from commonweal.scenarios.runs.intervals import written
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.studies import Answer, ask

PAGE = Path(__file__).parents[1] / "docs" / "privacy.md"
FIGURE = PAGE.parent / "images" / "privacy.png"
SEEDS, WORKERS = 4, 1
KEPT = Path(__file__).parents[1] / "results" / ".privacy"  # pieces that are played: an interrupted run goes on


@cache
def asked() -> Answer:
    """The study, asked once; what it says in a sentence is printed."""
    scenario = load("commons", {"task.concentration": 0.3})
    answer = ask("privacy", scenario, SEEDS, folder=KEPT, tell=lambda *step: print(*step, flush=True), workers=WORKERS)
    print(f"{answer.headline}\n", flush=True)
    return answer


def bounded(row: Any, column: str, digits: int = 2) -> str:
    """A number of a row with its interval."""
    low, high = (float(getattr(row, f"{column}_{end}")) for end in ("low", "high"))
    return written(float(getattr(row, column)), low, high, digits)


def trade() -> str:
    """The strongest attacker by mode and defence, beside labels, credit and accuracy."""
    answer = asked()
    if "--write" in sys.argv:
        save(draw(answer)["trade"], FIGURE)
    rows = []
    for row in answer.tables["trade"].itertuples():
        labels = "–" if row.labels != row.labels else f"{row.labels:.2f}"
        epsilon = "–" if row.epsilon != row.epsilon else f"{row.epsilon:.3g}"
        rows.append([
            str(row.mode), str(row.defence), str(row.attacker), bounded(row, "recovered"), labels,
            bounded(row, "pearson_undisturbed"), bounded(row, "whole_run_undisturbed"), bounded(row, "pearson_shapley"),
            bounded(row, "accuracy", 3), epsilon,
        ])  # fmt: skip
    heads = ["mode", "defence", "strongest attacker", "recovers", "labels", "credit kept", "over all judged rounds",
             "with exact Shapley", "accuracy", "ε"]  # fmt: skip
    return markdown(heads, rows)


def attackers() -> str:
    """Every attacker with the trained network, by mode and defence: nMSE, guessing the mean beside it."""
    table = asked().tables["attackers"]
    table = table[~table["when"].eq("first") & ~table["mode"].eq("cut-gradients")]
    rows = [
        [str(row.mode), str(row.defence), str(row.attacker), f"{row.nmse:.2g}", f"{row.guess:.2f}"]
        for row in table.itertuples()
    ]
    return markdown(["mode", "defence", "attacker", "nMSE", "guess"], rows)


def correlations() -> str:
    """Distance correlation of samples with what leaves the first layer in ``cut``, beside what attackers recover."""
    answer, rows = asked(), []
    errors = answer.tables["attackers"].query("mode == 'cut'").set_index(["defence", "attacker", "when"])["nmse"]
    for row in answer.tables["trade"].query("mode == 'cut'").itertuples():
        if str(row.defence) == "none" or row.kind in ("NoPeek", "noise at the cut"):
            found = [f"{errors[row.defence, attacker, 'trained']:.2g}" for attacker in
                     ("MAP of gradient", "MAP of activity", "decoder")]  # fmt: skip
            rows.append([str(row.defence), bounded(row, "correlation"), *found, str(row.attacker), str(row.when),
                         bounded(row, "recovered"), bounded(row, "pearson_undisturbed"),
                         bounded(row, "accuracy", 3)])  # fmt: skip
    heads = ["defence", "distance correlation", "MAP of gradient", "MAP of activity", "decoder", "strongest attacker",
             "network", "recovers", "credit kept", "accuracy"]  # fmt: skip
    return markdown(heads, rows)


def holdings() -> str:
    """What products over 30 rounds give away of small holdings."""
    rows = [
        [str(row.defence), str(row.samples), bounded(row, "nmse"), f"{row.by_label:.2f}", f"{row.guess:.2f}",
         bounded(row, "recovered")]
        for row in asked().tables["holdings"].itertuples()
    ]  # fmt: skip
    return markdown(["defence", "samples held", "nMSE", "mean of its label", "guess", "recovers"], rows)


def promises() -> str:
    """What noise on clipped updates promises formally."""
    rows = [[f"{row.noise:g}", f"{row.mu:.3g}", str(row.worth)] for row in asked().tables["promises"].itertuples()]
    return markdown(["noise z", "μ", "worth"], rows)


if __name__ == "__main__":
    tables = {
        "trade": trade, "attackers": attackers, "correlation": correlations, "holdings": holdings, "promises": promises,
    }  # fmt: skip
    main(__doc__, tables, prefix="privacy-", page=PAGE)
