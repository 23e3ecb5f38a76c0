"""Figures of studies in every style: they fit, and the data beside them are what they draw."""

from functools import cache

import pytest
from helpers.looked_at import faults, unlike_its_data
from helpers.made_answers import made_answers
from matplotlib.figure import Figure

from commonweal.figures.looks import STYLES, Look, printed_as
from commonweal.figures.studies import draw

ANSWERS = made_answers()
pytestmark = pytest.mark.slow


@cache
def drawn(study: str, style: str) -> dict[str, Figure]:
    """The figures of one study in one style, drawn once."""
    with printed_as(Look(style)):
        return draw(ANSWERS[study])


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("study", ANSWERS)
def test_in_every_style_all_text_is_on_the_paper_upon_no_other_and_large_enough(study: str, style: str) -> None:
    assert not [f"{name}: {fault}" for name, figure in drawn(study, style).items() for fault in faults(figure)]


@pytest.mark.parametrize("study", ANSWERS)
def test_what_is_drawn_is_in_the_data_and_the_other_way_round(study: str) -> None:
    figures = drawn(study, "page").items()
    assert not [f"{name}: {fault}" for name, figure in figures for fault in unlike_its_data(figure)]
