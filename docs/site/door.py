"""What the page about the public door says: every name of ``commonweal.__all__``, by where it comes from."""

import re
from importlib import import_module

from sphinx.application import Sphinx

import commonweal

MARK = re.compile(r"^<!-- names of ([\w. ]+) -->$", re.MULTILINE)


def names_of(homes: str) -> list[str]:
    """Public names whose home is one of these modules or lies behind it; all that are listed, for a module with a list.

    Args:
        homes: dotted names without ``commonweal``, with spaces between them.
    """
    found = []
    for home in homes.split():
        behind = [name for name, at in commonweal._HOME_OF.items() if f"{at}.".startswith(f"{home}.")]
        found += sorted(behind, key=str.lower) or list(import_module(f"commonweal.{home}").__all__)
    return found


def entry(name: str, home: str) -> str:
    """A directive that documents one name."""
    there = getattr(import_module(home), name)
    kind = "autoclass" if isinstance(there, type) else "autofunction" if callable(there) else "autodata"
    return f"```{{eval-rst}}\n.. {kind}:: {home}.{name}\n```\n"


def listing(homes: str) -> str:
    """The entries of all names of these homes."""
    door = "commonweal" if homes.split()[0] not in ("testing", "rl") else f"commonweal.{homes}"
    return "\n".join(entry(name, door) for name in names_of(homes))


def fill_in(app: Sphinx, page: str, source: list[str]) -> None:
    """Put entries where a page asks for them."""
    source[0] = MARK.sub(lambda found: listing(found[1]), source[0])
