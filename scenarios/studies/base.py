"""What a study is: a function from a question about a scenario to an answer of tables, registered by name."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from commonweal.agents.registry import Registry
from commonweal.scenarios.runs.progress import Progress, silent
from commonweal.scenarios.schema.scenario import Part, Scenario
from commonweal.scenarios.studies.pieces import Pieces


class StudyOptions(Part):
    """What a study lets its user choose; each study has its own, made with ``field`` of the schema."""

    def by_contents(self, document: dict[str, Any]) -> dict[str, Any]:
        """The options as JSON, with what files say in the place of where they lie; a study that reads files says so."""
        return document


@dataclass(frozen=True)
class Question:
    """A question about a scenario."""

    scenario: Scenario
    seeds: tuple[int, ...]
    options: Any  # the study's own StudyOptions
    tell: Progress = silent
    pieces: Pieces = field(default_factory=Pieces)  # plays what the study asks for, and keeps it


@dataclass(frozen=True)
class Answer:
    """The result. Tables are tidy; an estimate ``x`` has its interval in the columns ``x_low`` and ``x_high``."""

    study: str
    headline: str  # one or two sentences that answer the question, with figures
    tables: dict[str, pd.DataFrame]  # by name, the most important first
    notes: tuple[str, ...] = ()  # what a reader must know to read them right
    provenance: dict[str, Any] = field(default_factory=dict)  # scenario, seeds, options, version, command, seconds


Ask = Callable[[Question], Answer]


@dataclass(frozen=True)
class Study:
    """A registered study."""

    ask: Ask
    options: type[StudyOptions]

    @property
    def __wrapped__(self) -> Ask:
        """The function that answers: its module is the study's."""
        return self.ask

    @property
    def about(self) -> str:
        """Its question, in one line."""
        return (self.ask.__doc__ or "").strip().partition("\n")[0]


STUDIES: Registry[Study, None] = Registry("study", "commonweal.studies", "", None)


def study(name: str, options: type[StudyOptions]) -> Callable[[Ask], Ask]:
    """Decorator that makes a function available as ``commonweal study NAME``."""

    def add(ask: Ask) -> Ask:
        STUDIES.register(name)(Study(ask, options))
        return ask

    return add
