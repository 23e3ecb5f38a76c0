"""Replays: coalitions that agree share what they share, and are computed together or not."""

import numpy as np
import pytest

from commonweal.agents.errors import InputError
from commonweal.economy.credit.exact import all_coalitions
from commonweal.economy.explaining.tree import Outcome, counted, replay, stretches
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.scenarios.schema.loading import load, revise

CURVE = revise(load("commons"), {"market.kind": "curve", "population.count": 5})


def counting(played: list[int]):
    """A stage that is worth what its coalition says, and notes how many runs were played."""

    def play(economy, stage, nodes):
        runs = len(economy.state.quality)
        played.append(runs)
        worth = (nodes * 2.0 ** np.arange(nodes.shape[1]))[:, : stage + 1].sum(axis=1)
        return economy, np.repeat(worth * 10.0**stage, runs // len(nodes))[:, None]

    return play


class TestReplays:
    @pytest.mark.parametrize("together", [4, 10, 1000])
    def test_whatever_is_computed_at_once_the_worth_is_the_same(self, together):
        economy, coalitions = Ensemble(CURVE, range(2)).snapshot, all_coalitions(4)[[3, 15, 0, 7, 2, 9, 3]]
        found = replay(economy, coalitions, np.tri(4, dtype=bool), counting([]), together)
        bits = coalitions * 2.0 ** np.arange(4)
        expected = sum(bits[:, : s + 1].sum(axis=1) * 10.0**s for s in range(4))
        np.testing.assert_allclose(found[..., 0], np.stack([expected] * 2, axis=1), rtol=1e-12)

    def test_all_coalitions_of_reasons_one_after_the_other_take_two_to_the_e_plus_one_stretches(self):
        played: list[int] = []
        economy = Ensemble(CURVE, range(3)).snapshot
        replay(economy, all_coalitions(5), np.tri(5, dtype=bool), counting(played))
        assert played == [3 * 2**e for e in range(1, 6)]
        assert sum(played) == 3 * (2**6 - 2)


class TestOutcomes:
    def test_the_last_rounds_count(self):
        assert counted(Outcome(last=2), 5) == [False, False, False, True, True]
        assert counted(Outcome(last=9), 3) == [True, True, True]

    def test_stretches_divide_a_run(self):
        assert stretches(10, 3) == [range(4), range(4, 7), range(7, 10)]
        for parts in (0, 11):
            with pytest.raises(InputError, match="episodes"):
                stretches(10, parts)

    @pytest.mark.parametrize("fields", [{"metrics": ()}, {"last": 0}])
    def test_an_outcome_needs_a_metric_and_a_round(self, fields):
        with pytest.raises(InputError, match="outcome"):
            Outcome(**fields)
