"""Limits of value profiles may differ between the runs of one ensemble, and each run is then the same as alone."""

import numpy as np
import pandas as pd
import pytest

from commonweal.agents.errors import InputError
from commonweal.agents.streams import Streams
from commonweal.agents.terms import stack
from commonweal.agents.values import ValueTerms, draw_limits
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load, revise
from commonweal.scenarios.schema.scenario import Scenario, Values

FIRST, SECOND = "values.dimensions[0]", "values.dimensions[1]"
SIZES = {"rounds": 6, "population.count": 6, "task.validation": 100, "task.test": 100}
TINY = load("value-conflict", {**SIZES, "precision": "float64"})
STRICTNESS = [(3.0, 0.85, 0.0), (2.0, 0.93, 0.05), (1.0, 0.95, 0.01)]


def economies() -> list[Scenario]:
    paths = (f"{FIRST}.limit", f"{SECOND}.limit", f"{SECOND}.spread")
    return [revise(TINY, dict(zip(paths, values, strict=True))) for values in STRICTNESS]


@pytest.mark.parametrize("influence", ["none", "friedkin_johnsen"])
@pytest.mark.parametrize("scope", ["own", "aggregate"])
def test_runs_of_different_strictness_play_together_as_they_do_alone(influence: str, scope: str) -> None:
    rules = {"values.influence": influence, "values.experience": 0.1, "screening.scope": scope}
    scenarios = [revise(economy, rules) for economy in economies()]
    together = Ensemble(scenarios, seeds=[5, 5, 6]).run()
    for run, (scenario, seed) in enumerate(zip(scenarios, [5, 5, 6], strict=True)):
        alone = Ensemble(scenario, seeds=[seed]).run()
        for table in ("rounds", "profiles"):
            rows: pd.DataFrame = getattr(together, table)
            mine = rows[rows["run"] == run].assign(run=0).reset_index(drop=True)
            pd.testing.assert_frame_equal(mine, getattr(alone, table), rtol=1e-9, atol=1e-9)


def test_strictness_moves_limits_and_nothing_else_that_is_drawn() -> None:
    terms = stack(ValueTerms, [economy.values for economy in economies()])
    drawn = draw_limits(terms.dimensions, 9, Streams.from_seeds([4, 4, 4]).population)
    middle = np.array([[protect, withhold] for protect, withhold, _ in STRICTNESS])[:, None]
    spread = np.array([[0.2, spread] for *_, spread in STRICTNESS])[:, None]
    unit = 2 * Streams.from_seeds([4]).population.uniform(9, 2) - 1  # the same draw in every run
    np.testing.assert_allclose(drawn, middle + spread * unit)


def test_the_probes_and_the_number_of_dimensions_must_be_the_same_in_all_runs() -> None:
    one = {"sense": "protect", "label": 1}
    with pytest.raises(InputError, match=r"values\.dimensions\[0\]\.label must be the same in all runs"):
        stack(ValueTerms, [Values.model_validate({"dimensions": [{**one, "label": k}]}) for k in (1, 2)], "values")
    with pytest.raises(InputError, match=r"values\.dimensions must have as many items in all runs .*, not 1, 2"):
        stack(ValueTerms, [Values.model_validate({"dimensions": [one] * k}) for k in (2, 1)], "values")
