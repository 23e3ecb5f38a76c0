"""The map of collapse in the study: pieces by rival and length, and what is said of them."""

import pandas as pd
import pytest

from commonweal.figures.studies.reciprocity import draw
from commonweal.scenarios.schema.loading import load
from commonweal.scenarios.studies import ask
from commonweal.scenarios.studies.reciprocity.collapse import Grid, collapse_map
from commonweal.scenarios.studies.reciprocity.maps import Part, collapse_sentence, collapse_table, parts

SMALL = Grid((0.9, 1.0), (1,), (1.2, 8.0), seeds=2, count=12, updates=2, acts=4)


def test_a_map_has_a_part_for_each_rival_and_length() -> None:
    found = parts((0.9, 1.0), 3)
    assert [(part.rival, part.length) for part in found] == [(r, n) for r in ("ppo", "reinforce") for n in (1, 4, 16)]
    assert {part.grid.seeds for part in found} == {3} and parts((), 3) == []


def test_parts_together_are_the_map_that_is_played_at_once() -> None:
    asked = [Part(rival, SMALL, 1) for rival in ("ppo", "reinforce")]
    table = collapse_table(asked, [part.piece.play(part, lambda rounds: None) for part in asked])
    whole = pd.concat([collapse_map(rival, SMALL) for rival in ("ppo", "reinforce")], ignore_index=True)
    pd.testing.assert_frame_equal(table.drop(columns="cell"), whole, check_dtype=False)
    assert table["cell"][0] == "γ 0.9, T/N 1, b/c 1.2"


def test_cells_near_the_boundary_count_on_neither_side() -> None:
    cells = {"rival": "ppo", "boundary": 2.0, "ratio": [4.0, 3.0, 2.2, 1.5, 1.0], "constant": [0.0, 0.5, 1.0, 1.0, 0.5]}
    said = collapse_sentence(pd.DataFrame(cells))
    assert "PPO ends constant in 25 % of seeds of 2 cells a quarter or more above" in said
    assert "in 75 % of seeds of 2 as far below it" in said


@pytest.mark.slow
def test_the_study_has_it_where_discounts_are_given() -> None:
    quick = {"mutants": [], "judges": [], "rivals": 0}
    answer = ask("reciprocity", load("leading-eight", {"rounds": 4}), 2, collapse=[1.0], **quick)
    assert len(answer.tables["collapse"]) == 2 * 3 * 6
    assert "PPO ends constant" in answer.headline and set(draw(answer)) == {"reciprocity", "collapse"}
