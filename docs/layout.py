"""Writes what docs/architecture.md says of files, their layout and lengths: ``python docs/layout.py --write``."""

import re
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = Path(__file__).with_name("architecture.md")
PACKAGES = ("agents", "economy", "scenarios", "figures", "commands", "commonweal")
COLUMN = 36


def layout() -> str:
    """Every folder with its files, in the order of imports from the ground up, then of the alphabet."""
    rows = []
    for package in PACKAGES:
        for folder in sorted({file.parent for file in (ROOT / package).rglob("*.py")}):
            files = sorted(file.name for file in folder.glob("*.py") if file.name != "__init__.py")
            name = f"{folder.relative_to(ROOT).as_posix()}/"
            rows += textwrap.wrap(
                " ".join(files) or "-", width=116, initial_indent=name.ljust(COLUMN), subsequent_indent=" " * COLUMN
            )
    return "\n".join(row.removesuffix(" -").rstrip() for row in rows)


def measured(page: str) -> str:
    """The page with the length of every file of its reading list, and of all of them together."""
    lengths = []

    def row(found: re.Match[str]) -> str:
        lengths.append(len((ROOT / found[1]).read_text(encoding="utf-8").splitlines()))
        return f"| `{found[1]}` | {lengths[-1]} |"

    page = re.sub(r"^\| `([\w/]+\.py)` \| \d+ \|", row, page, flags=re.MULTILINE)
    return re.sub(r"^About \d+ lines\.", f"About {round(sum(lengths), -2)} lines.", page, flags=re.MULTILINE)


def main() -> None:
    """Print the layout, or put it and the lengths into the page."""
    if "--write" not in sys.argv[1:]:
        print(layout())
        return
    page = measured(PAGE.read_text(encoding="utf-8"))
    written = re.sub(r"(## Layout\n.*?```\n).*?(```)", lambda m: f"{m[1]}{layout()}\n{m[2]}", page, flags=re.DOTALL)
    PAGE.write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main()
