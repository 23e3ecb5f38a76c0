"""Commitment: how the expected outcome moves along a run, by playing again."""

import numpy as np
import pytest

from commonweal.economy.explaining.commitment import explain_commitment
from commonweal.economy.explaining.episodes import LuckGame, luck_of, luck_outcomes
from commonweal.economy.explaining.tree import Outcome, stretches
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load, revise

CURVE = revise(
    load("commons"),
    {"market.kind": "curve", "population.count": 12, "policy.mix": {"imitation": 1.0}, "market.price": 0.05,
     "policy.imitation.intensity": 1000.0, "policy.revision": 0.5, "population.start_delegate": 0.5,
     "population.start_free_ride": 0.3, "population.start_defect": 0.2},
)  # fmt: skip
OUTCOME = Outcome(last=4)


def test_the_parts_are_differences_of_the_luck_game_along_the_course() -> None:
    own, game = Ensemble(CURVE, [3]).snapshot, LuckGame(4, 6, 5, OUTCOME)
    found = explain_commitment(own, 12, game)
    episodes = stretches(12, 4)
    seed = int(np.random.SeedSequence(5).generate_state(1)[0])
    prefixes = np.array([[1, 1, 0, 0], [1, 1, 1, 0]], dtype=bool)
    before, after = luck_outcomes(own, prefixes, luck_of(own, 6, seed, episodes), episodes, game)[..., 0]
    assert found.values[0, 2, 0] == pytest.approx((after - before).mean(), abs=1e-12)
    assert found.standard_error[0, 2, 0] == pytest.approx((after - before).std(ddof=1) / np.sqrt(6), abs=1e-12)


def test_the_whole_is_the_run_itself_and_nothing_is_left() -> None:
    found = explain_commitment(Ensemble(CURVE, [1, 2]).snapshot, 12, LuckGame(3, 2, 0, OUTCOME))
    ensemble = Ensemble(CURVE, [1, 2])
    shares = [(ensemble.step().actions == 1).mean(axis=1) for _ in range(12)]
    np.testing.assert_allclose(found.value[:, 0], np.mean(shares[-4:], axis=0), rtol=1e-12)
    assert np.abs(found.gap).max() < 1e-12


@pytest.mark.slow
def test_variances_of_the_parts_sum_to_that_of_the_outcome() -> None:
    """Parts of a martingale are uncorrelated; noise of the estimates is taken off; 75 runs."""
    own = Ensemble(CURVE, range(75)).snapshot
    found = explain_commitment(own, 16, LuckGame(4, 32, 0, OUTCOME))
    noise = found.standard_error[..., 0] ** 2
    summed = (found.values[..., 0] ** 2 - noise).sum(axis=1)
    outcome = found.value[:, 0] - found.base[:, 0]
    apart = summed - outcome**2 + noise.sum(axis=1)
    assert abs(apart.mean()) < 4 * apart.std(ddof=1) / np.sqrt(75)
