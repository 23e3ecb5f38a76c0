"""The command ``commonweal``. Heavy libraries are imported by the commands that need them, so that help is instant."""

import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import typer

from commonweal.agents.errors import InputError, shown
from commonweal.commands.interrupts import ended_as_by_ctrl_c
from commonweal.commands.output import give_up_output, refused, write_readably
from commonweal.commands.words import asking, playing, showing, starting

app = typer.Typer(
    name="commonweal",
    help="Simulate data cooperatives: under which rules does cooperation survive, and who profits from deviating?",
    epilog="Start with: commonweal list, then: commonweal run commons --seeds 4",
    add_completion=True,
    rich_markup_mode="rich",
)

COMMANDS: dict[str, Callable[..., None]] = {
    "run": playing.run,
    "sweep": playing.sweep,
    "study": asking.study,
    "reproduce": asking.reproduce,
    "certify": asking.certify,
    "refute": asking.refute,
    "learn": playing.learn,
    "new": starting.new,
    "init": starting.init,
    "check": starting.check,
    "list": starting.list_,
    "describe": starting.describe,
    "play": playing.play,
    "results": showing.results,
    "explain": asking.explain,
    "figures": showing.redraw,
    "serve": playing.serve,
}  # in the order of --help
for _name, _command in COMMANDS.items():
    app.command(_name)(_command)
contract = typer.Typer()
contract.command("solve")(playing.solve)
app.add_typer(contract, name="contract", help="Find out what to offer parties whose costs are private.")

_UsageError: type[Exception] = typer.BadParameter.__mro__[1]  # which typer itself does not export


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: what follows the command's name; the process's own by default.

    Returns:
        The exit status: 0, 1 where runs of a sweep failed, 2 for bad input, 130 when interrupted.
    """
    write_readably()
    with ended_as_by_ctrl_c():
        return _main(arguments)


def _main(arguments: Sequence[str] | None) -> int:
    try:
        words = list(sys.argv[1:] if arguments is None else arguments)
        status = app(words or ["--help"], prog_name="commonweal", standalone_mode=False, obj=words)
        sys.stdout.flush()
    except InputError as error:
        return _refuse(str(error))
    except _UsageError as error:
        return _refuse(_wrong_number(error) or getattr(error, "format_message", error.__str__)())
    except Exception as error:
        if type(error).__name__ == "Interrupted":  # defined in a file that imports heavy libraries
            print("commonweal:", error, file=sys.stderr)
            return 130
        if (reason := refused(error) or _fault_of_a_user(error)) is None:  # one of the program, to be seen as it is
            raise
        give_up_output()
        return 1 if isinstance(error, BrokenPipeError) else _refuse(reason)
    if status == 130:
        print("commonweal: interrupted; nothing half-written was left", file=sys.stderr)
    return status or 0


def _fault_of_a_user(error: Exception) -> str | None:
    """Where a rule or network of a user raised, and what; None where it was none of theirs."""
    from commonweal.agents.foreign_code import raised_in_foreign_code

    return raised_in_foreign_code(error)


def _wrong_number(error: Exception) -> str | None:
    """What is said of an option that should be a number and is none, which typer does not repeat."""
    option, told = getattr(getattr(error, "param", None), "opts", None), getattr(error.__cause__, "errors", None)
    if not option or not told:
        return None
    wrong: dict[str, Any] = told()[0]
    kind = {"int": "a whole number", "float": "a number"}.get(str(wrong["type"]).partition("_")[0])
    return kind and f"{option[-1]} = {shown(wrong['input'])}: must be {kind}"


def _refuse(reason: str) -> int:
    print("commonweal:", " ".join(reason.split()), file=sys.stderr)
    return 2


def _show_version(wanted: bool) -> None:
    if wanted:
        from commonweal.agents.version import software_version

        print(f"commonweal {software_version()}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show it.")] = False,
) -> None:
    """Options of the command itself."""


if __name__ == "__main__":
    sys.exit(main())
