"""The graph of dividends: areas and widths are sizes, red is below 0 and blue above."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle

from commonweal.agents.errors import InputError
from commonweal.figures.explained import dividend_graph
from commonweal.figures.explained.graphs import COMPLEMENTS, SUBSTITUTES
from commonweal.figures.explained.marks import ADDS, TAKES
from tests.helpers.colours import least_difference
from tests.helpers.explained import entries, explained, paired, words

DIVIDENDS = np.array([[0, -0.4, 0.1, 0], [-0.4, 0, 0, 0.2], [0.1, 0, 0, 0.001], [0, 0.2, 0.001, 0]])
WHY = paired(explained([0.4, -0.1, 0.2, 0.0]), DIVIDENDS)


def nodes(figure: Figure) -> list[Circle]:
    return [patch for patch in figure.axes[0].patches if isinstance(patch, Circle)]


def edges(figure: Figure) -> dict[tuple[int, int], Line2D]:
    """Lines by the nodes at their ends."""
    places = np.array([node.center for node in nodes(figure)])
    found = {}
    for line in figure.axes[0].get_lines():
        gaps = np.abs(np.asarray(line.get_xydata())[:, None] - places).sum(axis=2)
        assert gaps.min(axis=1).max() < 1e-9
        one, other = sorted(int(place) for place in gaps.argmin(axis=1))
        found[one, other] = line
    return found


def test_areas_of_nodes_are_sizes_and_colours_signs() -> None:
    radii = np.array([node.radius for node in nodes(dividend_graph(WHY))])
    np.testing.assert_allclose((radii[:3] / radii[0]) ** 2, [1, 0.25, 0.5])
    assert 0 < radii[3] < radii[1]
    colours = [to_hex(node.get_facecolor()).upper() for node in nodes(dividend_graph(WHY))]
    assert colours[:3] == [ADDS, TAKES, ADDS]


def test_edges_are_pairs_red_below_0_blue_above_and_as_wide_as_they_are_large() -> None:
    drawn = edges(dividend_graph(WHY))
    colours = {pair: line.get_color() for pair, line in drawn.items()}
    assert colours == {(0, 1): SUBSTITUTES, (1, 3): COMPLEMENTS, (0, 2): COMPLEMENTS}
    widths = {pair: line.get_linewidth() - 0.5 for pair, line in drawn.items()}
    assert widths == pytest.approx({(0, 1): 5.0, (1, 3): 2.5, (0, 2): 1.25})
    assert "Not drawn: 1 smaller." in words(dividend_graph(WHY))


def test_only_the_strongest_edges_are_written_and_the_legend_explains_colours() -> None:
    rng = np.random.default_rng(0)
    upper = np.triu(rng.normal(size=(12, 12)), 1)
    figure = dividend_graph(paired(explained(rng.normal(size=12)), upper + upper.T))
    texts = [text.get_text() for text in figure.axes[0].texts]
    numbers = [float(text.replace("−", "-")) for text in texts if text[0] in "+−"]
    strongest = sorted(upper.ravel(), key=abs)[-5:]
    np.testing.assert_allclose(numbers, strongest[::-1], atol=0.005)
    assert len(texts) == 12 + 5
    assert entries(dividend_graph(WHY)) == ["substitutes", "complements", "adds", "takes away"]


def test_numbers_on_edges_do_not_lie_upon_each_other() -> None:
    square = np.zeros((8, 8))
    for one in range(4):
        square[one, one + 4] = square[one + 4, one] = 1 + one  # all cross in the middle
    figure = dividend_graph(paired(explained(np.ones(8)), square))
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts if text.get_text()[0] in "+−"]
    assert len(boxes) == 4
    assert not any(one.overlaps(other) for place, one in enumerate(boxes) for other in boxes[:place])


def test_red_and_blue_differ_for_every_eye() -> None:
    assert least_difference([SUBSTITUTES, COMPLEMENTS]) > 20


def test_without_dividends_there_is_no_graph() -> None:
    with pytest.raises(InputError, match="has no dividends of pairs"):
        dividend_graph(explained([0.1, 0.2]))
    with pytest.raises(InputError, match="no finite numbers"):
        dividend_graph(paired(explained([0.1, 0.2]), [[0, np.nan], [np.nan, 0]]))
