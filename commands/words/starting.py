"""Commands to begin with: what there is, what a field means, a scenario around a table, a rule of one's own."""

from pathlib import Path
from typing import Annotated

import typer

from commonweal.agents.errors import InputError
from commonweal.commands.completion import fields, kinds
from commonweal.commands.words.options import Imports, Name, Rounds, Seeds, Settings, changes_of


def new(
    kind: Annotated[
        str | None,
        typer.Argument(
            metavar="[KIND]", help="Of rule, like settlement; all are listed if not given.", autocompletion=kinds
        ),
    ] = None,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Of rule and file, like my_rule.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for both files; here if not given.")] = None,
) -> None:
    """Write a rule of your own as a file that works and teaches, with a test beside it.

    NAME.py holds a rule that can be played at once: change what it does. test_NAME.py holds it to what every rule of
    its kind promises. Commands know the rule by [cyan]--import NAME.py[/], scenarios by import = ['NAME.py'].

    Examples:
    [cyan]commonweal new[/]                              the kinds there are

    [cyan]commonweal new settlement my_rule[/]

    [cyan]commonweal new probe night_shift --out rules[/]
    """
    from commonweal.commands import new as command

    if kind is None:
        command.list_kinds()
        return
    command.template(kind)
    if name is None:
        raise InputError(f"Missing argument 'NAME': say what the {kind} is to be called, like my_{kind}")
    command.write_new(kind, name, out or Path())


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="For the scenario; made if it is not there.")],
    data: Annotated[
        str | None, typer.Option(metavar="FILE", help="CSV or parquet; [cyan]hospitals[/] is a made-up table.")
    ] = None,
    label: Annotated[str | None, typer.Option(metavar="COLUMN", help="What is learned; guessed if not given.")] = None,
    owner: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Whose a row is; guessed if not given, - for nobody's.")
    ] = None,
    weight: Annotated[str, typer.Option(metavar="COLUMN", help="What a row counts; all alike if not given.")] = "",
    split: Annotated[
        str, typer.Option(metavar="COLUMN", help="Its words are train, validation and test; drawn if not given.")
    ] = "",
    metric: Annotated[
        str, typer.Option(metavar="NAME", help="What the model is sold by, like balanced_accuracy, auc, log_loss, r2.")
    ] = "auto",
    force: Annotated[bool, typer.Option("--force", help="Replace a scenario that lies there.")] = False,
) -> None:
    """Write a scenario around a table of your own: its owners become the principals.

    A row is a sample. What is not said is asked at a terminal, and guessed otherwise. The file that is written,
    DIR/scenario.toml, has a comment for every choice, to be changed by hand.

    Examples:
    [cyan]commonweal init clinics[/]                       asks for a file and its columns

    [cyan]commonweal init clinics --data hospitals[/]      twelve made-up hospitals, to try

    [cyan]commonweal init clinics --data patients.csv --label outcome --owner hospital[/]

    [cyan]commonweal init clinics --data patients.csv --metric balanced_accuracy --weight visits[/]
    """
    from commonweal.commands.init import InitRequest, conduct_init

    conduct_init(InitRequest(folder, data, label, owner, weight, split, metric, force))


def check(
    scenario: Name, seeds: Seeds = "8", set_: Settings = None, rounds: Rounds = None, import_: Imports = None
) -> None:
    """Say what a scenario would do, without playing it: whose data, how much, which rules, how long.

    Some rounds are tried to tell the time, and nothing is kept.

    Examples:
    [cyan]commonweal check commons[/]

    [cyan]commonweal check clinics/scenario.toml --set task.missing=drop[/]
    """
    from commonweal.commands.init import conduct_check
    from commonweal.scenarios.schema.notation import read_seeds

    conduct_check(scenario, changes_of(set_, rounds), read_seeds(seeds))


def list_(
    sweeps: Annotated[bool, typer.Option("--sweeps", help="The sweeps instead.")] = False,
    import_: Imports = None,
) -> None:
    """List the scenarios of the library."""
    from commonweal.commands.console import listed
    from commonweal.scenarios.schema.library import LIBRARY, SWEEPS, described

    listed(described(SWEEPS if sweeps else LIBRARY))


def describe(
    field: Annotated[
        str,
        typer.Argument(
            metavar="[FIELD]", help="A field or section, like [cyan]settlement[/].", autocompletion=fields
        ),
    ] = "",
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the whole reference as Markdown.")] = False,
    import_: Imports = None,
) -> None:
    """Explain the fields of a scenario: unit, default, allowed values, meaning.

    Examples:
    [cyan]commonweal describe settlement[/]

    [cyan]commonweal describe market.leak[/]
    """
    from commonweal.commands.console import say
    from commonweal.scenarios.schema import describe as reference

    if markdown:
        print(reference.markdown(), end="")
        return
    for entry in reference.fields_under(field):
        print(f"{entry.path} = {entry.default or '(none)'}" + (f"  [{entry.unit}]" if entry.unit else ""))
        say(f"    {entry.description}; {entry.allowed}", 4)
