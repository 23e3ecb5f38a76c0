"""Writes docs/commands.md from the help of every command: ``python docs/site/command_reference.py --write``."""

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from commonweal.commands.cli import app

PAGE = Path(__file__).parents[1] / "commands.md"
HEAD = """# Commands

Written by `make docs` from `commonweal COMMAND --help`. Every command says in one line what is wrong with its input and
then ends with status 2, with 130 where it was interrupted, and with 1 where runs of a sweep failed.
"""


def commands() -> Iterator[tuple[str, Any]]:
    """Every command that is shown, by what is typed for it."""

    def within(command: Any, typed: str) -> Iterator[tuple[str, Any]]:
        if subcommands := getattr(command, "commands", None):
            for name, each in subcommands.items():
                yield from within(each, f"{typed} {name}")
        elif not command.hidden:
            yield typed, command

    yield from within(get_command(app), "commonweal")


def plain(text: str | None) -> str:
    """Help without the markup of the terminal: what is coloured there is code here."""
    text = re.sub(r"\[(?:bold|cyan|green|yellow)\](.*?)\[/[^]]*\]", r"`\1`", inspect.cleandoc(text or ""))
    return text.replace("\b\n", "").replace("\\[", "[").strip()


def cell(text: str) -> str:
    """Text for a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def default_of(parameter: Any) -> str:
    """What is taken where the option is not given; nothing where the help tells it or there is none."""
    value = parameter.default
    return "" if value in (None, False, "", (), []) or callable(value) else f" Default: `{value}`."


def typed_as(parameter: Any) -> str:
    """How an argument or option is typed, with what it takes."""
    if parameter.param_type_name == "argument":
        return f"`{parameter.metavar or parameter.name.upper()}`"
    taken = "" if parameter.is_flag else f" {parameter.metavar or parameter.name.upper()}"
    return ", ".join(f"`{each}{taken}`" for each in parameter.opts)


def rows(command: Any) -> Iterator[str]:
    """A line for each argument and option."""
    for parameter in command.params:
        if not getattr(parameter, "hidden", False) and parameter.name != "help":
            yield f"| {cell(typed_as(parameter))} | {cell(plain(parameter.help))}{default_of(parameter)} |"


def described(text: str) -> str:
    """Help as Markdown: paragraphs as they are, examples as code."""
    before, mark, after = text.partition("Examples:")
    if not mark:
        return before.strip()
    examples = [re.fullmatch(r"`(.*?)` *(.*)", line.strip()) for line in after.splitlines() if line.strip()]
    lines = [f"    {each[1]:<70}  {each[2]}".rstrip() for each in examples if each]
    return f"{before.strip()}\n\n" + "\n".join(lines)


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for typed, command in commands():
        parts += [f"## {typed}\n", described(plain(command.help)) + "\n"]
        if table := list(rows(command)):
            parts.append("\n".join(["| argument or option | what it does |", "| --- | --- |", *table]) + "\n")
    return "\n".join(parts)


def main() -> None:
    """Print the page, or write it."""
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        print(page())


if __name__ == "__main__":
    main()
