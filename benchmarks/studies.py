"""What studies say of the commons: the evolution of actions, the fields that drive delegation, a league of mechanisms.

    python benchmarks/studies.py                 all tables (some ten minutes on two cores)
    python benchmarks/studies.py evolution       one of them
    python benchmarks/studies.py --write         all, into docs/results/

Each is ``commonweal study NAME commons`` with its own defaults, 8 seeds.
"""

from math import nan
from pathlib import Path
from shutil import copyfile
from typing import Any

import pandas as pd
from results_page import main, markdown

from commonweal.figures.studies import draw_into
from commonweal.scenarios.runs.intervals import in_brief, written
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.studies import Answer, ask
from commonweal.scenarios.studies.answers import save
from commonweal.scenarios.studies.compare.league import span

SEEDS, WORKERS = 8, 2
PICTURE = Path(__file__).parents[1] / "docs" / "images" / "league.png"
SETTLEMENTS = ("credit", "equal")
MEASURED = {"share_delegate": "delegating", "accuracy": "accuracy", "welfare": "welfare"}


def evolution() -> str:
    """Margin: what a resident earns more than the best-paid single mutant, money per round."""
    heads = ["settlement", "resident", "margin", "best mutant", "evolutionarily stable (share of resamples)",
             "long-run share, rare mutations"]  # fmt: skip
    lines = []
    for settlement in SETTLEMENTS:
        answer = ask("evolution", revise(load("commons"), {"settlement.kind": settlement}), SEEDS)
        rare = answer.tables["stationary"].query("mutations == 'rare'").set_index("strategy")["share"]
        for row in answer.tables["ess"].itertuples():
            lines.append([settlement, row.strategy, bounded(row, "margin", 5), row.best_mutant,
                          f"{row.ess_probability:.0%}", f"{rare[row.strategy]:.1%}"])  # fmt: skip
        told(answer)
    return markdown(heads, lines)


def drivers() -> str:
    """Morris' elementary effects on the share that delegates: fields surely above the noise."""
    answer = sensitivity()
    influence = answer.tables["influence"].query("outcome == 'share_delegate'")
    sure = influence[influence["size_low"] > influence["noise"]]
    noise = f"luck alone would score {influence['noise'].iloc[0]:.3f}"
    heads = ["field", f"size of effect on the share that delegates (μ*, 95 % interval; {noise})", "mean effect"]
    return markdown(heads, [[row.field, bounded(row, "size", 3), f"{row.effect:+.3f}"] for row in sure.itertuples()])


def choices() -> str:
    """Choices that the framework leaves open, one at a time, paired over seeds."""
    table = sensitivity().tables["choices"]
    lines = []
    for (field, value), group in table.groupby(["field", "value"], sort=False):
        rows = group.set_index("outcome")
        cells = [difference(rows.loc[name]) for name in MEASURED]
        lines.append([f"{field} = {value}" if value else "own choices", *cells])
    return markdown(["choice", *MEASURED.values()], lines)


def league() -> str:
    """Every criterion of the league, mean and 95 % interval, and the ranks that paired intervals leave open."""
    answer = compared()
    measures, table = answer.tables["measures"], answer.tables["league"]
    names = list(table["mechanism"])
    lines = [["rank over all criteria", *map(span, table["rank"], table["last"])]]
    for (criterion, unit), group in measures.groupby(["criterion", "unit"], sort=False):
        lines.append([f"{criterion} ({unit})", *map(ranked, group.set_index("mechanism").loc[names].itertuples())])
    return markdown(["", *names], lines)


def halves() -> str:
    """Kendall's tau-b between rankings from halves of the seeds, and the forecast for two studies of all seeds."""
    rows = compared().tables["agreement"].itertuples()
    lines = [[row.criterion, in_brief(row.tau, row.tau_low, row.tau_high, most=2), in_brief(row.halves_from, nan, nan),
              in_brief(row.halves_to, nan, nan), in_brief(row.forecast, nan, nan)] for row in rows]  # fmt: skip
    return markdown(["criterion", "τ-b, mean over halves", "95 % of halves: from", "to", "forecast"], lines)


_compared: list[Answer] = []


def compared() -> Answer:
    """The league of the commons, asked once; it continues where it was stopped, and is kept with its figures."""
    if not _compared:
        folder = Path("results") / "league-commons"
        kept = folder.with_name(".league-commons")
        answer = ask("compare", load("commons"), SEEDS, folder=kept, workers=WORKERS)
        save(answer, folder, draw_into, force=True)
        copyfile(folder / "league.png", PICTURE)
        told(answer)
        _compared.append(answer)
    return _compared[0]


_sensitivity: list[Answer] = []


def sensitivity() -> Answer:
    """The study, asked once."""
    if not _sensitivity:
        _sensitivity.append(ask("sensitivity", load("commons"), SEEDS, workers=WORKERS))
        told(_sensitivity[0])
    return _sensitivity[0]


def told(answer: Answer) -> None:
    """Print what an answer says in a sentence, for who keeps the text of the page."""
    print(answer.headline, *answer.notes, sep="\n", flush=True)


def ranked(row: Any) -> str:
    """A value with its interval, and the ranks that it may have."""
    return f"{in_brief(row.value, row.value_low, row.value_high, most=5)}: {span(row.first, row.last)}"


def bounded(row: Any, name: str, digits: int) -> str:
    """A value with its interval."""
    return written(*(float(getattr(row, part)) for part in (name, f"{name}_low", f"{name}_high")), digits=digits)


def difference(row: pd.Series) -> str:
    """A paired difference with its interval, or the mean of the scenario's own choices."""
    if pd.isna(row["difference"]):
        return f"{row['mean']:.3f}"
    return written(*row[["difference", "difference_low", "difference_high"]].astype(float), sign="+")


if __name__ == "__main__":
    main(__doc__, {"evolution": evolution, "drivers": drivers, "choices": choices, "league": league,
                   "halves": halves}, "study-")
