"""The command ``commonweal``. Heavy libraries are imported by the commands that need them, so that help is instant."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from agents.errors import InputError

app = typer.Typer(
    name="commonweal",
    help="Simulate data cooperatives: under which rules does cooperation survive, and who profits from deviating?",
    epilog="Start with: commonweal list, then: commonweal run commons --seeds 4",
    add_completion=False,
    rich_markup_mode="rich",
)

Name = Annotated[str, typer.Argument(metavar="SCENARIO", help="A name from [bold]commonweal list[/], or a TOML file.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a field, like [cyan]settlement.alpha=2[/]. Repeatable."),
]
Rounds = Annotated[int | None, typer.Option(metavar="N", help="Rounds to play; short for [cyan]--set rounds=N[/].")]
Out = Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for results; results/NAME if not given.")]
Seeds = Annotated[str, typer.Option(metavar="N", help="How many seeds (0, 1, …), or a list like [cyan]3,7,11[/].")]

_UsageError: type[Exception] = typer.BadParameter.__mro__[1]  # which typer itself does not export


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: what follows the command's name; the process's own by default.

    Returns:
        The exit status: 0, 2 for bad input, 130 when interrupted.
    """
    try:
        words = list(sys.argv[1:] if arguments is None else arguments)
        status = app(words or ["--help"], prog_name="commonweal", standalone_mode=False, obj=words)
    except InputError as error:
        return _refuse(str(error))
    except _UsageError as error:
        return _refuse(getattr(error, "format_message", error.__str__)())
    if status == 130:
        print("commonweal: interrupted; nothing half-written was left", file=sys.stderr)
    return status or 0


def _refuse(reason: str) -> int:
    print("commonweal:", " ".join(reason.split()), file=sys.stderr)
    return 2


def _show_version(wanted: bool) -> None:
    if wanted:
        from scenarios.tables import software_version

        print(f"commonweal {software_version()}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show it.")] = False,
) -> None:
    """Options of the command itself."""


@app.command()
def run(
    context: typer.Context,
    scenario: Name,
    seeds: Seeds = "1",
    set_: Settings = None,
    rounds: Rounds = None,
    out: Out = None,
    ledger: Annotated[bool, typer.Option("--ledger", help="Keep every transfer of money.")] = False,
) -> None:
    """Play one economy, print what became of it, and keep results and figures.

    Examples:
    [cyan]commonweal run commons[/]

    [cyan]commonweal run commons --seeds 8 --set settlement.kind=data --set population.graph=ring[/]

    [cyan]commonweal run my_economy.toml --rounds 50 --out results/short --ledger[/]
    """
    from scenarios.conduct import Request, conduct

    conduct(Request(context.obj, scenario, _changes(set_, rounds), {}, seeds, out, ledger))


@app.command()
def sweep(
    context: typer.Context,
    scenario: Name,
    vary: Annotated[
        list[str], typer.Option("--vary", metavar="PATH=A,B,C", help="Values of a field to compare. Repeatable.")
    ],
    seeds: Seeds = "8",
    set_: Settings = None,
    rounds: Rounds = None,
    out: Out = None,
) -> None:
    """Compare economies that differ in some fields, every combination with the same seeds.

    Examples:
    [cyan]commonweal sweep commons --vary settlement.kind=equal,data,credit --seeds 8[/]

    [cyan]commonweal sweep commons --vary contract.stake=0,0.05 --vary market.leak=0.1,0.5 --set rounds=100[/]
    """
    from scenarios.conduct import Request, conduct, read_variations

    conduct(Request(context.obj, scenario, _changes(set_, rounds), read_variations(vary), seeds, out))


@app.command("list")
def list_() -> None:
    """List the scenarios of the library."""
    from scenarios.loading import find_file, library_names, read_document

    names = library_names()
    for name in names:
        print(f"{name:<{max(map(len, names))}}  {read_document(find_file(name)).get('description', '')}")


@app.command()
def describe(
    field: Annotated[str, typer.Argument(metavar="[FIELD]", help="A field or section, like [cyan]settlement[/].")] = "",
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the whole reference as Markdown.")] = False,
) -> None:
    """Explain the fields of a scenario: unit, default, allowed values, meaning.

    Examples:
    [cyan]commonweal describe settlement[/]

    [cyan]commonweal describe market.leak[/]
    """
    from scenarios import describe as reference

    if markdown:
        print(reference.markdown(), end="")
        return
    for entry in reference.fields_under(field):
        print(f"{entry.path} = {entry.default or '(none)'}" + (f"  [{entry.unit}]" if entry.unit else ""))
        print(f"    {entry.description}; {entry.allowed}")


@app.command()
def figures(folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder of results.")]) -> None:
    """Draw the figures of stored results again."""
    from scenarios.conduct import draw
    from scenarios.store import read_about

    read_about(folder)
    draw(folder)


def _changes(assignments: list[str] | None, rounds: int | None) -> dict[str, Any]:
    from scenarios.loading import read_overrides

    return read_overrides(assignments or []) | ({} if rounds is None else {"rounds": rounds})


if __name__ == "__main__":
    sys.exit(main())
