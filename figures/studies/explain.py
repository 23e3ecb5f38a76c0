"""Figures of the study of explanations."""

from matplotlib.figure import Figure

from commonweal.figures.explained import draw as drawn
from commonweal.scenarios.studies.base import Answer


def draw(answer: Answer) -> dict[str, Figure]:
    """A figure for each explanation, by its name."""
    return {name: drawn(why) for name, why in answer.explanations.items()}
