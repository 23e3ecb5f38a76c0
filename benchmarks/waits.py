"""How long a user waits for an answer on the command line: own data, the atlas, the matrix of attacks, the league.

    python benchmarks/waits.py                 all (some minutes on two cores)
    python benchmarks/waits.py --write         into docs/results/speed.md

Each row is played once, in an empty folder, with one thread of torch in each process. Seconds are by the clock, from
the first command until the last has ended.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from results_page import main, markdown

COMMONWEAL = (sys.executable, "-m", "commonweal.commands.cli")
CLINICS = "clinics/scenario.toml"
TEN_LINES = """\
from pathlib import Path

from commonweal import ask, load
from commonweal.scenarios.starting import begin

begun = begin(Path("clinics"), "hospitals")
answer = ask("staying", load(begun.scenario), seeds=16, workers=2)
print(answer.headline)
print(answer.tables["by_principal"])
"""


@dataclass(frozen=True)
class Wait:
    """What is waited for."""

    what: str
    commands: tuple[Sequence[str], ...]  # of commonweal, or of Python where the first word is -c
    asked: str  # the limit; – where none is set


WAITS = (
    Wait("a table of 12 hospitals → under which rules they stay, 16 seeds", (
        ("init", "clinics", "--data", "hospitals"), ("check", CLINICS), ("study", "staying", CLINICS, "--seeds", "16"),
    ), "60 s on two cores"),
    Wait("the same from Python", (("-c", TEN_LINES),), "–"),
    Wait("all settlements × all attacks on `commons`, as usual", (("study", "attacks", "commons"),), "–"),
    Wait("all results of the atlas", (("reproduce", "--all"),), "20 min on one core"),
    Wait("its fast results", (("reproduce", "--all", "--fast"),), "90 s"),
    Wait("the league of all settlements on `commons`, as usual", (("study", "compare", "commons"),),
         "1 h on two cores"),
)  # fmt: skip


def user() -> Iterator[str]:
    """Seconds by the clock, beside what was asked for."""
    rows = []
    for wait in WAITS:
        called = [" ".join(("commonweal", *words)) for words in wait.commands if words[0] != "-c"]
        shown = "; ".join(f"`{words}`" for words in called) or f"{len(TEN_LINES.splitlines())} lines"
        rows.append([wait.what, shown, f"{played(wait):.0f}", wait.asked])
        yield markdown(["waited for", "typed", "seconds", "asked"], rows)


def played(wait: Wait) -> float:
    """Seconds by the clock of all its commands.

    Raises:
        CalledProcessError: if a command fails.
    """
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}
    with TemporaryDirectory() as folder:
        began = time.perf_counter()
        for words in wait.commands:
            called = (sys.executable, *words) if words[0] == "-c" else (*COMMONWEAL, *words)
            subprocess.run(called, cwd=Path(folder), env=environment, stdout=subprocess.DEVNULL, check=True)
        return time.perf_counter() - began


if __name__ == "__main__":
    main(__doc__, {"user": user}, "waits-")
