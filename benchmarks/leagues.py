"""Leagues of attackers against six rules of the commons: does anything learned or combined beat the catalogue?

    python benchmarks/leagues.py                all rules, printed (some twenty processor minutes)
    python benchmarks/leagues.py equal data     some of them
    python benchmarks/leagues.py --write        into docs/learning.md, rule by rule

Each is ``commonweal study league commons --seeds 2`` with the scenario changes of ``benchmarks/learners.py`` and the
options in ASKED; intervals are of 99 %, so that those of all six rules together hold at about 95 %. An interrupted run
goes on from the pieces in results/.leagues. Processor time of one thread.
"""

import argparse
import re
import sys
import time
from pathlib import Path

import pandas as pd
import torch
from learners import RULES as KNOWN
from results_page import markdown, write

from commonweal.scenarios.runs.intervals import written
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.studies import Answer, ask

PAGE = Path(__file__).parents[1] / "docs" / "learning.md"
KEPT = Path(__file__).parents[1] / "results" / ".leagues"
RULES = {rule: KNOWN[rule] for rule in ("equal", "data", "credit", "robust", "robust, all of these", "menu")}
SEEDS = 2
ASKED = {
    "stages": 2, "methods": ["programmes"], "updates": 12, "budget": 30, "finalists": 3, "principals": 3,
    "choosing": 6, "held_out": 32, "rivals": 4, "confidence": 0.99, "workers": 1,
}  # fmt: skip
SUMMARY, ENTRANTS = "leagues-rules", "leagues-entrants"
HEADS = {
    SUMMARY: ["rule", "strongest of the catalogue", "its gain", "challenger", "its gain", "ahead of the catalogue",
              "beats it", "time"],
    ENTRANTS: ["rule", "attack", "origin", "gain", "ahead of the catalogue", "what it does"],
}  # fmt: skip


def asked(rule: str) -> Answer:
    """The league against a rule; what it says in a sentence is printed."""
    answer = ask("league", load(*RULES[rule]), SEEDS, folder=KEPT / re.sub(r"\W+", "-", rule),
                 tell=lambda *_: None, **ASKED)  # fmt: skip
    print(f"{rule}: {answer.headline}\n", flush=True)
    return answer


def bounded(row: pd.Series, column: str, sign: str = "") -> str:
    """A number of a row with its interval, in thousandths of money per round."""
    return written(*(1000 * float(row[f"{column}{end}"]) for end in ("", "_low", "_high")), 2, sign)


def summary(rule: str, table: pd.DataFrame, seconds: float) -> list[str]:
    """The strongest of the catalogue and its challenger."""
    by_role = table.set_index("role")
    best, challenger = by_role.loc["strongest of the catalogue"], by_role.loc["challenger"]
    low, high = float(challenger["over_catalogue_low"]), float(challenger["over_catalogue_high"])
    verdict = "surely" if low > 0 else "surely not" if high < 0 else "not shown"
    return [rule, str(best["attack"]), bounded(best, "gain"), f"{challenger['attack']} ({challenger['origin']})",
            bounded(challenger, "gain"), bounded(challenger, "over_catalogue", "+"), verdict,
            f"{seconds:.0f} s"]  # fmt: skip


def entrants(rule: str, table: pd.DataFrame) -> list[list[str]]:
    """All that are not of the catalogue, the most gainful first."""
    own = table[table["origin"] != "catalogue"]
    return [
        [rule, f"**{row['attack']}**" if row["role"] == "challenger" else str(row["attack"]), str(row["origin"]),
         bounded(row, "gain"), bounded(row, "over_catalogue", "+"), str(row["does"])]
        for _, row in own.iterrows()
    ]  # fmt: skip


def with_rows(name: str, rule: str, rows: list[list[str]]) -> str:
    """The table of the page with the rows of one rule in the place of those it had."""
    page = PAGE.read_text(encoding="utf-8")
    found = re.search(rf"<!-- table {name} -->\n(.*?)\n<!-- end {name} -->", page, re.DOTALL)
    lines = found[1].splitlines()[2:] if found and found[1].startswith("|") else []
    kept: dict[str, list[list[str]]] = {each: [] for each in RULES} | {rule: rows}
    for line in lines:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0] != rule and cells[0] in kept:
            kept[cells[0]].append(cells)
    return markdown(HEADS[name], [row for rows in kept.values() for row in rows])


def main() -> None:
    """Play the leagues that were asked for, one after another, each written as soon as it is done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rules", nargs="*", metavar="RULE", help=f"{', '.join(RULES)}; all if not given")
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.name}")
    arguments = parser.parse_args()
    if unknown := set(arguments.rules) - set(RULES):
        parser.error(f"unknown rule {min(unknown)!r}: there are {', '.join(RULES)}")
    torch.set_num_threads(1)
    for rule in arguments.rules or RULES:
        clock = time.process_time()
        answer = asked(rule)
        table = answer.tables["attacks"]
        parts = {SUMMARY: [summary(rule, table, time.process_time() - clock)], ENTRANTS: entrants(rule, table)}
        for name, rows in parts.items():
            print(f"{markdown(HEADS[name], rows)}\n", flush=True)
            if arguments.write:
                write(name, with_rows(name, rule, rows), PAGE)
        more = [answer.tables[name].to_string(index=False) for name in ("places", "mixes")]
        print(*answer.notes, *more, sep="\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
