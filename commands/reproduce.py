"""``commonweal reproduce``: plays results of the field, prints theirs beside ours, and says whether they hold."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from commonweal.agents.errors import InputError
from commonweal.agents.threads import settle_for_one_thread
from commonweal.commands.console import listed, say, show
from commonweal.scenarios.atlas import RESULTS, Played, Result, Verdict, replay
from commonweal.scenarios.atlas.page import answer, page, reasons, said
from commonweal.scenarios.atlas.recorded import changed, recorded, write
from commonweal.scenarios.atlas.verdicts import Judged
from commonweal.scenarios.runs.progress import progress
from commonweal.scenarios.runs.text_table import Column
from commonweal.scenarios.schema.notation import read_seeds


@dataclass(frozen=True)
class ReproduceRequest:
    """What a person asks for."""

    name: str | None  # of one result
    all: bool = False  # all of them
    fast: bool = False  # those that take some seconds at most
    seeds: str | None = None  # as many as each result asks for if None
    markdown: bool = False  # print the page of the atlas
    record: Path | None = None  # where verdicts are recorded


def list_results() -> None:
    """Print what results there are."""
    listed((name, f"{each.shows} ({each.paper}; about {each.seconds:g} s)") for name, each in RESULTS.items())


def conduct_reproduce(request: ReproduceRequest) -> int:
    """Play what is asked for, and print it.

    Returns:
        0 where every verdict is the one on record, else 1.

    Raises:
        InputError: if there is no such result, or a check of it is malformed.
    """
    wanted = _wanted(request)
    seeds = None if request.seeds is None else read_seeds(request.seeds)
    settle_for_one_thread()
    played = []
    with progress() as tell:
        for place, each in enumerate(wanted):
            tell("results", place, len(wanted), f"{each.name}: {each.shows}, about {each.seconds:g} s")
            played.append(replay(each, seeds, tell=lambda *_: None))
        tell("results", len(wanted), len(wanted))
    lines = [line for each in played for line in changed(each, recorded())]
    if request.record is not None:
        write(request.record, played)
    if request.markdown:
        print(page(played), end="")
        print("\n".join(lines), end="\n" if lines else "", file=sys.stderr)
        return int(bool(lines))
    tell_one(played[0]) if request.name else tell_all(played)
    for line in lines:
        say(f"changed: {line}", 9)
    return int(bool(lines))


def _wanted(request: ReproduceRequest) -> list[Result]:
    several = request.all or request.fast
    if (request.name is not None) == several:
        raise InputError("name one result, or ask for --all or --fast of them")
    if request.name is not None:
        return [RESULTS[request.name]]
    return [each for _, each in RESULTS.items() if each.fast or not request.fast]


def tell_one(played: Played) -> None:
    """Print the verdict on a result, and its checks."""
    result, checks = played.result, played.checks
    of = f"{sum(each.verdict == played.verdict for each in checks)} of {len(checks)} checks"
    say(f"{result.name}: {said(played)} ({of}), {played.seeds} seeds, {played.seconds:.1f} s")
    say(f"{result.paper}{': ' + result.table if result.table else ''}: {result.shows}.")
    print()
    show(_columns(checks))
    print()
    for why in reasons(checks):
        say(why, 4)
    if result.learns:
        say(result.learns)


def tell_all(played: Sequence[Played]) -> None:
    """Print how many results hold, and a row for each."""
    say(f"{answer(played)} {sum(each.seconds for each in played):.0f} s.")
    print()
    cells = {
        "result": [each.result.name for each in played],
        "checked": [each.deciding.check.name for each in played],
        "theirs": [each.deciding.theirs for each in played],
        "ours": [each.deciding.ours for each in played],
        "verdict": [said(each) for each in played],
        "s": [f"{each.seconds:.1f}" for each in played],
    }
    ranks = {"result": 0, "verdict": 0, "theirs": 1, "ours": 1, "s": 2, "checked": 3}
    show([Column(name, texts, name == "s", ranks[name]) for name, texts in cells.items()])
    unclear = [each.result.name for each in played if each.verdict in (Verdict.DIFFERS, Verdict.UNEXPLAINED)]
    if unclear:
        say(f"why they differ: commonweal reproduce NAME, for {', '.join(unclear)}")


def _columns(checks: Sequence[Judged]) -> list[Column]:
    cells: dict[str, list[str]] = {
        "check": [each.check.name for each in checks],
        "theirs": [each.theirs for each in checks],
        "ours": [each.ours for each in checks],
        "by": [each.by or "–" for each in checks],
        "verdict": [str(each.verdict) for each in checks],
        "theirs is": [str(each.check.source) for each in checks],
        "found by": [str(each.check.found_by) for each in checks],
    }
    ranks = {"by": 1, "theirs is": 2, "found by": 2}
    return [Column(name, texts, False, ranks.get(name, 0)) for name, texts in cells.items()]
