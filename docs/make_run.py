"""Writes the last ten lines of ``make run`` into README.md: ``python docs/make_run.py --write`` (half a minute)."""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "README.md"
BLOCK = re.compile(r"(<!-- make run -->\n```text\n).*?(```\n<!-- end make run -->)", re.DOTALL)
LAST, WIDTH = 10, 100  # lines, and how long they are


def commands() -> list[list[str]]:
    """What ``make run`` does, after it has set up its environment."""
    recipe = re.search(r"^run:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert recipe is not None
    lines = recipe[1].replace("$(FORCE)", "").replace("$(BIN)/commonweal", "commonweal").splitlines()
    return [shlex.split(line) for line in lines]


def last_lines() -> list[str]:
    """What ``make run`` prints last, played anew in a folder of its own."""
    printed = ""
    surroundings = {**os.environ, "COLUMNS": str(WIDTH), "PYTHONIOENCODING": "utf-8", "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        for name, *words in commands():
            assert name == "commonweal"
            command = [sys.executable, "-m", "commonweal.commands.cli", *words]
            printed += subprocess.run(
                command, cwd=folder, env=surroundings, check=True, stdout=subprocess.PIPE, encoding="utf-8"
            ).stdout
    return printed.splitlines()[-LAST:]


def main() -> None:
    """Print the lines, or put them into the page."""
    lines = "".join(f"{line}\n" for line in last_lines())
    if "--write" not in sys.argv[1:]:
        print(lines, end="")
        return
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(BLOCK.sub(lambda found: f"{found[1]}{lines}{found[2]}", page), encoding="utf-8")


if __name__ == "__main__":
    main()
