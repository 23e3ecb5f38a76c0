"""The module and its styles as one text each, from the files that lie beside this one."""

import re
from functools import cache
from pathlib import Path

FILES = ("numbers", "dom", "store", "axes", "strip", "picture", "lattice", "society", "dynamics", "card", "values",
         "choosing", "compare", "sweep", "ledger", "menu", "fields", "keys", "states", "export", "share", "alone",
         "page")  # fmt: skip
_HERE = Path(__file__).parent
_IMPORT = re.compile(r'^import [^;]*? from "\./\w+\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=function|const|class|async)", re.MULTILINE)
_ROOM = re.compile(r"^export \{[^}]*\};\n", re.MULTILINE)


@cache
def module() -> str:
    """The module: all files in order in one, which exports ``mount``. Names at their top level differ between files."""
    parts = [_ROOM.sub("", _EXPORT.sub("", _IMPORT.sub("", _read(f"{name}.js")))) for name in FILES]
    return "\n".join(parts) + "\nexport { alone, mount, pure };\n"


@cache
def styles() -> str:
    """The styles: those of the shell, then of each part that has its own."""
    named = ["style", *FILES]
    return "\n".join(_read(f"{name}.css") for name in named if (_HERE / f"{name}.css").exists())


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
