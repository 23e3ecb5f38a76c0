"""Command lines of benchmarks; tables as Markdown, printed and put between their marks in a page of docs.

A table NAME has its place between ``<!-- table NAME -->`` and ``<!-- end NAME -->``. Where a benchmark names no page,
the one of ``docs/results`` that has these marks is found.
"""

import argparse
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from commonweal.agents.files import fingerprint, replacing
from commonweal.scenarios.studies.pieces import DECIDING
from commonweal.scenarios.sweeps.manifest import code_version

DOCS = Path(__file__).parents[1] / "docs"
RESULTS = DOCS / "results"
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


def marks(name: str) -> tuple[str, str]:
    """What stands before and after a table of a page."""
    return f"<!-- table {name} -->", f"<!-- end {name} -->"


def insert(document: str, name: str, table: str) -> str:
    """The document with a new table between the marks of that name."""
    begin, end = marks(name)
    found = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not found.search(document):
        raise SystemExit(f"the page has no place for {name}: {begin} … {end}")
    return found.sub(lambda _: f"{begin}\n{table}\n{end}", document)


def page_of(name: str, folder: Path = RESULTS) -> Path:
    """The page of a folder that has a table's marks."""
    begin, end = marks(name)
    pages = [page for page in sorted(folder.glob("*.md")) if begin in page.read_text(encoding="utf-8")]
    if len(pages) != 1:
        where = " and ".join(page.name for page in pages) or "no page"
        raise SystemExit(f"one page of docs/{folder.name} has a place for {name}, {where} does: {begin} … {end}")
    return pages[0]


def write(name: str, table: str, page: Path | None = None) -> None:
    """Put a table into a page; the one of ``docs/results`` that has its marks, if none is given."""
    page = page or page_of(name)
    page.write_text(insert(page.read_text(encoding="utf-8"), name, table), encoding="utf-8")


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
