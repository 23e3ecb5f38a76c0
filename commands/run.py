"""From a request on the command line to stored results, a table and figures."""

import hashlib
import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from commonweal.agents.errors import InputError
from commonweal.agents.threads import settle_for_one_thread
from commonweal.commands.console import height, say, tell_where, width
from commonweal.commands.console import show as show_table
from commonweal.commands.nodes import Seats, load_over_nodes, opened
from commonweal.scenarios.runs.faithful import unfaithful
from commonweal.scenarios.runs.progress import progress
from commonweal.scenarios.runs.store import check_place, hidden, identity_of, save, writing
from commonweal.scenarios.runs.summary import headline, notes, summary_table
from commonweal.scenarios.runs.tables import SweepResults, label_runs
from commonweal.scenarios.schema.notation import parse_variation
from commonweal.scenarios.sweeps.manifest import code_version
from commonweal.scenarios.sweeps.shards import committed
from commonweal.scenarios.sweeps.sweep import comparison, sweep

if TYPE_CHECKING:
    from commonweal.economy.menus import Menu


class Interrupted(Exception):  # noqa: N818 - nothing went wrong
    """A person stopped a sweep. Its message says how to go on."""


@dataclass(frozen=True)
class Request:
    """What a person asks for."""

    words: Sequence[str]  # the command line, kept with the results
    scenario: str  # library name or path
    changes: Mapping[str, Any]  # fields set alike in all runs, by path
    vary: Mapping[str, Sequence[Any]]  # fields to compare, by path
    seeds: str  # how many, or a list
    out: Path | None = None  # results/NAME if None
    keep_ledger: bool = False
    force: bool = False  # replace results of another command
    checkpoint_every: int | None = None  # rounds between checkpoints of a single economy; none if not given
    seats: Seats = field(default_factory=Seats)  # where the nodes are; in this process if nothing is asked for


def conduct(request: Request) -> None:
    """Play, store and show what is asked for.

    Raises:
        InputError: if that is not possible; nothing is left behind then.
    """
    if both := sorted(set(request.vary) & set(request.changes)):
        raise InputError(f"{both[0]} is both set and varied; leave one out")
    base, changes, said = load_over_nodes(request.scenario, request.changes, request.seats)
    plan = comparison(base, request.vary, request.seeds, keep_ledger=request.keep_ledger)
    folder = request.out or Path("results") / base.name
    identity = identity_of("comparison", plan.contents())
    check_place(folder, identity, force=request.force)
    began, clock = datetime.now(UTC).isoformat(timespec="seconds"), monotonic()
    settle_for_one_thread()
    document = json.dumps([plan.contents(), plan.rules, code_version()])
    place = hidden(folder.absolute(), f"{hashlib.sha256(document.encode()).hexdigest()[:8]}.unfinished")
    checkpoints = hidden(folder.absolute(), "checkpoints")
    kept = None if request.checkpoint_every is None else (checkpoints, request.checkpoint_every)
    with writing(folder, identity, force=request.force) as partial:
        over = opened(request.seats, base.learning.nodes, partial)
        with progress() as tell, _hidden(place, checkpoints), over as open_nodes:
            results = sweep(plan, tell=tell, folder=place, checkpoint=kept, open_nodes=open_nodes)
        about = {"identity": identity, "command": list(request.words), "overridden": sorted(changes)}
        about["started"] = began
        save(label_runs(results, changes), partial, about | {"seconds": round(monotonic() - clock, 3)})
    for done in (place, checkpoints):
        shutil.rmtree(done, ignore_errors=True)
    warnings = unfaithful(plan.scenario(point) for point in range(len(plan.points)))
    show(results, folder, [*([said] if said else []), *warnings])
    draw(folder)


@contextmanager
def _hidden(place: Path, checkpoints: Path) -> Iterator[None]:
    """While a comparison is played in a hidden folder: where it ends early, only what can be continued remains."""
    try:
        yield
    except BaseException as error:
        interrupted = isinstance(error, KeyboardInterrupt)
        if interrupted and checkpoints.is_dir():
            print(f"checkpoints are kept in {checkpoints}: the same command goes on from there", file=sys.stderr)
        if interrupted and committed(place):
            raise Interrupted("interrupted; what is finished is kept and the same command continues") from None
        shutil.rmtree(place, ignore_errors=True)
        raise


def read_variations(texts: Sequence[str]) -> dict[str, list[Any]]:
    """The fields to compare, from texts like ``settlement.kind=equal,data``.

    Raises:
        InputError: if one is malformed or given twice.
    """
    varied: dict[str, list[Any]] = {}
    for path, values in map(parse_variation, texts):
        if path in varied:
            raise InputError(f"--vary {path} is given twice; list all its values once")
        varied[path] = values
    return varied


def show(results: SweepResults, folder: Path, warnings: Sequence[str] = ()) -> None:
    """Print the table, what a reader must know of it, what came out, and where the results lie."""
    about, end = headline(results), [*notes(results), *warnings, results.summary()]
    say(about)
    show_table(summary_table(results, width()), height([about, *end]), f"commonweal results {folder} --all")
    for line in end:
        say(line)
    tell_where("results", folder, [f"{name}.parquet" for name in results.tables()])


# The command is the outermost shell: this module alone reaches up to the figures.


def draw_menu(name: str, menu: "Menu", folder: Path) -> list[Path]:
    """Draw a menu of contracts into a folder."""
    from commonweal.figures.redrawn import keep_menu

    return keep_menu(name, menu, folder)


def draw(folder: Path, out: Path | None = None) -> None:
    """Draw the figures of stored results and say where they lie, and which could not be drawn though they apply.

    Args:
        folder: of the results.
        out: for the figures; where the results have theirs if None.
    """
    from commonweal.figures.printing import pictures_among
    from commonweal.figures.redrawn import drawn

    files = drawn(folder, lambda reason: None if ": skipped, " in reason else say(f"no figure {reason}"), out)
    tell_where("figures", files[0].parent if files else folder, pictures_among(files))


def open_page(scenario: str | None, run: Path | None, host: str, port: int, with_token: bool) -> None:
    """Serve the browser page until interrupted; see ``commonweal.figures.browser.page.server.serve``."""
    from commonweal.figures.browser.page.server import serve

    serve(scenario, run, host, port, with_token)
