"""What a study is: a function from a question about a scenario to an answer of tables, registered by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html import escape
from inspect import cleandoc
from typing import Any

import pandas as pd

from commonweal.agents.registry import Registry
from commonweal.economy.explaining.explanation import Explanation
from commonweal.scenarios.runs.progress import Progress, silent
from commonweal.scenarios.schema.scenario import Part, Scenario
from commonweal.scenarios.studies.pieces import Pieces
from commonweal.scenarios.studies.shown import shown, words

_ROWS = 12  # of a table in a notebook


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
    explanations: Mapping[str, Explanation] = field(default_factory=dict)  # by name, kept as JSON beside the tables

    def _repr_html_(self) -> str:
        """The headline, the first rows of every table, and the notes, for notebooks."""
        parts = [f"<p><b>{escape(self.headline)}</b></p>"]
        for name, table in self.tables.items():
            rows = shown(table, _ROWS).to_html(index=False, border=0)
            left = f"<p>… and {len(table) - _ROWS} more rows</p>" if len(table) > _ROWS else ""
            parts.append(f"<details><summary>{escape(words(name))}</summary>{rows}{left}</details>")
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.notes)
        return "".join(parts) + (f"<ul>{notes}</ul>" if notes else "")


Ask = Callable[[Question], Answer]


@dataclass(frozen=True)
class Study:
    """A registered study."""

    ask: Ask
    options: type[StudyOptions]
    lasts: str = ""  # the option that says how many rounds are played; empty: the scenario's rounds

    @property
    def __wrapped__(self) -> Ask:
        """The function that answers: its module is the study's."""
        return self.ask

    @property
    def about(self) -> str:
        """Its question, in one line."""
        return (self.ask.__doc__ or "").strip().partition("\n")[0]

    @property
    def guide(self) -> tuple[str, ...]:
        """What else its documentation says, by paragraph: how to ask it, and how to read the answer."""
        paragraphs = cleandoc(self.ask.__doc__ or "").split("\n\n")[1:]
        return tuple(" ".join(map(str.strip, each.splitlines())) for each in paragraphs)


STUDIES: Registry[Study, None] = Registry("study", "commonweal.studies", "", None)


def study(name: str, options: type[StudyOptions], lasts: str = "") -> Callable[[Ask], Ask]:
    """Decorator that makes a function available as ``commonweal study NAME``.

    Args:
        name: of the study.
        options: what its user chooses.
        lasts: the option that says how many rounds are played, which ``--rounds`` is then short for.
    """

    def add(ask: Ask) -> Ask:
        STUDIES.register(name)(Study(ask, options, lasts))
        return ask

    return add
