"""Options that several commands have, and what becomes of them."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, Any

import typer

from commonweal.agents.errors import InputError
from commonweal.commands.completion import assignments, scenarios

Name = Annotated[
    str,
    typer.Argument(
        metavar="SCENARIO", autocompletion=scenarios,
        help="A name from [bold]commonweal list[/], a TOML file, or a folder with scenario.toml.",
    ),
]  # fmt: skip
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="PATH=VALUE", help="Change a field, like [cyan]settlement.alpha=2[/]. Repeatable.",
        autocompletion=assignments,
    ),
]  # fmt: skip
Rounds = Annotated[int | None, typer.Option(metavar="N", help="Rounds to play; short for [cyan]--set rounds=N[/].")]
Lasting = Annotated[
    int | None, typer.Option("--rounds", metavar="N", help="Rounds to play; short for [cyan]-o horizon=N[/].")
]
Out = Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for results; results/NAME if not given.")]
Seeds = Annotated[str, typer.Option(metavar="N", help="How many seeds (0, 1, …), or a list like [cyan]3,7,11[/].")]
Force = Annotated[bool, typer.Option("--force", help="Replace what another command left in the folder.")]
Formats = Annotated[
    str | None, typer.Option("--figures", metavar="LIST", help="Formats of figures: png, pdf, svg; png if not given.")
]
Style = Annotated[
    str | None, typer.Option("--figures-style", metavar="NAME", help="Figures for a column, page or slide.")
]
Width = Annotated[
    float | None, typer.Option("--figures-width", metavar="INCHES", help="Their width, if not that of the style.")
]


def _import_rules(files: list[Path] | None) -> list[Path] | None:
    """Import files of rules as soon as the command line is read."""
    if files:
        from commonweal.agents.rule_files import import_rules

        for file in files:
            import_rules(file)
    return files


Imports = Annotated[
    list[Path] | None,
    typer.Option(
        "--import", metavar="FILE.py", callback=_import_rules, is_eager=True,
        help="A Python file that registers rules of your own. Repeatable.",
    ),
]  # fmt: skip


def look(formats: str | None, style: str | None, width: float | None) -> AbstractContextManager[None]:
    """How the figures of a command are printed."""
    from commonweal.figures.looks import printed_as, read_look

    return printed_as(read_look(formats, style, width))


def options_of(assignments: list[str] | None, rounds: int | None, lasts: str) -> dict[str, Any]:
    """What ``-o`` says, and ``--rounds`` as the option that says how many are played, if there is one."""
    from commonweal.scenarios.schema.notation import parse_option

    options = dict(map(parse_option, assignments or []))
    if rounds is None or not lasts:
        return options
    if lasts in options:
        raise InputError(f"--rounds {rounds} is short for -o {lasts}={rounds}, which is given too; leave one out")
    return options | {lasts: rounds}


def changes_of(assignments: list[str] | None, rounds: int | None) -> dict[str, Any]:
    """What ``--set`` and ``--rounds`` change, by path."""
    from commonweal.scenarios.schema.loading import read_overrides

    return read_overrides(assignments or []) | ({} if rounds is None else {"rounds": rounds})
