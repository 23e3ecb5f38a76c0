"""Who is served and who leaves: the study pluralism of exit-and-voice and of two-camps.

    python benchmarks/pluralism.py          all tables (about four minutes on two cores)
    python benchmarks/pluralism.py --write  into docs/results/governance.md

Each is ``commonweal study pluralism SCENARIO`` with its own defaults, 8 seeds, 95 % intervals.
"""

from functools import cache
from typing import Any

from results_page import main, markdown

from commonweal.scenarios.runs.intervals import written
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.studies import Answer, ask

SEEDS, WORKERS = 8, 2
ONE, TWO = "exit-and-voice", "two-camps"


@cache
def asked(name: str) -> Answer:
    """The study of a scenario, asked once; what it says in a sentence is printed."""
    answer = ask("pluralism", load(name), SEEDS, workers=WORKERS)
    print(f"{name}: {answer.headline}\n", flush=True)
    return answer


def bounded(row: Any, column: str, digits: int, sign: str = "") -> str:
    """A number of a row with its interval."""
    low, high = (float(getattr(row, f"{column}_{end}")) for end in ("low", "high"))
    return written(float(getattr(row, column)), low, high, digits, sign)


def strictest() -> str:
    """What the strictest twentieth of the members costs everybody else."""
    rows = [
        [row.design, bounded(row, "accuracy", 3), bounded(row, "tyranny", 3, "+"),
         bounded(row, "violated_more_without", 3, "+")]
        for row in asked(ONE).tables["tyranny"].itertuples()
    ]  # fmt: skip
    return markdown(["design", "accuracy", "gained without the strictest", "more violated without them"], rows)


def worst_off() -> str:
    """Nash welfare and the worst-off tenth, money a round beyond staying away."""
    rows = [
        [row.design, bounded(row, "with_surplus", 2), bounded(row, "nash_of_those", 4), bounded(row, "worst_off", 4),
         f"{row.leximin_first} to {row.leximin_last}"]
        for row in asked(ONE).tables["welfare"].itertuples()
    ]  # fmt: skip
    return markdown(["design", "who gains by it (share)", "geometric mean of what they gain", "the worst-off tenth",
                     "rank by leximin"], rows)  # fmt: skip


def erosion() -> str:
    """How limits move with experience."""
    rows = [
        [f"{row.experience:g}", str(row.dimension), bounded(row, "mean_limit_at_first", 3),
         bounded(row, "mean_limit_at_last", 3), bounded(row, "loosened", 3, "+"), bounded(row, "violated", 3)]
        for row in asked(ONE).tables["erosion"].itertuples()
    ]  # fmt: skip
    return markdown(["experience", "dimension", "mean limit at first", "at last", "looser by", "violated"], rows)


def camps() -> str:
    """Two camps that want contrary things of a class: who is served by each design."""
    served = asked(TWO).tables["served"]
    rows = [
        [row.design, row.group, bounded(row, "violated", 2), bounded(row, "delegating", 2), bounded(row, "utility", 4)]
        for row in served[served["trait"] == "camp"].itertuples()
    ]
    return markdown(["design", "camp", "violated", "delegating", "utility (money a round)"], rows)


def influence_or_exit() -> str:
    """Whether acquaintances bring camps together, or one leaves."""
    table = asked(TWO).tables["influence_or_exit"]
    names = [name for name in table.columns if not name.endswith(("_low", "_high"))]
    rows = [
        [bounded(row, name, 2) if f"{name}_low" in table.columns else str(getattr(row, name)) for name in names]
        for row in table.itertuples()
    ]
    return markdown([name.replace("_", " ") for name in names], rows)


if __name__ == "__main__":
    tables = {"strictest": strictest, "worst-off": worst_off, "erosion": erosion, "camps": camps,
              "influence": influence_or_exit}  # fmt: skip
    main(__doc__, tables, prefix="pluralism-")
