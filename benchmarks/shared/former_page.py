"""The code before the page was drawn in the browser, for benchmarks that set old and new side by side."""

import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from shared.chromium import environment

FORMER = "e135f2fa75e6e491e298ff691d5525315d5b048b"  # the last commit whose page was pictures made by the server
ROOT = Path(__file__).parents[2]
ROOMS = ("agents", "economy", "scenarios", "figures", "commands")  # lie beside the folder commonweal


@contextmanager
def former_code() -> Iterator[Path | None]:
    """A folder to import the former code from; None where the history does not reach back to it."""
    made = subprocess.run(["git", "archive", FORMER, "commonweal", *ROOMS], cwd=ROOT, capture_output=True, check=False)
    if made.returncode:
        yield None
        return
    with TemporaryDirectory() as folder:
        place = Path(folder)
        with tarfile.open(fileobj=BytesIO(made.stdout)) as archive:
            archive.extractall(place, filter="data")
        for room in ROOMS:
            shutil.move(place / room, place / "commonweal" / room)
        demand_former(place)
        yield place


def demand_former(place: Path) -> None:
    """Check that a process that is given the folder really runs what lies there."""
    asked = [sys.executable, "-c", "import commonweal.figures.browser.tab.scenes as s; print(s.__file__)"]
    found = subprocess.run(asked, cwd=place, env=environment(place), capture_output=True, text=True, check=True)
    if not Path(found.stdout.strip()).is_relative_to(place):
        raise SystemExit(f"the former code was to be run, and {found.stdout.strip()} was")
