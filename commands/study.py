"""``commonweal study``: asks, shows progress and tables, and keeps the answer with figures and a report."""

import shlex
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from commonweal.agents.errors import InputError
from commonweal.agents.threads import settle_for_one_thread
from commonweal.commands.answered import show_answer
from commonweal.commands.console import listed, say, tell_where
from commonweal.commands.run import Interrupted
from commonweal.figures.printing import pictures_among
from commonweal.figures.studies import draw_into
from commonweal.scenarios.runs.progress import progress
from commonweal.scenarios.runs.store import PICTURES, check_place, hidden, writing
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.schema.notation import read_seeds
from commonweal.scenarios.studies import STUDIES
from commonweal.scenarios.studies.answers import write
from commonweal.scenarios.studies.asking import ask, identity_of_answer
from commonweal.scenarios.studies.options import described, read_options
from commonweal.scenarios.studies.pieces import kept


@dataclass(frozen=True)
class StudyRequest:
    """What a person asks for."""

    words: Sequence[str]  # the command line, kept with the answer
    study: str
    scenario: str  # library name or path
    changes: Mapping[str, Any]  # fields of the scenario, by path
    options: Mapping[str, Any]  # of the study
    seeds: str
    out: Path | None = None  # results/STUDY-SCENARIO if None
    force: bool = False  # replace results of another command


def conduct_study(request: StudyRequest) -> None:
    """Ask, show and keep.

    Raises:
        InputError: if that is not possible; nothing is left behind where nothing was played.
        Interrupted: if a person stops it, and something was finished.
    """
    study = STUDIES[request.study]
    scenario, seeds = load(request.scenario, request.changes), read_seeds(request.seeds)
    chosen = read_options(study, request.options)
    options = chosen.model_dump(mode="json", exclude_unset=True)
    folder = request.out or Path("results") / f"{request.study}-{scenario.name}"
    settle_for_one_thread()
    identity = identity_of_answer(request.study, scenario, seeds, chosen)
    check_place(folder, identity, force=request.force)
    place = hidden(folder.absolute(), f"{identity[:8]}.unfinished")
    with writing(folder, identity, force=request.force) as partial, continued(place, request.words):
        with progress() as tell:
            answer = ask(request.study, scenario, seeds, tell=tell, folder=place, **options)
        answer = replace(answer, provenance={"command": list(request.words), **answer.provenance})
        show_answer(answer, f"commonweal results {shlex.quote(str(folder))} --all shows them")
        names = write(answer, partial, draw_into)
    shutil.rmtree(place, ignore_errors=True)
    figures = [folder / name for name in names if name.endswith(tuple(f".{suffix}" for suffix in PICTURES))]
    tell_where("results", folder, [name for name in names if folder / name not in figures])
    tell_where("figures", folder, pictures_among(figures))


@contextmanager
def continued(place: Path, words: Sequence[str]) -> Iterator[None]:
    """Say how a study goes on that ends early, where anything of it is kept in ``place``."""
    command = shlex.join(["commonweal", *words])
    try:
        yield
    except KeyboardInterrupt:
        if not kept(place):
            raise
        raise Interrupted(f"interrupted; what is finished is kept, and goes on with: {command}") from None
    except InputError as error:
        if not kept(place):
            raise
        raise InputError(f"{error}; what was played is kept in {place}, and goes on with: {command}") from None


def list_studies() -> None:
    """Print what studies there are."""
    listed((name, study.about) for name, study in STUDIES.items())


def explain(name: str) -> None:
    """Print a study's question and its options.

    Raises:
        InputError: if there is no such study.
    """
    study = STUDIES[name]
    say(f"{name}: {study.about}")
    for paragraph in study.guide:
        if paragraph.startswith("commonweal "):
            print(f"    {paragraph}")  # unbroken, to be copied
        else:
            say(paragraph)
    print()
    for option, unit, description in described(study):
        print(f"{option}" + (f"  [{unit}]" if unit else ""))
        say(f"    {description}", 4)


def lasting(study: str) -> str:
    """The option of a study that says how many rounds it plays; empty where the scenario's rounds do."""
    return STUDIES[study].lasts


def refuse_until_width(study: str) -> None:
    """Raise InputError where a study has no width to play until."""
    if "until_width" not in STUDIES[study].options.model_fields:
        raise InputError(f"--until-width: {study} has no interval to narrow; incentives has")
