"""Whether a run that is played again is the one that was stored."""

import numpy as np
import pandas as pd
import pytest

from commonweal.agents.errors import InputError
from commonweal.scenarios.reading.replaying import agreement

COURSE = {"round": np.arange(1.0, 5.0), "accuracy": np.array([0.1, 0.2, 0.3, 0.4]), "gini": np.array([np.nan, 0, 1, 2])}


def stored(**columns: list[float]) -> pd.DataFrame:
    kept = {"round": [0, 1, 2, 3], "accuracy": COURSE["accuracy"], "gini": COURSE["gini"]}
    return pd.DataFrame({**kept, **columns})


@pytest.mark.parametrize(
    ("columns", "changes", "said"),
    [
        ({}, (), "Played again and the same to the last bit: 2 metrics in 4 stored rounds."),
        ({"accuracy": [0.1, 0.2, 0.3, 0.4 + 4e-9]}, (), "the same but for rounding: 2 metrics in 4 stored rounds,"
         " largest relative difference 1e-08."),
        ({"accuracy": [0.1, 0.2, 0.3, 0.5]}, (), "the same but for rounding until round 3; then rounding has grown"),
        ({"accuracy": [0.1, 0.2, 0.3, 0.5]}, None, "Differs from what was stored, most in accuracy, by 20.0% of its"
         " range: played by another version?"),
        ({"accuracy": [0.1, 0.2, 0.3, 0.5]}, ("version 0 played it",), "of its range: version 0 played it."),
        ({"gini": [0.0, 0.0, 1.0, 2.0]}, (), "until round 0; then rounding has grown"),  # a number where there was none
    ],
)  # fmt: skip
def test_it_says_how_far_they_agree(
    columns: dict[str, list[float]], changes: tuple[str, ...] | None, said: str
) -> None:
    assert said in agreement(COURSE, stored(**columns), changes)


def test_some_of_the_rounds_and_metrics_are_enough() -> None:
    some = stored().loc[[1, 3], ["round", "accuracy"]]
    assert agreement(COURSE, some, ()).endswith("1 metrics in 2 stored rounds.")


@pytest.mark.parametrize("kept", [pd.DataFrame({"round": [4], "accuracy": [0.1]}), pd.DataFrame({"round": [0]})])
def test_rounds_of_another_run_are_refused(kept: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="do not fit the run"):
        agreement(COURSE, kept)
