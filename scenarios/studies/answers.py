"""Answers on disk: parquet tables, explanations and ``about.json`` as JSON, figures, and a report."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from commonweal.agents.errors import InputError
from commonweal.economy.explaining.explanation import Explanation
from commonweal.scenarios.runs.store import ABOUT, is_results, read_about, writing
from commonweal.scenarios.studies.base import Answer
from commonweal.scenarios.studies.report import as_html, as_markdown

Draw = Callable[[Answer, Path], dict[str, Path]]  # puts figures into a folder and says their files by name


@dataclass(frozen=True)
class KeptAnswer:
    """An answer in its folder, whose tables can be asked."""

    folder: Path
    answer: Answer
    factors: tuple[str, ...] = ()  # no column has a dot in its name

    def views(self) -> dict[str, tuple[Any, str]]:
        """The tables of the answer, by name."""
        tables = self.answer.tables.items()
        return {name: (pa.Table.from_pandas(table), f'SELECT * FROM "_{name}"') for name, table in tables}

    def owns(self, file: Path) -> bool:
        """Whether a file lies in the folder: all there is the answer's."""
        return file.resolve().is_relative_to(self.folder.resolve())


def save(answer: Answer, folder: Path | str, draw: Draw | None = None, *, force: bool = False) -> list[Path]:
    """Keep tables, figures and report. The same answer in the folder is replaced.

    Args:
        answer: what to keep.
        folder: where.
        draw: draws the figures; without it none are kept.
        force: replace other results too.

    Returns:
        The files.

    Raises:
        InputError: if the folder holds something else, or cannot be written.
    """
    folder = Path(folder)
    with writing(folder, answer.provenance.get("identity", ""), force=force) as partial:
        names = write(answer, partial, draw)
    return [folder / name for name in names]


def write(answer: Answer, folder: Path, draw: Draw | None = None) -> list[str]:
    """Write tables, explanations, figures and report into an existing folder, and say their names."""
    for name, table in answer.tables.items():
        table.to_parquet(folder / f"{name}.parquet", compression="zstd", index=False)
    for name, explanation in answer.explanations.items():
        explanation.save(folder / f"{name}.json")
    pictures = draw(answer, folder) if draw else {}
    (folder / "report.md").write_text(as_markdown(answer, pictures), encoding="utf-8")
    (folder / "report.html").write_text(as_html(answer, pictures), encoding="utf-8")
    told = {**answer.provenance, "study": answer.study, "headline": answer.headline, "notes": answer.notes}
    told |= {"tables": list(answer.tables), "figures": list(pictures)}
    if answer.explanations:
        told |= {"explanations": list(answer.explanations)}
    (folder / ABOUT).write_text(json.dumps(told, indent=2, default=str) + "\n", encoding="utf-8")
    return sorted(file.name for file in folder.iterdir())


def is_answer(folder: Path) -> bool:
    """Whether a folder holds the answer of a study."""
    return is_results(folder) and "study" in read_about(folder)


def read(folder: Path) -> Answer:
    """Read the answer that was saved in ``folder``.

    Raises:
        InputError: if it holds none, or a table is missing.
    """
    about = read_about(folder)
    if "study" not in about:
        raise InputError(f"{folder}: holds results, but not those of a study")
    names = about.pop("tables")
    if missing := [name for name in names if not (folder / f"{name}.parquet").is_file()]:
        raise InputError(f"{folder}: {missing[0]}.parquet is missing")
    tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in names}
    explained = {name: Explanation.load(folder / f"{name}.json") for name in about.pop("explanations", ())}
    about.pop("figures")
    return Answer(about.pop("study"), about.pop("headline"), tables, tuple(about.pop("notes")), about, explained)
