"""Figures of explanations: waterfall, beeswarm, profile map, dividend graph and shaded course; ``draw`` picks one."""

from matplotlib.figure import Figure

from commonweal.economy.explaining.explanation import Explanation
from commonweal.figures.explained.graphs import dividend_graph
from commonweal.figures.explained.profile_maps import profile_map
from commonweal.figures.explained.shaded import shaded_course
from commonweal.figures.explained.swarms import beeswarm, seen_by
from commonweal.figures.explained.waterfalls import waterfall

__all__ = ["beeswarm", "dividend_graph", "draw", "draw_each", "profile_map", "seen_by", "shaded_course", "waterfall"]
_DECISIONS = ("behaviour", "prediction")


def draw(why: Explanation) -> Figure:
    """The figure that suits an explanation best: of what was done, where it says what that was, else the first answer.

    One run: a waterfall. Several: a beeswarm of decisions, or a map of profiles and runs.

    Args:
        why: the explanation.
    """
    taken = why.provenance.get("taken")
    answer = why.answers.index(taken) if taken in why.answers else 0
    if len(why.value) == 1:
        return waterfall(why, answer=answer)
    return beeswarm(why, answer) if why.kind in _DECISIONS else profile_map(why, answer)


def draw_each(why: Explanation) -> dict[str, Figure]:
    """All figures that need nothing but the explanation, by name: the one that ``draw`` picks, and dividends.

    Args:
        why: the explanation; dividends are those of its first run.
    """
    figures = {"reasons": draw(why)}
    if why.interactions is not None and len(why.names) > 1:
        figures["dividends"] = dividend_graph(why)
    return figures
