"""Who leaves a federation keeps its model, which is worth what it adds to the one of its own."""

import numpy as np
import pytest

from commonweal.agents.actions import Action
from commonweal.economy.futures.deviations import Deviation
from commonweal.economy.futures.play import play_futures
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load


@pytest.mark.parametrize(("owner", "alone"), [(0, 60.0), (2, 92.0)])
def test_a_copy_is_not_worth_more_than_what_it_adds_to_a_model_of_ones_own(owner: int, alone: float) -> None:
    """Errors of all: 1.551020 and .408163, alone 2 and .4, a fifth of which is lost of 100 (Donahue and Kleinberg)."""
    scenario = load("model-sharing", {"policy.mix": {"fixed": 1.0}})
    deviations = [Deviation("leave", (owner,), leaves=1), Deviation("away", (owner,), Action.ABSTAIN)]
    futures = play_futures(Ensemble(scenario, [0]).snapshot, deviations, 3, others="freeze")
    together = {0: 100 * (1 - 1.5510204 / 5), 2: 100 * (1 - 0.4081633 / 5)}[owner]
    after = [together, max(together, alone), max(together, alone)]
    left, away = (futures.payoffs[0, run, :, owner] for run in (1, 2))
    np.testing.assert_allclose(left, after, rtol=1e-6)
    np.testing.assert_allclose(away, alone)
