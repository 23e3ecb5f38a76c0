"""Commands that ask: a study, a result of the field, a certificate, and why a run went as it did."""

from pathlib import Path
from typing import Annotated

import typer

from commonweal.agents.errors import InputError
from commonweal.commands.completion import results_of_the_field, scenarios, studies
from commonweal.commands.words.options import (
    Force,
    Formats,
    Imports,
    Lasting,
    Out,
    Seeds,
    Settings,
    Style,
    Width,
    changes_of,
    look,
    options_of,
)


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
    options = options_of(option, rounds, lasts)
    if until_width is not None:
        refuse_until_width(name)
        options["until_width"] = until_width
    changes = changes_of(set_, None if lasts else rounds)
    with look(figures, figures_style, figures_width):
        conduct_study(StudyRequest(context.obj, name, scenario, changes, options, seeds, out, force))


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
    options = options_of(option, rounds, "horizon")
    command.conduct_certify(
        command.CertifyRequest(context.obj, scenario, changes_of(set_, None), options, seeds, out, force)
    )


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
    with look(figures, figures_style, figures_width):
        conduct_explain(ExplainRequest(context.obj, run, seed, given | dict(map(parse_option, option or []))))
