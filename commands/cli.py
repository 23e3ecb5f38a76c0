"""The command ``commonweal``. Heavy libraries are imported by the commands that need them, so that help is instant."""

import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated, Any

import typer

from commonweal.agents.errors import InputError
from commonweal.commands.completion import assignments, fields, kinds, results_of_the_field, scenarios, studies, sweeps
from commonweal.commands.interrupts import ended_as_by_ctrl_c
from commonweal.commands.output import give_up_output, refused, write_readably

app = typer.Typer(
    name="commonweal",
    help="Simulate data cooperatives: under which rules does cooperation survive, and who profits from deviating?",
    epilog="Start with: commonweal list, then: commonweal run commons --seeds 4",
    add_completion=True,
    rich_markup_mode="rich",
)

contract = typer.Typer()
app.add_typer(contract, name="contract", help="Find out what to offer parties whose costs are private.")

Name = Annotated[
    str,
    typer.Argument(
        metavar="SCENARIO", help="A name from [bold]commonweal list[/], or a TOML file.", autocompletion=scenarios
    ),
]
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
        return _refuse(getattr(error, "format_message", error.__str__)())
    except Exception as error:
        if type(error).__name__ == "Interrupted":  # defined in a file that imports heavy libraries
            print("commonweal:", error, file=sys.stderr)
            return 130
        if (reason := refused(error)) is None:  # a fault of the program, to be seen as it is
            raise
        give_up_output()
        return 1 if isinstance(error, BrokenPipeError) else _refuse(reason)
    if status == 130:
        print("commonweal: interrupted; nothing half-written was left", file=sys.stderr)
    return status or 0


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


@app.command()
def run(
    context: typer.Context,
    scenario: Name,
    seeds: Seeds = "1",
    set_: Settings = None,
    rounds: Rounds = None,
    out: Out = None,
    ledger: Annotated[bool, typer.Option("--ledger", help="Keep every transfer of money.")] = False,
    checkpoint_every: Annotated[
        int | None, typer.Option(metavar="N", help="Rounds between checkpoints, from which the same command goes on.")
    ] = None,
    nodes: Annotated[
        int | None, typer.Option(metavar="N", help="Keep the samples in so many processes, each with its own file.")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Of a running Dask scheduler, whose workers are the nodes; or local."),
    ] = None,
    figures: Formats = None,
    figures_style: Style = None,
    figures_width: Width = None,
    force: Force = False,
    import_: Imports = None,
) -> None:
    """Play one economy, print what became of it, and keep results and figures.

    With --nodes nobody but a node reads its principals' samples: learning.wire says what leaves it, and numbers are
    those of a run in one place. With --scheduler the nodes are Dask's workers named node-0, node-1, …; start them by
    hand with [cyan]dask scheduler[/] and [cyan]dask worker ADDRESS --name node-0 --nthreads 1[/], on machines that see
    the folder of results under the same path.

    Examples:
    [cyan]commonweal run commons[/]

    [cyan]commonweal run commons --seeds 8 --set settlement.kind=data --set population.graph=ring[/]

    [cyan]commonweal run my_economy.toml --rounds 50 --out results/short --ledger[/]

    [cyan]commonweal run commons --nodes 4[/]

    [cyan]commonweal run commons --nodes 4 --scheduler tcp://10.0.0.1:8786 --out /shared/results/commons[/]
    """
    from commonweal.commands.nodes import Seats
    from commonweal.commands.run import Request, conduct

    changes, seats = _changes(set_, rounds), Seats(nodes, scheduler)
    with _look(figures, figures_style, figures_width):
        conduct(Request(context.obj, scenario, changes, {}, seeds, out, ledger, force, checkpoint_every, seats))


@app.command()
def sweep(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(
            metavar="SWEEP", help="A sweep of [bold]commonweal list --sweeps[/], its file, or a scenario.",
            autocompletion=sweeps,
        ),
    ],
    vary: Annotated[
        list[str] | None,
        typer.Option(
            "--vary", metavar="PATH=A,B,C", help="Values of a field to compare. Repeatable.", autocompletion=assignments
        ),
    ] = None,
    seeds: Annotated[
        str | None, typer.Option(metavar="N", help="How many seeds (0, 1, …), or a list; 8 if the sweep does not say.")
    ] = None,
    set_: Settings = None,
    rounds: Rounds = None,
    out: Out = None,
    engine: Annotated[str | None, typer.Option(metavar="NAME", help="processes, dask or serial.")] = None,
    workers: Annotated[int | None, typer.Option(metavar="N", help="How many; as many as cores if not given.")] = None,
    scheduler: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Of a running Dask scheduler.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be played, how long, how large.")] = False,
    extend: Annotated[bool, typer.Option("--extend", help="Add points or seeds to a sweep that was begun.")] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Play failed runs once more.")] = False,
    figures: Formats = None,
    figures_style: Style = None,
    figures_width: Width = None,
    force: Force = False,
    import_: Imports = None,
) -> None:
    """Compare economies that differ in some fields, every combination with the same seeds.

    A sweep, from the library or a file, is played by many processes and can be interrupted: the same command continues.
    A scenario with --vary is a small comparison; with --engine it is a sweep too.

    Examples:
    [cyan]commonweal sweep commons --vary settlement.kind=equal,data,credit --seeds 8[/]

    [cyan]commonweal sweep free-riding --dry-run[/]

    [cyan]commonweal sweep my_sweep.toml --workers 8 --out results/mine[/]
    """
    from commonweal.commands.run import Request, conduct, read_variations
    from commonweal.commands.sweep import SweepRequest, conduct_sweep
    from commonweal.scenarios.sweeps.sweep import names_sweep

    changes, varied = _changes(set_, rounds), read_variations(vary or [])
    plain = {engine, workers, scheduler} == {None} and not (dry_run or extend or retry_failed)
    if plain and not names_sweep(source):
        if not varied:
            raise InputError(f"Missing option '--vary': {source} is a scenario; say what differs")
        with _look(figures, figures_style, figures_width):
            conduct(Request(context.obj, source, changes, varied, seeds or "8", out, force=force))
        return
    request = SweepRequest(
        source, changes, varied, seeds, out, engine or "processes", workers, scheduler, dry_run, extend, retry_failed,
        force,
    )
    with _look(figures, figures_style, figures_width):
        status = conduct_sweep(request)
    raise typer.Exit(status)


@app.command()
def study(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(metavar="[STUDY]", help="Which; all are listed if not given.", autocompletion=studies),
    ] = None,
    scenario: Annotated[
        str | None,
        typer.Argument(
            metavar="[SCENARIO]", help="Of which; the study's options are listed if not given.",
            autocompletion=scenarios,
        ),
    ] = None,
    seeds: Seeds = "8",
    set_: Settings = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", "-o", metavar="NAME=VALUE", help="An option of the study. Repeatable."),
    ] = None,
    until_width: Annotated[
        float | None, typer.Option(metavar="W", help="Add seeds until the interval is at most so wide.")
    ] = None,
    rounds: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Rounds to play; short for [cyan]--set rounds=N[/], or for the option of a study that says how many it"
            " plays, like [cyan]-o horizon=N[/].",
        ),
    ] = None,
    out: Out = None,
    figures: Formats = None,
    figures_style: Style = None,
    figures_width: Width = None,
    force: Force = False,
    import_: Imports = None,
) -> None:
    """Ask a question of a scenario: how much free-riding, is the mechanism incentive compatible, who is paid fairly.

    The answer comes with intervals, tables, figures and a report, in results/STUDY-SCENARIO.

    Examples:
    [cyan]commonweal study[/]                                    the studies there are

    [cyan]commonweal study incentives[/]                         the options of one

    [cyan]commonweal study incentives commons --seeds 8 -o horizon=50[/]
    """
    from commonweal.commands.study import (
        StudyRequest,
        conduct_study,
        explain,
        lasting,
        list_studies,
        refuse_until_width,
    )

    if name is None or scenario is None:
        if name is None:
            list_studies()
        else:
            explain(name)
        return
    lasts = lasting(name)
    options = _options(option, rounds, lasts)
    if until_width is not None:
        refuse_until_width(name)
        options["until_width"] = until_width
    changes = _changes(set_, None if lasts else rounds)
    with _look(figures, figures_style, figures_width):
        conduct_study(StudyRequest(context.obj, name, scenario, changes, options, seeds, out, force))


@app.command()
def reproduce(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[RESULT]", help="Which; all are listed if not given.", autocompletion=results_of_the_field
        ),
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Play all of them.")] = False,
    fast: Annotated[bool, typer.Option("--fast", help="Play those that take five seconds at most.")] = False,
    seeds: Annotated[
        str | None, typer.Option(metavar="N", help="How many seeds, or a list; what each result asks for if not given.")
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the page of the atlas.")] = False,
    record: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="Record the verdicts in a file; others in it stay.")
    ] = None,
    import_: Imports = None,
) -> None:
    """Play a published result in this economy, and print theirs beside ours with a verdict.

    Ends with 1 where a verdict is not the one on record. A result of your own is a function in a file before the
    command, or of a package that offers it (entry points commonweal.results).

    Examples:
    [cyan]commonweal reproduce[/]                              the results there are

    [cyan]commonweal reproduce hauert-2002[/]

    [cyan]commonweal reproduce --all --fast[/]

    [cyan]commonweal reproduce my-result --import my_result.py --seeds 16[/]
    """
    from commonweal.commands import reproduce as command

    if name is None and not (all_ or fast or markdown or record):
        command.list_results()
        return
    request = command.ReproduceRequest(name, all_ or (name is None and not fast), fast, seeds, markdown, record)
    raise typer.Exit(command.conduct_reproduce(request))


@app.command()
def certify(
    context: typer.Context,
    scenario: Annotated[
        str | None,
        typer.Argument(
            metavar="[SCENARIO]", help="Of which; options and attacks are listed if not given.",
            autocompletion=scenarios,
        ),
    ] = None,
    seeds: Seeds = "8",
    set_: Settings = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", "-o", metavar="NAME=VALUE", help="An option of the certificate. Repeatable."),
    ] = None,
    rounds: Lasting = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The certificate; results/NAME.certificate.json if not given.")
    ] = None,
    check: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Make this certificate again from its file, and compare.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a certificate and its verdicts.")] = False,
    import_: Imports = None,
) -> None:
    """Certify how far a scenario's rules can be gamed: the strongest attack found, with intervals, in one file.

    Families of attacks and a search choose attacks on the seeds given; fresh seeds judge. The file holds the whole
    scenario, the budget and all numbers, and a digest of them; others check it, or try to break it with
    [cyan]commonweal refute[/].

    Examples:
    [cyan]commonweal certify[/]                                        options, and families of attacks

    [cyan]commonweal certify commons --set settlement.kind=robust[/]

    [cyan]commonweal certify --check results/commons.certificate.json[/]
    """
    from commonweal.commands import certify as command

    if check is not None:
        if scenario is not None:
            raise InputError(f"--check takes the scenario from the certificate; leave {scenario} out")
        raise typer.Exit(command.conduct_check(check, context.obj))
    if scenario is None:
        command.list_options()
        return
    options = _options(option, rounds, "horizon")
    command.conduct_certify(
        command.CertifyRequest(context.obj, scenario, _changes(set_, None), options, seeds, out, force)
    )


@app.command()
def refute(
    context: typer.Context,
    certificate: Annotated[Path, typer.Argument(metavar="CERTIFICATE", help="A file that certify has written.")],
    attack: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A family of attacks, or a JSON file of them. Repeatable."),
    ] = None,
    seeds: Annotated[int, typer.Option(metavar="N", help="Fresh seeds: half choose, half judge.")] = 32,
    import_: Imports = None,
) -> None:
    """Try to break a certificate with other attacks, on seeds it never saw; the verdict is appended to its file.

    Families come with the library, or from packages that register them (entry points commonweal.attacks). Ends with 1
    where the certificate falls. Without --attack it is made again from its file and compared, as by certify --check.

    Examples:
    [cyan]commonweal refute results/commons.certificate.json --attack mixed[/]

    [cyan]commonweal refute results/commons.certificate.json --attack my_attacks.json --seeds 64[/]
    """
    from commonweal.commands import certify as command

    if not attack:
        raise typer.Exit(command.conduct_check(certificate, context.obj))
    raise typer.Exit(command.conduct_refute(certificate, attack, seeds, context.obj))


@app.command()
def learn(
    context: typer.Context,
    scenario: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="For what is learned, like attack.safetensors.")],
    set_: Settings = None,
    option: Annotated[
        list[str] | None,
        typer.Option("--option", "-o", metavar="NAME=VALUE", help="method, member, start, horizon, runs, updates."),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="S", help="Of the training; the same seed learns the same.")] = 0,
    held_out: Annotated[int, typer.Option(metavar="N", help="Fresh seeds on which it is judged.")] = 16,
    rounds: Lasting = None,
    force: Force = False,
    import_: Imports = None,
) -> None:
    """Let one principal learn what pays best against all others, who follow their policies.

    By programmes of moves (method=programmes), or by networks that a population (networks) or gradients (ppo) train.
    What it learned is judged on fresh seeds and kept; scenarios name it as the policy learned:FILE.

    Examples:
    [cyan]commonweal learn commons attack.safetensors --set settlement.kind=equal[/]

    [cyan]commonweal learn commons net.safetensors -o method=ppo -o updates=60[/]
    """
    from commonweal.commands.learn import LearnRequest, conduct_learn

    parts = _options(option, rounds, "horizon")
    conduct_learn(LearnRequest(context.obj, scenario, file, _changes(set_, None), parts, seed, held_out, force))


@app.command()
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


@app.command()
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


@app.command()
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

    conduct_check(scenario, _changes(set_, rounds), read_seeds(seeds))


@app.command("list")
def list_(
    sweeps: Annotated[bool, typer.Option("--sweeps", help="The sweeps instead.")] = False,
    import_: Imports = None,
) -> None:
    """List the scenarios of the library."""
    from commonweal.commands.console import listed
    from commonweal.scenarios.schema.library import LIBRARY, SWEEPS, described

    listed(described(SWEEPS if sweeps else LIBRARY))


@app.command()
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


@app.command()
def play(
    game: Annotated[str | None, typer.Argument(metavar="[GAME]", help="Which; all are listed if not given.")] = None,
    negotiated: Annotated[bool, typer.Option("--negotiated", help="The players make a binding deal first.")] = False,
    negotiator: Annotated[
        str | None, typer.Option(metavar="NAME", help="With --negotiated: shapley (if not given), endpoint or replay.")
    ] = None,
    boss: Annotated[float, typer.Option(metavar="HEALTH", help="Of the boss in raid-battle.")] = 2000.0,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Of all luck.")] = 0,
    log: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Of software-team: CSV or JSON; a calculator's if not given.")
    ] = None,
    reward: Annotated[
        float | None, typer.Option(metavar="MONEY", help="Of software-team, with every stage done; 100 if not given.")
    ] = None,
    division: Annotated[
        str | None,
        typer.Option(metavar="PERCENT,…", help="Of software-team: which substitutes would make it Shapley's?"),
    ] = None,
    nobody: Annotated[
        float | None,
        typer.Option(metavar="Q", help="With --division: worth of nobody at all, of 1; the log's if not given."),
    ] = None,
    import_: Imports = None,
) -> None:
    """Play a small social dilemma, everybody for itself or by negotiated terms.

    In software-team every owner does its stage of a project or skips it; a
    skipped stage is done by a substitute at a part of its quality. Completions
    are paid, so what completes little is skipped unless a deal pays for it.

    A log has an entry for each piece of work: stage, owner and completed (a
    count); if wanted done (words), effort (money it costs its owner) and
    substitute (quality, of 1, if the owner skips the stage; 0.7 if not given).

    Examples:
    [cyan]commonweal play[/]                              the games there are

    [cyan]commonweal play escape-room --negotiated[/]

    [cyan]commonweal play raid-battle --boss 300[/]

    [cyan]commonweal play software-team --negotiated[/]

    [cyan]commonweal play software-team --log mine.csv --reward 5000[/]

    [cyan]commonweal play software-team --division 10,15,20,30,20,5 --nobody 0.2[/]
    """
    from commonweal.commands import play as command
    from commonweal.commands.play_team import TeamRequest, play_team

    if negotiator is not None and not negotiated:
        raise InputError("--negotiator speaks where players negotiate: give --negotiated too")
    speaker = (negotiator or "shapley") if negotiated else None
    team = TeamRequest(speaker, log, reward, division, nobody)
    if game is not None and game != command.TEAM and team.given:
        raise InputError(f"{team.given[0]} is of {command.TEAM}: {game} has no such option")
    if game == command.TEAM:
        lines = play_team(team)
    else:
        lines = command.list_games() if game is None else command.play(game, speaker, boss, seed)
    print("\n".join(lines))


@contract.command()
def solve(
    context: typer.Context,
    source: Annotated[
        str | None, typer.Argument(metavar="[CONTRACT]", help="A name or a TOML file; names are listed if not given.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for the menu; results/contract-NAME if not given.")
    ] = None,
    figures: Formats = None,
    figures_style: Style = None,
    figures_width: Width = None,
    force: Force = False,
    import_: Imports = None,
) -> None:
    """Find the menu that gets most data out of parties whose costs are private, without running an economy.

    Who picks a line puts in its samples and is given its part of the model's accuracy. Prints each type's line, what it
    has alone and its rent, what private costs lose, and by how much constraints are missed; keeps menu.csv, menu.json
    and menu.png. A file gives the number of parties and, for each type, a table with its cost and share.

    Examples:
    [cyan]commonweal contract solve[/]                         the contracts there are

    [cyan]commonweal contract solve big-firms[/]

    [cyan]commonweal contract solve my_contract.toml --out results/mine[/]
    """
    if source is None:
        from commonweal.commands.console import listed
        from commonweal.scenarios.schema.library import CONTRACTS, described

        listed(described(CONTRACTS))
        return
    from commonweal.commands.contract import conduct_contract

    with _look(figures, figures_style, figures_width):
        conduct_contract(context.obj, source, out, force)


@app.command()
def results(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder of results; a sweep need not be finished.")],
    sql: Annotated[str | None, typer.Option(metavar="SELECT", help="Ask the views runs and rounds (DuckDB).")] = None,
    csv: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the answer, or all runs, as CSV.")] = None,
    parquet: Annotated[Path | None, typer.Option(metavar="FILE", help="The same as Parquet.")] = None,
    run_id: Annotated[str | None, typer.Option("--run", metavar="ID", help="Show a run and how to repeat it.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Print all rows and differences, not a screen of them.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace files that exist.")] = False,
    import_: Imports = None,
) -> None:
    """Show what came out: points with intervals and their differences, one run, or the answer to a question.

    Examples:
    [cyan]commonweal results results/free-riding[/]

    [cyan]commonweal results results/mine --sql "SELECT seed, max(gini) FROM rounds GROUP BY seed" --csv gini.csv[/]

    [cyan]commonweal results results/mine --run 3f2a[/]
    """
    from commonweal.commands import results as shown

    shown.results(folder, sql, shown.Exports(csv, parquet, force), run_id, all_)


@app.command()
def explain(
    context: typer.Context,
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A folder of results, or one of its runs as DIR/ID.")],
    principal: Annotated[int | None, typer.Option(metavar="P", help="Whose decision; with --round.")] = None,
    round_: Annotated[int | None, typer.Option("--round", metavar="T", help="Of which round, counted from 0.")] = None,
    question: Annotated[
        str | None, typer.Option(metavar="WHAT", help="Of a decision: behaviour, prediction or outcome.")
    ] = None,
    outcome: Annotated[
        list[str] | None,
        typer.Option(metavar="METRIC", help="What everybody's action was worth to it, like welfare. Repeatable."),
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(metavar="WHAT", help="Compared with what: uniform, as-played or instead-of.")
    ] = None,
    episodes: Annotated[
        int | None, typer.Option(metavar="E", help="Which of so many episodes decided how the run ended.")
    ] = None,
    strangers: Annotated[int | None, typer.Option(metavar="K", help="Other lucks that episodes are given.")] = None,
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Of the run, where there are several; the first if not given.")
    ] = None,
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option", "-o", metavar="NAME=VALUE",
            help="Another option of [bold]commonweal study explain[/], like [cyan]profiles=300[/]. Repeatable.",
        ),
    ] = None,
    import_: Imports = None,
    figures: Formats = None,
    figures_style: Style = None,
    figures_width: Width = None,
) -> None:
    """Say why a stored run went as it did: a principal's decision, everybody's action, or the luck of its episodes.

    The run is played again from its scenario and seed and compared with what was stored. The answer is a sentence, a
    table, and files in the folder's explanations/: JSON that [cyan]Explanation.load[/] reads, and figures. Of a sweep
    --outcome says what each varied field was worth. Without a question it lists what can be asked.

    Examples:
    [cyan]commonweal explain results/commons[/]                                      what can be asked

    [cyan]commonweal explain results/commons --principal 7 --round 40[/]             why did it do that?

    [cyan]commonweal explain results/commons --principal 7 --question outcome[/]     and what did that bring?

    [cyan]commonweal explain results/commons --outcome welfare --outcome accuracy[/] who was worth what?

    [cyan]commonweal explain results/commons --episodes 5 --outcome accuracy[/]      what decided the run?

    [cyan]commonweal explain results/free-riding --outcome welfare[/]                which field matters where?
    """
    from commonweal.commands.explain import ExplainRequest, conduct_explain
    from commonweal.scenarios.schema.notation import parse_option

    named = {
        "principal": principal, "round": round_, "question": question, "outcome": outcome, "baseline": baseline,
        "episodes": episodes, "strangers": strangers,
    }  # fmt: skip
    given = {name: value for name, value in named.items() if value not in (None, [])}
    with _look(figures, figures_style, figures_width):
        conduct_explain(ExplainRequest(context.obj, run, seed, given | dict(map(parse_option, option or []))))


@app.command("figures")
def redraw(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder of a run, a sweep, a study or a contract.")],
    figures: Formats = None,
    figures_style: Style = None,
    figures_width: Width = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for figures; where the results have theirs if not given.")
    ] = None,
    import_: Imports = None,
) -> None:
    """Draw the figures of stored results again, in another style or format, without playing anything.

    A column is 3.5 inches wide with type of 7 points, a page 7.2 with 8, a slide 10 with 14. Fonts are embedded, and
    the same results give the same bytes. Beside each figure lies what it draws, as CSV.

    Examples:
    [cyan]commonweal figures results/commons --figures pdf --figures-style column[/]

    [cyan]commonweal figures results/commons --figures svg,png --figures-width 5.5 --out paper/figures[/]
    """
    from commonweal.commands.run import draw

    with _look(figures, figures_style, figures_width):
        draw(folder, out)


@app.command()
def serve(
    scenario: Annotated[
        str | None,
        typer.Argument(
            metavar="[SCENARIO]", help="A name of [bold]commonweal list[/], a TOML file, or a folder of results.",
            autocompletion=scenarios,
        ),
    ] = None,
    run: Annotated[
        Path | None, typer.Option(metavar="DIR/ID", help="A run of a folder of results, to look at and go on from.")
    ] = None,
    port: Annotated[int, typer.Option(metavar="N", min=0, max=65535, help="0 takes one that is free.")] = 8765,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where to listen, like 0.0.0.0; only this machine if not given.")
    ] = "127.0.0.1",
    no_token: Annotated[
        bool, typer.Option("--no-token", help="Let in everybody who can reach --host, without the token it prints.")
    ] = False,
    import_: Imports = None,
) -> None:
    """Watch a cooperative in the browser, steer it, and ask what if one deviates.

    Prints the address of the page, and serves it until Ctrl-C.

    Only this machine can open it. With --host others can, by the address that
    is printed: it ends in a token, new at each start, and whoever has it can
    use the page.

    Examples:
    [cyan]commonweal serve[/]                                   the commons

    [cyan]commonweal serve leaky --port 8080[/]

    [cyan]commonweal serve mine.toml[/]

    [cyan]commonweal serve results/mine[/]                      maps of a sweep

    [cyan]commonweal serve results[/]                           any results in there

    [cyan]commonweal serve --run results/mine/3f2a[/]           one run of them

    [cyan]commonweal serve --host 0.0.0.0[/]                    for others too
    """
    from commonweal.commands.run import open_page

    open_page(scenario, run, host, port, not no_token)


def _look(formats: str | None, style: str | None, width: float | None) -> AbstractContextManager[None]:
    """How the figures of a command are printed."""
    from commonweal.figures.looks import printed_as, read_look

    return printed_as(read_look(formats, style, width))


def _options(assignments: list[str] | None, rounds: int | None, lasts: str) -> dict[str, Any]:
    """What ``-o`` says, and ``--rounds`` as the option that says how many are played, if there is one."""
    from commonweal.scenarios.schema.notation import parse_option

    options = dict(map(parse_option, assignments or []))
    if rounds is None or not lasts:
        return options
    if lasts in options:
        raise InputError(f"--rounds {rounds} is short for -o {lasts}={rounds}, which is given too; leave one out")
    return options | {lasts: rounds}


def _changes(assignments: list[str] | None, rounds: int | None) -> dict[str, Any]:
    from commonweal.scenarios.schema.loading import read_overrides

    return read_overrides(assignments or []) | ({} if rounds is None else {"rounds": rounds})


if __name__ == "__main__":
    sys.exit(main())
