"""The table of methods: its code exists, and each of its numbers stands in the page or test that it names."""

import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
TEXT = (DOCS / "methods.md").read_text(encoding="utf-8")
NUMBER = re.compile(r"(?<![\w.])\d*\.?\d+(?![\w.]*\w)")


def table(head: str) -> list[dict[str, str]]:
    """Rows of the table under a heading, by the names of their columns."""
    lines = [line for line in TEXT.partition(f"## {head}\n")[2].partition("\n## ")[0].splitlines() if "|" in line]
    names, _, *rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [dict(zip((name.strip() for name in names), row, strict=True)) for row in rows]


ROWS = [*table("With a published number"), *table("Compared with other code, or with theory")]
IDS = [f"{row['method'][:50]} {row['ours'][:20]}" for row in ROWS]


def source(where: str) -> str:
    """The text of the page or test in which a row's numbers stand."""
    if file := re.fullmatch(r"`(tests/.+\.py)`", where):
        return (DOCS.parent / file[1]).read_text(encoding="utf-8")
    page, _, anchor = re.fullmatch(r"\[.+\]\((.+)\)", where)[1].partition("#")  # type: ignore[index]
    assert anchor, "a link leads to a section"
    return (DOCS / page).read_text(encoding="utf-8")


def test_there_are_methods_with_and_without_a_published_number() -> None:
    assert len(table("With a published number")) > 10
    assert len(ROWS) > 20


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_the_code_of_a_method_exists(row: dict[str, str]) -> None:
    name = row["code"].strip("`")
    module, _, attribute = name.rpartition(".")
    assert hasattr(import_module(module), attribute) or find_spec(name)


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_every_number_of_a_method_stands_where_its_row_says(row: dict[str, str]) -> None:
    text = source(row["where"])
    numbers = NUMBER.findall(f"{row.get('published', '')} {row['ours']}")
    there = set(NUMBER.findall(text))
    assert numbers or "nobody" in row["ours"]
    assert [number for number in numbers if number not in there] == []


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_a_method_has_a_command(row: dict[str, str]) -> None:
    command = row["command"].strip("`")
    assert command.startswith("commonweal ") or (DOCS.parent / command.split()[1]).is_file()
