"""The collapse map as it is drawn: a panel per length of episodes, numbers of collapsed seeds, the boundary."""

import numpy as np
import pandas as pd
import pytest

from commonweal.agents.errors import InputError
from commonweal.figures.collapse_map import draw_collapse


def cells() -> pd.DataFrame:
    grid = [(g, t, r) for g in (0.9, 1.0) for t in (1, 4) for r in (1.5, 3.0, 6.0)]
    table = pd.DataFrame(grid, columns=["gamma", "turnover", "ratio"])
    table["boundary"] = np.where(table["gamma"] == 1, 2.0, 5.0)
    table["share"] = np.where(table["ratio"] < table["boundary"], 0.2, 1.0)
    table["constant"] = np.where(table["ratio"] < table["boundary"], 0.75, 0.0)
    return table


def test_each_rival_has_a_row_and_each_length_a_column() -> None:
    figure = draw_collapse({"PPO": cells(), "REINFORCE": cells()}, "Played somewhere.")
    maps = [ax for ax in figure.axes if ax.get_label() != "<colorbar>"]
    assert len(maps) == 4
    assert [ax.get_title(loc="left") for ax in maps[:2]] == ["T/N = 1 acts of each", "T/N = 4 acts of each"]
    assert [ax.get_ylabel() for ax in maps[::2]] == ["PPO\nb/c", "REINFORCE\nb/c"]


def test_collapsed_cells_carry_their_percentage_and_others_nothing() -> None:
    figure = draw_collapse({"PPO": cells()}, "")
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts == ["75", "75", "75"]  # two below 5 at .9, one below 2 at 1


def test_the_boundary_is_drawn_at_its_height_and_colours_at_their_cells() -> None:
    axes = draw_collapse({"PPO": cells()}, "").axes[0]
    (line,) = axes.patches
    np.testing.assert_allclose(line.get_data().values, [5.0, 2.0])  # type: ignore[attr-defined]
    (mesh,) = axes.collections
    np.testing.assert_allclose(np.reshape(mesh.get_array(), (3, 2)), [[0.2, 0.2], [0.2, 1.0], [1.0, 1.0]])


def test_a_map_without_a_column_is_refused_in_one_line() -> None:
    with pytest.raises(InputError, match="boundary"):
        draw_collapse({"PPO": cells().drop(columns="boundary")}, "")
