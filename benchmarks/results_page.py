"""Command lines of benchmarks; tables as Markdown, printed and put between their marks in a page of docs.

A table NAME has its place between ``<!-- table NAME -->`` and ``<!-- end NAME -->``. Where a benchmark names no page,
the one of ``docs/results`` that has these marks is found.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from shared.result_tables import DOCS, RESULTS, insert, marks, page_of, write

from commonweal.agents.files import fingerprint, replacing
from commonweal.scenarios.studies.pieces import DECIDING
from commonweal.scenarios.sweeps.manifest import code_version

__all__ = ["DOCS", "RESULTS", "insert", "kept", "main", "markdown", "marks", "page_of", "run_parts", "write"]

KEPT = Path(__file__).parents[1] / "results" / ".tables"  # rows that are made, by what decides on them
Table = str | Iterator[str]  # whole, or as it grows row by row


def markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with one line per row."""
    return "\n".join(f"| {' | '.join(line)} |" for line in [heads, ["---"] * len(heads), *rows])


def run_parts(description: str | None, parts: Mapping[str, Callable[[], None]]) -> None:
    """The command line of a benchmark that prints in parts: run those that were asked for, on one thread."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(parts)}; all if not given")
    chosen = parser.parse_args().parts or list(parts)
    if unknown := [part for part in chosen if part not in parts]:
        parser.error(f"unknown part {unknown[0]!r}: there are {', '.join(parts)}")
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, 1 thread")
    for part in chosen:
        parts[part]()


def kept(asked: Sequence[object], make: Callable[[], Any]) -> Any:
    """What a row is made of, as JSON, made once: an interrupted table goes on after its last row.

    Args:
        asked: what decides on it beside the library's code; told apart by how it is written out.
        make: makes it.
    """
    file = KEPT / f"{fingerprint(repr((*asked, code_version(DECIDING))).encode())}.json"
    if not file.exists():
        made = json.dumps(make())
        file.parent.mkdir(parents=True, exist_ok=True)
        with replacing(file) as fresh:
            fresh.write_text(made, encoding="utf-8")
    return json.loads(file.read_text(encoding="utf-8"))


def main(
    description: str | None, tables: Mapping[str, Callable[[], Table]], prefix: str = "", page: Path | None = None
) -> None:
    """The command line of a benchmark: print the tables that were asked for, and write them if wanted.

    Args:
        description: the script's.
        tables: what makes each, by the name by which it is asked for; its docstring says what it shows. One that
            grows is written after each row.
        prefix: of the names of their marks.
        page: where they are put; the pages of ``docs/results`` that have their marks, if none is given.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"{', '.join(tables)}; all if not given")
    parser.add_argument("--write", action="store_true", help=f"put the tables into docs/{(page or RESULTS).name}")
    arguments = parser.parse_args()
    if unknown := set(arguments.tables) - set(tables):
        parser.error(f"unknown table {min(unknown)!r}: there are {', '.join(tables)}")
    torch.set_num_threads(1)
    for name in arguments.tables or tables:
        clock = time.process_time()
        made, table = tables[name](), ""
        for table in [made] if isinstance(made, str) else made:
            if arguments.write:
                write(f"{prefix}{name}", table, page)
        taken = f"{time.process_time() - clock:.0f} s of processor time"
        print(f"{prefix}{name}: {(tables[name].__doc__ or '').strip()}\n\n{table}\n\n{taken}\n", flush=True)
