"""``commonweal new``: writes a rule of one's own as a working file that teaches, and a test beside it."""

import keyword
import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

from commonweal.agents.errors import InputError, shown
from commonweal.agents.files import refusals
from commonweal.commands.console import listed, say

TEMPLATES = Path(__file__).with_name("templates")
_PARTS = re.compile(r"^==== (?:test|next)\n", re.MULTILINE)
_CALLED = {
    "settlement": "settlement rule", "reward": "model reward rule", "credit": "credit rule", "query": "query rule",
    "attack": "attack family", "closed_form": "closed form",
}  # fmt: skip
_LONGEST = 40  # characters of a name


@dataclass(frozen=True)
class Template:
    """A rule that works, with NAME, FILE and TEST in the place of names."""

    rule: str  # a Python file
    tests: str  # a Python file beside it
    next: tuple[str, ...]  # commands that use the rule, the first one first

    @property
    def about(self) -> str:
        """What a rule of the kind is, in a line."""
        return self.rule.partition("\n")[0].partition(": ")[2].replace("``", "")


@cache
def template(kind: str) -> Template:
    """The template of a kind of rule.

    Raises:
        InputError: if there is none.
    """
    if kind not in (known := kinds()):
        raise InputError(f"unknown kind of rule {shown(kind)}: must be one of {', '.join(known)}")
    rule, tests, after = _PARTS.split((TEMPLATES / f"{kind}.txt").read_text(encoding="utf-8"))
    return Template(rule, tests, tuple(after.splitlines()))


def kinds() -> list[str]:
    """The kinds of rules that there are templates of."""
    return sorted(file.stem for file in TEMPLATES.glob("*.txt"))


def list_kinds() -> None:
    """Print the kinds, and what a rule of each is."""
    listed((kind, template(kind).about) for kind in kinds())


def write_new(kind: str, name: str, folder: Path) -> None:
    """Write a rule and its test, and say what can be done with them.

    Args:
        kind: of rule.
        name: of the rule, its function and its file.
        folder: where.

    Raises:
        InputError: if the kind is unknown, the name is none for a rule or is taken, or a file is there already.
    """
    found = template(kind)
    _demand_name(kind, name)
    rule, test = folder / f"{name}.py", folder / f"test_{name}.py"
    for file in (rule, test):
        if file.exists() or file.is_symlink():
            raise InputError(f"{file}: is there already, and nothing is written over it; take another name")
    with refusals(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _write(rule, filled(found.rule, name))
        _write(test, filled(found.tests, name))
    what = called(kind)
    say(f"wrote  {rule}: {'an' if what[0] in 'aeiou' else 'a'} {what} that works; change what it does", 7)
    say(f"wrote  {test}: what every {what} promises, and what this one does: pytest {test}", 7)
    for place, command in enumerate(found.next):
        print(f"{'next' if place == 0 else 'or':<6} {filled(command, name, str(rule))}")


def filled(text: str, name: str, file: str | None = None) -> str:
    """A part of a template with the names in their places."""
    names = {"NAME": name, "FILE": file or f"{name}.py", "TEST": f"test_{name}.py"}
    return re.sub(r"\b(NAME|FILE|TEST)\b", lambda found: names[found[0]], text)


def _demand_name(kind: str, name: str) -> None:
    if not re.fullmatch(r"[a-z_][a-z0-9_]*", name) or keyword.iskeyword(name) or len(name) > _LONGEST:
        raise InputError(
            f"{shown(name)} is no name for a rule: must be small letters, digits and _, no digit first, like my_{kind}"
        )
    if name in taken(kind):
        raise InputError(f"{name} is the name of a {called(kind)} already; take another one, like my_{name}")


def called(kind: str) -> str:
    """What a rule of a kind is called."""
    return _CALLED.get(kind, kind)


def taken(kind: str) -> set[str]:
    """The names that rules of a kind have."""
    from commonweal.agents.registry import REGISTRIES
    from commonweal.scenarios.schema.describe import registries

    import_module("commonweal.scenarios.studies.attacks")  # imports all studies
    registries()  # and every other kind of rule
    return {name for registry in REGISTRIES if registry.noun == called(kind) for name in registry}


def _write(file: Path, text: str) -> None:
    with file.open("x", encoding="utf-8") as stream:
        stream.write(text)
