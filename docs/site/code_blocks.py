"""What a page shows to be typed: its blocks of code and its commands. Tests run them, and notebooks are made of them.

A block that is not run says why in a comment before it, ``<!-- not run: REASON -->``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FENCE = re.compile(
    r"(?:^<!-- not run: (?P<reason>.+?) -->\n)?^```(?P<language>[\w{}-]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
INDENTED = re.compile(
    r"(?:^<!-- not run: (?P<reason>.+?) -->\n\n?)?^(?P<text>(?: {4}\S.*\n)(?: {4}.*\n|\n(?= {4}))*)", re.MULTILINE
)
TOOLS = ("commonweal", "python", "make", "pip", "dask", "solara", "pytest", "ssh")
PLACEHOLDER = re.compile(r"…|\.\.\.|\b[A-Z][A-Z0-9_]+\b|\[")  # what stands for something else


@dataclass(frozen=True)
class Block:
    """Code of a page."""

    page: Path
    line: int  # of its first line in the page, from 1
    language: str  # of the fence; empty for an indented block
    text: str
    reason: str = ""  # why it is not run; empty where it is


@dataclass(frozen=True)
class Command:
    """A command line of a page, without what is said beside it."""

    page: Path
    line: int
    text: str
    named: bool = False  # within a sentence, where it may be no more than its name


def pages() -> list[Path]:
    """README, what lies beside it, and every page of the documentation."""
    beside = (ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"))
    return [page for page in (*beside, *sorted((ROOT / "docs").rglob("*.md"))) if page.is_file()]


def blocks_of(page: Path) -> list[Block]:
    """Fenced and indented blocks, in their order."""
    text = page.read_text(encoding="utf-8")
    found = [*FENCE.finditer(text)]
    outside = FENCE.sub(lambda fence: re.sub(r"[^\n]+", "", fence[0]), text)  # lines stay where they are
    blocks = [_block(page, text, match, match["language"]) for match in found]
    blocks += [_block(page, outside, match, "") for match in INDENTED.finditer(outside)]
    return sorted(blocks, key=lambda block: block.line)


def _block(page: Path, text: str, match: re.Match[str], language: str) -> Block:
    line = text.count("\n", 0, match.start("text")) + 1
    return Block(page, line, language, match["text"], match["reason"] or "")


def commands_of(page: Path) -> Iterator[Command]:
    """Command lines of blocks, and commands within sentences that are whole."""
    for block in blocks_of(page):
        if block.language in ("", "bash") and not block.reason:
            joined = re.sub(r"\\\n\s*", "", block.text)  # lines that go on
            for number, line in enumerate(joined.splitlines()):
                if (typed := typed_in(line)).split(" ")[0] in TOOLS:
                    yield Command(page, block.line + number, typed)
    text = FENCE.sub(lambda fence: re.sub(r"[^\n]+", "", fence[0]), page.read_text(encoding="utf-8"))
    for span in re.finditer(r"(?<!`)`(commonweal [a-z][^`]*)`", text):
        if not PLACEHOLDER.search(span[1].split(" -")[0]) and not re.search(r"…|\.\.\.", span[1]):
            yield Command(page, text.count("\n", 0, span.start()) + 1, " ".join(span[1].split()), named=True)


def typed_in(line: str) -> str:
    """A line without what is said beside it, after two spaces or a number sign; with options in brackets given."""
    return re.sub(r" \[(--[^]]*)\]", r" \1", re.split(r"\s{2,}|\s#\s|\s\|\|\s", line.strip().removeprefix("$ "))[0])
