"""The folders of results that the page may open: those in the folder that the server was given, and nothing beyond."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.scenarios.reading.survey import holds_results
from commonweal.scenarios.runs.store import ABOUT, read_about
from commonweal.scenarios.sweeps.manifest import MANIFEST, is_sweep, read_manifest
from commonweal.scenarios.sweeps.shards import SHARDS

USUAL = Path("results")  # where commands put results if not told otherwise
_DEEP = 2  # folders in folders that are looked through
_MOST = 60  # folders listed
_SEEN = 2000  # entries looked at


@dataclass(frozen=True)
class Folders:
    """A folder of results, or one that folders of results lie in."""

    root: Path

    def find(self, name: str) -> Path:
        """The folder of results with that name.

        Args:
            name: relative to the root; "." for the root itself.

        Raises:
            InputError: if there is none, or it leads out of the root by its name or by a link.
        """
        path = Path(name)
        if not name or "\0" in name or "\\" in name or path.is_absolute() or ".." in path.parts:
            raise InputError("the page opens folders of results by their names in the list only")
        folder = self.root / path
        if not self._inside(folder) or not folder.is_dir() or not holds_results(folder):
            raise InputError(f"{path}: no folder of results of this server")
        self._demand_inside(folder)
        return folder

    def names(self) -> list[str]:
        """The names of all folders of results, those changed last first."""
        found = {name: _changed(self.root / name) for name in self._walk()}
        return sorted(found, key=lambda name: -found[name])[:_MOST]

    def place(self, name: str) -> str:
        """What the page calls a folder: as a command would name it."""
        return (self.root / name).as_posix()

    def document(self) -> dict[str, Any]:
        """The list for the page.

        Returns:
            ``root``, ``folders`` (each with ``name``, ``place``, ``what`` was played and ``when``) and ``how``: a
            command that makes one.
        """
        return {
            "kind": "folders",
            "root": self.root.as_posix(),
            "folders": [told for name in self.names() if (told := self._told(name))],
            "how": f"commonweal sweep leaky --vary stakes.audit=0,0.1,0.3 --vary stakes.stake=0,0.1,1 --seeds 8 "
                   f"--engine processes --out {(self._parent / 'leaky').as_posix()}",
        }  # fmt: skip

    @property
    def _parent(self) -> Path:
        return USUAL if holds_results(self.root) else self.root

    def _told(self, name: str) -> dict[str, Any] | None:
        folder = self.root / name
        try:
            self._demand_inside(folder)
            if is_sweep(folder):
                manifest = read_manifest(folder)
                what, when = f"sweep of {manifest.plan['name']}", manifest.created
            else:
                about = read_about(folder)
                what = f"{about['runs']} run{'s' * (about['runs'] != 1)} of {about['scenario']}"
                when = str(about.get("started", ""))
        except (InputError, KeyError, TypeError):
            return None
        return {"name": name, "place": self.place(name), "what": what, "when": when[:10]}

    def _walk(self) -> Iterator[str]:
        """Folders of results under the root, breadth first; links that lead out of it are not followed."""
        if not self.root.is_dir():
            return
        level, seen = [Path()], 0
        for _ in range(_DEEP + 1):
            deeper: list[Path] = []
            for path in level:
                if holds_results(self.root / path):
                    yield path.as_posix()
                    continue
                for entry in _folders(self.root / path):
                    seen += 1
                    if seen < _SEEN and self._inside(self.root / path / entry):
                        deeper.append(path / entry)
            level = deeper

    def _inside(self, path: Path) -> bool:
        """Whether a path leads to the root or to something in it, links followed."""
        try:
            return path.resolve().is_relative_to(self.root.resolve())
        except (OSError, RuntimeError, ValueError):  # a ring of links
            return False

    def _demand_inside(self, folder: Path) -> None:
        """Check that nothing in a folder of results is a link out of the root."""
        for place in (folder, folder / SHARDS):
            if not place.is_dir():
                continue
            with os.scandir(place) as entries:
                links = [entry.name for entry in entries if entry.is_symlink()]
            if out := [name for name in links if not self._inside(place / name)]:
                raise InputError(f"{folder.name}: {out[0]} is a link out of the folder that was opened")
        if is_sweep(folder) and Path(design := read_manifest(folder).design).name != design:
            raise InputError(f"{folder.name}: {MANIFEST} names a design that lies elsewhere")


def _folders(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if not entry.name.startswith(".") and _is_folder(entry))
    except OSError:
        return []


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _changed(folder: Path) -> float:
    """When something was last stored in a folder."""
    times = []
    for name in (MANIFEST, ABOUT, SHARDS):
        try:
            times.append((folder / name).stat().st_mtime)
        except OSError:
            continue
    return max(times, default=0.0)
