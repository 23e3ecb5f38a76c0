"""From a request on the command line to stored results, a table and figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from commonweal.agents.errors import InputError
from commonweal.agents.threads import settle_for_one_thread
from commonweal.commands.console import console
from commonweal.scenarios.runs.comparing import read_seeds, sweep
from commonweal.scenarios.runs.kept_runs import forget, play_kept
from commonweal.scenarios.runs.progress import Progress, progress
from commonweal.scenarios.runs.store import save, writing
from commonweal.scenarios.runs.summary import headline, notes, summary_table
from commonweal.scenarios.runs.tables import SweepResults, label_runs
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.schema.notation import parse_variation
from commonweal.scenarios.schema.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from commonweal.economy.menus import Menu
    from commonweal.scenarios.studies.base import Answer


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
    checkpoint_every: int | None = None  # rounds between checkpoints of a single economy; none if not given


def conduct(request: Request) -> None:
    """Play, store and show what is asked for.

    Raises:
        InputError: if that is not possible; nothing is left behind then.
    """
    if both := sorted(set(request.vary) & set(request.changes)):
        raise InputError(f"{both[0]} is both set and varied; leave one out")
    base, seeds = load(request.scenario, request.changes), read_seeds(request.seeds)
    folder = request.out or Path("results") / base.name
    began, clock = datetime.now(UTC).isoformat(timespec="seconds"), monotonic()
    settle_for_one_thread()
    with writing(folder) as partial:
        with progress() as tell:
            results = _played(request, base, seeds, folder, tell)
        about = {"command": list(request.words), "overridden": sorted(request.changes), "started": began}
        save(label_runs(results, request.changes), partial, about | {"seconds": round(monotonic() - clock, 3)})
    forget(folder)
    show(results, folder)
    draw(folder)


def _played(
    request: Request, base: Scenario, seeds: tuple[int, ...], folder: Path, tell: Progress
) -> SweepResults:
    every, ledger = request.checkpoint_every, request.keep_ledger
    if every is None:
        return sweep(base, request.vary, seeds, keep_ledger=ledger, tell=tell)
    return play_kept(base, seeds, folder, every, keep_ledger=ledger, tell=tell)


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


def show(results: SweepResults, folder: Path) -> None:
    """Print the table, what a reader must know of it, and where the results lie."""
    print(headline(results))
    console().print(summary_table(results))
    for note in notes(results):
        print(note)
    print(f"results  {folder}/ ({', '.join(f'{name}.parquet' for name in results.tables())})")


# The command is the outermost shell: this module alone reaches up to the figures.


def figures_of(answer: "Answer") -> "dict[str, Figure]":
    """The figures of a study's answer, by name."""
    from commonweal.figures.studies import draw as draw_study

    return draw_study(answer)


def draw_answer(answer: "Answer", folder: Path) -> dict[str, Path]:
    """Draw the figures of a study's answer into a folder; their files by name."""
    from commonweal.figures import canvas

    return {name: canvas.save(figure, folder / f"{name}.png") for name, figure in figures_of(answer).items()}


def draw_menu(name: str, menu: "Menu", file: Path) -> Path:
    """Draw a menu of contracts into a file."""
    from commonweal.figures import canvas
    from commonweal.figures.menus import draw_menu as drawn

    return canvas.save(drawn(name, menu), file)


def draw(folder: Path) -> None:
    """Draw the figures of stored results and say where they lie."""
    from commonweal.figures.plots import draw_all

    for file in draw_all(folder, lambda reason: print(f"no figure {reason}")):
        print(f"figure   {file}")


def open_page(scenario: str | None, run: Path | None, host: str, port: int) -> None:
    """Serve the browser page until interrupted; see ``commonweal.figures.browser.page.server.serve``."""
    from commonweal.figures.browser.page.server import serve

    serve(scenario, run, host, port)
