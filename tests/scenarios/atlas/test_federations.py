"""Rows of the atlas on model-sharing games, and who shares a model with whom in the economy that they play."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.atlas import RESULTS, replay, unnoticed
from commonweal.scenarios.atlas.federations import Sharing, leaving_together, stable, told
from commonweal.scenarios.atlas.recorded import changed, recorded
from commonweal.scenarios.atlas.rows.donahue_2021_poa import MARGIN, costs, exactly, ratio
from commonweal.scenarios.schema.loading import load

ROWS = ("donahue-2021", "donahue-2021-poa")
OWNERS = st.lists(st.integers(1, 40), min_size=3, max_size=3)


@pytest.mark.parametrize("name", ROWS)
def test_the_verdict_on_every_check_is_the_recorded_one(name: str) -> None:
    played = replay(RESULTS[name])
    assert name in recorded() and list(changed(played, recorded())) == []
    assert not played.formula_only


@pytest.mark.slow
@pytest.mark.parametrize("name", ROWS)
def test_every_check_notices_a_change_of_what_it_is_about(name: str) -> None:
    assert list(unnoticed(replay(RESULTS[name]))) == []


@settings(max_examples=10, deadline=None)
@given(OWNERS)
def test_errors_that_are_played_are_those_in_fractions(samples: list[int]) -> None:
    played, exact = Sharing(samples, 10.0, 1.0).errors(), exactly(samples, 10)
    for coalition, errors in exact.items():
        np.testing.assert_allclose(played[coalition], [float(error) for error in errors], rtol=1e-12)
        mean = float(costs(samples, exact)[coalition])
        assert Sharing(samples, 10.0, 1.0).cost(played[coalition]) == pytest.approx(mean)


@settings(max_examples=50, deadline=None)
@given(OWNERS, st.sampled_from([10, 1000]))
def test_the_price_of_anarchy_is_from_one_to_nine_and_a_margin_leaves_less_that_is_stable(
    samples: list[int], noise: int
) -> None:
    """Donahue and Kleinberg 2021b: at most 9."""
    errors = exactly(samples, noise)
    mean = costs(samples, errors)
    kept = stable(errors, Fraction(0))
    assert set(stable(errors, MARGIN)) <= set(kept)
    assert kept and 1 <= max(mean[here] for here in kept) / min(mean.values()) <= 9


def test_a_partition_is_left_where_somebody_has_a_better_place_that_would_have_it() -> None:
    """Their example: the 1 leaves the 8 for the 15, which has it; the 10 with the 1 has no other 10."""
    played = Sharing((1, 8, 15), 10.0, 1.0)
    errors = played.errors()
    assert [played.words(here) for here in stable(errors)] == ["{1, 15}, {8}"]
    assert ratio(Sharing((1, 10, 10), 10.0, 1.0)) == pytest.approx(1.018182, abs=5e-7)
    assert [played.sets([those]) for those in leaving_together(errors, (1, 2))] == ["{1, 8}", "{1, 15}", "{1, 8, 15}"]


def test_partitions_are_told_by_readings() -> None:
    played = Sharing((5, 5, 25), 10.0, 1.0)
    assert [played.words(those) for those in ((), (0, 1))] == ["{5}, {5}, {25}", "{5, 5}, {25}"]
    assert played.words((0, 1, 2)) == "{5, 5, 25}"
    assert told(played.samples) == "(5, 5, 25)" and played.sets([]) == "nobody"


def test_the_library_scenario_has_the_choices_of_the_paper_and_accuracies_that_a_page_can_draw() -> None:
    """Noise and spread are a fifth of theirs, and so are all errors."""
    assert Sharing((5, 5, 25), 10.0, 1.0).ends([0, 1]) == [(0, 1), (0, 1)]
    last = Ensemble(load("model-sharing"), [0, 1]).run().rounds.groupby("run").last()
    np.testing.assert_allclose(last["share_delegate"], 2 / 3)
    np.testing.assert_allclose(last["welfare"], 100 * (3 - (1.5 + 1.5 + 0.4) / 5))
