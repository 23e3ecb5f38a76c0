"""Replays: coalitions that agree share what they share, and numbers drawn once are those drawn for each."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.agents.errors import InputError
from commonweal.agents.streams import SharedStream, Stream, Streams
from commonweal.economy.credit.exact import all_coalitions
from commonweal.economy.explaining.tree import Outcome, counted, replay, stretches
from commonweal.economy.runs.ensemble import Ensemble
from commonweal.economy.world.replicas import pick_streams, share_streams
from commonweal.scenarios.schema.loading import load, revise

CURVE = revise(load("commons"), {"market.kind": "curve", "population.count": 5})


def stream(runs: int = 3) -> Stream:
    return Streams.from_seeds(range(runs)).choice


class TestSharedStreams:
    @given(
        rows=st.lists(st.integers(0, 2), min_size=1, max_size=6),
        asks=st.lists(st.sampled_from(["uniform", "normal", "generators"]), max_size=5),
    )
    def test_they_draw_what_a_copy_for_each_run_draws(self, rows, asks):
        runs = np.array(rows)
        shared = SharedStream(stream().generators, np.arange(3)).copied(runs)
        streams = pick_streams(Streams.from_seeds(range(3)), runs)
        for ask in asks:
            if ask == "generators":  # each run may take another number of them
                got, expected = (
                    [g.random(1 + n) for n, g in enumerate(each.generators)] for each in (shared, streams.choice)
                )
                for mine, own in zip(got, expected, strict=True):
                    np.testing.assert_array_equal(mine, own)
            else:
                np.testing.assert_array_equal(getattr(shared, ask)(2), getattr(streams.choice, ask)(2))

    def test_copies_do_not_move_what_they_are_copies_of(self):
        streams = Streams.from_seeds([7])
        share_streams(streams, np.array([0, 0])).shock.uniform(5)
        np.testing.assert_array_equal(streams.shock.uniform(5), Streams.from_seeds([7]).shock.uniform(5))

    def test_a_copy_goes_on_from_where_the_other_stands(self):
        shared = share_streams(Streams.from_seeds([7, 8]), np.array([1, 0, 1]))
        shared.shock.uniform(5)
        [g.random() for g in shared.batch.generators]
        copy = share_streams(shared, np.array([2, 1]))
        np.testing.assert_array_equal(copy.shock.uniform(3), shared.shock.uniform(3)[[2, 1]])
        np.testing.assert_array_equal(copy.batch.uniform(3), shared.batch.uniform(3)[[2, 1]])


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
