"""Commands that play: one economy, a sweep, a small game, a contract, the page, and what learns against a scenario."""

from pathlib import Path
from typing import Annotated

import typer

from commonweal.agents.errors import InputError
from commonweal.commands.completion import assignments, scenarios, sweeps
from commonweal.commands.words.options import (
    Force,
    Formats,
    Imports,
    Lasting,
    Name,
    Out,
    Rounds,
    Seeds,
    Settings,
    Style,
    Width,
    changes_of,
    look,
    options_of,
)


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

    changes, seats = changes_of(set_, rounds), Seats(nodes, scheduler)
    with look(figures, figures_style, figures_width):
        conduct(Request(context.obj, scenario, changes, {}, seeds, out, ledger, force, checkpoint_every, seats))


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

    changes, varied = changes_of(set_, rounds), read_variations(vary or [])
    plain = {engine, workers, scheduler} == {None} and not (dry_run or extend or retry_failed)
    if plain and not names_sweep(source):
        if not varied:
            raise InputError(f"Missing option '--vary': {source} is a scenario; say what differs")
        with look(figures, figures_style, figures_width):
            conduct(Request(context.obj, source, changes, varied, seeds or "8", out, force=force))
        return
    request = SweepRequest(
        source, changes, varied, seeds, out, engine or "processes", workers, scheduler, dry_run, extend, retry_failed,
        force,
    )
    with look(figures, figures_style, figures_width):
        status = conduct_sweep(request)
    raise typer.Exit(status)


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

    with look(figures, figures_style, figures_width):
        conduct_contract(context.obj, source, out, force)


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

    parts = options_of(option, rounds, "horizon")
    conduct_learn(LearnRequest(context.obj, scenario, file, changes_of(set_, None), parts, seed, held_out, force))
