"""Tutorials run as the notebooks they are, print what they show, and their notebooks are those of their pages."""

from pathlib import Path

import pytest
from notebooks import agrees, cells_of, printed_by, shown_after, tutorials, written

PAGES = pytest.mark.parametrize("page", tutorials(), ids=lambda page: page.stem)


@PAGES
def test_the_notebook_of_a_tutorial_is_that_of_its_page(page: Path) -> None:
    kept = page.with_suffix(".ipynb").read_text(encoding="utf-8")
    assert kept == written(page), "run: make docs"
    assert '"outputs": []' in kept and f"({page.stem}.ipynb)" in page.read_text(encoding="utf-8")


@PAGES
def test_a_tutorial_is_short_and_shows_what_most_of_its_cells_print(page: Path) -> None:
    code = [block for block in cells_of(page) if block.language]
    assert 3 <= len(code) <= 12
    assert len(page.read_text(encoding="utf-8").splitlines()) < 250
    assert len(shown_after(page)) >= len(code) / 2


@pytest.mark.slow
@PAGES
def test_a_tutorial_runs_and_prints_what_it_shows(page: Path, tmp_path: Path) -> None:
    printed = printed_by(page, tmp_path)
    for line, block in shown_after(page).items():
        assert agrees(block.text, printed[line]), f"line {block.line} shows something else than:\n{printed[line]}"


@pytest.mark.parametrize(
    ("shown", "printed", "agree"),
    [
        ("delegating .69 [.59, .75]", "delegating   .7 [.6, .8]", True),
        ("delegating .69", "poisoning .69", False),
        ("a\n…\nd\n", "a 1\nb 2\nc 3\nd 4\n", True),
        ("d\n…\na\n", "a 1\nb 2\nc 3\nd 4\n", False),
        ("…\n", "whatever", True),
        ("", "", True),
    ],
)
def test_what_is_shown_agrees_but_for_numbers_and_what_is_left_out(shown: str, printed: str, *, agree: bool) -> None:
    assert agrees(shown, printed) == agree
