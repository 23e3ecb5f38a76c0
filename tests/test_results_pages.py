"""The pages of results: every table has one place, which benchmarks find by its marks, and every benchmark exists."""

import re
from collections import Counter
from pathlib import Path

import pytest
from shared.result_tables import insert, page_of, write

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
TEXTS = {page: page.read_text(encoding="utf-8") for page in sorted(DOCS.rglob("*.md"))}
RESULTS = {page: text for page, text in TEXTS.items() if page.parent.name == "results"}


def tables(text: str) -> list[str]:
    return re.findall(r"^<!-- table (.+?) -->$", text, re.MULTILINE)


def test_every_table_of_the_results_is_found_on_its_page() -> None:
    found = {name: page for page, text in RESULTS.items() for name in tables(text)}
    assert len(found) > 80
    assert all(page_of(name) == page for name, page in found.items())


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.name)
def test_every_table_of_a_page_is_closed_once_by_its_own_mark(page: Path) -> None:
    marks = re.findall(r"^<!-- (table|end) (.+?) -->$", TEXTS[page], re.MULTILINE)
    assert [kind for kind, _ in marks] == ["table", "end"] * (len(marks) // 2)
    assert all(begun == ended for (_, begun), (_, ended) in zip(marks[::2], marks[1::2], strict=True))
    assert max(Counter(tables(TEXTS[page])).values(), default=1) == 1


def test_every_page_of_results_is_linked_from_their_index() -> None:
    linked = set(re.findall(r"\]\(results/([\w-]+\.md)", TEXTS[DOCS / "results.md"]))
    assert linked == {page.name for page in RESULTS}


def test_every_benchmark_that_a_page_names_exists() -> None:
    named = {name for text in TEXTS.values() for name in re.findall(r"\bbenchmarks/\w+\.py", text)}
    assert len(named) > 25
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []


def test_a_table_is_written_between_its_marks_of_whatever_page_has_them(tmp_path: Path) -> None:
    for page, name in (("a", "one"), ("b", "two")):
        (tmp_path / f"{page}.md").write_text(f"before\n<!-- table {name} -->\nold\n<!-- end {name} -->\nafter\n")
    assert page_of("two", tmp_path) == tmp_path / "b.md"
    write("two", "new", page_of("two", tmp_path))
    assert (tmp_path / "b.md").read_text() == "before\n<!-- table two -->\nnew\n<!-- end two -->\nafter\n"
    assert "old" in (tmp_path / "a.md").read_text()


def test_a_table_without_a_place_is_refused_in_one_line() -> None:
    with pytest.raises(SystemExit, match=r"one page of docs/results has a place for nothing, no page does: <!-- table"):
        page_of("nothing")
    with pytest.raises(SystemExit, match="the page has no place for nothing"):
        insert("", "nothing", "")


def test_the_gallery_shows_every_picture_with_the_command_that_makes_it() -> None:
    gallery = TEXTS[DOCS / "gallery.md"]
    shown = re.findall(r"^!\[.+\]\(images/([\w.-]+)\)\n\n    (commonweal|python benchmarks/)", gallery, re.MULTILINE)
    assert sorted(name for name, _ in shown) == sorted(file.name for file in (DOCS / "images").iterdir())
