"""Asking: from the name of a study and a scenario to an answer that says where it comes from."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from commonweal.agents.documents import by_contents
from commonweal.agents.errors import within_memory
from commonweal.agents.version import software_version
from commonweal.scenarios.runs.progress import Progress, told
from commonweal.scenarios.runs.store import identity_of
from commonweal.scenarios.schema.loading import Overrides, load, revise
from commonweal.scenarios.schema.notation import read_seeds
from commonweal.scenarios.schema.scenario import Scenario
from commonweal.scenarios.schema.sources import rules_of
from commonweal.scenarios.studies.base import STUDIES, Answer, Question
from commonweal.scenarios.studies.options import read_options
from commonweal.scenarios.studies.pieces import keeping


def ask(
    study: str,
    scenario: Scenario | str | Path,
    seeds: int | Iterable[int] = 8,
    overrides: Overrides = (),
    *,
    tell: Progress | None = None,
    folder: Path | None = None,
    **options: Any,
) -> Answer:
    """Ask a study's question of a scenario.

    Args:
        study: its name: ``commonweal study`` lists them.
        scenario: one that is loaded, a name of the library, or the path of a file.
        seeds: how many (0, 1, …), or which.
        overrides: fields of the scenario to change, by path.
        tell: called with progress: what is being done, how many are done, of how many; a notebook shows it if None.
        folder: where finished pieces of the study are kept and continued from; nowhere if not given.
        options: of the study.

    Raises:
        InputError: if there is no such study, the scenario or an option is wrong, or the study does not apply to it.
    """
    asked = STUDIES[study]
    base = revise(scenario, overrides) if isinstance(scenario, Scenario) else load(scenario, overrides)
    chosen = read_options(asked, options)
    numbers = read_seeds(seeds)
    began, clock = datetime.now(UTC).isoformat(timespec="seconds"), monotonic()
    with within_memory(), told(tell) as telling, keeping(folder, study, telling) as pieces:
        answer = asked.ask(Question(base, numbers, chosen, telling, pieces))
    about = _provenance(base, numbers, chosen, began, clock)
    about["identity"] = identity_of_answer(study, base, numbers, chosen)
    return replace(answer, provenance=about | answer.provenance)


def identity_of_answer(study: str, scenario: Scenario, seeds: tuple[int, ...], options: Any) -> str:
    """What tells the answer apart from all others; ``options`` as read."""
    said = options.by_contents(options.model_dump(mode="json"))
    asked = [study, by_contents(scenario.model_dump()), list(seeds), said]
    rules = rules_of([scenario]) | ({f"study {study!r}": code} if (code := STUDIES.source(study)) else {})
    return identity_of("study", [*asked, rules] if rules else asked)


def _provenance(
    scenario: Scenario, seeds: tuple[int, ...], options: Any, began: str, clock: float
) -> dict[str, Any]:
    return {
        "commonweal": software_version(),
        "scenario": scenario.name,
        "document": scenario.model_dump(mode="json", exclude_none=True),
        "seeds": list(seeds),
        "options": options.model_dump(mode="json"),
        "started": began,
        "seconds": round(monotonic() - clock, 3),
    }
