"""Tables in pages of docs: found by their marks, and put between them."""

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
RESULTS = DOCS / "results"


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
