"""The site: it builds without a network or a warning, names everything, and its links and anchors lead somewhere."""

import re
import runpy
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from code_blocks import FENCE, ROOT, pages
from command_reference import PAGE, page

import commonweal
import commonweal.testing

DOCS = ROOT / "docs"


def anchors_of(markdown: str) -> set[str]:
    """Anchors of a page's headings, as GitHub and the site make them."""
    headings = re.findall(r"^#{1,6} (.+)$", FENCE.sub("", markdown), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_to_a_heading(page: Path) -> None:
    for target in re.findall(r"(?<!\!)\[[^\]]*\]\(([^)\s]+)\)", FENCE.sub("", page.read_text(encoding="utf-8"))):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        there = page.parent / file if file else page
        assert there.exists(), target
        assert not anchor or anchor in anchors_of(there.read_text(encoding="utf-8")), target


def test_every_page_is_in_one_part_of_the_index() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    trees = "\n".join(re.findall(r"```\{toctree\}\n(.*?)```", index, re.DOTALL))
    listed = re.findall(r"^([\w/*-]+)$", trees, re.MULTILINE)
    found = {page for entry in listed for page in DOCS.glob(f"{entry}.md")}
    assert found >= {page for page in DOCS.glob("*.md") if page.name != "index.md"}
    assert len(listed) == len(set(listed))


def test_the_page_of_commands_is_what_help_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: make docs"


def test_the_page_of_the_door_has_every_public_name() -> None:
    names_of = runpy.run_path(str(DOCS / "site" / "door.py"))["names_of"]
    marks = re.findall(r"^<!-- names of ([\w. ]+) -->$", (DOCS / "api.md").read_text(encoding="utf-8"), re.MULTILINE)
    listed = [name for homes in marks if homes != "rl" for name in names_of(homes)]
    assert sorted(listed) == sorted([*commonweal.__all__, *commonweal.testing.__all__])


class Reader(HTMLParser):
    """What a built page links to, loads, and can be linked at."""

    def __init__(self) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.loads: set[str] = set()
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value for name, value in attrs if value}
        self.ids |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.add(given["href"])
        elif tag in ("script", "img", "link", "source"):
            self.loads |= {given[name] for name in ("src", "href") if name in given}


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    built = tmp_path / "site"
    options = ["-q", "-W", "--keep-going", "-j", "2"]
    command = [sys.executable, "-W", "ignore", "-m", "sphinx", *options, str(DOCS), str(built)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    read = {}
    for file in built.rglob("*.html"):
        read[file] = Reader()
        read[file].feed(file.read_text(encoding="utf-8"))
    assert len(read) > 40
    for file, reader in read.items():
        assert not [each for each in reader.loads if re.match(r"https?:|//", each)], file
        for link in reader.links:
            if re.match(r"[a-z]+:", link) or not link:
                continue
            path, _, anchor = link.partition("#")
            there = (file.parent / path.partition("?")[0]).resolve() if path else file
            assert there.is_file(), f"{file.name} links to {link}"
            assert not anchor or there.suffix != ".html" or anchor in read[there].ids, f"{file.name} links to {link}"
    assert all(line.startswith("http") for line in (built / "external-links.txt").read_text().splitlines())
