"""Figures of studies, one file per study: ``draw(answer)`` gives matplotlib figures by name."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from matplotlib.figure import Figure

from commonweal.figures.printing import keep
from commonweal.scenarios.studies.base import Answer

_SHOWN = (".png", ".svg", ".pdf")  # by how well a report can show them


def draw(answer: Answer) -> dict[str, Figure]:
    """The figures of a study's answer, by name; none for a study of another package."""
    module = module_of(answer.study)
    figures: dict[str, Figure] = import_module(module).draw(answer) if module else {}
    return figures


def draw_into(answer: Answer, folder: Path) -> dict[str, Path]:
    """Draw the figures of a study's answer into a folder, with their data as CSV.

    Returns:
        By name the picture of each, of the format that a report shows best.
    """
    kept = {name: keep(figure, folder / name)[:-1] for name, figure in draw(answer).items()}
    return {name: min(files, key=lambda file: _SHOWN.index(file.suffix)) for name, files in kept.items()}


def module_of(study: str) -> str | None:
    """The module that draws a study; None if there is none."""
    name = f"{__name__}.{study.replace('-', '_')}"
    return name if find_spec(name) else None
