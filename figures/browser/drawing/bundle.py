"""The module as text, in parts, and its styles, from the files that lie beside this one.

A tab loads the first part at once; the others are sent when what they draw is first looked at. A run in one file holds
those that it shows.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

FIRST = ("numbers", "dom", "later", "store", "axes", "strip", "picture", "society", "dynamics", "menu", "fields",
         "keys", "states", "page")  # fmt: skip
LATER: Mapping[str, Sequence[str]] = {
    "lattice": ("lattice",),
    "names": ("names",),
    "card": ("asking", "tables", "lines", "card"),
    "decided": ("decided",),
    "values": ("asking", "lines", "values"),
    "compare": ("tables", "choosing", "compare"),
    "sweeps": ("tables", "lines", "sweep"),
    "ledger": ("asking", "tables", "ledger"),
    "menus": ("menus",),
    "share": ("tables", "export", "link", "share"),
}
ALONE = ("lattice", "names", "card", "decided", "menus", "share")  # later parts that a run in one file shows
FILES = (*FIRST, *dict.fromkeys(file for files in LATER.values() for file in files), "alone")
FIRST_ADDRESS = '"the first part"'  # in its place the browser writes where it has the first part from
_HERE = Path(__file__).parent
_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./(\w+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=function|const|class|async)", re.MULTILINE)


@cache
def module() -> str:
    """The first part: its files in order, which export what they share, and ``mount``."""
    return "\n".join(_IMPORT.sub("", _read(f"{name}.js")) for name in FIRST)


@cache
def later(part: str) -> str:
    """A part that is sent later; what it takes from the first is imported by one line at its head.

    Args:
        part: a key of ``LATER``.
    """
    texts = [_read(f"{name}.js") for name in LATER[part]]
    taken = {name.strip() for text in texts for names, file in _IMPORT.findall(text) if file in FIRST
             for name in names.split(",")}  # fmt: skip
    head = f"import {{ {', '.join(sorted(taken))} }} from {FIRST_ADDRESS};\n"
    return "\n".join([head, *(_EXPORT.sub("", _IMPORT.sub("", text)) for text in texts)])


@cache
def whole() -> str:
    """What a run in one file needs, in one part. Names at the top level of files differ between all of them."""
    names = dict.fromkeys((*FIRST, *(file for part in ALONE for file in LATER[part]), "alone"))
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", _read(f"{name}.js"))) for name in names)


@cache
def styles() -> str:
    """The styles: those of the shell, then of each file that has its own."""
    named = ["style", *FILES]
    return "\n".join(_read(f"{name}.css") for name in named if (_HERE / f"{name}.css").exists())


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
